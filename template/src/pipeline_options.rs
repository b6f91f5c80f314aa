//! Options that every Beam pipeline has: accepted in a launch without being declared, as Google's service accepts them.
//!
//! Sources: the option classes of Beam's SDKs for Python, Java and Go; what Google's service makes of a launch environment.

use crate::{Language, ParameterValue, Pass};

/// How the Python SDK takes an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// A value.
    Value,
    /// A whole number.
    Integer,
    /// Nothing: it is there or not.
    Nothing,
}

/// One option in the spellings of the SDKs, empty where an SDK does not have it.
#[derive(Debug)]
pub(crate) struct PipelineOption {
    python: &'static str,
    java: &'static str,
    pub(crate) takes: Takes,
    /// The field of a launch environment that says the same.
    environment: &'static str,
}

impl PipelineOption {
    /// The option of that name in either spelling, if the language's SDK has it; a language that is not known has all.
    pub(crate) fn named(name: &str, language: Option<&Language>) -> Option<&'static Self> {
        let option = OPTIONS
            .iter()
            .find(|option| !name.is_empty() && (option.python == name || option.java == name))?;
        option.spelling(language).map(|_| option)
    }

    /// Every option of any SDK.
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        OPTIONS.iter()
    }

    /// The names it can be given under, each once.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let java = if self.java == self.python { "" } else { self.java };
        [self.python, java].into_iter().filter(|name| !name.is_empty())
    }

    /// The option's name in a language's SDK.
    fn spelling(&self, language: Option<&Language>) -> Option<&'static str> {
        let name = match language {
            Some(Language::Java) => self.java,
            Some(Language::Python | Language::Yaml | Language::Go) => self.python,
            _ if self.python.is_empty() => self.java,
            _ => self.python,
        };
        (!name.is_empty()).then_some(name)
    }

    /// The option as the program of a language is given it.
    pub(crate) fn value(&self, language: Option<&Language>, value: &str) -> ParameterValue {
        let is_python = !matches!(language, Some(Language::Java | Language::Go));
        if is_python && self.python == "use_public_ips" && value == "false" {
            // The Python SDK has another switch for that.
            let name = "no_use_public_ips".to_owned();
            return ParameterValue { name, value: "true".to_owned(), pass: Pass::Switch, secret: false };
        }
        let takes_nothing = self.takes == Takes::Nothing && is_python;
        ParameterValue {
            name: self.spelling(language).unwrap_or(self.python).to_owned(),
            value: value.to_owned(),
            pass: if takes_nothing { Pass::Switch } else { Pass::Argument },
            secret: false,
        }
    }

    /// Google's name of the field of a launch environment that says the same.
    pub(crate) fn environment_field(&self) -> Option<&'static str> {
        (!self.environment.is_empty()).then_some(self.environment)
    }
}

/// Whether every pipeline of the Python SDK has an option of that name, in either spelling.
pub fn is_pipeline_option(name: &str) -> bool {
    PipelineOption::named(name, Some(&Language::Python)).is_some() || reserved(name).is_some()
}

/// The names for which [`reserved`] has a reason.
pub(crate) const RESERVED: [&str; 5] =
    ["runner", "job_name", "jobName", "template_location", "templateLocation"];

/// What the launcher alone decides.
pub(crate) fn reserved(name: &str) -> Option<&'static str> {
    Some(match name {
        "runner" => "the runner is chosen where a job is launched, not among its parameters",
        "job_name" | "jobName" => "give `--job-name NAME` instead",
        "template_location" | "templateLocation" => "a template is launched, not made, by its jobs",
        _ => return None,
    })
}

const fn option(
    python: &'static str,
    java: &'static str,
    takes: Takes,
    environment: &'static str,
) -> PipelineOption {
    PipelineOption { python, java, takes, environment }
}

use Takes::{Integer, Nothing, Value};

