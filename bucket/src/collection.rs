//! Garbage collection: what nobody needs any more is deleted, safely while builds and jobs run (see `reliance`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use object_store::ObjectMeta;
use regex::bytes::Regex;
use serde_json::json;
use tmpl_template::JobId;

use crate::listed::modified;
use crate::reliance::{COLLECTION_SILENCE, Condemned, ReliedOn};
use crate::store::Created;
use crate::{Bucket, BucketError, Submitter, layout};

/// What nobody has ended for so long was killed.
const ABANDONED: SignedDuration = SignedDuration::from_hours(24);
/// A blob that may name other blobs is JSON, and not larger.
const LARGEST_DOCUMENT: u64 = 8 * 1024 * 1024;
/// How many objects are read at a time.
const READS: usize = 32;
/// How many objects are deleted before the collection says again that it goes on.
const BATCH: usize = 1_000;

/// What is to be deleted beside what nobody can need.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionPolicy {
    /// Blobs that were written later than so long ago are left alone.
    pub grace: SignedDuration,
    /// Jobs that ended, and began longer ago than this, are deleted.
    pub jobs_after: Option<SignedDuration>,
    /// The logs of jobs that ended, and began longer ago than this, are deleted.
    pub logs_after: Option<SignedDuration>,
    /// Only say what would be deleted.
    pub dry_run: bool,
}

/// What was deleted, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionReport {
    /// Kinds of things, how many of each, and their bytes.
    pub removed: BTreeMap<&'static str, Removed>,
    /// How many blobs stay.
    pub blobs_kept: u64,
    /// Their bytes.
    pub bytes_kept: u64,
    /// What is not as it should be, and is left alone.
    pub complaints: Vec<String>,
}

/// How much was removed of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Removed {
    /// How many.
    pub count: u64,
    /// Their bytes, where they are known.
    pub bytes: u64,
}

impl CollectionReport {
    fn add(&mut self, kind: &'static str, bytes: u64) {
        let removed = self.removed.entry(kind).or_default();
        removed.count += 1;
        removed.bytes += bytes;
    }
}

impl Bucket {
    /// Removes what nobody needs. `step` is told what is looked at.
    pub async fn collect_garbage(
        &self,
        policy: &CollectionPolicy,
        submitter: &Submitter,
        step: &(dyn Fn(&str) + Sync),
    ) -> Result<CollectionReport, BucketError> {
        let mut report = CollectionReport::default();
        if !policy.dry_run {
            self.audit(submitter, "collect garbage", json!({ "policy": policy })).await?;
        }
        step("jobs");
        self.collect_jobs(policy, submitter, &mut report).await?;
        step("temporary files");
        self.collect_temporary(policy, &mut report).await?;
        step("names");
        self.collect_names(policy, &mut report).await?;
        step("what builds left behind");
        self.collect_reliances(policy, &mut report).await?;
        self.collect_unfinished(policy, &mut report).await?;
        step("blobs");
        self.collect_blobs(policy, &mut report).await?;
        Ok(report)
    }

    async fn collect_jobs(
        &self,
        policy: &CollectionPolicy,
        submitter: &Submitter,
        report: &mut CollectionReport,
    ) -> Result<(), BucketError> {
        let now = Timestamp::now();
        let (mut orphans, mut old_jobs, mut old_logs) = (Vec::new(), Vec::new(), Vec::new());
        let mut names = self.store.names_in_order(layout::INDEX, None);
        while let Some(name) = names.next().await.transpose()? {
            let Some(entry) = Self::index_entry(&name) else { continue };
            let age = now.duration_since(entry.created());
            let is_older = |limit: Option<SignedDuration>| limit.is_some_and(|limit| age > limit);
            match entry.ended {
                None => {
                    if age > ABANDONED {
                        orphans.push(entry);
                    }
                }
                Some(_) if is_older(policy.jobs_after) => old_jobs.push(entry.id),
                Some(_) if is_older(policy.logs_after) => old_logs.push(entry.id),
                Some(_) => {}
            }
        }
        for entry in orphans {
            // Looking at a job brings it to its end where nobody else will.
            match self.job_summary(&entry.id).await {
                Ok(summary) => {
                    if let (Some(end), false) = (&summary.ended, policy.dry_run) {
                        self.index_end(&summary.record, end).await?;
                    }
                }
                Err(BucketError::NoSuchJob { .. }) => {
                    report.add("launches that were cut off", 0);
                    if !policy.dry_run {
                        self.remove_folder(&layout::job(&entry.id)).await?;
                        self.unindex(&entry).await?;
                    }
                }
                Err(error) => report.complaints.push(error.to_string()),
            }
        }
        for id in old_jobs {
            report.add("jobs", 0);
            if !policy.dry_run {
                self.delete_job(&id, submitter).await?;
            }
        }
        for id in old_logs {
            let segments = self.store.list_below(&format!("{}/logs", layout::job(&id))).await?;
            if segments.is_empty() {
                continue;
            }
            report.add("logs", segments.iter().map(|meta| meta.size).sum());
            if !policy.dry_run {
                self.remove_folder(&format!("{}/logs", layout::job(&id))).await?;
            }
        }
        Ok(())
    }

