//! The engines that execute pipelines. Each turns a launch into an invocation: a pure function, so a dry run and a snapshot test
//! see exactly what would be started.

#[cfg(feature = "engines")]
mod capture;
mod direct;

use std::path::{Path, PathBuf};

use serde::Serialize;
use tmpl_template::{Entry, JobId, JobName, LayerReference, ParameterValues};

use crate::Invocation;
use crate::job_places::JobPlaces;
use crate::runtime::Runtime;
#[cfg(feature = "engines")]
pub(crate) use capture::Capture;
pub(crate) use direct::{BeamSdk, Direct, job_variables, pass};

/// Everything a runner needs to know of a launch.
#[derive(Debug)]
pub(crate) struct Launch<'a> {
    pub(crate) id: &'a JobId,
    pub(crate) name: &'a JobName,
    pub(crate) entry: &'a Entry,
    pub(crate) values: &'a ParameterValues,
    pub(crate) runtime: &'a Runtime,
    /// The tree of the program's environment.
    pub(crate) environment: &'a Path,
    /// Where relative paths in parameters start from.
    pub(crate) directory: &'a Path,
    /// Where the job's own places are, as the SDK spells them.
    pub(crate) places: &'a JobPlaces,
    /// Where parameters that are passed as files go.
    pub(crate) files: &'a Path,
    /// Where the program writes what it counts, where somebody reads it.
    pub(crate) metrics: Option<&'a Path>,
}

/// An engine that executes pipelines.
pub(crate) trait Runner {
    /// What is started for a launch.
    fn plan(&self, launch: &Launch<'_>) -> Invocation;
}

/// What a launch would do: shown by a dry run, which starts and writes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The template and its version.
    pub template: String,
    /// The runner.
    pub runner: String,
    /// Where the launcher runs.
    pub place: String,
    /// The interpreter that was found, for a program that needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<PathBuf>,
    /// The tree of the environment.
    pub environment: PathBuf,
    /// The layers it is joined from.
    pub layers: Vec<PlannedLayer>,
    /// What is started.
    pub invocation: Invocation,
    /// Where the logs go.
    pub logs: String,
    /// Where result rows go.
    pub results: String,
    /// The temporary location, emptied at the end.
    pub temporary: String,
    /// What is odd about the launch but does not forbid it.
    pub warnings: Vec<String>,
}

/// A layer of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedLayer {
    /// The layer.
    #[serde(flatten)]
    pub layer: LayerReference,
    /// Whether it lies unpacked on this machine already.
    pub cached: bool,
}
