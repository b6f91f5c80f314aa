//! What is not Flink.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tmpl_launcher::flink::{FlinkClient, FlinkError};
use tmpl_testing::{Engine, SharedEngine};

use crate::support::tool;

async fn overview(endpoint: &str) -> FlinkError {
    FlinkClient::new(endpoint, None).unwrap().overview().await.unwrap_err()
}

#[tokio::test]
async fn a_web_server_is_named() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir_all(folder.path().join("v1")).unwrap();
    fs_err::write(folder.path().join("v1/overview"), "hello").unwrap();
    let mut server = Command::new(tool("beam-venv/bin/python"))
        .args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string(), "--directory"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let endpoint = format!("http://127.0.0.1:{port}");
    let begun = Instant::now();
    let error = loop {
        match overview(&endpoint).await {
            FlinkError::Unreachable { .. } if begun.elapsed() < Duration::from_secs(30) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            error => break error,
        }
    };
    let said = error.to_string();
    let begins = format!("what answers at {endpoint} is not Flink: SimpleHTTP/");
    assert!(said.starts_with(&begins) && said.contains("status 200 OK"), "{said}");
    assert!(said.contains("(hello)") && !error.is_temporary(), "{said}");
    let missing = FlinkClient::new(&endpoint, None).unwrap().config().await.unwrap_err();
    assert!(matches!(&missing, FlinkError::NotFlink { found, .. } if found.contains("404")), "{missing}");
    server.kill().unwrap();
    server.wait().unwrap();
}

#[tokio::test]
async fn a_job_service_of_beams_is_not_flink() {
    let prism = Engine::shared(SharedEngine::Prism);
    let error = overview(&format!("http://{}", prism.endpoint())).await;
    assert!(matches!(&error, FlinkError::NotFlink { found, .. } if found.contains("gRPC")), "{error}");
    assert!(error.hint().unwrap().contains("port 8081"), "{:?}", error.hint());
}

#[tokio::test]
async fn nobody_is_told_from_somebody_who_says_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let waiting = tokio::time::timeout(Duration::from_mins(1), overview(&endpoint)).await.unwrap();
    let line = format!("Flink at {endpoint} did not tell what it has within 30 s");
    assert_eq!(waiting.to_string(), line);
    assert!(waiting.is_temporary());
    drop(silent);
    let nobody = overview(&endpoint).await;
    assert_eq!(nobody.to_string(), format!("Flink at {endpoint} can't be reached: nobody listens there"));
    let nowhere = overview("http://there-is-no-such-host.invalid:8081").await;
    assert!(matches!(&nowhere, FlinkError::Unreachable { .. }) && nowhere.is_temporary(), "{nowhere}");
    assert!(nowhere.to_string().ends_with("there is no such host"), "{nowhere}");
}
