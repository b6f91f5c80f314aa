//! Gzip on several threads whose bytes do not depend on how many.
//!
//! The input is cut into blocks of one fixed size. Each is deflated by itself and ended by a sync flush, which puts it on a byte
//! boundary, so that the blocks joined are one deflate stream, in one gzip member that every reader reads.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress};

/// The size of a block in bytes. Part of the format: another size gives other bytes.
pub(crate) const BLOCK: usize = 1024 * 1024;

/// Magic, deflate, no flags, no time, no extra flags, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// An empty last block with fixed codes: ends the deflate stream.
const LAST_BLOCK: [u8; 2] = [3, 0];

/// A gzip writer. [`ParallelGzip::finish`] must be called; what is dropped before is no whole stream.
pub struct ParallelGzip<W> {
    sink: W,
    block: Vec<u8>,
    checksum: Hasher,
    length: u32,
    sent: u64,
    written: u64,
    most_in_flight: u64,
    failed: bool,
    done: BTreeMap<u64, Deflated>,
    work: Option<Sender<(u64, Vec<u8>)>>,
    results: Receiver<(u64, io::Result<Deflated>)>,
}

struct Deflated {
    length: u32,
    bytes: Vec<u8>,
    checksum: Hasher,
}

impl<W: Write> ParallelGzip<W> {
    /// Begins a stream with this many threads and this level (1 fast … 9 small).
    pub fn new(mut sink: W, threads: usize, level: u32) -> io::Result<Self> {
        sink.write_all(&HEADER)?;
        let threads = threads.max(1);
        let (work, queue) = channel();
        let (report, results) = channel();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let (queue, report) = (Arc::clone(&queue), report.clone());
            thread::Builder::new()
                .name("gzip".to_owned())
                .spawn(move || deflate_blocks(&queue, &report, level))?;
        }
        Ok(Self {
            sink,
            block: Vec::with_capacity(BLOCK),
            checksum: Hasher::new(),
            length: 0,
            sent: 0,
            written: 0,
            // Besides these there are the block being filled and the one being written.
            most_in_flight: 2 * threads as u64,
            failed: false,
            done: BTreeMap::new(),
            work: Some(work),
            results,
        })
    }

    /// Ends the stream and gives the sink back.
    pub fn finish(mut self) -> io::Result<W> {
        self.check()?;
        if !self.block.is_empty() {
            self.send()?;
        }
        self.work = None;
        while self.written < self.sent {
            self.receive()?;
        }
        self.sink.write_all(&LAST_BLOCK)?;
        self.sink.write_all(&self.checksum.finalize().to_le_bytes())?;
        // The format keeps the length modulo 2^32.
        self.sink.write_all(&self.length.to_le_bytes())?;
        Ok(self.sink)
    }

    fn send(&mut self) -> io::Result<()> {
        // Blocks that are done but wait for an earlier one count too: they are in memory all the same.
        while self.sent - self.written >= self.most_in_flight {
            self.receive()?;
        }
        let block = std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK));
        let work = self.work.as_ref().ok_or_else(ended)?;
        work.send((self.sent, block)).map_err(|_| ended())?;
        self.sent += 1;
        Ok(())
    }

    /// Takes one result and writes whatever is next in order.
    fn receive(&mut self) -> io::Result<()> {
        let (number, deflated) = self.results.recv().map_err(|_| ended())?;
        self.done.insert(number, deflated?);
        while let Some(next) = self.done.remove(&self.written) {
            self.sink.write_all(&next.bytes)?;
            self.checksum.combine(&next.checksum);
            self.length = self.length.wrapping_add(next.length);
            self.written += 1;
        }
        Ok(())
    }

    /// After a failure blocks are missing: going on would end in a stream that looks whole.
    fn check(&self) -> io::Result<()> {
        if self.failed { Err(io::Error::other("the compressed stream has failed before")) } else { Ok(()) }
    }
}

impl<W: Write> Write for ParallelGzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check()?;
        let taken = bytes.len().min(BLOCK - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == BLOCK {
            self.send().inspect_err(|_| self.failed = true)?;
        }
        Ok(taken)
    }

    /// Blocks have a fixed size: a flush can't end one early.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn ended() -> io::Error {
    io::Error::other("a compressing thread ended")
}

fn deflate_blocks(
    queue: &Mutex<Receiver<(u64, Vec<u8>)>>,
    report: &Sender<(u64, io::Result<Deflated>)>,
    level: u32,
) {
    let mut compress = Compress::new(Compression::new(level), false);
    loop {
        let next = match queue.lock() {
            Ok(queue) => queue.recv(),
            Err(_) => return,
        };
        let Ok((number, block)) = next else { return };
        compress.reset();
        if report.send((number, deflate(&mut compress, &block))).is_err() {
            return;
        }
    }
}

