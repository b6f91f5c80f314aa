//! Fetches a source distribution and sees that it is the one its index promised.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use fs_err as fs;
use reqwest::{Client, StatusCode};
use url::Url;

use crate::BuildError;
use crate::checksum::Checksum;
use crate::credentials::Credentials;
use crate::redact::redact;

const TRIES: u32 = 3;
const CONNECT_LIMIT: Duration = Duration::from_secs(20);
/// How long a server may say nothing at all.
const READ_LIMIT: Duration = Duration::from_mins(1);

/// What to fetch.
pub(crate) struct Wanted<'a> {
    /// Name and version, for messages.
    pub(crate) package: String,
    pub(crate) address: &'a str,
    /// Any of these is right.
    pub(crate) hashes: &'a [Checksum],
}

enum Failure {
    Again(String),
    Final(BuildError),
}

/// Fetches `wanted` into a file.
pub(crate) async fn download(
    wanted: &Wanted<'_>,
    credentials: &Credentials,
    file: &Path,
) -> Result<(), BuildError> {
    let url = Url::parse(wanted.address).map_err(|error| wanted.failed(error.to_string(), false))?;
    if url.scheme() == "file" {
        let path = url.to_file_path().map_err(|()| wanted.failed("it is no path".to_owned(), false))?;
        fs::copy(path, file)?;
    } else {
        let client = Client::builder().connect_timeout(CONNECT_LIMIT).read_timeout(READ_LIMIT).build();
        let client = client.map_err(|error| wanted.failed(chain(&error), false))?;
        let mut tries = 1;
        loop {
            match fetch(&client, &url, wanted, credentials, file).await {
                Ok(()) => break,
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Again(message)) if tries == TRIES => return Err(wanted.failed(message, false)),
                Err(Failure::Again(_)) => {
                    tokio::time::sleep(Duration::from_millis(300 * u64::from(tries))).await;
                    tries += 1;
                }
            }
        }
    }
    if wanted.hashes.contains(&Checksum::of_file(file)?) {
        return Ok(());
    }
    Err(BuildError::Tampered { package: wanted.package.clone() })
}

async fn fetch(
    client: &Client,
    url: &Url,
    wanted: &Wanted<'_>,
    credentials: &Credentials,
    file: &Path,
) -> Result<(), Failure> {
    let mut request = client.get(url.clone());
    if let Some((user, password)) = credentials.of(url) {
        request = request.basic_auth(user, password);
    }
    let again = |error: &reqwest::Error| Failure::Again(chain(error));
    let mut response = request.send().await.map_err(|error| again(&error))?;
    match response.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return Err(Failure::Final(
                wanted.failed(format!("the server answered {}", response.status()), true),
            ));
        }
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            return Err(Failure::Again(format!("the server answered {status}")));
        }
        status => return Err(Failure::Final(wanted.failed(format!("the server answered {status}"), false))),
    }
    let local = |error: std::io::Error| Failure::Final(BuildError::File(error));
    let mut target = fs::File::create(file).map_err(local)?;
    while let Some(chunk) = response.chunk().await.map_err(|error| again(&error))? {
        target.write_all(&chunk).map_err(local)?;
    }
    Ok(())
}

impl Wanted<'_> {
    fn failed(&self, message: String, refused: bool) -> BuildError {
        BuildError::Network { action: format!("fetching the source of {}", self.package), message, refused }
    }
}

fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    redact(&text)
}
