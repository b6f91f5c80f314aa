//! The jar with Beam's runner: found where a profile says, and used only when its bytes are what the profile says. It is never fetched
//! from anywhere else.

use tmpl_bucket::{BlobReader, Bucket, BucketError, BucketErrorKind, digest_of_reader};
use tmpl_template::{BeamJar, Digest, JarPlace};

use crate::ErrorKind;

/// Why a jar can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BeamJarError {
    /// It is not there.
    #[error("there is no jar at {place}")]
    Missing {
        /// Where it should be.
        place: String,
    },
    /// It is another one.
    #[error("the jar at {place} has the digest {found}, and the profile says {wanted}")]
    Other {
        /// Where it lies.
        place: String,
        /// What its bytes have.
        found: Digest,
        /// What they should have.
        wanted: Digest,
    },
    /// It can't be read.
    #[error("the jar at {place} can't be read")]
    Read {
        /// Where it lies.
        place: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// It lies in a bucket, and none is named.
    #[error("the jar lies in the bucket, and no bucket was named")]
    NoBucket,
    /// The bucket could not give it.
    #[error(transparent)]
    Bucket(#[from] BucketError),
}

impl BeamJarError {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Bucket(error) => match error.kind() {
                BucketErrorKind::Usage => ErrorKind::Usage,
                BucketErrorKind::Damaged | BucketErrorKind::Environment => ErrorKind::Environment,
                BucketErrorKind::Temporary => ErrorKind::Temporary,
            },
            Self::NoBucket => ErrorKind::Usage,
            _ => ErrorKind::Environment,
        }
    }

    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { .. } => {
                "put the jar there, or say in the profile's `beamJar` where it is".to_owned()
            }
            Self::Other { .. } => "put the right jar there; or, if this is the right one, write its digest into `sha256` of the profile's `beamJar`".to_owned(),
            Self::Read { .. } => "make the file readable for this user".to_owned(),
            Self::NoBucket => "name the bucket with --bucket or TMPL_BUCKET".to_owned(),
            Self::Bucket(error) => return error.hint(),
        })
    }
}

/// Where a jar lies, as people spell it.
pub fn place_of(jar: &BeamJar, bucket: Option<&Bucket>) -> String {
    match &jar.place {
        JarPlace::Path(path) => path.clone(),
        JarPlace::Url(url) => bucket.map_or_else(|| url.clone(), |bucket| format!("{url} in {bucket}")),
        JarPlace::Blob => format!("blob {}", jar.digest),
    }
}

/// Opens a jar. Whoever reads it checks its bytes against its digest.
pub async fn open(jar: &BeamJar, bucket: Option<&Bucket>) -> Result<BlobReader, BeamJarError> {
    let missing = || BeamJarError::Missing { place: place_of(jar, bucket) };
    let bucket_of = || bucket.ok_or(BeamJarError::NoBucket);
    match &jar.place {
        JarPlace::Path(path) => match fs_err::File::open(path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(missing()),
            Err(source) => Err(BeamJarError::Read { place: path.clone(), source }),
        },
        JarPlace::Url(url) => bucket_of()?.object(url).await?.ok_or_else(missing),
        JarPlace::Blob => bucket_of()?.blob(&jar.digest).await?.ok_or_else(missing),
    }
}

/// Reads a jar to its end, and gives its size where it is the right one.
pub async fn verify(jar: &BeamJar, bucket: Option<&Bucket>) -> Result<u64, BeamJarError> {
    let place = || place_of(jar, bucket);
    let read = digest_of_reader(open(jar, bucket).await?).await;
    let (found, size) = read.map_err(|source| BeamJarError::Read { place: place(), source })?;
    if found == jar.digest {
        Ok(size)
    } else {
        Err(BeamJarError::Other { place: place(), found, wanted: jar.digest.clone() })
    }
}

#[cfg(test)]
mod tests {
    use tmpl_template::sha256_of;

    use super::*;

    #[tokio::test]
    async fn a_jar_is_the_right_one_or_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs_err::write(file.path(), "jar").unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let bucket = Bucket::in_memory();
        bucket.write_object("jars/beam.jar", "jar").await.unwrap();
        bucket.put_bytes_blob("jar").await.unwrap();
        let (right, wrong) = (sha256_of(b"jar"), sha256_of(b"other"));
        let url = || JarPlace::Url("jars/beam.jar".to_owned());
        for place in [JarPlace::Path(path.clone()), url(), JarPlace::Blob] {
            let jar = BeamJar { place, digest: right.clone() };
            assert_eq!(verify(&jar, Some(&bucket)).await.unwrap(), 3);
        }
        for (place, said) in [
            (JarPlace::Path(path), "has the digest"),
            (url(), "jars/beam.jar in memory"),
            (JarPlace::Blob, "there is no jar at blob sha256:"),
            (JarPlace::Path("/no/such.jar".to_owned()), "there is no jar at /no/such.jar"),
        ] {
            let error = verify(&BeamJar { place, digest: wrong.clone() }, Some(&bucket)).await.unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
            assert_eq!(error.kind(), ErrorKind::Environment);
        }
        assert!(matches!(verify(&BeamJar::blob(right), None).await, Err(BeamJarError::NoBucket)));
    }
}
