//! `tmpl runners check`: whether a launch on a runner would find what it needs, step by step. Nothing is started, and nothing written.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Serialize;
use tmpl_bucket::{Bucket, causes};
use tmpl_template::{BeamJar, RunnerAddress, RunnerKind, RunnerProfile};
use tokio::net::TcpStream;

use crate::requested_runner::ResolvedRunner;
use crate::{ErrorKind, beam_jar, secret};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// One step of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckStep {
    /// What was looked at: "endpoint".
    pub step: &'static str,
    /// How that went.
    pub outcome: StepOutcome,
    /// What was found, or why it was not looked at.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// How a step of a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepOutcome {
    /// All is well.
    Ok,
    /// A launch would fail here: for a reason that stays, as long as nobody does something about it.
    Refused,
    /// A launch would fail here now: something does not answer.
    Unreachable,
    /// It could not be looked at, or need not be.
    Skipped,
}

impl CheckStep {
    /// A step that went well.
    pub fn ok(step: &'static str, found: impl Into<String>) -> Self {
        Self { step, outcome: StepOutcome::Ok, found: found.into(), remedy: None }
    }

    /// A step that was not done.
    pub fn skipped(step: &'static str, why: impl Into<String>) -> Self {
        Self { outcome: StepOutcome::Skipped, ..Self::ok(step, why) }
    }

    /// A step that failed: something is wrong, or not there.
    pub fn refused(step: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { outcome: StepOutcome::Refused, remedy: Some(remedy.into()), ..Self::ok(step, found) }
    }

    /// A step that failed: something does not answer.
    pub fn unreachable(step: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { outcome: StepOutcome::Unreachable, ..Self::refused(step, found, remedy) }
    }

    /// Whether a launch would fail here.
    pub fn failed(&self) -> bool {
        matches!(self.outcome, StepOutcome::Refused | StepOutcome::Unreachable)
    }
}

/// The exit code of a check: that of the first step that failed.
pub fn exit_code(steps: &[CheckStep]) -> u8 {
    match steps.iter().find(|step| step.failed()).map(|step| step.outcome) {
        None => 0,
        Some(StepOutcome::Unreachable) => ErrorKind::Temporary.exit_code(),
        Some(_) => ErrorKind::Environment.exit_code(),
    }
}

/// Looks at everything that a launch on a runner needs.
pub async fn check(runner: &ResolvedRunner, bucket: Option<&Bucket>) -> Vec<CheckStep> {
    let Some(profile) = &runner.profile else {
        return vec![CheckStep::ok("profile", "direct: the program's own process, which needs no engine")];
    };
    let mut steps = vec![CheckStep::ok("profile", said(profile))];
    steps.extend(token(profile));
    let endpoint = endpoint(profile).await;
    let is_there = !endpoint.failed();
    steps.push(endpoint);
    steps.push(worker_pool(profile).await);
    let jar = jar(profile, bucket).await;
    let is_whole = jar.as_ref().is_some_and(|step| !step.failed());
    steps.extend(jar);
    if is_there {
        // A jar that is the wrong one was told of already.
        let jar = profile.beam_jar.as_ref().filter(|_| is_whole);
        steps.extend(engine(profile, jar, bucket).await);
    }
    steps
}

/// What the engine itself says: whether it is the one that the profile names, which version, how much room it has.
#[cfg(feature = "engines")]
async fn engine(profile: &RunnerProfile, jar: Option<&BeamJar>, bucket: Option<&Bucket>) -> Vec<CheckStep> {
    match profile.engine {
        RunnerKind::Flink => {
            let endpoint = profile.endpoint.as_deref().unwrap_or_default();
            let token = profile.token.as_ref().and_then(|token| secret::look_up(token.as_str()).ok());
            match crate::flink::FlinkClient::new(endpoint, token) {
                Ok(client) => crate::flink::check(&client, jar, bucket).await,
                Err(error) => vec![crate::flink::failed_step("flink", &error)],
            }
        }
        RunnerKind::Prism | RunnerKind::Spark | RunnerKind::Portable => {
            crate::job_api_check::job_service(profile).await
        }
        RunnerKind::Direct | RunnerKind::Dataflow => Vec::new(),
    }
}

