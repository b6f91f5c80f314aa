//! The template that an image was made of: its spec lies in the image, and so does its tree.

use std::path::{Path, PathBuf};

use tmpl_template::{LayerReference, TemplateSpec};

use crate::LaunchError;
use crate::this_process::here;

/// Where an image that `tmpl build` made has its spec. The folder is the tree.
pub const TEMPLATE_FILE: &str = "/template/template.json";
/// The variable that names another place of the spec.
pub const TEMPLATE_VARIABLE: &str = "TMPL_TEMPLATE";

/// The template of the image that this process runs in.
#[derive(Clone, Debug)]
pub struct ImageTemplate {
    /// The spec.
    pub spec: TemplateSpec,
    tree: PathBuf,
}

impl ImageTemplate {
    /// The template of this image. Nothing in an image that has none.
    pub fn find() -> Result<Option<Self>, LaunchError> {
        let named = std::env::var_os(TEMPLATE_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        let path = named.clone().unwrap_or_else(|| PathBuf::from(TEMPLATE_FILE));
        let text = match fs_err::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => return Ok(None),
            Err(source) => return Err(LaunchError::SpecFile { source }),
        };
        let spec = TemplateSpec::parse(&text)
            .map_err(|source| LaunchError::Spec { name: path.display().to_string(), source })?;
        let tree = path.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(Some(Self { spec, tree }))
    }

    /// The tree of the image.
    pub(crate) fn tree(&self) -> &Path {
        &self.tree
    }

    /// The tree, if it is made of exactly these layers. What counts is what was unpacked, not how it was compressed.
    pub(crate) fn tree_of(&self, layers: &[LayerReference]) -> Option<&Path> {
        let own = &self.spec.tmpl.as_ref()?.platforms.get(&here())?.layers;
        let same = own.iter().map(|layer| &layer.diff_id).eq(layers.iter().map(|layer| &layer.diff_id));
        same.then_some(&self.tree)
    }
}
