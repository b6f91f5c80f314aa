//! The body of an upload: a part of a file as it lies there, then bytes from memory, in the form that HTML pages send files in.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Bytes, BytesMut};
use futures::stream::{self, StreamExt};
use reqwest::Body;
use tokio::io::AsyncReadExt;

/// Bytes that are read of a file at once.
const PIECE: usize = 256 << 10;
/// Marks the parts of a body. Jars are compressed, and graphs do not hold it: a line of its own would have to begin with it.
const BOUNDARY: &str = "tmpl-part-7d1f0c5b9a2e4836b0d4c1e7f3a96582";

/// What is uploaded.
#[derive(Debug)]
pub struct Upload {
    /// A file, from its beginning, and how many of its bytes.
    pub file: Option<(std::fs::File, u64)>,
    /// What follows them.
    pub tail: Bytes,
}

impl Upload {
    /// Bytes from memory alone.
    pub fn of(bytes: impl Into<Bytes>) -> Self {
        Self { file: None, tail: bytes.into() }
    }

    /// How many bytes the upload has.
    pub fn size(&self) -> u64 {
        self.file.as_ref().map_or(0, |(_, size)| *size) + self.tail.len() as u64
    }
}

/// The media type, the length and the bytes of a body with one file. `sent` counts the bytes of the file that went out.
pub(super) fn multipart(name: &str, upload: Upload, sent: Arc<AtomicU64>) -> (String, u64, Body) {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"{name}\"\r\nContent-Type: \
         application/x-java-archive\r\n\r\n"
    );
    let foot = format!("\r\n--{BOUNDARY}--\r\n");
    let length = head.len() as u64 + upload.size() + foot.len() as u64;
    let file = upload.file.map(|(file, size)| pieces(tokio::fs::File::from_std(file), size));
    let tail = once(upload.tail);
    let content = stream::iter(file).flatten().chain(tail).inspect(move |piece| {
        let bytes = piece.as_ref().map_or(0, |piece: &Bytes| piece.len() as u64);
        sent.fetch_add(bytes, Ordering::Relaxed);
    });
    let body = once(head.into()).chain(content).chain(once(foot.into()));
    (format!("multipart/form-data; boundary={BOUNDARY}"), length, Body::wrap_stream(body))
}

fn once(bytes: Bytes) -> impl stream::Stream<Item = io::Result<Bytes>> + Send {
    stream::iter([Ok(bytes)])
}

/// The first bytes of a file, piece by piece.
fn pieces(file: tokio::fs::File, size: u64) -> impl stream::Stream<Item = io::Result<Bytes>> + Send {
    stream::try_unfold((file, size), async |(mut file, left)| {
        if left == 0 {
            return Ok(None);
        }
        let mut piece = BytesMut::with_capacity(PIECE);
        let wanted = left.min(PIECE as u64);
        let read = (&mut file).take(wanted).read_buf(&mut piece).await?;
        if read == 0 {
            return Err(io::Error::other("the jar has become shorter while it was uploaded"));
        }
        Ok(Some((piece.freeze(), (file, left - read as u64))))
    })
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    #[tokio::test]
    async fn a_part_of_a_file_and_bytes_behind_it_are_one_body() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let content: Vec<u8> = (0..1_000_000_u32).map(|number| (number % 251) as u8).collect();
        fs_err::write(file.path(), &content).unwrap();
        let keep = 700_001;
        let upload = Upload {
            file: Some((fs_err::File::open(file.path()).unwrap().into_parts().0, keep)),
            tail: "END".into(),
        };
        let sent = Arc::new(AtomicU64::new(0));
        let (kind, length, body) = multipart("x.jar", upload, Arc::clone(&sent));
        assert_eq!(kind, format!("multipart/form-data; boundary={BOUNDARY}"));
        let body = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
        assert_eq!(body.len() as u64, length);
        let start = body.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        assert!(String::from_utf8_lossy(&body[..start]).contains("name=\"jarfile\"; filename=\"x.jar\""));
        let kept = usize::try_from(keep).unwrap();
        assert_eq!(&body[start..start + kept], &content[..kept]);
        assert_eq!(&body[start + kept..], format!("END\r\n--{BOUNDARY}--\r\n").as_bytes());
        assert_eq!(sent.load(Ordering::Relaxed), keep + 3);
    }

    #[tokio::test]
    async fn a_file_that_became_shorter_cuts_the_upload() {
        let file = tempfile::tempfile().unwrap();
        let read: Result<Vec<Bytes>, _> = pieces(tokio::fs::File::from_std(file), 10).try_collect().await;
        assert!(read.unwrap_err().to_string().contains("shorter"));
    }
}
