//! The two layers that make a template's layers an image: one with the launcher and what makes the tree a virtual environment, and one
//! with the template's spec.

use serde::Serialize;
use tmpl_launcher::environment::{VirtualEntry, virtual_entries};
use tmpl_oci::{LayerContents, LayerError};
use tmpl_template::{Extension, PythonMain, TemplateSpec};

use super::ImageRequest;
use crate::BuildError;
use crate::made_layer::{self, MadeLayer};
use crate::program_source::ProgramSource;
use crate::session::Session;

/// Where images have their launcher.
pub(super) const LAUNCHER: &str = "/opt/tmpl/launcher";
const LAUNCHER_LAYER: &str = "launcher";
const SPEC_LAYER: &str = "spec";
/// The file that Google's launcher starts where a program begins with a module.
const STARTER: &str = "main.py";

/// pip, as far as a worker's entry point needs it.
const PIP: &str = include_str!("../python/pip_of_images.py");

/// The Python of an image.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct ImagePython<'a> {
    /// Where the base has it.
    pub(super) path: &'a str,
    /// Its minor version.
    pub(super) version: &'a str,
    /// Whether the template's dependencies lack pip, of which workers ask what is installed.
    pub(super) without_pip: bool,
}

/// The layer with the launcher.
pub(super) async fn launcher(
    session: &Session<'_>,
    request: &ImageRequest,
    platform: &str,
    python: Option<ImagePython<'_>>,
    empty_base: bool,
) -> Result<MadeLayer, BuildError> {
    let binary = request.launchers.find(platform)?;
    let (checksum, _) = session.checksums.of(&binary)?;
    let virtual_environment = python.map(|python| virtual_entries(python.path.as_ref(), python.version));
    let ingredients = ("launcher", checksum, python, empty_base, PIP, &virtual_environment);
    let key = made_layer::key(session.compression(), &ingredients);
    if let Some(layer) = made_layer::known(session, &key, LAUNCHER_LAYER)
        && is_here(session, &layer)
    {
        return Ok(layer);
    }
    let mut contents = LayerContents::new();
    let fill = || -> Result<(), LayerError> {
        contents.file(LAUNCHER.trim_start_matches('/'), binary.clone(), true)?;
        if empty_base {
            // Everything else has one.
            contents.directory("tmp")?;
            contents.set_mode("tmp", 0o1777)?;
        }
        let Some(python) = python else { return Ok(()) };
        if python.without_pip {
            let folder = format!("{}/lib/python{}/site-packages/pip", Extension::LAYER_ROOT, python.version);
            contents.bytes(&format!("{folder}/__init__.py"), Vec::new(), false)?;
            contents.bytes(&format!("{folder}/__main__.py"), PIP.as_bytes().to_vec(), false)?;
        }
        for (place, entry) in virtual_environment.into_iter().flatten() {
            let place = format!("{}/{place}", Extension::LAYER_ROOT);
            match entry {
                VirtualEntry::File(text) => contents.bytes(&place, text.into_bytes(), false)?,
                VirtualEntry::Link(target) if target.starts_with('/') => {
                    contents.symlink_into_image(&place, &target)?;
                }
                VirtualEntry::Link(target) => contents.symlink(&place, &target)?,
            }
        }
        Ok(())
    };
    fill().map_err(|source| BuildError::Layer { title: LAUNCHER_LAYER.to_owned(), source })?;
    made_layer::make_of(session, &key, LAUNCHER_LAYER, contents).await
}

/// The layer with the spec, and with a file to start a module by.
pub(super) async fn spec(
    session: &Session<'_>,
    source: &ProgramSource,
    spec: &TemplateSpec,
) -> Result<MadeLayer, BuildError> {
    let text = spec.to_canonical_json();
    let starter = starter(source);
    let key = made_layer::key(session.compression(), &("spec", &text, &starter));
    if let Some(layer) = made_layer::known(session, &key, SPEC_LAYER)
        && is_here(session, &layer)
    {
        return Ok(layer);
    }
    let mut contents = LayerContents::new();
    let mut fill = || -> Result<(), LayerError> {
        let place = |name: &str| format!("{}/{name}", Extension::LAYER_ROOT);
        contents.bytes(&place("template.json"), text.clone().into_bytes(), false)?;
        match &starter {
            Some(starter) => contents.bytes(&place(STARTER), starter.clone().into_bytes(), false),
            None => Ok(()),
        }
    };
    fill().map_err(|source| BuildError::Layer { title: SPEC_LAYER.to_owned(), source })?;
    made_layer::make_of(session, &key, SPEC_LAYER, contents).await
}

/// The file of a Python program that Google's launcher starts.
pub(super) fn python_file(source: &ProgramSource) -> Option<String> {
    let root = Extension::LAYER_ROOT;
    match source {
        ProgramSource::Python(PythonMain::File(file)) => Some(format!("/{root}/app/{file}")),
        ProgramSource::Python(PythonMain::Module(_)) | ProgramSource::Yaml { .. } => {
            Some(format!("/{root}/{STARTER}"))
        }
        _ => None,
    }
}

/// A program that runs a module as `python -m` does.
fn starter(source: &ProgramSource) -> Option<String> {
    let (module, first) = match source {
        ProgramSource::Python(PythonMain::Module(module)) => (module.as_str(), String::new()),
        ProgramSource::Yaml { .. } => {
            let (_, name) = source.files("").into_iter().next()?;
            let file = format!("/{}/app/{name}", Extension::LAYER_ROOT);
            let option = serde_json::Value::from(format!("--yaml_pipeline_file={file}"));
            ("apache_beam.yaml.main", format!("sys.argv.insert(1, {option})\n"))
        }
        _ => return None,
    };
    Some(format!(
        "import runpy\nimport sys\n\n{first}runpy.run_module(\"{module}\", run_name=\"__main__\", alter_sys=True)\n"
    ))
}

fn is_here(session: &Session<'_>, layer: &MadeLayer) -> bool {
    session.cache.find_blob(layer.reference.digest.digest(), layer.reference.size).is_some()
}
