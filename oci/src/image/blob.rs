//! Small blobs: configurations, manifests, indexes.

use bytes::Bytes;
use oci_spec::image::{Descriptor, Digest, MediaType};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::sha256;

/// A blob in memory, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Media type, digest and size.
    pub descriptor: Descriptor,
    /// The bytes.
    pub bytes: Bytes,
}

impl Blob {
    /// A blob of these bytes.
    pub fn new(media_type: MediaType, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let descriptor = Descriptor::new(media_type, bytes.len() as u64, sha256_of(&bytes));
        Self { descriptor, bytes }
    }

    /// A JSON document in its one spelling: no spaces, keys sorted, so that equal values have equal digests. (The types of the
    /// specification keep annotations and labels in hash maps, whose order is another one each time.)
    pub fn of_json(media_type: MediaType, value: &Value) -> Self {
        Self::new(media_type, value.to_string())
    }
}

/// The digest of some bytes.
pub fn sha256_of(bytes: &[u8]) -> Digest {
    sha256::digest(Sha256::new().chain_update(bytes))
}
