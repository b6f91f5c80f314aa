//! Result rows: what a job says it did. JSON lines in objects below the attempt's results, in the order of the objects' names.

use serde_json::{Map, Value};
use tmpl_template::JobId;

use crate::blob::{BlobReader, reader_of};
use crate::listed::Listed;
use crate::{Bucket, BucketError, layout};

/// What holds rows ends so.
const SUFFIX: &str = ".jsonl";
/// A row that is longer is not shown.
pub const LONGEST_ROW: usize = 1024 * 1024;
/// How much of the objects is read at a time.
const LARGEST_READ: u64 = 32 * 1024 * 1024;

/// A row: `stdout` and `stderr`, or fields of the job's own.
pub type ResultRow = Map<String, Value>;

/// The rows of a job, as far as they were asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultRows {
    /// The rows.
    pub rows: Vec<ResultRow>,
    /// Whether there are more than were asked for.
    pub more: bool,
    /// What is there and is no row, and where.
    pub warnings: Vec<String>,
}

impl Bucket {
    /// The rows of an attempt: at most `limit`.
    pub async fn results(&self, id: &JobId, attempt: u32, limit: usize) -> Result<ResultRows, BucketError> {
        let mut found = ResultRows::default();
        for listed in self.result_objects(id, attempt).await? {
            let object = format!("{}/{}", layout::results(id, attempt), listed.name);
            if listed.size > LARGEST_READ {
                found.warnings.push(format!("{} is left out: it has {} bytes", listed.name, listed.size));
                continue;
            }
            let bytes = self.store.get(&object).await?.unwrap_or_default();
            for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                if found.rows.len() == limit {
                    found.more = true;
                    return Ok(found);
                }
                match row(line) {
                    Ok(row) => found.rows.push(row),
                    Err(reason) => {
                        found.warnings.push(format!(
                            "{}, line {}, is left out: {reason}",
                            listed.name,
                            number + 1
                        ));
                    }
                }
            }
        }
        Ok(found)
    }

    /// Whether an attempt has reported any row.
    pub async fn has_results(&self, id: &JobId, attempt: u32) -> Result<bool, BucketError> {
        Ok(!self.results(id, attempt, 1).await?.rows.is_empty())
    }

    async fn result_objects(&self, id: &JobId, attempt: u32) -> Result<Vec<Listed>, BucketError> {
        let mut listed = self.store.list(&layout::results(id, attempt)).await?;
        listed.retain(|listed| listed.name.ends_with(SUFFIX) && listed.size > 0);
        Ok(listed)
    }

    /// Opens something that a job made for people to keep, by its name below the folder of such things. Links that lead out of it lead
    /// nowhere: jobs choose what lies there, and may run where they can read less than who asks.
    pub async fn artifact(&self, id: &JobId, name: &str) -> Result<Option<BlobReader>, BucketError> {
        let folder = layout::artifacts(id);
        let object = self.path_in(&format!("{folder}/{name}"))?;
        let Some(root) = self.folder().map(|root| root.join(&folder)) else {
            return Ok(self.store.open(&object).await?.map(|found| reader_of(found.payload)));
        };
        let place = root.join(name);
        let opened = tokio::task::spawn_blocking(move || {
            let (root, place) = (root.canonicalize()?, place.canonicalize()?);
            if !place.starts_with(&root) || !place.is_file() {
                return Err(std::io::ErrorKind::NotFound.into());
            }
            fs_err::File::open(place)
        });
        match opened.await.map_err(std::io::Error::other).and_then(|opened| opened) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(BucketError::of_store(self.store.name(), "read", &object, error)),
        }
    }

    /// What a job made for people to keep: names and sizes.
    pub async fn artifacts(&self, id: &JobId) -> Result<Vec<(String, u64)>, BucketError> {
        let folder = layout::artifacts(id);
        let found = self.store.list_below(&folder).await?;
        let name =
            |path: &str| path.strip_prefix(&folder).map(|name| name.trim_start_matches('/').to_owned());
        let mut named: Vec<_> =
            found.iter().filter_map(|meta| Some((name(meta.location.as_ref())?, meta.size))).collect();
        named.sort();
        Ok(named)
    }
}

fn row(line: &[u8]) -> Result<ResultRow, String> {
    if line.len() > LONGEST_ROW {
        return Err(format!("it has {} bytes; a row has at most {LONGEST_ROW}", line.len()));
    }
    match serde_json::from_slice(line) {
        Ok(Value::Object(row)) => Ok(row),
        Ok(_) => Err("it is no JSON object".to_owned()),
        Err(error) => Err(format!("it is no JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[tokio::test]
    async fn what_a_job_made_is_read_and_nothing_that_it_points_at() {
        let root = tempfile::tempdir().unwrap();
        let bucket = Bucket::open(&root.path().to_str().unwrap().parse().unwrap()).unwrap();
        let id: JobId = "2026-11-21_08_00_00-0000000000000000001".parse().unwrap();
        let folder = layout::artifacts(&id);
        for (object, text) in [(format!("{folder}/out/a.txt"), "made"), ("private".to_owned(), "secret")] {
            bucket.write_object(&object, text).await.unwrap();
        }
        std::os::unix::fs::symlink(root.path().join("private"), root.path().join(&folder).join("link"))
            .unwrap();
        std::os::unix::fs::symlink("a.txt", root.path().join(&folder).join("out/same")).unwrap();
        for (name, expected) in [
            ("out/a.txt", Some("made")),
            ("out/same", Some("made")),
            ("link", None),
            ("out", None),
            ("x", None),
        ] {
            let mut text = String::new();
            let found = bucket.artifact(&id, name).await.unwrap();
            let found = found.map(|mut found| found.read_to_string(&mut text).unwrap());
            assert_eq!(found.map(|_| text.as_str()), expected, "{name}");
        }
        for name in ["../job.json", "", "out//a.txt"] {
            assert!(bucket.artifact(&id, name).await.is_err(), "{name}");
        }
    }
}
