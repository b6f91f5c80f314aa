//! Any request at all: every route with whatever its parts may be made of.
//!
//! An answer is never a failure of ours, never has in it what was sent as anything but text, and always says what a browser may do.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tmpl_server::Server;
use tmpl_template::JobState;
use tower::ServiceExt;

use crate::support::{Rig, jobs, templates};

const ROUTES: &[&str] = &[
    "/",
    "/templates/{}",
    "/templates/wordcount",
    "/cards",
    "/cards/{}",
    "/cards/card-wordcount",
    "/cards/card-wordcount/edit",
    "/cards/{}/edit",
    "/jobs",
    "/jobs/{}",
    "/jobs/JOB",
    "/jobs/JOB/log",
    "/jobs/JOB/log.txt",
    "/jobs/JOB/events",
    "/jobs/JOB/results.csv",
    "/jobs/JOB/results.json",
    "/jobs/JOB/graph.svg",
    "/jobs/JOB/files/{}",
    "/jobs/JOB/files/{}/{}",
    "/jobs/JOB/parameters/{}",
    "/jobs/JOB/stop",
    "/jobs/{}/log",
    "/jobs/{}/events",
    "/jobs/{}/files/{}",
    "/compare",
    "/browse",
    "/runners",
    "/sessions",
    "/assets/{}",
    "/open",
    "/sign-in",
    "/sign-in/callback",
    "/sign-out",
    "/signed-out",
    "/healthz",
    "/readyz",
    "/metrics",
    "/{}",
    "/{}/{}/{}",
];

const NAMES: &[&str] = &[
    "q",
    "from",
    "version",
    "a",
    "b",
    "at",
    "line",
    "offset",
    "attempt",
    "after",
    "before",
    "state",
    "template",
    "who",
    "name",
    "since",
    "until",
    "mode",
    "severity",
    "level",
    "search",
    "tab",
    "page",
    "card",
    "job",
    "key",
    "action",
    "runner",
    "job_name",
    "confirm",
    "title",
    "owner",
    "may_run",
    "notes",
    "values",
    "number",
    "token",
    "to",
    "log",
    "choose",
    "pick",
    "p.input",
    "p.",
    "p.missing",
    "other.name",
    "other.value",
    "csrf",
    "",
];

const VALUES: &[&str] = &[
    "",
    "0",
    "1",
    "-1",
    "18446744073709551616",
    "1e9",
    "NaN",
    "true",
    "check",
    "review",
    "run",
    "save",
    "delete",
    "cancel",
    "drain",
    "wordcount",
    "card-wordcount",
    "JOB",
    "DONE",
    "JOB_STATE_DONE",
    "failed",
    "newest",
    "2026-11-22",
    "2026-99-99",
    "9999999999-01-01",
    "1:0",
    "1:99999999999",
    "..",
    ".",
    "../../../../etc/passwd",
    "/etc/passwd",
    "file:///etc/passwd",
    "staging",
    "staging/jobs",
    "tmp/../staging",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{7*7}}",
    "${7*7}",
    "\r\nx-evil: 1",
    "\u{202e}gnp.exe",
    "\u{1b}[31mred",
    "\u{feff}",
    "\u{0}",
    "%00",
    "%",
    "%zz",
    "\u{1f600}",
    "a\u{301}",
    "ﷺ",
    "//evil.example",
    "\\\\evil.example",
    "https://evil.example/",
    "group:",
    "group:ops",
    "env:HOME",
    "[]",
    "{\"a\":1}",
    "*",
    "(((((",
    "\\",
    " ",
    "\t",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => proptest::sample::select(VALUES).prop_map(str::to_owned),
        1 => "\\PC{0,40}",
        1 => proptest::char::any().prop_map(String::from),
        1 => (proptest::sample::select(VALUES), 1_usize..400).prop_map(|(value, times)| value.repeat(times)),
    ]
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// A segment of a path: mostly encoded, now and then with bytes that are no text.
fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => text().prop_map(|text| encoded(&text)),
        1 => proptest::sample::select(&["%ff", "..", ".", "%2e%2e", "%2f", "%5c", "%00", "a%2fb", ""][..]).prop_map(str::to_owned),
    ]
}

fn pairs() -> impl Strategy<Value = String> {
    let pair =
        (proptest::sample::select(NAMES), text(), any::<u8>()).prop_map(|(name, value, odd)| match odd {
            0 => format!("{name}=%ff"),
            1 => name.to_owned(),
            2 => "&&==&".to_owned(),
            _ => format!("{}={}", encoded(name), encoded(&value)),
        });
    proptest::collection::vec(pair, 0..6).prop_map(|pairs| pairs.join("&"))
}

#[derive(Clone, Debug)]
struct Shot {
    method: &'static str,
    target: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    signed_in: bool,
    own_form: bool,
}

