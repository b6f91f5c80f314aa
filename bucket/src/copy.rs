//! Promotion: a template, and the blobs it relies on, from one bucket to another without a rebuild.

use std::collections::BTreeMap;

use futures::StreamExt;
use oci_spec::image::Digest;
use tmpl_template::TemplateName;

use crate::{Bucket, BucketError, BuildFacts, Publication, Reliance, StoredTemplate};

/// How many blobs are sent at a time. Each takes some megabytes of memory.
const SENDS: usize = 4;

/// What copying blobs did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopiedBlobs {
    /// How many were sent.
    pub copied: usize,
    /// Their bytes.
    pub copied_bytes: u64,
    /// How many were there already.
    pub present: usize,
}

/// What copying a template did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyReport {
    /// The version that is current in the bucket copied to.
    pub publication: Publication,
    /// What became of its blobs.
    pub blobs: CopiedBlobs,
}

impl Bucket {
    /// Publishes a template of another bucket in this one: its blobs first, then its text, byte for byte, so that the digest
    /// stays. Whoever is stopped half-way has sent blobs that are not sent again, and no reader has seen a spec.
    ///
    /// `blobs` are digest and size in bytes of everything that the text relies on. `sent` is told of every part.
    pub async fn copy_template(
        &self,
        from: &Self,
        template: &StoredTemplate,
        as_name: &TemplateName,
        blobs: &[(Digest, u64)],
        facts: &BuildFacts,
        sent: &(dyn Fn(u64) + Sync),
    ) -> Result<CopyReport, BucketError> {
        let reliance = self.rely();
        let copied = self.copy_relied_on(&reliance, from, template, as_name, blobs, facts, sent).await;
        // What is published needs it no more, and what was given up neither.
        let ended = reliance.end().await;
        let report = copied?;
        ended?;
        Ok(report)
    }

    #[expect(clippy::too_many_arguments, reason = "those of `copy_template`, and what is relied on")]
    async fn copy_relied_on(
        &self,
        reliance: &Reliance,
        from: &Self,
        template: &StoredTemplate,
        as_name: &TemplateName,
        blobs: &[(Digest, u64)],
        facts: &BuildFacts,
        sent: &(dyn Fn(u64) + Sync),
    ) -> Result<CopyReport, BucketError> {
        reliance.add(&blobs.iter().map(|(digest, _)| digest).collect::<Vec<_>>()).await?;
        let copied = self.copy_blobs(from, blobs, sent).await?;
        let source = from.to_string();
        let publication = self.publish_from(as_name, &template.text, Some(&source), facts).await?;
        // A collection that began before may have taken one of them all the same.
        self.copy_blobs(from, blobs, sent).await?;
        Ok(CopyReport { publication, blobs: copied })
    }

    /// Sends the blobs that this bucket lacks: streamed, and checked against digest and size on the way. A blob that is
    /// there with its size stays as it is.
    pub async fn copy_blobs(
        &self,
        from: &Self,
        blobs: &[(Digest, u64)],
        sent: &(dyn Fn(u64) + Sync),
    ) -> Result<CopiedBlobs, BucketError> {
        let wanted: BTreeMap<String, (&Digest, u64)> =
            blobs.iter().map(|(digest, size)| (digest.to_string(), (digest, *size))).collect();
        let copies: Vec<_> =
            wanted.into_values().map(|(digest, size)| self.copy_blob(from, digest, size, sent)).collect();
        let mut copies = futures::stream::iter(copies).buffer_unordered(SENDS);
        let mut done = CopiedBlobs::default();
        while let Some(copied) = copies.next().await {
            match copied? {
                Some(bytes) => {
                    done.copied += 1;
                    done.copied_bytes += bytes;
                }
                None => done.present += 1,
            }
        }
        Ok(done)
    }

    /// Sends one blob, unless it is there. Gives the bytes that were sent.
    async fn copy_blob(
        &self,
        from: &Self,
        digest: &Digest,
        size: u64,
        sent: &(dyn Fn(u64) + Sync),
    ) -> Result<Option<u64>, BucketError> {
        if self.has_blob(digest, size).await? {
            return Ok(None);
        }
        self.put_blob_of(from, digest, size, sent).await.map(Some)
    }
}
