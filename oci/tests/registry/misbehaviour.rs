//! Registries that refuse, lie, break and keep silent: each ends in one clear error, or is worked around.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use oci_spec::image::MediaType;
use tmpl_oci::registry::{PushOutcome, Registry, RegistryError, RegistryErrorKind, RegistryOptions};

use super::support::blob::{
    blob, client, descriptor, digest, image, impatient, no_progress, noise, options, reference,
};
use super::support::scripted::{Reply, Scripted, answer};

/// A client that waits a second for an answer, and sends blobs of more than 1000 bytes in parts if it is told to.
fn quick(chunk_threshold: Option<u64>) -> Registry {
    let idle_timeout = Duration::from_secs(1);
    Registry::new(RegistryOptions { chunk_threshold, chunk_size: 1000, idle_timeout, ..options() }).unwrap()
}

/// A registry with one upload. What it keeps is what it was sent, as far as `patch` lets it.
struct Uploads {
    kept: Mutex<Vec<u8>>,
    finished: Mutex<Option<Vec<u8>>>,
}

/// What is done with a request that has bytes: the number of such requests before it decides.
type Rule = fn(usize, &str) -> Option<Reply>;

fn uploads(rule: Rule, limits: &'static [(&'static str, &'static str)]) -> Scripted {
    let state = Uploads { kept: Mutex::default(), finished: Mutex::default() };
    let sent = AtomicUsize::new(0);
    Scripted::start(move |_, request| {
        let location = "/v2/app/blobs/uploads/1?_state=s1gned";
        let mut kept = state.kept.lock().unwrap();
        let range = |kept: &[u8]| format!("0-{}", kept.len().saturating_sub(1));
        if matches!(request.method.as_str(), "PATCH" | "PUT")
            && let Some(reply) = rule(sent.fetch_add(1, Ordering::SeqCst), &request.method)
        {
            return reply;
        }
        match request.method.as_str() {
            "HEAD" => answer(if state.finished.lock().unwrap().is_some() { 200 } else { 404 }),
            "POST" => {
                kept.clear();
                let mut reply = answer(202).header("Location", location);
                for (name, value) in limits {
                    reply = reply.header(name, *value);
                }
                reply
            }
            "GET" => answer(204).header("Location", location).header("Range", range(&kept)),
            "PATCH" => {
                let start = request.header("content-range").unwrap().split_once('-').unwrap().0.to_owned();
                if start != kept.len().to_string() {
                    return answer(416);
                }
                kept.extend_from_slice(&request.body);
                answer(202).header("Location", location).header("Range", range(&kept))
            }
            "PUT" => {
                kept.extend_from_slice(&request.body);
                let digest = digest(&kept).to_string().replace(':', "%3A");
                if !request.path.contains(&digest) {
                    return answer(400)
                        .body(r#"{"errors":[{"code":"DIGEST_INVALID","message":"digest did not match"}]}"#);
                }
                *state.finished.lock().unwrap() = Some(kept.clone());
                answer(201)
            }
            _ => answer(405),
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn registries_of_all_tempers_get_their_blob() {
    let bytes = noise(1, 3500);
    let whole = "POST PUT";
    for (name, rule, limits, chunks, methods) in [
        ("plain", (|_, _| None) as Rule, &[][..], false, whole),
        ("parts", |_, _| None, &[], true, "POST PATCH PATCH PATCH PATCH PUT"),
        ("no parts", |_, method| (method == "PATCH").then(|| answer(405)), &[], true, "POST PATCH POST PUT"),
        (
            "parts of 2000 at least",
            |_, _| None,
            &[("OCI-Chunk-Min-Length", "2000")],
            true,
            "POST PATCH PATCH PUT",
        ),
        (
            "parts of 700 at most",
            |_, _| None,
            &[("OCI-Chunk-Max-Length", "700")],
            true,
            "POST PATCH PATCH PATCH PATCH PATCH PUT",
        ),
        ("500 first", |number, _| (number == 0).then(|| answer(500)), &[], false, "POST PUT GET GET PUT"),
        (
            "429 first",
            |number, _| (number == 0).then(|| answer(429).header("Retry-After", "1")),
            &[],
            false,
            "POST PUT GET GET PUT",
        ),
        (
            "cut first",
            |number, _| (number == 0).then(|| Reply::Raw(Vec::new())),
            &[],
            false,
            "POST PUT GET GET PUT",
        ),
        (
            "garbage first",
            |number, _| (number == 0).then(|| Reply::Raw(b"garbage\r\n\r\n".to_vec())),
            &[],
            false,
            "POST PUT GET GET PUT",
        ),
        (
            "nothing first",
            |number, _| (number == 0).then_some(Reply::Nothing),
            &[],
            false,
            "POST PUT GET GET PUT",
        ),
        (
            "502 in the middle",
            |number, _| (number == 2).then(|| answer(502)),
            &[],
            true,
            "POST PATCH PATCH PATCH GET GET PATCH PATCH PUT",
        ),
        (
            "416 in the middle",
            |number, _| (number == 2).then(|| answer(416)),
            &[],
            true,
            "POST PATCH PATCH PATCH GET GET PATCH PATCH PUT",
        ),
    ] {
        let server = uploads(rule, limits);
        let registry = quick(chunks.then_some(1000));
        let image = reference(&server.address, "app");
        let pushed = registry.push_blob(&image, &blob(&bytes), no_progress()).await;
        let pushed = pushed.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(pushed.outcome, PushOutcome::Uploaded, "{name}");
        let requests = server.requests();
        let asked: Vec<_> = requests
            .iter()
            .map(|request| request.method.as_str())
            .filter(|method| *method != "HEAD")
            .collect();
        assert_eq!(asked.join(" "), methods, "{name}");
        assert!(
            requests
                .iter()
                .filter(|request| matches!(request.method.as_str(), "PUT" | "PATCH" | "GET"))
                .all(|request| request.path.contains("_state=s1gned")),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_takes_no_parts_is_remembered() {
    let server = uploads(|_, method| (method == "PATCH").then(|| answer(400)), &[]);
    let registry = quick(Some(1000));
    let image = reference(&server.address, "app");
    registry.push_blob(&image, &blob(&noise(1, 3500)), no_progress()).await.unwrap();
    let patches = || server.requests().iter().filter(|request| request.method == "PATCH").count();
    assert_eq!(patches(), 1);
    let other = reference(&server.address, "other");
    let _ = registry.push_blob(&other, &blob(&noise(2, 3500)), no_progress()).await;
    assert_eq!(patches(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_for_one_request_goes_in_parts() {
    let server = uploads(|number, _| (number == 0).then(|| answer(413)), &[]);
    let image = reference(&server.address, "app");
    client().push_blob(&image, &blob(&noise(1, 600_000)), no_progress()).await.unwrap();
    let requests = server.requests();
    let sent: Vec<_> = requests
        .iter()
        .filter(|request| matches!(request.method.as_str(), "PUT" | "PATCH"))
        .map(|request| format!("{} {}", request.method, request.body.len()))
        .collect();
    assert_eq!(sent, ["PUT 600000", "PATCH 262144", "PATCH 262144", "PATCH 75712", "PUT 0"]);
}

/// It takes parts and forgets them: that is no progress, however often it happens.
#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_never_finishes_ends_the_push() {
    for (status, kind) in [(500, RegistryErrorKind::Temporary), (400, RegistryErrorKind::Environment)] {
        let server = Scripted::start(move |_, request| match request.method.as_str() {
            "POST" | "PATCH" => answer(202).header("Location", "/v2/app/blobs/uploads/1"),
            "PUT" => answer(status),
            _ => answer(404),
        });
        let options = RegistryOptions {
            chunk_threshold: Some(1000),
            chunk_size: 1000,
            retry_budget: Duration::from_secs(1),
            ..options()
        };
        let image = reference(&server.address, "app");
        let push = Registry::new(options).unwrap();
        let error = push.push_blob(&image, &blob(&noise(1, 3500)), no_progress()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(&format!("answers {status}")), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_store_elsewhere_refuses_is_no_matter_of_credentials() {
    let store = Scripted::start(|_, _| answer(403).body("the signature?X-Signature=s1gned is old"));
    let location = format!("http://{}/blob?X-Signature=s1gned", store.address);
    let server = Scripted::start(move |_, _| answer(307).header("Location", location.clone()));
    let image = reference(&server.address, "app");
    let error = client().pull_blob(&image, &descriptor(b"x"), &mut Vec::new()).await.unwrap_err();
    assert!(error.to_string().ends_with("answers 403 Forbidden: the signature?… is old"), "{error}");
    assert!(!format!("{error:?}").contains("s1gned"));
}

/// The registry has the blob, but its answer is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_again() {
    let puts = AtomicUsize::new(0);
    let server = Scripted::start(move |_, request| match request.method.as_str() {
        "HEAD" => answer(if puts.load(Ordering::SeqCst) > 0 { 200 } else { 404 }),
        "POST" => answer(202).header("Location", "/v2/app/blobs/uploads/1"),
        _ => {
            puts.fetch_add(1, Ordering::SeqCst);
            Reply::Raw(Vec::new())
        }
    });
    let image = reference(&server.address, "app");
    let pushed = client().push_blob(&image, &blob(&noise(1, 3500)), no_progress()).await.unwrap();
    assert_eq!((pushed.outcome, pushed.bytes_sent), (PushOutcome::Uploaded, 3500));
    assert_eq!(server.lines().iter().filter(|line| line.starts_with("PUT")).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_says_when_to_come_back() {
    let server = Scripted::start(|number, _| match number {
        0 => answer(429).header("Retry-After", "1"),
        1 => answer(503),
        _ => answer(404),
    });
    let begun = Instant::now();
    let name = reference(&server.address, "app");
    assert_eq!(client().head_manifest(&name).await.unwrap(), None);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_answers_end_in_one_clear_error() {
    const HTML: &str = "<html><h1>It works!</h1></html>";
    let garbage = || Reply::Raw(b"\x00\x01garbage".to_vec());
    for (reply, kind, message) in [
        (
            (|| answer(400).body("bad ?sig=s1gned")) as fn() -> Reply,
            RegistryErrorKind::Environment,
            "answers 400 Bad Request: bad ?…",
        ),
        (|| answer(418), RegistryErrorKind::Environment, "answers 418 I'm a teapot"),
        (|| answer(301).header("Location", "ftp://x/"), RegistryErrorKind::Environment, ""),
        (
            || answer(429).header("Retry-After", "3600"),
            RegistryErrorKind::Temporary,
            "answers 429 Too Many Requests",
        ),
        (|| answer(500).body(HTML), RegistryErrorKind::Temporary, "answers 500 Internal Server Error"),
        (
            || answer(503).body(r#"{"errors":[{"code":"UNAVAILABLE","message":"later"}]}"#),
            RegistryErrorKind::Temporary,
            "answers 503 Service Unavailable: UNAVAILABLE (later)",
        ),
        (|| answer(200).body(HTML), RegistryErrorKind::Environment, "is wrong: it is no manifest"),
        (|| answer(200).body("{}"), RegistryErrorKind::Environment, "is wrong: it is no manifest"),
        (
            || answer(200).header("Docker-Content-Digest", "sha256:xyz").body("{}"),
            RegistryErrorKind::Environment,
            "is wrong: its `Docker-Content-Digest` is no digest",
        ),
        (
            || answer(200).body(vec![b' '; 5_000_000]),
            RegistryErrorKind::Environment,
            "is wrong: it has more than 4194304 bytes",
        ),
        (|| Reply::Raw(Vec::new()), RegistryErrorKind::Temporary, "broke"),
        (garbage, RegistryErrorKind::Temporary, "broke"),
        (
            || Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec()),
            RegistryErrorKind::Temporary,
            "broke",
        ),
        (|| Reply::Nothing, RegistryErrorKind::Temporary, "for 1 s"),
    ] {
        let server = Scripted::start(move |_, _| reply());
        let name = reference(&server.address, "app:v1");
        let error = impatient().manifest(&name).await.unwrap_err();
        assert!(error.to_string().ends_with(message), "{message}: {error}");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(&server.address), "{error}");
        assert!(!format!("{error:?}").contains("s1gned"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lies_about_digests_are_found_out() {
    let (manifest, _) = image(&[]);
    let (other, _) = image(&[noise(1, 10)]);
    let (promised, told) = (digest(&manifest).to_string(), digest(&other).to_string());
    let body = other.clone();
    let server = Scripted::start(move |_, request| {
        let reply = answer(200)
            .header("Content-Type", MediaType::ImageManifest.to_string())
            .header("Docker-Content-Digest", promised.clone());
        match request.line().as_str() {
            "PUT /v2/app/manifests/v1" => answer(201).header("Docker-Content-Digest", told.clone()),
            "GET /v2/app/manifests/v2" => {
                answer(200).header("Content-Type", MediaType::ImageIndex.to_string()).body(body.clone())
            }
            "HEAD /v2/app/manifests/v3" => reply.header("Content-Length", "700"),
            _ => reply.body(body.clone()),
        }
    });
    let by_tag = reference(&server.address, "app:v1");
    let by_digest = by_tag.with_digest(digest(&manifest));
    for name in [&by_tag, &by_digest] {
        let error = client().manifest(name).await.unwrap_err();
        let expected = format!(
            "{} sent something else than {}: its bytes have the digest {}",
            server.address,
            digest(&manifest),
            digest(&other)
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), RegistryErrorKind::Environment);
    }
    let error =
        client().put_manifest(&by_tag, &MediaType::ImageManifest, manifest.clone()).await.unwrap_err();
    assert!(
        error.to_string().ends_with(&format!("it gives {} another digest", digest(&manifest))),
        "{error}"
    );
    let error = client().manifest(&by_tag.with_tag("v2").unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("it calls `application/vnd.oci.image.index"), "{error}");
    // A wrong size is found out with the bytes.
    let head = client().head_manifest(&by_tag.with_tag("v3").unwrap()).await.unwrap().unwrap();
    assert_eq!(head.size(), 700);
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_that_are_not_what_they_should_be_are_not_kept() {
    let bytes = noise(1, 1000);
    let mut changed = bytes.to_vec();
    changed[500] ^= 1;
    let longer = [&bytes[..], b"x"].concat();
    for (content, problem) in [
        (changed, "its bytes have the digest sha256:"),
        (longer, "it is longer than 1000 bytes"),
        (bytes[..999].to_vec(), "it ends after 999 of 1000 bytes"),
        (Vec::new(), "it ends after 0 of 1000 bytes"),
    ] {
        let server = Scripted::start(move |_, _| answer(200).body(content.clone()));
        let image = reference(&server.address, "app");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blob");
        let error = client().pull_blob_to_file(&image, &descriptor(&bytes), &path).await.unwrap_err();
        assert!(
            matches!(&error, RegistryError::Corrupt { reason, .. } if reason.starts_with(problem)),
            "{error}"
        );
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 0);
    }
    let server = Scripted::start(|number, _| match number {
        0 => Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc".to_vec()),
        _ => answer(206).header("Content-Range", "bytes 7-999/1000").body(vec![0; 993]),
    });
    let image = reference(&server.address, "app");
    let error = client().pull_blob(&image, &descriptor(&bytes), &mut Vec::new()).await.unwrap_err();
    assert!(error.to_string().ends_with("it sends another range than was asked for"), "{error}");
    assert_eq!(server.requests()[1].header("range"), Some("bytes=3-"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_not_there_is_told_soon() {
    let begun = Instant::now();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = client().head_manifest(&reference(&free.to_string(), "app")).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot look for {free}/app: no connection to {free}"));
    assert_eq!(error.kind(), RegistryErrorKind::Temporary);
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_nowhere_unsafe() {
    for (location, problem) in [
        ("file:///etc/passwd", "its `Location` is no address of HTTP"),
        ("http://", "its `Location` is no address"),
    ] {
        let server = Scripted::start(move |_, request| match request.method.as_str() {
            "POST" => answer(202).header("Location", location),
            _ => answer(404),
        });
        let image = reference(&server.address, "app");
        let error =
            client().push_blob(&image, &blob(&Bytes::from_static(b"x")), no_progress()).await.unwrap_err();
        assert!(error.to_string().ends_with(problem), "{error}");
    }
}

/// An address that is on this machine, though it does not look so: what holds for registries elsewhere holds for it.
fn elsewhere(address: &str) -> String {
    address.replace("127.0.0.1", "[::ffff:127.0.0.1]")
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_spoken_elsewhere_only_when_it_is_allowed() {
    let server = Scripted::start(|_, _| answer(404));
    let registry = elsewhere(&server.address);
    let image = reference(&registry, "app");
    let begun = Instant::now();
    let error = client().head_manifest(&image).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(2), "what can't heal is not tried again");
    assert_eq!(error.to_string(), format!("cannot look for {image}: no connection to {registry}"));
    let hint = error.hint().unwrap();
    assert!(hint.contains(&format!("{registry} seems to speak plain HTTP")), "{hint}");
    assert_eq!(error.kind(), RegistryErrorKind::Environment);
    assert_eq!(server.requests().len(), 0);

    let allowed = RegistryOptions { plain_http: vec![registry], ..options() };
    assert_eq!(Registry::new(allowed).unwrap().head_manifest(&image).await.unwrap(), None);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told() {
    let bytes = noise(1, 1_000_000);
    let content = bytes.clone();
    let server = Scripted::start(move |_, _| answer(200).body(content.clone()));
    let full = tokio::fs::OpenOptions::new().write(true).open("/dev/full").await.unwrap();
    let image = reference(&server.address, "app");
    let error = client().pull_blob(&image, &descriptor(&bytes), full).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot write blob {}", digest(&bytes)));
    assert_eq!(error.kind(), RegistryErrorKind::Environment);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_new_costs_one_request() {
    let (manifest, _) = image(&[]);
    let (length, named) = (manifest.len().to_string(), digest(&manifest).to_string());
    let server = Scripted::start(move |_, _| {
        answer(200)
            .header("Content-Type", MediaType::ImageManifest.to_string())
            .header("Docker-Content-Digest", named.clone())
            .header("Content-Length", length.clone())
    });
    let found = client().head_target(&reference(&server.address, "app:v1")).await.unwrap().unwrap();
    assert_eq!(found.digest(), &digest(&manifest));
    assert_eq!(server.lines(), ["HEAD /v2/app/manifests/v1"]);
}
