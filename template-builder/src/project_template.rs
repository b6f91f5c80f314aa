//! What is known of a template before anything is built.

use tmpl_template::{PythonMain, TemplateName, TemplateSpec};

/// One template of a project.
#[derive(Debug)]
pub(crate) struct ProjectTemplate {
    pub(crate) name: TemplateName,
    /// Where its program begins; nothing where it is an image alone.
    pub(crate) main: Option<PythonMain>,
    /// Its spec, as far as it can be said without building anything.
    pub(crate) spec: TemplateSpec,
}
