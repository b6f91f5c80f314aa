//! Whether what was built works: before it is published, so that a missing module fails the build and not the launch.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tmpl_launcher::environment::{self, Environment, Ingredients, assemble};
use tmpl_template::{Extension, LayerReference, PythonMain};
use tokio::process::Command;
use tokio::runtime::Handle;

use crate::background::in_background;
use crate::bucket_blobs::open_local;
use crate::builder_cache::Kind;
use crate::checksum::Checksum;
use crate::compile::{self, Problem};
use crate::helper::{CHECK_MAIN, RESOLVE_IMPORTS};
use crate::own_layers::OwnCode;
use crate::program::Main;
use crate::python_session::PythonSession;
use crate::staged_file::{Content, StagedFiles};
use crate::{BuildError, Check, Checked, Phase, child};

/// What is about to be published.
pub(crate) struct Candidate<'a> {
    pub(crate) mains: &'a [Main<'a>],
    pub(crate) code: &'a OwnCode,
    pub(crate) layers: &'a [LayerReference],
    /// How many of the layers, from the first, are dependencies.
    pub(crate) dependencies: usize,
    /// Whether the bucket lacks any of it.
    pub(crate) changed: bool,
}

/// Checks what is about to be published, as thoroughly as was asked for and is needed.
pub(crate) async fn check(
    session: &PythonSession<'_>,
    candidate: &Candidate<'_>,
) -> Result<Checked, BuildError> {
    if !candidate.changed && session.request.check != Check::Full {
        return Ok(Checked::Unchanged);
    }
    let key = candidate.key(session)?;
    let modules = Modules::of(session, candidate);
    let was_checked = || session.cache.read::<()>(Kind::Checked, &key).is_some();
    let statically = match session.request.check {
        // What is for another platform does not run here.
        _ if session.is_foreign() => true,
        Check::Full => false,
        Check::Static => true,
        Check::Auto => modules.tell_all && was_checked(),
    };
    if statically {
        session.timed(Phase::Check, "imports", resolve_imports(session, candidate, &modules)).await?;
        return Ok(Checked::Static);
    }
    session.timed(Phase::Check, "main modules", import_mains(session, candidate)).await?;
    session.cache.write(Kind::Checked, &key, &())?;
    Ok(Checked::Full)
}

impl Candidate<'_> {
    /// What a full check is about: the dependencies and the main modules, not the lines between them.
    fn key(&self, session: &PythonSession<'_>) -> Result<Checksum, BuildError> {
        let dependencies: Vec<String> =
            self.layers[..self.dependencies].iter().map(|layer| layer.diff_id.to_string()).collect();
        let mains: Vec<(&str, &PythonMain)> =
            self.mains.iter().map(|program| (program.template.as_str(), &program.start)).collect();
        let interpreter = &session.interpreter()?.version;
        Ok(Checksum::of_json(&("checked", interpreter, dependencies, mains, &session.project.root)))
    }
}

/// A joined environment, and where things are in it.
struct Tree {
    environment: Environment,
    python: PathBuf,
    site_packages: PathBuf,
}

/// The environment of some layers, made of blobs on this machine or in the bucket.
async fn tree(session: &PythonSession<'_>, layers: &[LayerReference]) -> Result<Tree, BuildError> {
    let (cache, builder, bucket) =
        (session.request.cache.clone(), session.cache.clone(), session.request.bucket.clone());
    let interpreter = session.interpreter()?.clone();
    let layers = layers.to_vec();
    let runtime = Handle::current();
    let site_packages = session.target().site_packages();
    let environment = in_background(session.progress, move |_| {
        let open = |layer: &LayerReference| match open_local(&builder.blob(layer.digest.digest())) {
            Some(reader) => Ok(reader),
            None => runtime.block_on(bucket.require_blob(&layer.digest)),
        };
        let ingredients = Ingredients {
            interpreter: Some(&interpreter),
            layers: &layers,
            layer_root: Extension::LAYER_ROOT,
        };
        Ok(assemble(&cache, &ingredients, &open)?)
    })
    .await?;
    let python = environment::python(&environment.root);
    Ok(Tree { site_packages: environment.root.join(site_packages), python, environment })
}

/// The full check: the set agrees with itself, and every main module imports.
async fn import_mains(session: &PythonSession<'_>, candidate: &Candidate<'_>) -> Result<(), BuildError> {
    let environment = tree(session, candidate.layers).await?;
    if !candidate.layers.is_empty() {
        agree(session, &environment).await?;
    }
    let folder = session.fresh_folder("check-")?;
    for program in candidate.mains {
        import_main(session, &environment, program, &folder).await?;
    }
    // The next change of the code is checked against the dependencies alone: let them be there by then.
    tree(session, &candidate.layers[..candidate.dependencies]).await?;
    Ok(())
}

