//! A layer as a value, and how it is written and read.

use oci_spec::image::{Digest, MediaType};

use crate::Compression;

/// A layer that was written: it knows both digests and its sizes from birth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The digest of the compressed bytes: the layer's name.
    pub digest: Digest,
    /// The digest of the archive inside.
    pub diff_id: Digest,
    /// The length of the compressed bytes.
    pub size: u64,
    /// The length of the archive inside.
    pub uncompressed_size: u64,
    /// What the bytes are.
    pub media_type: MediaType,
}

impl Layer {
    /// The modification time of everything in a layer, in seconds since 1970: 1980-01-02T00:00:00Z. Zip archives can't hold
    /// times before 1980, and programs make zip archives of installed files; a day later is after 1980 in every time zone.
    pub const MODIFIED: u64 = 315_619_200;
}

/// How a layer is written. Nothing here but the compression changes its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerOptions {
    /// How many threads compress.
    pub threads: usize,
    /// How the archive is compressed.
    pub compression: Compression,
}

impl Default for LayerOptions {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            compression: Compression::default(),
        }
    }
}

/// What a layer must turn out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedLayer {
    /// The digest of the compressed bytes.
    pub digest: Digest,
    /// The digest of the archive inside.
    pub diff_id: Digest,
    /// The length of the compressed bytes.
    pub size: u64,
}

impl From<&Layer> for ExpectedLayer {
    fn from(layer: &Layer) -> Self {
        Self { digest: layer.digest.clone(), diff_id: layer.diff_id.clone(), size: layer.size }
    }
}

/// What was unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UnpackedLayer {
    /// How many regular files.
    pub files: u64,
    /// Bytes of the files.
    pub bytes: u64,
}
