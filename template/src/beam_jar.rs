//! The jar with Beam's runner for an engine on the Java virtual machine: where it lies, and what its bytes are.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Digest, hex, sha256_digest_from_hex};

/// A jar that is checked against its digest before it is used. It is never downloaded from elsewhere.
///
/// In a profile: `{"path": "/opt/beam.jar", "sha256": "…"}`, `{"url": "jars/beam.jar", "sha256": "…"}`, or `{"blob": "sha256:…"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct BeamJar {
    /// Where it lies.
    pub place: JarPlace,
    /// What its bytes are.
    pub digest: Digest,
}

/// Where a jar lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JarPlace {
    /// A file of the machine that the launcher runs on, by its whole path.
    Path(String),
    /// An object of the bucket: its path there, or an address that begins with the bucket's.
    Url(String),
    /// A blob of the bucket.
    Blob,
}

/// What is wrong with what is said of a jar.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BeamJarError {
    /// It lies nowhere, or in two places.
    #[error("`beamJar` says with one of `path`, `url` and `blob` where the jar lies")]
    Place,
    /// The path depends on where one stands.
    #[error("`path` of `beamJar` is {path:?}: write the whole path, from `/` on")]
    Relative {
        /// What was written.
        path: String,
    },
    /// Nothing says what its bytes are.
    #[error("`sha256` of `beamJar` is missing: write the digest of the jar, as `sha256sum` prints it")]
    NoDigest,
    /// A digest that is none.
    #[error("`{key}` of `beamJar` is no SHA-256 digest: write 64 of the characters 0-9 and a-f")]
    Digest {
        /// Which key.
        key: &'static str,
    },
    /// Two digests.
    #[error("`sha256` of `beamJar` is not the digest of its `blob`: leave it out")]
    Differ,
}

/// The jar as it is written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

impl BeamJar {
    /// A blob of the bucket.
    pub fn blob(digest: Digest) -> Self {
        Self { place: JarPlace::Blob, digest }
    }
}

impl TryFrom<Written> for BeamJar {
    type Error = BeamJarError;

    fn try_from(written: Written) -> Result<Self, BeamJarError> {
        let digest = |key: &'static str, text: &str| {
            let digits = text.strip_prefix("sha256:").unwrap_or(text);
            sha256_digest_from_hex(digits).map_err(|_| BeamJarError::Digest { key })
        };
        let said = written.sha256.as_deref().map(|text| digest("sha256", text)).transpose()?;
        let place = match (written.path, written.url, written.blob) {
            (Some(path), None, None) if path.starts_with('/') => JarPlace::Path(path),
            (Some(path), None, None) => return Err(BeamJarError::Relative { path }),
            (None, Some(url), None) => JarPlace::Url(url),
            (None, None, Some(blob)) => {
                let blob = digest("blob", &blob)?;
                return match said {
                    Some(said) if said != blob => Err(BeamJarError::Differ),
                    _ => Ok(Self::blob(blob)),
                };
            }
            _ => return Err(BeamJarError::Place),
        };
        Ok(Self { place, digest: said.ok_or(BeamJarError::NoDigest)? })
    }
}

impl From<BeamJar> for Written {
    fn from(jar: BeamJar) -> Self {
        let sha256 = Some(hex(&jar.digest).to_owned());
        match jar.place {
            JarPlace::Path(path) => Self { path: Some(path), sha256, ..Self::default() },
            JarPlace::Url(url) => Self { url: Some(url), sha256, ..Self::default() },
            JarPlace::Blob => Self { blob: Some(jar.digest.to_string()), ..Self::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_jar_is_read_and_written_back() {
        let digits = "ab".repeat(32);
        for written in [
            json!({ "path": "/opt/beam.jar", "sha256": digits }),
            json!({ "url": "jars/beam.jar", "sha256": digits }),
            json!({ "blob": format!("sha256:{digits}") }),
        ] {
            let jar: BeamJar = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(hex(&jar.digest), digits);
            assert_eq!(serde_json::to_value(&jar).unwrap(), written);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let digits = "ab".repeat(32);
        let cases: [(Value, &str); 8] = [
            (json!({}), "one of `path`, `url` and `blob`"),
            (json!({ "path": "/a", "url": "b", "sha256": digits }), "one of `path`, `url` and `blob`"),
            (json!({ "path": "beam.jar", "sha256": digits }), "write the whole path"),
            (json!({ "path": "/a" }), "`sha256` of `beamJar` is missing"),
            (json!({ "path": "/a", "sha256": "12" }), "`sha256` of `beamJar` is no SHA-256 digest"),
            (json!({ "blob": "12" }), "`blob` of `beamJar` is no SHA-256 digest"),
            (json!({ "blob": digits, "sha256": "cd".repeat(32) }), "leave it out"),
            (json!({ "maven": "x" }), "unknown field `maven`"),
        ];
        for (written, said) in cases {
            let error = serde_json::from_value::<BeamJar>(written).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
