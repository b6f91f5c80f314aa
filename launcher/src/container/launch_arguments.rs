//! A launch as Google's service describes it to the launcher of a container: one JSON object.
//!
//! The launchers of Google's base images are closed source, so this is read from the outside. What is public: the launcher's
//! machine starts the image with `-template-container-args` and a text (public entry points that serve launcher and workers from
//! one image tell the two apart by it), and flags that the launcher does not know end it with "flag provided but not defined",
//! as Go's flags do. The console logs that users posted (GoogleCloudPlatform/python-docs-samples#4891, #4894) name the places
//! that the text carries: `operation_result`, `job_object` and `console_logs` below `template_launches/<job id>/`. Of the
//! whole object only what a launch needs here is taken; the rest is for Google's service alone.

use serde::Deserialize;
use tmpl_template::{Environment, JobId, JobName, RawParameters};

use crate::container::asked::Asked;
use crate::container::error::ContainerError;

/// Options that tell a pipeline to become a Dataflow job instead of running.
const TEMPLATE_LOCATION: [&str; 2] = ["template_location", "templateLocation"];

/// What is taken of the object. Unknown keys are passed over: they are Google's to add.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LaunchArguments {
    #[serde(alias = "job_id")]
    job_id: Option<String>,
    #[serde(alias = "job_name")]
    job_name: Option<JobName>,
    parameters: RawParameters,
    environment: Environment,
}

impl LaunchArguments {
    pub(crate) fn parse(text: &str) -> Result<Self, ContainerError> {
        // A list would be read as the object's values in their order.
        let read = if text.trim_start().starts_with('[') {
            Err(serde::de::Error::custom("expected an object, found a list"))
        } else {
            serde_json::from_str(text)
        };
        read.map_err(|source| ContainerError::LaunchArguments { source })
    }

    pub(crate) fn into_asked(self) -> Asked {
        let mut parameters = RawParameters::new();
        for (name, value) in self.parameters.iter().filter(|(name, _)| !TEMPLATE_LOCATION.contains(name)) {
            // Every name was there once.
            let _ = parameters.insert(name, value);
        }
        Asked {
            parameters,
            environment: self.environment,
            job_name: self.job_name,
            // An id of another shape is no reason not to run: nothing depends on it here.
            id: self.job_id.and_then(|id| id.parse::<JobId>().ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_launch_needs_is_taken() {
        let text = r#"{"consoleLogsLocation": "gs://b/template_launches/j/console_logs", "environment": {"maxWorkers": 3, "region": "r"},
            "jobId": "2020-10-22_06_16_52-1159924567893211599", "jobName": "wordcount",
            "jobObjectLocation": {"gcsPath": "gs://b/job_object"}, "operationResultLocation": "gs://b/operation_result",
            "parameters": {"input": "gs://b/in", "template_location": "gs://b/job_object"}, "projectId": "p"}"#;
        let asked = LaunchArguments::parse(text).unwrap().into_asked();
        assert_eq!(serde_json::to_string(&asked.parameters).unwrap(), r#"{"input":"gs://b/in"}"#);
        assert_eq!(asked.environment.get("maxWorkers"), Some(&3.into()));
        assert_eq!(asked.job_name.unwrap().as_str(), "wordcount");
        assert_eq!(asked.id.unwrap().as_str(), "2020-10-22_06_16_52-1159924567893211599");
    }

    #[test]
    fn a_text_that_is_no_launch_is_refused() {
        for text in [
            "",
            "[]",
            r#"{"parameters": {"a": 1}}"#,
            r#"{"jobName": "A_B"}"#,
            r#"{"environment": {"maxWorkers": "x"}}"#,
        ] {
            assert!(LaunchArguments::parse(text).is_err(), "{text}");
        }
    }
}
