//! A bucket of a test's own, and how commands reach it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use tempfile::TempDir;
use tmpl_testing::{Proxy, Store};

use crate::processes::MARK;
use crate::support::{Ended, Place, copy};

/// A bucket on some store, a cache, and a folder for files. Copies mean the same bucket.
#[derive(Clone)]
pub(crate) struct Site {
    bucket: String,
    variables: Vec<(String, String)>,
    cache: PathBuf,
    lease: Option<&'static str>,
    shared: Arc<Shared>,
}

struct Shared {
    place: Place,
    store: Option<tmpl_testing::Place>,
    folder: TempDir,
}

impl Site {
    /// On local disk.
    pub(crate) fn local() -> Self {
        let place = Place::new();
        let bucket = place.bucket().to_str().unwrap().to_owned();
        Self::new(place, None, bucket, Vec::new())
    }

    /// On a `MinIO` that all tests share, below a prefix of its own.
    pub(crate) fn minio() -> Self {
        let store = tmpl_testing::shared(Store::Minio);
        let (url, variables) = (store.url(), store.server.variables());
        Self::new(Place::new(), Some(store), url, variables)
    }

    fn new(
        place: Place,
        store: Option<tmpl_testing::Place>,
        bucket: String,
        variables: Vec<(String, String)>,
    ) -> Self {
        let folder = tempfile::Builder::new().prefix("tmpl-crash-").tempdir().unwrap();
        let cache = folder.path().join("cache");
        Self { bucket, variables, cache, lease: None, shared: Arc::new(Shared { place, store, folder }) }
    }

    /// The same with the template `talker` in it.
    pub(crate) fn with_talker(self) -> Self {
        self.tmpl(&["build", Self::talker(), "--check", "static"]).expect(0);
        self
    }

    /// A proxy before its server.
    pub(crate) fn proxy(&self) -> Proxy {
        Proxy::start(self.shared.store.as_ref().unwrap().server.endpoint())
    }

    /// The same bucket, by a proxy.
    pub(crate) fn through(&self, proxy: &Proxy) -> Self {
        let bucket = self.shared.store.as_ref().unwrap().url_by(proxy.endpoint());
        Self { bucket, ..self.clone() }
    }

    /// The same bucket from another machine: one where nothing was unpacked yet.
    pub(crate) fn elsewhere(&self, name: &str) -> Self {
        Self { cache: self.path(name), ..self.clone() }
    }

    /// The same bucket on the machine of another site: what was unpacked there is.
    pub(crate) fn on(&self, other: &Self) -> Self {
        Self { cache: other.cache.clone(), ..self.clone() }
    }

    /// The same bucket; a launcher that is silent for so long counts as gone.
    pub(crate) fn with_lease(&self, lease: &'static str) -> Self {
        Self { lease: Some(lease), ..self.clone() }
    }

    /// A file of this test's.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.shared.folder.path().join(name)
    }

    /// The bucket's folder, where it is one.
    pub(crate) fn folder(&self) -> Option<PathBuf> {
        self.shared.store.is_none().then(|| PathBuf::from(&self.bucket))
    }

    /// The project of the template `talker`, with its lock.
    pub(crate) fn talker() -> &'static str {
        static PROJECT: OnceLock<(Place, PathBuf)> = OnceLock::new();
        let (_, project) = PROJECT.get_or_init(|| {
            let place = Place::new();
            let project = place.project("talker");
            place.tmpl(&["build", project.to_str().unwrap(), "--check", "static"]).expect(0);
            (place, project)
        });
        project.to_str().unwrap()
    }

    /// A project of its own that builds the template `talker`; with every word another version of it.
    pub(crate) fn changed_talker(&self, word: &str) -> PathBuf {
        let project = self.path(word);
        copy(Path::new(Self::talker()), &project);
        let helper = project.join("helper.py");
        let text = std::fs::read_to_string(&helper).unwrap();
        std::fs::write(&helper, format!("{text}\n\nWORD = {word:?}\n")).unwrap();
        project
    }

    /// A command.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.marked(&[], arguments, "")
    }

    /// A command all of whose processes have a mark, started by another program where there is one.
    pub(crate) fn marked(&self, starter: &[&str], arguments: &[&str], mark: &str) -> Command {
        let program = program().to_str().unwrap();
        let words: Vec<&str> = [starter, &[program], arguments].concat();
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .current_dir(self.shared.folder.path())
            .env("TMPL_BUCKET", &self.bucket)
            .env("TMPL_CACHE_DIR", &self.cache)
            .env("TMPL_CONFIG", self.configuration())
            .env("USER", "ann")
            .env("TZ", "UTC")
            .env("NO_COLOR", "1")
            .env(MARK, mark)
            .env_remove("CI")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn configuration(&self) -> PathBuf {
        let (name, text) = match self.lease {
            Some(lease) => (format!("lease-{lease}.toml"), format!("lease = \"{lease}\"\n")),
            None => ("config.toml".to_owned(), String::new()),
        };
        let path = self.path(&name);
        if !path.exists() {
            std::fs::write(&path, text).unwrap();
        }
        path
    }

    /// Runs a command to its end.
    pub(crate) fn ended(&self, mut command: Command) -> Ended {
        self.wait(command.spawn().unwrap())
    }

    /// Waits for a command that was started.
    pub(crate) fn wait(&self, child: Child) -> Ended {
        self.shared.place.ended(child)
    }

    /// Runs `tmpl` to its end.
    pub(crate) fn tmpl(&self, arguments: &[&str]) -> Ended {
        self.ended(self.command(arguments))
    }

    /// What a command that has to succeed prints as JSON.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.tmpl(&[arguments, &["--format", "json"]].concat()).expect(0);
        serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?} printed no JSON: {error}\n{}", ended.stdout))
    }
}

/// The program as it is when the tests begin: somebody may build it anew while they run.
fn program() -> &'static Path {
    static COPIED: OnceLock<PathBuf> = OnceLock::new();
    COPIED.get_or_init(|| {
        let copied = Path::new(env!("CARGO_TARGET_TMPDIR")).join("crash-tmpl");
        let _ = std::fs::remove_file(&copied);
        std::fs::copy(env!("CARGO_BIN_EXE_tmpl"), &copied).unwrap();
        copied
    })
}
