//! Which image a template runs from.

use std::collections::BTreeMap;

use oci_spec::image::Digest;
use tmpl_template::{TemplateName, TemplateSpec};

use super::DockerError;
use crate::engine::ImageName;

/// The file name of our launcher where an image has it as its entry point.
const LAUNCHER: &str = "launcher";

/// Where the image of a template comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSource {
    /// From the engine, or the registry that the name says.
    Named(ImageName),
    /// From the bucket: the manifest for each platform.
    Stored(BTreeMap<String, Digest>),
}

impl ImageSource {
    /// Where the image of a template comes from.
    pub(super) fn of(name: &TemplateName, spec: &TemplateSpec) -> Result<Self, DockerError> {
        if let Some(image) = spec.image.as_deref().filter(|image| !image.is_empty()) {
            let parsed = image.parse();
            return parsed
                .map(Self::Named)
                .map_err(|reason| DockerError::ImageName { image: image.to_owned(), reason });
        }
        let platforms = spec.tmpl.iter().flat_map(|extension| &extension.platforms);
        let stored: BTreeMap<String, Digest> = platforms
            .filter_map(|(platform, build)| Some((platform.clone(), build.image.clone()?)))
            .collect();
        if stored.is_empty() {
            return Err(DockerError::NoImage { name: name.to_string() });
        }
        Ok(Self::Stored(stored))
    }
}

/// Whether an image starts our launcher by itself. In any other image, ours is put beside what it has.
pub(super) fn has_launcher(entrypoint: &[String]) -> bool {
    let program = entrypoint.first().map(std::path::Path::new);
    program.and_then(std::path::Path::file_name).is_some_and(|name| name == LAUNCHER)
}
