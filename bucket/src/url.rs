//! Which bucket: parsed once from what a person typed, an environment variable or the configuration.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::BucketError;

/// The address of a bucket on local disk: a plain path, or a `file:///…` URL.
///
/// The path is made absolute when it is parsed, so that a launcher started in another folder means the same bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketUrl {
    path: PathBuf,
}

impl BucketUrl {
    /// The bucket's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl FromStr for BucketUrl {
    type Err = BucketError;

    fn from_str(text: &str) -> Result<Self, BucketError> {
        let refuse = |reason: &str| BucketError::Url { url: text.to_owned(), reason: reason.to_owned() };
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
            Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c)) => {
                return Err(refuse(&format!("this version keeps buckets on local disk, not on {scheme}://")));
            }
            _ => PathBuf::from(text),
        };
        let path = std::path::absolute(&path).map_err(|error| refuse(&error.to_string()))?;
        // `a/../b` would be kept by `absolute`, and a path with `..` means another folder once a link is in it.
        Ok(Self { path: lexically_normal(&path) })
    }
}

impl fmt::Display for BucketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
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
            assert_eq!(text.parse::<BucketUrl>().unwrap().path(), path, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for (text, reason) in [
            ("", "it is empty"),
            ("s3://bucket", "not on s3://"),
            ("gs://bucket/x", "not on gs://"),
            ("file://host/data", "file:///absolute/path"),
            ("a\0b", "NUL"),
        ] {
            let error = text.parse::<BucketUrl>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
    }
}
