//! Credentials for a repository: where `docker login` and `podman login` leave them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use fs_err as fs;
use serde::Deserialize;
use serde_json::json;

use super::credential_helper;
use super::error::RegistryError;
use super::secret::Secret;
use crate::ImageReference;

/// What Docker calls its own registry in its files.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";
/// What the user is called whose password is an identity token.
const TOKEN_USER: &str = "<token>";

/// The files in which credentials are looked for, in this order.
#[derive(Debug, Clone, Default)]
pub struct CredentialSources {
    files: Vec<PathBuf>,
    /// The first file was asked for by name: it has to be there.
    required: bool,
}

/// What a registry is told of who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    Password {
        user: String,
        password: Secret,
    },
    /// Is changed for a token at the token server.
    Identity(Secret),
    /// Is a token itself.
    Registry(Secret),
}

/// What came of looking for credentials: they, or where they were looked for.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    pub(super) credentials: Option<Credentials>,
    pub(super) searched: Searched,
}

/// Where credentials were found or not, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Searched {
    /// They were found there.
    Found(String),
    /// They were in none of these.
    Nowhere(Vec<String>),
}

impl fmt::Display for Searched {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(place) => write!(formatter, "the credentials in {place} were used"),
            Self::Nowhere(places) if places.is_empty() => {
                formatter.write_str("no credentials were looked for")
            }
            Self::Nowhere(places) => {
                write!(formatter, "there are no credentials for it in {}", places.join(" or "))
            }
        }
    }
}

impl CredentialSources {
    /// No credentials are looked for.
    pub fn none() -> Self {
        Self::default()
    }

    /// One file, which has to be there.
    pub fn file(path: PathBuf) -> Self {
        Self { files: vec![path], required: true }
    }

    /// `REGISTRY_AUTH_FILE` if it is set, else Docker's `config.json` and then podman's `auth.json`.
    pub fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(path) = folder("REGISTRY_AUTH_FILE") {
            return Self::file(path);
        }
        let home = folder("HOME");
        let docker = folder("DOCKER_CONFIG").or_else(|| home.as_ref().map(|home| home.join(".docker")));
        let configuration = folder("XDG_CONFIG_HOME").or_else(|| home.map(|home| home.join(".config")));
        let files = [
            docker.map(|folder| folder.join("config.json")),
            folder("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json")),
            configuration.map(|folder| folder.join("containers/auth.json")),
        ];
        Self { files: files.into_iter().flatten().collect(), required: false }
    }

    /// The credentials for a repository in the form that a container engine takes when it is to pull from there
    /// (`X-Registry-Auth`), if there are any. The value is a secret.
    pub async fn engine_header(&self, reference: &ImageReference) -> Result<Option<String>, RegistryError> {
        let Some(credentials) = self.look_up(reference).await?.credentials else { return Ok(None) };
        let server = server(reference);
        let told = match &credentials {
            Credentials::Password { user, password } => {
                json!({"username": user, "password": password.reveal(), "serveraddress": server})
            }
            Credentials::Identity(token) => json!({"identitytoken": token.reveal(), "serveraddress": server}),
            Credentials::Registry(token) => json!({"registrytoken": token.reveal(), "serveraddress": server}),
        };
        Ok(Some(URL_SAFE.encode(told.to_string())))
    }

    /// The credentials for a repository, from the first file that has some.
    pub(super) async fn look_up(&self, reference: &ImageReference) -> Result<Lookup, RegistryError> {
        let keys = keys(reference);
        for path in &self.files {
            let Some(file) = self.read(path)? else { continue };
            let unusable = |reason: String| RegistryError::CredentialFile { path: path.clone(), reason };
            if let Some(helper) = file.helper(&keys)
                && let Some(credentials) = credential_helper::get(helper, server(reference)).await?
            {
                let place = format!("docker-credential-{helper} (named in {})", path.display());
                return Ok(found(credentials, place));
            }
            if let Some(credentials) = file.credentials(&keys).map_err(unusable)? {
                return Ok(found(credentials, path.display().to_string()));
            }
        }
        let searched = Searched::Nowhere(self.files.iter().map(|path| path.display().to_string()).collect());
        Ok(Lookup { credentials: None, searched })
    }

    fn read(&self, path: &Path) -> Result<Option<CredentialFile>, RegistryError> {
        let unusable = |reason: String| RegistryError::CredentialFile { path: path.to_owned(), reason };
        match fs::read(path) {
            // The parser's own message may quote the file.
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| {
                unusable(format!("it is not JSON as Docker writes it (line {})", error.line()))
            }),
            Err(error) if error.kind() == ErrorKind::NotFound && !self.required => Ok(None),
            Err(error) => Err(unusable(error.to_string())),
        }
    }
}

