//! A writer that knows the digest and the number of the bytes that went through it.

use std::io::{self, Write};

use oci_spec::image::Digest;
use sha2::{Digest as _, Sha256};

use crate::sha256;

/// Hashes what it passes on.
pub(crate) struct HashingWriter<W> {
    inner: W,
    hash: Sha256,
    length: u64,
}

impl<W> HashingWriter<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new(), length: 0 }
    }

    /// The writer below, the digest and the number of bytes.
    pub(crate) fn finish(self) -> (W, Digest, u64) {
        (self.inner, sha256::digest(self.hash), self.length)
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes at most three bytes at a time.
    struct Reluctant(Vec<u8>);

    impl Write for Reluctant {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(3);
            self.0.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_what_was_taken_is_hashed() {
        let mut writer = HashingWriter::new(Reluctant(Vec::new()));
        writer.write_all(b"hello world").unwrap();
        let (inner, digest, length) = writer.finish();
        assert_eq!(inner.0, b"hello world");
        assert_eq!(digest, sha256::digest(Sha256::new().chain_update(b"hello world")));
        assert_eq!(length, 11);
    }
}