#[cfg(not(feature = "engines"))]
#[expect(clippy::unused_async, reason = "engines are asked over the network, where they are")]
async fn engine(_: &RunnerProfile, _: Option<&BeamJar>, _: Option<&Bucket>) -> Vec<CheckStep> {
    Vec::new()
}

fn said(profile: &RunnerProfile) -> String {
    match &profile.endpoint {
        Some(endpoint) => format!("{} at {endpoint}", profile.engine),
        None => format!("{}, which the launcher starts", profile.engine),
    }
}

fn token(profile: &RunnerProfile) -> Option<CheckStep> {
    let token = profile.token.as_ref()?;
    Some(match secret::look_up(token.as_str()) {
        Ok(_) => CheckStep::ok("token", format!("{token} is there")),
        Err(reason) => CheckStep::refused(
            "token",
            format!("the secret {token} can't be read: {reason}"),
            "set the variable or make the file readable where the launcher runs",
        ),
    })
}

async fn endpoint(profile: &RunnerProfile) -> CheckStep {
    const STEP: &str = "endpoint";
    let Some(address) = profile.address() else { return program(profile) };
    match connect(&address).await {
        Ok(answer) => CheckStep::ok(STEP, answer),
        Err(Silence { said, .. }) => CheckStep::unreachable(
            STEP,
            said,
            "start the engine, or correct `endpoint` in the profile (--endpoint for a launch)",
        ),
    }
}

/// The program of an engine that the launcher starts.
fn program(profile: &RunnerProfile) -> CheckStep {
    const STEP: &str = "program";
    let name = profile.program.as_deref().unwrap_or("prism");
    match found_program(name) {
        Some(path) => CheckStep::ok(STEP, path.display().to_string()),
        None => CheckStep::refused(
            STEP,
            format!("there is no program {name}"),
            "install it (`go install github.com/apache/beam/sdks/v2/go/cmd/prism@VERSION`), or name it with `program` in your \
             configuration file",
        ),
    }
}

/// A program by its path, or by its name on `PATH`.
fn found_program(name: &str) -> Option<PathBuf> {
    let is_program =
        |path: &PathBuf| rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok() && path.is_file();
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(is_program);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(is_program)
}

async fn worker_pool(profile: &RunnerProfile) -> CheckStep {
    const STEP: &str = "worker pool";
    let Some(pool) = profile.pool_address() else {
        return CheckStep::ok(STEP, "none is named: the launcher starts one on this machine");
    };
    let is_engine_here = profile.address().is_none_or(|engine| engine.is_loopback());
    if pool.is_loopback() && !is_engine_here {
        let why = format!(
            "{}:{} is beside the engine's workers, and can't be tried from here",
            pool.host, pool.port
        );
        return CheckStep::skipped(STEP, why);
    }
    match connect(&pool).await {
        #[cfg(feature = "engines")]
        Ok(answer) => crate::job_api_check::worker_pool(&pool, answer).await,
        #[cfg(not(feature = "engines"))]
        Ok(answer) => CheckStep::ok(STEP, answer),
        // Its name may be one of the engine's own network.
        Err(Silence { said, refused: false }) if !is_engine_here => CheckStep::skipped(
            STEP,
            format!("{said}; the engine's workers may see more than this machine does"),
        ),
        Err(Silence { said, .. }) => CheckStep::unreachable(
            STEP,
            said,
            "start one (`tmpl worker-pool`), or correct `workerPool` in the profile (--worker-pool for a launch)",
        ),
    }
}

async fn jar(profile: &RunnerProfile, bucket: Option<&Bucket>) -> Option<CheckStep> {
    const STEP: &str = "beam jar";
    let Some(jar) = &profile.beam_jar else {
        let remedy = "name the jar of Beam's runner for Flink with `beamJar` in the profile: path, url or blob, and its sha256";
        return (profile.engine == RunnerKind::Flink)
            .then(|| CheckStep::refused(STEP, "the profile names none", remedy));
    };
    Some(match beam_jar::verify(jar, bucket).await {
        Ok(size) => {
            let place = beam_jar::place_of(jar, bucket);
            CheckStep::ok(STEP, format!("{place}: {} MB, with the right digest", size.div_ceil(1_000_000)))
        }
        Err(error) => {
            let (found, remedy) = (causes(&error).join(": "), error.hint().unwrap_or_default());
            match error.kind() {
                ErrorKind::Temporary => CheckStep::unreachable(STEP, found, remedy),
                _ => CheckStep::refused(STEP, found, remedy),
            }
        }
    })
}

