//! What belongs to one sign-in.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::super::seal::{Seal, random_name};
use super::super::session::now;

/// What its cookie is sealed for.
const PURPOSE: &str = "sign-in";

/// A sign-in that was begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Flow {
    /// Comes back with the browser: the answer is to this very sign-in, in this very browser.
    pub(super) state: String,
    /// Comes back in the token: it was made for this sign-in.
    pub(super) nonce: String,
    /// Goes to the token endpoint: whoever has got hold of the code alone can do nothing with it.
    pub(super) verifier: String,
    /// Where to go then.
    pub(super) to: String,
    begun: i64,
}

impl Flow {
    pub(super) fn begin(to: String) -> Option<Self> {
        let name = || random_name().ok();
        Some(Self { state: name()?, nonce: name()?, verifier: name()?, to, begun: now() })
    }

    /// What the provider is told of the verifier.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.verifier.as_bytes()))
    }

    pub(super) fn sealed(&self, seal: &Seal) -> Option<String> {
        seal.seal(PURPOSE, &serde_json::to_vec(self).ok()?)
    }

    /// A sign-in that was begun here, not too long ago.
    pub(super) fn opened(seal: &Seal, value: &str) -> Option<Self> {
        let flow: Self = serde_json::from_slice(&seal.open(PURPOSE, value)?).ok()?;
        (now() - flow.begun < super::FLOW_TIME.as_secs()).then_some(flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_comes_back_for_ten_minutes() {
        let seal = Seal::random().unwrap();
        let mut flow = Flow::begin("/jobs".into()).unwrap();
        assert_eq!(Flow::opened(&seal, &flow.sealed(&seal).unwrap()).unwrap().to, "/jobs");
        assert!(flow.state != flow.nonce && flow.nonce != flow.verifier && flow.verifier.len() >= 43);
        flow.begun -= 600;
        assert!(Flow::opened(&seal, &flow.sealed(&seal).unwrap()).is_none());
    }

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let flow = Flow { verifier, ..Flow::begin(String::new()).unwrap() };
        assert_eq!(flow.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
