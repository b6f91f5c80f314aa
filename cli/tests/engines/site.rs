//! What every test of engines needs: a bucket with the templates, engines, worker pools, and a configuration that names them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tmpl_testing::{Engine, Flink, FlinkVersion, SharedEngine};

use crate::support::{Ended, Place, copy};

/// An engine that tests share has one of them at a time: what it knows of jobs is counted.
static TURNS: [Mutex<()>; Runner::ALL.len()] = [const { Mutex::new(()) }; Runner::ALL.len()];

/// A place whose bucket has the templates, with the runners that a configuration file names.
pub(crate) struct Site {
    /// Ended before the bucket that they serve is gone.
    pools: std::cell::RefCell<Vec<Pool>>,
    pub(crate) place: Place,
    _turns: Vec<MutexGuard<'static, ()>>,
}

/// The runners of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runner {
    /// Prism and the worker pool are the launcher's own.
    OwnPrism,
    /// A Prism and a pool that were there before.
    Prism,
    /// Beam's job server of Spark, the pool the launcher's own.
    Spark,
    /// A Flink cluster with a pool beside it.
    Flink,
}

impl Runner {
    pub(crate) const ALL: [Self; 4] = [Self::OwnPrism, Self::Prism, Self::Spark, Self::Flink];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OwnPrism => "own-prism",
            Self::Prism => "team-prism",
            Self::Spark => "nightly-spark",
            Self::Flink => "prod-flink",
        }
    }
}

pub(crate) fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools").canonicalize().unwrap()
}

impl Site {
    /// A place for a test that starts its engines itself, or none.
    pub(crate) fn new() -> Self {
        Self::beside(&[])
    }

    /// A place for a test that uses these engines, and nobody else does until it is gone.
    pub(crate) fn beside(runners: &[Runner]) -> Self {
        static BUILT: OnceLock<Place> = OnceLock::new();
        // Everybody takes them in the same order.
        let shared =
            Runner::ALL.iter().filter(|runner| **runner != Runner::OwnPrism && runners.contains(runner));
        let turn = |runner: &Runner| TURNS[*runner as usize].lock().unwrap_or_else(PoisonError::into_inner);
        let turns = shared.map(turn).collect();
        let built = BUILT.get_or_init(|| {
            let place = Place::new();
            let project = place.project("shop");
            place.tmpl(&["build", project.to_str().unwrap(), "--check", "static"]).expect(0);
            place
        });
        let place = Place::new();
        copy(&built.bucket(), &place.bucket());
        Self { pools: std::cell::RefCell::default(), place, _turns: turns }
    }

    /// A configuration that names runners: of these, the engines are started.
    pub(crate) fn with(runners: &[Runner]) -> Self {
        let site = Self::beside(runners);
        let tables: Vec<String> = runners.iter().map(|runner| site.table(*runner)).collect();
        site.place.write("config.toml", &tables.concat());
        site
    }

    fn table(&self, runner: Runner) -> String {
        let name = runner.name();
        match runner {
            Runner::OwnPrism => format!(
                "[runners.{name}]\nengine = \"prism\"\nprogram = \"{}\"\n",
                tools().join("bin/prism").display()
            ),
            Runner::Prism => format!(
                "[runners.{name}]\nengine = \"prism\"\nendpoint = \"{}\"\nworker_pool = \"{}\"\n",
                Engine::shared(SharedEngine::Prism).endpoint(),
                self.pool()
            ),
            Runner::Spark => format!(
                "[runners.{name}]\nengine = \"spark\"\nendpoint = \"{}\"\n",
                Engine::shared(SharedEngine::SparkLocal).endpoint(),
            ),
            Runner::Flink => flink_table(name, Flink::shared(FlinkVersion::V1_19).rest_url(), &self.pool()),
        }
    }

    /// A worker pool beside the engine, for this place's bucket. It ends with the place.
    pub(crate) fn pool(&self) -> String {
        self.pool_of("bucket")
    }

    /// The same for a bucket of another name in this place.
    pub(crate) fn pool_of(&self, bucket: &str) -> String {
        let port_file = self.place.path(&format!("{bucket}.port"));
        if !port_file.exists() {
            let arguments =
                ["worker-pool", "--listen", "127.0.0.1:0", "--port-file", port_file.to_str().unwrap()];
            let mut command = self.place.command(&arguments);
            command.env("TMPL_BUCKET", self.place.path(bucket));
            command.stderr(std::fs::File::create(self.place.path(&format!("{bucket}.log"))).unwrap());
            self.pools.borrow_mut().push(Pool(command.spawn().unwrap()));
            wait_for("the pool's port", || port_file.exists());
        }
        format!("127.0.0.1:{}", std::fs::read_to_string(port_file).unwrap().trim())
    }

    /// Ends the pools of this place.
    pub(crate) fn end_pools(&self) {
        self.pools.borrow_mut().clear();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(arguments);
        command.env("TMPL_CONFIG", self.place.path("config.toml"));
        command
    }

    pub(crate) fn tmpl(&self, arguments: &[&str]) -> Ended {
        self.place.ended(self.command(arguments).spawn().unwrap())
    }

