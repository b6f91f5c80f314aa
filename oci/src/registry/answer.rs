//! What a registry says besides what it was asked for: bounded, and fit for a message.

use std::time::Duration;

use reqwest::Response;
use serde::Deserialize;

use super::secret::Secret;

/// As much is read of the body of an error.
const MOST_READ: usize = 64 * 1024;
/// As much is told of it.
const MOST_TOLD: usize = 300;

#[derive(Deserialize)]
struct Errors {
    errors: Vec<OneError>,
}

#[derive(Deserialize)]
struct OneError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// What the body of an error says: the protocol's codes and messages, or the beginning of the text.
pub(super) async fn detail(mut response: Response, limit: Duration, secrets: &[Secret]) -> Option<String> {
    let mut body = Vec::new();
    while body.len() < MOST_READ {
        match tokio::time::timeout(limit, response.chunk()).await {
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk[..chunk.len().min(MOST_READ - body.len())]),
            // What is known of an error is told, even if its text is cut.
            _ => break,
        }
    }
    told(&body, secrets)
}

fn told(body: &[u8], secrets: &[Secret]) -> Option<String> {
    let text = match serde_json::from_slice::<Errors>(body) {
        Ok(Errors { errors }) => {
            let told = errors.iter().map(|error| match (error.code.as_str(), error.message.as_str()) {
                ("", message) => message.to_owned(),
                (code, "") => code.to_owned(),
                (code, message) => format!("{code} ({message})"),
            });
            told.collect::<Vec<_>>().join(", ")
        }
        // A page for people with browsers says nothing to others.
        Err(_) if body.trim_ascii_start().starts_with(b"<") => return None,
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let text = secrets.iter().fold(text, |text, secret| secret.redact(&text));
    let text = without_queries(&text);
    let mut told: String = text.chars().take(MOST_TOLD).collect();
    if told.len() < text.len() {
        told.push('…');
    }
    (!told.is_empty()).then_some(told)
}

/// A text in one line, its addresses without what follows their `?`: it may be a signature.
fn without_queries(text: &str) -> String {
    let word = |word: &str| match word.split_once('?') {
        Some((address, query)) if !query.is_empty() => format!("{address}?…"),
        _ => word.to_owned(),
    };
    let printable = text.replace(|character: char| character.is_control(), " ");
    printable.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_in_one_line_without_secrets() {
        let long = "x".repeat(1000);
        for (body, expected) in [
            (
                r#"{"errors":[{"code":"NAME_INVALID","message":"invalid name","detail":{"a":1}},{"code":"OTHER"}]}"#,
                Some("NAME_INVALID (invalid name), OTHER"),
            ),
            (r#"{"errors":[{"message":"only text"}]}"#, Some("only text")),
            (r#"{"errors":[]}"#, None),
            ("<html><body>Bad gateway</body></html>", None),
            ("", None),
            ("plain\n\ttext\u{1b}[31m", Some("plain text [31m")),
            ("see https://s3/x?X-Amz-Signature=abc now?", Some("see https://s3/x?… now?")),
            ("token t0ps3cret is bad", Some("token [secret] is bad")),
            (&long, Some(&format!("{}…", "x".repeat(300)))),
        ] {
            assert_eq!(told(body.as_bytes(), &[Secret::new("t0ps3cret")]).as_deref(), expected, "{body}");
        }
    }
}
