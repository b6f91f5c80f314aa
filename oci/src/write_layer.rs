//! Contents become a layer: one pass over the bytes gives the blob, both digests and both sizes.

use std::io::Write;
use std::path::Path;

use fs_err as fs;
use oci_spec::image::MediaType;
use tar::{Builder, EntryType, Header};

use crate::exact_reader::{ExactReader, SourceProblem};
use crate::hashing_writer::HashingWriter;
use crate::layer_contents::{FileSource, LayerEntry};
use crate::layer_path::LayerPath;
use crate::{Layer, LayerContents, LayerError, LayerOptions, ParallelGzip};

/// Writes a layer to `output`. Files are streamed: what is held in memory depends on the number of threads alone.
///
/// After an error `output` holds a part of a layer, to be thrown away.
pub fn write_layer(
    contents: &LayerContents,
    output: impl Write + Send,
    options: LayerOptions,
) -> Result<Layer, LayerError> {
    let failed = |source| LayerError::Output { source };
    let gzip =
        ParallelGzip::new(HashingWriter::new(output), options.threads, options.level).map_err(failed)?;
    let mut archive = Builder::new(HashingWriter::new(gzip));
    for (path, entry) in contents.entries() {
        append(&mut archive, path, entry)?;
    }
    let (gzip, diff_id, uncompressed_size) = archive.into_inner().map_err(failed)?.finish();
    let (mut output, digest, size) = gzip.finish().map_err(failed)?.finish();
    output.flush().map_err(failed)?;
    Ok(Layer { digest, diff_id, size, uncompressed_size, media_type: MediaType::ImageLayerGzip })
}

fn append(archive: &mut Builder<impl Write>, path: &LayerPath, entry: &LayerEntry) -> Result<(), LayerError> {
    let failed = |source| LayerError::Output { source };
    match entry {
        LayerEntry::Directory => {
            let mut header = header(EntryType::Directory, 0o755, 0);
            archive.append_data(&mut header, format!("{path}/"), std::io::empty()).map_err(failed)
        }
        LayerEntry::Symlink { target } => {
            let mut header = header(EntryType::Symlink, 0o777, 0);
            // `append_link` would tidy a short target; it is to be there as it was given.
            if header.set_link_name_literal(target.as_str()).is_ok() {
                archive.append_data(&mut header, path.as_str(), std::io::empty()).map_err(failed)
            } else {
                archive.append_link(&mut header, path.as_str(), target.as_str()).map_err(failed)
            }
        }
        LayerEntry::File { source: FileSource::Bytes(bytes), executable } => {
            let mut header = header(EntryType::Regular, file_mode(*executable), bytes.len() as u64);
            archive.append_data(&mut header, path.as_str(), bytes.as_slice()).map_err(failed)
        }
        LayerEntry::File { source: FileSource::Path(source), executable } => {
            append_file(archive, path, source, *executable)
        }
    }
}

fn append_file(
    archive: &mut Builder<impl Write>,
    path: &LayerPath,
    source_path: &Path,
    executable: bool,
) -> Result<(), LayerError> {
    let unreadable = |source| LayerError::Source { path: path.to_string(), source };
    // Asked before it is opened: opening a pipe would wait for somebody to write to it.
    if !fs::metadata(source_path).map_err(unreadable)?.is_file() {
        return Err(LayerError::NotAFile { source_path: source_path.to_owned() });
    }
    let file = fs::File::open(source_path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let mut reader = ExactReader::new(file, size);
    let mut header = header(EntryType::Regular, file_mode(executable), size);
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
fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(Layer::MODIFIED);
    header.set_uid(0);
    header.set_gid(0);
    header
}

fn file_mode(executable: bool) -> u32 {
    if executable { 0o755 } else { 0o644 }
}

#[cfg(test)]
mod tests;
