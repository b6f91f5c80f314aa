//! The program of a template as this machine can run it: what it is joined from, and what runs it. The same for a job's launcher and
//! for its workers.

use std::path::{Path, PathBuf};

use tmpl_bucket::Bucket;
use tmpl_template::{Entry, LayerReference, Results, TemplateName, TemplateSpec};

use crate::LaunchError;
use crate::cache::Cache;
use crate::environment::{self, Environment, Ingredients};
use crate::image_template::ImageTemplate;
use crate::runtime::Runtime;
use crate::this_process::here;

/// A template's program and the interpreter it will run with.
#[derive(Clone, Debug)]
pub(crate) struct TemplateProgram {
    /// Where it begins.
    pub(crate) entry: Entry,
    /// What runs it.
    pub(crate) runtime: Runtime,
    /// What it is joined from.
    pub(crate) layers: Vec<LayerReference>,
    layer_root: &'static str,
    /// The tree that an image brings along, where it is made of these very layers.
    tree: Option<PathBuf>,
    /// Whether a job that reports no row has failed.
    pub(crate) results_required: bool,
}

impl TemplateProgram {
    /// Finds what the program of a template needs on this machine. Nothing is unpacked.
    pub(crate) fn find(
        name: &TemplateName,
        spec: &TemplateSpec,
        python: Option<PathBuf>,
        cache: &Cache,
        image: Option<&ImageTemplate>,
    ) -> Result<Self, LaunchError> {
        let extension =
            spec.tmpl.as_ref().ok_or_else(|| LaunchError::ImageOnly { name: name.to_string() })?;
        let here = here();
        let platform = extension.platforms.get(&here).ok_or_else(|| LaunchError::Platform {
            name: name.to_string(),
            built: extension.platforms.keys().cloned().collect(),
            here,
        })?;
        let tree = image.and_then(|image| image.tree_of(&platform.layers));
        let runtime = match tree {
            Some(_) => Runtime::of_tree(&extension.entry)?,
            None => Runtime::find(name, &extension.entry, platform, python, cache)?,
        };
        Ok(Self {
            entry: extension.entry.clone(),
            runtime,
            layers: platform.layers.clone(),
            layer_root: extension.layer_root(),
            tree: tree.map(Path::to_owned),
            results_required: extension.results == Some(Results::Required),
        })
    }

    /// What its environment is made of.
    pub(crate) fn ingredients(&self) -> Ingredients<'_> {
        Ingredients { interpreter: self.runtime.python(), layers: &self.layers, layer_root: self.layer_root }
    }

    /// Whether everything lies unpacked in the image that this process runs in.
    pub(crate) fn is_in_image(&self) -> bool {
        self.tree.is_some()
    }

    /// Where its tree lies, or will lie.
    pub(crate) fn root(&self, cache: &Cache) -> PathBuf {
        self.tree.clone().unwrap_or_else(|| environment::root(cache, &self.ingredients()))
    }

    /// Unpacks and joins what is missing, on a thread that may wait for disk and processor. Nothing for a program that lies in the image.
    pub(crate) async fn assemble(
        &self,
        bucket: &Bucket,
        cache: &Cache,
    ) -> Result<Option<Environment>, LaunchError> {
        if self.is_in_image() {
            return Ok(None);
        }
        let (bucket, cache, program) = (bucket.clone(), cache.clone(), self.clone());
        let runtime = tokio::runtime::Handle::current();
        let joined = tokio::task::spawn_blocking(move || {
            environment::assemble(&cache, &program.ingredients(), &|layer| {
                runtime.block_on(bucket.require_blob(&layer.digest))
            })
        });
        match joined.await {
            Ok(done) => done.map(Some),
            Err(error) => Err(LaunchError::Start {
                program: "the unpacking of layers".to_owned(),
                source: std::io::Error::other(error),
            }),
        }
    }
}
