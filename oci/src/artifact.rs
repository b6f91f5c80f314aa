//! Documents about an image: bills of materials, provenance, signatures. Each has a manifest of its own that names the image as its
//! subject.

use std::collections::BTreeMap;

use bytes::Bytes;
use oci_spec::image::{Descriptor, MediaType};
use serde_json::{Value, json};

use crate::BlobSource;
use crate::image::Blob;

/// A document about an image or an index.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// What it is, as readers look for it.
    pub artifact_type: MediaType,
    /// The format of its content.
    pub media_type: MediaType,
    /// Its content.
    pub bytes: Bytes,
    /// What is said of it.
    pub annotations: BTreeMap<String, String>,
}

/// A document, and what it is about.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// The image or index.
    pub subject: Descriptor,
    /// The document.
    pub artifact: Artifact,
}

impl Artifact {
    /// A document whose kind is that of its format.
    pub fn new(media_type: &str, bytes: impl Into<Bytes>) -> Self {
        let media_type = MediaType::Other(media_type.to_owned());
        Self {
            artifact_type: media_type.clone(),
            media_type,
            bytes: bytes.into(),
            annotations: BTreeMap::new(),
        }
    }

    /// What must be there before its manifest: the empty configuration, and the content.
    pub fn blobs(&self) -> [Blob; 2] {
        [Blob::new(MediaType::EmptyJSON, "{}"), Blob::new(self.media_type.clone(), self.bytes.clone())]
    }

    /// Its manifest, with an image as its subject. Same artifact, same bytes.
    pub fn manifest(&self, subject: &Descriptor) -> Blob {
        let [config, content] = self.blobs().map(|blob| plain(&blob.descriptor));
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::ImageManifest.to_string(),
            "artifactType": self.artifact_type.to_string(),
            "config": config,
            "layers": [content],
            "subject": plain(subject),
        });
        if !self.annotations.is_empty() {
            manifest["annotations"] = json!(self.annotations);
        }
        let mut blob = Blob::of_json(MediaType::ImageManifest, &manifest);
        blob.descriptor.set_artifact_type(Some(self.artifact_type.clone()));
        if !self.annotations.is_empty() {
            blob.descriptor.set_annotations(Some(self.annotations.clone().into_iter().collect()));
        }
        blob
    }
}

impl Attachment {
    /// Everything that a layout has of it, the manifest last.
    pub(crate) fn all_blobs(&self) -> Vec<(Descriptor, BlobSource)> {
        let manifest = self.artifact.manifest(&self.subject);
        let blobs = self.artifact.blobs().into_iter().chain([manifest]);
        blobs.map(|blob| (blob.descriptor, BlobSource::Bytes(blob.bytes))).collect()
    }
}

/// What every reader compares of a descriptor.
fn plain(descriptor: &Descriptor) -> Value {
    json!({
        "mediaType": descriptor.media_type().to_string(),
        "digest": descriptor.digest().to_string(),
        "size": descriptor.size(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_artifact_has_the_same_manifest() {
        let annotations = [("b", "2"), ("a", "1"), ("c", "3")];
        let mut artifact = Artifact::new("application/spdx+json", "{}");
        artifact.annotations = annotations.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let [config, _] = artifact.blobs();
        let subject = Blob::new(MediaType::ImageManifest, "an image").descriptor;
        let manifest = artifact.manifest(&subject);
        assert_eq!(manifest, artifact.manifest(&subject));
        // The empty object of the specification, by its well-known digest.
        let empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(config.descriptor.digest().to_string(), empty);
        let read: oci_spec::image::ImageManifest = serde_json::from_slice(&manifest.bytes).unwrap();
        assert_eq!(read.subject().as_ref(), Some(&subject));
        assert_eq!(read.artifact_type(), manifest.descriptor.artifact_type());
        assert!(manifest.bytes.starts_with(br#"{"annotations":{"a":"1","b":"2","c":"3"}"#));
    }
}
