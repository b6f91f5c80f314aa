//! What is wrong with an image, or keeps it from being written.

use std::io;
use std::path::PathBuf;

use oci_spec::image::{Digest, MediaType};
use serde::de::DeserializeOwned;

/// An error of an image. `Display` names the thing; [`ImageError::hint`] says the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// A manifest, index or configuration can't be read.
    #[error("the image's {what} can't be read")]
    Json {
        /// Which of them.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A manifest, index or configuration makes no sense.
    #[error("the image's {what} is invalid: {problem}")]
    Invalid {
        /// Which of them.
        what: &'static str,
        /// Why.
        problem: String,
    },
    /// A layer of a kind that can't be in an OCI image.
    #[error("the image has a layer of the kind `{media_type}`, which can't be used")]
    LayerType {
        /// Its kind.
        media_type: String,
    },
    /// A layer in Zstandard, which archives for Docker can't hold: engines before 23.0 can't read it.
    #[error("the layer {digest} is in zstd, which an archive for Docker or Podman can't hold")]
    ZstdForDocker {
        /// The layer.
        digest: Digest,
    },
    /// There is no image for the platform that is wanted.
    #[error("there is no image for {wanted} in {place}, only for {found}")]
    Platform {
        /// The platform.
        wanted: String,
        /// Where was looked.
        place: String,
        /// What there is.
        found: String,
    },
    /// A layout or archive has no image of that name.
    #[error("{} has no image{}", place.display(), name.as_ref().map(|name| format!(" named `{name}`")).unwrap_or_default())]
    NoImage {
        /// The layout.
        place: PathBuf,
        /// The name that was asked for.
        name: Option<String>,
    },
    /// A layout or archive has several images, and none was named.
    #[error("{} has several images: {}", place.display(), names.join(", "))]
    SeveralImages {
        /// The layout.
        place: PathBuf,
        /// Their names.
        names: Vec<String>,
    },
    /// Something is no OCI layout.
    #[error("{} is no OCI image layout: {problem}", place.display())]
    NoLayout {
        /// What was looked at.
        place: PathBuf,
        /// Why.
        problem: String,
    },
    /// A blob is not what its digest promises.
    #[error("the blob {digest} is damaged: {problem}")]
    Damaged {
        /// The blob.
        digest: Digest,
        /// What is wrong.
        problem: String,
    },
    /// A blob can't be read.
    #[error("the blob {digest} can't be read")]
    Blob {
        /// The blob.
        digest: Digest,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file can't be read or written; the cause names it.
    #[error("can't {action} the image")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl ImageError {
    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Json { .. } | Self::Invalid { .. } => {
                "it must be an image of OCI's or Docker's format (schema 2)".to_owned()
            }
            Self::LayerType { .. } => {
                "use an image whose layers are tar archives, plain or compressed".to_owned()
            }
            Self::ZstdForDocker { .. } => {
                "build it with --compression gzip, upon a base whose layers are in gzip, \
                                           or write an OCI image: oci:FOLDER or oci-archive:FILE"
                    .to_owned()
            }
            Self::Platform { .. } => "name another image, or another platform".to_owned(),
            Self::NoImage { .. } | Self::SeveralImages { .. } => {
                "name one of its images: oci:FOLDER:NAME".to_owned()
            }
            Self::NoLayout { .. } => {
                "make one with, for instance, `skopeo copy docker-archive:FILE oci:FOLDER`".to_owned()
            }
            Self::Damaged { .. } => "fetch or make the image again".to_owned(),
            Self::Blob { .. } => "check that the place of the image can be read".to_owned(),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                "free some space".to_owned()
            }
            Self::Io { .. } => return None,
        })
    }

    /// Whether trying again may help: the machine or a network failed, not the image.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Blob { .. } | Self::Io { .. })
    }
}

pub(crate) fn parse<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, ImageError> {
    serde_json::from_slice(bytes).map_err(|source| ImageError::Json { what, source })
}

/// The kind of a layer under OCI's name.
pub(crate) fn oci_layer_type(media_type: &MediaType) -> Result<MediaType, ImageError> {
    let name = media_type.to_string();
    match name.as_str() {
        "application/vnd.docker.image.rootfs.diff.tar.gzip" => Ok(MediaType::ImageLayerGzip),
        "application/vnd.docker.image.rootfs.diff.tar" => Ok(MediaType::ImageLayer),
        "application/vnd.docker.image.rootfs.diff.tar.zstd" => Ok(MediaType::ImageLayerZstd),
        _ => match media_type {
            MediaType::ImageLayer | MediaType::ImageLayerGzip | MediaType::ImageLayerZstd => {
                Ok(media_type.clone())
            }
            // Layers that may not be distributed (Windows) and encrypted ones.
            _ => Err(ImageError::LayerType { media_type: name }),
        },
    }
}