fn deflate(compress: &mut Compress, block: &[u8]) -> io::Result<Deflated> {
    // Room for everything at once, even for what can't be compressed: a flush that runs out of room may leave its mark twice,
    // and the bytes would depend on how a vector grows.
    let mut bytes = Vec::with_capacity(block.len() + block.len() / 8 + 1024);
    compress.compress_vec(block, &mut bytes, FlushCompress::Sync).map_err(io::Error::other)?;
    if compress.total_in() != block.len() as u64 || bytes.len() == bytes.capacity() {
        return Err(io::Error::other("a block grew by more than an eighth when it was compressed"));
    }
    let mut checksum = Hasher::new();
    checksum.update(block);
    let length = u32::try_from(block.len()).map_err(io::Error::other)?;
    Ok(Deflated { length, bytes, checksum })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn compressed(input: &[u8], threads: usize) -> Vec<u8> {
        let mut gzip = ParallelGzip::new(Vec::new(), threads, 6).unwrap();
        gzip.write_all(input).unwrap();
        gzip.finish().unwrap()
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24).to_le_bytes()[0]
            })
            .collect()
    }

    #[test]
    fn one_member_that_every_reader_reads_whatever_the_threads() {
        for input in [Vec::new(), b"x".to_vec(), vec![7; BLOCK], vec![7; BLOCK + 1], noise(3 * BLOCK + 17)] {
            let bytes = compressed(&input, 1);
            assert_eq!(bytes, compressed(&input, 2));
            assert_eq!(bytes, compressed(&input, 8));
            let mut output = Vec::new();
            let mut rest = bytes.as_slice();
            flate2::bufread::GzDecoder::new(&mut rest).read_to_end(&mut output).unwrap();
            assert!(rest.is_empty(), "more than one member");
            assert!(output == input);
        }
    }

    #[test]
    fn gzip_itself_agrees() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), compressed(&noise(2 * BLOCK + 5), 2)).unwrap();
        let status =
            std::process::Command::new("gzip").arg("-t").stdin(file.reopen().unwrap()).status().unwrap();
        assert!(status.success());
    }

    #[test]
    fn python_agrees() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let input = noise(2 * BLOCK + 5);
        fs_err::write(file.path(), compressed(&input, 2)).unwrap();
        let script = "import gzip, sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())";
        let read =
            std::process::Command::new("python3").args(["-c", script]).arg(file.path()).output().unwrap();
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        assert!(read.stdout == input);
    }

    #[test]
    fn neither_the_size_of_writes_nor_flushes_leave_a_trace() {
        let input = noise(2 * BLOCK + 5);
        let mut gzip = ParallelGzip::new(Vec::new(), 2, 6).unwrap();
        for part in input.chunks(777_777) {
            gzip.write_all(part).unwrap();
            gzip.flush().unwrap();
        }
        assert!(gzip.finish().unwrap() == compressed(&input, 2));
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut gzip = ParallelGzip::new(Vec::new(), 2, 1).unwrap();
        // Blocks of very different cost, so that later ones are done before earlier ones.
        for number in 0..24 {
            gzip.write_all(&if number % 6 == 0 { noise(BLOCK) } else { vec![0; BLOCK] }).unwrap();
            assert!(gzip.sent - gzip.written <= 4, "{} blocks", gzip.sent - gzip.written);
            assert!(gzip.done.len() <= 4);
        }
    }

    #[test]
    fn a_failed_stream_does_not_end_well() {
        /// Fails once, and would take everything afterwards.
        struct Hiccup(usize);
        impl Write for Hiccup {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 == 3 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(bytes.len()) }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut gzip = ParallelGzip::new(Hiccup(0), 1, 6).unwrap();
        assert_eq!(gzip.write_all(&noise(12 * BLOCK)).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(gzip.write(b"more").is_err());
        assert!(gzip.finish().is_err());
    }

    #[test]
    fn a_sink_that_fails_is_heard() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                if bytes.len() > 10 {
                    Err(io::Error::from(io::ErrorKind::StorageFull))
                } else {
                    Ok(bytes.len())
                }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut gzip = ParallelGzip::new(Full, 2, 6).unwrap();
        gzip.write_all(&noise(BLOCK)).unwrap();
        let error = gzip.finish().err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
