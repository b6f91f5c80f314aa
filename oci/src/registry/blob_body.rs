//! The bytes of a blob on their way out: read in pieces, hashed, and held back at the end if they are not the right ones.

use std::io::{self, ErrorKind, Read as _};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use oci_spec::image::{Descriptor, Digest, DigestAlgorithm};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::activity::Activity;
use super::error::RegistryError;
use crate::{BlobSource, sha256};

/// As much is read and sent at a time.
const PIECE: u64 = 256 * 1024;
/// The state of the hash is kept for each multiple of this, so that what is sent after an interruption can be checked
/// without all that was before.
const STEP: u64 = 1024 * 1024;
/// A registry reads a blob anew before it answers, at this many bytes a second or more.
const SLOWEST_REGISTRY: u64 = 10_000_000;

/// Is told how many of a blob's bytes are sent; nothing of a blob that does not have to be. After an interruption it may be
/// fewer than before.
pub type Progress = dyn Fn(u64) + Send + Sync;

/// A blob to send, in one or more parts.
pub(super) struct OutgoingBlob {
    source: BlobSource,
    digest: Digest,
    size: u64,
    progress: Arc<Progress>,
    /// The hash of the first n steps.
    hashes: Mutex<Vec<Sha256>>,
    /// Why the source could not be sent.
    failure: Mutex<Option<RegistryError>>,
    sent: AtomicU64,
}

impl OutgoingBlob {
    pub(super) fn new(
        descriptor: &Descriptor,
        source: &BlobSource,
        progress: Arc<Progress>,
    ) -> Result<Arc<Self>, RegistryError> {
        let digest = descriptor.digest().clone();
        if *digest.algorithm() != DigestAlgorithm::Sha256 {
            return Err(RegistryError::Algorithm { digest });
        }
        Ok(Arc::new(Self {
            source: source.clone(),
            digest,
            size: descriptor.size(),
            progress,
            hashes: Mutex::new(vec![Sha256::new()]),
            failure: Mutex::new(None),
            sent: AtomicU64::new(0),
        }))
    }

