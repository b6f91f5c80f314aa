//! A blob that what is published names, and where this machine has its bytes.

use bytes::Bytes;
use tmpl_oci::image::{Blob, ImageLayer};
use tmpl_template::Digest;

use crate::lock::Lock;
use crate::made_layer::MadeLayer;

/// A blob that the bucket shall have.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    /// What it is called while it is sent.
    pub(crate) title: String,
    pub(crate) source: OutgoingSource,
    /// The blob that names it, where no spec does: an image's manifest.
    pub(crate) named_by: Option<Digest>,
}

/// Where the bytes of a blob are.
#[derive(Clone, Debug)]
pub(crate) enum OutgoingSource {
    /// In the builder's cache, or in the bucket alone.
    Cached,
    /// Here.
    Bytes(Bytes),
    /// Where the image has them from.
    Image(Box<ImageLayer>),
}

impl Outgoing {
    pub(crate) fn of_layer(layer: &MadeLayer) -> Self {
        let reference = &layer.reference;
        Self {
            digest: reference.digest.clone(),
            size: reference.size,
            title: reference.title.clone(),
            source: OutgoingSource::Cached,
            named_by: None,
        }
    }

    pub(crate) fn of_lock(lock: &Lock) -> Self {
        Self::of_bytes("lock", lock.digest(), lock.bytes().into(), None)
    }

    /// A configuration or a manifest.
    pub(crate) fn of_document(title: &str, blob: Blob, named_by: Option<Digest>) -> Self {
        Self::of_bytes(title, blob.descriptor.digest().clone(), blob.bytes, named_by)
    }

    /// A layer of an image.
    pub(crate) fn of_image(layer: &ImageLayer, named_by: Digest) -> Self {
        let digest = layer.descriptor.digest().clone();
        Self {
            title: format!("image layer {}", &digest.digest()[..12]),
            size: layer.descriptor.size(),
            digest,
            source: OutgoingSource::Image(Box::new(layer.clone())),
            named_by: Some(named_by),
        }
    }

    fn of_bytes(title: &str, digest: Digest, bytes: Bytes, named_by: Option<Digest>) -> Self {
        let (title, size) = (title.to_owned(), bytes.len() as u64);
        Self { digest, size, title, source: OutgoingSource::Bytes(bytes), named_by }
    }
}

/// Each blob once.
pub(crate) fn each_once(blobs: Vec<Outgoing>) -> Vec<Outgoing> {
    let mut once: Vec<Outgoing> = Vec::new();
    for blob in blobs {
        if !once.iter().any(|known| known.digest == blob.digest) {
            once.push(blob);
        }
    }
    once
}
