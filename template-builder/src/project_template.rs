//! What is known of a template before anything is built.

use tmpl_template::{TemplateName, TemplateSpec};

use crate::program_source::ProgramSource;
use crate::reports::Reports;
use crate::runners::Runners;

/// One template of a project.
#[derive(Debug)]
pub(crate) struct ProjectTemplate {
    pub(crate) name: TemplateName,
    /// Its program; nothing where it is an image alone.
    pub(crate) program: Option<ProgramSource>,
    /// Its spec, as far as it can be said without building anything.
    pub(crate) spec: TemplateSpec,
    /// What is said of the reports of its jobs.
    pub(crate) reports: Reports,
    /// What is said of runners.
    pub(crate) runners: Runners,
}