static OPTIONS: [PipelineOption; 76] = [
    // Workers.
    option("num_workers", "numWorkers", Integer, "numWorkers"),
    option("max_num_workers", "maxNumWorkers", Integer, "maxWorkers"),
    option("autoscaling_algorithm", "autoscalingAlgorithm", Value, "autoscalingAlgorithm"),
    option("worker_machine_type", "workerMachineType", Value, "machineType"),
    option("machine_type", "", Value, "machineType"),
    option("disk_size_gb", "diskSizeGb", Integer, "diskSizeGb"),
    option("worker_disk_type", "workerDiskType", Value, ""),
    option("disk_provisioned_iops", "diskProvisionedIops", Integer, ""),
    option("disk_provisioned_throughput_mibps", "diskProvisionedThroughputMibps", Integer, ""),
    option("worker_region", "workerRegion", Value, "workerRegion"),
    option("worker_zone", "workerZone", Value, "workerZone"),
    option("zone", "zone", Value, "zone"),
    option("network", "network", Value, "network"),
    option("subnetwork", "subnetwork", Value, "subnetwork"),
    option("use_public_ips", "usePublicIps", Nothing, "ipConfiguration"),
    option("no_use_public_ips", "", Nothing, "ipConfiguration"),
    option("sdk_container_image", "sdkContainerImage", Value, "sdkContainerImage"),
    option("worker_harness_container_image", "workerHarnessContainerImage", Value, "sdkContainerImage"),
    option("sdk_harness_container_image_overrides", "sdkHarnessContainerImageOverrides", Value, ""),
    option("default_sdk_harness_log_level", "defaultSdkHarnessLogLevel", Value, ""),
    option("sdk_harness_log_level_overrides", "sdkHarnessLogLevelOverrides", Value, ""),
    option("", "defaultWorkerLogLevel", Value, ""),
    option("min_cpu_platform", "minCpuPlatform", Value, ""),
    option("max_cache_memory_usage_mb", "maxCacheMemoryUsageMb", Integer, ""),
    option("element_processing_timeout_minutes", "elementProcessingTimeoutMinutes", Integer, ""),
    option("number_of_worker_harness_threads", "numberOfWorkerHarnessThreads", Integer, ""),
    option("dump_heap_on_oom", "dumpHeapOnOOM", Nothing, "dumpHeapOnOom"),
    option("save_heap_dumps_to_gcs_path", "saveHeapDumpsToGcsPath", Value, "saveHeapDumpsToGcsPath"),
    // Google Cloud.
    option("project", "project", Value, ""),
    option("region", "region", Value, ""),
    option("temp_location", "tempLocation", Value, "tempLocation"),
    option("", "gcpTempLocation", Value, "tempLocation"),
    option("staging_location", "stagingLocation", Value, "stagingLocation"),
    option("service_account_email", "serviceAccount", Value, "serviceAccountEmail"),
    option("impersonate_service_account", "impersonateServiceAccount", Value, ""),
    option("dataflow_kms_key", "dataflowKmsKey", Value, "kmsKeyName"),
    option("dataflow_endpoint", "dataflowEndpoint", Value, ""),
    option("dataflow_service_options", "dataflowServiceOptions", Value, ""),
    option("enable_streaming_engine", "enableStreamingEngine", Nothing, "enableStreamingEngine"),
    option("enable_hot_key_logging", "hotKeyLoggingEnabled", Nothing, ""),
    option("flexrs_goal", "flexRSGoal", Value, "flexrsGoal"),
    option("labels", "labels", Value, "additionalUserLabels"),
    option("update", "update", Nothing, ""),
    option("transform_name_mapping", "transformNameMapping", Value, ""),
    option("create_from_snapshot", "createFromSnapshot", Value, ""),
    option("gcp_oauth_scopes", "gcpOauthScopes", Value, ""),
    option("no_auth", "", Nothing, ""),
    option("pubsub_root_url", "pubsubRootUrl", Value, ""),
    // The pipeline.
    option("streaming", "streaming", Nothing, ""),
    option("experiments", "experiments", Value, "additionalExperiments"),
    option("resource_hints", "resourceHints", Value, ""),
    option("auto_unique_labels", "autoUniqueLabels", Nothing, ""),
    option("update_compatibility_version", "updateCompatibilityVersion", Value, ""),
    option("type_check_strictness", "", Value, ""),
    option("runtime_type_check", "", Nothing, ""),
    option("save_main_session", "", Nothing, ""),
    option("no_save_main_session", "", Nothing, ""),
    option("pickle_library", "", Value, ""),
    option("sdk_location", "", Value, ""),
    option("user_agent", "userAgent", Value, ""),
    option("profile_cpu", "", Nothing, ""),
    option("profile_memory", "", Nothing, ""),
    option("profile_location", "", Value, ""),
    // Other runners and file systems.
    option("direct_num_workers", "", Integer, ""),
    option("direct_running_mode", "", Value, ""),
    option("", "targetParallelism", Integer, ""),
    option("parallelism", "parallelism", Integer, ""),
    option("max_parallelism", "maxParallelism", Integer, ""),
    option("sdk_worker_parallelism", "sdkWorkerParallelism", Integer, ""),
    option("environment_cache_millis", "environmentCacheMillis", Integer, ""),
    option("environment_options", "environmentOptions", Value, ""),
    option("", "checkpointingInterval", Integer, ""),
    option("s3_endpoint_url", "", Value, ""),
    option("s3_region_name", "awsRegion", Value, ""),
    option("hdfs_host", "", Value, ""),
    option("hdfs_port", "", Integer, ""),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::option_name::is_option_name;

    #[test]
    fn an_option_is_known_in_both_spellings_and_passed_in_the_sdks() {
        for (written, language, passed) in [
            ("numWorkers", Language::Python, Some("num_workers")),
            ("num_workers", Language::Python, Some("num_workers")),
            ("num_workers", Language::Java, Some("numWorkers")),
            ("service_account_email", Language::Java, Some("serviceAccount")),
            ("maxNumWorkers", Language::Go, Some("max_num_workers")),
            ("save_main_session", Language::Java, None),
            ("numWorker", Language::Python, None),
            ("", Language::Python, None),
        ] {
            let option = PipelineOption::named(written, Some(&language));
            assert_eq!(
                option.map(|option| option.value(Some(&language), "1").name).as_deref(),
                passed,
                "{written}"
            );
        }
        let streaming = PipelineOption::named("enableStreamingEngine", Some(&Language::Python)).unwrap();
        assert_eq!(streaming.value(Some(&Language::Python), "true").pass, Pass::Switch);
        assert_eq!(streaming.value(Some(&Language::Java), "true").pass, Pass::Argument);
    }

    #[test]
    fn no_option_is_reserved() {
        for name in RESERVED {
            assert!(reserved(name).is_some(), "{name}");
        }
        for name in PipelineOption::all().flat_map(PipelineOption::names) {
            assert!(reserved(name).is_none() && is_option_name(name), "{name}");
        }
    }

    #[test]
    fn fields_of_the_environment_exist() {
        for option in &OPTIONS {
            if let Some(field) = option.environment_field() {
                assert!(crate::keys::ENVIRONMENT.key(field).is_some(), "{field}");
            }
        }
    }
}