/// `uv pip check`: no distribution lacks another one, or has one that it does not work with.
async fn agree(session: &PythonSession<'_>, environment: &Tree) -> Result<(), BuildError> {
    if !environment.site_packages.is_dir() || is_plain(&environment.site_packages) {
        return Ok(());
    }
    let mut command = session.uv()?.command(&session.requirements.indexes);
    command.args(["pip", "check", "--python"]).arg(&environment.python);
    let output = child::run(command, b"").await?;
    if output.status.success() {
        return Ok(());
    }
    let text = crate::redact::redact(&String::from_utf8_lossy(&output.stderr));
    let is_conflict = |line: &&str| line.starts_with("The package ");
    let conflicts: Vec<String> = text.lines().filter(is_conflict).map(str::to_owned).collect();
    if conflicts.is_empty() {
        return Err(BuildError::Uv {
            action: "checking the set of packages".to_owned(),
            message: text.trim().to_owned(),
        });
    }
    Err(BuildError::Contradiction { conflicts })
}

/// Whether an environment holds no distribution at all, so that there is nothing to ask uv about.
fn is_plain(site_packages: &Path) -> bool {
    let entries = fs_err::read_dir(site_packages).into_iter().flatten().flatten();
    !entries.into_iter().any(|entry| entry.file_name().to_string_lossy().ends_with(".dist-info"))
}

#[derive(Deserialize)]
struct Imported {
    exception: Option<String>,
    #[serde(default)]
    missing: Option<String>,
    #[serde(default)]
    file: Option<PathBuf>,
    #[serde(default)]
    line: usize,
}

async fn import_main(
    session: &PythonSession<'_>,
    environment: &Tree,
    program: &Main<'_>,
    folder: &Path,
) -> Result<(), BuildError> {
    let request = match &program.start {
        PythonMain::Module(module) => json!({ "module": module }),
        PythonMain::File(file) => json!({ "file": environment.environment.root.join("app").join(file) }),
    };
    let mut command: Command = CHECK_MAIN.command_with_packages(&environment.python, session.helpers())?;
    // Not the user's folder: what lies there would not be there at a launch.
    command.current_dir(folder);
    let imported: Imported = CHECK_MAIN.ask(command, &request).await?;
    let Some(exception) = imported.exception else { return Ok(()) };
    let place = imported.file.map(|file| {
        let inside = file
            .strip_prefix(&environment.site_packages)
            .or_else(|_| file.strip_prefix(&environment.environment.root));
        format!(" ({}:{})", inside.unwrap_or(&file).display(), imported.line)
    });
    Err(BuildError::Main {
        template: program.template.to_string(),
        exception: format!("{exception}{}", place.unwrap_or_default()),
        missing: imported.missing,
    })
}

#[derive(Serialize)]
struct Source {
    file: PathBuf,
    module: String,
    package: bool,
    #[serde(skip)]
    checksum: Checksum,
}

/// The modules of the project's own code.
struct Modules {
    sources: Vec<Source>,
    /// Whether they can be checked without running anything: every main module is one of them, and none is compiled code.
    tell_all: bool,
}

impl Modules {
    fn of(session: &PythonSession<'_>, candidate: &Candidate<'_>) -> Self {
        let site_packages = format!("{}/", session.target().site_packages());
        let mut sources = Vec::new();
        add(&mut sources, &candidate.code.packages, &site_packages);
        add(&mut sources, &candidate.code.app, "app/");
        // Python puts the folder of a script first on its path.
        let folders: BTreeSet<&str> = candidate
            .mains
            .iter()
            .filter_map(|program| match &program.start {
                PythonMain::File(file) => Some(file.rsplit_once('/')?.0),
                PythonMain::Module(_) => None,
            })
            .collect();
        for folder in folders {
            add(&mut sources, &candidate.code.app, &format!("app/{folder}/"));
        }
        let has = |module: &str, package: bool| {
            sources.iter().any(|source| source.module == module && source.package == package)
        };
        let is_known = |program: &Main<'_>| match &program.start {
            PythonMain::File(_) => true,
            PythonMain::Module(module) => has(module, false) || has(&format!("{module}.__main__"), false),
        };
        let no_code = |path: &String| Path::new(path).extension().is_none_or(|extension| extension != "so");
        let tell_all = candidate.mains.iter().filter(|main| main.is_own).all(is_known)
            && candidate.code.packages.keys().all(no_code);
        Self { sources, tell_all }
    }
}

