//! What can go wrong with a bucket, told by what the caller can do about it.

use std::error::Error as StdError;
use std::io;

use jiff::Timestamp;
use object_store::Error as StoreError;
use oci_spec::image::Digest;
use tmpl_template::{JobId, TemplateName, hex};

use crate::{LogEntry, store_error};

/// How many digits of a digest tell versions apart for people.
const SHORT: usize = 12;

/// An error of the bucket. `Display` names the thing; [`BucketError::hint`] says the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BucketError {
    /// The text is not the address of a bucket.
    #[error("`{url}` is not a bucket: {reason}")]
    Url {
        /// What was given.
        url: String,
        /// Why it is refused.
        reason: String,
    },
    /// The text is not the address of an object in the bucket.
    #[error("`{address}` is no object of {bucket}: {reason}")]
    Address {
        /// What was given.
        address: String,
        /// The bucket's path.
        bucket: String,
        /// Why it is refused.
        reason: &'static str,
    },
    /// The bucket's folder does not exist, or is not a folder.
    #[error("there is no bucket at {bucket}")]
    NoSuchBucket {
        /// The bucket's path.
        bucket: String,
    },
    /// No template of that name.
    #[error("there is no template `{name}` in {bucket}")]
    NoSuchTemplate {
        /// The name asked for.
        name: TemplateName,
        /// The bucket's path.
        bucket: String,
        /// The nearest name that exists.
        near: Option<String>,
        /// Some names that exist.
        known: Vec<String>,
    },
    /// No version of the template begins with that digest.
    #[error("template `{name}` has no version `{version}` in {bucket}")]
    NoSuchVersion {
        /// The template.
        name: TemplateName,
        /// The digest prefix asked for.
        version: String,
        /// The bucket's path.
        bucket: String,
    },
    /// More than one version begins with that digest.
    #[error("`{name}@{version}` could be any of {}", candidates.join(", "))]
    AmbiguousVersion {
        /// The template.
        name: TemplateName,
        /// The digest prefix asked for.
        version: String,
        /// The versions that begin so.
        candidates: Vec<String>,
    },
    /// The template was deleted; its versions are still there.
    #[error("template `{name}` in {bucket} was deleted on {} by {}{}", shown(entry.time), entry.facts.who, said(entry))]
    Deleted {
        /// The template.
        name: TemplateName,
        /// The bucket's path.
        bucket: String,
        /// The log's entry: when, by whom, why.
        entry: Box<LogEntry>,
        /// The version that was current before, where it is known.
        last: Option<Digest>,
    },
    /// The template's log names no version that was current before.
    #[error("template `{name}` in {bucket} has no earlier version to go back to")]
    NoEarlierVersion {
        /// The template.
        name: TemplateName,
        /// The bucket's path.
        bucket: String,
    },
    /// The newest entry of a publish log was written by a newer tmpl.
    #[error(
        "entry {number} of the log of template `{name}` in {bucket} has {what}, which this tmpl does not know"
    )]
    NewerLog {
        /// The template.
        name: TemplateName,
        /// The bucket's path.
        bucket: String,
        /// The entry's number.
        number: u64,
        /// What is not known: "the action `freeze`", "format 2".
        what: String,
    },
    /// No job of that id.
    #[error("there is no job `{id}` in {bucket}")]
    NoSuchJob {
        /// The id asked for.
        id: JobId,
        /// The bucket's path.
        bucket: String,
    },
    /// The job has ended and can't be stopped any more.
    #[error("job {id} has already ended: {state}")]
    Ended {
        /// The job.
        id: JobId,
        /// How it ended, in words.
        state: &'static str,
    },
    /// The job still runs.
    #[error("job {id} has not ended: it is {state}")]
    NotEnded {
        /// The job.
        id: JobId,
        /// Where it stands, in words.
        state: &'static str,
    },
    /// Another garbage collection runs.
    #[error("another `tmpl gc` runs on {bucket}")]
    Collecting {
        /// The bucket's name.
        bucket: String,
    },
    /// A blob's bytes are not those its name promises.
    #[error("blob {digest} in {bucket} does not match its digest")]
    CorruptBlob {
        /// The blob's name.
        digest: Digest,
        /// The bucket's path.
        bucket: String,
    },
    /// A blob that a template relies on is not there.
    #[error("blob {digest} is missing from {bucket}")]
    MissingBlob {
        /// The blob's name.
        digest: Digest,
        /// The bucket's path.
        bucket: String,
    },
    /// A blob has another size than the template that relies on it says.
    #[error("blob {digest} in {bucket} has {size} bytes instead of {expected}")]
    BlobSize {
        /// The blob's name.
        digest: Digest,
        /// The bucket's path.
        bucket: String,
        /// How many bytes it has.
        size: u64,
        /// How many it should have.
        expected: u64,
    },
    /// An object has more bytes than are read of its kind.
    #[error("{bucket}/{object} has {size} bytes; more than {limit} are not read")]
    TooLarge {
        /// The bucket's path.
        bucket: String,
        /// The object's path in the bucket.
        object: String,
        /// How many bytes it has.
        size: u64,
        /// How many it may have.
        limit: u64,
    },
    /// A file changed while it was being uploaded.
    #[error("{file} changed while it was stored: its bytes no longer have the digest {digest}")]
    ChangedWhileStored {
        /// The local file.
        file: String,
        /// The digest it had.
        digest: Digest,
    },
    /// An object can't be read as what it should be.
    #[error("{bucket}/{object} can't be read: {reason}")]
    Malformed {
        /// The bucket's path.
        bucket: String,
        /// The object's path in the bucket.
        object: String,
        /// What the reader says.
        reason: String,
    },
    /// The store refused to write.
    #[error("can't write {bucket}/{object}: the bucket is read-only")]
    ReadOnly {
        /// The bucket's path.
        bucket: String,
        /// The object's path in the bucket.
        object: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The store knows us, and does not let us.
    #[error("not allowed to {action} {bucket}/{object}: {reason}")]
    Denied {
        /// read, write, list or delete.
        action: &'static str,
        /// The bucket's name.
        bucket: String,
        /// The object's path in the bucket.
        object: String,
        /// What the store says.
        reason: String,
    },
    /// The store does not take what says who we are.
    #[error("the store does not take the credentials for {bucket}: {reason}")]
    Credentials {
        /// The bucket's name.
        bucket: String,
        /// What the store says.
        reason: String,
    },
    /// The store is in another place than we say.
    #[error("{bucket} is in another region: {reason}")]
    Region {
        /// The bucket's name.
        bucket: String,
        /// What the store says.
        reason: String,
    },
    /// What a client would need to know of the store, or of us, can't be had.
    #[error("can't connect to {bucket}: {reason}")]
    Settings {
        /// The bucket's name.
        bucket: String,
        /// What is wrong.
        reason: String,
    },
    /// Nothing says who we are.
    #[error("no credentials for {bucket} were found")]
    NoCredentials {
        /// The bucket's name.
        bucket: String,
        /// What the client says.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The credentials were good once.
    #[error("can't {action} {bucket}/{object}: the credentials have expired")]
    Expired {
        /// read, write, list or delete.
        action: &'static str,
        /// The bucket's name.
        bucket: String,
        /// The object's path in the bucket.
        object: String,
    },
    /// The store does not do what keeps several writers from harming each other.
    #[error("{bucket} can't be written to safely: {reason}")]
    Unsafe {
        /// The bucket's name.
        bucket: String,
        /// What was found.
        reason: String,
    },
    /// No space is left.
    #[error("can't write {bucket}/{object}: no space is left in the bucket")]
    Full {
        /// The bucket's path.
        bucket: String,
        /// The object's path in the bucket.
        object: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// Any other failure of the store.
    #[error("can't {action} {bucket}/{object}")]
    Store {
        /// read, write, list or delete.
        action: &'static str,
        /// The bucket's path.
        bucket: String,
        /// The object's path in the bucket.
        object: String,
        /// The store's error.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
}

/// What the caller can do about a [`BucketError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketErrorKind {
    /// What was asked for is wrong or not there: nothing was started or written.
    Usage,
    /// What lies in the bucket is damaged, or newer than this program: repeating won't help, the remedy will.
    Damaged,
    /// The store is another one than is needed, or lets us do less: repeating won't help.
    Environment,
    /// The store failed: safe to repeat once it is mended.
    Temporary,
}

impl BucketError {
    /// What the caller can do about it.
    pub fn kind(&self) -> BucketErrorKind {
        match self {
            Self::CorruptBlob { .. }
            | Self::MissingBlob { .. }
            | Self::BlobSize { .. }
            | Self::TooLarge { .. }
            | Self::NewerLog { .. }
            | Self::Malformed { .. } => BucketErrorKind::Damaged,
            Self::Denied { .. }
            | Self::Credentials { .. }
            | Self::Region { .. }
            | Self::NoCredentials { .. }
            | Self::Unsafe { .. } => BucketErrorKind::Environment,
            Self::ReadOnly { .. }
            | Self::Expired { .. }
            | Self::Full { .. }
            | Self::Store { .. }
            | Self::Collecting { .. }
            | Self::ChangedWhileStored { .. } => BucketErrorKind::Temporary,
            _ => BucketErrorKind::Usage,
        }
    }

    /// The error of an operation of an object store.
    pub(crate) fn of_object_store(
        bucket: &str,
        action: &'static str,
        object: &str,
        error: StoreError,
    ) -> Self {
        let (name, path) = (bucket.to_owned(), object.to_owned());
        if store_error::has_no_credentials(&error) {
            return Self::NoCredentials { bucket: name, source: Box::new(error) };
        }
        match &error {
            StoreError::Generic { source, .. } if store_error::has_no_profile(&error) => {
                Self::NoCredentials { bucket: name, source: Box::new(store_error::Said(source.to_string())) }
            }
            error if store_error::names_no_bucket(error) => Self::NoSuchBucket { bucket: name },
            error if store_error::has_expired(error) => Self::Expired { action, bucket: name, object: path },
            error if store_error::is_elsewhere(error) => {
                Self::Region { bucket: name, reason: store_error::said(error) }
            }
            error if store_error::are_credentials_wrong(error) => {
                Self::Credentials { bucket: name, reason: store_error::said(error) }
            }
            // A folder's own refusals have the system's error below.
            StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. }
                if io_error(&error).is_none() =>
            {
                Self::Denied { action, bucket: name, object: path, reason: store_error::said(&error) }
            }
            // A refused list comes without a kind of its own.
            error if store_error::is_refused(error) => {
                Self::Denied { action, bucket: name, object: path, reason: store_error::said(error) }
            }
            error if store_error::has_markup(error) => {
                let source = Box::new(store_error::Said(store_error::said(error)));
                Self::Store { action, bucket: name, object: path, source }
            }
            _ => Self::of_store(bucket, action, object, error),
        }
    }

    /// The error of a store operation, sorted by what the system said at the bottom of the chain.
    pub(crate) fn of_store(
        bucket: &str,
        action: &'static str,
        object: &str,
        error: impl StdError + Send + Sync + 'static,
    ) -> Self {
        let (bucket, object) = (bucket.to_owned(), object.to_owned());
        let kind = io_error(&error).map(|io| (io.kind(), io.to_string()));
        match kind {
            Some((kind @ (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded), text)) => {
                Self::Full { bucket, object, source: io::Error::new(kind, text) }
            }
            Some((kind @ (io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied), text))
                if action == "write" || action == "delete" =>
            {
                Self::ReadOnly { bucket, object, source: io::Error::new(kind, text) }
            }
            _ => Self::Store { action, bucket, object, source: Box::new(error) },
        }
    }
}

/// What failed, then its causes. Some libraries repeat their cause in their own message: that is said once.
pub fn causes(error: &dyn StdError) -> Vec<String> {
    let mut chain = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if chain.last().is_none_or(|last| !last.ends_with(&text)) {
            chain.push(text);
        }
        source = cause.source();
    }
    chain
}

/// The first digits of a version, as people type them after `@`.
pub(crate) fn short(digest: &Digest) -> &str {
    let digits = hex(digest);
    digits.get(..SHORT).unwrap_or(digits)
}

fn shown(time: Timestamp) -> impl std::fmt::Display {
    time.strftime("%Y-%m-%d %H:%M:%S UTC")
}

fn said(entry: &LogEntry) -> String {
    entry.message.as_ref().map_or_else(String::new, |message| format!(" ({message})"))
}

/// The system's own error at the bottom of a chain of causes.
fn io_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io);
        }
        next = error.source();
    }
    None
}
