//! A graph on its way to a `JobManager`: a small archive that is uploaded like a jar, since that works with every cluster, whatever
//! disks and networks it shares with us.

use std::io::{Cursor, Write};

use jiff::{SignedDuration, Timestamp};
use tmpl_template::JobId;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::jars::Jar;
use super::zip_append::ZipError;

const PREFIX: &str = "tmpl-graph-";
/// An archive that is so old was left by somebody who died: graphs are read within minutes.
const OLD: SignedDuration = SignedDuration::from_hours(24);

/// The name of the archive with the graph of an attempt.
pub(super) fn name(job: &JobId, attempt: u32) -> String {
    format!("{PREFIX}{job}-{attempt}.jar")
}

/// Whether a jar on a cluster is a graph that nobody reads any more: one of an earlier try of this submission, or a very old one.
pub(super) fn is_left_over(jar: &Jar, own: &str, now: Timestamp) -> bool {
    let age = Timestamp::from_millisecond(jar.uploaded).map(|uploaded| now.duration_since(uploaded));
    jar.name == own || jar.name.starts_with(PREFIX) && age.is_ok_and(|age| age > OLD)
}

/// The archive with a graph and its options, which our entry class reads: see `entry/Launch.java`.
pub(super) fn graph_jar(pipeline: &[u8], options: &str) -> Result<Vec<u8>, ZipError> {
    zip(&[("pipeline.pb", pipeline), ("options.json", options.as_bytes())])
}

/// An archive with files as they are, the same bytes each time.
pub(super) fn zip(files: &[(&str, &[u8])]) -> Result<Vec<u8>, ZipError> {
    let size = files.iter().map(|(name, content)| 2 * name.len() + content.len() + 128).sum();
    let mut archive = ZipWriter::new(Cursor::new(Vec::with_capacity(size)));
    // Not compressed: what is uploaded is small, or sent within a data centre.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default());
    for (name, content) in files {
        let large = u32::try_from(content.len()).is_err();
        archive.start_file(*name, options.large_file(large)).map_err(std::io::Error::from)?;
        archive.write_all(content)?;
    }
    Ok(archive.finish().map_err(std::io::Error::from)?.into_inner())
}

#[cfg(test)]
mod tests {
    use zip::ZipArchive;

    use super::*;

    #[test]
    fn a_graph_and_its_options_are_in_it() {
        let jar = graph_jar(b"\x0a\x00graph", r#"{"a":1}"#).unwrap();
        assert_eq!(jar, graph_jar(b"\x0a\x00graph", r#"{"a":1}"#).unwrap());
        let mut archive = ZipArchive::new(Cursor::new(jar)).unwrap();
        let mut read = |name: &str| std::io::read_to_string(archive.by_name(name).unwrap()).unwrap();
        assert_eq!(
            (read("pipeline.pb").as_str(), read("options.json").as_str()),
            ("\n\0graph", r#"{"a":1}"#)
        );
    }

    #[test]
    fn its_name_says_whose_it_is() {
        let job: JobId = "2026-11-21_08_00_00-0000000000000000001".parse().unwrap();
        let own = "tmpl-graph-2026-11-21_08_00_00-0000000000000000001-2.jar";
        assert_eq!(name(&job, 2), own);
        let now: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        for (name, hours, left_over) in [
            (own, 0, true),
            ("tmpl-graph-x-1.jar", 23, false),
            ("tmpl-graph-x-1.jar", 25, true),
            ("tmpl-graph-x-1.jar", -30, false),
            ("tmpl-beam-x.jar", 1_000, false),
        ] {
            let uploaded = now.as_millisecond() - hours * 3_600_000;
            let jar = Jar { id: "id".to_owned(), name: name.to_owned(), uploaded };
            assert_eq!(is_left_over(&jar, own, now), left_over, "{name} {hours}");
        }
    }
}
