//! A layer as the builder knows it, and how one is made.

use std::io::BufWriter;

use serde::{Deserialize, Serialize};
use tmpl_oci::{Compression, Layer, LayerContents, LayerError, LayerOptions, write_layer};
use tmpl_template::{Extension, LayerReference};

use crate::background::{Reporter, in_background};
use crate::builder_cache::Kind;
use crate::checksum::Checksum;
use crate::report::Origin;
use crate::session::Session;
use crate::staged_file::{Content, StagedFiles};
use crate::{BuildError, Phase, atomic_file};

/// Changes when equal inputs make other layers. (Another compressor is another word by itself.)
pub(crate) const FORMAT: u32 = 2;

/// A layer that is here or in the bucket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct MadeLayer {
    pub(crate) reference: LayerReference,
    /// Bytes of the archive, where it was made on this machine.
    pub(crate) uncompressed_size: Option<u64>,
    #[serde(skip, default = "cached")]
    pub(crate) origin: Origin,
}

fn cached() -> Origin {
    Origin::Cached
}

/// The content key of a layer: what went in, and how it was made.
pub(crate) fn key(compression: Compression, what: &impl Serialize) -> Checksum {
    Checksum::of_json(&(FORMAT, compression.name(), what))
}

/// The layer of that key, if this machine made it before. The title is what it is called now.
pub(crate) fn known(session: &Session<'_>, key: &Checksum, title: &str) -> Option<MadeLayer> {
    let mut layer = session.cache.read::<MadeLayer>(Kind::Layers, key)?;
    title.clone_into(&mut layer.reference.title);
    Some(layer)
}

/// Makes a layer of staged files, below the folder that a template's layers have.
pub(crate) async fn make(
    session: &Session<'_>,
    key: &Checksum,
    title: &str,
    files: StagedFiles,
) -> Result<MadeLayer, BuildError> {
    let mut contents = LayerContents::new();
    for (path, file) in files {
        let path = format!("{}/{path}", Extension::LAYER_ROOT);
        match file.content {
            Content::File(place) => contents.file(&path, place, file.executable),
            Content::Bytes(bytes) => contents.bytes(&path, bytes, file.executable),
        }
        .map_err(|source| BuildError::Layer { title: title.to_owned(), source })?;
    }
    make_of(session, key, title, contents).await
}

/// Makes a layer in the cache and remembers it by its key.
pub(crate) async fn make_of(
    session: &Session<'_>,
    key: &Checksum,
    title: &str,
    contents: LayerContents,
) -> Result<MadeLayer, BuildError> {
    let (cache, owned_title) = (session.cache.clone(), title.to_owned());
    let options = LayerOptions { compression: session.compression(), ..LayerOptions::default() };
    let making = in_background(session.progress, move |reporter| {
        write(reporter, &cache, &owned_title, &contents, options)
    });
    let layer = session.measured(Phase::Layer, making).await?;
    let made = MadeLayer {
        reference: LayerReference {
            title: title.to_owned(),
            digest: layer.digest,
            diff_id: layer.diff_id,
            size: layer.size,
            media_type: layer.media_type.to_string(),
            key: key.to_string(),
        },
        uncompressed_size: Some(layer.uncompressed_size),
        origin: Origin::Made,
    };
    session.cache.write(Kind::Layers, key, &made)?;
    Ok(made)
}

fn write(
    reporter: &Reporter,
    cache: &crate::builder_cache::BuilderCache,
    title: &str,
    contents: &LayerContents,
    options: LayerOptions,
) -> Result<Layer, BuildError> {
    let failed = |source: LayerError| BuildError::Layer { title: title.to_owned(), source };
    // How much is left is not known: what is counted are compressed bytes.
    reporter.started(Phase::Layer, title, None);
    let mut file = atomic_file::beside(&cache.blob("new"))?;
    let output =
        BufWriter::with_capacity(256 * 1024, reporter.watch(Phase::Layer, title, file.as_file_mut()));
    let layer = write_layer(contents, output, options).map_err(failed)?;
    atomic_file::put(file, &cache.blob(layer.digest.digest()))?;
    reporter.finished(Phase::Layer, title);
    Ok(layer)
}
