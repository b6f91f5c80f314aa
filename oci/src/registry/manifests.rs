//! Manifests: what a name stands for, and making it stand for something else.

use bytes::Bytes;
use oci_spec::image::{Descriptor, Digest, MediaType};
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::authorizer::Asked;
use super::error::RegistryError;
use super::scope::Scope;
use super::transport::{Body, Call, Fetched, Target, Transport};
use crate::{ImageReference, sha256};

/// Registries take manifests of at least so many bytes, by the protocol; more is none.
const LONGEST: usize = 4 * 1024 * 1024;
const DIGEST: &str = "docker-content-digest";
/// What is understood as a manifest: OCI's and Docker's, of one image and of several.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
                         application/vnd.docker.distribution.manifest.v2+json, \
                         application/vnd.docker.distribution.manifest.list.v2+json";

/// A manifest as it is in a registry, with bytes that have its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawManifest {
    /// Its bytes.
    pub bytes: Bytes,
    /// What they mean.
    pub media_type: MediaType,
    /// The digest of the bytes.
    pub digest: Digest,
}

impl RawManifest {
    /// The manifest as others refer to it.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(self.media_type.clone(), self.bytes.len() as u64, self.digest.clone())
    }
}

/// A manifest that was put into a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutManifest {
    /// The digest of its bytes.
    pub digest: Digest,
    /// The registry lists it among what refers to its subject; otherwise its pusher has to.
    pub subject_accepted: bool,
}

/// What a name stands for, in one request; `None`: nothing.
pub(super) async fn head(
    transport: &Transport,
    reference: &ImageReference,
    scope: Scope,
) -> Result<Option<Descriptor>, RegistryError> {
    let action = format!("look for {reference}");
    let scopes = [scope];
    let call = call(Method::HEAD, reference, Asked { reference, scopes: &scopes, action: &action });
    let response = match transport.send(&call).await {
        Ok(response) => response,
        Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => return Ok(None),
        Err(error) => return Err(error),
    };
    let headers = response.headers();
    let digest = text(headers, DIGEST).map(str::parse::<Digest>);
    let size = text(headers, CONTENT_LENGTH.as_str()).and_then(|size| size.parse().ok());
    match (digest, size, media_type(headers)) {
        (Some(Ok(digest)), Some(size), Some(media_type)) => {
            if reference.digest().is_some_and(|expected| *expected != digest) {
                return Err(call.wrong(format!("it calls it {digest}")));
            }
            Ok(Some(Descriptor::new(media_type, size, digest)))
        }
        (Some(Err(_)), _, _) => Err(call.wrong("its `Docker-Content-Digest` is no digest")),
        // The protocol does not ask for these headers.
        _ => Ok(Some(get(transport, reference).await?.descriptor())),
    }
}

/// A manifest whose bytes have the digest that was asked for, or that the registry says they have.
pub(super) async fn get(
    transport: &Transport,
    reference: &ImageReference,
) -> Result<RawManifest, RegistryError> {
    let action = format!("read the manifest of {reference}");
    let scopes = [Scope::pull(reference)];
    let call = call(Method::GET, reference, Asked { reference, scopes: &scopes, action: &action });
    let Fetched { headers, body: bytes, .. } = match transport.fetch(&call, LONGEST).await {
        Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => {
            return Err(RegistryError::NoSuchImage { reference: reference.to_string() });
        }
        fetched => fetched?,
    };
    let digest = sha256::digest(Sha256::new().chain_update(&bytes));
    let promised = match (reference.digest(), text(&headers, DIGEST)) {
        (Some(expected), _) => Some(expected.clone()),
        (None, Some(told)) => {
            Some(told.parse().map_err(|_| call.wrong("its `Docker-Content-Digest` is no digest"))?)
        }
        (None, None) => None,
    };
    if let Some(promised) = promised.filter(|promised| *promised != digest) {
        let registry = reference.registry().to_owned();
        let reason = format!("its bytes have the digest {digest}");
        return Err(RegistryError::Corrupt { registry, digest: promised, reason });
    }
    let media_type = agreed_type(&headers, &bytes).map_err(|reason| call.wrong(reason))?;
    Ok(RawManifest { bytes, media_type, digest })
}