fn shot() -> impl Strategy<Value = Shot> {
    let path = (proptest::sample::select(ROUTES), proptest::collection::vec(segment(), 3));
    let path = path.prop_map(|(route, segments)| {
        segments.iter().fold(route.to_owned(), |route, segment| route.replacen("{}", segment, 1))
    });
    let header = proptest::sample::select(
        &[
            "accept",
            "last-event-id",
            "cookie",
            "range",
            "if-none-match",
            "accept-language",
            "x-forwarded-for",
            "referer",
        ][..],
    );
    let headers = proptest::collection::vec((header, text()), 0..3);
    let method = proptest::sample::select(
        &["GET", "GET", "GET", "HEAD", "POST", "POST", "PUT", "DELETE", "OPTIONS"][..],
    );
    (method, path, pairs(), headers, pairs(), 0..10_u8, 0..10_u8).prop_map(
        |(method, path, query, headers, body, signed, own)| Shot {
            method,
            target: if query.is_empty() { path } else { format!("{path}?{query}") },
            headers,
            body: if method == "POST" { body } else { String::new() },
            signed_in: signed > 0,
            own_form: own > 0,
        },
    )
}

struct Range {
    server: Arc<Server>,
    host: String,
    cookie: String,
    csrf: String,
    job: String,
}

impl Range {
    async fn answer(&self, shot: &Shot) -> Option<(Response<()>, Vec<u8>)> {
        let target = shot.target.replace("JOB", &self.job);
        let mut request =
            Request::builder().method(Method::from_bytes(shot.method.as_bytes()).unwrap()).uri(&target);
        request = request.header("host", &self.host).header("origin", format!("http://{}", self.host));
        for (name, value) in &shot.headers {
            request = request.header(*name, value.as_bytes());
        }
        if shot.signed_in {
            request = request.header("cookie", &self.cookie);
        }
        let mut body = shot.body.replace("JOB", &self.job);
        if shot.method == "POST" {
            request = request.header("content-type", "application/x-www-form-urlencoded");
            if shot.own_form {
                body = format!("csrf={}&{body}", self.csrf);
            }
        }
        // What is no request at all, hyper refuses before anything of ours sees it.
        let request = request.body(Body::from(body)).ok()?;
        let answer = tmpl_server::app(Arc::clone(&self.server)).oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, 64 * 1024 * 1024).await.unwrap();
        Some((Response::from_parts(parts, ()), body.to_vec()))
    }
}

/// A page without what somebody entered: that goes back as it came.
fn without(page: &str, begin: &str, end: &str) -> String {
    let mut parts = page.split(begin);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(part.split_once(end).map_or("", |(_, rest)| rest));
    }
    kept
}

fn look_at(answer: &Response<()>, body: &[u8]) -> Result<(), TestCaseError> {
    let status = answer.status().as_u16();
    let text = String::from_utf8_lossy(body);
    let expected = [200, 204, 303, 304, 400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 416, 421, 422, 429];
    prop_assert!(expected.contains(&status), "{status}: {text}");
    let header =
        |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    prop_assert!(header("content-security-policy").starts_with("default-src 'none'"));
    prop_assert_eq!(header("x-content-type-options"), "nosniff");
    prop_assert!(answer.headers().get("x-evil").is_none());
    let location = header("location");
    prop_assert!(
        location.is_empty() || (location.starts_with('/') && !location.starts_with("//")),
        "{location}"
    );
    let kind = header("content-type");
    prop_assert!(kind.is_empty() == body.is_empty() || !kind.is_empty(), "no type: {text}");
    if kind.starts_with("text/html") {
        for made in
            ["<script>alert", "<img src=x", "\" onmouseover", "' onmouseover='alert", "href=\"javascript:"]
        {
            prop_assert!(!text.contains(made), "{made}: {text}");
        }
        let shown = without(&without(&text, "value=\"", "\""), "<textarea", "</textarea>");
        prop_assert!(!shown.contains('\u{202e}') && !shown.contains('\u{1b}'), "{text}");
    }
    for leak in ["root:x:", "panicked at", "RUST_BACKTRACE", "src/"] {
        prop_assert!(!text.contains(leak), "{leak}: {text}");
    }
    Ok(())
}

/// `FUZZ_CASES=100000 cargo test -p tmpl-server --test http fuzz` tries for longer.
#[test]
fn no_request_gets_anything_but_a_clear_answer() {
    let cases = std::env::var("FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1500);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_rig, range) = runtime.block_on(async {
        let folder = tempfile::TempDir::new().unwrap();
        templates::published(&folder, &["wordcount"]).await;
        let rig = Rig::with(folder, "").await.unwrap();
        let job = jobs::begun(&rig.bucket, "wordcount", "a").await;
        rig.bucket
            .write_log_segment(&job.id, 1, 0, jobs::line("<script>alert(1)</script> \u{202e}"))
            .await
            .unwrap();
        jobs::end(&rig.bucket, &job, JobState::Failed, "<script>alert(1)</script>").await;
        let cookie = rig.come_in().await;
        let csrf = rig.csrf(&cookie).await;
        let range = Range {
            server: Arc::clone(&rig.server),
            host: rig.address.to_string(),
            cookie,
            csrf,
            job: job.id.to_string(),
        };
        (rig, range)
    });
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let tried = runner.run(&shot(), |shot| {
        // Whoever signs out ends the range.
        if shot.target.starts_with("/sign-out") && shot.own_form {
            return Ok(());
        }
        match runtime.block_on(range.answer(&shot)) {
            Some((answer, body)) => look_at(&answer, &body),
            None => Ok(()),
        }
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}
