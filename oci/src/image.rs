//! Images as values: a change gives a new image, and every digest is known before a byte is sent anywhere.
//!
//! ```text
//! ImageConfig (JSON) ─┐
//! ImageLayer, …      ─┴▶ Image ─▶ manifest ─▶ several images: ImageIndex
//! ```
//!
//! What is written is OCI's format, whatever the base was in: a layer of Docker's kind has the same bytes under another name,
//! and registries refuse manifests that mix the two.

mod archive;
mod blob;
mod config;
mod docker_archive;
mod error;
mod index;
mod layout;
mod layout_reader;

use oci_spec::image::{Descriptor, Digest, MediaType, Platform};
use serde_json::{Value, json};

pub use archive::write_oci_archive;
pub use blob::{Blob, sha256_of};
pub use config::ImageConfig;
pub use docker_archive::{check_for_docker, write_docker_archive};
pub use error::ImageError;
pub use index::{ImageIndex, image_of_platform};
pub use layout::{copy_blob, write_layout};
pub use layout_reader::Layout;

use crate::{BlobSource, ImageReference, Layer};

/// A layer of an image: what it is, and where its bytes are.
#[derive(Clone, Debug)]
pub struct ImageLayer {
    /// Media type, digest and size.
    pub descriptor: Descriptor,
    /// The digest of the archive inside.
    pub diff_id: Digest,
    /// Its bytes.
    pub source: BlobSource,
    /// The image in a registry that has it too: its blob can be mounted instead of being sent.
    pub origin: Option<ImageReference>,
}

impl ImageLayer {
    /// A layer that was written here.
    pub fn new(layer: &Layer, source: BlobSource) -> Self {
        let descriptor = Descriptor::new(layer.media_type.clone(), layer.size, layer.digest.clone());
        Self { descriptor, diff_id: layer.diff_id.clone(), source, origin: None }
    }
}

/// An image for one platform.
#[derive(Clone, Debug)]
pub struct Image {
    config: ImageConfig,
    layers: Vec<ImageLayer>,
    annotations: Vec<(String, String)>,
}

impl Image {
    /// An image without anything.
    pub fn empty(platform: &Platform) -> Self {
        Self { config: ImageConfig::empty(platform), layers: Vec::new(), annotations: Vec::new() }
    }

    /// Reads an image. `source` says where the bytes of its layers are.
    pub fn parse(
        manifest: &[u8],
        config: &[u8],
        source: impl Fn(&Descriptor) -> BlobSource,
    ) -> Result<Self, ImageError> {
        let manifest = error::parse::<oci_spec::image::ImageManifest>("manifest", manifest)?;
        let config = ImageConfig::parse(config)?;
        let diff_ids = config.diff_ids()?;
        if diff_ids.len() != manifest.layers().len() {
            let (layers, diff_ids) = (manifest.layers().len(), diff_ids.len());
            let problem = format!("it has {layers} layers and its configuration {diff_ids}");
            return Err(ImageError::Invalid { what: "manifest", problem });
        }
        let layers = manifest.layers().iter().zip(diff_ids).map(|(descriptor, diff_id)| {
            let source = source(descriptor);
            let mut descriptor = descriptor.clone();
            descriptor.set_media_type(error::oci_layer_type(descriptor.media_type())?);
            Ok(ImageLayer { descriptor, diff_id, source, origin: None })
        });
        Ok(Self { layers: layers.collect::<Result<_, ImageError>>()?, config, annotations: Vec::new() })
    }

    /// The digest of the configuration that a manifest names, and its size.
    pub fn config_of(manifest: &[u8]) -> Result<Descriptor, ImageError> {
        let manifest = error::parse::<oci_spec::image::ImageManifest>("manifest", manifest)?;
        Ok(manifest.config().clone())
    }

    /// Its configuration.
    pub fn config(&self) -> &ImageConfig {
        &self.config
    }

    /// Its layers, the lowest first.
    pub fn layers(&self) -> &[ImageLayer] {
        &self.layers
    }

    /// What it runs on.
    pub fn platform(&self) -> Platform {
        self.config.platform()
    }

    /// The image with another layer on top.
    #[must_use]
    pub fn with_layer(mut self, layer: ImageLayer, created: &str, created_by: &str) -> Self {
        self.config.add_layer(&layer.diff_id, created, created_by);
        self.layers.push(layer);
        self
    }

    /// The image with another configuration; layers are none of its business.
    #[must_use]
    pub fn with_config(mut self, change: impl FnOnce(&mut ImageConfig)) -> Self {
        change(&mut self.config);
        self
    }

    /// The image with an annotation in its manifest.
    #[must_use]
    pub fn with_annotation(mut self, name: &str, value: &str) -> Self {
        self.annotations.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The image whose layers' bytes are elsewhere.
    #[must_use]
    pub fn with_sources(mut self, source: impl Fn(&ImageLayer) -> Option<BlobSource>) -> Self {
        for layer in &mut self.layers {
            if let Some(found) = source(layer) {
                layer.source = found;
            }
        }
        self
    }

    /// The image whose layers are known to be in a registry under this name.
    #[must_use]
    pub fn with_origin(mut self, origin: &ImageReference) -> Self {
        for layer in &mut self.layers {
            layer.origin = Some(origin.clone());
        }
        self
    }

    /// Its configuration as it is stored.
    pub fn config_blob(&self) -> Blob {
        Blob::of_json(MediaType::ImageConfig, self.config.as_value())
    }

    /// Its manifest as it is stored.
    pub fn manifest(&self) -> Blob {
        let config = self.config_blob().descriptor;
        let layers: Vec<&Descriptor> = self.layers.iter().map(|layer| &layer.descriptor).collect();
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::ImageManifest.to_string(),
            "config": config,
            "layers": layers,
        });
        if !self.annotations.is_empty() {
            let annotations =
                self.annotations.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
            manifest["annotations"] = Value::Object(annotations.collect());
        }
        Blob::of_json(MediaType::ImageManifest, &manifest)
    }

    /// Everything that must be there before the manifest: the layers, then the configuration.
    pub fn blobs(&self) -> Vec<(Descriptor, BlobSource)> {
        let config = self.config_blob();
        let layers = self.layers.iter().map(|layer| (layer.descriptor.clone(), layer.source.clone()));
        layers.chain([(config.descriptor, BlobSource::Bytes(config.bytes))]).collect()
    }
}

#[cfg(test)]
mod tests;
