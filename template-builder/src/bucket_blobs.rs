//! The layers in the bucket: which are there and whole, and what is sent.
//!
//! Reading 400 MB to see that they are what they were is too slow for a build that changes nothing, so every blob that was
//! verified is remembered with the stamp it had; another stamp means that somebody wrote it again, and it is read again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use fs_err as fs;
use tmpl_bucket::BucketError;
use tmpl_template::{Digest, LayerReference, TemplateSpec};

use crate::made_layer::MadeLayer;
use crate::project_template::ProjectTemplate;
use crate::session::Session;
use crate::{BuildError, Check, Phase, atomic_file};

/// What is known of a bucket's blobs in one build.
pub(crate) struct BucketBlobs<'a> {
    session: &'a Session<'a>,
    known: Mutex<BTreeMap<String, bool>>,
}

impl<'a> BucketBlobs<'a> {
    pub(crate) fn new(session: &'a Session<'a>) -> Self {
        Self { session, known: Mutex::default() }
    }

    /// Whether the bucket has a layer, with the bytes that its digest promises.
    pub(crate) async fn has(&self, layer: &LayerReference) -> Result<bool, BuildError> {
        let digest = layer.digest.to_string();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&digest).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = self.look(&layer.digest, layer.size).await?;
        self.note(digest, found);
        Ok(found)
    }

    /// Whether a layer is in the bucket or on this machine, so that nothing has to be made.
    pub(crate) async fn has_or_can_send(&self, layer: &LayerReference) -> Result<bool, BuildError> {
        let here = self.session.cache.find_blob(layer.digest.digest(), layer.size).is_some();
        Ok(here || self.has(layer).await?)
    }

    /// The specs that the bucket has of these templates now.
    pub(crate) async fn current_texts(
        &self,
        templates: &[&ProjectTemplate],
    ) -> Result<Vec<Option<String>>, BuildError> {
        let mut texts = Vec::new();
        for template in templates {
            let stored = self.session.request.bucket.current_template(&template.name).await?;
            texts.push(stored.map(|stored| stored.text));
        }
        Ok(texts)
    }

    /// Those of them that can be read.
    pub(crate) async fn current_specs(
        &self,
        templates: &[&ProjectTemplate],
    ) -> Result<Vec<TemplateSpec>, BuildError> {
        let texts = self.current_texts(templates).await?;
        Ok(texts.iter().flatten().filter_map(|text| TemplateSpec::parse(text).ok()).collect())
    }

    /// Sends the layers that the bucket lacks, or has damaged; gives the bytes written for each layer.
    pub(crate) async fn send(&self, layers: &[&MadeLayer]) -> Result<Vec<u64>, BuildError> {
        let mut written = Vec::new();
        for layer in layers {
            let layer = &layer.reference;
            written.push(if self.has(layer).await? { 0 } else { self.send_one(layer).await? });
        }
        Ok(written)
    }

    async fn send_one(&self, layer: &LayerReference) -> Result<u64, BuildError> {
        let (session, hex) = (self.session, layer.digest.digest());
        let file = session.cache.blob(hex);
        session.progress.started(Phase::Upload, &layer.title, Some(layer.size));
        let sent = |bytes| session.progress.advanced(Phase::Upload, &layer.title, bytes);
        let put = session.request.bucket.put_blob(&layer.digest, &file, &sent).await;
        if let Err(BucketError::ChangedWhileStored { .. }) = put {
            // Our own copy is damaged: without it, the next build makes it again.
            let _ = fs::remove_file(&file);
        }
        let written = put?;
        session.progress.finished(Phase::Upload, &layer.title);
        self.note(layer.digest.to_string(), true);
        let stamp = session.request.bucket.blob_stamp(&layer.digest).await?;
        self.remember(hex, stamp.as_deref())?;
        Ok(written)
    }

    async fn look(&self, digest: &Digest, size: u64) -> Result<bool, BuildError> {
        let (session, hex) = (self.session, digest.digest());
        let bucket = &session.request.bucket;
        if !bucket.has_blob(digest, size).await? {
            return Ok(false);
        }
        let stamp = bucket.blob_stamp(digest).await?;
        let noted = fs::read_to_string(self.place(hex)).ok();
        if session.request.check != Check::Full && stamp.is_some() && stamp == noted {
            return Ok(true);
        }
        let verified = bucket.verify_blob(digest).await?;
        if verified {
            self.remember(hex, stamp.as_deref())?;
        } else {
            session.warn(format!("{digest} in {bucket} was damaged; it is stored anew"));
        }
        Ok(verified)
    }

    fn note(&self, digest: String, found: bool) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, found);
    }

    fn remember(&self, hex: &str, stamp: Option<&str>) -> Result<(), BuildError> {
        let Some(stamp) = stamp else { return Ok(()) };
        Ok(atomic_file::write(&self.place(hex), stamp.as_bytes())?)
    }

    fn place(&self, hex: &str) -> std::path::PathBuf {
        self.session.cache.stamp(&self.session.request.bucket.to_string(), hex)
    }
}

/// Opens a layer's bytes: those on this machine, else those of the bucket.
pub(crate) fn open_local(blob: &Path) -> Option<Box<dyn std::io::Read + Send>> {
    let file = fs::File::open(blob).ok()?;
    Some(Box::new(file))
}
