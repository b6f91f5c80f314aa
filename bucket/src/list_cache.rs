//! What a machine remembers of a bucket's templates, so that a list reads only what is new: one file a bucket, which may be
//! deleted at any time.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tmpl_template::{TemplateName, hex, sha256_of};

use crate::TemplateSummary;

/// The format of the file; one of another format is read as none.
const FORMAT: u32 = 2;
/// How many digits of the bucket's hash are in the file's name.
const DIGITS: usize = 16;

/// The lines of a list, each under the stamp that its object had.
#[derive(Debug)]
pub(crate) struct ListCache {
    file: PathBuf,
    bucket: String,
    known: HashMap<TemplateName, Line>,
    changed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    stamp: String,
    #[serde(flatten)]
    summary: TemplateSummary,
}

/// The file, as it is written and read.
#[derive(Deserialize)]
struct Read {
    format: u32,
    bucket: String,
    templates: Vec<Line>,
}

#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    bucket: &'a str,
    templates: Vec<&'a Line>,
}

impl ListCache {
    /// What a folder remembers of a bucket: nothing, where the file is not there, damaged, or another bucket's.
    pub(crate) async fn read(folder: &Path, bucket: &str) -> Self {
        let hash = sha256_of(bucket.as_bytes());
        let digits = hex(&hash).get(..DIGITS).unwrap_or_default();
        let file = folder.join(format!("templates-{digits}.json"));
        let bytes = tokio::fs::read(&file).await.unwrap_or_default();
        let known = match serde_json::from_slice::<Read>(&bytes) {
            Ok(read) if read.format == FORMAT && read.bucket == bucket => {
                read.templates.into_iter().map(|line| (line.summary.name.clone(), line)).collect()
            }
            _ => HashMap::new(),
        };
        Self { file, bucket: bucket.to_owned(), known, changed: false }
    }

    /// The line of a template whose object still has this stamp.
    pub(crate) fn find(&self, name: &TemplateName, stamp: &str) -> Option<&TemplateSummary> {
        self.known.get(name).filter(|line| line.stamp == stamp).map(|line| &line.summary)
    }

    /// Remembers a line.
    pub(crate) fn note(&mut self, stamp: String, summary: TemplateSummary) {
        self.changed = true;
        self.known.insert(summary.name.clone(), Line { stamp, summary });
    }

    /// Writes the file where something changed; `listed` is what is there now. A file that can't be written costs the next
    /// list some time, and this one nothing.
    pub(crate) async fn write(mut self, listed: &[TemplateSummary]) {
        let before = self.known.len();
        if before > listed.len() || self.changed {
            let there: HashSet<&TemplateName> = listed.iter().map(|summary| &summary.name).collect();
            self.known.retain(|name, _| there.contains(name));
        }
        if self.changed || self.known.len() != before {
            let _ = tokio::task::spawn_blocking(move || self.save()).await;
        }
    }

    fn save(&self) -> std::io::Result<()> {
        let written =
            Written { format: FORMAT, bucket: &self.bucket, templates: self.known.values().collect() };
        let bytes = serde_json::to_vec(&written)?;
        let folder = self.file.parent().unwrap_or(Path::new("."));
        std::fs::DirBuilder::new().recursive(true).create(folder)?;
        let mut temporary = tempfile::Builder::new().prefix(".writing-").tempfile_in(folder)?;
        temporary.write_all(&bytes)?;
        temporary.persist(&self.file)?;
        Ok(())
    }
}
