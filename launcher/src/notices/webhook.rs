//! A webhook: `POST` with a signature as the Standard Webhooks specification has it, tried again for a while.
//!
//! `webhook-signature: v1,BASE64(HMAC-SHA256(secret, "<id>.<timestamp>.<body>"))`; `webhook-id` is the same however often it is tried, so
//! that a receiver can tell a repetition.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::look_up;

/// How long one try may take, and the pauses between tries.
const LIMIT: Duration = Duration::from_secs(10);
const PAUSES: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(8)];

/// Sends a notice.
pub(super) async fn post(url: &str, id: &str, body: Vec<u8>, secret: Option<&str>) -> Result<(), String> {
    let client = reqwest::Client::builder().timeout(LIMIT).build().map_err(|error| told(&error))?;
    let secret = secret.map(look_up).transpose()?;
    let mut pauses = PAUSES.into_iter();
    loop {
        let time = jiff::Timestamp::now().as_second();
        let mut request = client
            .post(url)
            .header("content-type", "application/json")
            .header("user-agent", concat!("tmpl/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", id)
            .header("webhook-timestamp", time.to_string());
        if let Some(secret) = &secret {
            request =
                request.header("webhook-signature", format!("v1,{}", signature(secret, id, time, &body)));
        }
        let problem = match request.body(body.clone()).send().await {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            Ok(answer) => {
                let status = answer.status();
                let problem = format!("the receiver answered {status}");
                if status.is_client_error() && status.as_u16() != 429 && status.as_u16() != 408 {
                    return Err(problem);
                }
                problem
            }
            Err(error) => told(&error),
        };
        match pauses.next() {
            Some(pause) => tokio::time::sleep(pause).await,
            None => return Err(problem),
        }
    }
}

/// What went wrong, without the address: there may be a token in it.
fn told(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    if error.is_timeout() { "the receiver does not answer".to_owned() } else { text }
}

fn signature(secret: &str, id: &str, time: i64, body: &[u8]) -> String {
    // What begins with `whsec_` is written in base64, as the specification has it; anything else is taken as it is.
    let key = secret.trim_end().strip_prefix("whsec_").and_then(|encoded| STANDARD.decode(encoded).ok());
    let key = key.unwrap_or_else(|| secret.trim_end().as_bytes().to_vec());
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return String::new() };
    mac.update(format!("{id}.{time}.").as_bytes());
    mac.update(body);
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification (standard-webhooks, `webhooks.md`).
    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(
            signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
            "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
