//! What refers to an image: bills of materials, provenance, signatures.
//!
//! A registry with the referrers API lists them itself. For others there is an index under a tag made of the image's digest,
//! which whoever attaches something has to keep.

use oci_spec::image::{Descriptor, Digest, ImageIndex, ImageIndexBuilder, MediaType};
use reqwest::header::{ACCEPT, LINK};
use reqwest::{Method, StatusCode};

use super::authorizer::Asked;
use super::error::RegistryError;
use super::manifests;
use super::scope::Scope;
use super::transport::{Call, Fetched, Target, Transport};
use crate::ImageReference;

const LONGEST_LIST: usize = 4 * 1024 * 1024;
const MOST_PAGES: usize = 100;
/// So often an index is written again that another one wrote meanwhile.
const MOST_TRIES: u32 = 5;

/// All that refers to a digest.
pub(super) async fn list(
    transport: &Transport,
    reference: &ImageReference,
    subject: &Digest,
) -> Result<ImageIndex, RegistryError> {
    match from_api(transport, reference, subject).await? {
        Some(index) => Ok(index),
        None => Ok(from_tag(transport, reference, subject).await?.unwrap_or_else(|| index(Vec::new()))),
    }
}

/// The list that the registry keeps; `None`: it keeps none.
async fn from_api(
    transport: &Transport,
    reference: &ImageReference,
    subject: &Digest,
) -> Result<Option<ImageIndex>, RegistryError> {
    let action = format!("list what refers to {}@{subject}", reference.repository());
    let scopes = [Scope::pull(reference)];
    let mut target = Target::Path(format!("{}/referrers/{subject}", reference.repository()));
    let mut found: Vec<Descriptor> = Vec::new();
    for _ in 0..MOST_PAGES {
        let asked = Asked { reference, scopes: &scopes, action: &action };
        let call = Call::new(Method::GET, target, asked).header(ACCEPT, MediaType::ImageIndex.to_string());
        let Fetched { url, headers, body } = match transport.fetch(&call, LONGEST_LIST).await {
            Ok(fetched) => fetched,
            Err(error) if error.status().is_some_and(has_no_api) => return Ok(None),
            Err(error) => return Err(error),
        };
        // A registry without the API may answer with a page of its own.
        let Ok(page) = serde_json::from_slice::<ImageIndex>(&body) else {
            return if found.is_empty() { Ok(None) } else { Err(call.wrong("it is no index")) };
        };
        // Some list what was put twice two times.
        for entry in page.manifests() {
            if !found.iter().any(|known| known.digest() == entry.digest()) {
                found.push(entry.clone());
            }
        }
        let next = headers.get(LINK).and_then(|link| link.to_str().ok()).and_then(next_page);
        match next {
            Some(next) => {
                let next = super::origin::follow(&url, next).map_err(|reason| call.wrong(reason))?;
                target = Target::Address(next);
            }
            None => return Ok(Some(index(found))),
        }
    }
    Ok(Some(index(found)))
}

fn has_no_api(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NOT_FOUND
            | StatusCode::BAD_REQUEST
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::NOT_IMPLEMENTED
    )
}

/// The address of the next page: `<ADDRESS>; rel="next"`.
fn next_page(link: &str) -> Option<&str> {
    let (address, relation) = link.trim().strip_prefix('<')?.split_once('>')?;
    relation.replace([' ', '"'], "").contains("rel=next").then_some(address)
}

/// The index that pushers keep under a tag.
async fn from_tag(
    transport: &Transport,
    reference: &ImageReference,
    subject: &Digest,
) -> Result<Option<ImageIndex>, RegistryError> {
    let tag = fallback(reference, subject)?;
    match manifests::get(transport, &tag).await {
        Ok(manifest) => match serde_json::from_slice(&manifest.bytes) {
            Ok(index) => Ok(Some(index)),
            Err(_) => Err(RegistryError::Protocol {
                action: format!("list what refers to {}@{subject}", reference.repository()),
                registry: reference.registry().to_owned(),
                reason: format!("{tag} is no index"),
            }),
        },
        Err(RegistryError::NoSuchImage { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Adds to the index under the tag. No registry can change it only if it is still the same: it is read again until it has
/// what was added, since another one may have written its own between our reading and our writing.
pub(super) async fn add_to_tag(
    transport: &Transport,
    reference: &ImageReference,
    subject: &Digest,
    added: &Descriptor,
) -> Result<(), RegistryError> {
    let tag = fallback(reference, subject)?;
    for _ in 0..MOST_TRIES {
        let before = from_tag(transport, reference, subject).await?;
        let mut manifests = before.map(|index| index.manifests().clone()).unwrap_or_default();
        if manifests.iter().any(|known| known.digest() == added.digest()) {
            return Ok(());
        }
        manifests.push(added.clone());
        // By way of a value, whose keys are sorted: the digest of the same list is the same.
        let bytes = serde_json::to_value(index(manifests)).map(|value| value.to_string()).unwrap_or_default();
        manifests::put(transport, &tag, &MediaType::ImageIndex, bytes.into()).await?;
    }
    match from_tag(transport, reference, subject).await? {
        Some(index) if index.manifests().iter().any(|known| known.digest() == added.digest()) => Ok(()),
        _ => Err(RegistryError::Moved { reference: tag.to_string() }),
    }
}

/// The tag under which an index of what refers to a digest is kept.
fn fallback(reference: &ImageReference, subject: &Digest) -> Result<ImageReference, RegistryError> {
    let tag = subject.to_string().replace(':', "-");
    reference.with_tag(&tag).map_err(|_| RegistryError::NoDigest { reference: reference.to_string() })
}

fn index(manifests: Vec<Descriptor>) -> ImageIndex {
    let built = ImageIndexBuilder::default()
        .schema_version(oci_spec::image::SCHEMA_VERSION)
        .media_type(MediaType::ImageIndex)
        .manifests(manifests)
        .build();
    match built {
        Ok(index) => index,
        Err(_) => unreachable!("an index has a version and manifests"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_followed() {
        for (link, expected) in [
            (r#"</v2/a/referrers/x?n=2>; rel="next""#, Some("/v2/a/referrers/x?n=2")),
            ("<https://r.io/x>;rel=next", Some("https://r.io/x")),
            (r#"</v2/a>; rel="prev""#, None),
            ("x", None),
        ] {
            assert_eq!(next_page(link), expected, "{link}");
        }
    }
}
