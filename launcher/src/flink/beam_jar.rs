//! Beam's jar on a cluster: the jar of the profile with our entry class in it, uploaded once under a name that says what is in it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use tmpl_bucket::{BlobReader, Bucket, digest_of_reader};
use tmpl_template::{BeamJar, JarPlace, hex, sha256_of};

use super::client::FlinkClient;
use super::jars::Jar;
use super::upload::Upload;
use super::zip_append::{self, ZipError};
use super::{FlinkError, flink_version};
use crate::ErrorKind;
use crate::beam_jar::{self, BeamJarError, place_of};

/// Our entry class: `entry/Launch.java`, compiled for every Java that Flink runs on.
const ENTRY_CLASS: &[u8] = include_bytes!("entry/Launch.class");
const ENTRY_FILE: &str = "tmpl/flink/Launch.class";
/// Digits of a digest that are in a name.
const SHOWN_DIGITS: usize = 12;

/// Why a jar can't be used for a cluster.
#[derive(Debug, thiserror::Error)]
pub enum JarError {
    /// It is not there, or another one.
    #[error(transparent)]
    Jar(#[from] BeamJarError),
    /// Our entry class can't be put into it.
    #[error("the jar at {place} can't be used")]
    Zip {
        /// Where it lies.
        place: String,
        /// What is wrong with it.
        #[source]
        source: ZipError,
    },
    /// It has no runner for Flink in it.
    #[error(
        "the jar at {place} is not Beam's for Flink: it has no class org.apache.beam.runners.flink.FlinkPipelineRunner"
    )]
    NoRunner {
        /// Where it lies.
        place: String,
    },
    /// It was built for another Flink.
    #[error("the jar at {place} was built for Flink {jar}, and the cluster is Flink {cluster}")]
    Version {
        /// Where it lies.
        place: String,
        /// `1.19`.
        jar: String,
        /// `2.2.1`.
        cluster: String,
    },
}

impl JarError {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Jar(error) => error.kind(),
            _ => ErrorKind::Environment,
        }
    }

    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Jar(error) => return error.hint(),
            Self::Zip { .. } | Self::NoRunner { .. } => {
                "make one jar of org.apache.beam:beam-runners-flink-<X.Y> and what it needs, and name it in \
                 `beamJar` of the profile"
                    .to_owned()
            }
            Self::Version { cluster, .. } => format!(
                "use the jar of org.apache.beam:beam-runners-flink-{}, or another cluster",
                flink_version::minor(cluster).unwrap_or(cluster)
            ),
        })
    }
}

/// A jar that is the right one.
#[derive(Debug)]
pub struct CheckedJar {
    place: String,
    names: Vec<String>,
    upload: Upload,
}

impl CheckedJar {
    /// Reads a jar once: it must have the digest of the profile, and be one that our class can be put into.
    pub async fn open(jar: &BeamJar, bucket: Option<&Bucket>) -> Result<Self, JarError> {
        let place = place_of(jar, bucket);
        let unreadable = |source| BeamJarError::Read { place: place.clone(), source };
        let opened = beam_jar::open(jar, bucket).await?;
        let (mut file, reader): (File, BlobReader) = if let JarPlace::Path(path) = &jar.place {
            (fs_err::File::open(path).map_err(unreadable)?.into_parts().0, opened)
        } else {
            // What lies in a store is read once, from its beginning on; and what is new in it stands before its end.
            let file = tempfile::tempfile().map_err(unreadable)?;
            let copy = file.try_clone().map_err(unreadable)?;
            (file, Box::new(Copied { reader: opened, copy }))
        };
        let (found, _) = digest_of_reader(reader).await.map_err(unreadable)?;
        if found != jar.digest {
            return Err(
                BeamJarError::Other { place: place.clone(), found, wanted: jar.digest.clone() }.into()
            );
        }
        let appended = zip_append::append(&mut file, ENTRY_FILE, ENTRY_CLASS)
            .map_err(|source| JarError::Zip { place: place.clone(), source })?;
        let runner = "org/apache/beam/runners/flink/FlinkPipelineRunner.class";
        if !appended.names.iter().any(|name| name == runner) {
            return Err(JarError::NoRunner { place: place.clone() });
        }
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        let upload = Upload { file: Some((file, appended.keep)), tail: appended.tail.into() };
        Ok(Self { place, names: appended.names, upload })
    }

    /// Which version of Flink it was built for: `1.19`. None where it does not say.
    pub fn flink_version(&self) -> Option<&str> {
        let built_for = |name: &str| -> Option<usize> {
            let rest = name.strip_prefix("META-INF/maven/org.apache.beam/beam-runners-flink-")?;
            let version = rest.strip_suffix("/pom.properties")?;
            flink_version::minor(version).filter(|minor| *minor == version).map(str::len)
        };
        let found = self.names.iter().find_map(|name| built_for(name).map(|length| (name, length)));
        let (name, length) = found?;
        let version = name.strip_suffix("/pom.properties")?;
        version.get(version.len() - length..)
    }

