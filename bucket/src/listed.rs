//! What a store tells of an object without its bytes.

use jiff::Timestamp;
use object_store::ObjectMeta;

/// A listed object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The name in the folder.
    pub(crate) name: String,
    /// How many bytes.
    pub(crate) size: u64,
    /// When it was written, by the store's clock.
    pub(crate) modified: Timestamp,
    /// Another word after every write.
    pub(crate) stamp: String,
}

impl Listed {
    pub(crate) fn new(meta: ObjectMeta) -> Option<Self> {
        let (name, size, modified) = (meta.location.filename()?.to_owned(), meta.size, modified(&meta));
        Some(Self { name, size, modified, stamp: stamp(meta) })
    }
}

/// An opaque word that changes whenever an object is written again.
pub(crate) fn stamp(meta: ObjectMeta) -> String {
    meta.e_tag.unwrap_or_else(|| format!("{}-{}", meta.last_modified, meta.size))
}

/// When an object was written, by the store's clock.
pub(crate) fn modified(meta: &ObjectMeta) -> Timestamp {
    let (seconds, nanoseconds) =
        (meta.last_modified.timestamp(), meta.last_modified.timestamp_subsec_nanos());
    Timestamp::new(seconds, i32::try_from(nanoseconds).unwrap_or(0)).unwrap_or(Timestamp::UNIX_EPOCH)
}
