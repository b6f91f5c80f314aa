//! What is no answer of Flink's: other servers, described in a few words, and connections that fail.

use std::time::Duration;

use reqwest::{Response, StatusCode, header};
use tmpl_bucket::causes;

use super::FlinkError;

/// Characters of another server's words that are shown.
const LONGEST_WORDS: usize = 120;
/// What hyper says of bytes that are no HTTP/1, after the request and before it: it has no type for that which we could see.
const NO_HTTP: [&str; 2] = ["invalid HTTP version", "received unexpected message"];

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    server: Option<String>,
    kind: Option<String>,
    location: Option<String>,
}

impl Answer {
    pub(super) fn of(response: &Response) -> Self {
        let text =
            |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self {
            status: response.status(),
            server: text(header::SERVER),
            kind: text(header::CONTENT_TYPE),
            location: text(header::LOCATION),
        }
    }

    #[cfg(test)]
    pub(super) fn new(status: u16, server: &str, kind: &str, location: Option<&str>) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap(),
            server: Some(server.to_owned()),
            kind: Some(kind.to_owned()),
            location: location.map(str::to_owned),
        }
    }

    /// Who has answered, in a few words.
    pub(super) fn describe(&self, body: &[u8]) -> String {
        let mut said = match &self.server {
            Some(server) => format!("{server}, status {}", self.status),
            None => format!("status {}", self.status),
        };
        if let Some(location) = &self.location {
            // Without what may be a secret in it.
            let place = location.split(['?', '#']).next().unwrap_or_default();
            return format!("{said}, which sends us to {place}");
        }
        if let Some(kind) = &self.kind {
            said = format!("{said}, {kind}");
        }
        match words(&String::from_utf8_lossy(body)) {
            words if words.is_empty() => said,
            words => format!("{said} ({words})"),
        }
    }
}

/// The title of a page, else the first words of a text.
fn words(text: &str) -> String {
    let title = text.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    let text = title.map_or(text, |(title, _)| title);
    let harmless: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    let words = harmless.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LONGEST_WORDS) {
        Some((cut, _)) => format!("{}…", &words[..cut]),
        None => words,
    }
}

/// What a connection that failed means.
pub(super) fn failure(
    endpoint: &str,
    action: &str,
    limit: Option<Duration>,
    error: &reqwest::Error,
) -> FlinkError {
    let endpoint = endpoint.to_owned();
    let action = action.to_owned();
    let why = reason(error);
    if error.is_connect() {
        return FlinkError::Unreachable { endpoint, reason: why };
    }
    if error.is_timeout() {
        return FlinkError::Silent { endpoint, action, waited: limit.unwrap_or_default() };
    }
    if NO_HTTP.iter().any(|words| why.contains(words)) {
        let found = "it does not speak HTTP/1 (a Job service of Beam's speaks gRPC)".to_owned();
        return FlinkError::NotFlink { endpoint, found };
    }
    FlinkError::Lost { endpoint, action, reason: why }
}

/// Why, in a few words: the last cause, which is the system's.
pub(super) fn reason(error: &reqwest::Error) -> String {
    let chain = causes(error);
    let last = chain.last().cloned().unwrap_or_default();
    let known =
        [("Connection refused", "nobody listens there"), ("no records found", "there is no such host")];
    match known.into_iter().find(|(words, _)| last.contains(words)) {
        Some((_, said)) => said.to_owned(),
        None if error.is_timeout() => "no connection within some seconds".to_owned(),
        None => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_server_is_described_in_a_few_words() {
        let page = Answer::new(200, "SimpleHTTP/0.6", "text/html", None);
        assert_eq!(
            page.describe(b"<html><title>Directory \n listing</title>"),
            "SimpleHTTP/0.6, status 200 OK, text/html (Directory listing)"
        );
        let elsewhere = Answer::new(302, "x", "text/html", Some("https://login.example/?secret=1"));
        assert_eq!(
            elsewhere.describe(b"moved"),
            "x, status 302 Found, which sends us to https://login.example/"
        );
        let long = page.describe("\u{1b}[31m ä".repeat(100).as_bytes());
        assert!(long.chars().count() < 200 && !long.contains('\u{1b}'), "{long}");
    }
}
