//! The project's own packages: what their builds make of their sources, without running a build for every changed line.
//!
//! A build backend is run once. Which files of its wheel are verbatim copies of which sources is remembered; as long as only such
//! sources change, and nothing says that the backend would do more than copy, they are taken straight from the folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::builder_cache::Kind;
use crate::checksum::Checksum;
use crate::distribution::Distribution;
use crate::lock::Lock;
use crate::project::is_wheel;
use crate::python_session::PythonSession;
use crate::source_tree::{self, SourceTree};
use crate::staged_file::{Content, StagedFile, StagedFiles};
use crate::{BuildError, Phase, atomic_file, backend, install, manifest, record};

/// Changes when the records below mean something else.
const FORMAT: u32 = 1;

/// What a build made of a package's sources.
#[derive(Clone, Serialize, Deserialize)]
struct BuiltPackage {
    name: String,
    version: String,
    /// The sources it was built from.
    sources: SourceTree,
    /// The wheel's files by their paths in a layer, without its RECORD.
    files: BTreeMap<String, BuiltFile>,
    /// Where the RECORD goes, seen from `site-packages`.
    record: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct BuiltFile {
    checksum: Checksum,
    size: u64,
    executable: bool,
    /// The source that it is a copy of.
    source: Option<String>,
}

/// One of the project's own packages.
pub(crate) struct OwnPackage<'a> {
    session: &'a PythonSession<'a>,
    lock: &'a Lock,
    /// Relative to the project; `.` is the project.
    path: &'a str,
    name: &'a str,
    folder: PathBuf,
}

impl<'a> OwnPackage<'a> {
    pub(crate) fn new(session: &'a PythonSession<'a>, lock: &'a Lock, path: &'a str) -> Self {
        let root = &session.project.root;
        let folder = if path == "." { root.clone() } else { root.join(path) };
        Self { session, lock, path, name: lock.local_name(path).unwrap_or(path), folder }
    }

    /// The package as it would be installed.
    pub(crate) async fn stage(&self) -> Result<Distribution, BuildError> {
        if is_wheel(self.path) {
            return self.stage_wheel().await;
        }
        let sources = source_tree::read(&self.folder, &self.session.project.root, &self.session.checksums)?;
        let relevant = self.relevant(&sources);
        let key = self.key(&relevant);
        if let Some(built) = self.session.cache.read::<BuiltPackage>(Kind::Packages, &key)
            && let Some(distribution) = self.assemble(&built, &sources)
        {
            return Ok(distribution);
        }
        let last = self.session.cache.read::<BuiltPackage>(Kind::Packages, &self.last_key());
        let built = match last.and_then(|last| self.carried_over(last, &relevant)) {
            Some(built) => built,
            None => self.build(&sources, &relevant).await?,
        };
        self.remember(&key, &built)?;
        let assembled = self.assemble(&built, &sources);
        assembled.ok_or_else(|| BuildError::Distribution {
            distribution: self.name.to_owned(),
            message: "its sources changed while it was built".to_owned(),
        })
    }

    /// A wheel is what it is: installed once, and kept by its content.
    async fn stage_wheel(&self) -> Result<Distribution, BuildError> {
        let (checksum, _) = self.session.checksums.of(&self.folder)?;
        let key = Checksum::of_json(&(FORMAT, "wheel", self.session.target(), &checksum));
        let none = SourceTree::new();
        if let Some(built) = self.session.cache.read::<BuiltPackage>(Kind::Packages, &key)
            && let Some(distribution) = self.assemble(&built, &none)
        {
            return Ok(distribution);
        }
        let title = self.path;
        let installing = install::install_wheel(self.session, title, &self.folder);
        let installed = self.session.timed(Phase::Install, title, installing).await?;
        self.session.cache.write(Kind::Packages, &key, &self.keep(&installed, &none, none.clone())?)?;
        Ok(installed)
    }

