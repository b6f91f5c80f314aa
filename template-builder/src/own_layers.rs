//! The two layers of a project's own code: its packages, and its script files. Small, and made anew with every changed line.

use std::collections::BTreeMap;

use crate::bucket_blobs::BucketBlobs;
use crate::checksum::Checksum;
use crate::distribution::Distribution;
use crate::layer_plan::{DistributionRecord, distribution_key};
use crate::lock::Lock;
use crate::made_layer::{self, MadeLayer};
use crate::own_package::OwnPackage;
use crate::project::is_wheel;
use crate::python_session::PythonSession;
use crate::source_tree;
use crate::staged_file::{Content, StagedFile, StagedFiles};
use crate::{BuildError, Phase, own_bytecode};

const PACKAGES: &str = "packages";
const APP: &str = "app";

/// A project's own code as it goes into layers, without bytecode.
pub(crate) struct OwnCode {
    pub(crate) packages: StagedFiles,
    pub(crate) app: StagedFiles,
    /// Path of a file in the packages → the package that holds it.
    owners: BTreeMap<String, String>,
}

/// The layers of the project's own code.
pub(crate) struct OwnLayers {
    pub(crate) layers: Vec<MadeLayer>,
    pub(crate) code: OwnCode,
}

/// The project's own code.
pub(crate) async fn read(session: &PythonSession<'_>, lock: &Lock) -> Result<OwnCode, BuildError> {
    let mut code = OwnCode { packages: StagedFiles::new(), app: StagedFiles::new(), owners: BTreeMap::new() };
    for path in &session.project.packages {
        let distribution = OwnPackage::new(session, lock, path).stage().await?;
        refuse_compiled_here(session, path, &distribution)?;
        for (path, file) in distribution.files {
            if let Some(other) = code.packages.get(&path)
                && other.checksum != file.checksum
            {
                let first = code.owners.get(&path).cloned().unwrap_or_default();
                return Err(BuildError::FileConflict { path, first, second: distribution.name });
            }
            code.owners.insert(path.clone(), distribution.name.clone());
            code.packages.insert(path, file);
        }
    }
    for script in &session.project.scripts {
        let place = session.project.root.join(script);
        let (source, size) = source_tree::read_file(&place, &session.checksums)?;
        let (checksum, executable) = (source.checksum, source.executable);
        code.app.insert(
            format!("app/{script}"),
            StagedFile { content: Content::File(place), checksum, size, executable },
        );
    }
    Ok(code)
}

/// Compiled code of a package that is built here runs on machines like this one alone.
fn refuse_compiled_here(
    session: &PythonSession<'_>,
    package: &str,
    distribution: &Distribution,
) -> Result<(), BuildError> {
    let is_compiled = |path: &&String| source_tree::has_extension(path, "so") || path.contains(".so.");
    match distribution.files.keys().find(is_compiled) {
        Some(path) if session.is_foreign() && !is_wheel(package) => Err(BuildError::CompiledHere {
            package: distribution.name.clone(),
            path: path.clone(),
            platform: session.target().platform.clone(),
        }),
        _ => Ok(()),
    }
}

/// The layers of that code; those that did not change are not made.
pub(crate) async fn layers(
    session: &PythonSession<'_>,
    lock: &Lock,
    code: OwnCode,
    blobs: &BucketBlobs<'_>,
) -> Result<OwnLayers, BuildError> {
    let mut layers = Vec::new();
    for (title, files) in [(PACKAGES, &code.packages), (APP, &code.app)] {
        if files.is_empty() {
            continue;
        }
        let listed: Vec<(&String, &Checksum, bool)> =
            files.iter().map(|(path, file)| (path, &file.checksum, file.executable)).collect();
        let key = made_layer::key(session.compression(), &("files", &session.target().version, listed));
        if let Some(layer) = made_layer::known(session, &key, title)
            && blobs.has_or_can_send(&layer.reference).await?
        {
            layers.push(layer);
            continue;
        }
        if title == PACKAGES {
            conflicts(session, lock, &code)?;
        }
        let mut files = files.clone();
        session.measured(Phase::Compile, own_bytecode::add(session, title, &mut files)).await?;
        layers.push(made_layer::make(session, &key, title, files).await?);
    }
    Ok(OwnLayers { layers, code })
}

/// A path that both a dependency and a package of the project hold can be in one tree only once.
fn conflicts(session: &PythonSession<'_>, lock: &Lock, code: &OwnCode) -> Result<(), BuildError> {
    for package in &lock.packages {
        let key = distribution_key(session.target(), lock, package);
        let record =
            session.cache.read::<DistributionRecord>(crate::builder_cache::Kind::Distributions, &key);
        let files = record.into_iter().flat_map(|record| record.files);
        for (path, _) in files {
            if let Some(owner) = code.owners.get(&path) {
                return Err(BuildError::FileConflict {
                    path,
                    first: owner.clone(),
                    second: package.name.clone(),
                });
            }
        }
    }
    Ok(())
}
