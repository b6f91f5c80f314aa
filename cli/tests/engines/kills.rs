//! The launcher is killed at any moment: every history ends with the truth, and the engine has no second job.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tmpl_beam::job_client::{JobClient, Submission};
use tmpl_beam::messages::{JobInfo, JobState};
use tmpl_testing::{Engine, SharedEngine};

use crate::site::{Runner, Site};
use crate::support::copy;

/// How often, unless `TMPL_KILLS` says otherwise.
const ROUNDS: u32 = 20;
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn whenever_its_launcher_is_killed_a_history_ends_and_no_job_runs_twice() {
    let rounds = std::env::var("TMPL_KILLS").map_or(ROUNDS, |said| said.parse().unwrap());
    let site = Site::with(&[Runner::Prism]);
    build_words(&site);
    launch(&site, 0, false).wait().unwrap();
    let begun = Instant::now();
    assert!(launch(&site, 1, false).wait().unwrap().success());
    let usual = begun.elapsed();
    let mut followed = Vec::new();
    for round in 2..rounds + 2 {
        let begun = Instant::now();
        let mut run = launch(&site, round, round % 2 == 0);
        let launcher = launcher_of(&mut run);
        // Spread over a launch and a little more, in no order.
        let share = f64::from(round.wrapping_mul(2_654_435_769)) / f64::from(u32::MAX);
        std::thread::sleep(usual.mul_f64(1.1 * share).saturating_sub(begun.elapsed()));
        if let Some(launcher) = launcher {
            let _ = Command::new("kill").args(["-9", &launcher]).stderr(Stdio::null()).status();
        }
        followed.push(run);
    }
    for mut run in followed {
        run.wait().unwrap();
    }
    let listed = site.tmpl(&["jobs", "list", "--format", "json", "--limit", "100000"]).expect(0);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    let ids: Vec<_> =
        listed.as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect();
    // One that is killed before it is accepted is no job.
    assert!(ids.len() <= rounds as usize + 2 && ids.len() > rounds as usize / 2, "{} jobs", ids.len());
    let mut ends = BTreeMap::new();
    for id in &ids {
        site.tmpl(&["wait", id]);
        let shown = site.show(id);
        let there = engines_jobs(&format!(".{}.", &id[id.len() - 8..]));
        assert!(there.len() <= 1, "{id} runs twice: {there:?}");
        let engine = there.first().map_or(JobState::Unspecified, JobInfo::state);
        let expected = match engine {
            JobState::Done => "JOB_STATE_DONE",
            // It was not there, or was only prepared, which nobody will ever run.
            JobState::Unspecified | JobState::Stopped | JobState::Cancelling | JobState::Cancelled => {
                "JOB_STATE_FAILED"
            }
            other => panic!("{id} is {other:?} on the engine: {shown}"),
        };
        assert_eq!(shown["state"], expected, "{engine:?}: {shown}");
        *ends.entry(format!("{engine:?}")).or_insert(0) += 1;
    }
    eprintln!("{} jobs, by the engine's states: {ends:?}; a launch takes {usual:?}", ids.len());
}

#[test]
fn what_was_only_prepared_when_the_launcher_was_killed_has_ended() {
    let site = Site::with(&[Runner::Prism]);
    let done = site.shop_detached(Runner::Prism.name(), &[]);
    site.tmpl(&["wait", &done]).expect(0);
    let output = format!("output={}", site.place.path("slow").display());
    let words =
        ["run", "shop", "--runner", Runner::Prism.name(), "--param", &output, "--param", "mode=build-slowly"];
    site.tmpl(&[&words[..], &["--detach"]].concat()).expect(0);
    let id = site.newest();
    site.wait_for_state(&id, "JOB_STATE_PENDING");
    site.kill_launcher(&id);
    // As if it had been killed between two calls: the engine has the graph, and was not told to run it.
    let folder = |id: &str| site.place.bucket().join("staging/jobs").join(&id[..10]).join(id);
    let mut intent = site.record(&done, "engine/1-intent.json").unwrap();
    let name = format!("shop.{}.1", &id[id.len() - 8..]);
    intent["name"] = name.clone().into();
    std::fs::create_dir_all(folder(&id).join("engine")).unwrap();
    std::fs::write(folder(&id).join("engine/1-intent.json"), intent.to_string()).unwrap();
    let pipeline = std::fs::read(folder(&done).join("pipeline.pb")).unwrap().into();
    let submission = Submission { pipeline, options: bytes::Bytes::new(), job_name: name.clone() };
    on_engine(&async |client: &JobClient| client.prepare(&submission).await.map(drop));
    assert_eq!(engines_jobs(&name)[0].state(), JobState::Stopped);
    let ended = site.tmpl(&["wait", &id]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let reason = site.show(&id)["end"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("before prism had the job"), "{reason}");
}

/// The example in Go, whose graph is built in no time.
fn build_words(site: &Site) {
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/words-go");
    assert!(example.join("build/words").is_file(), "`make examples` builds the example in Go");
    copy(&example, &site.place.path("words-go"));
    site.tmpl(&["build", "words-go", "--check", "static"]).expect(0);
    site.place.write("words.txt", "to be or not to be\n");
}

fn launch(site: &Site, round: u32, detached: bool) -> Child {
    let input = format!("input={}", site.place.path("words.txt").display());
    let output = format!("output={}", site.place.path(&format!("counts-{round}")).display());
    let runner = Runner::Prism.name();
    let words = ["run", "words-go", "--runner", runner, "--param", &input, "--param", &output];
    let more: &[&str] = if detached { &["--detach"] } else { &[] };
    let mut command = site.command(&[&words, more].concat());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The launcher that `tmpl run` has started, if it gets so far.
fn launcher_of(run: &mut Child) -> Option<String> {
    let tasks = format!("/proc/{}/task", run.id());
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE && run.try_wait().unwrap().is_none() {
        for task in std::fs::read_dir(&tasks).into_iter().flatten().flatten() {
            let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            if let Some(child) = children.split_whitespace().next() {
                return Some(child.to_owned());
            }
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}

/// The jobs of Prism whose names have this in them.
fn engines_jobs(name: &str) -> Vec<JobInfo> {
    let mut jobs = on_engine(&async |client: &JobClient| client.jobs().await);
    jobs.retain(|job| job.job_name.contains(name));
    jobs
}

fn on_engine<T>(ask: &impl AsyncFn(&JobClient) -> Result<T, tmpl_beam::BeamError>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let endpoint = Engine::shared(SharedEngine::Prism).endpoint();
    runtime.block_on(async { ask(&JobClient::connect(&endpoint).await.unwrap()).await.unwrap() })
}
