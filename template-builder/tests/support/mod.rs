//! What the tests share: a project with its own bucket and cache, and a package index that nobody else can see.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

pub(crate) mod index;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use tempfile::TempDir;
use tmpl_bucket::{Bucket, BucketUrl, BuildFacts};
use tmpl_builder::{BuildError, BuildReport, BuildRequest, Check, Silent};
use tmpl_launcher::cache::Cache;
use tmpl_template::TemplateSpec;

/// A folder with a project, a bucket and a cache.
pub(crate) struct Workshop {
    folder: TempDir,
}

impl Workshop {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let workshop = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(workshop.bucket()).unwrap();
        for (path, text) in files {
            workshop.write(path, text);
        }
        workshop
    }

    pub(crate) fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    pub(crate) fn bucket(&self) -> PathBuf {
        self.folder.path().join("bucket")
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.project().join(path)).unwrap()
    }

    pub(crate) fn request(&self) -> BuildRequest {
        let url: BucketUrl = self.bucket().to_str().unwrap().parse().unwrap();
        BuildRequest {
            platforms: Vec::new(),
            compression: None,
            image: None,
            overrides: tmpl_builder::Overrides::default(),
            check_compatible: false,
            project: self.project(),
            bucket: Bucket::open(&url).unwrap(),
            locked: false,
            check: Check::Full,
            only: Vec::new(),
            python: None,
            uv: None,
            cache: Cache::open(self.cache()).unwrap(),
            facts: BuildFacts {
                who: "tester".to_owned(),
                host: "here".to_owned(),
                source_revision: None,
                tmpl_version: "0".to_owned(),
            },
        }
    }

    pub(crate) async fn build(&self) -> Result<BuildReport, BuildError> {
        build(&self.request()).await
    }

    pub(crate) async fn build_with(&self, check: Check) -> Result<BuildReport, BuildError> {
        build(&BuildRequest { check, ..self.request() }).await
    }

    /// Builds with a uv that is not there: fails if it would be started.
    pub(crate) async fn build_without_uv(&self, check: Check) -> Result<BuildReport, BuildError> {
        build(&BuildRequest { check, uv: Some("/nowhere/uv".into()), ..self.request() }).await
    }

    pub(crate) fn spec(&self, name: &str) -> TemplateSpec {
        let text = fs::read_to_string(self.bucket().join(format!("templates/{name}.json"))).unwrap();
        TemplateSpec::parse(&text).unwrap()
    }

    pub(crate) fn blob(&self, hex: &str) -> PathBuf {
        self.bucket().join("staging/blobs/sha256").join(hex)
    }

    /// The paths in a layer of the bucket below the folder that holds everything, with the modes and texts of its files.
    pub(crate) fn layer(&self, hex: &str) -> Vec<(String, u32, Vec<u8>)> {
        let blob = fs::File::open(self.blob(hex)).unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(blob));
        let mut files = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
            let path = entry.path().unwrap().to_str().unwrap().to_owned();
            let path = path.strip_prefix("template/").unwrap().to_owned();
            if !path.is_empty() {
                files.push((path, entry.header().mode().unwrap(), bytes));
            }
        }
        files
    }
}

/// All files below a folder by path.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            files.push((path, fs::read(entry.path()).unwrap()));
        }
    }
    files
}

/// A build; where uv is missing, the test says so.
pub(crate) async fn build(request: &BuildRequest) -> Result<BuildReport, BuildError> {
    tmpl_builder::build(request, &Silent).await
}

/// The error with all its causes and its hint, as a person would read them.
pub(crate) fn told(error: &BuildError) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text = format!("{text}\ncaused by: {cause}");
        next = cause.source();
    }
    match error.hint() {
        Some(hint) => format!("{text}\nhint: {hint}"),
        None => text,
    }
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// The digests of a report's layers by title.
pub(crate) fn digests(report: &BuildReport) -> Vec<(String, String)> {
    report.layers.iter().map(|layer| (layer.title.clone(), layer.digest.to_string())).collect()
}
