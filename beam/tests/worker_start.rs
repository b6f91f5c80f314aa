//! A worker on its way to its process: what a runner says, and what it hands over.

#![expect(clippy::disallowed_methods, reason = "a test that can't go on fails")]

#[path = "support/runner.rs"]
mod runner;

use std::path::Path;
use std::time::Duration;

use prost::Message;
use runner::{Runner, staged};
use tmpl_beam::messages::{ArtifactFilePayload, ArtifactInformation, EmbeddedFilePayload, ProvisionInfo};
use tmpl_beam::worker::{Provisioned, StagedFile, WorkerError, WorkerStart, fetch_artifacts, provision};

const PATIENCE: Duration = Duration::from_millis(500);

fn start(runner: &Runner) -> WorkerStart {
    WorkerStart {
        id: "1-1".to_owned(),
        provision_endpoint: runner.address.to_string(),
        ..WorkerStart::default()
    }
}

async fn fetched(provisioned: &Provisioned, folder: &Path) -> Result<Vec<StagedFile>, WorkerError> {
    fetch_artifacts(provisioned, folder, &|_| false, PATIENCE).await
}

#[tokio::test]
async fn a_worker_is_told_its_endpoints_and_given_its_artifacts() {
    let files: [(&str, &[u8], usize); 3] = [
        ("pickled_main_session", b"a session", 0),
        ("lib/a.jar", b"a jar that is cut off once", 1),
        ("empty", b"", 0),
    ];
    let runner = Runner::start(ProvisionInfo::default(), &files);
    let provisioned = provision(&start(&runner), PATIENCE).await.unwrap();
    assert_eq!(provisioned.start.logging_endpoint, "localhost:1");
    assert_eq!(provisioned.start.control_endpoint, "localhost:2");
    let folder = tempfile::tempdir().unwrap();
    let staged = fetched(&provisioned, folder.path()).await.unwrap();
    assert_eq!(
        staged.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
        files.map(|(name, _, _)| name)
    );
    for (name, bytes, _) in files {
        assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), bytes, "{name}");
    }
    let mut asked = runner.asked();
    asked.sort();
    let expected = [
        "1-1: empty",
        "1-1: lib/a.jar",
        "1-1: lib/a.jar",
        "1-1: pickled_main_session",
        "1-1: provision",
        "1-1: resolve",
    ];
    assert_eq!(asked, expected);
    // A container that starts again finds its folder as it left it.
    assert_eq!(fetched(&provisioned, folder.path()).await.unwrap(), staged);
}

#[tokio::test]
async fn what_a_runner_says_counts_before_what_the_worker_was_started_with() {
    let runner = Runner::start(ProvisionInfo::default(), &[]);
    let given = WorkerStart { control_endpoint: "elsewhere:1".to_owned(), ..start(&runner) };
    assert_eq!(provision(&given, PATIENCE).await.unwrap().start.control_endpoint, "localhost:2");
}

#[tokio::test]
async fn bytes_within_the_message_are_taken_from_there() {
    let mut embedded = staged("session", b"");
    embedded.type_urn = ArtifactInformation::EMBEDDED.to_owned();
    embedded.type_payload = EmbeddedFilePayload { data: "inside".into() }.encode_to_vec().into();
    let runner = Runner::start(ProvisionInfo { dependencies: vec![embedded], ..<_>::default() }, &[]);
    let provisioned = provision(&start(&runner), PATIENCE).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    fetched(&provisioned, folder.path()).await.unwrap();
    assert_eq!(std::fs::read(folder.path().join("session")).unwrap(), b"inside");
}

#[tokio::test]
async fn artifacts_that_are_wrong_are_refused_by_name() {
    let mut damaged = staged("a", b"as it was");
    damaged.type_payload =
        ArtifactFilePayload { path: "a".to_owned(), sha256: "00ff".to_owned() }.encode_to_vec().into();
    let escaping = staged("../a", b"");
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("staged");
    for (artifacts, told) in [
        (vec![damaged], "the artifact `a` is damaged: its SHA-256 is "),
        (vec![escaping], "the artifact `../a` can't be staged: it would lie outside its folder"),
        (vec![staged("a", b"as it was"), staged("a", b"another")], "two artifacts have this name"),
    ] {
        let runner = Runner::start(ProvisionInfo::default(), &[("a", b"as it was", 0)]);
        let mut provisioned = provision(&start(&runner), PATIENCE).await.unwrap();
        provisioned.info.dependencies = artifacts;
        let error = fetched(&provisioned, &inside).await.unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    assert!(!folder.path().join("a").exists());
}

#[tokio::test]
async fn a_transfer_that_is_always_cut_off_is_given_up() {
    let runner = Runner::start(ProvisionInfo::default(), &[("a", b"0123456789", 9)]);
    let provisioned = provision(&start(&runner), PATIENCE).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = fetched(&provisioned, folder.path()).await.unwrap_err();
    assert!(matches!(&error, WorkerError::Refused { message, .. } if message == "cut off"), "{error}");
}

#[tokio::test]
async fn a_runner_that_is_not_there_is_named() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (endpoint, told) in [
        (free.to_string(), format!("the runner's provision endpoint at {free} did not answer within 500ms")),
        ("not an address".to_owned(), "`not an address` is no endpoint".to_owned()),
    ] {
        let start =
            WorkerStart { id: "w".to_owned(), provision_endpoint: endpoint, ..WorkerStart::default() };
        assert_eq!(provision(&start, PATIENCE).await.unwrap_err().to_string(), told);
    }
}
