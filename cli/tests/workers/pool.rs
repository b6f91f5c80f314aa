//! A pool below a test: the real program, and a client that asks it as engines do.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tmpl_beam::messages::{ApiServiceDescriptor, ProvisionInfo, StartWorkerRequest, StopWorkerRequest};
use tmpl_beam::services::pool::beam_fn_external_worker_pool_client::BeamFnExternalWorkerPoolClient;
use tonic::transport::Endpoint;

use crate::runner::Runner;
use crate::support::{Place, copy, send, until};

/// What workers of this job find as their interpreter, by their names.
const INTERPRETER: &str = r#"#!/bin/sh
folder=$(dirname "$PIPELINE_OPTIONS_FILE")
case "$WORKER_ID" in
  lasting*) echo "begun $WORKER_ID"; sleep 601 & exec sleep 600 ;;
  stubborn*) trap '' TERM; echo "begun $WORKER_ID"; while :; do sleep 0.1; done ;;
  failing*) for i in $(seq 60); do echo "line $i"; done; echo "the last words" >&2; exit 7 ;;
  another*) exec /usr/bin/python3 -E -S "$@" ;;
  timed*) date +%s%N > "$TEST_FOLDER/$WORKER_ID"; exec sleep 600 ;;
esac
"#;

/// A place whose bucket has the wordcount template and a job that was launched from it; everything is unpacked.
pub(crate) struct Launched {
    pub(crate) place: Place,
    pub(crate) job: String,
}

impl Launched {
    /// The job, and the cache that all tests share.
    pub(crate) fn new() -> Self {
        static BUILT: OnceLock<Place> = OnceLock::new();
        let built = BUILT.get_or_init(|| {
            let place = Place::new();
            copy(
                &Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/wordcount"),
                &place.path("wordcount"),
            );
            place.tmpl(&["build", "wordcount", "--locked", "--check", "static"]).expect(0);
            place.write("words.txt", "Rust rust RUST pipeline\na pipeline of Rust\n");
            let parameters = format!(
                "input={},output={}",
                place.path("words.txt").display(),
                place.path("direct").display()
            );
            place.tmpl(&["run", "wordcount", "--parameters", &parameters]).expect(0);
            place
        });
        let place = Place::new();
        for name in ["bucket", "words.txt"] {
            copy(&built.path(name), &place.path(name));
        }
        for file in std::fs::read_dir(built.path("")).unwrap().map(|entry| entry.unwrap().path()) {
            if file.file_name().unwrap().to_str().unwrap().starts_with("direct") {
                copy(&file, &place.path(file.file_name().unwrap().to_str().unwrap()));
            }
        }
        let job = place.newest_job();
        Self { place, job }
    }

    /// The program of the job and its arguments, as a dry run shows them.
    pub(crate) fn program(&self) -> PathBuf {
        let parameters = format!("input={0},output={0}", self.place.path("x").display());
        let planned = self.place.tmpl(&[
            "run",
            "wordcount",
            "--dry-run",
            "--format",
            "json",
            "--parameters",
            &parameters,
        ]);
        let plan: serde_json::Value = serde_json::from_str(&planned.expect(0).stdout).unwrap();
        PathBuf::from(plan["invocation"]["program"].as_str().unwrap())
    }

    /// A cache of the test's own in which the job's interpreter is a script.
    fn cache_with_scripts(&self) -> PathBuf {
        let own = self.place.path("own-cache");
        let program = self.program();
        let tree = program.parent().unwrap().parent().unwrap();
        let environments = own.join("environments");
        for folder in ["environments", "layers", "interpreters"] {
            std::fs::create_dir_all(own.join(folder)).unwrap();
        }
        let name = tree.file_name().unwrap();
        let inside = environments.join(name);
        std::fs::create_dir_all(inside.join("bin")).unwrap();
        std::fs::create_dir_all(inside.join("lib/python3.11/site-packages/numpy-0.0.1.dist-info")).unwrap();
        std::fs::write(inside.join("bin/python"), INTERPRETER).unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(inside.join("bin/python"), executable).unwrap();
        own
    }

