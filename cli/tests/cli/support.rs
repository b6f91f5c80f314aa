//! What every test needs: a bucket, a cache, the program, and outputs with what varies taken out.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_mins(1);

/// A place for one test: a bucket, a folder for files. The cache is shared, as it is on a machine.
pub(crate) struct Place {
    folder: TempDir,
}

/// How a command ended and what it printed, with times, ids and paths put into general terms.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    filters: Vec<(String, String)>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::Builder::new().prefix("tmpl-test-").tempdir().unwrap() }
    }

    /// A place whose bucket holds the `talker` template.
    pub(crate) fn with_talker() -> Self {
        static BUILT: OnceLock<Place> = OnceLock::new();
        let built = BUILT.get_or_init(|| {
            let place = Self::new();
            let project = place.project("talker");
            place.tmpl(&["build", project.to_str().unwrap(), "--check", "static"]).expect(0);
            place
        });
        let place = Self::new();
        copy(&built.bucket(), &place.bucket());
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn bucket(&self) -> PathBuf {
        self.path("bucket")
    }

    /// A copy of a fixture project, so that what a build leaves in it troubles no other test.
    pub(crate) fn project(&self, name: &str) -> PathBuf {
        let copied = self.path(name);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects").join(name), &copied);
        copied
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tmpl"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("TMPL_BUCKET", self.bucket())
            .env("TMPL_CACHE_DIR", cache())
            .env("TMPL_CONFIG", empty_configuration())
            .env("USER", "ann")
            .env("TZ", "UTC")
            .env("NO_COLOR", "1")
            .env_remove("CI")
            .env_remove("COLUMNS")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn tmpl(&self, arguments: &[&str]) -> Ended {
        self.ended(self.command(arguments).spawn().unwrap())
    }

    /// A command that is typed in another folder.
    pub(crate) fn in_folder(&self, folder: &Path, arguments: &[&str]) -> Ended {
        self.ended(self.command(arguments).current_dir(folder).spawn().unwrap())
    }

    /// `tmpl run talker` with this mode and these further arguments.
    pub(crate) fn talk(&self, mode: &str, arguments: &[&str]) -> Ended {
        let mode = format!("mode={mode}");
        self.tmpl(&[&["run", "talker", "--param", &mode], arguments].concat())
    }

    /// The same with a cache of its own: nothing that another test made is in it.
    pub(crate) fn tmpl_alone(&self, arguments: &[&str]) -> Ended {
        let mut command = self.command(arguments);
        command.env("TMPL_CACHE_DIR", self.path("own-cache"));
        self.ended(command.spawn().unwrap())
    }

    /// Waits for a command; one that hangs is a failure of the test.
    pub(crate) fn ended(&self, child: Child) -> Ended {
        let pid = child.id();
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let Ok(output) = receiver.recv_timeout(PATIENCE * 5) else {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
            panic!("the command has not ended");
        };
        let output = output.unwrap();
        let status = output.status;
        let code = status
            .code()
            .unwrap_or_else(|| 1000 + std::os::unix::process::ExitStatusExt::signal(&status).unwrap());
        Ended {
            code,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            filters: self.filters(),
        }
    }

    fn filters(&self) -> Vec<(String, String)> {
        let folder = self.folder.path().to_str().unwrap();
        let plain = |text: &str| regex_escaped(text);
        vec![
            (plain(folder), "[DIR]".to_owned()),
            (plain(cache().to_str().unwrap()), "[CACHE]".to_owned()),
            (r"\d{4}-\d\d-\d\d_\d\d_\d\d_\d\d-\d{19}".to_owned(), "[JOB]".to_owned()),
            (r"-\d{8}-\d{6}-[0-9a-f]{4}\b".to_owned(), "-[NAME]".to_owned()),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC".to_owned(), "[TIME]".to_owned()),
            (r"(?m)^\d\d:\d\d:\d\d\.\d{3}".to_owned(), "[TIME]".to_owned()),
            (r"sha256:[0-9a-f]{64}".to_owned(), "[DIGEST]".to_owned()),
            (r"\([0-9a-f]{12}\)".to_owned(), "([DIGEST])".to_owned()),
            (r"\b[0-9a-f]{12}\b".to_owned(), "[VERSION]".to_owned()),
            (r"\bann on [\w.-]+".to_owned(), "ann on [HOST]".to_owned()),
            (r"\bon [\w.-]+, linux/\w+, tmpl [\d.]+".to_owned(), "on [HOST], [PLATFORM]".to_owned()),
            (r"environments/[0-9a-f]{32}".to_owned(), "environments/[KEY]".to_owned()),
            (r" (in|after) \d+(\.\d+)? s\b".to_owned(), " $1 [DURATION]".to_owned()),
            (r"\b\d+(\.\d)? [kM]?B\b".to_owned(), "[SIZE]".to_owned()),
            (r" on [\w.-]+$".to_owned(), " on [HOST]".to_owned()),
            (r"\bpid: \d+".to_owned(), "pid: [PID]".to_owned()),
            (r"/\d{4}-\d\d-\d\d/".to_owned(), "/[DAY]/".to_owned()),
            (r" +\d+\.\d s\b".to_owned(), " [DURATION]".to_owned()),
        ]
    }

    /// The id of the newest job, from its folder.
    pub(crate) fn newest_job(&self) -> String {
        let listed = self.tmpl(&["jobs", "list", "--format", "json", "--limit", "1"]);
        let jobs: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
        jobs[0]["id"].as_str().unwrap().to_owned()
    }

    /// What is recorded of a job, as JSON.
    pub(crate) fn job(&self, id: &str) -> serde_json::Value {
        let shown = self.tmpl(&["jobs", "show", id, "--format", "json"]).expect(0);
        serde_json::from_str(&shown.stdout).unwrap()
    }
}

/// A test that failed half-way leaves no job running.
impl Drop for Place {
    fn drop(&mut self) {
        if !std::thread::panicking() || !self.bucket().is_dir() {
            return;
        }
        let listed = self.tmpl(&["jobs", "list", "--format", "json"]);
        let jobs: Vec<serde_json::Value> = serde_json::from_str(&listed.stdout).unwrap_or_default();
        for job in jobs.iter().filter(|job| job["tookMs"].is_null()) {
            self.tmpl(&["jobs", "cancel", job["id"].as_str().unwrap_or_default()]);
        }
    }
}

impl Ended {
    /// The same, if it ended with this code; else the test fails and shows what was printed.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The same, if it says this on standard error.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "it does not say {text}:\n{}", self.stderr);
        self
    }

    /// Everything, for a snapshot.
    pub(crate) fn whole(&self) -> String {
        let mut text = format!("exit: {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr);
        for (pattern, replacement) in &self.filters {
            let pattern = regex::RegexBuilder::new(pattern).multi_line(true).build().unwrap();
            text = pattern.replace_all(&text, replacement.as_str()).into_owned();
        }
        text
    }
}

/// The same command started by another program: `sh`, `unshare`, … with these arguments before it.
pub(crate) fn started_by(program: &str, arguments: &[&str], command: &Command) -> Command {
    let mut wrapped = Command::new(program);
    wrapped.args(arguments).arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    wrapped.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    wrapped
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a process runs (and does not only wait to be reaped).
pub(crate) fn runs(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z')))
}

pub(crate) fn send(signal: &str, pid: &str) {
    let status = Command::new("kill").args([&format!("-{signal}"), pid]).status().unwrap();
    assert!(status.success(), "kill -{signal} {pid}");
}

/// One cache for all tests of a run: layers are unpacked once, as on a machine.
pub(crate) fn cache() -> &'static Path {
    static CACHE: OnceLock<PathBuf> = OnceLock::new();
    CACHE.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
        std::fs::create_dir_all(&target).unwrap();
        target
    })
}

fn empty_configuration() -> PathBuf {
    static WRITTEN: OnceLock<PathBuf> = OnceLock::new();
    let path = WRITTEN.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("config.toml");
        std::fs::write(&path, "").unwrap();
        path
    });
    path.clone()
}

pub(crate) fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-rL").arg("--preserve=mode").arg(from).arg(to).status().unwrap();
    assert!(status.success(), "cp {} {}", from.display(), to.display());
}

fn regex_escaped(text: &str) -> String {
    regex::escape(text)
}

impl Place {
    /// A text with what varies put into general terms.
    pub(crate) fn filtered(&self, text: &str) -> String {
        let ended =
            Ended { code: 0, stdout: text.to_owned(), stderr: String::new(), filters: self.filters() };
        ended.whole()
    }
}
