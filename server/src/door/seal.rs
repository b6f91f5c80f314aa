//! Cookies that only a server with the same key can make, change or read.
//!
//! Each text has a key of its own, made from the server's and a random salt: no nonce is ever used twice, however long the server's
//! key is kept and however many servers share it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{constant_time, digest, hkdf};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How many random bytes every text begins with.
const SALT: usize = 32;
/// How long what is made from a key is.
const KEY: usize = 32;

/// The server's key. It has no `Debug`: it can't be printed by mistake.
pub(crate) struct Seal {
    key: [u8; KEY],
}

/// The length of a derived key, as HKDF wants to know it.
struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        KEY
    }
}

impl Seal {
    /// A key that nobody else has.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        Ok(Self { key: random()? })
    }

    /// The key that a secret text makes.
    pub(crate) fn of_secret(secret: &str) -> Self {
        let digest = digest::digest(&digest::SHA256, secret.as_bytes());
        let mut key = [0; KEY];
        key.copy_from_slice(digest.as_ref());
        Self { key }
    }

    /// Seals bytes for a purpose: what was sealed for another one does not open.
    pub(crate) fn seal(&self, purpose: &str, bytes: &[u8]) -> Option<String> {
        let salt: [u8; SALT] = random().ok()?;
        let mut sealed = bytes.to_vec();
        self.key_of(&salt, purpose)?
            .seal_in_place_append_tag(nonce(), Aad::from(purpose.as_bytes()), &mut sealed)
            .ok()?;
        Some(URL_SAFE_NO_PAD.encode([salt.as_slice(), &sealed].concat()))
    }

    /// Opens what was sealed for this purpose.
    pub(crate) fn open(&self, purpose: &str, text: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (salt, sealed) = bytes.split_at_checked(SALT)?;
        let mut sealed = sealed.to_vec();
        let key = self.key_of(salt, purpose)?;
        let opened = key.open_in_place(nonce(), Aad::from(purpose.as_bytes()), &mut sealed).ok()?;
        Some(opened.to_vec())
    }

    /// Bytes that whoever does not have the key can't foretell.
    pub(crate) fn derived(&self, salt: &[u8], purpose: &str) -> Option<[u8; KEY]> {
        let mut derived = [0; KEY];
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, salt);
        salt.extract(&self.key).expand(&[purpose.as_bytes()], Length).ok()?.fill(&mut derived).ok()?;
        Some(derived)
    }

    fn key_of(&self, salt: &[u8], purpose: &str) -> Option<LessSafeKey> {
        let key = UnboundKey::new(&AES_256_GCM, &self.derived(salt, purpose)?).ok()?;
        Some(LessSafeKey::new(key))
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

/// The one nonce of a key that seals one text.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// Random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A random name that can't be guessed, for addresses and cookies.
pub(crate) fn random_name() -> Result<String, getrandom::Error> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    let digest = |bytes| digest::digest(&digest::SHA256, bytes);
    constant_time::verify_slices_are_equal(digest(one).as_ref(), digest(other).as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_purpose_open_what_was_sealed() {
        let seal = Seal::random().unwrap();
        let text = seal.seal("session", b"ada").unwrap();
        assert_eq!(seal.open("session", &text).unwrap(), b"ada");
        assert_eq!(seal.open("flow", &text), None);
        assert_eq!(Seal::random().unwrap().open("session", &text), None);
        assert_ne!(seal.seal("session", b"ada").unwrap(), text, "the same is never sealed alike");
        let shared = || Seal::of_secret("a secret of several servers");
        assert_eq!(shared().open("x", &shared().seal("x", b"y").unwrap()).unwrap(), b"y");
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let seal = Seal::random().unwrap();
        let text = seal.seal("session", b"ada").unwrap();
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            // The last letter has bits that mean nothing; those must be zero.
            assert_eq!(seal.open("session", &changed), None, "{at}");
        }
        for text in ["", "A", "====", &text[..20], &"A".repeat(100_000)] {
            assert_eq!(seal.open("session", text), None);
        }
    }

    #[test]
    fn texts_are_compared_whole() {
        assert!(same(b"a", b"a") && !same(b"a", b"b") && !same(b"a", b"aa") && same(b"", b""));
    }
}
