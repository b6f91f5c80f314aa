//! Which bucket: parsed once from what a person typed, an environment variable or the configuration.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::BucketError;

/// The address of a bucket: a folder, or a place in an object store.
///
/// | written | means |
/// |---|---|
/// | `./bucket`, `file:///srv/bucket` | a folder |
/// | `s3://NAME/PREFIX?endpoint=…&region=…` | Amazon S3, and stores that speak like it |
/// | `gs://NAME/PREFIX` | Google Cloud Storage |
/// | `az://CONTAINER/PREFIX?account=…` | Azure Blob Storage |
///
/// Behind the question mark is what a client must know of the store; what is secret is never there. `Display` is the whole
/// address: whoever parses it means the same bucket, in whatever folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketUrl {
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Folder(PathBuf),
    Remote(RemoteUrl),
    Memory,
}

/// A place in an object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RemoteUrl {
    pub(crate) scheme: Scheme,
    /// The bucket's or the container's name.
    pub(crate) container: String,
    /// The path below which everything lies, without slashes at its ends; empty for the whole container.
    pub(crate) prefix: String,
    options: BTreeMap<String, String>,
}

/// A kind of object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    S3,
    Google,
    Azure,
}

impl Scheme {
    const ALL: [Self; 3] = [Self::S3, Self::Google, Self::Azure];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Google => "gs",
            Self::Azure => "az",
        }
    }

    /// What may stand behind the question mark.
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::S3 => &["endpoint", "region", "path_style", "profile", "sse", "kms_key", "tags"],
            Self::Google => &["endpoint", "credentials"],
            Self::Azure => &["endpoint", "account", "tags"],
        }
    }
}

impl BucketUrl {
    /// The bucket's folder, if it is one on this machine.
    pub fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(path) => Some(path),
            Place::Remote(_) | Place::Memory => None,
        }
    }

    /// The address for a process that has none of this machine's files: without the name of a profile in one of them.
    #[must_use]
    pub fn portable(&self) -> Self {
        let mut portable = self.clone();
        if let Place::Remote(remote) = &mut portable.place {
            remote.options.remove("profile");
        }
        portable
    }

    /// The folder that an object of the same kind of store lies in, by the object's own address, with this address's options.
    pub(crate) fn sibling(&self, object: &str) -> Option<Self> {
        let own = self.remote()?;
        let folder = object.rsplit_once('/')?.0;
        let remote = RemoteUrl::parse(folder, own.scheme).ok()?;
        let same = folder.starts_with(&format!("{}://", own.scheme.word()));
        same.then(|| Self { place: Place::Remote(RemoteUrl { options: own.options.clone(), ..remote }) })
    }

    /// A bucket in a process's memory: nobody else can open it.
    pub(crate) fn memory() -> Self {
        Self { place: Place::Memory }
    }

    pub(crate) fn remote(&self) -> Option<&RemoteUrl> {
        match &self.place {
            Place::Folder(_) | Place::Memory => None,
            Place::Remote(remote) => Some(remote),
        }
    }

    /// The bucket as errors and lists name it: without what stands behind the question mark.
    pub fn name(&self) -> String {
        match &self.place {
            Place::Folder(path) => path.display().to_string(),
            Place::Remote(remote) => remote.name(),
            Place::Memory => "memory".to_owned(),
        }
    }
}

impl RemoteUrl {
    /// An option of the address.
    #[cfg(feature = "remote-client")]
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    pub(crate) fn name(&self) -> String {
        let Self { scheme, container, prefix, .. } = self;
        let slash = if prefix.is_empty() { "" } else { "/" };
        format!("{}://{container}{slash}{prefix}", scheme.word())
    }

    fn parse(text: &str, scheme: Scheme) -> Result<Self, String> {
        let url = url::Url::parse(text).map_err(|error| error.to_string())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "credentials have no place in an address; set the variables of the store's own tools"
                    .to_owned(),
            );
        }
        let host = url.host_str().unwrap_or_default();
        if host.is_empty() {
            return Err(format!("it names no bucket; write {}://NAME/PREFIX", scheme.word()));
        }
        if url.port().is_some() {
            return Err(format!(
                "a port is no part of it; write {}://NAME?endpoint=http://HOST:PORT",
                scheme.word()
            ));
        }
        let known = scheme.options();
        let mut options = BTreeMap::new();
        for (name, value) in url.query_pairs() {
            if !known.contains(&&*name) {
                return Err(format!(
                    "`{name}` is unknown behind the question mark; there may be {}",
                    known.join(", ")
                ));
            }
            options.insert(name.into_owned(), value.into_owned());
        }
        if let Some(endpoint) = options.get("endpoint")
            && !(endpoint.starts_with("http://") || endpoint.starts_with("https://"))
        {
            return Err(format!("the endpoint `{endpoint}` must begin with http:// or https://"));
        }
        if let Some(style) = options.get("path_style")
            && !matches!(style.as_str(), "true" | "false")
        {
            return Err("path_style is true or false".to_owned());
        }
        if let Some(sse) = options.get("sse")
            && !matches!(sse.as_str(), "AES256" | "aws:kms" | "aws:kms:dsse")
        {
            return Err("sse is AES256, aws:kms or aws:kms:dsse".to_owned());
        }
        let decoded = percent_decoded(url.path()).ok_or("its path is not UTF-8")?;
        let prefix = decoded.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        if prefix.split('/').any(|part| part == "." || part == "..") {
            return Err("`.` and `..` mean nothing in an object store".to_owned());
        }
        Ok(Self { scheme, container: host.to_owned(), prefix, options })
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    percent_encoding::percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

