//! What a program on this machine counts: it writes a file, and this brings it to the bucket, now and then while the program runs and
//! once when it has ended.
//!
//! Of Beam's Python the file is written without a word of the program's (`sdk-image/python/hook`); any other program may write it: the
//! JSON that [`Metrics`] describes, to another name first, so that it is always whole.

use std::convert::Infallible;
use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use fs_err as fs;
use jiff::Timestamp;
use tmpl_beam::metrics::Metrics;
use tmpl_bucket::Bucket;
use tmpl_template::JobId;

use crate::cache::Cache;
use crate::session::Session;

/// How often the file is looked at: soon at first, then more seldom. Some buckets are paid for by the write.
const SOON: Duration = Duration::from_secs(2);
const SELDOM: Duration = Duration::from_secs(30);
/// A larger file is not for people.
const LARGEST: u64 = 16 * 1024 * 1024;
/// How long the end of a job waits for its figures to be written.
const LAST_WRITE: Duration = Duration::from_secs(10);

/// The figures of an attempt's program.
pub(crate) struct DirectMetrics {
    bucket: Bucket,
    id: JobId,
    attempt: u32,
    file: PathBuf,
    /// The file as it was when it was last brought to the bucket.
    brought: Option<(SystemTime, u64)>,
}

impl DirectMetrics {
    /// Makes room for the file that the program is told of.
    pub(crate) fn begin(bucket: &Bucket, id: &JobId, attempt: u32, cache: &Cache) -> Self {
        let file = cache.metrics(id, attempt);
        if let Some(folder) = file.parent() {
            // A program that can't write its figures goes on without them, and so does its launcher.
            let _ = fs::create_dir_all(folder);
        }
        Self { bucket: bucket.clone(), id: id.clone(), attempt, file, brought: None }
    }

    /// Brings the figures to the bucket whenever they have changed, until it is dropped.
    pub(crate) async fn watch(&mut self, session: &Session) -> Infallible {
        let mut pause = SOON;
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(SELDOM);
            self.bring(session).await;
        }
    }

    /// Brings the last figures to the bucket.
    pub(crate) async fn end(mut self, session: &Session) {
        let _ = tokio::time::timeout(LAST_WRITE, self.bring(session)).await;
    }

    /// Figures that can't be read or written are no reason for anything: the next may be.
    async fn bring(&mut self, session: &Session) {
        let Some((stamp, figures)) = self.read() else { return };
        let Ok(json) = serde_json::to_value(figures) else { return };
        let json = session.redact_json(json);
        if self.bucket.write_metrics(&self.id, self.attempt, &json).await.is_ok() {
            self.brought = Some(stamp);
        }
    }

    /// The figures in the file, unless it is as it was, or is none.
    fn read(&self) -> Option<((SystemTime, u64), Metrics)> {
        let metadata = fs::symlink_metadata(&self.file).ok()?;
        let stamp = (metadata.modified().ok()?, metadata.len());
        // Something else of this name might never end.
        if !metadata.is_file() || metadata.len() > LARGEST || self.brought == Some(stamp) {
            return None;
        }
        let mut text = Vec::new();
        fs::File::open(&self.file).ok()?.take(LARGEST).read_to_end(&mut text).ok()?;
        let mut figures: Metrics = serde_json::from_slice(&text).ok()?;
        if figures.time == Timestamp::default() {
            figures.time = Timestamp::now();
        }
        Some((stamp, figures))
    }
}

/// Nobody else looks at it.
impl Drop for DirectMetrics {
    fn drop(&mut self) {
        if let Some(folder) = self.file.parent() {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use tmpl_bucket::BucketUrl;

    use super::*;

    #[test]
    fn only_a_file_with_figures_is_read_and_only_when_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let url: BucketUrl = folder.path().join("bucket").to_str().unwrap().parse().unwrap();
        let bucket = Bucket::open_or_create(&url).unwrap();
        let id: JobId = "2026-11-21_08_00_00-0000000000000000001".parse().unwrap();
        let cache = Cache::at(folder.path().join("cache"));
        let mut figures = DirectMetrics::begin(&bucket, &id, 2, &cache);
        let file = cache.metrics(&id, 2);
        assert!(figures.read().is_none());
        for broken in ["", "{", "[1]", "{\"counters\": [{}]}", "\u{0}"] {
            fs::write(&file, broken).unwrap();
            assert!(figures.read().is_none(), "{broken}");
        }
        fs::write(
            &file,
            r#"{"counters": [{"step": "S", "namespace": "n", "name": "c", "value": 3}], "more": 1}"#,
        )
        .unwrap();
        let (stamp, read) = figures.read().unwrap();
        assert_eq!(read.counters.len(), 1);
        assert!(read.time > Timestamp::default());
        figures.brought = Some(stamp);
        assert!(figures.read().is_none());
        // A pipe would be waited at.
        fs::remove_file(&file).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &file, rustix::fs::Mode::RWXU).unwrap();
        assert!(figures.read().is_none());
        let parent = file.parent().unwrap().to_owned();
        drop(figures);
        assert!(!parent.exists());
    }
}
