//! Clusters and programs for the tests, each made once.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tmpl_launcher::flink::{FlinkClient, FlinkError, FlinkJobId, RunRequest, SavepointStatus, Upload};
use tmpl_template::{BeamJar, JarPlace, sha256_of};
use tmpl_testing::{Flink, FlinkVersion};

/// A cluster that all tests share. A program that calls `System.exit` does not end it.
pub(crate) fn cluster(version: FlinkVersion) -> &'static Flink {
    static CLUSTERS: [OnceLock<Flink>; 2] = [const { OnceLock::new() }; 2];
    let settings = [("cluster.intercept-user-system-exit", "THROW")];
    CLUSTERS[version as usize].get_or_init(|| Flink::start_with(version, &settings))
}

pub(crate) fn client(version: FlinkVersion) -> FlinkClient {
    FlinkClient::new(cluster(version).rest_url(), None).unwrap()
}

/// What `make engines` installs.
pub(crate) fn tool(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools").join(path);
    assert!(path.exists(), "{} is missing\nhint: make engines", path.display());
    path
}

/// An id that no other job of these tests has.
pub(crate) fn fresh_id() -> FlinkJobId {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    hex::encode(bytes).parse().unwrap()
}

/// A program of Flink's own as a jar. See `Native.java`.
pub(crate) fn native_jar() -> &'static [u8] {
    static JAR: OnceLock<Vec<u8>> = OnceLock::new();
    JAR.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flink/Native.java");
        let mut compile = Command::new("javac");
        compile.args(["--release", "11", "-Xlint:-options", "-cp"]).arg(tool("flink-1.19/lib").join("*"));
        let compiled = compile.arg("-d").arg(folder.path()).arg(source).status().unwrap();
        assert!(compiled.success());
        let jar = folder.path().join("native.jar");
        let mut pack = Command::new("jar");
        pack.arg("cf").arg(&jar).arg("-C").arg(folder.path()).arg("Native.class");
        assert!(pack.status().unwrap().success());
        fs_err::read(jar).unwrap()
    })
}

/// Runs the program of Flink's own.
pub(crate) async fn run(
    client: &FlinkClient,
    arguments: &[&str],
    id: &FlinkJobId,
) -> Result<FlinkJobId, FlinkError> {
    let jar = client.upload_jar("native.jar", Upload::of(native_jar())).await.unwrap();
    let request = RunRequest {
        entry_class: "Native".to_owned(),
        program_arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        parallelism: Some(1),
        job_id: id.clone(),
        configuration: std::collections::BTreeMap::new(),
    };
    let accepted = client.run_jar(&jar.id, &request).await;
    client.delete_jar(&jar.id).await.unwrap();
    accepted
}

/// Waits until a job is in a state.
pub(crate) async fn until(client: &FlinkClient, job: &FlinkJobId, wanted: &str) {
    let begun = Instant::now();
    loop {
        let state = client.status(job).await.unwrap();
        if state == wanted {
            return;
        }
        let ended = ["FINISHED", "FAILED", "CANCELED"].contains(&state.as_str());
        let failures = if ended { client.exceptions(job).await.unwrap() } else { Vec::new() };
        let in_time = begun.elapsed() < Duration::from_mins(2);
        assert!(!ended && in_time, "{job} is {state}, not {wanted}: {failures:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits for what becomes of a savepoint.
pub(crate) async fn savepoint(client: &FlinkClient, job: &FlinkJobId, request: &str) -> SavepointStatus {
    loop {
        match client.savepoint_status(job, request).await.unwrap() {
            SavepointStatus::InProgress => tokio::time::sleep(Duration::from_millis(50)).await,
            status => return status,
        }
    }
}

/// Beam's jar for Flink 1.19.
pub(crate) fn beam_jar() -> BeamJar {
    static JAR: OnceLock<BeamJar> = OnceLock::new();
    let jar = JAR.get_or_init(|| {
        let path = tool("beam-flink-1.19.jar");
        let digest = sha256_of(&fs_err::read(&path).unwrap());
        BeamJar { place: JarPlace::Path(path.to_str().unwrap().to_owned()), digest }
    });
    jar.clone()
}

/// Graphs of pipelines, whose workers this machine has while the tests run. See `graph.py`.
pub(crate) struct Graphs {
    folder: TempDir,
    /// Its input closes with this process: then it ends.
    _pool: Mutex<Child>,
}

impl Graphs {
    pub(crate) fn get() -> &'static Self {
        static GRAPHS: OnceLock<Graphs> = OnceLock::new();
        GRAPHS.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flink/graph.py");
            let mut pool = Command::new(tool("beam-venv/bin/python"));
            pool.arg(script).arg(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut pool = pool.spawn().unwrap();
            let mut line = String::new();
            BufReader::new(pool.stdout.take().unwrap()).read_line(&mut line).unwrap();
            assert_eq!(line, "ready\n");
            Self { folder, _pool: Mutex::new(pool) }
        })
    }

    /// The graph and the options of a pipeline.
    pub(crate) fn read(&self, mode: &str) -> (Vec<u8>, String) {
        let path = |kind: &str| self.folder.path().join(format!("{mode}.{kind}"));
        (fs_err::read(path("pb")).unwrap(), fs_err::read_to_string(path("json")).unwrap())
    }
}
