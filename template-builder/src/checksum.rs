//! SHA-256 in the three spellings that a build meets: hexadecimal, `sha256:…`, and the one of wheels' RECORD files.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::Path;

use fs_err as fs;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The SHA-256 of some bytes. Written `sha256:<hex>`.
///
/// Invariant: 64 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Checksum(String);

/// A text that is no checksum.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not `sha256:` and 64 hexadecimal digits")]
pub(crate) struct NoChecksum(String);

impl TryFrom<String> for Checksum {
    type Error = NoChecksum;

    fn try_from(text: String) -> Result<Self, NoChecksum> {
        match text.strip_prefix("sha256:") {
            Some(hex) if is_hexadecimal(hex) => Ok(Self(hex.to_owned())),
            _ => Err(NoChecksum(text)),
        }
    }
}

impl From<Checksum> for String {
    fn from(checksum: Checksum) -> Self {
        checksum.to_string()
    }
}

fn is_hexadecimal(hex: &str) -> bool {
    hex.len() == 64 && hex.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

impl Checksum {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::from_bytes(&Sha256::digest(bytes))
    }

    pub(crate) fn of_file(path: &Path) -> io::Result<Self> {
        let mut file = fs::File::open(path)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(Self::from_bytes(&hash.finalize())),
                read => hash.update(&buffer[..read]),
            }
        }
    }

    /// The checksum of a value's JSON. Fields come in the order of the type, maps must be sorted ones.
    pub(crate) fn of_json(value: &impl Serialize) -> Self {
        // Only maps with keys that are no strings, or a Serialize that fails by itself, make this fail; we have neither.
        Self::of(&serde_json::to_vec(value).unwrap_or_else(|error| unreachable!("{error}")))
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        }))
    }

    /// Reads 64 hexadecimal digits.
    pub(crate) fn from_hex(hex: &str) -> Option<Self> {
        is_hexadecimal(hex).then(|| Self(hex.to_owned()))
    }

    pub(crate) fn hex(&self) -> &str {
        &self.0
    }

    /// `sha256=<URL-safe base 64 without padding>`, the way RECORD files write it.
    pub(crate) fn record(&self) -> String {
        let nibble = |digit: u8| u32::from(if digit <= b'9' { digit - b'0' } else { digit - b'a' + 10 });
        let bits: Vec<u32> = self.0.bytes().map(nibble).collect();
        let mut text = "sha256=".to_owned();
        // Three hexadecimal digits are twelve bits are two characters; the 64th digit stands alone.
        for chunk in bits.chunks(3) {
            let value =
                chunk.iter().fold(0, |value, nibble| (value << 4) | nibble) << (4 * (3 - chunk.len()));
            text.push(character(value >> 6));
            if chunk.len() > 1 {
                text.push(character(value & 63));
            }
        }
        text
    }

    /// Reads the way of RECORD files; nothing for another algorithm.
    pub(crate) fn from_record(text: &str) -> Option<Self> {
        let mut bits = 0_u32;
        let mut count = 0;
        let mut bytes = Vec::with_capacity(32);
        for letter in text.strip_prefix("sha256=")?.bytes() {
            let position = ALPHABET.iter().position(|known| *known == letter)?;
            bits = (bits << 6) | u32::try_from(position).ok()?;
            count += 6;
            if count >= 8 {
                count -= 8;
                bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
            }
        }
        (bytes.len() == 32).then(|| Self::from_bytes(&bytes))
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn character(value: u32) -> char {
    char::from(ALPHABET[(value & 63) as usize])
}

/// `sha256:<hex>`.
impl std::fmt::Display for Checksum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

impl std::fmt::Debug for Checksum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_spell_it_as_wheels_do() {
        // `printf x=1 | openssl dgst -sha256 -binary | basenc --base64url`
        let empty = Checksum::of(b"");
        assert_eq!(empty.record(), "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
        for bytes in [&b""[..], b"a", b"tmpl", &[0xff; 100]] {
            let checksum = Checksum::of(bytes);
            assert_eq!(Checksum::from_record(&checksum.record()), Some(checksum));
        }
        assert_eq!(Checksum::from_record("md5=abc"), None);
        assert_eq!(Checksum::from_record("sha256=abc"), None);
    }
}
