//! Who asks: passwords, tokens, and what is told when they are not enough.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fs_err as fs;
use tmpl_oci::registry::{
    BlobToPush, CredentialSources, Registry, RegistryError, RegistryErrorKind, RegistryOptions,
};

use super::killed::push_program;
use super::support::blob::{blob, client, impatient, no_progress, noise, options, reference};
use super::support::scripted::{Request, Scripted, answer};
use super::support::server::{Kind, Server, Setting};

const PASSWORD: &str = "hunter22";
/// The password of `bob` as `htpasswd -B` writes it.
const HASH: &str = "bob:$2a$05$qEg6M6eplZ6Jh/0QFVsesOgrzRnlerEWeya68r26CcFl2Tc0V0xr.\n";

fn with_file(path: &Path) -> Registry {
    Registry::new(RegistryOptions { credentials: CredentialSources::file(path.to_owned()), ..options() })
        .unwrap()
}

fn credential_file(folder: &Path, entries: &str) -> PathBuf {
    let path = folder.join("config.json");
    fs::write(&path, format!(r#"{{"auths": {{{entries}}}}}"#)).unwrap();
    path
}

/// All that is told of an error.
fn told(error: &RegistryError) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    format!("{error} | {} | {source} | {error:?}", error.hint().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_opens_a_registry() {
    let folder = tempfile::tempdir().unwrap();
    let hashes = folder.path().join("htpasswd");
    fs::write(&hashes, HASH).unwrap();
    let auth = format!("auth:\n  htpasswd:\n    realm: tests\n    path: {}\n", hashes.display());
    for kind in [Kind::Debian, Kind::Distribution] {
        let server = Server::start_with(kind, &Setting { auth: Some(auth.clone()), ..Setting::default() });
        let image = reference(&server.address, "team/app:v1");
        let entry = |password: &str| {
            let auth = STANDARD.encode(format!("bob:{password}"));
            credential_file(folder.path(), &format!(r#""{}": {{"auth": "{auth}"}}"#, server.address))
        };
        let bytes = noise(1, 2_000_000);
        with_file(&entry(PASSWORD)).push_blob(&image, &blob(&bytes), no_progress()).await.unwrap();

        let path = entry("wr0ng-passw0rd");
        let error = with_file(&path).push_blob(&image, &blob(&bytes), no_progress()).await.unwrap_err();
        assert_eq!(error.kind(), RegistryErrorKind::Environment);
        assert!(matches!(error, RegistryError::Denied { .. }), "{error}");
        let hint = error.hint().unwrap();
        assert!(hint.contains(path.to_str().unwrap()), "{hint}");
        assert!(
            !told(&error).contains("passw0rd")
                && !told(&error).contains(&STANDARD.encode("bob:wr0ng-passw0rd"))
        );

        let error = client().head_manifest(&image).await.unwrap_err();
        let expected = format!("cannot look for {image}: {} denies it", server.address);
        assert_eq!(error.to_string(), expected);
        let hint = error.hint().unwrap();
        assert!(hint.contains(&format!("docker login {}", server.address)), "{hint}");
    }
}

/// A registry that wants tokens, and its token server, at one address. A token says what it is for and how old it is.
fn token_registry(expires_in: u64) -> Scripted {
    Scripted::start(move |number, request| {
        let query = query(request);
        if request.path.starts_with("/token") {
            let granted = match request.method.as_str() {
                "POST" => {
                    let form = form(&request.body);
                    if form.get("refresh_token").map(String::as_str) != Some("identity-t0ken") {
                        return answer(401)
                            .body(r#"{"errors":[{"code":"UNAUTHORIZED","message":"identity-t0ken?"}]}"#);
                    }
                    form["scope"].clone()
                }
                _ => query
                    .iter()
                    .filter(|(key, _)| key == "scope")
                    .map(|(_, value)| value.as_str())
                    .collect::<Vec<_>>()
                    .join(" "),
            };
            let token = STANDARD.encode(format!("{number} {granted}"));
            return answer(200).body(format!(r#"{{"token": "{token}", "expires_in": {expires_in}}}"#));
        }
        let Some(granted) = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "))
        else {
            let realm = format!("http://{}/token?account=x", request.header("host").unwrap());
            let challenge =
                format!(r#"Bearer realm="{realm}",service="the registry",scope="repository:x:pull""#);
            return answer(401).header("WWW-Authenticate", challenge);
        };
        let granted = String::from_utf8(STANDARD.decode(granted).unwrap()).unwrap();
        let needed = if request.method == "HEAD" { ":pull" } else { ":pull,push" };
        if !granted.contains(needed) {
            return answer(403).body(r#"{"errors":[{"code":"DENIED","message":"not for you"}]}"#);
        }
        match request.method.as_str() {
            "HEAD" => answer(404),
            "POST" if request.path.contains("mount=") => {
                answer(if granted.contains("repository:base:pull") { 201 } else { 500 })
            }
            "POST" => answer(202).header("Location", "/v2/team/app/blobs/uploads/1"),
            "PUT" => answer(201),
            _ => answer(405),
        }
    })
}

fn query(request: &Request) -> Vec<(String, String)> {
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn form(body: &[u8]) -> HashMap<String, String> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_fetched_once_for_what_it_is_needed_for() {
    let server = token_registry(300);
    let image = reference(&server.address, "team/app:v1");
    let registry = client();
    for seed in 0..3 {
        let bytes = noise(seed, 1000);
        registry.push_blob(&image, &blob(&bytes), no_progress()).await.unwrap();
    }
    let tokens: Vec<Request> =
        server.requests().into_iter().filter(|request| request.path.starts_with("/token")).collect();
    assert_eq!(tokens.len(), 1);
    let expected = [
        ("account", "x"),
        ("scope", "repository:team/app:pull,push"),
        ("service", "the registry"),
        ("client_id", "tmpl"),
    ];
    assert_eq!(query(&tokens[0]), expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert!(tokens[0].header("authorization").is_none());
    let refused = server
        .requests()
        .iter()
        .filter(|request| request.path.starts_with("/v2/") && request.header("authorization").is_none())
        .count();
    assert_eq!(refused, 1, "only the first request has to be challenged");

    // To mount, a second right is asked for.
    let mounted = BlobToPush { mount_from: Some(reference(&server.address, "base")), ..blob(&noise(9, 10)) };
    registry.push_blob(&image, &mounted, no_progress()).await.unwrap();
    let last = server.requests().into_iter().rfind(|request| request.path.starts_with("/token")).unwrap();
    let scopes: Vec<_> =
        query(&last).into_iter().filter(|(key, _)| key == "scope").map(|(_, scope)| scope).collect();
    assert_eq!(scopes, ["repository:team/app:pull,push", "repository:base:pull"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_token_is_replaced() {
    // It lives no time at all: each request gets its own.
    let server = token_registry(0);
    let image = reference(&server.address, "team/app:v1");
    client().push_blob(&image, &blob(&noise(1, 1000)), no_progress()).await.unwrap();
    let tokens = server.lines().iter().filter(|line| *line == "GET /token").count();
    assert_eq!(tokens, 3, "{:?}", server.lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_changed_for_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let server = token_registry(300);
    let image = reference(&server.address, "team/app:v1");

    let basic = STANDARD.encode(format!("bob:{PASSWORD}"));
    let path = credential_file(folder.path(), &format!(r#""{}": {{"auth": "{basic}"}}"#, server.address));
    with_file(&path).head_target(&image).await.unwrap();
    let asked = server.requests().into_iter().find(|request| request.line() == "GET /token").unwrap();
    assert_eq!(asked.header("authorization"), Some(format!("Basic {basic}").as_str()));

    let identity = |token: &str| {
        credential_file(folder.path(), &format!(r#""{}": {{"identitytoken": "{token}"}}"#, server.address))
    };
    with_file(&identity("identity-t0ken")).head_target(&image).await.unwrap();
    let asked = server.requests().into_iter().find(|request| request.line() == "POST /token").unwrap();
    let form = form(&asked.body);
    assert_eq!(form["grant_type"], "refresh_token");
    assert_eq!(form["scope"], "repository:team/app:pull,push");

    let error = with_file(&identity("wr0ng-t0ken")).head_target(&image).await.unwrap_err();
    assert!(matches!(error, RegistryError::Denied { .. }), "{error}");
    assert!(!told(&error).contains("wr0ng"), "{}", told(&error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_server_is_not_trusted_with_everything() {
    let token = |body: &'static str, status: u16| {
        Scripted::start(move |_, request| {
            if request.path.starts_with("/token") {
                return answer(status).body(body);
            }
            let realm = format!("http://{}/token", request.header("host").unwrap());
            answer(401).header("WWW-Authenticate", format!(r#"Bearer realm="{realm}""#))
        })
    };
    for (body, status, message) in [
        ("<html>", 200, "the answer of REGISTRY is wrong: what its token server sent is no JSON"),
        ("{}", 200, "the answer of REGISTRY is wrong: its token server sent no token"),
        (
            r#"{"token": "a\nb"}"#,
            200,
            "the answer of REGISTRY is wrong: its token server sent a token that is none",
        ),
        (r#"{"token": "good"}"#, 200, "REGISTRY denies it"),
        ("", 403, "REGISTRY denies it"),
        ("over", 503, "REGISTRY answers 503 Service Unavailable: over"),
    ] {
        let server = token(body, status);
        let error = impatient().head_manifest(&reference(&server.address, "app")).await.unwrap_err();
        let message = message.replace("REGISTRY", &server.address);
        assert!(error.to_string().ends_with(&message), "{error}");
    }
    for realm in ["http://token.example.org/", "not an address", "ftp://x/"] {
        let challenge = format!(r#"Bearer realm="{realm}""#);
        let server = Scripted::start(move |_, _| answer(401).header("WWW-Authenticate", challenge.clone()));
        let error = client().head_manifest(&reference(&server.address, "app")).await.unwrap_err();
        assert!(matches!(error, RegistryError::Protocol { .. }), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_401_without_a_challenge_is_told() {
    for headers in [None, Some("Negotiate"), Some("Bearer service=without-realm")] {
        let server = Scripted::start(move |_, _| match headers {
            Some(challenge) => answer(401).header("WWW-Authenticate", challenge),
            None => answer(401),
        });
        let image = reference(&server.address, "app:v1");
        let error = client().head_manifest(&image).await.unwrap_err();
        let expected =
            format!("cannot look for {image}: {} answers 401 without saying how to log in", server.address);
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), RegistryErrorKind::Environment);
        assert_eq!(server.requests().len(), 1);
    }
}

/// The program of the example, so that the environment is one of its own.
fn pushed_with(folder: &Path, configuration: &str, helper: &str, image: &str) -> (bool, String) {
    fs::write(folder.join("config.json"), configuration).unwrap();
    // Written by another process: while this one starts programs, they may hold what it writes open, and a program that is
    // open for writing can't be started.
    fs::write(folder.join("helper"), format!("#!/bin/sh\n{helper}\n")).unwrap();
    let mut install = Command::new("install");
    install.args(["-m", "755", "helper", "docker-credential-tests"]).current_dir(folder);
    assert!(install.status().unwrap().success());
    let file = folder.join("blob");
    fs::write(&file, noise(1, 1000)).unwrap();
    let output = Command::new(push_program())
        .arg(image)
        .arg(file)
        .env("DOCKER_CONFIG", folder)
        .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
        .env_remove("REGISTRY_AUTH_FILE")
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_helper_is_asked_for_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let server = token_registry(300);
    let image = format!("{}/team/app", server.address);
    let print = format!(
        r#"cat > {}/asked; echo '{{"Username": "bob", "Secret": "{PASSWORD}"}}'"#,
        folder.path().display()
    );
    let store = r#"{"credsStore": "tests"}"#.to_owned();
    let named = format!(r#"{{"credHelpers": {{"{}": "tests"}}}}"#, server.address);
    let other = r#"{"credHelpers": {"other.io": "tests"}}"#.to_owned();
    let basic = format!("Basic {}", STANDARD.encode(format!("bob:{PASSWORD}")));
    for (configuration, helper, sent, error) in [
        (&store, print.as_str(), Some(basic.as_str()), None),
        (&named, print.as_str(), Some(basic.as_str()), None),
        (&other, print.as_str(), None, None),
        (&store, "echo credentials not found in native keychain; exit 1", None, None),
        (&store, "echo the vault is closed >&2; exit 1", None, Some("the vault is closed")),
        (&store, "echo no json with s3cret", None, Some("printed no JSON")),
    ] {
        let before = server.requests().len();
        let (succeeded, said) = pushed_with(folder.path(), configuration, helper, &image);
        assert_eq!(succeeded, error.is_none(), "{said}");
        assert!(said.contains(error.unwrap_or_default()) && !said.contains("s3cret"), "{said}");
        let requests = &server.requests()[before..];
        let token = requests.iter().find(|request| request.line() == "GET /token");
        assert_eq!(token.and_then(|request| request.header("authorization")), sent, "{helper}");
    }
    assert_eq!(fs::read_to_string(folder.path().join("asked")).unwrap(), server.address);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_goes_to_no_other_address() {
    let other = Scripted::start(|_, request| match request.method.as_str() {
        "PUT" => answer(201),
        "GET" => answer(200).body("hello"),
        _ => answer(404),
    });
    let elsewhere = other.address.clone();
    let server = Scripted::start(move |_, request| {
        if request.header("authorization").is_none() {
            return answer(401).header("WWW-Authenticate", "Basic realm=tests");
        }
        let location = format!("http://{elsewhere}/upload?X-Signature=s1gned");
        match request.method.as_str() {
            "POST" => answer(202).header("Location", location),
            "GET" => answer(307).header("Location", location),
            _ => answer(404),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let entry = format!(r#""{}": {{"username": "bob", "password": "{PASSWORD}"}}"#, server.address);
    let registry = with_file(&credential_file(folder.path(), &entry));
    let image = reference(&server.address, "app");
    let bytes = bytes::Bytes::from_static(b"hello");
    registry.push_blob(&image, &blob(&bytes), no_progress()).await.unwrap();
    registry.pull_blob(&image, &blob(&bytes).descriptor, &mut Vec::new()).await.unwrap();
    let seen = other.requests();
    assert_eq!(seen.len(), 2);
    for request in seen {
        assert_eq!(request.header("authorization"), None);
        assert!(request.path.contains("X-Signature=s1gned"), "{}", request.path);
    }
}