    async fn collect_temporary(
        &self,
        policy: &CollectionPolicy,
        report: &mut CollectionReport,
    ) -> Result<(), BucketError> {
        let now = self.store_now().await;
        for folder in self.store.list_folders(layout::TEMPORARY).await? {
            let Ok(id) = folder.parse::<JobId>() else { continue };
            let over = match self.job_summary(&id).await {
                Ok(summary) => summary.ended.is_some(),
                Err(BucketError::NoSuchJob { .. }) => true,
                Err(error) => {
                    report.complaints.push(error.to_string());
                    false
                }
            };
            if over {
                let files = self.store.list_below(&layout::temporary(&id)).await?;
                report.add("temporary folders", files.iter().map(|meta| meta.size).sum());
                if !policy.dry_run {
                    self.remove_temporary(&id).await?;
                }
            }
        }
        for listed in self.store.list(layout::TEMPORARY).await? {
            if listed.name.starts_with('.') && now.duration_since(listed.modified) > ABANDONED {
                report.add("probes", listed.size);
                if !policy.dry_run {
                    self.store.delete(&format!("{}/{}", layout::TEMPORARY, listed.name)).await?;
                }
            }
        }
        Ok(())
    }

    /// Claims that a newer one has taken the place of. The newest of a name stays: it is what the next one counts from.
    async fn collect_names(
        &self,
        policy: &CollectionPolicy,
        report: &mut CollectionReport,
    ) -> Result<(), BucketError> {
        let mut claims: BTreeMap<String, Vec<ObjectMeta>> = BTreeMap::new();
        for meta in self.store.list_below(layout::NAMES).await? {
            let path = meta.location.to_string();
            if let Some((folder, _)) = path.rsplit_once('/') {
                claims.entry(folder.to_owned()).or_default().push(meta);
            }
        }
        for mut claims in claims.into_values() {
            claims.sort_by(|a, b| a.location.cmp(&b.location));
            claims.pop();
            for claim in &claims {
                report.add("claims of names", claim.size);
            }
            if !policy.dry_run && !claims.is_empty() {
                self.store.delete_all(claims.into_iter().map(|claim| claim.location).collect()).await?;
            }
        }
        Ok(())
    }

    /// What builds that were killed relied on, and jobs that never began.
    async fn collect_reliances(
        &self,
        policy: &CollectionPolicy,
        report: &mut CollectionReport,
    ) -> Result<(), BucketError> {
        let now = self.store_now().await;
        for listed in self.store.list(layout::BUILDS).await? {
            if now.duration_since(listed.modified) <= ABANDONED {
                continue;
            }
            let object = format!("{}/{}", layout::BUILDS, listed.name);
            let relied_on: Option<ReliedOn> = self.store.get_json(&object).await?;
            if let Some(id) = relied_on.and_then(|relied_on| relied_on.job)
                && self.store.head(&layout::job_record(&id)).await?.is_some()
            {
                continue;
            }
            report.add("records of builds that were cut off", listed.size);
            if !policy.dry_run {
                self.store.delete(&object).await?;
            }
        }
        Ok(())
    }

    /// On this machine's disks; a server keeps nothing of a write that was cut off but parts of uploads, which are its own to remove.
    async fn collect_unfinished(
        &self,
        policy: &CollectionPolicy,
        report: &mut CollectionReport,
    ) -> Result<(), BucketError> {
        let Some(root) = self.folder() else { return Ok(()) };
        let failed = |error: std::io::Error| BucketError::of_store(self.store.name(), "delete", "", error);
        let now = self.store_now().await;
        for file in crate::cut_off::unfinished(root).map_err(failed)? {
            if now.duration_since(file.modified) <= ABANDONED {
                continue;
            }
            report.add("files of writes that were cut off", file.size);
            if !policy.dry_run {
                fs_err::remove_file(&file.path).map_err(failed)?;
            }
        }
        Ok(())
    }

    async fn collect_blobs(
        &self,
        policy: &CollectionPolicy,
        report: &mut CollectionReport,
    ) -> Result<(), BucketError> {
        let blobs = self.store.list_below(layout::BLOBS).await?;
        let needed = self.needed_digests(&blobs).await?;
        let now = self.store_now().await;
        let is_candidate = |meta: &ObjectMeta| {
            digest_of(meta).is_some_and(|digest| !needed.contains(&digest))
                // Times of a store may be whole seconds: what was written just now may seem to be written in a moment.
                && now.duration_since(modified(meta)).max(SignedDuration::ZERO) >= policy.grace
        };
        let (mut candidates, kept): (Vec<&ObjectMeta>, Vec<&ObjectMeta>) =
            blobs.iter().partition(|meta| is_candidate(meta));
        report.blobs_kept = kept.len() as u64;
        report.bytes_kept = kept.iter().map(|meta| meta.size).sum();
        if policy.dry_run || candidates.is_empty() {
            for meta in &candidates {
                report.add("blobs", meta.size);
            }
            return Ok(());
        }
        let mut running =
            Running::begin(self, candidates.iter().copied().filter_map(digest_of).collect()).await?;
        // Written down: from here on nobody begins to rely on them without seeing it. Who did before, and what was published
        // meanwhile, is seen now.
        let needed = self.needed_digests(&blobs).await?;
        candidates.retain(|meta| digest_of(meta).is_some_and(|digest| !needed.contains(&digest)));
        for batch in candidates.chunks(BATCH) {
            running.goes_on().await?;
            self.store.delete_all(batch.iter().map(|meta| meta.location.clone()).collect()).await?;
            for meta in batch {
                report.add("blobs", meta.size);
            }
        }
        running.end().await
    }

