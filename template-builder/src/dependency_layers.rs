//! The layers of a project's locked dependencies: remembered, found in the bucket, or made.

use std::collections::{BTreeMap, BTreeSet};

use tmpl_template::{LayerReference, TemplateSpec};

use crate::bucket_blobs::BucketBlobs;
use crate::builder_cache::Kind;
use crate::distribution::Distribution;
use crate::layer_plan::{DistributionRecord, PlannedLayer, distribution_key, plan, plan_of_titles};
use crate::lock::{Lock, LockedPackage};
use crate::made_layer::{self, MadeLayer};
use crate::python_session::PythonSession;
use crate::report::Origin;
use crate::staged_file::StagedFiles;
use crate::{BuildError, Phase, compile, install};

/// The layers of a lock's packages. `current` is a spec of this project that the bucket has.
pub(crate) async fn layers(
    session: &PythonSession<'_>,
    lock: &Lock,
    blobs: &BucketBlobs<'_>,
    current: Option<&TemplateSpec>,
) -> Result<Vec<MadeLayer>, BuildError> {
    if lock.packages.is_empty() {
        return Ok(Vec::new());
    }
    let key =
        made_layer::key(session.compression(), &("dependencies", lock.dependency_checksum(session.target())));
    let remembered = session.cache.read::<Vec<MadeLayer>>(Kind::Dependencies, &key);
    if let Some(layers) = remembered
        && all_there(blobs, &layers).await?
    {
        return Ok(layers);
    }
    let layers = match from_bucket(session, lock, blobs, current).await? {
        Some(layers) => layers,
        None => Maker { session, lock, blobs, installed: BTreeMap::new() }.layers().await?,
    };
    session.cache.write(Kind::Dependencies, &key, &layers)?;
    Ok(layers)
}

async fn all_there(blobs: &BucketBlobs<'_>, layers: &[MadeLayer]) -> Result<bool, BuildError> {
    let references: Vec<&LayerReference> = layers.iter().map(|layer| &layer.reference).collect();
    Ok(!blobs.has_or_can_send_each(&references).await?.contains(&false))
}

/// The layers that the template in the bucket was made of, if they are those of this lock: another machine made them.
async fn from_bucket(
    session: &PythonSession<'_>,
    lock: &Lock,
    blobs: &BucketBlobs<'_>,
    current: Option<&TemplateSpec>,
) -> Result<Option<Vec<MadeLayer>>, BuildError> {
    let platform = current.and_then(|spec| spec.tmpl.as_ref()?.platforms.get(&session.target().platform));
    let Some(platform) = platform else { return Ok(None) };
    let titles = platform.layers.iter().map(|layer| layer.title.as_str());
    let mut found = Vec::new();
    for planned in plan_of_titles(session.compression(), session.target(), lock, titles) {
        let is_it =
            |layer: &&LayerReference| layer.title == planned.title && layer.key == planned.key.to_string();
        let Some(reference) = platform.layers.iter().find(is_it) else { return Ok(None) };
        found.push(reference);
    }
    if blobs.has_each(&found).await?.contains(&false) {
        return Ok(None);
    }
    let layer = |reference: &LayerReference| MadeLayer {
        reference: reference.clone(),
        uncompressed_size: None,
        origin: Origin::Bucket,
    };
    Ok(Some(found.into_iter().map(layer).collect()))
}

struct Maker<'a> {
    session: &'a PythonSession<'a>,
    lock: &'a Lock,
    blobs: &'a BucketBlobs<'a>,
    installed: BTreeMap<String, Distribution>,
}

