//! Compression on several threads whose bytes do not depend on how many.
//!
//! The input is cut into blocks of one fixed size. Each is compressed by itself, and they are written in their order.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::Compression;
use crate::codec::{self, Codec, Compressed, Tail};

/// A writer that compresses. [`BlockCompressor::finish`] must be called; what is dropped before is no whole stream.
pub struct BlockCompressor<W> {
    sink: W,
    block: Vec<u8>,
    block_size: usize,
    tail: Tail,
    sent: u64,
    written: u64,
    most_in_flight: u64,
    failed: bool,
    done: BTreeMap<u64, Compressed>,
    work: Option<Sender<(u64, Vec<u8>)>>,
    results: Receiver<(u64, io::Result<Compressed>)>,
}

impl<W: Write> BlockCompressor<W> {
    /// Begins a stream with this many threads.
    pub fn new(mut sink: W, threads: usize, compression: Compression) -> io::Result<Self> {
        sink.write_all(codec::header(compression))?;
        let block_size = codec::block_size(compression);
        let threads = threads.max(1);
        let (work, queue) = channel();
        let (report, results) = channel();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let (queue, report) = (Arc::clone(&queue), report.clone());
            let mut codec = Codec::new(compression)?;
            thread::Builder::new()
                .name("compress".to_owned())
                .spawn(move || compress_blocks(&queue, &report, &mut codec))?;
        }
        Ok(Self {
            sink,
            block: Vec::with_capacity(block_size),
            block_size,
            tail: Tail::new(compression),
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
        self.sink.write_all(&self.tail.finish()?)?;
        Ok(self.sink)
    }

    fn send(&mut self) -> io::Result<()> {
        // Blocks that are done but wait for an earlier one count too: they are in memory all the same.
        while self.sent - self.written >= self.most_in_flight {
            self.receive()?;
        }
        let block = std::mem::replace(&mut self.block, Vec::with_capacity(self.block_size));
        let work = self.work.as_ref().ok_or_else(ended)?;
        work.send((self.sent, block)).map_err(|_| ended())?;
        self.sent += 1;
        Ok(())
    }

    /// Takes one result and writes whatever is next in order.
    fn receive(&mut self) -> io::Result<()> {
        let (number, compressed) = self.results.recv().map_err(|_| ended())?;
        self.done.insert(number, compressed?);
        while let Some(next) = self.done.remove(&self.written) {
            self.sink.write_all(&next.bytes)?;
            self.tail.add(&next);
            self.written += 1;
        }
        Ok(())
    }

    /// After a failure blocks are missing: going on would end in a stream that looks whole.
    fn check(&self) -> io::Result<()> {
        if self.failed { Err(io::Error::other("the compressed stream has failed before")) } else { Ok(()) }
    }
}

impl<W: Write> Write for BlockCompressor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check()?;
        let taken = bytes.len().min(self.block_size - self.block.len());
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == self.block_size {
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

fn compress_blocks(
    queue: &Mutex<Receiver<(u64, Vec<u8>)>>,
    report: &Sender<(u64, io::Result<Compressed>)>,
    codec: &mut Codec,
) {
    loop {
        let next = match queue.lock() {
            Ok(queue) => queue.recv(),
            Err(_) => return,
        };
        let Ok((number, block)) = next else { return };
        if report.send((number, codec.compress(&block))).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