/// An address that does not answer.
struct Silence {
    said: String,
    /// Whether there is a machine, which listens to nobody there.
    refused: bool,
}

/// Connects to an address, and leaves. How long that took, in words.
async fn connect(address: &RunnerAddress) -> Result<String, Silence> {
    let RunnerAddress { host, port } = address;
    let begun = Instant::now();
    match tokio::time::timeout(PATIENCE, TcpStream::connect((host.as_str(), *port))).await {
        Ok(Ok(_)) => Ok(format!("{host}:{port} answers after {} ms", begun.elapsed().as_millis())),
        Ok(Err(error)) => Err(Silence {
            said: format!("{host}:{port} does not answer: {error}"),
            refused: error.kind() == std::io::ErrorKind::ConnectionRefused,
        }),
        Err(_) => Err(Silence {
            said: format!("{host}:{port} does not answer within {} s", PATIENCE.as_secs()),
            refused: false,
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tmpl_beam::job_service::JobService;
    use tmpl_template::{PhaseLimits, sha256_of};
    use tokio::net::TcpListener;

    use super::*;

    async fn outcomes(profile: serde_json::Value) -> Vec<(&'static str, StepOutcome)> {
        let profile: RunnerProfile = serde_json::from_value(profile).unwrap();
        let name = "x".parse().unwrap();
        let runner =
            ResolvedRunner { name, profile: Some(Box::new(profile)), limits: PhaseLimits::default() };
        let steps = check(&runner, Some(&Bucket::in_memory())).await;
        steps.iter().map(|step| (step.step, step.outcome)).collect()
    }

    #[tokio::test]
    async fn each_step_says_what_it_found() {
        let folder = tempfile::tempdir().unwrap();
        let service = JobService::start(folder.path().to_owned()).await.unwrap();
        let closed = {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            listener.local_addr().unwrap()
        };
        let (well, refused, away) = (StepOutcome::Ok, StepOutcome::Refused, StepOutcome::Unreachable);
        let prism = json!({ "engine": "prism", "endpoint": service.endpoint() });
        let all_well = [
            ("profile", well),
            ("endpoint", well),
            ("worker pool", well),
            ("job service", well),
            ("artifacts", well),
        ];
        let known = if cfg!(feature = "engines") { all_well.len() } else { 3 };
        assert_eq!(outcomes(prism).await, all_well[..known]);
        let flink = json!({
            "engine": "flink", "endpoint": format!("http://{closed}"), "workerPool": closed.to_string(), "token": "env:TMPL_NO_SUCH",
            "beamJar": { "blob": sha256_of(b"jar") },
        });
        assert_eq!(
            outcomes(flink).await,
            [
                ("profile", well),
                ("token", refused),
                ("endpoint", away),
                ("worker pool", away),
                ("beam jar", refused)
            ]
        );
        let program = json!({ "engine": "prism", "program": "/bin/sh" });
        assert_eq!(outcomes(program).await[1], ("program", well));
        let program = json!({ "engine": "prism", "program": "/bin/no-such" });
        assert_eq!(outcomes(program).await[1], ("program", refused));
    }

    #[test]
    fn the_first_failure_decides_the_exit_code() {
        let (well, away) = (CheckStep::ok("a", ""), CheckStep::unreachable("b", "", ""));
        let (refused, skipped) = (CheckStep::refused("c", "", ""), CheckStep::skipped("d", ""));
        for (steps, code) in [
            (vec![well.clone(), skipped], 0),
            (vec![well.clone(), away.clone(), refused.clone()], 75),
            (vec![well, refused, away], 3),
        ] {
            assert_eq!(exit_code(&steps), code);
        }
    }
}