fn add(sources: &mut Vec<Source>, files: &StagedFiles, root: &str) {
    for (path, file) in files {
        let (Some(inside), Content::File(place)) = (path.strip_prefix(root), &file.content) else { continue };
        let Some(stem) = inside.strip_suffix(".py") else { continue };
        let (module, package) = match stem.strip_suffix("/__init__") {
            Some(module) => (module, true),
            None => (stem, false),
        };
        sources.push(Source {
            file: place.clone(),
            module: module.replace('/', "."),
            package,
            checksum: file.checksum.clone(),
        });
    }
}

#[derive(Deserialize)]
struct Resolved {
    #[serde(default)]
    missing: Vec<MissingModule>,
    #[serde(default)]
    errors: Vec<Problem>,
}

#[derive(Deserialize)]
struct MissingModule {
    file: PathBuf,
    line: usize,
    module: String,
    #[serde(default)]
    late: bool,
}

/// Sources whose imports were all found before: in the same surroundings they are found again.
struct KnownImports {
    /// The surroundings: the dependencies, and which modules there are.
    key: Checksum,
    /// The sources of now.
    sources: BTreeMap<String, Checksum>,
}

impl KnownImports {
    fn of(
        session: &PythonSession<'_>,
        candidate: &Candidate<'_>,
        modules: &Modules,
    ) -> Result<Self, BuildError> {
        let dependencies: Vec<String> = candidate.layers[..candidate.dependencies]
            .iter()
            .map(|layer| layer.diff_id.to_string())
            .collect();
        // A package may make its submodules as it runs: what it says of that is looked up for others.
        let places: Vec<_> = modules
            .sources
            .iter()
            .map(|source| {
                (&source.module, source.package, source.package.then_some(&source.checksum), &source.file)
            })
            .collect();
        let interpreter = &session.interpreter()?.version;
        let key = Checksum::of_json(&(
            "imports",
            RESOLVE_IMPORTS.checksum(),
            session.target(),
            interpreter,
            dependencies,
            places,
        ));
        let named = |source: &Source| format!("{} {}", source.module, source.file.display());
        let sources = modules.sources.iter().map(|source| (named(source), source.checksum.clone()));
        Ok(Self { key, sources: sources.collect() })
    }

    /// The files that have to be looked at; nothing where it is all of them.
    fn unknown<'a>(&self, session: &PythonSession<'_>, modules: &'a Modules) -> Option<Vec<&'a Path>> {
        let known = session.cache.read::<BTreeMap<String, Checksum>>(Kind::Imports, &self.key)?;
        let is_known = |source: &Source| {
            let name = format!("{} {}", source.module, source.file.display());
            known.get(&name) == Some(&source.checksum)
        };
        let unknown = modules.sources.iter().filter(|source| !is_known(source));
        Some(unknown.map(|source| source.file.as_path()).collect())
    }
}

/// The static check: every import of the project's code leads to something.
async fn resolve_imports(
    session: &PythonSession<'_>,
    candidate: &Candidate<'_>,
    modules: &Modules,
) -> Result<(), BuildError> {
    let known = KnownImports::of(session, candidate, modules)?;
    let only = known.unknown(session, modules);
    if only.as_ref().is_some_and(Vec::is_empty) {
        return Ok(());
    }
    let environment = tree(session, &candidate.layers[..candidate.dependencies]).await?;
    let request = json!({ "sources": modules.sources, "roots": [environment.site_packages], "only": only });
    let command = RESOLVE_IMPORTS.command(&session.interpreter()?.path, session.helpers())?;
    let resolved: Resolved = RESOLVE_IMPORTS.ask(command, &request).await?;
    if !resolved.errors.is_empty() {
        return Err(compile::syntax_error(&resolved.errors, &session.project.root));
    }
    if resolved.missing.is_empty() {
        session.cache.write(Kind::Imports, &known.key, &known.sources)?;
        return Ok(());
    }
    let describe = |missing: &MissingModule| {
        let file = missing.file.strip_prefix(&session.project.root).unwrap_or(&missing.file);
        format!(
            "{}:{}: no module named `{}` is in the template",
            file.display(),
            missing.line,
            missing.module
        )
    };
    let (late, missing): (Vec<_>, Vec<_>) = resolved.missing.iter().partition(|missing| missing.late);
    for missing in late {
        session.warn(describe(missing));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let modules: BTreeSet<&str> =
        missing.iter().filter_map(|missing| missing.module.split('.').next()).collect();
    Err(BuildError::Imports {
        problems: missing.into_iter().map(describe).collect(),
        modules: modules.into_iter().map(str::to_owned).collect(),
    })
}
