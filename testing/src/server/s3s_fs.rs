//! s3s-fs: S3 over a folder, in Rust. A bucket is a folder. It checks the sums of what it is sent; it is not atomic.

use super::{BUCKET, Credentials, Definition, Scheme};
use crate::http;

const KEY: Credentials = Credentials { key: "tests-key", secret: "tests-secret" };

pub(super) const DEFINITION: Definition = Definition {
    program: "bin/s3s-fs",
    scheme: Scheme::S3,
    credentials: Some(KEY),
    arguments: |command, port, data| {
        fs_err::create_dir_all(data.join(BUCKET)).unwrap();
        command
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .args(["--access-key", KEY.key, "--secret-key", KEY.secret])
            .arg(data);
    },
    // Whatever it says to a stranger: it is there.
    make_bucket: |server| match http::send(server.endpoint(), "GET", "/", &[], &[]) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    },
};
