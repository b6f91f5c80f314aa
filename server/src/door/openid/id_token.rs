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

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    use super::*;

    const EXPECTED: Expected<'_> =
        Expected { issuer: "https://login.example", client_id: "tmpl", nonce: "n-1" };

    struct Signer {
        pair: EcdsaKeyPair,
        id: &'static str,
    }

    impl Signer {
        fn new(id: &'static str) -> Self {
            Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), id }
        }

        fn key(&self) -> Value {
            let point = self.pair.public_key().as_ref();
            let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            json!({
                "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
                "x": encode(&point[1..33]), "y": encode(&point[33..]),
            })
        }

        fn sign(&self, key_id: Option<&str>, claims: &Value) -> String {
            let header = Header { kid: key_id.map(str::to_owned), ..Header::new(Algorithm::ES256) };
            let key = self.pair.to_pkcs8v1().unwrap();
            encode(&header, claims, &EncodingKey::from_ec_der(key.as_ref())).unwrap()
        }
    }

    fn keys(keys: &[Value]) -> JwkSet {
        serde_json::from_value(json!({ "keys": keys })).unwrap()
    }

    fn claims(change: &Value) -> Value {
        let mut claims = json!({
            "iss": EXPECTED.issuer, "aud": EXPECTED.client_id, "sub": "1", "nonce": EXPECTED.nonce,
            "iat": now(), "exp": now() + 300,
        });
        for (name, value) in change.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        claims
    }

    #[test]
    fn a_token_is_for_us_for_this_sign_in_and_now() {
        let signer = Signer::new("a");
        let published = keys(&[Signer::new("b").key(), signer.key()]);
        let check = |change: Value| check(&signer.sign(Some("a"), &claims(&change)), &published, &EXPECTED);
        for change in [
            json!({}),
            json!({ "aud": ["tmpl"] }),
            json!({ "aud": ["other", "tmpl"], "azp": "tmpl" }),
            json!({ "iat": now() - 500 }),
            json!({ "iat": now() + 30 }),
            json!({ "nbf": now() + 30 }),
        ] {
            assert_eq!(check(change.clone()).unwrap()["sub"], "1", "{change}");
        }
        for change in [
            json!({ "iss": "https://evil.example" }),
            json!({ "iss": "https://login.example/" }),
            json!({ "iss": null }),
            json!({ "aud": "other" }),
            json!({ "aud": [] }),
            json!({ "aud": null }),
            json!({ "aud": ["other", "tmpl"] }),
            json!({ "aud": ["other", "tmpl"], "azp": "other" }),
            json!({ "azp": "other" }),
            json!({ "nonce": "n-2" }),
            json!({ "nonce": null }),
            json!({ "nonce": 1 }),
            json!({ "exp": now() - 61 }),
            json!({ "exp": null }),
            json!({ "exp": "never" }),
            json!({ "iat": now() - 700 }),
            json!({ "iat": now() + 100 }),
            json!({ "iat": null }),
            json!({ "nbf": now() + 100 }),
            json!({ "sub": "" }),
            json!({ "sub": null }),
        ] {
            assert!(matches!(check(change.clone()), Err(Rejected::Wrong(_))), "{change}");
        }
    }

    #[test]
    fn a_token_is_signed_with_a_key_that_the_provider_publishes() {
        let (signer, other) = (Signer::new("a"), Signer::new("a"));
        let token = |id| signer.sign(id, &claims(&json!({})));
        let is_ok = |token: &str, published: &[Value]| check(token, &keys(published), &EXPECTED).is_ok();
        assert!(is_ok(&token(Some("a")), &[signer.key()]));
        assert!(is_ok(&token(None), &[signer.key()]), "the only one");
        assert!(!is_ok(&token(None), &[signer.key(), other.key()]), "which of two?");
        assert!(!is_ok(&token(Some("a")), &[other.key()]), "another one of the same name");
        let unknown = check(&token(Some("b")), &keys(&[signer.key()]), &EXPECTED);
        assert!(matches!(unknown, Err(Rejected::UnknownKey)));
        let encrypts = {
            let mut key = signer.key();
            key["use"] = json!("enc");
            key
        };
        assert!(!is_ok(&token(Some("a")), &[encrypts]));
        let (head, rest) = {
            let token = token(Some("a"));
            token.split_once('.').map(|(h, r)| (h.to_owned(), r.to_owned())).unwrap()
        };
        let (_, signature) = rest.split_once('.').unwrap();
        let forged = URL_SAFE_NO_PAD.encode(claims(&json!({ "sub": "2" })).to_string());
        for wrong in [
            "",
            "a.b.c",
            "..",
            &format!("{head}.{forged}.{signature}"),
            &format!("{head}.{forged}."),
            &format!("{head}.{rest}.x"),
        ] {
            assert!(!is_ok(wrong, &[signer.key()]), "{wrong}");
        }
    }

    #[test]
    fn a_signature_that_anybody_can_make_is_none() {
        let signer = Signer::new("a");
        let published =
            keys(&[signer.key(), json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "s", "alg": "HS256" })]);
        let body = URL_SAFE_NO_PAD.encode(claims(&json!({})).to_string());
        for head in [
            json!({ "alg": "none" }),
            json!({ "alg": "none", "kid": "a" }),
            json!({ "alg": "NONE", "kid": "a" }),
        ] {
            let token = format!("{}.{body}.", URL_SAFE_NO_PAD.encode(head.to_string()));
            assert!(check(&token, &published, &EXPECTED).is_err(), "{head}");
        }
        // The public key in place of a shared secret, and a secret that is published.
        let point = signer.pair.public_key().as_ref().to_vec();
        let der: Vec<u8> =
            AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(signer.pair.public_key())
                .unwrap()
                .as_ref()
                .to_vec();
        for (secret, id) in [(point, "a"), (der, "a"), (b"secret".to_vec(), "s")] {
            let header = Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::HS256) };
            let token = encode(&header, &claims(&json!({})), &EncodingKey::from_secret(&secret)).unwrap();
            assert!(check(&token, &published, &EXPECTED).is_err(), "{id}");
        }
    }
}
