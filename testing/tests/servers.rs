//! Every server starts, has its bucket, listens on this machine only, and ends with whoever started it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tmpl_testing::{Credentials, Proxy, Store, StoreServer, http, shared};

fn get(server: &StoreServer, target: &str) -> http::Answer {
    http::send(server.endpoint(), "GET", target, &[], &[]).unwrap()
}

#[test]
fn moto_and_s3rver_let_everybody_list_their_bucket() {
    for store in [Store::Moto, Store::S3rver] {
        let server = StoreServer::start(store);
        let answer = get(&server, "/tests?list-type=2");
        assert_eq!(answer.status, 200, "{store:?}: {}", answer.text());
        assert!(answer.text().contains("<Name>tests</Name>"), "{store:?}: {}", answer.text());
    }
}

#[test]
fn moto_keeps_to_conditions_and_s3rver_does_not() {
    // moto lets nobody without a name write over an object, and believes every signature; s3rver does the opposite.
    let name = "AWS4-HMAC-SHA256 Credential=moto/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    let create = ("if-none-match", "*");
    for (store, headers, second) in
        [(Store::Moto, &[create, ("authorization", name)][..], 412), (Store::S3rver, &[create], 200)]
    {
        let server = StoreServer::start(store);
        let put = |body: &[u8]| http::send(server.endpoint(), "PUT", "/tests/one", headers, body).unwrap();
        assert_eq!(put(b"first").status, 200, "{store:?}");
        assert_eq!(put(b"second").status, second, "{store:?}");
    }
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
fn fake_gcs_has_a_bucket() {
    let server = StoreServer::fake_gcs();
    let answer = get(&server, "/storage/v1/b/tests");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(server.variables(), []);
    assert_eq!(server.url("prefix"), format!("gs://tests/prefix?endpoint={}", server.endpoint()));
}

#[test]
fn azurite_has_a_container() {
    let server = StoreServer::azurite();
    let again = "/devstoreaccount1/tests?restype=container";
    // Who has no signature is refused; that the container is there is said by the server's log.
    assert_eq!(http::send(server.endpoint(), "PUT", again, &[], &[]).unwrap().status, 403);
    assert!(server.log().contains("restype=container"), "{}", server.log());
    let url = format!("az://tests/prefix?endpoint={}/devstoreaccount1", server.endpoint());
    assert_eq!(server.url("prefix"), url);
    assert_eq!(
        server.variables()[0],
        ("AZURE_STORAGE_ACCOUNT_NAME".to_owned(), "devstoreaccount1".to_owned())
    );
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
    let begun = Instant::now();
    while Path::new("/proc").join(&pid).exists() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the server goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
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