impl Maker<'_> {
    async fn layers(mut self) -> Result<Vec<MadeLayer>, BuildError> {
        let plan = self.plan().await?;
        let known = |planned: &PlannedLayer| made_layer::known(self.session, &planned.key, &planned.title);
        let mut layers: Vec<Option<MadeLayer>> = plan.iter().map(known).collect();
        let references: Vec<&LayerReference> =
            layers.iter().flatten().map(|layer| &layer.reference).collect();
        let mut there = self.blobs.has_or_can_send_each(&references).await?.into_iter();
        for layer in &mut layers {
            layer.take_if(|_| !there.next().unwrap_or(false));
        }
        let missing: Vec<&PlannedLayer> = plan
            .iter()
            .zip(&layers)
            .filter(|(_, layer)| layer.is_none())
            .map(|(planned, _)| planned)
            .collect();
        let needed: BTreeSet<&String> = missing.iter().flat_map(|planned| &planned.distributions).collect();
        self.install(|package| needed.contains(&package.name)).await?;
        let mut contents = self.compiled(&missing).await?;
        let mut made = Vec::new();
        for (planned, known) in plan.iter().zip(layers) {
            made.push(if let Some(layer) = known {
                layer
            } else {
                let files = contents.remove(&planned.title).unwrap_or_default();
                made_layer::make(self.session, &planned.key, &planned.title, files).await?
            });
        }
        Ok(made)
    }

    /// Plans the layers; installs what was never installed here, since nobody knows how large it is.
    async fn plan(&mut self) -> Result<Vec<PlannedLayer>, BuildError> {
        let (session, lock) = (self.session, self.lock);
        let mut records = BTreeMap::new();
        for package in &lock.packages {
            let key = distribution_key(session.target(), lock, package);
            if let Some(record) = session.cache.read::<DistributionRecord>(Kind::Distributions, &key) {
                records.insert(package.name.clone(), record);
            }
        }
        self.install(|package| !records.contains_key(&package.name)).await?;
        for package in &lock.packages {
            if let Some(distribution) = self.installed.get(&package.name) {
                let record = DistributionRecord::of(distribution);
                let key = distribution_key(session.target(), lock, package);
                session.cache.write(Kind::Distributions, &key, &record)?;
                records.insert(package.name.clone(), record);
            }
        }
        plan(self.session.compression(), session.target(), lock, &records)
    }

    async fn install(&mut self, wanted: impl Fn(&LockedPackage) -> bool) -> Result<(), BuildError> {
        let is_missing =
            |package: &&LockedPackage| wanted(package) && !self.installed.contains_key(&package.name);
        let packages: Vec<&LockedPackage> = self.lock.packages.iter().filter(is_missing).collect();
        if packages.is_empty() {
            return Ok(());
        }
        let title = match packages.as_slice() {
            [package] => format!("{} {}", package.name, package.version),
            several => format!("{} packages", several.len()),
        };
        let installing = install::install(self.session, self.lock, &packages);
        let installed = self.session.timed(Phase::Install, &title, installing).await?;
        self.installed.extend(installed);
        Ok(())
    }

    /// The files of the missing layers with their bytecode, by title.
    async fn compiled(&self, missing: &[&PlannedLayer]) -> Result<BTreeMap<String, StagedFiles>, BuildError> {
        let mut contents: Vec<(&str, StagedFiles)> = Vec::new();
        for planned in missing {
            let mut files = StagedFiles::new();
            for name in &planned.distributions {
                let distribution =
                    self.installed.get(name).into_iter().flat_map(|distribution| &distribution.files);
                for (path, file) in distribution.filter(|(path, _)| !planned.left_out.contains(*path)) {
                    // Held alike by two distributions of this layer.
                    files.entry(path.clone()).or_insert_with(|| file.clone());
                }
            }
            contents.push((&planned.title, files));
        }
        if contents.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut sets: Vec<(&str, &mut StagedFiles)> =
            contents.iter_mut().map(|(title, files)| (*title, files)).collect();
        let compiling = compile::compile(self.session, &mut sets, false);
        self.session.timed(Phase::Compile, "dependencies", compiling).await?;
        Ok(contents.into_iter().map(|(title, files)| (title.to_owned(), files)).collect())
    }
}
