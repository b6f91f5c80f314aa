//! Buckets for tests, and what is put into them.

#![allow(dead_code, clippy::print_stdout, reason = "each test uses its part")]

pub(crate) mod child;
pub(crate) mod index;
pub(crate) mod jobs;
pub(crate) mod stores;

use std::path::PathBuf;

use tempfile::TempDir;
use tmpl_bucket::{Bucket, BucketUrl, BuildFacts};
use tmpl_template::{Digest, TemplateName};

pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) bucket: Bucket,
}

/// Bytes of which no two parts are the same, others for each seed.
pub(crate) fn bytes(count: u64, seed: u64) -> Vec<u8> {
    (0..count)
        .map(|index| (index + (seed << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()[5])
        .collect()
}

/// An empty bucket, and the folder it is in.
pub(crate) fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let bucket = bucket(&folder, "bucket");
    Fixture { folder, bucket }
}

/// An empty bucket in a folder.
pub(crate) fn bucket(folder: &TempDir, name: &str) -> Bucket {
    let url: BucketUrl = folder.path().join(name).to_str().unwrap().parse().unwrap();
    Bucket::open_or_create(&url).unwrap()
}

pub(crate) fn facts(who: &str) -> BuildFacts {
    BuildFacts { who: who.into(), host: "here".into(), source_revision: None, tmpl_version: "0".into() }
}

pub(crate) fn name(text: &str) -> TemplateName {
    text.parse().unwrap()
}

/// Where the current spec of a template lies.
pub(crate) fn projection(bucket: &Bucket, template: &str) -> PathBuf {
    bucket.folder().unwrap().join(format!("templates/{template}.json"))
}

/// Where an entry of a template's log lies.
pub(crate) fn log_entry(bucket: &Bucket, template: &str, number: u64) -> PathBuf {
    bucket.folder().unwrap().join(format!("templates/{template}/log/{number:08}.json"))
}

/// Where a version of a template lies.
pub(crate) fn version(bucket: &Bucket, template: &str, digest: &Digest) -> PathBuf {
    bucket.folder().unwrap().join(format!("templates/{template}/{}.json", digest.digest()))
}
