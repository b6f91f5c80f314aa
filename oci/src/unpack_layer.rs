//! A layer becomes files, verified: one thread reads and inflates, another hashes the tar and writes the files.

use std::io::{BufReader, Cursor, Read};
use std::panic;
use std::path::Path;
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use flate2::bufread::GzDecoder;

use crate::chunk_reader::ChunkReader;
use crate::unpack_tar::unpack_tar;
use crate::verifying_reader::VerifyingReader;
use crate::zstd_frames::{self, ZstdFrames};
use crate::{ExpectedLayer, UnpackError, UnpackedLayer};

/// How much goes from thread to thread at a time, in bytes.
const CHUNK_SIZE: usize = 256 * 1024;

/// How many chunks may wait: what is held in memory stays at a few MiB.
const CHUNKS_WAITING: usize = 8;

/// Unpacks a layer into the directory `into`, which the caller has just made and renames to its place afterwards.
///
/// Files become read-only (0444, or 0555 where executable) with the time [`Layer::MODIFIED`](crate::Layer::MODIFIED),
/// directories 0755, whatever the umask. The whole of `reader` is read and checked: size, digest and diff id. Only
/// after `Ok` may what lies in `into` be used.
pub fn unpack_layer(
    reader: impl Read,
    layer: &ExpectedLayer,
    into: &Path,
) -> Result<UnpackedLayer, UnpackError> {
    let corrupt = |reason: String| UnpackError::Corrupt { layer: layer.digest.clone(), reason };
    let mut compressed = VerifyingReader::new(reader, layer.size);
    let (sender, receiver) = mpsc::sync_channel(CHUNKS_WAITING);
    let (inflated, written) = thread::scope(|scope| {
        let named = thread::Builder::new().name("unpack".to_owned());
        let unpack = move || unpack_tar(ChunkReader::new(receiver), &layer.digest, into);
        let writer = named
            .spawn_scoped(scope, unpack)
            .map_err(|source| UnpackError::Thread { layer: layer.digest.clone(), source })?;
        let inflated = inflate(&mut compressed, &sender);
        // The writer waits for more until then.
        drop(sender);
        Ok((inflated, writer.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked))))
    })?;
    // The machine's own failure needs no look at the bytes. Whatever else went wrong, wrong bytes explain it.
    if let Err(error @ UnpackError::Io { .. }) = written {
        return Err(error);
    }
    let verified = compressed.verify(&layer.digest);
    verified.map_err(|source| UnpackError::Read { layer: layer.digest.clone(), source })?.map_err(corrupt)?;
    inflated.map_err(corrupt)?;
    let written = written?;
    if written.diff_id != layer.diff_id {
        return Err(corrupt(format!(
            "its archive has the diff id {}, not {}",
            written.diff_id, layer.diff_id
        )));
    }
    if !written.ends_cleanly {
        return Err(corrupt("bytes follow the end of its archive".to_owned()));
    }
    Ok(written.unpacked)
}

/// Inflates until the stream ends, fails, or nobody takes it any more. The error says what is wrong with the stream.
///
/// What kind of stream it is stands in its first bytes: they are as true as the digest that they are verified by.
fn inflate(compressed: &mut VerifyingReader<impl Read>, chunks: &SyncSender<Vec<u8>>) -> Result<(), String> {
    let mut first = Vec::with_capacity(zstd_frames::MAGIC.len());
    // A failure is kept by the verifying reader.
    let _ = compressed.by_ref().take(zstd_frames::MAGIC.len() as u64).read_to_end(&mut first);
    let is_zstd = first == zstd_frames::MAGIC;
    let compressed = Cursor::new(first).chain(compressed);
    if is_zstd {
        return pass_on(&mut ZstdFrames::new(compressed), "zstd", chunks).map(drop);
    }
    let mut decoder = GzDecoder::new(BufReader::with_capacity(CHUNK_SIZE, compressed));
    if !pass_on(&mut decoder, "gzip", chunks)? {
        return Ok(());
    }
    let mut rest = decoder.into_inner();
    match rest.read(&mut [0]) {
        Ok(1..) => Err("bytes follow the end of its gzip stream".to_owned()),
        // A failure is kept by the verifying reader.
        _ => Ok(()),
    }
}

/// Passes on what a decoder of such streams gives; false where nobody takes it any more.
fn pass_on(decoder: &mut impl Read, kind: &str, chunks: &SyncSender<Vec<u8>>) -> Result<bool, String> {
    loop {
        let mut chunk = Vec::with_capacity(CHUNK_SIZE);
        let read = decoder.by_ref().take(CHUNK_SIZE as u64).read_to_end(&mut chunk);
        if let Err(error) = read {
            return Err(format!("its {kind} stream is broken: {error}"));
        }
        if chunk.is_empty() {
            return Ok(true);
        }
        if chunks.send(chunk).is_err() {
            // The writer gave up, and says why.
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests;
