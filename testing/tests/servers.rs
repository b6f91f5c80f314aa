//! Every server starts, has its bucket, listens on this machine only, and ends with whoever started it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tmpl_testing::{Credentials, Fault, Proxy, Store, StoreServer, http, shared};

fn get(server: &StoreServer, target: &str) -> http::Answer {
    http::send(server.endpoint(), "GET", target, &[], &[]).unwrap()
}

/// What a client in Python says of a server.
fn client(script: &str, server: &StoreServer, endpoint: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join("../.tools/stores-venv/bin/python"))
        .arg(root.join("tests/clients").join(script))
        .arg(endpoint)
        .envs(server.variables())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {errors}\n{}", server.store(), server.log());
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn s3_servers_keep_to_conditions_but_for_s3rver() {
    let kept = "200 412 first ['a folder/object']";
    for (store, expected) in [
        (Store::Moto, kept),
        (Store::Minio, kept),
        (Store::S3sFs, kept),
        (Store::S3rver, "200 200 second ['a folder/object']"),
    ] {
        let server = StoreServer::start(store);
        assert_eq!(client("s3.py", &server, server.endpoint()), expected, "{store:?}");
    }
}

#[test]
fn a_create_that_arrives_twice_finds_its_own_object() {
    let server = StoreServer::minio();
    let proxy = Proxy::start(server.endpoint());
    proxy.fault_once("PUT", "/tests/a%20folder/object", Fault::RepeatedRequest);
    assert_eq!(client("s3.py", &server, proxy.endpoint()), "412 412 first ['a folder/object']");
    assert_eq!(proxy.injected()[&Fault::RepeatedRequest], 1);
}

#[test]
fn azurite_keeps_to_conditions() {
    let server = StoreServer::azurite();
    let proxy = Proxy::start(server.endpoint());
    assert_eq!(client("azure.py", &server, proxy.endpoint()), "201 409 first");
    let url = format!("az://tests/prefix?endpoint={}/devstoreaccount1", server.endpoint());
    assert_eq!(server.url("prefix"), url);
}

#[test]
fn fake_gcs_keeps_to_conditions() {
    let server = StoreServer::fake_gcs();
    assert_eq!(get(&server, "/storage/v1/b/tests").status, 200);
    let upload = "/upload/storage/v1/b/tests/o?uploadType=media&name=object&ifGenerationMatch=0";
    let create = |body: &[u8]| http::send(server.endpoint(), "POST", upload, &[], body).unwrap();
    assert_eq!([create(b"first").status, create(b"second").status], [200, 412]);
    assert_eq!(get(&server, "/storage/v1/b/tests/o/object?alt=media").text(), "first");
    assert_eq!(server.variables(), []);
    assert_eq!(server.url("prefix"), format!("gs://tests/prefix?endpoint={}", server.endpoint()));
}

#[test]
fn minio_and_s3s_fs_refuse_strangers() {
    for store in [Store::Minio, Store::S3sFs] {
        let server = StoreServer::start(store);
        let answer = get(&server, "/tests?list-type=2");
        assert_eq!(answer.status, 403, "{store:?}: {}", answer.text());
        assert!(answer.text().contains("<Code>AccessDenied</Code>"), "{store:?}: {}", answer.text());
    }
}

#[test]
fn minio_has_users_who_may_do_less() {
    let server = StoreServer::minio();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file.as_file(), b"some text").unwrap();
    let file = file.path().to_str().unwrap();
    server.mc(&["admin", "user", "add", "server", "reader", "reader-secret"]);
    server.mc(&["admin", "policy", "attach", "server", "readonly", "--user", "reader"]);
    server.mc(&["cp", file, "server/tests/folder/object"]);
    let reader = Credentials { key: "reader", secret: "reader-secret" };
    let read = server.try_mc_by(server.endpoint(), reader, &["cat", "server/tests/folder/object"]);
    assert_eq!(read.unwrap(), "some text");
    let write = server.try_mc_by(server.endpoint(), reader, &["cp", file, "server/tests/other"]);
    assert!(write.unwrap_err().contains("Insufficient permissions"));
}

