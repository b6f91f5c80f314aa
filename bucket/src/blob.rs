//! Content-addressed blobs: named by what they hold, written once, shared by all templates.

use std::io::{self, Read};
use std::path::Path;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::{BoxStream, FuturesUnordered};
use object_store::{GetResultPayload, MultipartUpload};
use oci_spec::image::Digest;
use sha2::{Digest as _, Sha256};
use tmpl_template::sha256_of;
use tokio::io::AsyncReadExt;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;

use crate::{Bucket, BucketError, layout, listed};

/// How much of a blob is sent at a time: the least that S3 takes as a part. Small parts leave room for more of them on their way.
const PART: usize = 5 * 1024 * 1024;
/// No store takes more parts of one object.
const MOST_PARTS: u64 = 10_000;

/// The bytes of a blob, as stored: whoever reads them checks them against the digest.
pub type BlobReader = Box<dyn Read + Send>;

impl Bucket {
    /// Whether a blob is there with the size it should have.
    pub async fn has_blob(&self, digest: &Digest, size: u64) -> Result<bool, BucketError> {
        Ok(self.store.head(&layout::blob(digest)).await?.is_some_and(|meta| meta.size == size))
    }

    /// An opaque word that changes whenever a blob's object is written again: what a cache compares to tell whether the blob
    /// it verified is still the one that lies there. Nothing where there is no such blob.
    pub async fn blob_stamp(&self, digest: &Digest) -> Result<Option<String>, BucketError> {
        let meta = self.store.head(&layout::blob(digest)).await?;
        Ok(meta.map(listed::stamp))
    }

    /// Reads a blob to its end: whether it is there and its bytes have its digest.
    pub async fn verify_blob(&self, digest: &Digest) -> Result<bool, BucketError> {
        let Some(mut reader) = self.blob(digest).await? else { return Ok(false) };
        let object = layout::blob(digest);
        let hashed = tokio::task::spawn_blocking(move || hash(&mut reader)).await;
        let hashed = hashed.map_err(io::Error::other).and_then(|hashed| hashed);
        let hashed =
            hashed.map_err(|error| BucketError::of_store(self.store.name(), "read", &object, error))?;
        Ok(hashed == digest.digest())
    }

    /// Opens a blob, or nothing where there is none.
    pub async fn blob(&self, digest: &Digest) -> Result<Option<BlobReader>, BucketError> {
        let Some(found) = self.store.open(&layout::blob(digest)).await? else { return Ok(None) };
        Ok(Some(reader_of(found.payload)))
    }

    /// Opens a blob that a template relies on.
    pub async fn require_blob(&self, digest: &Digest) -> Result<BlobReader, BucketError> {
        let found = self.blob(digest).await?;
        found.ok_or_else(|| BucketError::MissingBlob { digest: digest.clone(), bucket: self.to_string() })
    }

    /// Stores some bytes under their digest, unless they are there already. For small content: a lock file, a spec.
    pub async fn put_bytes_blob(&self, bytes: impl Into<Bytes>) -> Result<Digest, BucketError> {
        let bytes = bytes.into();
        let digest = sha256_of(&bytes);
        self.store.create_content(&layout::blob(&digest), bytes).await?;
        Ok(digest)
    }

    /// A whole blob of at most `limit` bytes, checked against its digest.
    pub async fn blob_bytes(&self, digest: &Digest, limit: u64) -> Result<Bytes, BucketError> {
        let (digest, bucket) = (digest.clone(), self.to_string());
        match self.store.get_at_most(&layout::blob(&digest), limit).await? {
            Some(bytes) if sha256_of(&bytes) == digest => Ok(bytes),
            Some(_) => Err(BucketError::CorruptBlob { digest, bucket }),
            None => Err(BucketError::MissingBlob { digest, bucket }),
        }
    }

