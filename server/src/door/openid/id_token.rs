//! Whether an `id_token` is one: signed by the provider, for us, for this sign-in, now.

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::OpenIdError;
use crate::door::seal::same;
use crate::door::session::now;

/// How far clocks may be apart, in seconds.
const LEEWAY: i64 = 60;
/// A token that was made longer ago was not made for this sign-in.
const OLDEST: i64 = 600;

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
}

/// Why a token is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum Rejected {
    /// Its key is not among those that we know.
    #[error("it is signed with a key that the provider does not publish")]
    UnknownKey,
    /// Anything else.
    #[error("{0}")]
    Wrong(String),
}

impl From<Rejected> for OpenIdError {
    fn from(rejected: Rejected) -> Self {
        Self::Token(rejected.to_string())
    }
}

/// The claims of a token.
pub(super) fn check(
    token: &str,
    keys: &JwkSet,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, Rejected> {
    let wrong = |reason: &str| Err(Rejected::Wrong(reason.to_owned()));
    let header = decode_header(token).map_err(|error| Rejected::Wrong(error.to_string()))?;
    if !is_asymmetric(header.alg) {
        return wrong("its signature is of a kind that anybody could make who knows our secret");
    }
    let key = key(keys, header.kid.as_deref(), header.alg).ok_or(Rejected::UnknownKey)?;
    let key = DecodingKey::from_jwk(key).map_err(|error| Rejected::Wrong(error.to_string()))?;
    let mut validation = Validation::new(header.alg);
    validation.leeway = LEEWAY.unsigned_abs();
    validation.validate_nbf = true;
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let decoded = decode::<Map<String, Value>>(token, &key, &validation);
    let claims = decoded.map_err(|error| Rejected::Wrong(error.to_string()))?.claims;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if !text("nonce").is_some_and(|nonce| same(nonce.as_bytes(), expected.nonce.as_bytes())) {
        return wrong("it was made for another sign-in");
    }
    let made = claims.get("iat").and_then(Value::as_f64).unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century are exact")]
    let age = now() as f64 - made;
    #[expect(clippy::cast_precision_loss, reason = "minutes are exact")]
    if !(-(LEEWAY as f64)..=OLDEST as f64).contains(&age) {
        return wrong("it was not made just now");
    }
    let several = claims.get("aud").and_then(Value::as_array).is_some_and(|aud| aud.len() > 1);
    match text("azp") {
        Some(party) if party != expected.client_id => return wrong("it was made for somebody else"),
        None if several => return wrong("it does not say for whom of several it was made"),
        _ => {}
    }
    if text("sub").is_none_or(str::is_empty) {
        return wrong("it is of nobody");
    }
    Ok(claims)
}

fn is_asymmetric(algorithm: Algorithm) -> bool {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    matches!(algorithm, RS256 | RS384 | RS512 | PS256 | PS384 | PS512 | ES256 | ES384 | EdDSA)
}

/// The key that a token names, or the only one that fits where it names none.
fn key<'a>(keys: &'a JwkSet, id: Option<&str>, algorithm: Algorithm) -> Option<&'a Jwk> {
    let mut fitting = keys.keys.iter().filter(|key| fits(key, algorithm));
    match id {
        Some(id) => fitting.find(|key| key.common.key_id.as_deref() == Some(id)),
        None => fitting.next().filter(|_| fitting.next().is_none()),
    }
}

/// Whether a key may have made signatures of this kind.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    use Algorithm::{ES256, ES384, EdDSA};
    let signs = !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
    let named = key.common.key_algorithm.map(|named| named.to_string());
    let of_kind = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::EllipticCurve(_), ES256 | ES384)
        | (AlgorithmParameters::OctetKeyPair(_), EdDSA) => true,
        (AlgorithmParameters::RSA(_), algorithm) => {
            is_asymmetric(algorithm) && !matches!(algorithm, ES256 | ES384 | EdDSA)
        }
        _ => false,
    };
    signs && of_kind && named.is_none_or(|named| named == format!("{algorithm:?}"))
}