    pub(super) fn digest(&self) -> &Digest {
        &self.digest
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// How many bytes were sent in all parts together.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Some of its bytes.
    pub(super) fn part(self: &Arc<Self>, range: Range<u64>) -> BlobPart {
        BlobPart { blob: Arc::clone(self), range }
    }

    /// Reads a part to `take`, until that has enough of it.
    fn read(
        &self,
        range: &Range<u64>,
        mut take: impl FnMut(u64, Bytes) -> bool,
    ) -> Result<(), RegistryError> {
        let failed = |source| RegistryError::Source { digest: self.digest.clone(), source };
        let (mut hash, mut position) = self.nearest_hash(range.start);
        let mut reader = self.source.open(position).map_err(failed)?;
        while position < range.end {
            let until = if position < range.start { range.start } else { range.end };
            let length = PIECE.min(until - position).min(STEP - position % STEP);
            let mut piece = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
            match reader.read_exact(&mut piece) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Err(self.changed(format!("it ends before its {} bytes", self.size)));
                }
                Err(error) => return Err(failed(error)),
            }
            hash.update(&piece);
            let before = position;
            position += length;
            if position.is_multiple_of(STEP) {
                self.keep_hash(position, &hash);
            }
            if position == self.size {
                let found = sha256::digest(hash.clone());
                if found != self.digest {
                    return Err(self.changed(format!("its bytes have the digest {found}")));
                }
            }
            if before >= range.start && !take(position, piece.into()) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn changed(&self, reason: String) -> RegistryError {
        RegistryError::SourceChanged { digest: self.digest.clone(), reason }
    }

    /// The hash of the bytes before a position, as near to `start` as it is known.
    fn nearest_hash(&self, start: u64) -> (Sha256, u64) {
        let hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        let steps = usize::try_from(start / STEP).unwrap_or(usize::MAX).min(hashes.len() - 1);
        (hashes[steps].clone(), steps as u64 * STEP)
    }

    fn keep_hash(&self, position: u64, hash: &Sha256) {
        let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        if hashes.len() as u64 == position / STEP {
            hashes.push(hash.clone());
        }
    }
}

/// Some bytes of a blob, which may be sent more than once.
pub(super) struct BlobPart {
    blob: Arc<OutgoingBlob>,
    range: Range<u64>,
}

impl BlobPart {
    pub(super) fn length(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// Why the source could not be sent, if that is why a request failed.
    pub(super) fn failure(&self) -> Option<RegistryError> {
        self.blob.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The bytes from the first one on, and the sign of life they give while they go out.
    pub(super) fn stream(&self) -> (reqwest::Body, Activity) {
        let (sender, mut receiver) = mpsc::channel(2);
        let (blob, range) = (Arc::clone(&self.blob), self.range.clone());
        tokio::task::spawn_blocking(move || {
            // Nobody takes any more when the connection has broken.
            let read =
                blob.read(&range, |position, piece| sender.blocking_send(Ok((position, piece))).is_ok());
            if let Err(error) = read {
                *blob.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                let _ = sender.blocking_send(Err(io::Error::other("the blob can't be sent")));
            }
        });
        let activity = Activity::new();
        let (blob, signs, end) = (Arc::clone(&self.blob), activity.clone(), self.range.end);
        let pieces = stream::poll_fn(move |context| {
            receiver.poll_recv(context).map(|received| {
                received.map(|piece: io::Result<(u64, Bytes)>| {
                    let (position, bytes) = piece?;
                    blob.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                    (blob.progress)(position);
                    let more = if position == end { blob.size / SLOWEST_REGISTRY } else { 0 };
                    signs.sign(Duration::from_secs(more));
                    Ok::<_, io::Error>(bytes)
                })
            })
        });
        (reqwest::Body::wrap_stream(pieces), activity)
    }
}

#[cfg(test)]
mod tests {
    use oci_spec::image::MediaType;

    use super::*;

    fn blob(bytes: &[u8], size: u64, digest: Digest) -> Arc<OutgoingBlob> {
        let descriptor = Descriptor::new(MediaType::ImageLayer, size, digest);
        let source = BlobSource::Bytes(Bytes::copy_from_slice(bytes));
        OutgoingBlob::new(&descriptor, &source, Arc::new(|_| {})).unwrap()
    }

    fn pattern(length: usize) -> Vec<u8> {
        (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    #[test]
    fn parts_join_to_the_blob_and_its_end_is_checked() {
        let bytes = pattern(5_500_000);
        let digest = sha256::digest(Sha256::new().chain_update(&bytes));
        let blob = blob(&bytes, bytes.len() as u64, digest);
        let end = bytes.len() as u64;
        for starts in [vec![0], vec![0, 1], vec![0, 3_000_000, 3_000_001, end], vec![4_194_304, 1_048_577, 0]]
        {
            for start in starts {
                let mut read = Vec::new();
                blob.read(&(start..end), |position, piece| {
                    read.extend_from_slice(&piece);
                    assert_eq!(position, start + read.len() as u64);
                    true
                })
                .unwrap();
                assert!(read == bytes[usize::try_from(start).unwrap()..], "from {start}");
            }
        }
        assert_eq!(blob.hashes.lock().unwrap().len(), 6);
    }

    #[test]
    fn a_source_that_has_changed_is_never_sent_to_its_end() {
        let bytes = pattern(3_000_000);
        let digest = sha256::digest(Sha256::new().chain_update(&bytes));
        let mut other = bytes.clone();
        other[17] ^= 1;
        for (content, problem) in [
            (&other[..], "its bytes have the digest sha256:"),
            (&bytes[..2_999_999], "it ends before its 3000000 bytes"),
            (&[], "it ends before its 3000000 bytes"),
        ] {
            for start in [0, 1_500_000] {
                let mut sent = 0;
                let error = blob(content, 3_000_000, digest.clone())
                    .read(&(start..3_000_000), |position, _| {
                        sent = position;
                        true
                    })
                    .unwrap_err();
                assert!(
                    matches!(&error, RegistryError::SourceChanged { reason, .. } if reason.starts_with(problem))
                );
                assert!(sent < 3_000_000);
            }
        }
    }
}