    /// Refuses a jar that was built for another Flink than the cluster's.
    pub fn check_version(&self, cluster: &str) -> Result<(), JarError> {
        match self.flink_version() {
            Some(jar) if flink_version::minor(cluster) != Some(jar) => Err(JarError::Version {
                place: self.place.clone(),
                jar: jar.to_owned(),
                cluster: cluster.to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// The name of a jar on clusters: other bytes of the jar or of our class, another name.
pub fn jar_name(jar: &BeamJar) -> String {
    let digest = sha256_of(&[hex(&jar.digest).as_bytes(), ENTRY_CLASS].concat());
    let digits: String = hex(&digest).chars().take(SHOWN_DIGITS).collect();
    format!("tmpl-beam-{digits}.jar")
}

/// The id of the jar among those on the cluster; it is uploaded if it is not there. Two who do so at once upload it twice, which does no
/// harm.
pub(super) async fn find_or_upload(
    client: &FlinkClient,
    there: &[Jar],
    jar: &BeamJar,
    bucket: Option<&Bucket>,
) -> Result<String, FlinkError> {
    let name = jar_name(jar);
    if let Some(found) = there.iter().find(|found| found.name == name) {
        return Ok(found.id.clone());
    }
    let checked = CheckedJar::open(jar, bucket).await?;
    checked.check_version(&client.config().await?.version)?;
    Ok(client.upload_jar(&name, checked.upload).await?.id)
}

/// A reader whose bytes are written down as they are read.
struct Copied {
    reader: BlobReader,
    copy: File,
}

impl Read for Copied {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.copy.write_all(&buffer[..read])?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flink::graph_jar::zip;

    const RUNNER: &str = "org/apache/beam/runners/flink/FlinkPipelineRunner.class";
    const BUILT_FOR: &str = "META-INF/maven/org.apache.beam/beam-runners-flink-1.19/pom.properties";

    fn at(file: &tempfile::NamedTempFile, bytes: &[u8]) -> BeamJar {
        fs_err::write(file.path(), bytes).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        BeamJar { place: JarPlace::Path(path), digest: sha256_of(bytes) }
    }

    #[tokio::test]
    async fn a_jar_says_which_flink_it_is_for_and_is_refused_for_others() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let jar = at(&file, &zip(&[(RUNNER, b"class"), (BUILT_FOR, b"version=2.62.0")]).unwrap());
        let checked = CheckedJar::open(&jar, None).await.unwrap();
        assert_eq!(checked.flink_version(), Some("1.19"));
        assert!(checked.check_version("1.19.3").is_ok());
        for cluster in ["1.18.1", "2.2.1", "1.1", "1.190.0"] {
            let error = checked.check_version(cluster).unwrap_err().to_string();
            assert!(
                error.ends_with(&format!("was built for Flink 1.19, and the cluster is Flink {cluster}")),
                "{error}"
            );
        }
        // One that does not say is believed.
        let silent = at(&file, &zip(&[(RUNNER, b"class")]).unwrap());
        let silent = CheckedJar::open(&silent, None).await.unwrap();
        assert_eq!(silent.flink_version(), None);
        assert!(silent.check_version("9.9.9").is_ok());
    }

    #[tokio::test]
    async fn what_is_not_the_jar_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let other = at(&file, &zip(&[("x", b"y")]).unwrap());
        let error = CheckedJar::open(&other, None).await.unwrap_err();
        assert!(error.to_string().contains("is not Beam's for Flink"), "{error}");
        let page = at(&file, b"<html>");
        let error = CheckedJar::open(&page, None).await.unwrap_err();
        assert!(matches!(&error, JarError::Zip { source: ZipError::NoZip(_), .. }), "{error}");
        let wrong = BeamJar { digest: sha256_of(b"other"), ..page };
        let error = CheckedJar::open(&wrong, None).await.unwrap_err();
        assert!(matches!(&error, JarError::Jar(BeamJarError::Other { .. })), "{error}");
    }

    #[tokio::test]
    async fn a_jar_in_the_bucket_is_the_same_jar() {
        let bytes = zip(&[(RUNNER, b"class")]).unwrap();
        let bucket = Bucket::in_memory();
        bucket.put_bytes_blob(bytes.clone()).await.unwrap();
        let jar = BeamJar::blob(sha256_of(&bytes));
        let mut checked = CheckedJar::open(&jar, Some(&bucket)).await.unwrap();
        let (file, keep) = checked.upload.file.take().unwrap();
        let mut kept = Vec::new();
        file.take(keep).read_to_end(&mut kept).unwrap();
        assert!(bytes.starts_with(&kept) && keep > 0);
    }

    #[test]
    fn the_name_changes_with_the_bytes() {
        let names = [b"a", b"b"].map(|bytes| jar_name(&BeamJar::blob(sha256_of(bytes))));
        assert!(names[0] != names[1] && names[0].len() == "tmpl-beam-.jar".len() + SHOWN_DIGITS);
    }
}
