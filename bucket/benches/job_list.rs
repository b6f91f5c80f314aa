//! How long the newest 50 of 100,000 jobs take in a folder, and a page from the middle of them.
//!
//! `cargo bench -p tmpl-bucket --bench job_list`

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench that can't go on fails"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

use jiff::SignedDuration;
use tmpl_bucket::{Bucket, BucketUrl, JobFilter};

#[path = "../tests/support/index.rs"]
mod index;

const JOBS: usize = 100_000;
const PAGE: usize = 50;
const ROUNDS: usize = 10;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("bucket");
    println!("the newest {PAGE} of {JOBS} jobs, milliseconds, {ROUNDS} rounds:");
    // Five years of jobs, and all of them in two days.
    for (words, pause) in [("in five years", 26 * 60), ("in two days", 1)] {
        fill(&root, SignedDuration::from_secs(pause));
        let url: BucketUrl = root.to_str().unwrap().parse().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut filter = JobFilter::default();
        for page in ["first page", "next page", "by template"] {
            let mut rounds: Vec<f64> = (0..ROUNDS)
                .map(|_| {
                    let start = Instant::now();
                    let bucket = Bucket::open(&url).unwrap();
                    let list = runtime.block_on(bucket.jobs(&filter, PAGE)).unwrap();
                    assert_eq!((list.jobs.len(), list.more), (PAGE, true));
                    start.elapsed().as_secs_f64()
                })
                .collect();
            rounds.sort_by(f64::total_cmp);
            let list = runtime.block_on(Bucket::open(&url).unwrap().jobs(&filter, PAGE)).unwrap();
            let [least, median, most] = [0, ROUNDS / 2, ROUNDS - 1].map(|index| rounds[index] * 1000.0);
            println!("  {words}, {page}: {median:.1} ({least:.1} to {most:.1})");
            filter.after = list.jobs.last().map(|line| line.id.clone());
            if page == "next page" {
                filter = JobFilter { template: Some("wordcount".parse().unwrap()), ..JobFilter::default() };
            }
        }
        fs::remove_dir_all(&root).unwrap();
    }
}

/// An index as jobs that ended leave it.
fn fill(root: &Path, pause: SignedDuration) {
    let mut made = BTreeSet::new();
    for entry in index::entries(JOBS, pause) {
        let path = root.join(entry);
        let folder = path.parent().unwrap().to_owned();
        if made.insert(folder.clone()) {
            fs::create_dir_all(folder).unwrap();
        }
        fs::write(path, "").unwrap();
    }
}
