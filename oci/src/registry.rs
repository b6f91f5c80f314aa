//! A client of registries, by the OCI distribution specification.
//!
//! The way of a blob into a registry. Whatever breaks, the registry is asked what it has, and only the rest is sent; a blob
//! that is there is never sent:
//!
//! ```text
//! HEAD blob ──200──────────────────────────────────────────────────────────────▶ Existing
//!   │404
//! POST upload ?mount=&from= ──201──────────────────────────────────────────────▶ Mounted
//!   │202: a session
//!   ├─ one request:  PUT session ?digest=  (the whole blob, streamed) ──201────▶ Uploaded
//!   └─ in parts:     PATCH session … PATCH session, PUT session ?digest= ──201─▶ Uploaded
//!         │ cut, timeout, 408, 429, 5xx: wait
//!         ▼
//!      HEAD blob ──200─────────────────────────────────────────────────────────▶ Uploaded (the answer was lost)
//!         │404
//!      GET session ──204, Range: 0-N──▶ on with byte N + 1, in parts
//!         │ no session, no range, no parts: POST upload, from the beginning
//! ```
//!
//! Large blobs go in parts where the registry takes parts, since something on the way may end long requests. Google's
//! registry takes none, which is remembered after the first refusal. Distribution's (version 3) says what it has of a request
//! that broke; docker-registry (version 2) forgets the whole upload, and gets its blobs from then on in parts that are
//! smaller than what broke, each over a connection of its own.
//!
//! A manifest is put after its blobs, its tag last, so that what a reader can see is whole. No registry changes a tag only
//! if it is still what it was: [`Registry::put_manifest_if`] narrows the gap to one request, and can't close it.
//!
//! Each request is one of the transport's `Call`s, which carries what it needs the right to do; the authorizer answers the
//! registry's challenges once and keeps the tokens. Temporary failures are tried again with growing, random waits, for as
//! long as [`RegistryOptions::retry_budget`].

mod activity;
mod answer;
mod authorizer;
mod backoff;
mod blob_body;
mod blobs;
mod challenge;
mod connections;
mod credential_helper;
mod credentials;
mod error;
mod manifests;
mod options;
mod origin;
mod referrers;
mod scope;
mod secret;
mod session;
mod token;
mod transport;
mod upload;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use oci_spec::image::{Descriptor, Digest, ImageIndex, MediaType};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

pub use blob_body::Progress;
pub use credentials::{CredentialSources, Searched};
pub use error::{RegistryError, RegistryErrorKind};
pub use manifests::{PutManifest, RawManifest};
pub use options::RegistryOptions;
pub use secret::Secret;
pub use upload::{PushOutcome, PushedBlob};

use crate::image::Blob;
use crate::{Artifact, BlobSource, ImageReference};
use blob_body::OutgoingBlob;
use blobs::Download;
use scope::Scope;
use transport::Transport;
use upload::Upload;

/// A client of any number of registries. Clones share connections and tokens.
#[derive(Clone)]
pub struct Registry {
    transport: Arc<Transport>,
    options: Arc<RegistryOptions>,
}

/// A blob to push.
#[derive(Debug, Clone)]
pub struct BlobToPush {
    /// Its digest and size.
    pub descriptor: Descriptor,
    /// Its bytes.
    pub source: BlobSource,
    /// Where the registry may already have it, in another repository.
    pub mount_from: Option<ImageReference>,
}

impl Registry {
    /// A client, without connections yet.
    pub fn new(options: RegistryOptions) -> Result<Self, RegistryError> {
        let transport = Arc::new(Transport::new(&options)?);
        Ok(Self { transport, options: Arc::new(options) })
    }

    /// What a name stands for, in one request; `None`: nothing.
    pub async fn head_manifest(
        &self,
        reference: &ImageReference,
    ) -> Result<Option<Descriptor>, RegistryError> {
        manifests::head(&self.transport, reference, Scope::pull(reference)).await
    }

    /// What a push would find under its name, in one request. It is asked for with the right to push, whose token the push
    /// needs anyway, and since some registries deny reading what is not there yet.
    pub async fn head_target(&self, reference: &ImageReference) -> Result<Option<Descriptor>, RegistryError> {
        manifests::head(&self.transport, reference, Scope::push(reference)).await
    }

    /// The manifest that a name stands for.
    pub async fn manifest(&self, reference: &ImageReference) -> Result<RawManifest, RegistryError> {
        manifests::get(&self.transport, reference).await
    }

    /// Makes a name stand for a manifest: its tag if it has one, else its digest. The blobs have to be there.
    pub async fn put_manifest(
        &self,
        reference: &ImageReference,
        media_type: &MediaType,
        bytes: Bytes,
    ) -> Result<PutManifest, RegistryError> {
        manifests::put(&self.transport, reference, media_type, bytes).await
    }

    /// The same, unless the name does not stand any more for what it stood for when the push began. Two pushes between
    /// whose look and whose put there is no time at all can still both win: registries have no conditional put.
    pub async fn put_manifest_if(
        &self,
        reference: &ImageReference,
        before: Option<&Digest>,
        media_type: &MediaType,
        bytes: Bytes,
    ) -> Result<PutManifest, RegistryError> {
        let now = self.head_target(reference).await?;
        if now.as_ref().map(Descriptor::digest) != before {
            return Err(RegistryError::Moved { reference: reference.to_string() });
        }
        self.put_manifest(reference, media_type, bytes).await
    }

