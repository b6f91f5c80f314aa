//! A reader that knows whether what it read was what it should be.

use std::io::{self, Read};

use oci_spec::image::Digest;
use sha2::{Digest as _, Sha256};

use crate::sha256;

/// Hashes what it reads, and reads no more than it should.
pub(crate) struct VerifyingReader<R> {
    inner: R,
    hash: Sha256,
    expected_size: u64,
    size: u64,
    failure: Option<io::Error>,
}

impl<R: Read> VerifyingReader<R> {
    pub(crate) fn new(inner: R, expected_size: u64) -> Self {
        Self { inner, hash: Sha256::new(), expected_size, size: 0, failure: None }
    }

    /// Reads to the end and says what is wrong with the bytes; the outer error is the reader's own.
    pub(crate) fn verify(mut self, expected: &Digest) -> io::Result<Result<(), String>> {
        // Hidden behind what a decoder makes of it, the first failure is the one to tell.
        if self.failure.is_none() {
            let mut buffer = vec![0; 64 * 1024];
            while self.read(&mut buffer).is_ok_and(|read| read > 0) {}
        }
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        if self.size < self.expected_size {
            let (size, expected) = (self.size, self.expected_size);
            return Ok(Err(format!("it ends after {size} of {expected} bytes")));
        }
        if self.one_more()? {
            return Ok(Err(format!("it is longer than {} bytes", self.expected_size)));
        }
        let digest = sha256::digest(self.hash);
        Ok(if digest == *expected { Ok(()) } else { Err(format!("its bytes have the digest {digest}")) })
    }

    fn one_more(&mut self) -> io::Result<bool> {
        loop {
            match self.inner.read(&mut [0]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read.map(|read| read > 0),
            }
        }
    }
}

impl<R: Read> Read for VerifyingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.expected_size - self.size).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        loop {
            match self.inner.read(&mut buffer[..wanted]) {
                Ok(read) => {
                    self.hash.update(&buffer[..read]);
                    self.size += read as u64;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let told = io::Error::from(error.kind());
                    self.failure = Some(error);
                    return Err(told);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello() -> Digest {
        sha256::digest(Sha256::new().chain_update(b"hello"))
    }

    #[test]
    fn only_the_expected_bytes_pass() {
        for (bytes, size, problem) in [
            (&b"hello"[..], 5, None),
            (b"hell", 5, Some("it ends after 4 of 5 bytes")),
            (b"", 5, Some("it ends after 0 of 5 bytes")),
            (b"hello!", 5, Some("it is longer than 5 bytes")),
            (b"hullo", 5, Some("its bytes have the digest sha256:")),
            (b"hello", 4, Some("it is longer than 4 bytes")),
        ] {
            for read_before in [0, 2, 100] {
                let mut reader = VerifyingReader::new(bytes, size);
                let _ = reader.read(&mut vec![0; read_before]).unwrap();
                let found = reader.verify(&hello()).unwrap().err();
                assert_eq!(found.is_some(), problem.is_some(), "{bytes:?} as {size}");
                assert!(found.unwrap_or_default().starts_with(problem.unwrap_or_default()), "{bytes:?}");
            }
        }
    }

    #[test]
    fn a_failure_of_the_reader_is_not_damage() {
        struct Broken(usize);
        impl Read for Broken {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                match self.0 {
                    1 => Err(io::ErrorKind::Interrupted.into()),
                    2 => Ok(buffer.len().min(2)),
                    _ => Err(io::Error::new(io::ErrorKind::ConnectionReset, "gone")),
                }
            }
        }
        let error = VerifyingReader::new(Broken(0), 5).verify(&hello()).unwrap_err();
        assert_eq!(error.to_string(), "gone");

        let mut reader = VerifyingReader::new(Broken(0), 5);
        assert_eq!(reader.read(&mut [0; 8]).unwrap(), 2);
        assert_eq!(reader.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(reader.verify(&hello()).unwrap_err().to_string(), "gone");
    }
}
