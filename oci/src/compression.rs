//! How the archive of a layer is compressed.

use std::str::FromStr;

use oci_spec::image::MediaType;

/// How the archive of a layer is compressed. Each way and each level gives other bytes, and so other digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Gzip, which everything reads.
    Gzip {
        /// 1 fast … 9 small.
        level: u32,
    },
    /// Zstandard: smaller, and read much faster, but not by Docker before 23.0.
    #[cfg(feature = "zstd")]
    Zstd {
        /// 1 fast … 19 small.
        level: i32,
    },
}

impl Compression {
    /// The gzip of every layer that is published where nobody says otherwise.
    pub const GZIP: Self = Self::Gzip { level: 6 };
    /// Zstandard as layers have it.
    #[cfg(feature = "zstd")]
    pub const ZSTD: Self = Self::Zstd { level: 6 };

    /// Names the way bytes are made, for content keys: in another way the same contents give other bytes.
    pub fn name(self) -> String {
        match self {
            Self::Gzip { level } => format!("gzip deflate zlib-rs level {level} block 1MiB"),
            #[cfg(feature = "zstd")]
            Self::Zstd { level } => {
                format!("zstd {} level {level} block 4MiB", zstd::zstd_safe::version_string())
            }
        }
    }

    /// What a layer that is compressed so is called.
    pub fn media_type(self) -> MediaType {
        match self {
            Self::Gzip { .. } => MediaType::ImageLayerGzip,
            #[cfg(feature = "zstd")]
            Self::Zstd { .. } => MediaType::ImageLayerZstd,
        }
    }
}

/// A text that names no way to compress.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no compression of layers: write gzip or zstd")]
pub struct CompressionError(String);

/// `gzip` and `zstd`, with the levels that layers have.
impl FromStr for Compression {
    type Err = CompressionError;

    fn from_str(text: &str) -> Result<Self, CompressionError> {
        match text {
            "gzip" => Ok(Self::GZIP),
            #[cfg(feature = "zstd")]
            "zstd" => Ok(Self::ZSTD),
            _ => Err(CompressionError(text.to_owned())),
        }
    }
}

impl Default for Compression {
    fn default() -> Self {
        Self::GZIP
    }
}
