//! Digests of content: the type is OCI's, these are the two things it lacks for us.

pub use oci_spec::image::Digest;
use oci_spec::image::Sha256Digest;
use sha2::{Digest as _, Sha256};

use crate::{NameError, NameKind};

/// The hexadecimal digits of a digest, without the algorithm: the name of its blob.
pub fn hex(digest: &Digest) -> &str {
    digest.digest()
}

/// The digest `sha256:<hex>`. Exactly 64 lower-case digits are accepted.
pub fn sha256_digest_from_hex(hex: &str) -> Result<Digest, NameError> {
    let kind = NameKind::Digest;
    NameError::first_bad(kind, hex, |_, character| matches!(character, '0'..='9' | 'a'..='f'))?;
    match hex.parse::<Sha256Digest>() {
        Ok(digest) => Ok(digest.into()),
        Err(_) => Err(NameError::Length { kind, name: hex.to_owned(), length: hex.len() }),
    }
}

/// The SHA-256 digest of some bytes.
pub fn sha256_of(bytes: &[u8]) -> Digest {
    let hex = Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    sha256_digest_from_hex(&hex).unwrap_or_else(|_| unreachable!("SHA-256 has 64 hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn digits_make_a_digest_and_come_back() {
        let digest = sha256_digest_from_hex(EMPTY).unwrap();
        assert_eq!(digest.to_string(), format!("sha256:{EMPTY}"));
        assert_eq!(hex(&digest), EMPTY);
        assert_eq!(sha256_of(b""), digest);
    }

    #[test]
    fn other_texts_are_refused() {
        let upper = EMPTY.to_uppercase();
        for text in
            ["", "e3b0", &EMPTY[1..], upper.as_str(), &format!("{EMPTY}0"), &format!("sha256:{EMPTY}")]
        {
            assert!(sha256_digest_from_hex(text).is_err(), "{text}");
        }
    }
}
