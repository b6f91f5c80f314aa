//! The archive that `docker load` has read since before there was OCI: `manifest.json`, a configuration, a file for each layer.

use std::io::Write;

use oci_spec::image::MediaType;
use serde_json::json;

use super::archive::Archive;
use super::error::ImageError;
use super::{Blob, Image, ImageLayer};

/// Whether an archive for Docker can hold an image: it can't where a layer is in Zstandard.
pub fn check_for_docker(image: &Image) -> Result<(), ImageError> {
    let is_zstd = |layer: &&ImageLayer| *layer.descriptor.media_type() == MediaType::ImageLayerZstd;
    match image.layers().iter().find(is_zstd) {
        Some(layer) => Err(ImageError::ZstdForDocker { digest: layer.descriptor.digest().clone() }),
        None => Ok(()),
    }
}

/// Writes one image for `docker load` and `podman load`. Docker has no images for several platforms in one archive.
pub fn write_docker_archive(output: impl Write, names: &[String], image: &Image) -> Result<(), ImageError> {
    check_for_docker(image)?;
    let mut archive = Archive::new(output);
    let Blob { descriptor: config, bytes } = image.config_blob();
    let config_file = format!("{}.json", config.digest().digest());
    let layer_file = |hex: &str| format!("{hex}.tar.gz");
    let layers: Vec<String> =
        image.layers().iter().map(|layer| layer_file(layer.descriptor.digest().digest())).collect();
    let manifest = json!([{"Config": config_file, "RepoTags": names, "Layers": layers}]);
    archive.text("manifest.json", manifest.to_string().as_bytes())?;
    archive.text(&config_file, &bytes)?;
    let mut written: Vec<&str> = Vec::new();
    for layer in image.layers() {
        let hex = layer.descriptor.digest().digest();
        // An image may have one layer twice; an archive has each file once.
        if !written.contains(&hex) {
            archive.blob(&layer_file(hex), &layer.descriptor, &layer.source)?;
            written.push(hex);
        }
    }
    archive.finish()
}
