//! What tests of this room need beside the usual: the `rows` template, a short lease, and what lies in a job's folder.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::{Ended, Place, copy, until};

impl Place {
    /// A place whose bucket holds the templates `rows` and `rows-required`.
    pub(crate) fn with_rows() -> Self {
        static BUILT: OnceLock<Place> = OnceLock::new();
        let built = BUILT.get_or_init(|| {
            let place = Self::new();
            let project = place.project("rows");
            place.tmpl(&["build", project.to_str().unwrap(), "--check", "static"]).expect(0);
            place
        });
        let place = Self::new();
        copy(&built.bucket(), &place.bucket());
        place
    }

    /// `tmpl run rows` with these rows and these further arguments.
    pub(crate) fn rows(&self, rows: &str, arguments: &[&str]) -> Ended {
        let rows = format!("rows={rows}");
        self.tmpl(&[&["run", "rows", "--param", &rows], arguments].concat())
    }

    /// A command with a configuration file of its own.
    pub(crate) fn configured(&self, configuration: &str, arguments: &[&str]) -> Ended {
        let file = self.write("config.toml", configuration);
        let mut command = self.command(arguments);
        command.env("TMPL_CONFIG", file);
        self.ended(command.spawn().unwrap())
    }

    /// Launches `talker` and leaves it; gives the job's id when the program runs.
    pub(crate) fn running(&self, configuration: &str, mode: &str, arguments: &[&str]) -> String {
        let mode = format!("mode={mode}");
        let arguments = [&["run", "talker", "--detach", "--param", &mode], arguments].concat();
        let id = self.configured(configuration, &arguments).expect(0).stdout.trim_end().to_owned();
        until("the job runs", || self.job(&id)["state"] == "JOB_STATE_RUNNING");
        id
    }

    /// Where a job's records lie.
    pub(crate) fn job_folder(&self, id: &str) -> PathBuf {
        self.bucket().join("staging/jobs").join(&id[..10]).join(id)
    }

    /// The ids of all jobs, the newest first.
    pub(crate) fn jobs(&self, arguments: &[&str]) -> Vec<String> {
        let listed = self.tmpl(&[&["jobs", "list", "--format", "json"], arguments].concat()).expect(0);
        let jobs: Vec<Value> = serde_json::from_str(&listed.stdout).unwrap();
        jobs.iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    }

    /// The entries of the audit, in order.
    pub(crate) fn audit(&self) -> Vec<Value> {
        let mut files = files_below(&self.bucket().join("staging/audit"));
        files.sort();
        files.iter().map(|file| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()).collect()
    }
}

impl Ended {
    /// What was printed as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// Every file below a folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// An executable file.
pub(crate) fn program(place: &Place, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = place.write(name, text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}