fn found(credentials: Credentials, place: String) -> Lookup {
    Lookup { credentials: Some(credentials), searched: Searched::Found(place) }
}

/// What a repository may be called in a file, the most specific first: the repository, each of its folders, the registry.
fn keys(reference: &ImageReference) -> Vec<String> {
    let name = format!("{}/{}", reference.registry(), reference.repository());
    let ends = name.match_indices('/').map(|(end, _)| end).chain([name.len()]);
    let mut keys: Vec<String> = ends.map(|end| name[..end].to_owned()).collect();
    keys.reverse();
    keys
}

/// What a helper is asked for.
fn server(reference: &ImageReference) -> &str {
    if reference.registry() == "docker.io" { DOCKER_HUB_KEY } else { reference.registry() }
}

/// A key of a file as [`keys`] writes it: Docker writes some as addresses.
fn normal(key: &str) -> &str {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let key = key.trim_end_matches('/');
    let key = key.strip_suffix("/v1").or_else(|| key.strip_suffix("/v2")).unwrap_or(key);
    match key {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        key => key,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialFile {
    #[serde(default)]
    auths: HashMap<String, Entry>,
    #[serde(default)]
    cred_helpers: HashMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    #[serde(rename = "identitytoken")]
    identity_token: Option<String>,
    #[serde(rename = "registrytoken")]
    registry_token: Option<String>,
}

impl CredentialFile {
    fn helper(&self, keys: &[String]) -> Option<&str> {
        let named = keys.iter().find_map(|key| value_of(&self.cred_helpers, key));
        named.or(self.creds_store.as_ref()).map(String::as_str).filter(|helper| !helper.is_empty())
    }

    /// The entry of the most specific key that has one.
    fn credentials(&self, keys: &[String]) -> Result<Option<Credentials>, String> {
        for key in keys {
            if let Some(entry) = value_of(&self.auths, key)
                && let Some(credentials) = entry.credentials(key)?
            {
                return Ok(Some(credentials));
            }
        }
        Ok(None)
    }
}

fn value_of<'a, T>(map: &'a HashMap<String, T>, key: &str) -> Option<&'a T> {
    map.get(key).or_else(|| {
        map.iter()
            .filter(|(name, _)| normal(name) == key)
            .min_by_key(|(name, _)| *name)
            .map(|(_, value)| value)
    })
}