    /// The sources that a build may depend on: not those of tmpl itself, and not those of packages inside this one.
    fn relevant(&self, sources: &SourceTree) -> SourceTree {
        let project = self.session.project;
        let inside = |path: &str| match self.path {
            "." => Some(path.to_owned()),
            own => Some(path.strip_prefix(own)?.strip_prefix('/')?.to_owned()),
        };
        let own_files: Vec<String> = project.descriptions.iter().filter_map(|path| inside(path)).collect();
        let nested = project.packages.iter().filter(|path| path.as_str() != self.path);
        let nested: Vec<String> =
            nested.filter_map(|path| inside(path)).map(|path| format!("{path}/")).collect();
        let is_relevant = |path: &String| {
            !(path == manifest::FILE
                || own_files.contains(path)
                || nested.iter().any(|folder| path.starts_with(folder)))
        };
        let relevant = sources.iter().filter(|(path, _)| is_relevant(path));
        relevant.map(|(path, file)| (path.clone(), file.clone())).collect()
    }

    fn key(&self, relevant: &SourceTree) -> Checksum {
        Checksum::of_json(&(FORMAT, self.session.target(), self.name, self.lock.pins(self.name), relevant))
    }

    /// Where the newest build of this folder is remembered.
    fn last_key(&self) -> Checksum {
        let session = self.session;
        Checksum::of_json(&(
            FORMAT,
            "last",
            session.target(),
            &self.folder,
            self.name,
            self.lock.pins(self.name),
        ))
    }

    /// The last build with the sources of now, if nothing changed but copied files.
    fn carried_over(&self, last: BuiltPackage, relevant: &SourceTree) -> Option<BuiltPackage> {
        if !last.sources.keys().eq(relevant.keys()) {
            return None;
        }
        let changed: Vec<&str> = relevant
            .iter()
            .filter(|(path, file)| last.sources.get(*path) != Some(*file))
            .map(|(path, _)| path.as_str())
            .collect();
        let is_copied = |path: &&str| {
            last.files.values().any(|file| file.source.as_deref() == Some(*path))
                && relevant.get(*path).map(|file| file.executable)
                    == last.sources.get(*path).map(|file| file.executable)
        };
        let all_copied = || last.files.iter().all(|(path, file)| file.source.is_some() || is_metadata(path));
        let only_copies =
            changed.iter().all(is_copied) && all_copied() && backend::only_copies(&self.folder, &changed);
        only_copies.then(|| BuiltPackage { sources: relevant.clone(), ..last })
    }

    async fn build(&self, sources: &SourceTree, relevant: &SourceTree) -> Result<BuiltPackage, BuildError> {
        let session = self.session;
        let copy = session.fresh_folder("package-")?;
        source_tree::copy(&self.folder, &copy, sources.keys())?;
        let building = async {
            let wheel = install::build_wheel(session, self.name, &copy, self.lock.pins(self.name)).await?;
            install::install_wheel(session, self.name, &wheel).await
        };
        let installed = session.timed(Phase::Install, self.name, building).await?;
        self.keep(&installed, sources, relevant.clone())
    }

    /// Pairs a built package's files with their sources, and keeps the others.
    fn keep(
        &self,
        installed: &Distribution,
        sources: &SourceTree,
        relevant: SourceTree,
    ) -> Result<BuiltPackage, BuildError> {
        let site_packages = self.session.target().site_packages();
        let mut files = BTreeMap::new();
        let mut record = None;
        for (path, file) in &installed.files {
            let inside = path.strip_prefix(&format!("{site_packages}/")).unwrap_or(path);
            if inside.ends_with(".dist-info/RECORD") {
                record = Some(inside.to_owned());
                continue;
            }
            let source = source_of(inside, file, sources);
            let kept = self.session.cache.file(&file.checksum);
            if source.is_none() && !kept.is_file() {
                atomic_file::write(&kept, &file.read()?)?;
            }
            let (checksum, size, executable) = (file.checksum.clone(), file.size, file.executable);
            files.insert(path.clone(), BuiltFile { checksum, size, executable, source });
        }
        let (name, version) = (installed.name.clone(), installed.version.clone());
        Ok(BuiltPackage { name, version, sources: relevant, files, record: record.unwrap_or_default() })
    }

