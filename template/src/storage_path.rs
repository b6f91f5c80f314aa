//! Paths of files, folders and buckets: what a value of Google's `GCS_…` types may be where the runner is not Google's.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Schemes that Beam's file systems, or we, understand.
const SCHEMES: [&str; 8] = ["gs", "s3", "az", "azfs", "abfs", "abfss", "hdfs", "file"];

/// How paths of Azure's begin.
const AZURE: &str = "az://";

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
    let value = if value.starts_with(AZURE) { account_of(value).0 } else { value };
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

/// The value in the spelling that Beam's SDKs understand: `file:///x` is `/x`, `az://CONTAINER/x` is `azfs://ACCOUNT/CONTAINER/x`.
/// The account is the one that the value names, `az://CONTAINER/x?account=ACCOUNT`, else `account`. Without any, a path of Azure's
/// stays as it is: taken for an account, the container would be looked for elsewhere.
pub(crate) fn as_sdk_spells_it<'v>(value: &'v str, account: Option<&str>) -> Cow<'v, str> {
    let is_ours = |part: &str| part.starts_with("file:/") || part.starts_with(AZURE);
    if !value.split(',').any(is_ours) {
        return Cow::Borrowed(value);
    }
    let parts: Vec<Cow<'_, str>> =
        value.split(',').map(|part| part_as_sdk_spells_it(part, account)).collect();
    Cow::Owned(parts.join(","))
}

/// The first path of Azure's in a value that Beam finds no account for, as [`as_sdk_spells_it`] left it.
pub(crate) fn without_account(value: &str) -> Option<&str> {
    value.split(',').find(|part| part.starts_with(AZURE))
}

/// A path of Azure's, and the account that it names.
fn account_of(path: &str) -> (&str, Option<&str>) {
    // `?` is a part of patterns too: what follows must be a name, which has letters and digits alone.
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match path.rsplit_once("?account=") {
        Some((path, name)) if is_name(name) => (path, Some(name)),
        _ => (path, None),
    }
}

fn part_as_sdk_spells_it<'v>(part: &'v str, account: Option<&str>) -> Cow<'v, str> {
    if let Some(rest) = part.strip_prefix(AZURE) {
        let (path, named) = account_of(rest);
        return match named.or(account) {
            Some(account) => Cow::Owned(format!("azfs://{account}/{path}")),
            None => Cow::Borrowed(part),
        };
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
            ("az://c/x", "gs://c/x", "azfs://mine/c/x"),
            ("az://c/x.csv?account=other", "gs://c/x.csv", "azfs://other/c/x.csv"),
            (
                "az://c/x?account=other,az://c/y",
                "gs://c/x?account=other,az://c/y",
                "azfs://other/c/x,azfs://mine/c/y",
            ),
            ("az://c/x?account=*", "gs://c/x?account=*", "azfs://mine/c/x?account=*"),
            ("azfs://me/c/x", "gs://me/c/x", "azfs://me/c/x"),
            ("/data/x.csv", "gs://data/x.csv", "/data/x.csv"),
            ("x.csv", "gs://x.csv", "x.csv"),
            ("file:///data/a%20b", "gs://data/a%20b", "/data/a b"),
            ("file://localhost/x", "gs://localhost/x", "/x"),
            ("file:/x", "gs://x", "/x"),
            ("file:///a,file:///b", "gs://a,file:///b", "/a,/b"),
            ("/100%25", "gs://100%25", "/100%25"),
        ] {
            assert_eq!(as_google_spells_it(value), google);
            assert_eq!(as_sdk_spells_it(value, Some("mine")), sdk);
        }
        for (value, sdk, lacks) in [
            ("file:///a,az://c/x", "/a,az://c/x", Some("az://c/x")),
            ("az://c/x?account=other", "azfs://other/c/x", None),
            ("azfs://me/c/x", "azfs://me/c/x", None),
        ] {
            let spelled = as_sdk_spells_it(value, None);
            assert_eq!((&*spelled, without_account(&spelled)), (sdk, lacks));
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
