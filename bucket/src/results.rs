//! Result rows: what a job says it did. JSON lines in objects below the attempt's results, in the order of the objects' names.

use serde_json::{Map, Value};
use tmpl_template::JobId;

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
