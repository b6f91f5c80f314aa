//! Paths of files, folders and buckets: what a value of Google's `GCS_…` types may be where the runner is not Google's.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Schemes that Beam's file systems, or we, understand.
const SCHEMES: [&str; 8] = ["gs", "s3", "az", "azfs", "abfs", "abfss", "hdfs", "file"];

/// Whether a value is a path of storage: a plain path, or a URL of a known scheme. Several may stand with commas between them,
/// as patterns of files to read do.
pub(crate) fn is_storage_path(value: &str) -> bool {
    let mut parts = value.split(',').filter(|part| part.contains("://") || part.starts_with("file:"));
    !value.is_empty() && !value.contains(['\n', '\r', '\0']) && parts.all(is_known_url)
}

fn is_known_url(part: &str) -> bool {
    let Some((scheme, rest)) = part.split_once(':') else { return false };
    // What follows `file://` is a host: `file://data/x` is a file of another machine, not `data/x`.
    let is_here = scheme != "file"
        || !rest.starts_with("//")
        || rest.starts_with("///")
        || rest.starts_with("//localhost/");
    SCHEMES.contains(&scheme) && is_here && !rest.trim_start_matches('/').is_empty()
}

/// The value as it would be spelt on Google's storage, so that a regex made for `gs://` says of any other storage what it says
/// there: `s3://b/x.csv` and `/b/x.csv` become `gs://b/x.csv`.
pub(crate) fn as_google_spells_it(value: &str) -> String {
    let rest = match value.split_once("://") {
        Some((scheme, rest)) if SCHEMES.contains(&scheme) => rest,
        _ => value.strip_prefix("file:").unwrap_or(value),
    };
    format!("gs://{}", rest.trim_start_matches('/'))
}

/// Whether a regex is made for Google's storage alone: it begins with `^gs://`.
pub(crate) fn is_for_google_storage(regex: &str) -> bool {
    let mut regex = regex;
    while let Some(inner) = ["^", "(?:", "("].iter().find_map(|opening| regex.strip_prefix(opening)) {
        regex = inner;
    }
    regex.replacen(r"\/", "/", 2).starts_with("gs://")
}

/// The value in the spelling that Beam's SDKs understand: `file:///x` is `/x`, `az://` is `azfs://`.
pub(crate) fn as_sdk_spells_it(value: &str) -> Cow<'_, str> {
    let is_ours = |part: &str| part.starts_with("file:/") || part.starts_with("az://");
    if !value.split(',').any(is_ours) {
        return Cow::Borrowed(value);
    }
    let parts: Vec<Cow<'_, str>> = value.split(',').map(part_as_sdk_spells_it).collect();
    Cow::Owned(parts.join(","))
}

fn part_as_sdk_spells_it(part: &str) -> Cow<'_, str> {
    if let Some(rest) = part.strip_prefix("az://") {
        return Cow::Owned(format!("azfs://{rest}"));
    }
    let Some(rest) = part.strip_prefix("file:").filter(|rest| rest.starts_with('/')) else {
        return Cow::Borrowed(part);
    };
    let path = match rest.strip_prefix("//") {
        Some(rest) => rest.strip_prefix("localhost").filter(|path| path.starts_with('/')).unwrap_or(rest),
        None => rest,
    };
    percent_decode_str(path).decode_utf8().unwrap_or(Cow::Borrowed(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls_of_storage() {
        for value in [
            "/a",
            "a/b.txt",
            "gs://b",
            "s3://b/k*",
            "az://c/x",
            "file:///x",
            "file:/x",
            "gs://a/x,gs://b/y",
            "a,b",
        ] {
            assert!(is_storage_path(value), "{value}");
        }
        for value in [
            "",
            "ftp://x/y",
            "gs://",
            "a\nb",
            "https://x",
            "gs://a,ftp://b",
            "://x",
            "file:///",
            "file://data/x",
        ] {
            assert!(!is_storage_path(value), "{value}");
        }
    }

    #[test]
    fn each_spelling_has_its_readers() {
        for (value, google, sdk) in [
            ("gs://b/x", "gs://b/x", "gs://b/x"),
            ("s3://b/x", "gs://b/x", "s3://b/x"),
            ("az://c/x", "gs://c/x", "azfs://c/x"),
            ("/data/x.csv", "gs://data/x.csv", "/data/x.csv"),
            ("x.csv", "gs://x.csv", "x.csv"),
            ("file:///data/a%20b", "gs://data/a%20b", "/data/a b"),
            ("file://localhost/x", "gs://localhost/x", "/x"),
            ("file:/x", "gs://x", "/x"),
            ("file:///a,file:///b", "gs://a,file:///b", "/a,/b"),
            ("/100%25", "gs://100%25", "/100%25"),
        ] {
            assert_eq!(as_google_spells_it(value), google);
            assert_eq!(as_sdk_spells_it(value), sdk);
        }
        for (regex, expected) in [
            (r"^gs:\/\/[^\n\r]+$", true),
            ("^gs://.+", true),
            ("gs://.+", true),
            (r"^(gs:\/\/[^\n\r]+)$", true),
            (r"^(?:(gs:\/\/[^\n\r]+))$", true),
            ("^(gs|s3)://", false),
            (".*", false),
        ] {
            assert_eq!(is_for_google_storage(regex), expected, "{regex}");
        }
    }
}
