//! The name of an image: registry, repository, and a tag, a digest or both.

use std::fmt;
use std::str::FromStr;

use oci_spec::image::{Digest, DigestAlgorithm};
use serde::{Deserialize, Serialize};

/// Where names without a registry belong, as Docker has it.
const DOCKER_HUB: &str = "docker.io";
/// What a name without a tag or digest means where one is needed.
const DEFAULT_TAG: &str = "latest";
const LONGEST_REPOSITORY: usize = 255;
const LONGEST_TAG: usize = 128;

/// The name of an image in a registry, read as Docker reads it: `python:3.11` is `docker.io/library/python:3.11`.
///
/// It has no place for credentials. `Display` writes all of it, and [`FromStr`] reads that again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageReference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Why a text is not the name of an image. Only the wrong part is told, since another may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part} of the image's name is wrong: {reason}")]
pub struct ImageReferenceError {
    part: &'static str,
    reason: String,
}

impl ImageReferenceError {
    /// What a name looks like.
    pub fn hint(&self) -> Option<String> {
        Some("an image is named REGISTRY/REPOSITORY:TAG or REGISTRY/REPOSITORY@sha256:DIGEST".to_owned())
    }
}

impl ImageReference {
    /// The registry's host, with its port if it has one of its own.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository in the registry.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag, if there is one.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, if there is one: it counts where both are given.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The same repository, at a digest and without a tag.
    #[must_use]
    pub fn with_digest(&self, digest: Digest) -> Self {
        Self { tag: None, digest: Some(digest), ..self.clone() }
    }

    /// The same repository, at a tag and without a digest.
    pub fn with_tag(&self, tag: &str) -> Result<Self, ImageReferenceError> {
        Ok(Self { tag: Some(parse_tag(tag)?), digest: None, ..self.clone() })
    }

    /// What a registry is asked for: the digest, else the tag, else `latest`.
    pub fn identifier(&self) -> &str {
        self.digest.as_ref().map_or_else(|| self.tag.as_deref().unwrap_or(DEFAULT_TAG), AsRef::as_ref)
    }

    /// What a push moves: the tag if there is one, else the digest, else `latest`.
    pub fn target(&self) -> &str {
        self.tag.as_deref().unwrap_or_else(|| self.identifier())
    }
}

impl FromStr for ImageReference {
    type Err = ImageReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains("://") {
            return Err(wrong("the registry", "it is written without `https://` or the like"));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(parse_digest(digest)?)),
            None => (text, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(parse_tag(tag)?)),
            _ => (rest, None),
        };
        let (registry, repository) = match name.split_once('/') {
            Some((first, repository)) if is_registry(first) => {
                (parse_registry(first)?, repository.to_owned())
            }
            _ => (DOCKER_HUB.to_owned(), name.to_owned()),
        };
        let repository = if registry == DOCKER_HUB && !repository.is_empty() && !repository.contains('/') {
            format!("library/{repository}")
        } else {
            repository
        };
        check_repository(&repository)?;
        Ok(Self { registry, repository, tag, digest })
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest}")?;
        }
        Ok(())
    }
}

impl TryFrom<String> for ImageReference {
    type Error = ImageReferenceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ImageReference> for String {
    fn from(reference: ImageReference) -> Self {
        reference.to_string()
    }
}

fn wrong(part: &'static str, reason: impl Into<String>) -> ImageReferenceError {
    ImageReferenceError { part, reason: reason.into() }
}

/// Whether the first part of a name is a host, by Docker's rule.
fn is_registry(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':'])
}

fn parse_registry(text: &str) -> Result<String, ImageReferenceError> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    if port
        .is_some_and(|port| !port.bytes().all(|byte| byte.is_ascii_digit()) || port.parse::<u16>().is_err())
    {
        return Err(wrong("the registry's port", format!("it is no number from 0 to {}", u16::MAX)));
    }
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let known = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        }),
    };
    if !known {
        return Err(wrong("the registry", format!("`{host}` is no host")));
    }
    let registry = text.to_ascii_lowercase();
    Ok(if registry == "index.docker.io" { DOCKER_HUB.to_owned() } else { registry })
}

fn check_repository(text: &str) -> Result<(), ImageReferenceError> {
    if text.is_empty() {
        return Err(wrong("the repository", "it is missing"));
    }
    if text.len() > LONGEST_REPOSITORY {
        return Err(wrong("the repository", format!("it is longer than {LONGEST_REPOSITORY} characters")));
    }
    match text.split('/').find(|part| !is_path_component(part)) {
        None => Ok(()),
        Some("") => Err(wrong("the repository", format!("`{text}` has an empty part"))),
        Some(part) if part.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            Err(wrong("the repository", format!("`{part}` has capital letters")))
        }
        Some(part) => Err(wrong(
            "the repository",
            format!(
                "`{part}` is not made of lower-case letters and digits, joined by `.`, `_`, `__` or dashes"
            ),
        )),
    }
}

/// Letters and digits, with single separators between them.
fn is_path_component(part: &str) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = part.as_bytes();
    bytes.first().is_some_and(alphanumeric)
        && bytes.last().is_some_and(alphanumeric)
        && bytes.split(alphanumeric).all(|between| {
            matches!(between, b"" | b"." | b"_" | b"__") || between.iter().all(|byte| *byte == b'-')
        })
}

