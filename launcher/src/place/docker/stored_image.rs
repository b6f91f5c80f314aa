//! An image that lies in the bucket: its manifest, configuration and layers are blobs there.

use std::io::{self, Write};
use std::sync::Arc;

use oci_spec::image::Digest;
use tmpl_bucket::Bucket;
use tmpl_oci::BlobSource;
use tmpl_oci::image::{Image, check_for_docker, write_docker_archive};
use tmpl_template::TemplateName;

use super::DockerError;
use crate::LaunchError;
use crate::engine::ImageName;

/// Bytes of a manifest or configuration; those that exist have some thousands.
const LONGEST_DOCUMENT: u64 = 8 << 20;
/// Characters of a digest in a name for people.
const SHOWN: usize = 12;

/// An image in a bucket.
#[derive(Debug)]
pub(super) struct StoredImage {
    bucket: Bucket,
    template: TemplateName,
    manifest: Vec<u8>,
    config: Digest,
}

impl StoredImage {
    /// Reads the manifest of an image.
    pub(super) async fn open(
        bucket: &Bucket,
        template: &TemplateName,
        manifest: &Digest,
    ) -> Result<Self, LaunchError> {
        let manifest = bucket.blob_bytes(manifest, LONGEST_DOCUMENT).await?.to_vec();
        let config = Image::config_of(&manifest).map_err(|source| DockerError::Image { source })?;
        Ok(Self {
            bucket: bucket.clone(),
            template: template.clone(),
            manifest,
            config: config.digest().clone(),
        })
    }

    /// The name that engines give an image by themselves: the digest of its configuration.
    pub(super) fn name(&self) -> Result<ImageName, DockerError> {
        let image = self.config.to_string();
        image.parse().map_err(|reason| DockerError::ImageName { image, reason })
    }

    /// Another name, for people who list images, and so that it is not taken for one that nobody needs.
    pub(super) fn tag(&self) -> Result<ImageName, DockerError> {
        let digest = self.config.digest();
        let image = format!("tmpl:{}-{}", self.template, digest.get(..SHOWN).unwrap_or(digest));
        image.parse().map_err(|reason| DockerError::ImageName { image, reason })
    }

    /// What writes the archive that engines load. It blocks: it is for a thread of its own.
    pub(super) async fn archive(
        &self,
        tag: &ImageName,
    ) -> Result<impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static, LaunchError> {
        let config = self.bucket.blob_bytes(&self.config, LONGEST_DOCUMENT).await?;
        let runtime = tokio::runtime::Handle::current();
        let bucket = self.bucket.clone();
        let image = Image::parse(&self.manifest, &config, |layer| {
            let (bucket, runtime, digest) = (bucket.clone(), runtime.clone(), layer.digest().clone());
            BlobSource::Opened(Arc::new(move || {
                runtime.block_on(bucket.require_blob(&digest)).map_err(io::Error::other)
            }))
        });
        let image = image.map_err(|source| DockerError::Image { source })?;
        check_for_docker(&image).map_err(|source| DockerError::Image { source })?;
        let names = [tag.to_string()];
        Ok(move |output: &mut dyn Write| {
            write_docker_archive(output, &names, &image).map_err(io::Error::other)
        })
    }
}