    /// Stores a local file under its digest, whatever lay there: streamed, verified on the way, visible only when it is whole.
    ///
    /// `sent` is told of every part. Returns the number of bytes written.
    pub async fn put_blob(
        &self,
        digest: &Digest,
        file: &Path,
        sent: &(dyn Fn(u64) + Sync),
    ) -> Result<u64, BucketError> {
        let name = file.display().to_string();
        let failed = |error: io::Error| BucketError::of_store(&name, "read", "", error);
        let opened = tokio::fs::File::open(file).await.map_err(failed)?;
        let size = opened.metadata().await.map_err(failed)?.len();
        let wrong = || BucketError::ChangedWhileStored { file: name.clone(), digest: digest.clone() };
        let source = Source::File(opened);
        self.upload(digest, Incoming { source, part: part_size(size), failed: &failed, wrong: &wrong, sent })
            .await
    }

    /// Stores a blob of another bucket under its digest, as [`put_blob`](Self::put_blob) does a file. Returns its size.
    pub(crate) async fn put_blob_of(
        &self,
        from: &Self,
        digest: &Digest,
        size: u64,
        sent: &(dyn Fn(u64) + Sync),
    ) -> Result<u64, BucketError> {
        let object = layout::blob(digest);
        let bucket = from.to_string();
        let Some(found) = from.store.open(&object).await? else {
            return Err(BucketError::MissingBlob { digest: digest.clone(), bucket });
        };
        if found.meta.size != size {
            let (digest, expected) = (digest.clone(), size);
            return Err(BucketError::BlobSize { digest, bucket, size: found.meta.size, expected });
        }
        let source = match found.payload {
            GetResultPayload::File(file, _) => Source::File(tokio::fs::File::from_std(file)),
            GetResultPayload::Stream(stream) => Source::Stream { stream, rest: BytesMut::new() },
        };
        let failed = |error: io::Error| BucketError::of_store(&bucket, "read", &object, error);
        let wrong = || BucketError::CorruptBlob { digest: digest.clone(), bucket: bucket.clone() };
        self.upload(digest, Incoming { source, part: part_size(size), failed: &failed, wrong: &wrong, sent })
            .await
    }

