//! A template that is a program of the project.

use std::collections::BTreeMap;

use tmpl_template::{Digest, Extension, PlatformBuild, PythonMain, TemplateName, TemplateSpec};

use crate::program_source::ProgramSource;
use crate::project_template::ProjectTemplate;

/// The module that runs pipelines in YAML.
const BEAM_YAML: &str = "apache_beam.yaml.main";

/// A template that is a program of this project.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program<'a> {
    pub(crate) template: &'a ProjectTemplate,
    pub(crate) source: &'a ProgramSource,
}

impl<'a> Program<'a> {
    /// The templates that are programs.
    pub(crate) fn among(templates: &[&'a ProjectTemplate]) -> Vec<Self> {
        let program =
            |template: &&'a ProjectTemplate| Some(Self { template, source: template.program.as_ref()? });
        templates.iter().filter_map(program).collect()
    }

    /// What Python imports first of it; nothing for a program in another language.
    pub(crate) fn main(&self) -> Option<Main<'a>> {
        let (start, is_own) = match self.source {
            ProgramSource::Python(main) => (main.clone(), true),
            ProgramSource::Yaml { .. } => (PythonMain::Module(BEAM_YAML.to_owned()), false),
            _ => return None,
        };
        Some(Main { template: &self.template.name, start, is_own })
    }

    /// The spec of the program as it was built for some platforms. It holds nothing that differs from build to build of the same
    /// inputs.
    pub(crate) fn spec(
        &self,
        beam: Option<&str>,
        lock: Option<Digest>,
        platforms: BTreeMap<String, PlatformBuild>,
    ) -> TemplateSpec {
        let mut spec = self.template.spec.clone();
        let extension = Extension::new(self.source.entry(beam), lock, platforms);
        spec.tmpl = Some(self.template.runners.write(self.template.reports.write(extension)));
        spec
    }
}

/// What Python imports first of a program.
pub(crate) struct Main<'a> {
    pub(crate) template: &'a TemplateName,
    pub(crate) start: PythonMain,
    /// Whether it is code of the project, and not of one of its dependencies.
    pub(crate) is_own: bool,
}
