//! fake-gcs-server: Google Cloud Storage, in Go. It wants no credentials.

use super::{BUCKET, Definition, Scheme, make};

pub(super) const DEFINITION: Definition = Definition {
    program: "bin/fake-gcs-server",
    scheme: Scheme::Gs,
    credentials: None,
    arguments: |command, port, data| {
        command
            .args(["-scheme", "http", "-host", "127.0.0.1", "-port", &port.to_string()])
            // With this name it answers at every port: a proxy's too.
            .args(["-public-host", "127.0.0.1", "-backend", "filesystem", "-filesystem-root"])
            .arg(data);
    },
    make_bucket: |server| {
        let json = [("content-type", "application/json")];
        make(server, "POST", "/storage/v1/b?project=tests", &json, &format!("{{\"name\": \"{BUCKET}\"}}"))
    },
};
