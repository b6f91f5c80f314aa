//! A reader for a source that was measured before: it must give that many bytes, no fewer and no more.
//!
//! An archive's header tells a file's size before its bytes come. A file that grows or shrinks meanwhile would shift
//! everything behind it, so this reader ends with an error instead.

use std::io::{self, Read};

/// Why reading ended early.
#[derive(Debug)]
pub(crate) enum SourceProblem {
    /// The source had more or fewer bytes than it should.
    Changed,
    /// The source can't be read.
    Io(io::Error),
}

/// Reads exactly `remaining` bytes.
#[derive(Debug)]
pub(crate) struct ExactReader<R> {
    inner: R,
    remaining: u64,
    problem: Option<SourceProblem>,
}

impl<R: Read> ExactReader<R> {
    pub(crate) fn new(inner: R, length: u64) -> Self {
        Self { inner, remaining: length, problem: None }
    }

    /// What was wrong with the source; nothing when a failure was not the source's.
    pub(crate) fn into_problem(self) -> Option<SourceProblem> {
        self.problem
    }

    fn fail(&mut self, problem: SourceProblem) -> io::Result<usize> {
        let kind = match &problem {
            SourceProblem::Changed => io::ErrorKind::InvalidData,
            SourceProblem::Io(error) => error.kind(),
        };
        self.problem = Some(problem);
        Err(kind.into())
    }
}

impl<R: Read> Read for ExactReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let at_end = self.remaining == 0;
        // At the end one more byte is asked for: getting it means that the source has grown.
        let wanted = if at_end {
            1
        } else {
            usize::try_from(self.remaining).map_or(buffer.len(), |left| left.min(buffer.len()))
        };
        match self.inner.read(&mut buffer[..wanted]) {
            Ok(0) if at_end => Ok(0),
            Ok(read) if at_end || read == 0 => self.fail(SourceProblem::Changed),
            Ok(read) => {
                self.remaining -= read as u64;
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => self.fail(SourceProblem::Io(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_must_be_met() {
        for (bytes, length, ok) in [
            (&b""[..], 0, true),
            (b"abc", 3, true),
            (b"abc", 4, false),
            (b"abc", 2, false),
            (b"a", 0, false),
            (b"", 1, false),
        ] {
            let mut reader = ExactReader::new(bytes, length);
            let mut read = Vec::new();
            assert_eq!(reader.read_to_end(&mut read).is_ok(), ok, "{bytes:?} as {length}");
            assert!(read.len() as u64 <= length, "{bytes:?} as {length}");
            assert_eq!(matches!(reader.into_problem(), Some(SourceProblem::Changed)), !ok);
        }
    }

    #[test]
    fn an_error_of_the_source_is_kept() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::new(io::ErrorKind::PermissionDenied, "no"))
            }
        }
        let mut reader = ExactReader::new(Broken, 3);
        let error = reader.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        let Some(SourceProblem::Io(error)) = reader.into_problem() else { panic!("no problem kept") };
        assert_eq!(error.to_string(), "no");
    }
}