    fn remember(&self, key: &Checksum, built: &BuiltPackage) -> Result<(), BuildError> {
        self.session.cache.write(Kind::Packages, key, built)?;
        Ok(self.session.cache.write(Kind::Packages, &self.last_key(), built)?)
    }

    /// The package's files with the content that their sources have now. Nothing where one of them is gone.
    fn assemble(&self, built: &BuiltPackage, sources: &SourceTree) -> Option<Distribution> {
        let mut files = StagedFiles::new();
        for (path, file) in &built.files {
            let (place, checksum) = match &file.source {
                Some(source) => match sources.get(source) {
                    Some(now) => (self.folder.join(source), now.checksum.clone()),
                    None => return None,
                },
                None => (self.session.cache.file(&file.checksum), file.checksum.clone()),
            };
            let Ok(meta) = fs::metadata(&place) else { return None };
            let staged = StagedFile {
                content: Content::File(place),
                checksum,
                size: meta.len(),
                executable: file.executable,
            };
            files.insert(path.clone(), staged);
        }
        let site_packages = self.session.target().site_packages();
        let record = StagedFile::of_bytes(record::write(&files, &site_packages, &built.record), false);
        files.insert(format!("{site_packages}/{}", built.record), record);
        // Its licence stands in its files, for whoever wants to know it.
        let (name, version) = (built.name.clone(), built.version.clone());
        Some(Distribution { name, version, licence: None, files })
    }
}

/// What a backend writes itself: metadata, and the scripts of entry points.
fn is_metadata(path: &str) -> bool {
    path.starts_with("bin/")
        || Path::new(path).parent().is_some_and(|parent| parent.to_string_lossy().contains(".dist-info"))
}

/// The source of which a wheel's file is a copy: the same bytes under the same path, or under a longer one that ends in it.
fn source_of(inside: &str, file: &StagedFile, sources: &SourceTree) -> Option<String> {
    // Licence files are moved into the metadata.
    let inside = inside.split_once(".dist-info/licenses/").map_or(inside, |(_, licence)| licence);
    let ends_so = |path: &&String| {
        path.strip_suffix(inside).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    let same = sources.iter().filter(|(_, source)| source.checksum == file.checksum).map(|(path, _)| path);
    same.filter(ends_so).min_by_key(|path| path.len()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_tree::SourceFile;

    #[test]
    fn a_copy_is_told_by_content_and_place() {
        let source = |text: &str| SourceFile { checksum: Checksum::of(text.as_bytes()), executable: false };
        let sources: SourceTree = [
            ("src/kit/__init__.py", source("")),
            ("src/kit/sub/__init__.py", source("")),
            ("src/kit/words.py", source("words")),
            ("LICENSE", source("free")),
            ("build_words.py", source("words")),
        ]
        .into_iter()
        .map(|(path, file)| (path.to_owned(), file))
        .collect();
        for (inside, text, expected) in [
            ("kit/__init__.py", "", Some("src/kit/__init__.py")),
            ("kit/sub/__init__.py", "", Some("src/kit/sub/__init__.py")),
            ("kit/words.py", "words", Some("src/kit/words.py")),
            ("words.py", "words", Some("src/kit/words.py")),
            ("kit/words.py", "other", None),
            ("it/words.py", "words", None),
            ("kit-1.dist-info/licenses/LICENSE", "free", Some("LICENSE")),
        ] {
            let file = StagedFile::of_bytes(text.as_bytes().to_vec(), false);
            assert_eq!(source_of(inside, &file, &sources).as_deref(), expected, "{inside}");
        }
    }
}
