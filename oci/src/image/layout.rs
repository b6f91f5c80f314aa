//! An OCI image layout: a folder with `oci-layout`, `index.json` and `blobs/`.

use std::io::{BufWriter, Write};
use std::path::Path;

use fs_err as fs;
use oci_spec::image::{Descriptor, MediaType};
use serde_json::{Value, json};

use super::ImageIndex;
use super::error::{ImageError, parse};
use crate::verifying_reader::VerifyingReader;
use crate::{Attachment, BlobSource};

/// The annotation of a name in an index.
pub(crate) const NAME: &str = "org.opencontainers.image.ref.name";
/// The text of `oci-layout`.
pub(crate) const VERSION: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

/// Writes images into a layout: a new folder, or one that holds other images already. Blobs that are there are not written
/// again; the index comes last, so that whoever reads it finds everything it names. `artifacts` are documents about them.
pub fn write_layout(
    folder: &Path,
    name: Option<&str>,
    images: &ImageIndex,
    artifacts: &[Attachment],
) -> Result<(), ImageError> {
    let failed = |source| ImageError::Io { action: "write", source };
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).map_err(failed)?;
    for (descriptor, source) in all_blobs(images, artifacts) {
        let place = blobs.join(descriptor.digest().digest());
        if fs::metadata(&place).is_ok_and(|there| there.len() == descriptor.size()) {
            continue;
        }
        let file = tempfile::NamedTempFile::new_in(&blobs).map_err(failed)?;
        let mut output = BufWriter::with_capacity(256 * 1024, file);
        copy_blob(&descriptor, &source, &mut output)?;
        let file = output.into_inner().map_err(|error| failed(error.into_error()))?;
        put(file, &place).map_err(failed)?;
    }
    let index = fs::read(folder.join("index.json")).ok();
    let index = merged(index.as_deref(), &entries(name, images, artifacts))?;
    for (file, text) in [("oci-layout", VERSION.to_owned()), ("index.json", index.to_string())] {
        let mut written = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        written.write_all(text.as_bytes()).map_err(failed)?;
        put(written, &folder.join(file)).map_err(failed)?;
    }
    Ok(())
}

/// What a layout's index says of images and artifacts.
pub(crate) fn entries(name: Option<&str>, images: &ImageIndex, artifacts: &[Attachment]) -> Vec<Value> {
    let mut root = json!(images.root().descriptor);
    if let Some(name) = name {
        root["annotations"] = json!({ NAME: name });
    }
    let artifacts =
        artifacts.iter().map(|attached| json!(attached.artifact.manifest(&attached.subject).descriptor));
    [root].into_iter().chain(artifacts).collect()
}

/// An index of a layout, with other entries instead of those of the same name or digest.
fn merged(known: Option<&[u8]>, entries: &[Value]) -> Result<Value, ImageError> {
    let mut manifests: Vec<Value> = match known {
        Some(bytes) => {
            let index: Value = parse("index", bytes)?;
            index["manifests"].as_array().cloned().unwrap_or_default()
        }
        None => Vec::new(),
    };
    let replaced = |known: &Value| {
        entries.iter().any(|entry| {
            let name = &entry["annotations"][NAME];
            known["digest"] == entry["digest"] || (name.is_string() && *name == known["annotations"][NAME])
        })
    };
    manifests.retain(|known| !replaced(known));
    manifests.extend_from_slice(entries);
    Ok(index_of(&manifests))
}

/// The text of `index.json`.
pub(crate) fn index_of(manifests: &[Value]) -> Value {
    json!({"schemaVersion": 2, "mediaType": MediaType::ImageIndex.to_string(), "manifests": manifests})
}

/// Everything that a layout of these images holds in `blobs/`, each once.
pub(crate) fn all_blobs(images: &ImageIndex, artifacts: &[Attachment]) -> Vec<(Descriptor, BlobSource)> {
    let mut blobs: Vec<(Descriptor, BlobSource)> = Vec::new();
    let mut add = |descriptor: Descriptor, source: BlobSource| {
        if !blobs.iter().any(|(known, _)| known.digest() == descriptor.digest()) {
            blobs.push((descriptor, source));
        }
    };
    let in_memory = |blob: super::Blob| (blob.descriptor, BlobSource::Bytes(blob.bytes));
    for image in images.images() {
        for (descriptor, source) in image.blobs() {
            add(descriptor, source);
        }
        let (descriptor, source) = in_memory(image.manifest());
        add(descriptor, source);
    }
    let (descriptor, source) = in_memory(images.root());
    add(descriptor, source);
    for (descriptor, source) in artifacts.iter().flat_map(Attachment::all_blobs) {
        add(descriptor, source);
    }
    blobs
}

/// Copies a blob, verified: what the output has after an error is to be thrown away.
pub fn copy_blob(
    descriptor: &Descriptor,
    source: &BlobSource,
    output: &mut impl Write,
) -> Result<(), ImageError> {
    let digest = descriptor.digest();
    let unreadable = |source| ImageError::Blob { digest: digest.clone(), source };
    let reader = source.open(0).map_err(unreadable)?;
    // A part of a file goes on behind its end.
    let mut reader = VerifyingReader::new(std::io::Read::take(reader, descriptor.size()), descriptor.size());
    let copied = std::io::copy(&mut reader, output);
    // What the bytes are matters more than where they could not go.
    let verified = reader.verify(digest).map_err(unreadable)?;
    copied.map_err(|source| ImageError::Io { action: "write", source })?;
    verified.map_err(|problem| ImageError::Damaged { digest: digest.clone(), problem })
}

fn put(file: tempfile::NamedTempFile, place: &Path) -> std::io::Result<()> {
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(file.path(), readable)?;
    file.as_file().sync_all()?;
    file.persist(place)?;
    Ok(())
}
