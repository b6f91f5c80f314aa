//! What a block becomes, and what comes before and after all blocks.

use std::io;

use crate::{Compression, gzip};

/// The size of a block of Zstandard in bytes: large, since nothing of one helps with the next. Part of the format.
#[cfg(feature = "zstd")]
const ZSTD_BLOCK: usize = 4 * 1024 * 1024;

/// Compresses blocks in one thread.
pub(crate) enum Codec {
    Gzip(gzip::Deflater),
    /// Each block becomes a frame; readers take frames one after the other for one stream.
    #[cfg(feature = "zstd")]
    Zstd(zstd::bulk::Compressor<'static>),
}

/// A block that was compressed.
pub(crate) struct Compressed {
    pub(crate) bytes: Vec<u8>,
    sum: gzip::Sum,
}

/// What the end of the stream needs to know of all blocks.
pub(crate) struct Tail {
    compression: Compression,
    sum: gzip::Sum,
    blocks: u64,
}

impl Codec {
    #[cfg_attr(not(feature = "zstd"), expect(clippy::unnecessary_wraps, reason = "zstd can fail"))]
    pub(crate) fn new(compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::Gzip { level } => Self::Gzip(gzip::Deflater::new(level)),
            #[cfg(feature = "zstd")]
            Compression::Zstd { level } => Self::Zstd(zstd::bulk::Compressor::new(level)?),
        })
    }

    pub(crate) fn compress(&mut self, block: &[u8]) -> io::Result<Compressed> {
        match self {
            Self::Gzip(deflater) => {
                Ok(Compressed { bytes: deflater.block(block)?, sum: gzip::Sum::of(block) })
            }
            #[cfg(feature = "zstd")]
            Self::Zstd(compressor) => {
                Ok(Compressed { bytes: compressor.compress(block)?, sum: gzip::Sum::default() })
            }
        }
    }
}

/// The size of a block in bytes.
pub(crate) fn block_size(compression: Compression) -> usize {
    match compression {
        Compression::Gzip { .. } => gzip::BLOCK,
        #[cfg(feature = "zstd")]
        Compression::Zstd { .. } => ZSTD_BLOCK,
    }
}

/// What a stream begins with.
pub(crate) fn header(compression: Compression) -> &'static [u8] {
    match compression {
        Compression::Gzip { .. } => &gzip::HEADER,
        #[cfg(feature = "zstd")]
        Compression::Zstd { .. } => &[],
    }
}

impl Tail {
    pub(crate) fn new(compression: Compression) -> Self {
        Self { compression, sum: gzip::Sum::default(), blocks: 0 }
    }

    /// Takes note of the next block.
    pub(crate) fn add(&mut self, block: &Compressed) {
        self.sum.add(&block.sum);
        self.blocks += 1;
    }

    /// What the stream ends with.
    #[cfg_attr(not(feature = "zstd"), expect(clippy::unnecessary_wraps, reason = "zstd can fail"))]
    pub(crate) fn finish(self) -> io::Result<Vec<u8>> {
        match self.compression {
            Compression::Gzip { .. } => Ok(self.sum.trailer()),
            // A stream of nothing has a frame, too.
            #[cfg(feature = "zstd")]
            Compression::Zstd { .. } if self.blocks == 0 => {
                Ok(Codec::new(self.compression)?.compress(&[])?.bytes)
            }
            #[cfg(feature = "zstd")]
            Compression::Zstd { .. } => Ok(Vec::new()),
        }
    }
}