    /// Whether a repository has a blob.
    pub async fn has_blob(&self, reference: &ImageReference, digest: &Digest) -> Result<bool, RegistryError> {
        blobs::exists(&self.transport, reference, digest, &[Scope::pull(reference)]).await
    }

    /// Writes a blob and checks it against digest and size. What was written before an error is not the blob.
    pub async fn pull_blob(
        &self,
        reference: &ImageReference,
        descriptor: &Descriptor,
        output: impl AsyncWrite + Unpin,
    ) -> Result<(), RegistryError> {
        Download::new(&self.transport, reference, descriptor, output).run().await
    }

    /// Writes a blob to a file, which is there only if it is the blob.
    pub async fn pull_blob_to_file(
        &self,
        reference: &ImageReference,
        descriptor: &Descriptor,
        path: &Path,
    ) -> Result<(), RegistryError> {
        let failed = |source| RegistryError::Output { digest: descriptor.digest().clone(), source };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let temporary = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        let mut file = tokio::fs::File::from_std(temporary.reopen().map_err(failed)?);
        self.pull_blob(reference, descriptor, &mut file).await?;
        file.shutdown().await.map_err(failed)?;
        temporary.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Brings a blob into a repository, by the shortest way there is.
    pub async fn push_blob(
        &self,
        reference: &ImageReference,
        blob: &BlobToPush,
        progress: Arc<Progress>,
    ) -> Result<PushedBlob, RegistryError> {
        let from = blob.mount_from.as_ref().filter(|from| {
            from.registry() == reference.registry() && from.repository() != reference.repository()
        });
        let digest = blob.descriptor.digest();
        let upload = Upload {
            transport: &self.transport,
            options: &self.options,
            reference,
            blob: OutgoingBlob::new(&blob.descriptor, &blob.source, progress)?,
            mount_from: from.map(ImageReference::repository),
            action: format!("send blob {digest} to {}/{}", reference.registry(), reference.repository()),
        };
        upload.run().await
    }

    /// Brings blobs into a repository, some at a time. `progress` is told of each by its place in the list. A blob that is
    /// in the list twice is sent once.
    ///
    /// An error ends all; what was sent wholly until then is not sent again by another push.
    pub async fn push_blobs(
        &self,
        reference: &ImageReference,
        blobs: &[BlobToPush],
        progress: Arc<dyn Fn(usize, u64) + Send + Sync>,
    ) -> Result<Vec<PushedBlob>, RegistryError> {
        const EXISTING: PushedBlob = PushedBlob { outcome: PushOutcome::Existing, bytes_sent: 0 };
        let mut seen = HashSet::new();
        let mut pushes = Vec::new();
        for (place, blob) in blobs.iter().enumerate() {
            let digest = blob.descriptor.digest();
            if seen.insert(digest) {
                let progress = Arc::clone(&progress);
                let push = self.push_blob(reference, blob, Arc::new(move |sent| progress(place, sent)));
                pushes.push(async move { push.await.map(|pushed| (digest, pushed)) });
            }
        }
        let parallel = self.options.parallel_transfers.max(1);
        let mut outcomes: HashMap<_, _> =
            stream::iter(pushes).buffer_unordered(parallel).try_collect().await?;
        Ok(blobs
            .iter()
            .map(|blob| outcomes.insert(blob.descriptor.digest(), EXISTING).unwrap_or(EXISTING))
            .collect())
    }

    /// All that refers to an image, which is named by digest.
    pub async fn referrers(&self, image: &ImageReference) -> Result<ImageIndex, RegistryError> {
        let subject = digest_of(image)?;
        referrers::list(&self.transport, image, subject).await
    }

    /// Attaches something to an image, which is named by digest, and says how the attachment is referred to.
    pub async fn attach(
        &self,
        image: &ImageReference,
        artifact: &Artifact,
    ) -> Result<Descriptor, RegistryError> {
        let digest = digest_of(image)?;
        let image = image.with_digest(digest.clone());
        let Some(subject) = self.head_target(&image).await? else {
            return Err(RegistryError::NoSuchImage { reference: image.to_string() });
        };
        let blobs = artifact.blobs().map(|blob| BlobToPush {
            descriptor: blob.descriptor,
            source: BlobSource::Bytes(blob.bytes),
            mount_from: None,
        });
        self.push_blobs(&image, &blobs, Arc::new(|_, _| {})).await?;
        let Blob { descriptor, bytes: manifest } = artifact.manifest(&subject);
        let name = image.with_digest(descriptor.digest().clone());
        let put = self.put_manifest(&name, descriptor.media_type(), manifest).await?;
        if !put.subject_accepted {
            referrers::add_to_tag(&self.transport, &image, digest, &descriptor).await?;
        }
        Ok(descriptor)
    }
}

fn digest_of(image: &ImageReference) -> Result<&Digest, RegistryError> {
    image.digest().ok_or_else(|| RegistryError::NoDigest { reference: image.to_string() })
}
