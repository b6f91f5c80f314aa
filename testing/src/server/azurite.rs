//! Azurite: Azure's blobs, on Node. Its account and key are the ones that everybody develops with.

use super::{BUCKET, Credentials, Definition, Scheme, make};

pub(super) const ACCOUNT: &str = "devstoreaccount1";

/// What an account's signature (SAS) allows: to make containers, until 2099.
const PERMISSION: &str = "sv=2019-12-12&ss=b&srt=c&sp=c&spr=https%2Chttp&se=2099-01-01T00%3A00%3A00Z";
/// The signature, by the key below: the HMAC-SHA256 of the account's name and the values above, a line each.
const SIGNATURE: &str = "EB2dmffs9djp0%2Fav61Lrza5cV%2BgoSVgTanW1U9Y3T6Q%3D";

pub(super) const DEFINITION: Definition = Definition {
    program: "npm/node_modules/.bin/azurite-blob",
    scheme: Scheme::Az,
    credentials: Some(Credentials {
        key: ACCOUNT,
        secret: "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
    }),
    arguments: |command, port, data| {
        command
            .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()])
            .args(["--skipApiVersionCheck", "--loose", "--disableProductStyleUrl", "--disableTelemetry"])
            .arg("--location")
            .arg(data);
    },
    make_bucket: |server| {
        let target = format!("/{ACCOUNT}/{BUCKET}?restype=container&{PERMISSION}&sig={SIGNATURE}");
        make(server, "PUT", &target, &[], "")
    },
};
