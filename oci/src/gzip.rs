//! Blocks that were deflated one by one and are one gzip member that every reader reads.
//!
//! Each block is ended by a sync flush, which puts it on a byte boundary, so that the blocks joined are one deflate stream.

use std::io;

use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress};

/// The size of a block in bytes. Part of the format: another size gives other bytes.
pub(crate) const BLOCK: usize = 1024 * 1024;

/// Magic, deflate, no flags, no time, no extra flags, unknown system.
pub(crate) const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// An empty last block with fixed codes: ends the deflate stream.
const LAST_BLOCK: [u8; 2] = [3, 0];

/// What the end of a member says of all that was before.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    checksum: Hasher,
    length: u32,
}

impl Sum {
    pub(crate) fn of(block: &[u8]) -> Self {
        let mut checksum = Hasher::new();
        checksum.update(block);
        // The format keeps the length modulo 2^32.
        #[expect(clippy::cast_possible_truncation, reason = "the format wants it so")]
        Self { checksum, length: block.len() as u32 }
    }

    pub(crate) fn add(&mut self, next: &Self) {
        self.checksum.combine(&next.checksum);
        self.length = self.length.wrapping_add(next.length);
    }

    /// The end of the member.
    pub(crate) fn trailer(self) -> Vec<u8> {
        [&LAST_BLOCK[..], &self.checksum.finalize().to_le_bytes(), &self.length.to_le_bytes()].concat()
    }
}

/// Deflates blocks one after the other, each as if it were the only one.
pub(crate) struct Deflater(Compress);

impl Deflater {
    /// With this level (1 fast … 9 small).
    pub(crate) fn new(level: u32) -> Self {
        Self(Compress::new(Compression::new(level), false))
    }

    pub(crate) fn block(&mut self, block: &[u8]) -> io::Result<Vec<u8>> {
        self.0.reset();
        // Room for everything at once, even for what can't be compressed: a flush that runs out of room may leave its mark twice,
        // and the bytes would depend on how a vector grows.
        let mut bytes = Vec::with_capacity(block.len() + block.len() / 8 + 1024);
        self.0.compress_vec(block, &mut bytes, FlushCompress::Sync).map_err(io::Error::other)?;
        if self.0.total_in() != block.len() as u64 || bytes.len() == bytes.capacity() {
            return Err(io::Error::other("a block grew by more than an eighth when it was compressed"));
        }
        Ok(bytes)
    }
}
