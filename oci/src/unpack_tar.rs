//! The entries of a layer's tar, each checked before anything of it touches the disk.
//!
//! Only what layers are made of is taken: files, directories, links, and GNU's long names for them. Reading raw
//! entries keeps the size of those names bounded, which a hostile archive would otherwise choose.

use std::io::{self, Read};
use std::mem;
use std::path::Path;

use oci_spec::image::Digest;
use tar::{Archive, Entry, EntryType};

use crate::chunk_reader::ChunkReader;
use crate::layer_path::{LayerPath, MAX_LENGTH, PathProblem};
use crate::link_target::LinkTarget;
use crate::tree_writer::{TreeProblem, TreeWriter};
use crate::{UnpackError, UnpackedLayer};

/// A tar whose entries were all written.
pub(crate) struct UnpackedTar {
    /// The digest of its bytes, to the last one.
    pub(crate) diff_id: Digest,
    /// Whether nothing but padding follows its end.
    pub(crate) ends_cleanly: bool,
    /// What was written.
    pub(crate) unpacked: UnpackedLayer,
}

/// Names too long for a header: they stand before the entry they belong to.
#[derive(Default)]
struct LongNames {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
}

/// Writes all entries below `into`. `layer` is for the errors.
pub(crate) fn unpack_tar(
    reader: ChunkReader,
    layer: &Digest,
    into: &Path,
) -> Result<UnpackedTar, UnpackError> {
    let broken = |error: io::Error| UnpackError::Corrupt {
        layer: layer.clone(),
        reason: format!("its archive is broken: {error}"),
    };
    let mut archive = Archive::new(reader);
    let mut tree = TreeWriter::new(into);
    let mut long = LongNames::default();
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        let path = match &long.path {
            Some(path) => path.clone(),
            None => entry.header().path_bytes().into_owned(),
        };
        unpack_entry(&mut entry, &path, &mut long, &mut tree).map_err(|problem| match problem {
            TreeProblem::Refused(reason) => UnpackError::Hostile {
                layer: layer.clone(),
                path: String::from_utf8_lossy(&path).into_owned(),
                reason,
            },
            TreeProblem::Broken(error) => broken(error),
            TreeProblem::Io { action, path, source } => UnpackError::Io { action, path, source },
        })?;
    }
    let unpacked = tree.unpacked();
    let (diff_id, ends_cleanly) = archive.into_inner().finish();
    Ok(UnpackedTar { diff_id, ends_cleanly, unpacked })
}

fn unpack_entry(
    entry: &mut Entry<'_, impl Read>,
    path: &[u8],
    long: &mut LongNames,
    tree: &mut TreeWriter<'_>,
) -> Result<(), TreeProblem> {
    let refused = |problem: PathProblem| TreeProblem::Refused(problem.to_string());
    let kind = entry.header().entry_type();
    match kind {
        EntryType::GNULongName => {
            long.path = Some(read_name(entry)?);
            return Ok(());
        }
        EntryType::GNULongLink => {
            long.target = Some(read_name(entry)?);
            return Ok(());
        }
        EntryType::Directory => tree.directory(LayerPath::from_entry(path, true).map_err(refused)?)?,
        EntryType::Regular => {
            let path = LayerPath::from_entry(path, false).map_err(refused)?;
            let executable = entry.header().mode().map_err(TreeProblem::Broken)? & 0o111 != 0;
            let size = entry.size();
            tree.file(path, executable, size, entry)?;
        }
        EntryType::Symlink => {
            let path = LayerPath::from_entry(path, false).map_err(refused)?;
            let short =
                || entry.header().link_name_bytes().map(std::borrow::Cow::into_owned).unwrap_or_default();
            let bytes = long.target.take().unwrap_or_else(short);
            let target = LinkTarget::from_entry(&path, &bytes).map_err(|problem| {
                let target = String::from_utf8_lossy(&bytes).escape_debug().to_string();
                TreeProblem::Refused(format!("is a symbolic link whose target `{target}` {problem}"))
            })?;
            tree.symlink(path, &target)?;
        }
        EntryType::Link => {
            let path = LayerPath::from_entry(path, false).map_err(refused)?;
            let short =
                || entry.header().link_name_bytes().map(std::borrow::Cow::into_owned).unwrap_or_default();
            let bytes = long.target.take().unwrap_or_else(short);
            let target = LayerPath::from_entry(&bytes, false).map_err(|problem| {
                let target = String::from_utf8_lossy(&bytes).escape_debug().to_string();
                TreeProblem::Refused(format!("is a hard link whose target `{target}` {problem}"))
            })?;
            tree.hard_link(path, &target)?;
        }
        other => return Err(TreeProblem::Refused(format!("is {}, which no layer holds", name_of(other)))),
    }
    mem::take(long);
    Ok(())
}

fn read_name(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, TreeProblem> {
    // With the NUL that ends it.
    if entry.size() > MAX_LENGTH as u64 + 1 {
        return Err(TreeProblem::Refused(format!("has a name that {}", PathProblem::TooLong)));
    }
    let mut name = Vec::new();
    entry.read_to_end(&mut name).map_err(TreeProblem::Broken)?;
    if name.last() == Some(&0) {
        name.pop();
    }
    Ok(name)
}

fn name_of(kind: EntryType) -> String {
    match kind {
        EntryType::Char | EntryType::Block => "a device".to_owned(),
        EntryType::Fifo => "a named pipe".to_owned(),
        EntryType::XHeader | EntryType::XGlobalHeader => "an extended header".to_owned(),
        EntryType::GNUSparse => "a sparse file".to_owned(),
        other => format!("of kind `{}`", char::from(other.as_byte()).escape_debug()),
    }
}