    /// A pool with the job's own layers.
    pub(crate) fn pool(&self, arguments: &[&str]) -> Pool {
        Pool::start(&self.place, arguments, |_| {})
    }

    /// A pool that starts scripts.
    pub(crate) fn pool_of_scripts(&self, arguments: &[&str]) -> Pool {
        let cache = self.cache_with_scripts();
        Pool::start(&self.place, arguments, |command| {
            command.env("TMPL_CACHE_DIR", cache).env("TEST_FOLDER", self.place.path(""));
        })
    }

    /// The ends of workers that are written down with the job.
    pub(crate) fn ends(&self) -> Vec<serde_json::Value> {
        let day = &self.job[..10];
        let folder = self.place.bucket().join("staging/jobs").join(day).join(&self.job).join("workers");
        let Ok(listed) = std::fs::read_dir(folder) else { return Vec::new() };
        let files = listed.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
        files.map(|text| serde_json::from_str(&text).unwrap()).collect()
    }
}

/// A pool that runs.
pub(crate) struct Pool {
    pub(crate) child: Child,
    pub(crate) port: u16,
    told: PathBuf,
}

impl Pool {
    pub(crate) fn start(place: &Place, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let port_file = place.path("pool.port");
        let told = place.path("pool.log");
        let mut command = place.command(&["worker-pool", "--listen", "127.0.0.1:0", "--port-file"]);
        command.arg(&port_file).args(arguments);
        command.stdout(Stdio::null()).stderr(std::fs::File::create(&told).unwrap());
        change(&mut command);
        let child = command.spawn().unwrap();
        until("the pool listens", || port_file.exists());
        let port = std::fs::read_to_string(&port_file).unwrap().parse().unwrap();
        Self { child, port, told }
    }

    pub(crate) fn told(&self) -> String {
        std::fs::read_to_string(&self.told).unwrap()
    }

    /// Waits until the pool has said this.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) {
        until(&format!("the pool says {words:?}: {}", self.told()), || self.told().contains(words));
    }

    pub(crate) fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Asks for a worker and gives the error in the answer; and how long it took.
    pub(crate) fn start_worker(
        &self,
        id: &str,
        runner: &Runner,
        params: &[(&str, &str)],
    ) -> (String, Duration) {
        let endpoint = |url: String| Some(ApiServiceDescriptor { url });
        let request = StartWorkerRequest {
            worker_id: id.to_owned(),
            control_endpoint: endpoint("localhost:2".to_owned()),
            logging_endpoint: endpoint("localhost:1".to_owned()),
            artifact_endpoint: endpoint(runner.address.to_string()),
            provision_endpoint: endpoint(runner.address.to_string()),
            params: params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        };
        let begun = Instant::now();
        let error = self.asked(async |client| client.start_worker(request).await.unwrap().into_inner().error);
        (error, begun.elapsed())
    }

    pub(crate) fn stop_worker(&self, id: &str) -> String {
        let request = StopWorkerRequest { worker_id: id.to_owned() };
        self.asked(async |client| client.stop_worker(request).await.unwrap().into_inner().error)
    }

    fn asked<T>(
        &self,
        ask: impl AsyncFnOnce(&mut BeamFnExternalWorkerPoolClient<tonic::transport::Channel>) -> T,
    ) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", self.port)).unwrap();
            ask(&mut BeamFnExternalWorkerPoolClient::new(endpoint.connect().await.unwrap())).await
        })
    }

    /// Everything below the pool: its guards, and what they have started.
    pub(crate) fn below(&self) -> Vec<String> {
        let mut found = vec![self.pid()];
        let mut next = 0;
        while let Some(pid) = found.get(next).cloned() {
            let children =
                std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
            found.extend(children.split_whitespace().map(str::to_owned));
            next += 1;
        }
        found.split_off(1)
    }

    pub(crate) fn ends_with(mut self, signal: &str) -> std::process::ExitStatus {
        send(signal, &self.pid());
        self.child.wait().unwrap()
    }
}

/// A test that failed leaves no pool behind.
impl Drop for Pool {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A runner that hands on the pipeline's options alone.
pub(crate) fn runner() -> Runner {
    Runner::start(ProvisionInfo::default(), &[])
}
