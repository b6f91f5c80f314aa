//! Layers: reproducible, content-addressed archives of files, written and unpacked in one pass over the bytes.
//!
//! The crate knows nothing of templates. Layers are synchronous: compression and hashing keep the cores busy. The client of
//! registries ([`registry`]) is asynchronous: it waits for networks.
//!
//! ```text
//! LayerContents ─▶ write_layer:  tar ─▶ SHA-256 (diff id) ─▶ gzip or zstd blocks, in parallel ─▶ SHA-256 (digest) ─▶ output
//! folder ◀─ unpack_layer:  files ◀─ tar ◀─ SHA-256 ◀─ gunzip or unzstd ◀─ SHA-256, size ◀─ reader
//! ```
//!
//! Same contents, same digest: the order of insertion, the number of threads, the umask, owners and times of the sources
//! leave no trace. What was unpacked was verified: a layer whose bytes are not those of its digest ends as an
//! [`UnpackError`], and the caller throws the folder away.
//!
//! ```
//! use tmpl_oci::{ExpectedLayer, LayerContents, LayerOptions, unpack_layer, write_layer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut contents = LayerContents::new();
//! contents.bytes("app/main.py", b"print('hello')\n".to_vec(), false)?;
//! let mut blob = Vec::new();
//! let layer = write_layer(&contents, &mut blob, LayerOptions::default())?;
//!
//! let folder = tempfile::tempdir()?;
//! let unpacked = unpack_layer(blob.as_slice(), &ExpectedLayer::from(&layer), folder.path())?;
//! assert_eq!(unpacked.files, 1);
//! # Ok(())
//! # }
//! ```

mod artifact;
mod blob_source;
mod block_compressor;
mod chunk_reader;
mod codec;
mod compression;
mod exact_reader;
mod gzip;
mod hashing_writer;
pub mod image;
mod image_reference;
mod layer;
mod layer_contents;
mod layer_error;
mod layer_path;
mod link_target;
#[cfg(feature = "registry")]
pub mod registry;
mod sha256;
mod tree_writer;
mod unpack_error;
mod unpack_layer;
mod unpack_tar;
mod verifying_reader;
mod visit_layer;
mod write_layer;
mod zstd_frames;

pub use oci_spec::image::{Descriptor, Digest, MediaType, Platform, PlatformBuilder};

pub use artifact::{Artifact, Attachment};
pub use blob_source::{BlobSource, OpenBlob};
pub use block_compressor::BlockCompressor;
pub use compression::{Compression, CompressionError};
pub use image_reference::{ImageReference, ImageReferenceError};
pub use layer::{ExpectedLayer, Layer, LayerOptions, UnpackedLayer};
pub use layer_contents::LayerContents;
pub use layer_error::LayerError;
pub use layer_path::PathProblem;
pub use link_target::TargetProblem;
pub use unpack_error::UnpackError;
pub use unpack_layer::unpack_layer;
pub use visit_layer::{Visit, VisitedKind, visit_layer};
pub use write_layer::write_layer;
