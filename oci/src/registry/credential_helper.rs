//! Programs that keep credentials: `docker-credential-NAME get`.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::credentials::{Credentials, password_of};
use super::error::RegistryError;

/// A helper may ask a person or a cloud; it does not take longer.
const LIMIT: Duration = Duration::from_mins(1);
/// What helpers say when they have nothing, which is no failure.
const NOTHING_FOUND: &str = "credentials not found";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// Asks a helper for the credentials of a server.
pub(super) async fn get(helper: &str, server: &str) -> Result<Option<Credentials>, RegistryError> {
    let failed = |reason: String| RegistryError::CredentialHelper {
        helper: helper.to_owned(),
        server: server.to_owned(),
        reason,
    };
    if helper.contains(['/', '\\']) {
        return Err(failed("its name is a path".to_owned()));
    }
    let mut child = Command::new(format!("docker-credential-{helper}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that does not listen says why itself.
        let _ = input.write_all(server.as_bytes()).await;
    }
    let output = tokio::time::timeout(LIMIT, child.wait_with_output())
        .await
        .map_err(|_| failed(format!("it did not answer within {} s", LIMIT.as_secs())))?
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        // The parser's own message could quote the secret.
        let answer: Answer = serde_json::from_slice(&output.stdout)
            .map_err(|_| failed("it printed no JSON with `Username` and `Secret`".to_owned()))?;
        return Ok(Some(password_of(&answer.username, &answer.secret)));
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    if said.to_lowercase().contains(NOTHING_FOUND) {
        return Ok(None);
    }
    let said: String = said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
    Err(failed(format!("it ended with {}: {said}", output.status)))
}