    /// One part in one request, more in an upload that becomes visible when all of it has the digest.
    async fn upload(&self, digest: &Digest, mut incoming: Incoming<'_>) -> Result<u64, BucketError> {
        let object = layout::blob(digest);
        let part = incoming.part;
        let held = self.budget.hold(part).await;
        let first = incoming.source.part(incoming.part).await.map_err(incoming.failed)?;
        if first.len() < part {
            let size = first.len() as u64;
            if sha256_of(&first) != *digest {
                return Err((incoming.wrong)());
            }
            self.store.overwrite(&object, first).await?;
            (incoming.sent)(size);
            return Ok(size);
        }
        let mut upload = self.store.put_in_parts(&object).await?;
        match self.send(digest, first, held, incoming, upload.as_mut()).await {
            Ok(written) => Ok(written),
            Err(error) => {
                // The upload never became visible; what an abort can't take away is the store's to clean.
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }

    /// Sends parts, several at a time, as many as may be held in memory.
    async fn send(
        &self,
        digest: &Digest,
        first: Bytes,
        mut held: Option<OwnedSemaphorePermit>,
        mut incoming: Incoming<'_>,
        upload: &mut dyn MultipartUpload,
    ) -> Result<u64, BucketError> {
        let object = layout::blob(digest);
        let failed = |error| self.store.error("write", &object, error);
        let (mut part, mut hash, mut written) = (first, Sha256::new(), 0);
        let mut sending = FuturesUnordered::new();
        while !part.is_empty() {
            let size = part.len();
            // Hashing has the processor to itself for some milliseconds, in which the network waits: so it is done beside it.
            let copy = part.clone();
            let hashed = tokio::task::spawn_blocking(move || {
                hash.update(&copy);
                hash
            });
            written += size as u64;
            let put = upload.put_part(part.into());
            let held_part = held.take();
            sending.push(async move {
                let sent = put.await;
                drop(held_part);
                sent.map(|()| size as u64)
            });
            hash = hashed.await.map_err(|error| (incoming.failed)(io::Error::other(error)))?;
            loop {
                tokio::select! {
                    biased;
                    Some(sent) = sending.next() => (incoming.sent)(sent.map_err(failed)?),
                    permit = self.budget.hold(incoming.part) => { held = permit; break }
                }
            }
            part = if size < incoming.part {
                Bytes::new()
            } else {
                incoming.source.part(incoming.part).await.map_err(incoming.failed)?
            };
        }
        while let Some(sent) = sending.next().await {
            (incoming.sent)(sent.map_err(failed)?);
        }
        if hexadecimal(&hash.finalize()) != digest.digest() {
            return Err((incoming.wrong)());
        }
        match upload.complete().await {
            Ok(_) => Ok(written),
            // An upload that is gone when its end is asked for again, since the answer was lost, has become the blob.
            Err(object_store::Error::NotFound { .. }) if self.verify_blob(digest).await? => Ok(written),
            Err(error) => Err(failed(error)),
        }
    }
}

/// Bytes that are to become a blob, and the words for what goes wrong with them.
struct Incoming<'a> {
    source: Source,
    /// How many of them are sent at a time.
    part: usize,
    /// They can't be read.
    failed: &'a (dyn Fn(io::Error) -> BucketError + Sync),
    /// They don't have the digest.
    wrong: &'a (dyn Fn() -> BucketError + Sync),
    /// Told of every part.
    sent: &'a (dyn Fn(u64) + Sync),
}

/// How much of a blob of this size is sent at a time: so much that it has no more parts than a store takes.
fn part_size(size: u64) -> usize {
    usize::try_from(size.div_ceil(MOST_PARTS)).unwrap_or(usize::MAX).max(PART)
}

/// Where a blob's bytes come from.
enum Source {
    File(tokio::fs::File),
    Stream { stream: BoxStream<'static, object_store::Result<Bytes>>, rest: BytesMut },
}

impl Source {
    /// The next part. All but the last have the same size, as some stores demand.
    async fn part(&mut self, size: usize) -> io::Result<Bytes> {
        match self {
            Self::File(file) => {
                let mut part = Vec::with_capacity(size);
                file.take(size as u64).read_to_end(&mut part).await?;
                Ok(part.into())
            }
            Self::Stream { stream, rest } => {
                while rest.len() < size {
                    match stream.next().await {
                        Some(bytes) => rest.extend_from_slice(&bytes.map_err(io::Error::other)?),
                        None => break,
                    }
                }
                Ok(rest.split_to(size.min(rest.len())).freeze())
            }
        }
    }
}

/// A stream of a remote store, read from a thread that may wait.
struct StreamReader {
    stream: BoxStream<'static, object_store::Result<Bytes>>,
    rest: Bytes,
    /// Whose timers a stream that begins anew after a lost connection goes by.
    runtime: Handle,
}

impl Read for StreamReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.runtime.block_on(self.stream.next()) {
                Some(part) => self.rest = part.map_err(io::Error::other)?,
                None => return Ok(0),
            }
        }
        let part = self.rest.split_to(buffer.len().min(self.rest.len()));
        buffer[..part.len()].copy_from_slice(&part);
        Ok(part.len())
    }
}

/// The bytes of an object that was opened, to be read on a thread that may wait.
pub(crate) fn reader_of(payload: GetResultPayload) -> BlobReader {
    match payload {
        GetResultPayload::File(file, _) => Box::new(file),
        GetResultPayload::Stream(stream) => {
            Box::new(StreamReader { stream, rest: Bytes::new(), runtime: Handle::current() })
        }
    }
}

fn hash(reader: &mut dyn Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1024 * 1024];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hexadecimal(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
