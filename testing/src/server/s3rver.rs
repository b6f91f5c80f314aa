//! s3rver: S3 on Node that takes no notice of conditions. It knows one key.

use super::{BUCKET, Credentials, Definition, Scheme, make};

pub(super) const DEFINITION: Definition = Definition {
    program: "npm/node_modules/.bin/s3rver",
    scheme: Scheme::S3,
    credentials: Some(Credentials { key: "S3RVER", secret: "S3RVER" }),
    arguments: |command, port, data| {
        command
            .args(["--address", "127.0.0.1", "--port", &port.to_string()])
            .args(["--configure-bucket", BUCKET, "--directory"])
            .arg(data);
    },
    make_bucket: |server| make(server, "GET", &format!("/{BUCKET}?max-keys=1"), &[], ""),
};
