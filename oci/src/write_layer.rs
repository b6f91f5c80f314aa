//! Contents become a layer: one pass over the bytes gives the blob, both digests and both sizes.

use std::io::Write;
use std::path::Path;

use fs_err as fs;
use tar::{Builder, EntryType, Header};

use crate::exact_reader::{ExactReader, SourceProblem};
use crate::hashing_writer::HashingWriter;
use crate::layer_contents::{FileSource, LayerEntry};
use crate::layer_path::LayerPath;
use crate::{BlockCompressor, Layer, LayerContents, LayerError, LayerOptions};

/// Writes a layer to `output`. Files are streamed: what is held in memory depends on the number of threads alone.
///
/// After an error `output` holds a part of a layer, to be thrown away.
pub fn write_layer(
    contents: &LayerContents,
    output: impl Write + Send,
    options: LayerOptions,
) -> Result<Layer, LayerError> {
    let failed = |source| LayerError::Output { source };
    let LayerOptions { threads, compression } = options;
    let compressor =
        BlockCompressor::new(HashingWriter::new(output), threads, compression).map_err(failed)?;
    let mut archive = Builder::new(HashingWriter::new(compressor));
    let is_link = |entry: &LayerEntry| matches!(entry, LayerEntry::HardLink { .. });
    // A link to what has not come yet could not be unpacked.
    let (links, others): (Vec<_>, Vec<_>) = contents.entries().partition(|(_, entry)| is_link(entry));
    for (path, entry) in others.into_iter().chain(links) {
        append(&mut archive, path, entry)?;
    }
    let (compressor, diff_id, uncompressed_size) = archive.into_inner().map_err(failed)?.finish();
    let (mut output, digest, size) = compressor.finish().map_err(failed)?.finish();
    output.flush().map_err(failed)?;
    Ok(Layer { digest, diff_id, size, uncompressed_size, media_type: compression.media_type() })
}

fn append(archive: &mut Builder<impl Write>, path: &LayerPath, entry: &LayerEntry) -> Result<(), LayerError> {
    let failed = |source| LayerError::Output { source };
    match entry {
        LayerEntry::Directory { mode } => {
            let mut header = header(EntryType::Directory, *mode, 0);
            archive.append_data(&mut header, format!("{path}/"), std::io::empty()).map_err(failed)
        }
        LayerEntry::Symlink { target } => {
            append_link(archive, path, target.as_str(), header(EntryType::Symlink, 0o777, 0))
        }
        LayerEntry::HardLink { target } => {
            append_link(archive, path, target.as_str(), header(EntryType::Link, 0o644, 0))
        }
        LayerEntry::File { source: FileSource::Bytes(bytes), mode } => {
            let mut header = header(EntryType::Regular, *mode, bytes.len() as u64);
            archive.append_data(&mut header, path.as_str(), bytes.as_slice()).map_err(failed)
        }
        LayerEntry::File { source: FileSource::Path(source), mode } => {
            append_file(archive, path, source, *mode)
        }
    }
}

fn append_link(
    archive: &mut Builder<impl Write>,
    path: &LayerPath,
    target: &str,
    mut header: Header,
) -> Result<(), LayerError> {
    // `append_link` would tidy a short target; it is to be there as it was given.
    let appended = if header.set_link_name_literal(target).is_ok() {
        archive.append_data(&mut header, path.as_str(), std::io::empty())
    } else {
        archive.append_link(&mut header, path.as_str(), target)
    };
    appended.map_err(|source| LayerError::Output { source })
}

fn append_file(
    archive: &mut Builder<impl Write>,
    path: &LayerPath,
    source_path: &Path,
    mode: u32,
) -> Result<(), LayerError> {
    let unreadable = |source| LayerError::Source { path: path.to_string(), source };
    // Asked before it is opened: opening a pipe would wait for somebody to write to it.
    if !fs::metadata(source_path).map_err(unreadable)?.is_file() {
        return Err(LayerError::NotAFile { source_path: source_path.to_owned() });
    }
    let file = fs::File::open(source_path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let mut reader = ExactReader::new(file, size);
    let mut header = header(EntryType::Regular, mode, size);
    match archive.append_data(&mut header, path.as_str(), &mut reader) {
        Ok(()) => Ok(()),
        Err(source) => Err(match reader.into_problem() {
            None => LayerError::Output { source },
            Some(SourceProblem::Io(source)) => unreadable(source),
            Some(SourceProblem::Changed) => LayerError::Changed { source_path: source_path.to_owned() },
        }),
    }
}

/// Nothing in a header comes from the machine: the owner is 0 without a name, the time is constant.
pub(crate) fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(Layer::MODIFIED);
    header.set_uid(0);
    header.set_gid(0);
    header
}

#[cfg(test)]
mod tests;
