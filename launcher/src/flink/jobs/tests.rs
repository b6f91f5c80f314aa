//! Answers of real clusters of Flink, read.

use super::*;

#[test]
fn jobs_of_both_versions_are_read() {
    for text in [include_str!("../testdata/job-1.19.json"), include_str!("../testdata/job-2.2.json")] {
        let job: FlinkJob = serde_json::from_str(text).unwrap();
        assert_eq!((job.name.as_str(), job.state.as_str()), ("native slow", "RUNNING"));
        assert!(job.timestamps["RUNNING"] > 0 && job.timestamps["FINISHED"] == 0);
        assert_eq!(job.vertices[0].name, "Source: Sequence Source -> Add one -> Sink: Print to Std. Out");
        assert_eq!((job.vertices[0].status.as_str(), job.vertices[0].parallelism), ("RUNNING", 1));
    }
    let beam: FlinkJob = serde_json::from_str(include_str!("../testdata/job-beam-1.19.json")).unwrap();
    assert_eq!(beam.vertices[0].metrics, VertexMetrics { read_records: 0, write_records: 1 });
    let tomorrow: FlinkJob = serde_json::from_str(
        r#"{"name":"x","state":"NEW","vertices":[{"name":"y","metrics":{"read-records":"NaN","more":1}}]}"#,
    )
    .unwrap();
    assert_eq!(tomorrow.vertices[0].metrics.read_records, 0);
}

#[test]
fn ends_are_told_with_their_cause() {
    let result = |text: &str| {
        let result = serde_json::from_str::<ResultAnswer>(text).unwrap().result?;
        Some((result.status, result.failure.and_then(|failure| first_cause(&failure.trace))))
    };
    for text in [
        include_str!("../testdata/result-failed-1.19.json"),
        include_str!("../testdata/result-failed-2.2.json"),
    ] {
        assert_eq!(result(text), Some(("FAILED".to_owned(), Some("the number is five".to_owned()))));
    }
    assert_eq!(
        result(include_str!("../testdata/result-beam-1.19.json")),
        Some(("SUCCEEDED".to_owned(), None))
    );
    assert_eq!(result(r#"{"status":{"id":"IN_PROGRESS"}}"#), None);
}

#[test]
fn a_savepoint_is_on_its_way_written_or_impossible() {
    let status = |text: &str| serde_json::from_str::<SavepointAnswer>(text).unwrap().status();
    let failed = |message: &str, gone| SavepointStatus::Failed { message: message.to_owned(), gone };
    assert_eq!(status(r#"{"status":{"id":"IN_PROGRESS"},"operation":null}"#), SavepointStatus::InProgress);
    assert_eq!(
        status(r#"{"status":{"id":"COMPLETED"},"operation":{"location":"file:/sp/savepoint-0"}}"#),
        SavepointStatus::Completed { location: "file:/sp/savepoint-0".to_owned() }
    );
    assert_eq!(
        status(include_str!("../testdata/savepoint-batch-1.19.json")),
        failed("Job 00000000000000000000000000000dd2 is not a streaming job.", false)
    );
    let gone = r#"{"status":{"id":"COMPLETED"},"operation":{"failure-cause":{"class":"x","stack-trace":"x.CompletionException: y.FlinkJobNotFoundException: Could not find Flink job (2)\n\tat x\nCaused by: y.FlinkJobNotFoundException: Could not find Flink job (2)\n"}}}"#;
    assert_eq!(status(gone), failed("FlinkJobNotFoundException: Could not find Flink job (2)", true));
}
