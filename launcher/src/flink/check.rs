//! What a cluster needs to take a launch: looked at step by step for `tmpl runners check`. Nothing is uploaded.

use tmpl_bucket::Bucket;
use tmpl_template::BeamJar;

use super::beam_jar::{CheckedJar, jar_name};
use super::client::FlinkClient;
use super::cluster::ClusterConfig;
use super::{FlinkError, flink_version};
use crate::runner_check::CheckStep;

/// The setting that keeps a program from ending the `JobManager`.
const INTERCEPT: &str = "cluster.intercept-user-system-exit";

/// Looks at everything that a launch needs of a cluster.
pub async fn check(client: &FlinkClient, jar: Option<&BeamJar>, bucket: Option<&Bucket>) -> Vec<CheckStep> {
    let config = match client.config().await {
        Ok(config) => config,
        Err(error) => return vec![failed("flink", &error)],
    };
    let mut steps = vec![version(client, &config)];
    steps.push(submission(&config));
    steps.push(slots(client).await);
    if let Some(jar) = jar {
        steps.push(beam_jar(client, &config, jar, bucket).await);
    }
    steps.extend(exits(client).await);
    steps
}

fn version(client: &FlinkClient, config: &ClusterConfig) -> CheckStep {
    let found = format!("Flink {} at {}", config.version, client.endpoint());
    if flink_version::is_known(&config.version) {
        return CheckStep::ok("flink", found);
    }
    CheckStep::refused("flink", format!("{found}, which is not supported"), "use Flink 1.19, 1.20 or 2")
}

fn submission(config: &ClusterConfig) -> CheckStep {
    const STEP: &str = "submission";
    if config.features.web_submit {
        return CheckStep::ok(STEP, "jars can be uploaded and run");
    }
    CheckStep::refused(
        STEP,
        "the cluster takes no jobs over its REST API",
        "set `web.submit.enable: true` in Flink's configuration",
    )
}

async fn slots(client: &FlinkClient) -> CheckStep {
    const STEP: &str = "slots";
    let overview = match client.overview().await {
        Ok(overview) => overview,
        Err(error) => return failed(STEP, &error),
    };
    let found = format!(
        "{} of {} slots are free on {} TaskManagers; {} jobs run",
        overview.slots_free, overview.slots_total, overview.task_managers, overview.jobs_running
    );
    match (overview.task_managers, overview.slots_free) {
        (0, _) => CheckStep::refused(
            STEP,
            "no TaskManager has joined the cluster",
            "start one, and see that it finds the JobManager",
        ),
        (_, 0) => CheckStep::refused(
            STEP,
            found,
            "wait for other jobs, or start TaskManagers: a launch would wait for a slot, and fail after some minutes",
        ),
        _ => CheckStep::ok(STEP, found),
    }
}

async fn beam_jar(
    client: &FlinkClient,
    config: &ClusterConfig,
    jar: &BeamJar,
    bucket: Option<&Bucket>,
) -> CheckStep {
    const STEP: &str = "jar for Flink";
    let name = jar_name(jar);
    let is_there = match client.jars().await {
        Ok(jars) => jars.iter().any(|jar| jar.name == name),
        Err(error) => return failed(STEP, &error),
    };
    let checked = CheckedJar::open(jar, bucket).await;
    let checked = checked.and_then(|checked| checked.check_version(&config.version).map(|()| checked));
    match checked {
        Ok(checked) => {
            let built_for = checked
                .flink_version()
                .map_or("an unnamed Flink".to_owned(), |version| format!("Flink {version}"));
            let there = if is_there { "is on the cluster" } else { "is uploaded by the first launch" };
            CheckStep::ok(STEP, format!("built for {built_for}; {there} as {name}"))
        }
        Err(error) => failed(STEP, &error.into()),
    }
}

/// Whether a program that calls `System.exit` ends the `JobManager`; nothing where the cluster does not show its settings.
async fn exits(client: &FlinkClient) -> Option<CheckStep> {
    const STEP: &str = "System.exit";
    let settings = client.settings().await.ok()?;
    let setting = settings.get(INTERCEPT).map_or("DISABLED", String::as_str);
    if matches!(setting.to_ascii_uppercase().as_str(), "THROW" | "LOG") {
        return Some(CheckStep::ok(STEP, format!("{INTERCEPT}: {setting}")));
    }
    // No launch fails of it: a word for whoever looks after the cluster.
    Some(CheckStep {
        remedy: Some(format!("set `{INTERCEPT}: THROW` in Flink's configuration")),
        ..CheckStep::ok(STEP, "a program that calls it ends the JobManager, and all jobs with it")
    })
}

/// The step that an error ended.
pub(crate) fn failed(step: &'static str, error: &FlinkError) -> CheckStep {
    let said = tmpl_bucket::causes(error).join(": ");
    let remedy = error.hint().unwrap_or_else(|| "look into the JobManager's log".to_owned());
    if error.is_temporary() {
        CheckStep::unreachable(step, said, remedy)
    } else {
        CheckStep::refused(step, said, remedy)
    }
}
