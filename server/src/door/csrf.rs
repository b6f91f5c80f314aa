//! The token that every form carries: bound to the session, and another text on every page.
//!
//! Pages are compressed, and what a page says may be chosen by somebody else in part: a text that stayed the same could be guessed by
//! the page's length.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::seal::{Seal, random, same};

/// What the tokens' secret is made for.
const PURPOSE: &str = "csrf";
/// How long it is.
const SECRET: usize = 32;

/// A token of a session.
pub(super) fn token(seal: &Seal, session: &str) -> Option<String> {
    let secret = seal.derived(session.as_bytes(), PURPOSE)?;
    let mask: [u8; SECRET] = random().ok()?;
    Some(URL_SAFE_NO_PAD.encode([mask, masked(&secret, &mask)].concat()))
}

/// Whether a token is of this session.
pub(super) fn is_of(seal: &Seal, session: &str, token: &str) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
    let Some((mask, rest)) = bytes.split_first_chunk::<SECRET>() else { return false };
    let Ok(rest) = <[u8; SECRET]>::try_from(rest) else { return false };
    seal.derived(session.as_bytes(), PURPOSE).is_some_and(|secret| same(&masked(&rest, mask), &secret))
}

fn masked(bytes: &[u8; SECRET], mask: &[u8; SECRET]) -> [u8; SECRET] {
    std::array::from_fn(|at| bytes[at] ^ mask[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_its_session_alone_and_never_the_same_text() {
        let seal = Seal::random().unwrap();
        let (one, two) = (token(&seal, "s").unwrap(), token(&seal, "s").unwrap());
        assert_ne!(one, two);
        assert!(is_of(&seal, "s", &one) && is_of(&seal, "s", &two));
        assert!(!is_of(&seal, "t", &one) && !is_of(&Seal::random().unwrap(), "s", &one));
        for wrong in ["", "A", &one[1..], &format!("{one}AAAA"), &"A".repeat(86), &"A".repeat(100_000)] {
            assert!(!is_of(&seal, "s", wrong), "{wrong}");
        }
    }
}
