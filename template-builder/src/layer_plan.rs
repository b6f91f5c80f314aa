//! Which distributions share a layer. Large ones get their own, so that a new version of one moves only that; the many small ones
//! share one, so that a template has few layers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tmpl_oci::Compression;

use crate::BuildError;
use crate::checksum::Checksum;
use crate::distribution::Distribution;
use crate::lock::{Lock, LockedPackage, Pin};
use crate::made_layer;
use crate::python_target::PythonTarget;

/// From this size on a distribution can have a layer of its own.
const LARGE: u64 = 10_000_000;
/// At most so many have one: with the layer of all others, the project's own two, the program's and the image's two there are at
/// most ten above a base.
const OWN_LAYERS: usize = 5;
/// What the layer of all others is called.
pub(crate) const GROUP: &str = "dependencies";

/// What is remembered of an installed distribution, by its [`distribution_key`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DistributionRecord {
    /// Bytes of its files.
    pub(crate) size: u64,
    /// Its files.
    pub(crate) files: BTreeMap<String, Checksum>,
    /// What its metadata says of its licence.
    pub(crate) licence: Option<String>,
}

impl DistributionRecord {
    pub(crate) fn of(distribution: &Distribution) -> Self {
        let files =
            distribution.files.iter().map(|(path, file)| (path.clone(), file.checksum.clone())).collect();
        Self { size: distribution.size(), files, licence: distribution.licence.clone() }
    }
}

/// One layer of dependencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedLayer {
    pub(crate) title: String,
    pub(crate) key: Checksum,
    /// The names of its distributions, sorted.
    pub(crate) distributions: Vec<String>,
    /// Paths that it leaves to another layer, which holds the same file.
    pub(crate) left_out: BTreeSet<String>,
}

/// What a distribution's files depend on.
#[derive(Serialize)]
struct Ingredients<'a> {
    package: &'a LockedPackage,
    built_with: &'a [Pin],
}

/// The key of an installed distribution.
pub(crate) fn distribution_key(target: &PythonTarget, lock: &Lock, package: &LockedPackage) -> Checksum {
    Checksum::of_json(&(
        made_layer::FORMAT,
        target,
        Ingredients { package, built_with: lock.pins(&package.name) },
    ))
}

/// Plans the layers of a lock. `records` has one for each of its packages.
pub(crate) fn plan(
    compression: Compression,
    target: &PythonTarget,
    lock: &Lock,
    records: &BTreeMap<String, DistributionRecord>,
) -> Result<Vec<PlannedLayer>, BuildError> {
    let shared = shared_files(lock, records)?;
    let mut large: Vec<(u64, &str)> = lock
        .packages
        .iter()
        .filter_map(|package| Some((records.get(&package.name)?.size, package.name.as_str())))
        .filter(|(size, _)| *size >= LARGE)
        .collect();
    large.sort_by(|(size, name), (other_size, other)| other_size.cmp(size).then(name.cmp(other)));
    large.truncate(OWN_LAYERS);
    let own: BTreeSet<&str> = large.into_iter().map(|(_, name)| name).collect();
    // A file whose owner is in another layer.
    let left_out = |names: &[&str]| -> BTreeSet<String> {
        let elsewhere = |shared: &&Shared| {
            names.contains(&shared.other.as_str()) && !names.contains(&shared.owner.as_str())
        };
        shared.iter().filter(elsewhere).map(|shared| shared.path.clone()).collect()
    };
    Ok(partition(compression, target, lock, &own, &left_out))
}

/// The plan that a template's layers were made by, told from their titles; its keys say whether this lock's would be the same.
pub(crate) fn plan_of_titles<'a>(
    compression: Compression,
    target: &PythonTarget,
    lock: &Lock,
    titles: impl Iterator<Item = &'a str>,
) -> Vec<PlannedLayer> {
    let titles: BTreeSet<&str> = titles.collect();
    let own = lock.packages.iter().filter(|package| titles.contains(title(package).as_str()));
    partition(compression, target, lock, &own.map(|package| package.name.as_str()).collect(), &|_| {
        BTreeSet::new()
    })
}

fn title(package: &LockedPackage) -> String {
    format!("{} {}", package.name, package.version)
}

fn partition(
    compression: Compression,
    target: &PythonTarget,
    lock: &Lock,
    own: &BTreeSet<&str>,
    left_out: &dyn Fn(&[&str]) -> BTreeSet<String>,
) -> Vec<PlannedLayer> {
    let (large, small): (Vec<&LockedPackage>, Vec<&LockedPackage>) =
        lock.packages.iter().partition(|package| own.contains(package.name.as_str()));
    let mut layers = Vec::new();
    let mut add = |title: String, packages: &[&LockedPackage]| {
        let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        let left_out = left_out(&names);
        let ingredients: Vec<Ingredients<'_>> = packages
            .iter()
            .map(|package| Ingredients { package, built_with: lock.pins(&package.name) })
            .collect();
        let key = made_layer::key(compression, &("distributions", target, ingredients, &left_out));
        let distributions = names.into_iter().map(str::to_owned).collect();
        layers.push(PlannedLayer { title, key, distributions, left_out });
    };
    for package in &large {
        add(title(package), &[package]);
    }
    if !small.is_empty() {
        add(GROUP.to_owned(), &small);
    }
    layers
}

