//! What a build relies on before it is published, so that no garbage collection takes it meanwhile.
//!
//! What a current version of the build's templates names is safe by that version, since versions are never deleted: a build that
//! changes nothing writes nothing down.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tmpl_bucket::{BucketError, Reliance};
use tmpl_template::Digest;

/// What one build relies on.
pub(crate) struct BuildReliance {
    /// Nothing for whoever only reads.
    reliance: Option<Reliance>,
    /// The current specs of the build's templates.
    published: Vec<String>,
    /// Blobs that are there and may name others.
    documents: Mutex<BTreeSet<String>>,
}

impl BuildReliance {
    /// Of a build of templates with these current specs. Without a reliance, nothing is written down.
    pub(crate) fn new(reliance: Option<Reliance>, published: Vec<String>) -> Self {
        Self { reliance, published, documents: Mutex::default() }
    }

    /// The current specs, as they were when the build began.
    pub(crate) fn published(&self) -> &[String] {
        &self.published
    }

    /// Relies on blobs, each with the document that names it, if one does. Whichever of them are there after this stay there.
    pub(crate) async fn on<'d>(
        &self,
        blobs: impl Iterator<Item = (&'d Digest, Option<&'d Digest>)>,
    ) -> Result<(), BucketError> {
        let Some(reliance) = &self.reliance else { return Ok(()) };
        let new: Vec<&Digest> =
            blobs.filter(|(digest, by)| !self.is_needless(digest, *by)).map(|(digest, _)| digest).collect();
        if new.is_empty() { Ok(()) } else { reliance.add(&new).await }
    }

    /// A document is there: what it names is as safe as it is itself.
    pub(crate) fn note_document(&self, digest: &Digest) {
        let mut documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        documents.insert(digest.digest().to_owned());
    }

    /// Whether a published version keeps a blob, so that nothing need be written down.
    pub(crate) fn is_needless(&self, digest: &Digest, named_by: Option<&Digest>) -> bool {
        let is_named = |digest: &Digest| self.published.iter().any(|text| text.contains(digest.digest()));
        let is_there = |document: &Digest| {
            self.documents.lock().unwrap_or_else(PoisonError::into_inner).contains(document.digest())
        };
        is_named(digest) || named_by.is_some_and(|document| is_named(document) && is_there(document))
    }

    /// Ends it: what was relied on is published, or given up.
    pub(crate) async fn end(&self) -> Result<(), BucketError> {
        match &self.reliance {
            Some(reliance) => reliance.end().await,
            None => Ok(()),
        }
    }
}