    /// Runs `shop` on a runner, with this mode and these further arguments.
    pub(crate) fn shop(&self, runner: &str, mode: &str, arguments: &[&str]) -> Ended {
        let output = format!("output={}", self.place.path(&format!("{runner}-{mode}")).display());
        let mode = format!("mode={mode}");
        self.tmpl(
            &[&["run", "shop", "--runner", runner, "--param", &output, "--param", &mode], arguments].concat(),
        )
    }

    /// The same, left to itself as soon as it is accepted. Gives the job's id.
    pub(crate) fn shop_detached(&self, runner: &str, arguments: &[&str]) -> String {
        let ended = self.shop(runner, "well", &[&["--detach"], arguments].concat());
        ended.expect(0);
        self.newest()
    }

    /// The id of the newest job.
    pub(crate) fn newest(&self) -> String {
        let jobs = self.jobs();
        jobs[0]["id"].as_str().unwrap().to_owned()
    }

    /// The jobs, the newest first.
    pub(crate) fn jobs(&self) -> Vec<Value> {
        let listed = json(self.tmpl(&["jobs", "list", "--format", "json"]));
        listed.as_array().or_else(|| listed["jobs"].as_array()).unwrap().clone()
    }

    /// Everything recorded of a job.
    pub(crate) fn show(&self, id: &str) -> Value {
        json(self.tmpl(&["jobs", "show", id, "--format", "json"]))
    }

    /// An object of a job's folder, as JSON.
    pub(crate) fn record(&self, id: &str, name: &str) -> Option<Value> {
        let path = self.place.bucket().join("staging/jobs").join(&id[..10]).join(id).join(name);
        serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
    }

    /// The names of the objects in a folder of a job's.
    pub(crate) fn folder(&self, id: &str, name: &str) -> Vec<String> {
        let path = self.place.bucket().join("staging/jobs").join(&id[..10]).join(id).join(name);
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
    }

    /// What a job has counted.
    pub(crate) fn counters(&self, id: &str) -> BTreeMap<String, String> {
        let metrics = self.record(id, "metrics/1.json").unwrap_or_else(|| panic!("{id} has counted nothing"));
        let name = |figure: &Value| format!("{}/{}", figure["namespace"], figure["name"]).replace('"', "");
        let counters = metrics["counters"].as_array().unwrap().iter();
        let counters = counters.map(|figure| (name(figure), figure["value"].to_string()));
        let distributions = metrics["distributions"].as_array().unwrap().iter();
        let distributions = distributions.map(|figure| {
            let value = [&figure["count"], &figure["sum"], &figure["min"], &figure["max"]];
            (name(figure), value.map(ToString::to_string).join(" "))
        });
        counters.chain(distributions).filter(|(name, _)| name.starts_with("shop/")).collect()
    }

    /// What a run of `shop` has written, sorted.
    pub(crate) fn output(&self, runner: &str, mode: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for entry in std::fs::read_dir(self.place.path("")).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with(&format!("{runner}-{mode}-")) {
                lines.extend(std::fs::read_to_string(path).unwrap().lines().map(str::to_owned));
            }
        }
        lines.sort();
        lines
    }

    /// Waits until an engine has a job, and gives the engine's id of it.
    pub(crate) fn engine_id(&self, id: &str) -> String {
        let mut found = None;
        wait_for("the engine's id", || {
            found = self.record(id, "engine/1.json");
            let ended = self.record(id, "final.json").filter(|_| found.is_none());
            assert!(ended.is_none(), "the job has ended: {ended:?}");
            found.is_some()
        });
        found.unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// Waits until a job is in a state.
    pub(crate) fn wait_for_state(&self, id: &str, state: &str) {
        wait_for(state, || self.show(id)["state"] == state);
    }

    /// Kills the launcher of a job, as `kill -9` does.
    pub(crate) fn kill_launcher(&self, id: &str) {
        let pid = self.record(id, "attempts/1.json").unwrap()["pid"].to_string();
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    }
}

/// The table of a Flink cluster. Workers of one slot suffice for what the tests run.
pub(crate) fn flink_table(name: &str, url: &str, pool: &str) -> String {
    static DIGEST: OnceLock<String> = OnceLock::new();
    let jar = tools().join("beam-flink-1.19.jar");
    let digest = DIGEST.get_or_init(|| {
        let bytes = std::fs::read(&jar).unwrap_or_else(|_| panic!("{}: run `make engines`", jar.display()));
        tmpl_template::sha256_of(&bytes).digest().to_owned()
    });
    format!(
        "[runners.{name}]\nengine = \"flink\"\nendpoint = \"{url}\"\nworker_pool = \"{pool}\"\n\
         beam_jar = {{ path = \"{}\", sha256 = \"{digest}\" }}\noptions = {{ parallelism = 1 }}\n",
        jar.display()
    )
}

/// What a command printed for programs.
fn json(ended: Ended) -> Value {
    let ended = ended.expect(0);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
}

struct Pool(Child);

impl Drop for Pool {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

/// Waits until something is so.
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_mins(2), "waited for {what} for two minutes");
        std::thread::sleep(Duration::from_millis(50));
    }
}
