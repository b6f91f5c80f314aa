//! fake-gcs-server: Google Cloud Storage, in Go. It wants no credentials.
//!
//! Of Google's two interfaces it has the JSON one. Clients that speak the XML one get it from [`Front`].

mod front;
mod xml;

pub(super) use self::front::Front;
use super::{BUCKET, Definition, Scheme, make};

pub(super) const DEFINITION: Definition = Definition {
    program: "bin/fake-gcs-server",
    scheme: Scheme::Gs,
    credentials: None,
    arguments: |command, port, _| {
        command
            .args(["-scheme", "http", "-host", "127.0.0.1", "-port", &port.to_string()])
            // With this name it answers at every port: a proxy's too.
            .args(["-public-host", "127.0.0.1", "-backend", "memory"]);
    },
    make_bucket: |server| {
        let json = [("content-type", "application/json")];
        make(server, "POST", "/storage/v1/b?project=tests", &json, &format!("{{\"name\": \"{BUCKET}\"}}"))
    },
};
