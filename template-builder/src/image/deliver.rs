//! Images go where they shall: into a registry, a folder, a file, an engine; into the bucket what a place needs to load them.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use tempfile::NamedTempFile;
use tmpl_oci::image::{
    Blob, Image, ImageError, ImageLayer, copy_blob, write_docker_archive, write_layout, write_oci_archive,
};
use tmpl_oci::registry::{BlobToPush, Registry};
use tmpl_oci::{Artifact, Attachment, Descriptor, ImageReference};
use tokio::process::Command;
use tokio::sync::mpsc::unbounded_channel;

use super::documents::Document;
use super::{ImageOutput, ImageRequest, Images, TemplateImage};
use crate::background::in_background;
use crate::outgoing::Outgoing;
use crate::report::ImageReport;
use crate::session::Session;
use crate::{BuildError, Phase, atomic_file};

/// Brings all images where they shall be. What can be seen there is complete: tags, indexes and files come last.
pub(crate) async fn deliver(
    session: &Session<'_>,
    images: &Images<'_>,
) -> Result<Vec<ImageReport>, BuildError> {
    let Some(request) = &session.request.image else { return Ok(Vec::new()) };
    let mut reports = Vec::new();
    for image in &images.0 {
        let mut report = ImageReport {
            template: image.template.clone(),
            digest: image.index.root().descriptor.digest().clone(),
            places: Vec::new(),
            size: size(image),
            unchanged: false,
            bytes_sent: 0,
        };
        if let Some(target) = &image.target {
            let pushed = session.measured(Phase::Push, push(session, request, image, target)).await?;
            report.places.push(image.pinned(target).to_string());
            report.unchanged = pushed.is_none();
            report.bytes_sent = pushed.unwrap_or(0);
        }
        for output in &request.outputs {
            let place = session.measured(Phase::Image, write(session, image, output)).await?;
            report.places.push(place);
        }
        reports.push(report);
    }
    Ok(reports)
}

fn size(image: &TemplateImage<'_>) -> u64 {
    image.index.images().iter().flat_map(Image::blobs).map(|(blob, _)| blob.size()).sum()
}

/// Pushes an image; gives the bytes that were sent, or nothing where the tag stood for it already. Its documents are attached before
/// the tag is set: a tag that stands for the image then says that nothing is missing.
async fn push(
    session: &Session<'_>,
    request: &ImageRequest,
    image: &TemplateImage<'_>,
    target: &ImageReference,
) -> Result<Option<u64>, BuildError> {
    let registry = Registry::new(request.registry.clone())?;
    let root = image.index.root();
    let before = registry.head_target(target).await?;
    let before = before.as_ref().map(Descriptor::digest);
    if before == Some(root.descriptor.digest()) {
        return Ok(None);
    }
    let mut blobs: Vec<BlobToPush> = Vec::new();
    for layer in image.index.images().iter().flat_map(Image::layers) {
        if !blobs.iter().any(|known| known.descriptor.digest() == layer.descriptor.digest()) {
            blobs.push(BlobToPush {
                descriptor: layer.descriptor.clone(),
                source: layer.source.clone(),
                mount_from: layer.origin.clone(),
            });
        }
    }
    for made in image.index.images() {
        let Blob { descriptor, bytes } = made.config_blob();
        let source = tmpl_oci::BlobSource::Bytes(bytes);
        blobs.push(BlobToPush { descriptor, source, mount_from: None });
    }
    let mut sent = push_blobs(session, &registry, target, &blobs).await?;
    for made in image.index.images() {
        let Blob { descriptor, bytes } = made.manifest();
        sent += descriptor.size();
        let name = target.with_digest(descriptor.digest().clone());
        registry.put_manifest(&name, descriptor.media_type(), bytes).await?;
    }
    if image.index.images().len() > 1 {
        let name = image.pinned(target);
        registry.put_manifest(&name, root.descriptor.media_type(), root.bytes.clone()).await?;
    }
    for document in image.documents(session).await? {
        let name = target.with_digest(document.subject.digest().clone());
        let artifact = Artifact::new(document.media_type, document.text.clone());
        registry.attach(&name, &artifact).await?;
        sent += document.text.len() as u64;
    }
    registry.put_manifest_if(target, before, root.descriptor.media_type(), root.bytes).await?;
    Ok(Some(sent))
}

/// Pushes blobs, and tells of each as it goes; gives the bytes that were sent.
async fn push_blobs(
    session: &Session<'_>,
    registry: &Registry,
    target: &ImageReference,
    blobs: &[BlobToPush],
) -> Result<u64, BuildError> {
    let (events, mut told) = unbounded_channel::<(usize, u64)>();
    let pushing = registry.push_blobs(
        target,
        blobs,
        Arc::new(move |place, sent| {
            // Nobody listens any more when the push is over.
            let _ = events.send((place, sent));
        }),
    );
    tokio::pin!(pushing);
    let title = |place: usize| short(&blobs[place].descriptor);
    let mut sent = vec![None; blobs.len()];
    let mut tell = |place: usize, now: u64| {
        if sent[place].is_none() {
            session.progress.started(Phase::Push, &title(place), Some(blobs[place].descriptor.size()));
        }
        let before = sent[place].replace(now).unwrap_or(0);
        session.progress.advanced(Phase::Push, &title(place), now.saturating_sub(before));
    };
    let pushed = loop {
        tokio::select! {
            pushed = &mut pushing => break pushed,
            Some((place, now)) = told.recv() => tell(place, now),
        }
    };
    for place in (0..blobs.len()).filter(|place| sent[*place].is_some()) {
        session.progress.finished(Phase::Push, &title(place));
    }
    Ok(pushed?.iter().map(|blob| blob.bytes_sent).sum())
}

