//! Profiles of Amazon's tools: keys in a file, a program that prints them, or whatever `aws` itself makes of the profile (SSO, a
//! role to assume).

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use ini::{Ini, ParseOption};
use jiff::{SignedDuration, Timestamp};
use object_store::aws::AwsCredential;
use object_store::{CredentialProvider, Error, Result};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::Variables;
use crate::store_error::NO_CREDENTIALS_OF_PROFILE;

/// The profile that is meant where none is named.
pub(super) const DEFAULT_PROFILE: &str = "default";
/// Credentials are asked for again so long before they expire.
const RENEWAL: SignedDuration = SignedDuration::from_mins(5);

/// A profile, as far as it matters here.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) region: Option<String>,
    pub(super) source: Source,
}

/// Where a profile has its credentials from. `Display` says so.
#[derive(Clone)]
pub(super) enum Source {
    /// They are written there.
    Keys { key: String, secret: String, token: Option<String> },
    /// A program prints them: its words.
    Program(Vec<String>),
    /// `aws` knows how to get them.
    Aws,
}

impl Profile {
    /// The profile of that name, or nothing where neither file has it.
    pub(super) fn read(name: &str, known: Variables<'_>) -> Result<Option<Self>, String> {
        let config = read_file("AWS_CONFIG_FILE", "config", known)?;
        let keys = read_file("AWS_SHARED_CREDENTIALS_FILE", "credentials", known)?;
        let section = if name == DEFAULT_PROFILE { name.to_owned() } else { format!("profile {name}") };
        let (config, keys) = (config.section(Some(section)), keys.section(Some(name)));
        if config.is_none() && keys.is_none() {
            return Ok(None);
        }
        let value = |key: &str| {
            let found = keys
                .and_then(|section| section.get(key))
                .or_else(|| config.and_then(|section| section.get(key)));
            found.map(str::to_owned)
        };
        let source =
            match (value("aws_access_key_id"), value("aws_secret_access_key"), value("credential_process")) {
                (Some(key), Some(secret), _) => {
                    Source::Keys { key, secret, token: value("aws_session_token") }
                }
                (_, _, Some(program)) => {
                    let words = shlex::split(&program).filter(|words| !words.is_empty());
                    Source::Program(
                        words
                            .ok_or_else(|| format!("credential_process of profile `{name}` can't be read"))?,
                    )
                }
                _ => Source::Aws,
            };
        Ok(Some(Self { name: name.to_owned(), region: value("region"), source }))
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Keys { .. } => f.write_str("whose keys are in a file"),
            Self::Program(words) => write!(f, "whose credential_process is {}", words[0]),
            Self::Aws => f.write_str("by `aws configure export-credentials`"),
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({self})")
    }
}

/// One of the two files; one that is not there says nothing.
fn read_file(place: &str, name: &str, known: Variables<'_>) -> Result<Ini, String> {
    let home = || known.get("HOME").map(|home| PathBuf::from(home).join(".aws").join(name));
    let Some(path) = known.get(place).map(PathBuf::from).or_else(home) else { return Ok(Ini::new()) };
    match fs_err::read_to_string(&path) {
        // Nested settings stand indented below a key: they would be taken for keys of the profile.
        Ok(text) => {
            let flat: String = text
                .lines()
                .filter(|line| !line.starts_with([' ', '\t']))
                .flat_map(|line| [line, "\n"])
                .collect();
            // Quotes are part of the words that a credential_process has.
            let as_it_is =
                ParseOption { enabled_quote: false, enabled_escape: false, ..ParseOption::default() };
            Ini::load_from_str_opt(&flat, as_it_is)
                .map_err(|error| format!("{} can't be read: {error}", path.display()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Ini::new()),
        Err(error) => Err(format!("{} can't be read: {error}", path.display())),
    }
}

/// Credentials of a profile, asked for anew shortly before they expire.
#[derive(Debug)]
pub(crate) struct ProfileCredentials {
    profile: Profile,
    known: Mutex<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    credential: Arc<AwsCredential>,
    until: Option<Timestamp>,
}

/// What `credential_process` and `aws configure export-credentials` print.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<Timestamp>,
}

impl ProfileCredentials {
    pub(super) fn new(profile: Profile) -> Self {
        Self { profile, known: Mutex::new(None) }
    }

    /// The credentials of now, as variables.
    pub(crate) async fn variables(&self) -> Result<Vec<(String, String)>> {
        let credential = self.get().await?;
        let mut variables = vec![
            ("AWS_ACCESS_KEY_ID".to_owned(), credential.key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), credential.secret_key.clone()),
        ];
        variables.extend(credential.token.clone().map(|token| ("AWS_SESSION_TOKEN".to_owned(), token)));
        Ok(variables)
    }

    async fn get(&self) -> Result<Arc<AwsCredential>> {
        let mut known = self.known.lock().await;
        if let Some(known) = &*known
            && known.until.is_none_or(|until| until.duration_since(Timestamp::now()) > RENEWAL)
        {
            return Ok(Arc::clone(&known.credential));
        }
        let fresh = self.ask().await.map_err(|reason| Error::Generic {
            store: "S3",
            source: format!("the profile `{}` {NO_CREDENTIALS_OF_PROFILE}: {reason}", self.profile.name)
                .into(),
        })?;
        let credential = Arc::clone(&fresh.credential);
        *known = Some(fresh);
        Ok(credential)
    }

    async fn ask(&self) -> Result<Known, String> {
        let export = [
            "aws",
            "configure",
            "export-credentials",
            "--format",
            "process",
            "--profile",
            &self.profile.name,
        ];
        let words = match &self.profile.source {
            Source::Keys { key, secret, token } => {
                let credential =
                    AwsCredential { key_id: key.clone(), secret_key: secret.clone(), token: token.clone() };
                return Ok(Known { credential: Arc::new(credential), until: None });
            }
            Source::Program(words) => words.clone(),
            Source::Aws => export.map(str::to_owned).to_vec(),
        };
        let output = tokio::process::Command::new(&words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .output()
            .await
            .map_err(|error| format!("{}: {error}", words[0]))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
            return Err(format!("{} ended with {}: {}", words[0], output.status, last.trim()));
        }
        let printed: Printed = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("what {} printed can't be read: {error}", words[0]))?;
        let credential = AwsCredential {
            key_id: printed.access_key_id,
            secret_key: printed.secret_access_key,
            token: printed.session_token,
        };
        Ok(Known { credential: Arc::new(credential), until: printed.expiration })
    }
}

/// `async_trait` written out.
impl CredentialProvider for ProfileCredentials {
    type Credential = AwsCredential;

    fn get_credential<'a, 'f>(&'a self) -> BoxFuture<'f, Result<Arc<AwsCredential>>>
    where
        'a: 'f,
    {
        self.get().boxed()
    }
}