#[test]
fn requests_to_minio_keep_their_signatures_on_the_way_through_a_proxy() {
    let server = StoreServer::minio();
    let proxy = Proxy::start(server.endpoint());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("big");
    let bytes: Vec<u8> =
        (0..20_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs_err::write(&file, &bytes).unwrap();
    let copy = folder.path().join("copy");
    let credentials = server.credentials().unwrap();
    let mc = |arguments: &[&str]| server.try_mc_by(proxy.endpoint(), credentials, arguments).unwrap();
    mc(&["put", "--part-size", "8MiB", file.to_str().unwrap(), "server/tests/big"]);
    mc(&["get", "server/tests/big", copy.to_str().unwrap()]);
    assert!(fs_err::read(&copy).unwrap() == bytes, "the object is the same after both ways");
    let requests = proxy.requests();
    let parts = requests.iter().filter(|request| request.query.contains("partNumber=")).count();
    assert_eq!(parts, 3, "{requests:?}");
    let uploaded = proxy.request_bytes();
    assert!((20_000_000..21_000_000).contains(&uploaded), "{uploaded}");
    assert_eq!(requests.iter().map(|request| request.response_bytes).max(), Some(20_000_000));
}

#[test]
fn a_shared_server_is_one_and_gives_each_caller_a_place() {
    let (first, second) = (shared(Store::Moto), shared(Store::Moto));
    assert_eq!(first.server.pid(), second.server.pid());
    assert_ne!(first.prefix, second.prefix);
    let url = first.url();
    assert!(url.starts_with("s3://tests/") && url.contains(&first.prefix), "{url}");
    assert!(url.ends_with("&region=us-east-1&path_style=true"), "{url}");
}

#[test]
fn a_server_that_is_dropped_is_gone_with_its_data() {
    let server = StoreServer::moto();
    let (pid, endpoint) = (server.pid(), server.endpoint().to_owned());
    let process = format!("/proc/{pid}");
    assert!(Path::new(&process).exists());
    drop(server);
    assert!(!Path::new(&process).exists());
    assert!(http::send(&endpoint, "GET", "/", &[], &[]).is_err());
}

#[test]
fn a_server_ends_with_its_supervisor() {
    let server = StoreServer::moto();
    let process = Path::new("/proc").join(server.pid().to_string());
    let status = fs_err::read_to_string(process.join("stat")).unwrap();
    let parent = status.rsplit_once(") ").unwrap().1.split(' ').nth(1).unwrap();
    assert!(Command::new("kill").args(["-9", parent]).status().unwrap().success());
    wait_for_the_end(&process);
}

fn wait_for_the_end(process: &Path) {
    let begun = Instant::now();
    while process.exists() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the server goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts this test binary again, to run one test there that waits to be killed.
#[test]
fn servers_end_with_a_process_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("pid");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "started_to_be_killed"])
        .env("TMPL_TESTING_NOTE", &note)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let pid = loop {
        match fs_err::read_to_string(&note) {
            Ok(pid) if !pid.is_empty() => break pid,
            _ => assert!(begun.elapsed() < Duration::from_mins(1), "no server is started"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(Path::new("/proc").join(&pid).exists());
    child.kill().unwrap();
    child.wait().unwrap();
    wait_for_the_end(&Path::new("/proc").join(&pid));
}

/// Started by the test above. A shared server is never dropped.
#[test]
#[ignore = "it waits to be killed by another test"]
fn started_to_be_killed() {
    let Some(note) = std::env::var_os("TMPL_TESTING_NOTE") else { return };
    // The thread that started it ends, and that is no reason for the server to end.
    let place = std::thread::spawn(|| shared(Store::Moto)).join().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(get(place.server, "/tests").status, 200);
    fs_err::write(note, place.server.pid().to_string()).unwrap();
    std::thread::sleep(Duration::from_mins(1));
}
