//! Which image a template runs from.

use tmpl_template::{TemplateName, TemplateSpec};

use crate::LaunchError;
use crate::engine::ImageName;

/// The file name of our launcher where an image has it as its entry point.
const LAUNCHER: &str = "launcher";

/// Where the image of a template comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSource {
    /// From the engine, or the registry that the name says.
    Named(ImageName),
}

impl ImageSource {
    /// Where the image of a template comes from.
    pub(super) fn of(name: &TemplateName, spec: &TemplateSpec) -> Result<Self, LaunchError> {
        let Some(image) = spec.image.as_deref().filter(|image| !image.is_empty()) else {
            return Err(LaunchError::NoImage { name: name.to_string() });
        };
        let parsed = image.parse();
        parsed.map(Self::Named).map_err(|reason| LaunchError::ImageName { image: image.to_owned(), reason })
    }
}

impl std::fmt::Display for ImageSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(name) => name.fmt(formatter),
        }
    }
}

/// Whether an image starts our launcher by itself. In any other image, ours is put beside what it has.
pub(super) fn has_launcher(entrypoint: &[String]) -> bool {
    let program = entrypoint.first().map(std::path::Path::new);
    program.and_then(std::path::Path::file_name).is_some_and(|name| name == LAUNCHER)
}
