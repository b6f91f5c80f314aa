//! Images of templates: a base, the layers that the template has in the bucket, and a launcher as entry point.
//!
//! ```text
//! base ─ launcher, virtual environment ─ dependencies … ─ packages ─ app ─ spec
//!          rarely changes ──────────────────────────────────▶ often changes
//! ```
//!
//! Nothing is run to make an image, and no byte of a layer is read that its destination has already.

mod assemble;
mod base;
mod deliver;
mod documents;
mod interpreter;
mod locked_base;
mod own_layers;
mod request;
mod spdx;

use std::sync::Arc;

use tmpl_oci::ImageReference;
use tmpl_oci::image::{ImageIndex, check_for_docker};
use tmpl_template::{Digest, TemplateName};

use crate::made_platform::MadePlatform;
use crate::outgoing::Outgoing;
use crate::program::Program;
use crate::session::Session;
use crate::{BuildError, Phase};

pub(crate) use deliver::{deliver, local_file};
pub use request::{BaseSource, BaseSourceError, ImageOutput, ImageOutputError, ImageRequest};

use base::Base;
use documents::Document;

/// The images of a build.
#[derive(Default)]
pub(crate) struct Images<'a>(Vec<TemplateImage<'a>>);

/// The image of one template.
pub(crate) struct TemplateImage<'a> {
    template: TemplateName,
    /// Its name in a registry, where it is pushed.
    target: Option<ImageReference>,
    index: ImageIndex,
    /// What it was made of.
    program: Program<'a>,
    platforms: &'a [MadePlatform],
    bases: Arc<[Base]>,
}

impl Images<'_> {
    /// The digest of a template's manifest for a platform.
    pub(crate) fn manifest(&self, template: &TemplateName, platform: &str) -> Option<Digest> {
        let made = self.of(template)?;
        let images = made.index.images();
        let image = images.iter().find(|image| base::spelled(&image.platform()) == platform)?;
        Some(image.manifest().descriptor.digest().clone())
    }

    /// The reference by digest of a template's image, where it is pushed.
    pub(crate) fn reference(&self, template: &TemplateName) -> Option<String> {
        let made = self.of(template)?;
        Some(made.pinned(made.target.as_ref()?).to_string())
    }

    /// What the bucket keeps of them.
    pub(crate) fn kept_in_bucket(&self) -> Vec<Outgoing> {
        self.0.iter().flat_map(deliver::kept_in_bucket).collect()
    }

    fn of(&self, template: &TemplateName) -> Option<&TemplateImage<'_>> {
        self.0.iter().find(|image| image.template == *template)
    }
}

impl TemplateImage<'_> {
    /// What is said of it: of the image for each platform, then of all. Made where it goes somewhere, and not where it is already.
    async fn documents(&self, session: &Session<'_>) -> Result<Vec<Document>, BuildError> {
        documents::of(session, &self.program, self.platforms, &self.bases, &self.index).await
    }

    fn pinned(&self, target: &ImageReference) -> ImageReference {
        target.with_digest(self.index.root().descriptor.digest().clone())
    }
}

/// Makes the images that were asked for. Their layers are on this machine, in the bucket or with the base; nothing is sent yet.
pub(crate) async fn make<'a>(
    session: &Session<'_>,
    programs: &[Program<'a>],
    platforms: &'a [MadePlatform],
    write_lock: bool,
) -> Result<Images<'a>, BuildError> {
    let Some(request) = &session.request.image else { return Ok(Images::default()) };
    if programs.is_empty() {
        return Err(BuildError::NothingForAnImage);
    }
    request.check(programs.len())?;
    let mut images = Vec::new();
    let mut bases = Vec::new();
    for made in platforms {
        let fetching = base::resolve(session, request, &made.platform, write_lock);
        bases.push(session.measured(Phase::Image, fetching).await?);
    }
    let bases: Arc<[Base]> = bases.into();
    for program in programs {
        let mut assembled = Vec::new();
        for (made, base) in platforms.iter().zip(&*bases) {
            assembled.push(assemble::assemble(session, request, program, made, base).await?);
        }
        // Before anything is sent.
        if request.outputs.iter().any(ImageOutput::is_for_engine) {
            assembled.iter().try_for_each(check_for_docker)?;
        }
        let index = ImageIndex::new(assembled);
        let template = program.template.name.clone();
        images.push(TemplateImage {
            target: request.target(&template)?,
            template,
            index,
            program: *program,
            platforms,
            bases: Arc::clone(&bases),
        });
    }
    Ok(Images(images))
}
