//! What the steps of one build share.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Instant, SystemTime};

use crate::builder_cache::BuilderCache;
use crate::cached_blobs::{BLOBS_LIMIT, CachedBlobs, InUse};
use crate::file_checksums::FileChecksums;
use crate::project::Project;
use crate::{BuildError, BuildRequest, Phase, Progress};
use tempfile::TempDir;
use tmpl_oci::Compression;

/// One build under way.
pub(crate) struct Session<'a> {
    pub(crate) request: &'a BuildRequest,
    pub(crate) project: &'a Project,
    pub(crate) cache: BuilderCache,
    pub(crate) checksums: FileChecksums,
    pub(crate) progress: &'a dyn Progress,
    work: OnceLock<TempDir>,
    helpers: std::path::PathBuf,
    began: SystemTime,
    in_use: InUse,
    timings: Mutex<BTreeMap<Phase, u64>>,
    warnings: Mutex<Vec<String>>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(request: &'a BuildRequest, project: &'a Project, progress: &'a dyn Progress) -> Self {
        let cache = BuilderCache::new(request.cache.directory());
        Self {
            request,
            project,
            helpers: cache.helpers(),
            began: SystemTime::now(),
            in_use: CachedBlobs::at(request.cache.directory()).hold(),
            checksums: FileChecksums::load(cache.checksums(&project.root)),
            cache,
            progress,
            work: OnceLock::new(),
            timings: Mutex::default(),
            warnings: Mutex::default(),
        }
    }

    /// How layers are compressed: as the command line says, else the project.
    pub(crate) fn compression(&self) -> Compression {
        self.request.compression.unwrap_or(self.project.compression)
    }

    /// A folder for this build alone.
    pub(crate) fn work(&self) -> Result<&Path, BuildError> {
        once(&self.work, || Ok(self.cache.work()?)).map(TempDir::path)
    }

    /// Removes from the cache what nobody used for long, and what is too much. A build does so when it needs nothing more.
    pub(crate) fn sweep(&self) {
        if !self.cache.is_due_for_a_sweep() {
            return;
        }
        self.cache.sweep();
        self.in_use.release();
        // That it could not is no reason to fail a build.
        let _ = CachedBlobs::at(self.request.cache.directory()).prune_unused_since(BLOBS_LIMIT, self.began);
    }

    /// A fresh folder in it.
    pub(crate) fn fresh_folder(&self, prefix: &str) -> Result<std::path::PathBuf, BuildError> {
        Ok(tempfile::Builder::new().prefix(prefix).tempdir_in(self.work()?)?.keep())
    }

    /// Where helper programs lie.
    pub(crate) fn helpers(&self) -> &Path {
        &self.helpers
    }

    /// Runs a step, tells of it and measures it.
    pub(crate) async fn timed<T>(
        &self,
        phase: Phase,
        title: &str,
        step: impl Future<Output = Result<T, BuildError>>,
    ) -> Result<T, BuildError> {
        self.progress.started(phase, title, None);
        let result = self.measured(phase, step).await;
        self.progress.finished(phase, title);
        result
    }

    /// Runs a step that tells of itself, and measures it.
    pub(crate) async fn measured<T>(
        &self,
        phase: Phase,
        step: impl Future<Output = Result<T, BuildError>>,
    ) -> Result<T, BuildError> {
        let start = Instant::now();
        let result = step.await;
        let spent = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        *lock(&self.timings).entry(phase).or_default() += spent;
        result
    }

    /// A file of the project as whoever asked for the build spelled its folder.
    pub(crate) fn shown(&self, file: &str) -> String {
        self.request.project.join(file).display().to_string()
    }

    pub(crate) fn warn(&self, warning: String) {
        let mut warnings = lock(&self.warnings);
        // Platforms may have the same flaw.
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    pub(crate) fn timings(&self) -> BTreeMap<Phase, u64> {
        lock(&self.timings).clone()
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        lock(&self.warnings).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn once<T>(
    cell: &OnceLock<T>,
    make: impl FnOnce() -> Result<T, BuildError>,
) -> Result<&T, BuildError> {
    if let Some(made) = cell.get() {
        return Ok(made);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}
