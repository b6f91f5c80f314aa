//! Looking through a layer without unpacking it.

use std::io::{self, Read};
use std::ops::ControlFlow;

use flate2::read::MultiGzDecoder;
use oci_spec::image::MediaType;
use tar::EntryType;

use crate::zstd_frames::ZstdFrames;

/// What lies at a path of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisitedKind {
    /// A file.
    File,
    /// A symbolic or hard link, and where it leads.
    Link(String),
    /// A directory, a device or the like.
    Other,
}

/// Is shown an entry: its path, what it is, and a file's bytes; says whether it wants to see more.
pub type Visit<'a> = dyn FnMut(&str, &VisitedKind, &mut dyn Read) -> io::Result<ControlFlow<()>> + 'a;

/// Shows every entry of a layer to `visit`: its path without a leading `/` or `./`, what it is, and a file's bytes. Ends when the
/// layer does, or when `visit` has seen enough. Nothing is written and nothing verified: for layers of others, whose entries may
/// be of any kind.
pub fn visit_layer(reader: impl Read, media_type: &MediaType, visit: &mut Visit<'_>) -> io::Result<()> {
    let plain: Box<dyn Read> = match media_type {
        MediaType::ImageLayerGzip => Box::new(MultiGzDecoder::new(io::BufReader::new(reader))),
        MediaType::ImageLayerZstd => Box::new(ZstdFrames::new(reader)),
        _ => Box::new(reader),
    };
    let mut archive = tar::Archive::new(plain);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path_bytes().into_owned();
        let path = String::from_utf8_lossy(&path);
        let path = path.trim_start_matches("./").trim_start_matches('/').trim_end_matches('/').to_owned();
        let kind = match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => VisitedKind::File,
            EntryType::Symlink | EntryType::Link => {
                let target = entry.link_name_bytes().unwrap_or_default();
                VisitedKind::Link(String::from_utf8_lossy(&target).into_owned())
            }
            _ => VisitedKind::Other,
        };
        if visit(&path, &kind, &mut entry)?.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(all(test, feature = "zstd"))]
mod tests {
    use super::*;
    use crate::{Compression, LayerContents, LayerOptions, write_layer};

    #[test]
    fn entries_are_shown_until_enough_was_seen() {
        let mut contents = LayerContents::new();
        contents.bytes("a/file", b"text".to_vec(), false).unwrap();
        contents.symlink("a/link", "file").unwrap();
        contents.symlink_into_image("b", "/usr/bin/b").unwrap();
        contents.bytes("c", Vec::new(), false).unwrap();
        for compression in [Compression::GZIP, Compression::ZSTD] {
            let mut blob = Vec::new();
            let layer = write_layer(&contents, &mut blob, LayerOptions { threads: 1, compression }).unwrap();
            let mut seen = Vec::new();
            visit_layer(blob.as_slice(), &layer.media_type, &mut |path, kind, bytes| {
                let mut text = String::new();
                bytes.read_to_string(&mut text)?;
                seen.push(format!("{path} {kind:?} {text}"));
                Ok(if path == "b" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })
            .unwrap();
            let expected =
                ["a Other ", "a/file File text", "a/link Link(\"file\") ", "b Link(\"/usr/bin/b\") "];
            assert_eq!(seen, expected);
        }
        assert!(
            visit_layer(&b"no gzip"[..], &MediaType::ImageLayerGzip, &mut |_, _, _| {
                Ok(ControlFlow::Continue(()))
            })
            .is_err()
        );
    }
}
