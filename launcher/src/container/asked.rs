//! What a container is asked to run, however that was said.

use tmpl_template::{Environment, JobId, JobName, RawParameters};

/// A launch as it is asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) parameters: RawParameters,
    pub(crate) environment: Environment,
    pub(crate) job_name: Option<JobName>,
    pub(crate) id: Option<JobId>,
}