    /// Every digest that a version, somebody who relies on it, a shared runner, or a blob that is needed itself names. Whatever looks like a digest
    /// counts: of what is not understood, nothing is deleted.
    async fn needed_digests(&self, blobs: &[ObjectMeta]) -> Result<BTreeSet<String>, BucketError> {
        let mut needed = BTreeSet::new();
        // In this order, each read before the next is listed: a build that has ended while it was looked for had published before,
        // and its version is seen. A version's own name is a digest too, of something that is no blob.
        for folder in [layout::BUILDS, layout::TEMPLATES] {
            let found = self.store.list_below(folder).await?;
            let objects = found.iter().map(|meta| meta.location.to_string());
            needed.extend(self.digests_in(objects.collect()).await?);
        }
        needed.extend(self.digests_in(self.runner_objects().await?).await?);
        let documents: BTreeMap<String, &ObjectMeta> = blobs
            .iter()
            .filter(|meta| meta.size <= LARGEST_DOCUMENT)
            .filter_map(|meta| Some((digest_of(meta)?, meta)))
            .collect();
        let mut unread: Vec<String> = needed.iter().cloned().collect();
        while !unread.is_empty() {
            let objects =
                unread.iter().filter_map(|digest| Some(documents.get(digest)?.location.to_string()));
            let found = self.digests_in(objects.collect()).await?;
            unread = found.difference(&needed).cloned().collect();
            needed.extend(unread.iter().cloned());
        }
        Ok(needed)
    }

    /// The digests in objects that are JSON.
    async fn digests_in(&self, objects: Vec<String>) -> Result<BTreeSet<String>, BucketError> {
        let reads: Vec<_> = objects.iter().map(|object| self.store.get(object)).collect();
        let mut reads = futures::stream::iter(reads).buffer_unordered(READS);
        let mut found = BTreeSet::new();
        while let Some(bytes) = reads.try_next().await? {
            let Some(bytes) = bytes.filter(|bytes| bytes.trim_ascii_start().starts_with(b"{")) else {
                continue;
            };
            for digits in digest_pattern().iter().flat_map(|pattern| pattern.find_iter(&bytes)) {
                found.insert(String::from_utf8_lossy(digits.as_bytes()).into_owned());
            }
        }
        Ok(found)
    }
}

/// The hexadecimal digits of a blob's name.
fn digest_of(meta: &ObjectMeta) -> Option<String> {
    let name = meta.location.filename()?;
    (name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| name.to_owned())
}

fn digest_pattern() -> Option<&'static Regex> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    PATTERN.get_or_init(|| Regex::new("[0-9a-f]{64}").ok()).as_ref()
}

/// A collection that has said what it will delete.
struct Running<'a> {
    bucket: &'a Bucket,
    condemned: Condemned,
    said: Instant,
}

impl<'a> Running<'a> {
    async fn begin(bucket: &'a Bucket, digests: BTreeSet<String>) -> Result<Self, BucketError> {
        let condemned = Condemned { collection: crate::random::hex(), time: Timestamp::now(), digests };
        loop {
            if bucket.store.create_json(layout::COLLECTION, &condemned).await? == Created::Yes {
                return Ok(Self { bucket, condemned, said: Instant::now() });
            }
            let Some(silence) = bucket.age(layout::COLLECTION).await? else { continue };
            if silence < COLLECTION_SILENCE {
                return Err(BucketError::Collecting { bucket: bucket.to_string() });
            }
            // Whoever wrote that was killed.
            bucket.store.delete(layout::COLLECTION).await?;
        }
    }

    /// Says that it goes on, unless it was silent for so long that others may think it was killed.
    async fn goes_on(&mut self) -> Result<(), BucketError> {
        let limit = COLLECTION_SILENCE.unsigned_abs() / 2;
        if self.said.elapsed() > limit {
            return Err(BucketError::Collecting { bucket: self.bucket.to_string() });
        }
        if self.said.elapsed() > Duration::from_secs(5) {
            let said = Instant::now();
            let record = self.bucket.store.json(layout::COLLECTION, &self.condemned)?;
            self.bucket.store.overwrite_unflushed(layout::COLLECTION, record).await?;
            self.said = said;
        }
        Ok(())
    }

    async fn end(self) -> Result<(), BucketError> {
        self.bucket.store.delete(layout::COLLECTION).await
    }
}
