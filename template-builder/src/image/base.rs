//! What an image is built upon: found by the name that the project gives, and kept at the digest that its lock has.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tmpl_oci::image::{Image, Layout, image_of_platform};
use tmpl_oci::registry::{RawManifest, Registry};
use tmpl_oci::{BlobSource, Descriptor, ImageReference, MediaType, Platform, PlatformBuilder};
use tmpl_template::Digest;
use tokio::runtime::Handle;

use super::{BaseSource, ImageRequest, interpreter, locked_base};
use crate::session::Session;
use crate::{BuildError, atomic_file};

/// A base for one platform.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) image: Image,
    /// As the project names it.
    pub(crate) name: String,
    /// Its name for others: a folder's means nothing elsewhere, and would make equal images different.
    pub(crate) public_name: Option<String>,
    /// Of the manifest, or of the index of several platforms; nothing for `scratch`.
    pub(crate) digest: Option<Digest>,
}

/// A platform as OCI's types have it.
pub(crate) fn platform_of(text: &str) -> Platform {
    let (os, architecture) = text.split_once('/').unwrap_or(("linux", text));
    PlatformBuilder::default().os(os).architecture(architecture).build().unwrap_or_default()
}

/// A platform as projects spell it.
pub(crate) fn spelled(platform: &Platform) -> String {
    format!("{}/{}", platform.os(), platform.architecture())
}

/// Finds the base for a platform.
pub(crate) async fn resolve(
    session: &Session<'_>,
    request: &ImageRequest,
    platform: &str,
    write_lock: bool,
) -> Result<Base, BuildError> {
    let source = source(session, request)?;
    let wanted = platform_of(platform);
    let name = source.to_string();
    let (image, digest) = match &source {
        BaseSource::Scratch => {
            let image = Image::empty(&wanted);
            return Ok(Base { image, name, public_name: None, digest: None });
        }
        BaseSource::Layout { place, name } => {
            let place = session.project.root.join(place);
            let layout = Layout::open(&place)?;
            let image = layout.image(name.as_deref(), &wanted)?;
            (image, layout.root(name.as_deref())?.digest().clone())
        }
        BaseSource::Registry(reference) => {
            let pinned = locked_base::pinned(session, &name)?;
            pull(session, request, reference, pinned, &wanted).await?
        }
    };
    // The path of a folder that is named on the command line is nobody else's.
    if request.base.is_none() || matches!(source, BaseSource::Registry(_)) {
        locked_base::pin(session, &name, &digest, write_lock)?;
    }
    let public_name = matches!(source, BaseSource::Registry(_)).then(|| name.clone());
    Ok(Base { image, name, public_name, digest: Some(digest) })
}

/// What the command line says, else the project.
fn source(session: &Session<'_>, request: &ImageRequest) -> Result<BaseSource, BuildError> {
    match (&request.base, &session.project.image.base) {
        // On a command line a path is relative to where the command is given.
        (Some(BaseSource::Layout { place, name }), _) => {
            let place = std::path::absolute(place)?;
            Ok(BaseSource::Layout { place, name: name.clone() })
        }
        (Some(base), _) => Ok(base.clone()),
        (None, Some(base)) => base
            .get_ref()
            .parse()
            .map_err(|error: super::BaseSourceError| BuildError::Base { message: error.to_string() }),
        (None, None) => Err(BuildError::NoBase),
    }
}

/// A base of a registry: its documents are read once, its layers when somebody needs them.
async fn pull(
    session: &Session<'_>,
    request: &ImageRequest,
    reference: &ImageReference,
    pinned: Option<Digest>,
    platform: &Platform,
) -> Result<(Image, Digest), BuildError> {
    let registry = Registry::new(request.registry.clone())?;
    let reference = match &pinned {
        Some(digest) => reference.with_digest(digest.clone()),
        None => reference.clone(),
    };
    let root = manifest(session, &registry, &reference).await?;
    let mut found = root.clone();
    if is_index(&root.media_type, &root.bytes) {
        let descriptor = image_of_platform(&root.bytes, platform, &reference.to_string())?;
        found = manifest(session, &registry, &reference.with_digest(descriptor.digest().clone())).await?;
    }
    let config = Image::config_of(&found.bytes)?;
    let place = session.cache.blob(config.digest().digest());
    if session.cache.find_blob(config.digest().digest(), config.size()).is_none() {
        make_folder(&place)?;
        registry.pull_blob_to_file(&reference, &config, &place).await?;
    }
    let config = fs_err::read(place)?;
    let source = |layer: &Descriptor| remote(session, &registry, &reference, layer);
    let image = Image::parse(&found.bytes, &config, source)?.with_origin(&reference);
    if spelled(&image.platform()) != spelled(platform) {
        return Err(BuildError::Base {
            message: format!(
                "{reference} is for {}, not for {}",
                spelled(&image.platform()),
                spelled(platform)
            ),
        });
    }
    Ok((image, root.digest))
}

/// A manifest at a digest never changes, so it is read once; at a tag it is asked for each time.
async fn manifest(
    session: &Session<'_>,
    registry: &Registry,
    reference: &ImageReference,
) -> Result<RawManifest, BuildError> {
    if let Some(digest) = reference.digest()
        && let Ok(bytes) = fs_err::read(session.cache.blob(digest.digest()))
        && tmpl_oci::image::sha256_of(&bytes) == *digest
    {
        let media_type = MediaType::from("");
        return Ok(RawManifest { bytes: Bytes::from(bytes), media_type, digest: digest.clone() });
    }
    let found = registry.manifest(reference).await?;
    atomic_file::write(&session.cache.blob(found.digest.digest()), &found.bytes)?;
    Ok(found)
}

/// What a manifest is stands in it, too; a copy that was kept has nothing else.
fn is_index(media_type: &MediaType, bytes: &[u8]) -> bool {
    let list = "application/vnd.docker.distribution.manifest.list.v2+json";
    let has_manifests = || {
        serde_json::from_slice::<serde_json::Value>(bytes).is_ok_and(|value| value["manifests"].is_array())
    };
    *media_type == MediaType::ImageIndex || media_type.to_string() == list || has_manifests()
}

/// A layer that is fetched when it is opened, and kept.
fn remote(
    session: &Session<'_>,
    registry: &Registry,
    reference: &ImageReference,
    layer: &Descriptor,
) -> BlobSource {
    let (registry, reference, layer) = (registry.clone(), reference.clone(), layer.clone());
    let (cache, runtime) = (session.cache.clone(), Handle::current());
    BlobSource::Opened(Arc::new(move || {
        let (hex, size) = (layer.digest().digest(), layer.size());
        let place = cache.blob(hex);
        if cache.find_blob(hex, size).is_none() {
            make_folder(&place)?;
            let pulling = registry.pull_blob_to_file(&reference, &layer, &place);
            runtime.block_on(pulling).map_err(std::io::Error::other)?;
        }
        Ok(Box::new(fs_err::File::open(place)?))
    }))
}

fn make_folder(place: &Path) -> std::io::Result<()> {
    fs_err::create_dir_all(place.parent().unwrap_or(Path::new(".")))
}

impl Base {
    /// Where the base has a Python of that minor version.
    pub(crate) async fn python(&self, session: &Session<'_>, version: &str) -> Result<String, BuildError> {
        if let Some(named) = &session.project.image.python {
            return Ok(named.get_ref().clone());
        }
        interpreter::find(session, self, version).await
    }
}