impl Entry {
    fn credentials(&self, key: &str) -> Result<Option<Credentials>, String> {
        let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        if let Some(token) = given(&self.identity_token) {
            return Ok(Some(Credentials::Identity(Secret::new(token))));
        }
        if let Some(token) = given(&self.registry_token) {
            return Ok(Some(Credentials::Registry(Secret::new(token))));
        }
        if let Some(auth) = given(&self.auth) {
            let decoded = STANDARD.decode(auth.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            return match decoded.as_ref().and_then(|text| text.split_once(':')) {
                // Docker ends some of them with zeros.
                Some((user, password)) => Ok(Some(password_of(user, password.trim_end_matches('\0')))),
                None => Err(format!("`auth` of `{key}` is no user and password in base64")),
            };
        }
        Ok(match (given(&self.username), given(&self.password)) {
            (Some(user), Some(password)) => Some(password_of(&user, &password)),
            _ => None,
        })
    }
}

/// A user and a password; a certain user's password is an identity token.
pub(super) fn password_of(user: &str, password: &str) -> Credentials {
    if user == TOKEN_USER {
        Credentials::Identity(Secret::new(password))
    } else {
        Credentials::Password { user: user.to_owned(), password: Secret::new(password) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(text: &str) -> ImageReference {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn the_most_specific_entry_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        // bob:secret
        let auth = "Ym9iOnNlY3JldA==";
        fs::write(
            &path,
            format!(
                r#"{{"auths": {{
                    "https://index.docker.io/v1/": {{"auth": "{auth}"}},
                    "quay.io": {{"username": "q", "password": "pass"}},
                    "quay.io/team": {{"username": "t", "password": "pass"}},
                    "quay.io/team/app": {{"username": "a", "password": "pass"}},
                    "https://localhost:5000/v2/": {{"username": "l", "password": "pass"}},
                    "identity.io": {{"auth": "{auth}", "identitytoken": "refresh"}},
                    "token.io": {{"registrytoken": "bearer"}},
                    "empty.io": {{}},
                    "bad.io": {{"auth": "%%%"}}
                }}, "unknown": 1}}"#
            ),
        )
        .unwrap();
        let sources = CredentialSources::file(path.clone());
        for (name, expected) in [
            ("python", Some(password_of("bob", "secret"))),
            ("quay.io/app", Some(password_of("q", "pass"))),
            ("quay.io/teams/app", Some(password_of("q", "pass"))),
            ("quay.io/team/other", Some(password_of("t", "pass"))),
            ("quay.io/team/app:v1", Some(password_of("a", "pass"))),
            ("localhost:5000/app", Some(password_of("l", "pass"))),
            ("localhost:5001/app", None),
            ("identity.io/app", Some(Credentials::Identity(Secret::new("refresh")))),
            ("token.io/app", Some(Credentials::Registry(Secret::new("bearer")))),
            ("empty.io/app", None),
        ] {
            let lookup = sources.look_up(&reference(name)).await.unwrap();
            assert_eq!(lookup.credentials, expected, "{name}");
        }
        let error = sources.look_up(&reference("bad.io/app")).await.unwrap_err().to_string();
        assert!(error.contains("`auth` of `bad.io`") && error.contains("config.json"), "{error}");
        let searched = sources.look_up(&reference("empty.io/app")).await.unwrap().searched;
        assert_eq!(searched.to_string(), format!("there are no credentials for it in {}", path.display()));
    }

    #[tokio::test]
    async fn an_engine_is_told_who_pulls() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        let text = r#"{"auths": {
            "quay.io": {"username": "q", "password": "pass>?"},
            "https://index.docker.io/v1/": {"auth": "Ym9iOnNlY3JldA=="},
            "identity.io": {"auth": "Ym9iOnNlY3JldA==", "identitytoken": "refresh"},
            "token.io": {"registrytoken": "bearer"}
        }}"#;
        fs::write(&path, text).unwrap();
        let sources = CredentialSources::file(path);
        for (name, told) in [
            ("quay.io/app", Some(json!({"username": "q", "password": "pass>?", "serveraddress": "quay.io"}))),
            (
                "python",
                Some(json!({"username": "bob", "password": "secret", "serveraddress": DOCKER_HUB_KEY})),
            ),
            ("identity.io/app", Some(json!({"identitytoken": "refresh", "serveraddress": "identity.io"}))),
            ("token.io/app", Some(json!({"registrytoken": "bearer", "serveraddress": "token.io"}))),
            ("other.io/app", None),
        ] {
            let header = sources.engine_header(&reference(name)).await.unwrap();
            let header = header.map(|header| URL_SAFE.decode(header).unwrap());
            let header = header.map(|header| serde_json::from_slice::<serde_json::Value>(&header).unwrap());
            assert_eq!(header, told, "{name}");
        }
    }

    #[tokio::test]
    async fn files_are_read_in_order_and_only_a_named_one_has_to_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let entry =
            |user: &str| format!(r#"{{"auths": {{"a.io": {{"username": "{user}", "password": "p"}}}}}}"#);
        for (file, content) in [
            ("docker/config.json", "{}".to_owned()),
            ("run/containers/auth.json", entry("podman")),
            ("file.json", entry("file")),
        ] {
            fs::create_dir_all(folder.path().join(file).parent().unwrap()).unwrap();
            fs::write(folder.path().join(file), content).unwrap();
        }
        let environment = |auth_file: Option<&'static str>| {
            let root = folder.path().to_owned();
            CredentialSources::from_environment(move |name| {
                let value = match name {
                    "REGISTRY_AUTH_FILE" => auth_file?,
                    "DOCKER_CONFIG" => "docker",
                    "XDG_RUNTIME_DIR" => "run",
                    "HOME" => "home",
                    _ => return None,
                };
                Some(root.join(value).into_os_string())
            })
        };
        for (auth_file, user) in [(None, "podman"), (Some("file.json"), "file")] {
            let lookup = environment(auth_file).look_up(&reference("a.io/b")).await.unwrap();
            assert_eq!(lookup.credentials, Some(password_of(user, "p")));
        }
        let lookup = environment(None).look_up(&reference("b.io/b")).await.unwrap();
        assert!(lookup.searched.to_string().contains("home/.config/containers/auth.json"));
        let error = environment(Some("missing.json")).look_up(&reference("a.io/b")).await.unwrap_err();
        assert!(error.to_string().contains("missing.json"), "{error}");
    }

    #[tokio::test]
    async fn a_damaged_file_is_named_and_not_quoted() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), r#"{"auths": {"a.io": {"auth": ["hunter2"]}}}"#).unwrap();
        let sources = CredentialSources::file(file.path().to_owned());
        let error = sources.look_up(&reference("a.io/b")).await.unwrap_err().to_string();
        assert!(error.contains("line 1") && !error.contains("hunter2"), "{error}");
    }
}
