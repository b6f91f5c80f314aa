//! Beam's pipelines on Flink 1.19, by our entry class in Beam's jar.

use std::time::Instant;

use jiff::Timestamp;
use tmpl_beam::metrics::{Names, Number};
use tmpl_launcher::flink::{
    CheckedJar, FlinkClient, FlinkError, FlinkJobId, FlinkJobParts, FlinkSubmission, JarError, Upload, check,
    jar_name, metrics, submit,
};
use tmpl_template::JobId;
use tmpl_testing::{Flink, FlinkVersion};

use crate::support::{Graphs, beam_jar, client, fresh_id, savepoint, tool, until};

fn plan(attempt: u32) -> FlinkSubmission {
    let mut number = [0; 8];
    getrandom::fill(&mut number).unwrap();
    let job = JobId::new(Timestamp::now(), u64::from_le_bytes(number));
    FlinkSubmission::new(&job, attempt, &"words".parse().unwrap(), &beam_jar(), Some(1))
}

async fn launch(client: &FlinkClient, plan: &FlinkSubmission, mode: &str) -> Result<FlinkJobId, FlinkError> {
    let (pipeline, options) = Graphs::get().read(mode);
    let jar = beam_jar();
    submit(client, plan, FlinkJobParts { jar: &jar, bucket: None, pipeline: &pipeline, options: &options })
        .await
}

#[tokio::test]
async fn a_pipeline_runs_once_however_often_it_is_submitted() {
    let client = client(FlinkVersion::V1_19);
    let plan = plan(1);
    // A try before this one died when it had sent its graph.
    client.upload_jar(&plan.graph, Upload::of("graph")).await.unwrap();
    let begun = Instant::now();
    let id = launch(&client, &plan, "well").await.unwrap();
    println!("first launch accepted after {:?}", begun.elapsed());
    assert_eq!(id, plan.job_id);
    // The answer was lost, and somebody tries again.
    assert_eq!(launch(&client, &plan, "well").await.unwrap(), id);
    until(&client, &id, "FINISHED").await;
    assert_eq!(launch(&client, &plan, "well").await.unwrap(), id);

    // The jar stays, once, and no graph.
    let jars = client.jars().await.unwrap();
    let ours: Vec<_> = jars.iter().filter(|jar| jar.name == jar_name(&beam_jar())).collect();
    assert!(!ours.is_empty());
    assert!(!jars.iter().any(|jar| jar.name == plan.graph), "{jars:?}");

    let job = client.job(&id).await.unwrap();
    assert_eq!(job.name, "words");
    let accumulators = client.accumulators(&id).await.unwrap();
    let metrics = metrics(&accumulators, &job.vertices, &Names::default(), Timestamp::now());
    assert_eq!(metrics.unreadable, []);
    let counter = &metrics.counters[0];
    assert_eq!((counter.name.as_str(), counter.value), ("lines, {x=1}: y", Number::Whole(6)));
    assert_eq!(metrics.distributions[0].sum, Number::Whole(13));

    let plan = super::beam::plan(1);
    let begun = Instant::now();
    let id = launch(&client, &plan, "well").await.unwrap();
    println!("second launch accepted after {:?}", begun.elapsed());
    until(&client, &id, "FINISHED").await;
}