/// Makes a name stand for a manifest.
pub(super) async fn put(
    transport: &Transport,
    reference: &ImageReference,
    media_type: &MediaType,
    bytes: Bytes,
) -> Result<PutManifest, RegistryError> {
    let action = format!("put the manifest of {reference}");
    let scopes = [Scope::push(reference)];
    let asked = Asked { reference, scopes: &scopes, action: &action };
    let digest = sha256::digest(Sha256::new().chain_update(&bytes));
    let path = format!("{}/manifests/{}", reference.repository(), reference.target());
    let call = Call::new(Method::PUT, Target::Path(path), asked)
        .header(CONTENT_TYPE, media_type.to_string())
        .body(Body::Bytes(bytes));
    let response = transport.send(&call).await?;
    if text(response.headers(), DIGEST).is_some_and(|told| told != digest.as_ref()) {
        return Err(call.wrong(format!("it gives {digest} another digest")));
    }
    Ok(PutManifest { digest, subject_accepted: response.headers().contains_key("oci-subject") })
}

fn call<'a>(method: Method, reference: &ImageReference, asked: Asked<'a>) -> Call<'a> {
    let path = format!("{}/manifests/{}", reference.repository(), reference.identifier());
    Call::new(method, Target::Path(path), asked).header(ACCEPT, MANIFESTS)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// What the header says the bytes are, if that is more than "some text".
fn media_type(headers: &HeaderMap) -> Option<MediaType> {
    let told = text(headers, CONTENT_TYPE.as_str())?.split(';').next()?.trim().to_ascii_lowercase();
    let known = told.starts_with("application/vnd.");
    known.then(|| MediaType::from(told.as_str()))
}

/// What header and content say the bytes are. A manifest that is one thing for some readers and another for others is
/// refused.
fn agreed_type(headers: &HeaderMap, bytes: &[u8]) -> Result<MediaType, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Typed {
        media_type: Option<String>,
        manifests: Option<serde_json::Value>,
        layers: Option<serde_json::Value>,
    }
    let Ok(typed) = serde_json::from_slice::<Typed>(bytes) else {
        return Err("it is no manifest".to_owned());
    };
    if typed.manifests.is_some() && typed.layers.is_some() {
        return Err("it is a manifest of one image and of several".to_owned());
    }
    match (media_type(headers), typed.media_type.as_deref().map(MediaType::from)) {
        (Some(header), Some(content)) if header != content => {
            Err(format!("it calls `{header}` what calls itself `{content}`"))
        }
        (Some(known), _) | (None, Some(known)) => Ok(known),
        (None, None) if typed.manifests.is_some() => Ok(MediaType::ImageIndex),
        (None, None) if typed.layers.is_some() => Ok(MediaType::ImageManifest),
        (None, None) => Err("it is no manifest".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn header_and_content_agree_on_what_a_manifest_is() {
        const INDEX: &str = "application/vnd.oci.image.index.v1+json";
        const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
        for (header, content, expected) in [
            (Some(IMAGE), r#"{"layers":[]}"#, Ok(IMAGE)),
            (Some("application/vnd.oci.image.index.v1+json; charset=utf-8"), "{}", Ok(INDEX)),
            (Some("text/plain"), r#"{"manifests":[]}"#, Ok(INDEX)),
            (None, r#"{"layers":[]}"#, Ok(IMAGE)),
            (
                None,
                r#"{"mediaType":"application/vnd.docker.distribution.manifest.v2+json"}"#,
                Ok("application/vnd.docker.distribution.manifest.v2+json"),
            ),
            (
                Some(IMAGE),
                r#"{"mediaType":"application/vnd.oci.image.index.v1+json"}"#,
                Err(
                    "it calls `application/vnd.oci.image.manifest.v1+json` what calls itself `application/vnd.oci.image.index.v1+json`",
                ),
            ),
            (
                Some(IMAGE),
                r#"{"layers":[],"manifests":[]}"#,
                Err("it is a manifest of one image and of several"),
            ),
            (Some(IMAGE), "<html>", Err("it is no manifest")),
            (None, "{}", Err("it is no manifest")),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(header));
            }
            let agreed = agreed_type(&headers, content.as_bytes()).map(|agreed| agreed.to_string());
            assert_eq!(agreed, expected.map(str::to_owned).map_err(str::to_owned), "{content}");
        }
    }
}