fn short(descriptor: &Descriptor) -> String {
    descriptor.digest().digest().chars().take(12).collect()
}

/// Writes an image to one place; gives its name.
async fn write(
    session: &Session<'_>,
    image: &TemplateImage<'_>,
    output: &ImageOutput,
) -> Result<String, BuildError> {
    let name = format!("{}:latest", image.template);
    let title = format!("{}", image.template);
    let index = image.index.clone();
    let attached = |document: &Document| Attachment {
        subject: document.subject.clone(),
        artifact: Artifact::new(document.media_type, document.text.clone()),
    };
    let documents: Vec<Attachment> = image.documents(session).await?.iter().map(attached).collect();
    let file = output.file(&image.template);
    session.progress.started(Phase::Image, &title, None);
    let written = match (output, file) {
        (ImageOutput::Layout(folder), _) => {
            let (folder, tag) = (folder.clone(), image.template.to_string());
            let place = format!("oci:{}:{tag}", folder.display());
            in_background(session.progress, move |_| {
                Ok(write_layout(&folder, Some(&tag), &index, &documents)?)
            })
            .await
            .map(|()| place)
        }
        (ImageOutput::Archive(_), Some(file)) => {
            let (place, tag) = (format!("oci-archive:{}", file.display()), image.template.to_string());
            in_background(session.progress, move |_| {
                put_file(&file, |output| write_oci_archive(output, Some(&tag), &index, &documents))
            })
            .await
            .map(|()| place)
        }
        (ImageOutput::DockerArchive(_), Some(file)) => {
            let made = one_for_engine(image)?;
            let place = format!("docker-archive:{}", file.display());
            in_background(session.progress, move |_| {
                put_file(&file, |output| write_docker_archive(output, &[name], &made))
            })
            .await
            .map(|()| place)
        }
        (ImageOutput::Podman, _) => load_by(session, "podman", one_for_engine(image)?, name).await,
        _ => load_by(session, "docker", one_for_engine(image)?, name).await,
    };
    session.progress.finished(Phase::Image, &title);
    written
}

/// The image that an engine on this machine can run: the one for its platform, else the first.
fn one_for_engine(image: &TemplateImage<'_>) -> Result<Image, BuildError> {
    let here = crate::python_target::PythonTarget::here();
    let images = image.index.images();
    let found = images.iter().find(|image| super::base::spelled(&image.platform()) == here);
    found.or_else(|| images.first()).cloned().ok_or(BuildError::NothingForAnImage)
}

/// Writes a file whole or not at all.
fn put_file(
    file: &Path,
    write: impl FnOnce(BufWriter<&mut File>) -> Result<(), ImageError>,
) -> Result<(), BuildError> {
    let mut temporary: NamedTempFile = atomic_file::beside(file)?;
    write(BufWriter::with_capacity(256 * 1024, temporary.as_file_mut()))?;
    Ok(atomic_file::put(temporary, file)?)
}

/// Hands an image to `docker load` or `podman load`, which know where their engine is.
async fn load_by(
    session: &Session<'_>,
    program: &'static str,
    image: Image,
    name: String,
) -> Result<String, BuildError> {
    let start = |source| BuildError::Start { program: program.to_owned(), source };
    let mut command = Command::new(program);
    command.arg("load").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(start)?;
    let input = child.stdin.take().and_then(|input| input.into_owned_fd().ok());
    let names = vec![name.clone()];
    let writing = in_background(session.progress, move |_| match input {
        Some(input) => Ok(write_docker_archive(BufWriter::new(File::from(input)), &names, &image)),
        None => Ok(Ok(())),
    });
    let (written, output) = tokio::join!(writing, child.wait_with_output());
    let output = output.map_err(start)?;
    if !output.status.success() {
        // It has said why; that it then read no further follows from that.
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(BuildError::Load { program, message });
    }
    written??;
    Ok(format!("{program}:{name}"))
}

/// What the bucket keeps of an image: what tells which image a template has, and, where no registry has it, all of it: a machine with
/// an engine and no registry then loads it from there.
pub(super) fn kept_in_bucket(image: &TemplateImage<'_>) -> Vec<Outgoing> {
    let mut kept = Vec::new();
    for made in image.index.images() {
        let manifest = made.manifest();
        let digest = manifest.descriptor.digest().clone();
        if image.target.is_none() {
            kept.extend(made.layers().iter().map(|layer| Outgoing::of_image(layer, digest.clone())));
        }
        kept.push(Outgoing::of_document("image configuration", made.config_blob(), Some(digest)));
        kept.push(Outgoing::of_document("image manifest", manifest, None));
    }
    kept
}

/// A layer as a file of its own: the cache's copy. What is there is believed by its digest, so nothing else may come there.
pub(crate) async fn local_file(session: &Session<'_>, layer: &ImageLayer) -> Result<PathBuf, BuildError> {
    let (descriptor, source, cache) = (layer.descriptor.clone(), layer.source.clone(), session.cache.clone());
    in_background(session.progress, move |_| {
        let hex = descriptor.digest().digest();
        // A registry's layer is kept there when it is opened.
        source.open(0)?;
        if let Some(place) = cache.find_blob(hex, descriptor.size()) {
            return Ok(place);
        }
        let place = cache.blob(hex);
        let mut file = atomic_file::beside(&place)?;
        copy_blob(&descriptor, &source, file.as_file_mut())?;
        atomic_file::put(file, &place)?;
        Ok(place)
    })
    .await
}
