//! Which images somebody wants: upon which base, and where they go.

use std::path::PathBuf;
use std::str::FromStr;

use tmpl_oci::registry::RegistryOptions;
use tmpl_oci::{ImageReference, ImageReferenceError};
use tmpl_template::TemplateName;

use crate::{BuildError, LauncherBinaries};

/// What stands for a template's name in the name of an image or a file.
const NAME: &str = "{name}";

/// The images of a build.
#[derive(Clone, Debug)]
pub struct ImageRequest {
    /// What they are built upon, instead of what the project says.
    pub base: Option<BaseSource>,
    /// The names they are pushed under; `{name}` stands for the template's.
    pub push: Option<String>,
    /// Where they go besides.
    pub outputs: Vec<ImageOutput>,
    /// Where the launcher for each platform is.
    pub launchers: LauncherBinaries,
    /// The time that they say they were made, in the format of RFC 3339.
    pub created: String,
    /// How registries are spoken to.
    pub registry: RegistryOptions,
}

/// What an image is built upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseSource {
    /// Nothing.
    Scratch,
    /// An image of an OCI layout: a folder, or an archive of one.
    Layout {
        /// The folder or file.
        place: PathBuf,
        /// Which of its images.
        name: Option<String>,
    },
    /// An image of a registry.
    Registry(ImageReference),
}

/// A text that names no base.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` names no base: {reason}")]
pub struct BaseSourceError {
    text: String,
    reason: String,
}

impl FromStr for BaseSource {
    type Err = BaseSourceError;

    fn from_str(text: &str) -> Result<Self, BaseSourceError> {
        if text == "scratch" {
            return Ok(Self::Scratch);
        }
        for kind in ["oci:", "oci-archive:"] {
            if let Some(place) = text.strip_prefix(kind) {
                let (place, name) = split_name(place);
                return Ok(Self::Layout { place: PathBuf::from(place), name });
            }
        }
        let wrong = |error: ImageReferenceError| BaseSourceError {
            text: text.to_owned(),
            reason: format!("{error}; an image on disk is oci:FOLDER or oci-archive:FILE"),
        };
        let reference = text.strip_prefix("docker://").unwrap_or(text);
        Ok(Self::Registry(reference.parse().map_err(wrong)?))
    }
}

impl std::fmt::Display for BaseSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Scratch => formatter.write_str("scratch"),
            Self::Layout { place, name } => {
                write!(formatter, "oci:{}", place.display())?;
                name.iter().try_for_each(|name| write!(formatter, ":{name}"))
            }
            Self::Registry(reference) => write!(formatter, "{reference}"),
        }
    }
}

/// Where an image goes, if not to a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageOutput {
    /// An OCI layout.
    Layout(PathBuf),
    /// An OCI layout in one file.
    Archive(PathBuf),
    /// What `docker load` reads.
    DockerArchive(PathBuf),
    /// The images of a Docker engine, or of another one with its interface.
    Docker,
    /// Podman's images.
    Podman,
}

/// A text that names no output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no place for an image: write oci:FOLDER, oci-archive:FILE, docker-archive:FILE, docker or podman"
)]
pub struct ImageOutputError(String);

impl FromStr for ImageOutput {
    type Err = ImageOutputError;

    fn from_str(text: &str) -> Result<Self, ImageOutputError> {
        let path = |path: &str| if path.is_empty() { None } else { Some(PathBuf::from(path)) };
        let found = match text.split_once(':') {
            None if text == "docker" => Some(Self::Docker),
            None if text == "podman" => Some(Self::Podman),
            Some(("oci", place)) => path(place).map(Self::Layout),
            Some(("oci-archive", place)) => path(place).map(Self::Archive),
            Some(("docker-archive", place)) => path(place).map(Self::DockerArchive),
            _ => None,
        };
        found.ok_or_else(|| ImageOutputError(text.to_owned()))
    }
}

impl ImageOutput {
    /// Whether it is, or is for, the images of an engine.
    pub(crate) fn is_for_engine(&self) -> bool {
        matches!(self, Self::DockerArchive(_) | Self::Docker | Self::Podman)
    }

    /// The file that it is, which only one image can be.
    pub(crate) fn file(&self, template: &TemplateName) -> Option<PathBuf> {
        match self {
            Self::Archive(path) | Self::DockerArchive(path) => Some(named(path, template)),
            Self::Layout(_) | Self::Docker | Self::Podman => None,
        }
    }
}

impl ImageRequest {
    /// Whether several images can go where they shall.
    pub(crate) fn check(&self, images: usize) -> Result<(), BuildError> {
        let files = self.outputs.iter().filter_map(|output| match output {
            ImageOutput::Archive(path) | ImageOutput::DockerArchive(path) => Some(path.display().to_string()),
            _ => None,
        });
        let one = self.push.iter().cloned().chain(files).find(|place| !place.contains(NAME));
        match one {
            Some(place) if images > 1 => Err(BuildError::OnePlaceForManyImages { place }),
            _ => Ok(()),
        }
    }

    /// The name that a template's image is pushed under.
    pub(crate) fn target(&self, template: &TemplateName) -> Result<Option<ImageReference>, BuildError> {
        let Some(push) = &self.push else { return Ok(None) };
        let text = push.replace(NAME, template.as_str());
        let reference: Result<ImageReference, _> = text.parse();
        let wrong = |reason: String| BuildError::PushReference { text: text.clone(), reason };
        match reference {
            Ok(reference) if reference.digest().is_some() => {
                Err(wrong("a digest is what comes of a push, not what it is told".to_owned()))
            }
            Ok(reference) => Ok(Some(reference)),
            Err(error) => Err(wrong(error.to_string())),
        }
    }
}

fn named(path: &std::path::Path, template: &TemplateName) -> PathBuf {
    match path.to_str() {
        Some(text) => PathBuf::from(text.replace(NAME, template.as_str())),
        None => path.to_owned(),
    }
}

/// `FOLDER:NAME`, where the name may have a tag: `base:python:3.11`.
fn split_name(text: &str) -> (&str, Option<String>) {
    match text.split_once(':') {
        Some((place, name)) => (place, Some(name.to_owned())),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_read_and_written() {
        for (text, written) in [
            ("scratch", "scratch"),
            ("oci:base", "oci:base"),
            ("oci:base:python:3.11", "oci:base:python:3.11"),
            ("oci-archive:/b/base.tar", "oci:/b/base.tar"),
            ("python:3.11-slim", "docker.io/library/python:3.11-slim"),
            ("docker://registry:5000/base", "registry:5000/base"),
        ] {
            assert_eq!(text.parse::<BaseSource>().unwrap().to_string(), written);
        }
        assert!("Python".parse::<BaseSource>().is_err());
    }

    #[test]
    fn outputs_are_read() {
        assert_eq!("docker".parse(), Ok(ImageOutput::Docker));
        assert_eq!("oci:a".parse(), Ok(ImageOutput::Layout("a".into())));
        for text in ["", "oci", "oci:", "docker-archive", "registry", "tar:x"] {
            assert!(text.parse::<ImageOutput>().is_err(), "{text}");
        }
    }
}