fn parse_tag(text: &str) -> Result<String, ImageReferenceError> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let known = text.bytes().next().is_some_and(word)
        && text.bytes().all(|byte| word(byte) || byte == b'.' || byte == b'-')
        && text.len() <= LONGEST_TAG;
    if known {
        Ok(text.to_owned())
    } else {
        Err(wrong(
            "the tag",
            format!(
                "it has 1 to {LONGEST_TAG} letters, digits, `_`, `.` and `-`, and begins with none of the last two"
            ),
        ))
    }
}

fn parse_digest(text: &str) -> Result<Digest, ImageReferenceError> {
    match text.parse::<Digest>() {
        Ok(digest) if *digest.algorithm() == DigestAlgorithm::Sha256 => Ok(digest),
        Ok(digest) => Err(wrong(
            "the digest",
            format!("the algorithm {} is not supported, only sha256", digest.algorithm()),
        )),
        Err(_) => Err(wrong("the digest", "it is `sha256:` and 64 hexadecimal digits, in lower case")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "6c3c624b58dbbcd3c0dd82b4c53f04194d1247c6eebdaab7c610cf7d66709b3b";

    #[test]
    fn names_are_read_as_docker_reads_them() {
        for (text, canonical) in [
            ("python", "docker.io/library/python"),
            ("python:3.11", "docker.io/library/python:3.11"),
            ("apache/beam", "docker.io/apache/beam"),
            ("docker.io/python", "docker.io/library/python"),
            ("index.docker.io/apache/beam:1", "docker.io/apache/beam:1"),
            ("localhost/app", "localhost/app"),
            ("localhost:5000/app:v1", "localhost:5000/app:v1"),
            ("127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c"),
            ("[::1]:5000/app", "[::1]:5000/app"),
            ("[::1]/app", "[::1]/app"),
            ("Registry.Local/app", "registry.local/app"),
            (
                "europe-docker.pkg.dev/p/r/a__b.c_d--e:X_1.2-3",
                "europe-docker.pkg.dev/p/r/a__b.c_d--e:X_1.2-3",
            ),
        ] {
            assert_eq!(text.parse::<ImageReference>().unwrap().to_string(), canonical, "{text}");
            let pinned = format!("{text}@sha256:{HEX}").parse::<ImageReference>().unwrap();
            assert_eq!(pinned.to_string(), format!("{canonical}@sha256:{HEX}"));
            assert_eq!(pinned.identifier(), format!("sha256:{HEX}"));
        }
    }

    #[test]
    fn what_is_asked_for_and_what_is_moved() {
        for (text, identifier, target) in [
            ("a.b/c", "latest", "latest"),
            ("a.b/c:t", "t", "t"),
            (&format!("a.b/c@sha256:{HEX}"), &format!("sha256:{HEX}"), &format!("sha256:{HEX}")),
            (&format!("a.b/c:t@sha256:{HEX}"), &format!("sha256:{HEX}"), "t"),
        ] {
            let reference: ImageReference = text.parse().unwrap();
            assert_eq!((reference.identifier(), reference.target()), (identifier, target), "{text}");
        }
    }

    #[test]
    fn the_wrong_part_is_named() {
        for (text, message) in [
            ("", "the repository of the image's name is wrong: it is missing"),
            ("a.b/", "the repository of the image's name is wrong: it is missing"),
            ("a.b/c//d", "the repository of the image's name is wrong: `c//d` has an empty part"),
            ("a.b/App", "the repository of the image's name is wrong: `App` has capital letters"),
            ("a.b/c:", "the tag of the image's name is wrong: it has 1 to 128 letters"),
            ("a.b/c:-x", "the tag of the image's name is wrong: it has 1 to 128 letters"),
            ("a.b:x/c", "the registry's port of the image's name is wrong: it is no number"),
            ("a..b/c", "the registry of the image's name is wrong: `a..b` is no host"),
            ("https://a.b/c", "the registry of the image's name is wrong: it is written without"),
            ("a.b/c@sha256:12", "the digest of the image's name is wrong: it is `sha256:`"),
            ("user:hunter2@a.b/c", "the digest of the image's name is wrong: it is `sha256:`"),
        ] {
            let error = text.parse::<ImageReference>().unwrap_err();
            assert!(error.to_string().starts_with(message), "{text}: {error}");
            assert!(!error.to_string().contains("hunter2"));
        }
        let long = format!("a.b/{}", "x".repeat(256));
        assert!(long.parse::<ImageReference>().unwrap_err().to_string().contains("longer than 255"));
        let sha512 = format!("a.b/c@sha512:{}", "0".repeat(128));
        assert!(sha512.parse::<ImageReference>().unwrap_err().to_string().contains("only sha256"));
    }

    proptest! {
        #[test]
        fn what_was_read_is_written_and_read_again(text in "[a-zA-Z0-9./:_@\\[\\]-]{0,40}") {
            if let Ok(reference) = text.parse::<ImageReference>() {
                prop_assert_eq!(reference.to_string().parse::<ImageReference>(), Ok(reference));
            }
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,60}") {
            let _ = text.parse::<ImageReference>();
        }
    }
}