#[tokio::test]
async fn a_step_that_fails_is_told_in_its_own_words_and_what_it_counted_stays() {
    let client = client(FlinkVersion::V1_19);
    let id = launch(&client, &plan(1), "fail").await.unwrap();
    until(&client, &id, "FAILED").await;
    let failures = client.exceptions(&id).await.unwrap();
    assert_eq!(
        failures[0].message,
        "ValueError: deliberate failure of \"not\" [while running 'Count, them']"
    );
    assert!(failures[0].task.as_ref().unwrap().contains("Count, them"), "{:?}", failures[0].task);
    assert!(!client.accumulators(&id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_batch_pipeline_is_not_drained_but_cancelled() {
    let client = client(FlinkVersion::V1_19);
    let id = launch(&client, &plan(1), "slow").await.unwrap();
    until(&client, &id, "RUNNING").await;
    let request = client.stop(&id, true, Some("/tmp")).await.unwrap();
    let status = savepoint(&client, &id, &request).await;
    assert!(format!("{status:?}").contains("is not a streaming job"), "{status:?}");
    client.cancel(&id).await.unwrap();
    until(&client, &id, "CANCELED").await;
}

#[tokio::test]
async fn a_jar_for_another_flink_is_refused_before_it_is_uploaded() {
    let client = client(FlinkVersion::V2_2);
    let error = launch(&client, &plan(1), "well").await.unwrap_err();
    let path = tool("beam-flink-1.19.jar");
    assert_eq!(
        error.to_string(),
        format!("the jar at {} was built for Flink 1.19, and the cluster is Flink 2.2.1", path.display())
    );
    assert!(error.hint().unwrap().contains("beam-runners-flink-2.2"), "{:?}", error.hint());
    assert!(matches!(error, FlinkError::Jar(JarError::Version { .. })));
    let jars = client.jars().await.unwrap();
    assert!(!jars.iter().any(|jar| jar.name.starts_with("tmpl-")), "{jars:?}");
}

#[tokio::test]
async fn an_upload_that_is_cut_leaves_nothing() {
    let client = client(FlinkVersion::V1_19);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs_err::write(file.path(), vec![7; 3 << 20]).unwrap();
    let opened = fs_err::File::open(file.path()).unwrap().into_parts().0;
    // It is shorter than it was to be: as if somebody cut it while it goes out.
    let upload = Upload { file: Some((opened, 5 << 20)), tail: "end".into() };
    let error = client.upload_jar("cut.jar", upload).await.unwrap_err();
    assert!(matches!(&error, FlinkError::Lost { .. }) && error.is_temporary(), "{error}");
    assert!(error.to_string().contains("take cut.jar"), "{error}");
    let jars = client.jars().await.unwrap();
    assert!(!jars.iter().any(|jar| jar.name == "cut.jar"), "{jars:?}");
}

#[tokio::test]
async fn a_damaged_graph_is_refused_in_our_own_words() {
    let client = client(FlinkVersion::V1_19);
    let jar = beam_jar();
    let parts = FlinkJobParts { jar: &jar, bucket: None, pipeline: b"\xff\xff", options: "{}" };
    let error = submit(&client, &plan(1), parts).await.unwrap_err();
    assert!(matches!(&error, FlinkError::Refused { status: 400, .. }), "{error}");
    assert!(error.to_string().starts_with("Flink could not run a job: the graph /"), "{error}");
}

#[tokio::test]
async fn a_cluster_is_checked_for_what_a_launch_needs() {
    let jar = beam_jar();
    let steps = check(&client(FlinkVersion::V1_19), Some(&jar), None).await;
    // Other tests may have all the slots.
    let failed: Vec<_> = steps.iter().filter(|step| step.failed() && step.step != "slots").collect();
    assert!(failed.is_empty(), "{failed:?}");
    let names: Vec<_> = steps.iter().map(|step| step.step).collect();
    assert_eq!(names, ["flink", "submission", "slots", "jar for Flink", "System.exit"]);
    assert!(steps[3].found.starts_with("built for Flink 1.19; "), "{}", steps[3].found);

    let steps = check(&client(FlinkVersion::V2_2), Some(&jar), None).await;
    let jar_step = steps.iter().find(|step| step.step == "jar for Flink").unwrap();
    assert!(jar_step.failed() && jar_step.found.contains("the cluster is Flink 2.2."), "{jar_step:?}");
    assert_eq!(CheckedJar::open(&jar, None).await.unwrap().flink_version(), Some("1.19"));
}

#[tokio::test]
async fn a_cluster_that_takes_no_jobs_or_forgot_them_says_so() {
    let mut cluster = Flink::start_with(FlinkVersion::V2_2, &[("web.submit.enable", "false")]);
    let client = FlinkClient::new(cluster.rest_url(), None).unwrap();
    for error in [
        client.jars().await.map(|_| ()).unwrap_err(),
        client.upload_jar("x.jar", Upload::of("x")).await.map(|_| ()).unwrap_err(),
        launch(&client, &plan(1), "well").await.map(|_| ()).unwrap_err(),
    ] {
        assert!(matches!(&error, FlinkError::NoSubmissions { .. }), "{error}");
    }
    let steps = check(&client, None, None).await;
    let submission = steps.iter().find(|step| step.step == "submission").unwrap();
    assert!(submission.failed() && submission.remedy.as_ref().unwrap().contains("web.submit.enable: true"));
    // A program that calls System.exit would end this one: no failure, but a word about it.
    let exits = steps.iter().find(|step| step.step == "System.exit").unwrap();
    assert!(!exits.failed() && exits.remedy.is_some(), "{exits:?}");

    cluster.kill_task_manager();
    cluster.kill_job_manager();
    // The connection of the last question may still seem to be there.
    assert!(client.overview().await.unwrap_err().is_temporary());
    let error = client.overview().await.unwrap_err();
    assert!(matches!(&error, FlinkError::Unreachable { .. }) && error.is_temporary(), "{error}");
    assert!(error.to_string().ends_with("can't be reached: nobody listens there"), "{error}");
    let steps = check(&client, None, None).await;
    assert!(steps.len() == 1 && steps[0].failed(), "{steps:?}");
    cluster.restart_job_manager();
    assert!(client.status(&fresh_id()).await.unwrap_err().is_gone());
    let slots = check(&client, None, None).await.into_iter().find(|step| step.step == "slots").unwrap();
    assert_eq!(slots.found, "no TaskManager has joined the cluster");
}
