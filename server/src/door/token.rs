//! The door on loopback: any user and any web page of this machine can reach a port, so whoever started the server proves to be
//! that by a token in the printed address. It works once.

use std::sync::Mutex;

use super::seal::{random_name, same};

/// A token that has not been used, or none any more.
pub(super) struct OneTimeToken(Mutex<Option<String>>);

impl OneTimeToken {
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self(Mutex::new(Some(random_name()?))))
    }

    /// The token, to be printed.
    pub(super) fn shown(&self) -> Option<String> {
        self.0.lock().ok()?.clone()
    }

    /// Takes the token away: true for the first who has it.
    pub(super) fn take(&self, shown: &str) -> bool {
        let Ok(mut token) = self.0.lock() else { return false };
        let is_it = token.as_ref().is_some_and(|token| same(token.as_bytes(), shown.as_bytes()));
        if is_it {
            *token = None;
        }
        is_it
    }
}

impl std::fmt::Debug for OneTimeToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTimeToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_once() {
        let token = OneTimeToken::new().unwrap();
        let shown = token.shown().unwrap();
        assert!(shown.len() > 40 && !token.take("") && !token.take(&shown[1..]));
        assert!(token.take(&shown));
        assert!(!token.take(&shown) && token.shown().is_none());
    }
}
