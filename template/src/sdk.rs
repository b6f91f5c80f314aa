//! What reads a pipeline's options: the SDK of its language, if it is a Beam pipeline.

use crate::pipeline_options::PipelineOption;
use crate::{Language, TemplateSpec};

/// The reader of a program's options.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sdk<'a> {
    /// Beam's SDK of this language, if it is known. Of a template that does not say how it begins, nothing else can be known.
    Beam(Option<&'a Language>),
    /// A program without Beam, which has no options but its own.
    NotBeam,
}

impl<'a> Sdk<'a> {
    pub(crate) fn of(spec: &'a TemplateSpec) -> Self {
        match spec.tmpl.as_ref().map(|extension| &extension.entry) {
            Some(entry) if !entry.is_beam() => Self::NotBeam,
            _ => Self::Beam(spec.sdk_info.as_ref().and_then(|sdk| sdk.language.as_ref())),
        }
    }

    pub(crate) fn is_beam(self) -> bool {
        matches!(self, Self::Beam(_))
    }

    pub(crate) fn language(self) -> Option<&'a Language> {
        match self {
            Self::Beam(language) => language,
            Self::NotBeam => None,
        }
    }

    /// The option of every pipeline of that name.
    pub(crate) fn option(self, name: &str) -> Option<&'static PipelineOption> {
        match self {
            Self::Beam(language) => PipelineOption::named(name, language),
            Self::NotBeam => None,
        }
    }
}
