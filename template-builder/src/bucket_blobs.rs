//! The blobs in the bucket: which are there and whole, and what is sent.
//!
//! Reading 400 MB to see that they are what they were is too slow for a build that changes nothing, so every blob that was
//! verified is remembered with the stamp it had; another stamp means that somebody wrote it again, and it is read again.
//!
//! What is not yet in the bucket's versions is relied on before anybody looks for it: see `reliance`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use fs_err as fs;
use futures::{StreamExt, TryStreamExt};
use tmpl_bucket::{BucketError, Reliance};
use tmpl_template::{Digest, LayerReference, TemplateSpec};

use crate::image;
use crate::outgoing::{Outgoing, OutgoingSource};
use crate::project_template::ProjectTemplate;
use crate::reliance::BuildReliance;
use crate::session::Session;
use crate::{BuildError, Check, Phase, atomic_file};

/// How many blobs are looked for, read or sent at a time. The bucket bounds the memory of those that are sent.
const AT_ONCE: usize = 8;
/// How often what vanished after it was published is sent again.
const ROUNDS: usize = 3;

/// What is known of a bucket's blobs in one build.
pub(crate) struct BucketBlobs<'a> {
    session: &'a Session<'a>,
    reliance: BuildReliance,
    known: Mutex<BTreeMap<String, bool>>,
}

impl<'a> BucketBlobs<'a> {
    /// For a build of these templates.
    pub(crate) async fn of_build(
        session: &'a Session<'a>,
        templates: &[&ProjectTemplate],
    ) -> Result<Self, BuildError> {
        Self::new(session, templates, Some(session.request.bucket.rely())).await
    }

    /// For somebody who publishes nothing, and may have no right to write.
    pub(crate) async fn of_reader(
        session: &'a Session<'a>,
        templates: &[&ProjectTemplate],
    ) -> Result<Self, BuildError> {
        Self::new(session, templates, None).await
    }

    async fn new(
        session: &'a Session<'a>,
        templates: &[&ProjectTemplate],
        reliance: Option<Reliance>,
    ) -> Result<Self, BuildError> {
        let published = current_texts(session, templates).await?.into_iter().flatten().collect();
        Ok(Self { session, reliance: BuildReliance::new(reliance, published), known: Mutex::default() })
    }

    /// Ends the reliance on what was published, or given up.
    pub(crate) async fn end(&self) {
        if let Err(error) = self.reliance.end().await {
            // A collection removes it after a day: no reason to call a build failed that did what it should.
            self.session.warn(format!("what the build relied on stays written down: {error}"));
        }
    }

    /// Whether the bucket has each of these layers, with the bytes that its digest promises.
    pub(crate) async fn has_each(&self, layers: &[&LayerReference]) -> Result<Vec<bool>, BuildError> {
        self.reliance.on(layers.iter().map(|layer| (&layer.digest, None))).await?;
        let looks: Vec<_> = layers.iter().map(|layer| self.has(&layer.digest, layer.size)).collect();
        futures::stream::iter(looks).buffered(AT_ONCE).try_collect().await
    }

    /// Whether each of these layers is in the bucket or on this machine, so that it need not be made.
    pub(crate) async fn has_or_can_send_each(
        &self,
        layers: &[&LayerReference],
    ) -> Result<Vec<bool>, BuildError> {
        let is_here = |layer: &&&LayerReference| {
            self.session.cache.find_blob(layer.digest.digest(), layer.size).is_some()
        };
        let here: Vec<bool> = layers.iter().map(|layer| is_here(&layer)).collect();
        let elsewhere = layers.iter().zip(&here).filter(|(_, here)| !**here).map(|(layer, _)| *layer);
        let mut found = self.has_each(&elsewhere.collect::<Vec<_>>()).await?.into_iter();
        Ok(here.into_iter().map(|here| here || found.next().unwrap_or(false)).collect())
    }

    /// Whether a layer is in the bucket or on this machine.
    pub(crate) async fn has_or_can_send(&self, layer: &LayerReference) -> Result<bool, BuildError> {
        Ok(self.has_or_can_send_each(&[layer]).await? == [true])
    }

    /// The first spec of the build's templates that the bucket had, and that can be read.
    pub(crate) fn published_spec(&self) -> Option<TemplateSpec> {
        self.reliance.published().iter().find_map(|text| TemplateSpec::parse(text).ok())
    }

    /// Sends the blobs that the bucket lacks, or has damaged; gives the bytes written for each.
    pub(crate) async fn send(&self, blobs: &[Outgoing]) -> Result<Vec<u64>, BuildError> {
        // What documents name that a version names stays as long as they do: so it matters whether those are there.
        let documents: Vec<&Digest> = blobs.iter().filter_map(|blob| blob.named_by.as_ref()).collect();
        for document in blobs.iter().filter(|blob| documents.contains(&&blob.digest)) {
            self.reliance.on([(&document.digest, None)].into_iter()).await?;
            if self.has(&document.digest, document.size).await? {
                self.reliance.note_document(&document.digest);
            }
        }
        self.reliance.on(blobs.iter().map(|blob| (&blob.digest, blob.named_by.as_ref()))).await?;
        let sends: Vec<_> = (0..blobs.len())
            .map(|number| async move {
                let blob = &blobs[number];
                let there = self.has(&blob.digest, blob.size).await?;
                let written = if there { 0 } else { self.send_one(blob, &title(blobs, number)).await? };
                Ok::<_, BuildError>((number, written))
            })
            .collect();
        let mut sends = futures::stream::iter(sends).buffer_unordered(AT_ONCE);
        let mut written = vec![0; blobs.len()];
        while let Some((number, bytes)) = sends.try_next().await? {
            written[number] = bytes;
        }
        Ok(written)
    }

