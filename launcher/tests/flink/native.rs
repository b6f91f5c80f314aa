//! What both versions answer about jobs that are not Beam's.

use std::time::Duration;

use tmpl_launcher::flink::{Cancellation, FlinkError, SavepointStatus, job_state, remedy};
use tmpl_template::JobState;
use tmpl_testing::FlinkVersion;

use crate::support::{client, fresh_id, run, savepoint, until};

const VERSIONS: [(FlinkVersion, &str); 2] = [(FlinkVersion::V1_19, "1.19."), (FlinkVersion::V2_2, "2.2.")];

#[tokio::test]
async fn a_cluster_says_what_it_is() {
    for (version, prefix) in VERSIONS {
        let client = client(version);
        let overview = client.overview().await.unwrap();
        assert!(overview.version.starts_with(prefix) && overview.slots_total == 4, "{overview:?}");
        let config = client.config().await.unwrap();
        assert!(config.version == overview.version && config.features.web_submit);
        let managers = client.task_managers().await.unwrap();
        assert_eq!((managers.len(), managers[0].slots_number), (1, 4));
        // It logs to its standard output, and has no file.
        assert_eq!(client.task_manager_log(&managers[0].id, 0).await.unwrap(), None);
        assert_eq!(client.task_manager_log("nobody", 0).await.unwrap(), None);
        let settings = client.settings().await.unwrap();
        assert_eq!(settings["cluster.intercept-user-system-exit"], "THROW");
    }
}

#[tokio::test]
async fn a_job_runs_under_our_id_and_only_once() {
    for (version, _) in VERSIONS {
        let (client, id) = (client(version), fresh_id());
        // An argument arrives as it is.
        let name = "a, \"b\" 'c'  $d ä";
        assert_eq!(run(&client, &["well", name], &id).await.unwrap(), id);
        let again = run(&client, &["well", name], &id).await.unwrap_err();
        assert!(matches!(&again, FlinkError::Duplicate { job } if *job == id), "{again}");
        until(&client, &id, "FINISHED").await;
        let job = client.job(&id).await.unwrap();
        assert_eq!((job.name.as_str(), job.state.as_str()), (name, "FINISHED"));
        assert_eq!(job.vertices.len(), 1, "{job:?}");
        let result = client.execution_result(&id).await.unwrap().unwrap();
        assert_eq!((result.status.as_str(), result.failure), ("SUCCEEDED", None));
        assert_eq!(client.exceptions(&id).await.unwrap(), []);
        assert_eq!(client.accumulators(&id).await.unwrap(), []);
        // After its end too.
        let again = run(&client, &["well", name], &id).await.unwrap_err();
        assert!(matches!(&again, FlinkError::Duplicate { .. }), "{again}");
        let ended = client.cancel(&id).await.unwrap();
        assert!(
            matches!(&ended, Cancellation::Ended { message } if message.contains("FINISHED")),
            "{ended:?}"
        );
    }
}

#[tokio::test]
async fn a_program_that_does_not_submit_is_told_in_one_line() {
    for (version, _) in VERSIONS {
        let client = client(version);
        for (mode, line) in [
            ("throw", "Flink could not run a job: the deepest reason"),
            (
                "exit",
                "Flink could not run a job: UserSystemExitException: Flink user code attempted to exit JVM.",
            ),
            ("nothing", "Flink could not run a job: No jobs included in application."),
        ] {
            let id = fresh_id();
            let error = run(&client, &[mode], &id).await.unwrap_err();
            assert_eq!(error.to_string(), line);
            assert!(!error.is_temporary() && error.kind().exit_code() == 3);
            assert!(matches!(client.status(&id).await, Err(FlinkError::Gone { job }) if job == id));
        }
        // The JobManager is still there.
        client.overview().await.unwrap();
    }
    assert!(remedy("Flink user code attempted to exit JVM.").unwrap().contains("System.exit"));
}

#[tokio::test]
async fn a_task_that_fails_says_why_and_where() {
    for (version, _) in VERSIONS {
        let (client, id) = (client(version), fresh_id());
        run(&client, &["fail"], &id).await.unwrap();
        until(&client, &id, "FAILED").await;
        let failures = client.exceptions(&id).await.unwrap();
        assert_eq!(failures[0].message, "the number is five");
        assert!(failures[0].task.as_ref().unwrap().contains("Add one"));
        let result = client.execution_result(&id).await.unwrap().unwrap();
        assert_eq!(result.status, "FAILED");
        assert_eq!(result.failure.unwrap().message, "the number is five");
    }
}

#[tokio::test]
async fn a_job_is_cancelled_and_cancelled_again() {
    for (version, _) in VERSIONS {
        let (client, id) = (client(version), fresh_id());
        run(&client, &["endless"], &id).await.unwrap();
        until(&client, &id, "RUNNING").await;
        assert_eq!(client.execution_result(&id).await.unwrap(), None);
        // Flink gathers its figures now and then.
        while client.restarts(&id).await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(client.restarts(&id).await.unwrap(), Some(0));
        // Two at once.
        let (one, other) = tokio::join!(client.cancel(&id), client.cancel(&id));
        assert_eq!((one.unwrap(), other.unwrap()), (Cancellation::Accepted, Cancellation::Accepted));
        until(&client, &id, "CANCELED").await;
        assert_eq!(client.cancel(&id).await.unwrap(), Cancellation::Accepted);
        let unknown = client.cancel(&fresh_id()).await.unwrap_err();
        assert!(unknown.is_gone() && !unknown.is_temporary(), "{unknown}");
    }
}

#[tokio::test]
async fn a_job_is_drained_with_a_savepoint() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    for (version, _) in VERSIONS {
        let (client, id) = (client(version), fresh_id());
        run(&client, &["endless"], &id).await.unwrap();
        until(&client, &id, "RUNNING").await;
        let nowhere = client.stop(&id, true, None).await.unwrap_err();
        let hint = nowhere.hint();
        assert!(hint.as_ref().unwrap().contains("savepointDirectory"), "{nowhere} {hint:?}");

        // A task that has not begun yet cannot be drained.
        let location = loop {
            let request = client.stop(&id, true, Some(place)).await.unwrap();
            match savepoint(&client, &id, &request).await {
                SavepointStatus::Completed { location } => break location,
                SavepointStatus::Failed { gone: false, .. } => {}
                status => panic!("{status:?}"),
            }
        };
        assert!(location.contains(place), "{location}");
        until(&client, &id, "FINISHED").await;
        assert_eq!(job_state("FINISHED", true), Some(JobState::Drained));
    }
}
