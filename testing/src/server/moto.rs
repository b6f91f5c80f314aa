//! moto: S3 in memory, in Python. It believes every signature.

use super::{BUCKET, Credentials, Definition, Scheme, make};

pub(super) const DEFINITION: Definition = Definition {
    program: "stores-venv/bin/moto_server",
    scheme: Scheme::S3,
    credentials: Some(Credentials { key: "moto", secret: "moto-secret" }),
    arguments: |command, port, _| {
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    },
    make_bucket: |server| make(server, "PUT", &format!("/{BUCKET}"), &[], ""),
};
