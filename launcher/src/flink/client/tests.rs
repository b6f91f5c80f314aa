//! The client against a server that answers as Flink does.

use super::*;

#[test]
fn an_endpoint_is_an_http_address_of_a_host() {
    for (endpoint, base) in [
        ("http://h:8081", "http://h:8081"),
        ("http://h:8081/", "http://h:8081"),
        ("https://h/flink/prod/", "https://h/flink/prod"),
        ("http://[::1]:8081/v1", "http://[::1]:8081"),
    ] {
        assert_eq!(FlinkClient::new(endpoint, None).unwrap().endpoint(), base);
    }
    for endpoint in ["", "h:8081", "localhost:8081", "ftp://h", "unix:///x"] {
        let error = FlinkClient::new(endpoint, None).unwrap_err();
        assert!(matches!(&error, FlinkError::Endpoint { .. }), "{error}");
    }
}

#[test]
fn a_token_is_not_shown() {
    let client = FlinkClient::new("http://h", Some("hunter2".to_owned())).unwrap();
    assert!(!format!("{client:?}").contains("hunter2"));
}

#[test]
fn answers_that_say_no_are_told_apart() {
    let client = FlinkClient::new("http://h:8081", None).unwrap();
    let job: FlinkJobId = "0".repeat(32).parse().unwrap();
    let said = |status: u16, kind: &str, body: &str| {
        let answer = Answer::new(status, "nginx", kind, None);
        client.refusal("do it", Some(&job), 7, &answer, body.as_bytes()).to_string()
    };
    let json = |text: &str| serde_json::json!({ "errors": [text] }).to_string();
    let duplicate = json(
        "x.RestHandlerException: no\n\tat y\nCaused by: x.DuplicateJobSubmissionException: Job has already been submitted.\n",
    );
    let leader = "Service temporarily unavailable due to an ongoing leader election.";
    let not_there = "Unable to load requested file /v1/x.";
    for (status, body, line) in [
        (404, json("x.NotFoundException: Job 0 not found\n\tat x"), format!("Flink knows no job {job}")),
        (404, json(not_there), format!("Flink could not do it: {not_there}")),
        (400, duplicate, format!("Flink has accepted job {job} before")),
        (
            400,
            json("x.RestHandlerException: No jobs included\n\tat x"),
            "Flink could not do it: No jobs included".to_owned(),
        ),
        (413, String::new(), "7 bytes are too many for what was to do it".to_owned()),
        (401, "<html>".to_owned(), "http://h:8081 does not let us in: status 401".to_owned()),
        (503, json(leader), format!("Flink at http://h:8081 is not ready: {leader}")),
        (
            502,
            "<html><title>Bad</title>".to_owned(),
            "Flink at http://h:8081 is not ready: nginx, status 502 Bad Gateway, text/html (Bad)".to_owned(),
        ),
        (
            404,
            "nope".to_owned(),
            "what answers at http://h:8081 is not Flink: nginx, status 404 Not Found, text/html (nope)"
                .to_owned(),
        ),
    ] {
        assert_eq!(said(status, "text/html", &body), line);
    }
}

#[test]
fn real_refusals_are_told_in_one_line() {
    let client = FlinkClient::new("http://h:8081", None).unwrap();
    let job: FlinkJobId = "0".repeat(32).parse().unwrap();
    for (body, line) in [
        (include_str!("../testdata/run-throw-1.19.json"), "the deepest reason"),
        (include_str!("../testdata/run-throw-2.2.json"), "the deepest reason"),
        (
            include_str!("../testdata/run-exit-1.19.json"),
            "UserSystemExitException: Flink user code attempted to exit JVM.",
        ),
        (
            include_str!("../testdata/run-exit-2.2.json"),
            "UserSystemExitException: Flink user code attempted to exit JVM.",
        ),
        (include_str!("../testdata/run-none-1.19.json"), "No jobs included in application."),
        (include_str!("../testdata/run-none-2.2.json"), "No jobs included in application."),
    ] {
        let answer = Answer::new(400, "", "application/json", None);
        let error = client.refusal("run a job", Some(&job), 0, &answer, body.as_bytes());
        assert_eq!(error.to_string(), format!("Flink could not run a job: {line}"));
    }
    let answer = Answer::new(400, "", "application/json", None);
    let body = include_bytes!("../testdata/run-duplicate-1.19.json");
    let error = client.refusal("run a job", Some(&job), 0, &answer, body);
    assert!(matches!(error, FlinkError::Duplicate { .. }), "{error}");
}