impl FromStr for BucketUrl {
    type Err = BucketError;

    fn from_str(text: &str) -> Result<Self, BucketError> {
        let refuse = |reason: &str| {
            // What is refused may have a secret in it.
            let shown = text.split_once('@').map_or_else(|| text.to_owned(), |(_, rest)| format!("…@{rest}"));
            BucketError::Url { url: shown, reason: reason.to_owned() }
        };
        if text.is_empty() {
            return Err(refuse("it is empty"));
        }
        if text.contains('\0') {
            return Err(refuse("it has a NUL character"));
        }
        let path = match text.split_once("://") {
            Some(("file", _)) => {
                let url = url::Url::parse(text).map_err(|error| refuse(&error.to_string()))?;
                url.to_file_path().map_err(|()| refuse("a file URL is written file:///absolute/path"))?
            }
            Some((word, _)) if word.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c)) => {
                let Some(scheme) = Scheme::ALL.into_iter().find(|scheme| scheme.word() == word) else {
                    return Err(refuse(&format!(
                        "{word}:// is not known; there is file://, s3://, gs:// and az://"
                    )));
                };
                let remote = RemoteUrl::parse(text, scheme).map_err(|reason| refuse(&reason))?;
                return Ok(Self { place: Place::Remote(remote) });
            }
            _ => PathBuf::from(text),
        };
        let path = std::path::absolute(&path).map_err(|error| refuse(&error.to_string()))?;
        // `a/../b` would be kept by `absolute`, and a path with `..` means another folder once a link is in it.
        Ok(Self { place: Place::Folder(lexically_normal(&path)) })
    }
}

impl fmt::Display for BucketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        let Some(remote) = self.remote().filter(|remote| !remote.options.is_empty()) else { return Ok(()) };
        let query =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&remote.options).finish();
        write!(f, "?{query}")
    }
}

fn lexically_normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_and_file_urls_are_local_buckets() {
        let here = std::env::current_dir().unwrap();
        for (text, path) in [
            ("/data/bucket", PathBuf::from("/data/bucket")),
            ("/data/./x/../bucket/", PathBuf::from("/data/bucket")),
            ("file:///data/my%20bucket", PathBuf::from("/data/my bucket")),
            ("bucket", here.join("bucket")),
        ] {
            assert_eq!(text.parse::<BucketUrl>().unwrap().folder(), Some(&*path), "{text}");
        }
    }

    #[test]
    fn addresses_of_stores_are_read_and_written_alike() {
        for (text, name, whole) in [
            ("s3://data", "s3://data", "s3://data"),
            ("s3://data/a//b/", "s3://data/a/b", "s3://data/a/b"),
            (
                "s3://data/a?region=eu-central-1&endpoint=http://127.0.0.1:9000",
                "s3://data/a",
                "s3://data/a?endpoint=http%3A%2F%2F127.0.0.1%3A9000&region=eu-central-1",
            ),
            ("gs://data/x%20y", "gs://data/x y", "gs://data/x y"),
            ("az://box/p?account=me", "az://box/p", "az://box/p?account=me"),
        ] {
            let url: BucketUrl = text.parse().unwrap();
            assert_eq!(
                (url.name().as_str(), url.to_string().as_str(), url.folder()),
                (name, whole, None),
                "{text}"
            );
            assert_eq!(url.to_string().parse::<BucketUrl>().unwrap(), url, "{text}");
        }
    }

    #[test]
    fn a_sibling_is_in_the_same_store() {
        let url: BucketUrl = "s3://data/b?region=eu".parse().unwrap();
        let sibling = url.sibling("s3://other/out/x/counts").unwrap();
        assert_eq!(sibling.to_string(), "s3://other/out/x?region=eu");
        for other in ["gs://other/x", "/data/x", "counts", "s3://"] {
            assert_eq!(url.sibling(other), None, "{other}");
        }
        assert_eq!("/data".parse::<BucketUrl>().unwrap().sibling("/data/x"), None);
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for (text, reason) in [
            ("", "it is empty"),
            ("ftp://bucket", "ftp:// is not known"),
            ("s3://", "names no bucket"),
            ("s3://key:secret@bucket", "credentials have no place"),
            ("s3://bucket:9000", "?endpoint="),
            ("s3://bucket?endpont=x", "`endpont` is unknown"),
            ("s3://bucket?endpoint=host", "must begin with http"),
            ("s3://bucket?path_style=yes", "true or false"),
            ("s3://bucket?sse=none", "AES256"),
            ("gs://bucket?region=eu", "`region` is unknown"),
            ("file://host/data", "file:///absolute/path"),
            ("a\0b", "NUL"),
        ] {
            let error = text.parse::<BucketUrl>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text:?}: {error}");
            assert!(!error.contains("key:secret"), "{error}");
        }
    }
}
