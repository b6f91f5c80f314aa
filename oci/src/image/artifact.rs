//! Documents about an image: manifests of their own that name the image as their subject.

use oci_spec::image::{Descriptor, MediaType};
use serde_json::json;

use super::Blob;

/// A document about an image (a list of what is in it, how it was made), as OCI 1.1 stores it.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The manifest that has the image as its subject.
    pub manifest: Blob,
    /// What kind of document it is.
    pub artifact_type: String,
    /// What must be there before the manifest: the empty configuration, and the document.
    pub blobs: [Blob; 2],
}

impl Artifact {
    /// A document of this media type about the image or index `subject`.
    pub fn new(subject: &Descriptor, media_type: &str, document: impl Into<bytes::Bytes>) -> Self {
        let config = Blob::new(MediaType::EmptyJSON, "{}");
        let document = Blob::new(MediaType::Other(media_type.to_owned()), document);
        // A subject is named by what every registry compares.
        let subject = Descriptor::new(subject.media_type().clone(), subject.size(), subject.digest().clone());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::ImageManifest.to_string(),
            "artifactType": media_type,
            "config": config.descriptor,
            "layers": [document.descriptor],
            "subject": subject,
        });
        let mut manifest = Blob::of_json(MediaType::ImageManifest, &manifest);
        manifest.descriptor.set_artifact_type(Some(MediaType::Other(media_type.to_owned())));
        Self { manifest, artifact_type: media_type.to_owned(), blobs: [config, document] }
    }
}
