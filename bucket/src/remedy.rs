//! What whoever meets an error of the bucket can do about it, in words.

use crate::error::short;
use crate::{BucketError, store_error};

impl BucketError {
    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Url { .. } => {
                "give a folder, such as ./bucket, or an address, such as s3://NAME/PREFIX?endpoint=https://HOST".to_owned()
            }
            Self::Address { .. } => "give its path in the bucket, such as jars/beam.jar".to_owned(),
            Self::NoSuchBucket { bucket } => match scheme_and_container(bucket) {
                ("s3", name) => format!("check the address; a bucket is made by `aws s3 mb s3://{name}`, or by your store's own tools"),
                ("gs", name) => format!("check the address; a bucket is made by `gcloud storage buckets create gs://{name}`"),
                ("az", name) => format!("check the address; a container is made by `az storage container create --name {name}`"),
                _ => "check --bucket or TMPL_BUCKET; `tmpl build` makes a bucket where there is none".to_owned(),
            },
            Self::NoSuchTemplate { near: Some(near), .. } => format!("did you mean {near}?"),
            Self::NoSuchTemplate { known, .. } if known.is_empty() => {
                "this bucket has no templates yet: publish one with `tmpl build PROJECT --bucket …`"
                    .to_owned()
            }
            Self::NoSuchTemplate { known, .. } => format!("this bucket has {}", known.join(", ")),
            Self::NoSuchVersion { name, .. } => {
                format!("leave out `@…` to launch the newest version of {name}")
            }
            Self::AmbiguousVersion { .. } => "give more of the digest".to_owned(),
            Self::Deleted { name, last: Some(last), .. } => {
                format!("`tmpl template rollback {name}@{}` brings it back", short(last))
            }
            Self::Deleted { name, last: None, .. } | Self::NoEarlierVersion { name, .. } => {
                format!("`tmpl template versions {name}` shows what there was")
            }
            Self::NewerLog { .. } => "update tmpl".to_owned(),
            Self::NoSuchJob { .. } => "`tmpl jobs list` shows the jobs of a bucket".to_owned(),
            Self::Ended { id, .. } => format!("`tmpl jobs show {id}` shows what it did"),
            Self::NotEnded { id, .. } => format!("`tmpl jobs cancel {id}` ends it"),
            Self::Collecting { .. } => "wait until it is over; one that was killed is forgotten after five minutes".to_owned(),
            Self::CorruptBlob { .. } | Self::MissingBlob { .. } | Self::BlobSize { .. } => {
                "build the template again: `tmpl build` stores it anew".to_owned()
            }
            Self::TooLarge { .. } => {
                "look what lies there, and write it again: it has some kilobytes".to_owned()
            }
            Self::ChangedWhileStored { .. } => "run the command again".to_owned(),
            Self::Malformed { .. } => "it may come from a newer tmpl, or have been edited by hand".to_owned(),
            Self::ReadOnly { .. } => {
                "make the bucket writable for this user, or choose another bucket".to_owned()
            }
            Self::Denied { action, bucket, object, .. } => format!(
                "whoever may do this needs {} for {}: docs/permissions.md has the rights of each role",
                right(action, scheme_and_container(bucket).0),
                area(object)
            ),
            Self::Credentials { .. } => {
                "`tmpl doctor` says where they come from; check them, and that they are this store's".to_owned()
            }
            Self::Region { bucket, .. } => {
                format!("name its region: {bucket}?region=REGION, or AWS_REGION")
            }
            Self::Settings { bucket, .. } => match scheme_and_container(bucket).0 {
                "s3" => "profiles stand in ~/.aws/config and ~/.aws/credentials, or where AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE say".to_owned(),
                _ => "check the address, and the variables of the store's own tools".to_owned(),
            },
            Self::NoCredentials { source, .. } if source.to_string().starts_with("the profile") => {
                "log in again where the profile needs it (`aws sso login`), or mend what it says".to_owned()
            }
            Self::NoCredentials { bucket, .. } => match scheme_and_container(bucket).0 {
                "s3" => "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile: s3://NAME?profile=PROFILE".to_owned(),
                "gs" => "set GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`".to_owned(),
                _ => "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or log in with `az login`".to_owned(),
            },
            Self::Expired { .. } => "log in again, or renew the session's token".to_owned(),
            Self::Unsafe { .. } => {
                "choose another store; or, if only one writer at a time uses it, say so once: `tmpl doctor --single-writer`"
                    .to_owned()
            }
            Self::Full { .. } => "free some space, then run the command again".to_owned(),
            Self::Store { source, .. } if store_error::is_out_of_reach(source.as_ref()) => {
                "check the address of the store, and whether it answers; it is safe to repeat".to_owned()
            }
            Self::Store { .. } => return None,
        })
    }
}

/// `s3` and `data` of `s3://data/prefix`; nothing of a folder.
fn scheme_and_container(bucket: &str) -> (&str, &str) {
    let Some((scheme, rest)) = bucket.split_once("://") else { return ("", "") };
    (scheme, rest.split('/').next().unwrap_or_default())
}

/// The right that an action needs, as the store's administrators call it.
fn right(action: &str, scheme: &str) -> &'static str {
    match (scheme, action) {
        ("s3", "list") => "s3:ListBucket",
        ("s3", "read") => "s3:GetObject",
        ("s3", "delete") => "s3:DeleteObject",
        ("s3", _) => "s3:PutObject",
        ("gs", "list") => "storage.objects.list",
        ("gs", "read") => "storage.objects.get",
        ("gs", "delete") => "storage.objects.delete",
        ("gs", _) => "storage.objects.create",
        (_, "list" | "read") => "the right to read",
        _ => "the right to write",
    }
}

/// The part of a bucket that an object lies in, as policies name it: `templates/*`, `staging/jobs/*`.
fn area(object: &str) -> String {
    let mut parts = object.split('/').filter(|part| !part.is_empty());
    match (parts.next(), parts.next()) {
        (Some("staging"), Some(part)) => format!("staging/{part}/*"),
        (Some(part), _) => format!("{part}/*"),
        (None, _) => "the bucket".to_owned(),
    }
}
