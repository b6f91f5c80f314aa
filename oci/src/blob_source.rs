//! Where the bytes of a blob are before they are needed.

use std::fmt;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use fs_err as fs;

/// Opens a blob's bytes anew, from their beginning.
pub type OpenBlob = dyn Fn() -> io::Result<Box<dyn Read + Send>> + Send + Sync;

/// Where a blob's bytes are. Its length and digest are those of the descriptor it belongs to; whoever sends it on checks them.
#[derive(Clone)]
pub enum BlobSource {
    /// In memory: configurations and manifests.
    Bytes(Bytes),
    /// In a file, or in a part of one (an uncompressed archive), from `offset` on.
    File {
        /// The file.
        path: PathBuf,
        /// Where in it the blob begins.
        offset: u64,
    },
    /// Somewhere that is opened when it is needed.
    Opened(Arc<OpenBlob>),
}

impl BlobSource {
    /// A whole file.
    pub fn file(path: PathBuf) -> Self {
        Self::File { path, offset: 0 }
    }

    /// The bytes from `start` on, relative to the blob; a file may go on behind its end.
    pub fn open(&self, start: u64) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::Bytes(bytes) => {
                let mut cursor = Cursor::new(bytes.clone());
                cursor.set_position(start);
                Ok(Box::new(cursor))
            }
            Self::File { path, offset } => {
                let mut file = fs::File::open(path)?;
                file.seek(SeekFrom::Start(offset + start))?;
                Ok(Box::new(file))
            }
            Self::Opened(open) => {
                let mut reader = open()?;
                let skipped = io::copy(&mut reader.by_ref().take(start), &mut io::sink())?;
                if skipped < start {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                Ok(reader)
            }
        }
    }
}

impl fmt::Debug for BlobSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(formatter, "Bytes({})", bytes.len()),
            Self::File { path, offset } => write!(formatter, "File({}, {offset})", path.display()),
            Self::Opened(_) => formatter.write_str("Opened"),
        }
    }
}
