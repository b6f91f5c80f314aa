//! SHA-256 as a digest of OCI.

use oci_spec::image::{Digest, Sha256Digest};
use sha2::{Digest as _, Sha256};

/// The digest of all that was hashed.
pub(crate) fn digest(hash: Sha256) -> Digest {
    let hex =
        hash.finalize().iter().fold(String::with_capacity(64), |hex, byte| hex + &format!("{byte:02x}"));
    match hex.parse::<Sha256Digest>() {
        Ok(digest) => digest.into(),
        Err(_) => unreachable!("SHA-256 has 64 hexadecimal digits"),
    }
}
