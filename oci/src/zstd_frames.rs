//! Zstandard as layers have it: frames one after the other, and between them some that readers skip.

use std::io::{self, BufRead, BufReader, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The first bytes of a frame.
pub(crate) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Reads what all frames hold. Whatever follows the last one is an error.
pub(crate) struct ZstdFrames<R> {
    reader: BufReader<R>,
    decoder: FrameDecoder,
    in_frame: bool,
}

impl<R: Read> ZstdFrames<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader: BufReader::with_capacity(256 * 1024, reader),
            decoder: FrameDecoder::new(),
            in_frame: false,
        }
    }

    /// Begins the next frame that holds something; false where there is none.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.reader.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.reader) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let skipped = io::copy(&mut self.reader.by_ref().take(length.into()), &mut io::sink())?;
                    if skipped < length.into() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: Read> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.in_frame {
                self.in_frame = self.next_frame()?;
                if !self.in_frame {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let decoded =
                    self.decoder.decode_blocks(&mut self.reader, BlockDecodingStrategy::UptoBlocks(1));
                decoded.map_err(io::Error::other)?;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            self.in_frame = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "hello\n" by `zstd`, and a frame of four bytes to be skipped.
    const HELLO: &[u8] = &[
        0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x31, 0x00, 0x00, b'h', b'e', b'l', b'l', b'o', b'\n', 0x53,
        0x88, 0xbd, 0x91,
    ];
    const SKIPPED: &[u8] = &[0x52, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4];

    fn read(parts: &[&[u8]]) -> io::Result<String> {
        let bytes = parts.concat();
        let mut text = String::new();
        ZstdFrames::new(bytes.as_slice()).read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn frames_are_read_to_the_last_and_nothing_may_follow() {
        assert!(HELLO.starts_with(&MAGIC));
        assert_eq!(read(&[HELLO]).unwrap(), "hello\n");
        assert_eq!(read(&[HELLO, SKIPPED, HELLO, SKIPPED]).unwrap(), "hello\nhello\n");
        assert_eq!(read(&[]).unwrap(), "");
        for bad in [
            &[HELLO, b"x"][..],
            &[HELLO, b"garbage that follows"],
            &[HELLO, &SKIPPED[..10]],
            &[HELLO, &HELLO[..12]],
            &[&HELLO[..5]],
            &[b"no zstd at all"],
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
