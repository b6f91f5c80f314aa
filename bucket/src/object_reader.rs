//! Objects that people put into a bucket themselves, such as a jar: read by their path there, and known by the digest of their bytes.

use std::io::{self, Read as _};

use oci_spec::image::Digest;
use sha2::{Digest as _, Sha256};
use tmpl_template::sha256_digest_from_hex;

use crate::blob::{BlobReader, hexadecimal, reader_of};
use crate::{Bucket, BucketError};

impl Bucket {
    /// Opens an object by its path in the bucket, or by an address that begins with the bucket's. Nothing where there is none.
    pub async fn object(&self, address: &str) -> Result<Option<BlobReader>, BucketError> {
        let object = self.path_in(address)?;
        Ok(self.store.open(&object).await?.map(|found| reader_of(found.payload)))
    }

    /// The path in the bucket that is meant by an address.
    pub(crate) fn path_in(&self, address: &str) -> Result<String, BucketError> {
        let refused = |reason: &'static str| BucketError::Address {
            address: address.to_owned(),
            bucket: self.to_string(),
            reason,
        };
        let below = address.strip_prefix(self.store.name()).and_then(|rest| rest.strip_prefix('/'));
        let path = match below {
            Some(path) => path,
            None if address.contains("://") || address.starts_with('/') => {
                return Err(refused("it lies elsewhere"));
            }
            None => address,
        };
        if path.is_empty() || path.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(refused("it is no path of an object"));
        }
        Ok(path.to_owned())
    }
}

/// Reads to the end: the digest of the bytes, and their number. On a thread that may wait.
pub async fn digest_of_reader(mut reader: BlobReader) -> io::Result<(Digest, u64)> {
    let hashed = tokio::task::spawn_blocking(move || {
        let (mut hash, mut buffer, mut size) = (Sha256::new(), vec![0; 1024 * 1024], 0_u64);
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok((hexadecimal(&hash.finalize()), size)),
                Ok(read) => {
                    hash.update(&buffer[..read]);
                    size += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    });
    let (digits, size) = hashed.await.map_err(io::Error::other)??;
    Ok((sha256_digest_from_hex(&digits).map_err(io::Error::other)?, size))
}

#[cfg(test)]
mod tests {
    use tmpl_template::sha256_of;

    use super::*;

    #[tokio::test]
    async fn an_object_is_read_by_its_path_or_its_address() {
        let folder = tempfile::tempdir().unwrap();
        let bucket = Bucket::open(&folder.path().to_str().unwrap().parse().unwrap()).unwrap();
        bucket.write_object("jars/beam.jar", "jar").await.unwrap();
        for address in ["jars/beam.jar".to_owned(), format!("{bucket}/jars/beam.jar")] {
            let found = bucket.object(&address).await.unwrap().unwrap();
            assert_eq!(digest_of_reader(found).await.unwrap(), (sha256_of(b"jar"), 3), "{address}");
        }
        assert!(bucket.object("jars/other.jar").await.unwrap().is_none());
        for (address, said) in [
            ("/etc/passwd", "it lies elsewhere"),
            ("s3://other/beam.jar", "it lies elsewhere"),
            ("jars/../../x", "it is no path of an object"),
            ("", "it is no path of an object"),
        ] {
            let error = bucket.object(address).await.err().unwrap().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
