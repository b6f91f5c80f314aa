//! An OCI image layout in one file: a tar of the folder.

use std::io::{Read, Write};

use tar::{Builder, EntryType, Header};

use super::ImageIndex;
use super::error::ImageError;
use super::layout::{VERSION, all_blobs, copy_blob, entries, index_of};
use crate::write_layer::header;
use crate::{Attachment, BlobSource};

/// Writes images as an OCI archive. Equal images give equal bytes.
pub fn write_oci_archive(
    output: impl Write,
    name: Option<&str>,
    images: &ImageIndex,
    artifacts: &[Attachment],
) -> Result<(), ImageError> {
    let mut archive = Archive::new(output);
    archive.text("oci-layout", VERSION.as_bytes())?;
    archive.text("index.json", index_of(&entries(name, images, artifacts)).to_string().as_bytes())?;
    let mut blobs = all_blobs(images, artifacts);
    blobs.sort_by(|(one, _), (other, _)| one.digest().digest().cmp(other.digest().digest()));
    for (descriptor, source) in blobs {
        archive.blob(&format!("blobs/sha256/{}", descriptor.digest().digest()), &descriptor, &source)?;
    }
    archive.finish()
}

/// A tar whose files are blobs.
pub(crate) struct Archive<W: Write>(Builder<W>);

impl<W: Write> Archive<W> {
    pub(crate) fn new(output: W) -> Self {
        Self(Builder::new(output))
    }

    pub(crate) fn text(&mut self, path: &str, bytes: &[u8]) -> Result<(), ImageError> {
        self.append(path, bytes.len() as u64, &mut &*bytes)
    }

    /// Adds a blob, verified on the way.
    pub(crate) fn blob(
        &mut self,
        path: &str,
        descriptor: &oci_spec::image::Descriptor,
        source: &BlobSource,
    ) -> Result<(), ImageError> {
        let failed = |source| ImageError::Io { action: "write", source };
        let mut header = file_header(descriptor.size());
        header.set_path(path).map_err(failed)?;
        header.set_cksum();
        let output = self.0.get_mut();
        output.write_all(header.as_bytes()).map_err(failed)?;
        copy_blob(descriptor, source, output)?;
        let padding = descriptor.size().next_multiple_of(512) - descriptor.size();
        std::io::copy(&mut std::io::repeat(0).take(padding), output).map_err(failed)?;
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<(), ImageError> {
        let finished = self.0.into_inner().and_then(|mut output| output.flush());
        finished.map_err(|source| ImageError::Io { action: "write", source })
    }

    fn append(&mut self, path: &str, size: u64, bytes: &mut dyn Read) -> Result<(), ImageError> {
        let mut header = file_header(size);
        let appended = self.0.append_data(&mut header, path, bytes);
        appended.map_err(|source| ImageError::Io { action: "write", source })
    }
}

fn file_header(size: u64) -> Header {
    header(EntryType::Regular, 0o644, size)
}
