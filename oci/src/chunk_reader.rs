//! The tar of a layer as it comes from the thread that inflates it, hashed on the way.

use std::io::{self, Read};
use std::sync::mpsc::Receiver;

use oci_spec::image::Digest;
use sha2::{Digest as _, Sha256};

use crate::sha256;

/// Reads chunks one after the other. It ends when the sender is gone.
pub(crate) struct ChunkReader {
    chunks: Receiver<Vec<u8>>,
    chunk: Vec<u8>,
    position: usize,
    hash: Sha256,
}

impl ChunkReader {
    pub(crate) fn new(chunks: Receiver<Vec<u8>>) -> Self {
        Self { chunks, chunk: Vec::new(), position: 0, hash: Sha256::new() }
    }

    /// Reads to the end: the digest of everything, and whether all that was left was zeros.
    pub(crate) fn finish(mut self) -> (Digest, bool) {
        let mut zeros = true;
        loop {
            zeros &= self.chunk[self.position..].iter().all(|byte| *byte == 0);
            if !self.next() {
                return (sha256::digest(self.hash), zeros);
            }
        }
    }

    fn next(&mut self) -> bool {
        let Ok(chunk) = self.chunks.recv() else { return false };
        self.hash.update(&chunk);
        self.chunk = chunk;
        self.position = 0;
        true
    }
}

impl Read for ChunkReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.position == self.chunk.len() {
            if !self.next() {
                return Ok(0);
            }
        }
        let rest = &self.chunk[self.position..];
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        self.position += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn everything_is_hashed_and_the_rest_must_be_zeros() {
        for (chunks, zeros) in [
            (&[&b"ab"[..], b"", b"c\0", b"\0"][..], true),
            (&[b"abc"], true),
            (&[b"abcd"], false),
            (&[b"abc\0", b"\0", b"d"], false),
        ] {
            let (sender, receiver) = mpsc::channel();
            for chunk in chunks {
                sender.send(chunk.to_vec()).unwrap();
            }
            drop(sender);
            let mut reader = ChunkReader::new(receiver);
            let mut start = [0; 3];
            reader.read_exact(&mut start).unwrap();
            assert_eq!(&start, b"abc");
            let digest = sha256::digest(Sha256::new().chain_update(chunks.concat()));
            assert_eq!(reader.finish(), (digest, zeros), "{chunks:?}");
        }
    }
}
