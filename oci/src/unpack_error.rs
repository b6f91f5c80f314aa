//! What keeps a layer from being unpacked, told by who is at fault: its bytes, its maker, or this machine.

use std::io;
use std::path::PathBuf;

use oci_spec::image::Digest;

/// An error on the way from a layer to files. `Display` names the thing; [`UnpackError::hint`] says the remedy.
///
/// Whatever was unpacked before is not to be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// The bytes are not those that were asked for.
    #[error("layer {layer} does not match its digest: {reason}")]
    Corrupt {
        /// The layer that was expected.
        layer: Digest,
        /// What was found.
        reason: String,
    },
    /// The bytes are those that were asked for, but hold what no layer of ours does.
    #[error("layer {layer} is refused: its entry `{}` {reason}", path.escape_debug())]
    Hostile {
        /// The layer.
        layer: Digest,
        /// The entry's path as it stands there.
        path: String,
        /// Why it is refused.
        reason: String,
    },
    /// The layer's bytes could not be read to their end.
    #[error("can't read layer {layer}")]
    Read {
        /// The layer.
        layer: Digest,
        /// The reader's error.
        #[source]
        source: io::Error,
    },
    /// A file could not be written.
    #[error("can't {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// No thread could be started.
    #[error("can't start a thread to unpack layer {layer}")]
    Thread {
        /// The layer.
        layer: Digest,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

impl UnpackError {
    /// Whether the layer's bytes are at fault, damaged or hostile, and not this machine: trying again won't help.
    pub fn is_corrupt(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::Hostile { .. })
    }

    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Corrupt { .. } => "its copy is damaged; make the layer again and store it anew",
            Self::Hostile { .. } => "don't use it; find out who made it and who may write where it came from",
            Self::Read { .. } | Self::Thread { .. } => "try again",
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "free some space, or unpack elsewhere"
                }
                io::ErrorKind::AlreadyExists => "unpack into a new, empty folder",
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    "make the folder writable for this user, or unpack elsewhere"
                }
                _ => return None,
            },
        };
        Some(hint.to_owned())
    }
}