    /// Looks once more whether everything is there that was published just now, and sends again what is not. What versions had
    /// named before was never in danger.
    pub(crate) async fn check_again(&self, blobs: &[Outgoing]) -> Result<(), BuildError> {
        for _ in 0..ROUNDS {
            if self.vanished(blobs).await?.is_empty() {
                return Ok(());
            }
            self.send(blobs).await?;
        }
        match self.vanished(blobs).await?.first() {
            Some(blob) => Err(self.lost(blob)),
            None => Ok(()),
        }
    }

    async fn vanished<'b>(&self, blobs: &'b [Outgoing]) -> Result<Vec<&'b Outgoing>, BuildError> {
        let bucket = &self.session.request.bucket;
        let new: Vec<&Outgoing> = blobs
            .iter()
            .filter(|blob| !self.reliance.is_needless(&blob.digest, blob.named_by.as_ref()))
            .collect();
        let looks: Vec<_> = new.iter().map(|blob| bucket.has_blob(&blob.digest, blob.size)).collect();
        let found: Vec<bool> = futures::stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
        let gone: Vec<&Outgoing> =
            new.into_iter().zip(found).filter(|(_, there)| !there).map(|(blob, _)| blob).collect();
        for blob in &gone {
            self.note(&blob.digest, false);
        }
        Ok(gone)
    }

    fn lost(&self, blob: &Outgoing) -> BuildError {
        BuildError::Lost {
            title: blob.title.clone(),
            digest: blob.digest.to_string(),
            bucket: self.session.request.bucket.to_string(),
        }
    }

    async fn send_one(&self, blob: &Outgoing, title: &str) -> Result<u64, BuildError> {
        let (session, bucket) = (self.session, &self.session.request.bucket);
        let hex = blob.digest.digest();
        let file = match &blob.source {
            OutgoingSource::Bytes(bytes) => {
                bucket.put_bytes_blob(bytes.clone()).await?;
                self.note(&blob.digest, true);
                return Ok(blob.size);
            }
            OutgoingSource::Cached => session.cache.blob(hex),
            OutgoingSource::Image(layer) => image::local_file(session, layer).await?,
        };
        if !file.exists() {
            // The bucket had it and this machine never did: only the bucket can have lost it.
            return Err(self.lost(blob));
        }
        session.progress.started(Phase::Upload, title, Some(blob.size));
        let sent = |bytes| session.progress.advanced(Phase::Upload, title, bytes);
        let put = bucket.put_blob(&blob.digest, &file, &sent).await;
        if let Err(BucketError::ChangedWhileStored { .. }) = put {
            // Our own copy is damaged: without it, the next build makes it again.
            let _ = fs::remove_file(&file);
        }
        let written = put?;
        session.progress.finished(Phase::Upload, title);
        self.note(&blob.digest, true);
        let stamp = bucket.blob_stamp(&blob.digest).await?;
        self.remember(hex, stamp.as_deref())?;
        Ok(written)
    }

    /// Whether the bucket has a blob, with the bytes that its digest promises.
    async fn has(&self, digest: &Digest, size: u64) -> Result<bool, BuildError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(digest.as_ref()).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = self.look(digest, size).await?;
        self.note(digest, found);
        Ok(found)
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

    fn note(&self, digest: &Digest, found: bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(digest.to_string(), found);
    }

    fn remember(&self, hex: &str, stamp: Option<&str>) -> Result<(), BuildError> {
        let Some(stamp) = stamp else { return Ok(()) };
        Ok(atomic_file::write(&self.place(hex), stamp.as_bytes())?)
    }

    fn place(&self, hex: &str) -> PathBuf {
        self.session.cache.stamp(&self.session.request.bucket.to_string(), hex)
    }
}

/// The specs that the bucket has of templates now.
pub(crate) async fn current_texts(
    session: &Session<'_>,
    templates: &[&ProjectTemplate],
) -> Result<Vec<Option<String>>, BuildError> {
    let bucket = &session.request.bucket;
    let reads: Vec<_> = templates.iter().map(|template| bucket.current_template(&template.name)).collect();
    let stored: Vec<_> = futures::stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
    Ok(stored.into_iter().map(|stored| stored.map(|stored| stored.text)).collect())
}

/// What a blob is called while it is sent: layers of several platforms have the same titles, and may be on their way together.
fn title(blobs: &[Outgoing], number: usize) -> String {
    let blob = &blobs[number];
    let is_shared = blobs.iter().filter(|other| other.title == blob.title).count() > 1;
    if is_shared { format!("{} {}", blob.title, &blob.digest.digest()[..12]) } else { blob.title.clone() }
}

/// Opens a layer's bytes: those on this machine, else those of the bucket.
pub(crate) fn open_local(blob: &Path) -> Option<Box<dyn std::io::Read + Send>> {
    let file = fs::File::open(blob).ok()?;
    Some(Box::new(file))
}
