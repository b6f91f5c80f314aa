//! Several images under one name: one for each platform.

use oci_spec::image::{Descriptor, MediaType, Platform};
use serde_json::{Value, json};

use super::error::{ImageError, parse};
use super::{Blob, Image};

/// Images for several platforms.
#[derive(Clone, Debug)]
pub struct ImageIndex {
    images: Vec<Image>,
}

impl ImageIndex {
    /// An index of these images, one for each platform.
    pub fn new(images: Vec<Image>) -> Self {
        Self { images }
    }

    /// Its images.
    pub fn images(&self) -> &[Image] {
        &self.images
    }

    /// What a name leads to: the manifest of one image alone, or the index of several.
    pub fn root(&self) -> Blob {
        match self.images.as_slice() {
            [image] => image.manifest(),
            images => {
                let manifests: Vec<Value> = images.iter().map(entry).collect();
                let index = json!({
                    "schemaVersion": 2,
                    "mediaType": MediaType::ImageIndex.to_string(),
                    "manifests": manifests,
                });
                Blob::of_json(MediaType::ImageIndex, &index)
            }
        }
    }
}

fn entry(image: &Image) -> Value {
    let mut descriptor = image.manifest().descriptor;
    descriptor.set_platform(Some(image.platform()));
    json!(descriptor)
}

/// The manifest for a platform among those of an index. `place` is for the error.
pub fn image_of_platform(index: &[u8], platform: &Platform, place: &str) -> Result<Descriptor, ImageError> {
    let index = parse::<oci_spec::image::ImageIndex>("index", index)?;
    let fits = |descriptor: &&Descriptor| {
        descriptor.platform().as_ref().is_some_and(|found| is_same(found, platform))
    };
    // Attestations stand among the images with the platform `unknown/unknown`.
    let is_image = |descriptor: &&Descriptor| {
        descriptor.platform().as_ref().is_none_or(|platform| platform.os().to_string() != "unknown")
    };
    match index.manifests().iter().find(fits) {
        Some(descriptor) => Ok(descriptor.clone()),
        None => match index.manifests().iter().filter(is_image).collect::<Vec<_>>().as_slice() {
            // What says nothing of its platform is told by its configuration, later.
            [only] if only.platform().is_none() => Ok((*only).clone()),
            images => {
                let platforms = images.iter().filter_map(|image| image.platform().as_ref().map(shown));
                Err(ImageError::Platform {
                    wanted: shown(platform),
                    place: place.to_owned(),
                    found: platforms.collect::<Vec<_>>().join(", "),
                })
            }
        },
    }
}

/// Whether what runs on one platform runs on the other. Of variants only those of 32-bit ARM tell machines apart that matter here.
pub(crate) fn is_same(found: &Platform, wanted: &Platform) -> bool {
    found.os() == wanted.os()
        && found.architecture() == wanted.architecture()
        && (wanted.variant().is_none() || found.variant().is_none() || found.variant() == wanted.variant())
}

/// `linux/arm64`, `linux/arm/v7`.
pub(crate) fn shown(platform: &Platform) -> String {
    let variant = platform.variant().as_ref().map(|variant| format!("/{variant}")).unwrap_or_default();
    format!("{}/{}{variant}", platform.os(), platform.architecture())
}