/// A file that two distributions hold alike.
struct Shared {
    path: String,
    /// The first of them by name.
    owner: String,
    other: String,
}

fn shared_files(
    lock: &Lock,
    records: &BTreeMap<String, DistributionRecord>,
) -> Result<Vec<Shared>, BuildError> {
    let mut owners: BTreeMap<&str, (&str, &Checksum)> = BTreeMap::new();
    let mut shared = Vec::new();
    for package in &lock.packages {
        let files = records.get(&package.name).into_iter().flat_map(|record| &record.files);
        for (path, checksum) in files {
            let Some((owner, known)) = owners.get(path.as_str()).copied() else {
                owners.insert(path, (&package.name, checksum));
                continue;
            };
            let (path, owner, other) = (path.clone(), owner.to_owned(), package.name.clone());
            if known != checksum {
                return Err(BuildError::FileConflict { path, first: owner, second: other });
            }
            shared.push(Shared { path, owner, other });
        }
    }
    Ok(shared)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::Inputs;
    use crate::lock::LockedSource;

    fn lock(names: &[&str]) -> Lock {
        let package = |name: &&str| LockedPackage {
            name: (*name).to_owned(),
            version: "1".to_owned(),
            source: LockedSource::Wheel,
            hashes: vec![Checksum::of(name.as_bytes())],
        };
        Lock::new(Inputs::default(), names.iter().map(package).collect(), Vec::new(), Vec::new())
    }

    /// Name, size, files with their texts.
    type Sized<'a> = (&'a str, u64, &'a [(&'a str, &'a str)]);

    fn records(sizes: &[Sized<'_>]) -> BTreeMap<String, DistributionRecord> {
        let files = |files: &[(&str, &str)]| {
            files.iter().map(|(path, text)| ((*path).to_owned(), Checksum::of(text.as_bytes()))).collect()
        };
        let record = |(name, size, own): &Sized<'_>| {
            ((*name).to_owned(), DistributionRecord { size: *size, files: files(own), licence: None })
        };
        sizes.iter().map(record).collect()
    }

    fn titles(layers: &[PlannedLayer]) -> Vec<&str> {
        layers.iter().map(|layer| layer.title.as_str()).collect()
    }

    #[test]
    fn the_largest_have_their_own_layers_and_the_rest_share_one() {
        let target = PythonTarget::for_tests();
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let sizes: Vec<Sized<'_>> =
            names.iter().zip(1_u64..).map(|(name, n)| (*name, n * 5_000_000, &[][..])).collect();
        let layers = plan(Compression::GZIP, &target, &lock(&names), &records(&sizes)).unwrap();
        assert_eq!(titles(&layers), ["d 1", "e 1", "f 1", "g 1", "h 1", "dependencies"]);
        assert_eq!(layers[5].distributions, ["a", "b", "c"]);
        let again = plan_of_titles(Compression::GZIP, &target, &lock(&names), titles(&layers).into_iter());
        assert_eq!(again, layers);
        assert!(plan(Compression::GZIP, &target, &lock(&[]), &records(&[])).unwrap().is_empty());
    }

    #[test]
    fn a_new_version_of_one_changes_only_its_layer() {
        let target = PythonTarget::for_tests();
        let known = records(&[("big", LARGE, &[]), ("small", 1, &[]), ("tiny", 1, &[])]);
        let mut other = lock(&["big", "small", "tiny"]);
        let before = plan(Compression::GZIP, &target, &other, &known).unwrap();
        other.packages[0].hashes = vec![Checksum::of(b"new")];
        let after = plan(Compression::GZIP, &target, &other, &known).unwrap();
        assert_ne!(before[0].key, after[0].key);
        assert_eq!(before[1].key, after[1].key);
    }

    #[test]
    fn equal_files_are_held_once_and_different_ones_are_a_conflict() {
        let target = PythonTarget::for_tests();
        let lock = lock(&["a", "b"]);
        let shared = records(&[("a", LARGE, &[("x.py", "1")]), ("b", 1, &[("x.py", "1"), ("y.py", "")])]);
        let layers = plan(Compression::GZIP, &target, &lock, &shared).unwrap();
        assert!(layers[0].left_out.is_empty());
        assert_eq!(layers[1].left_out, BTreeSet::from(["x.py".to_owned()]));
        let together = records(&[("a", 1, &[("x.py", "1")]), ("b", 1, &[("x.py", "1")])]);
        assert!(plan(Compression::GZIP, &target, &lock, &together).unwrap()[0].left_out.is_empty());
        let clash = records(&[("a", 1, &[("x.py", "1")]), ("b", 1, &[("x.py", "2")])]);
        let error = plan(Compression::GZIP, &target, &lock, &clash).unwrap_err();
        assert_eq!(error.to_string(), "a and b both hold x.py");
    }
}
