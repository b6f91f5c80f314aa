//! The keys of Google's messages, as tables: which there are, what each holds and what it is for. The reader, the linter
//! and the JSON Schemas are three uses of the same tables, so they cannot disagree.
//!
//! Source: the Dataflow API `v1b3`, messages `ContainerSpec`, `TemplateMetadata`, `ParameterMetadata`,
//! `ParameterMetadataEnumOption`, `SDKInfo` and `FlexTemplateRuntimeEnvironment`.

use crate::custom_keys::{CUSTOM_KEYS, CustomKey};
use crate::template_keys::TEMPLATE_KEYS;

/// What a key holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Integer,
    /// A list of texts.
    Texts,
    /// An object of texts.
    TextMap,
    /// An object for clients.
    CustomMetadata {
        /// Our keys in it.
        own: &'static [CustomKey],
        /// Whether Google knows it, and wants texts.
        is_googles: bool,
    },
    /// A name of a closed set; Google's API also takes its number, which is its index here.
    Name(&'static [&'static str]),
    /// A name of an open set, which is kept when nobody knows it; numbers as with [`Name`](Self::Name).
    OpenName(&'static [&'static str]),
    /// An object.
    Object(&'static Table),
    /// A list of objects.
    Objects(&'static Table),
    /// Something that is not Google's and is described elsewhere.
    Extension,
}

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    /// As Google's JSON spells it.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether gcloud wants it, and not empty.
    pub(crate) required: bool,
    /// What it means, in a sentence.
    pub(crate) help: &'static str,
}

/// The keys of one message.
#[derive(Debug)]
pub(crate) struct Table {
    /// What the message describes.
    pub(crate) title: &'static str,
    pub(crate) keys: &'static [Key],
}

impl Table {
    /// The key of that name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The key that a text names in either of the two spellings that Google's service reads: `isOptional` and `is_optional`.
    pub(crate) fn key_in_any_spelling(&self, written: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == written || snake_case(key.name) == written)
    }
}

/// A camel-case name in the other spelling of Google's JSON.
pub(crate) fn snake_case(name: &str) -> String {
    let mut written = String::with_capacity(name.len() + 4);
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            written.push('_');
        }
        written.push(character.to_ascii_lowercase());
    }
    written
}

const fn key(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, kind, required: false, help }
}

const fn required(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, kind, required: true, help }
}

/// Types of parameters, each at the index of its number.
pub(crate) const PARAMETER_TYPES: [&str; 23] = [
    "DEFAULT",
    "TEXT",
    "GCS_READ_BUCKET",
    "GCS_WRITE_BUCKET",
    "GCS_READ_FILE",
    "GCS_WRITE_FILE",
    "GCS_READ_FOLDER",
    "GCS_WRITE_FOLDER",
    "PUBSUB_TOPIC",
    "PUBSUB_SUBSCRIPTION",
    "BIGQUERY_TABLE",
    "JAVASCRIPT_UDF_FILE",
    "SERVICE_ACCOUNT",
    "MACHINE_TYPE",
    "KMS_KEY_NAME",
    "WORKER_REGION",
    "WORKER_ZONE",
    "BOOLEAN",
    "ENUM",
    "NUMBER",
    "KAFKA_TOPIC",
    "KAFKA_READ_TOPIC",
    "KAFKA_WRITE_TOPIC",
];

/// Languages of pipelines, each at the index of its number.
pub(crate) const LANGUAGES: [&str; 5] = ["UNKNOWN", "JAVA", "PYTHON", "GO", "YAML"];

/// `ParameterMetadataEnumOption`.
pub(crate) static ENUM_OPTION: Table = Table {
    title: "One of the values that an ENUM parameter can have",
    keys: &[
        required("value", Kind::Text, "What the program gets."),
        key("label", Kind::Text, "What a form shows; the value itself without one."),
        key("description", Kind::Text, "What choosing it means."),
    ],
};

/// `ParameterMetadata`.
pub(crate) static PARAMETER: Table = Table {
    title: "A parameter of a template",
    keys: &[
        required(
            "name",
            Kind::Text,
            "The key in the launch parameters, and the option's name: --name=value.",
        ),
        required("label", Kind::Text, "The title of the field in a form."),
        required("helpText", Kind::Text, "What a person should know to fill it in."),
        key("isOptional", Kind::Flag, "Whether a launch can leave it out; by default it cannot."),
        key("regexes", Kind::Texts, "Regular expressions that a value must match, all of them."),
        key("paramType", Kind::OpenName(&PARAMETER_TYPES), "What kind of value it is; DEFAULT without it."),
        key(
            "customMetadata",
            Kind::CustomMetadata { own: &CUSTOM_KEYS, is_googles: true },
            "Keys for clients; those that begin with tmpl. mean something to tmpl.",
        ),
        key("groupName", Kind::Text, "The section of a form it is shown in; counts only without a parent."),
        key("parentName", Kind::Text, "The parameter that decides whether this one is asked for."),
        key(
            "parentTriggerValues",
            Kind::Texts,
            "The parent's values that ask for this one; without any, every value but the empty one.",
        ),
        key("enumOptions", Kind::Objects(&ENUM_OPTION), "The values of an ENUM."),
        key("defaultValue", Kind::Text, "What a form is filled in with; the program has its own default."),
        key("hiddenUi", Kind::Flag, "Whether forms leave it out."),
    ],
};

/// `TemplateMetadata`.
pub(crate) static METADATA: Table = Table {
    title: "Metadata of a Flex Template",
    keys: &[
        required("name", Kind::Text, "What the template is called."),
        key("description", Kind::Text, "What it does."),
        key("parameters", Kind::Objects(&PARAMETER), "What it asks for, in the order of display."),
        key("streaming", Kind::Flag, "Whether its jobs run until somebody ends them."),
        key("supportsAtLeastOnce", Kind::Flag, "Whether it can process a record more than once."),
        key("supportsExactlyOnce", Kind::Flag, "Whether it can process every record exactly once."),
        key(
            "defaultStreamingMode",
            Kind::OpenName(&["UNSPECIFIED", "EXACTLY_ONCE", "AT_LEAST_ONCE"]),
            "The mode of a streaming job that chooses none.",
        ),
        key("yamlDefinition", Kind::Text, "The pipeline itself, of a template written in Beam YAML."),
        // The only one here that is not Google's.
        key(
            "customMetadata",
            Kind::CustomMetadata { own: &TEMPLATE_KEYS, is_googles: false },
            "Keys for clients; those that begin with tmpl. mean something to tmpl. Google ignores them.",
        ),
    ],
};

/// `SDKInfo`.
pub(crate) static SDK_INFO: Table = Table {
    title: "The SDK of a pipeline",
    keys: &[
        required("language", Kind::OpenName(&LANGUAGES), "The language the pipeline is written in."),
        key("version", Kind::Text, "The SDK's version; nobody writes it."),
    ],
};

/// `FlexTemplateRuntimeEnvironment`.
pub(crate) static ENVIRONMENT: Table = Table {
    title: "The environment of a launch",
    keys: &[
        key("numWorkers", Kind::Integer, "How many workers a job starts with."),
        key("maxWorkers", Kind::Integer, "How many workers a job may have."),
        key("zone", Kind::Text, "The zone of the workers; workerZone is its newer name."),
        key("serviceAccountEmail", Kind::Text, "The account that the job runs as."),
        key("tempLocation", Kind::Text, "Where temporary files go."),
        key("machineType", Kind::Text, "The machine type of the workers."),
        key("additionalExperiments", Kind::Texts, "Experiments of Beam and of the runner."),
        key("network", Kind::Text, "The network of the workers."),
        key("subnetwork", Kind::Text, "The subnetwork of the workers."),
        key("additionalUserLabels", Kind::TextMap, "Labels of the job."),
        key("kmsKeyName", Kind::Text, "The key that encrypts what the job keeps."),
        key(
            "ipConfiguration",
            Kind::Name(&["WORKER_IP_UNSPECIFIED", "WORKER_IP_PUBLIC", "WORKER_IP_PRIVATE"]),
            "Whether workers have public addresses.",
        ),
        key("workerRegion", Kind::Text, "The region of the workers."),
        key("workerZone", Kind::Text, "The zone of the workers; not together with workerRegion."),
        key("enableStreamingEngine", Kind::Flag, "Whether the streaming engine is used."),
        key(
            "flexrsGoal",
            Kind::Name(&["FLEXRS_UNSPECIFIED", "FLEXRS_SPEED_OPTIMIZED", "FLEXRS_COST_OPTIMIZED"]),
            "What flexible scheduling aims at.",
        ),
        key("stagingLocation", Kind::Text, "Where files of the job are staged."),
        key("sdkContainerImage", Kind::Text, "The image of the workers."),
        key("diskSizeGb", Kind::Integer, "The disk of a worker in gigabytes."),
        key(
            "autoscalingAlgorithm",
            Kind::Name(&[
                "AUTOSCALING_ALGORITHM_UNKNOWN",
                "AUTOSCALING_ALGORITHM_NONE",
                "AUTOSCALING_ALGORITHM_BASIC",
            ]),
            "How the number of workers follows the load.",
        ),
        key("dumpHeapOnOom", Kind::Flag, "Whether a worker out of memory leaves a heap dump."),
        key("saveHeapDumpsToGcsPath", Kind::Text, "Where heap dumps go."),
        key("launcherMachineType", Kind::Text, "The machine type of the launcher."),
        key("enableLauncherVmSerialPortLogging", Kind::Flag, "Whether the launcher logs to its serial port."),
        key(
            "streamingMode",
            Kind::Name(&[
                "STREAMING_MODE_UNSPECIFIED",
                "STREAMING_MODE_EXACTLY_ONCE",
                "STREAMING_MODE_AT_LEAST_ONCE",
            ]),
            "How often a streaming job processes a record.",
        ),
        key("additionalPipelineOptions", Kind::Texts, "Further options of the pipeline, each as name=value."),
    ],
};

/// `ContainerSpec`, and our own key.
pub(crate) static SPEC: Table = Table {
    title: "A Flex Template: its container spec",
    keys: &[
        key("image", Kind::Text, "The launcher image."),
        key("metadata", Kind::Object(&METADATA), "What the template asks for."),
        key("sdkInfo", Kind::Object(&SDK_INFO), "The language of the pipeline."),
        key("defaultEnvironment", Kind::Object(&ENVIRONMENT), "The environment of a launch that names none."),
        key(
            "imageRepositoryUsernameSecretId",
            Kind::Text,
            "The secret that holds the user of a private registry: projects/P/secrets/S.",
        ),
        key(
            "imageRepositoryPasswordSecretId",
            Kind::Text,
            "The secret that holds the password of a private registry: projects/P/secrets/S.",
        ),
        key("imageRepositoryCertPath", Kind::Text, "The certificate of a private registry: gs://…"),
        key(
            "tmpl",
            Kind::Extension,
            "What tmpl adds: entry point, lock and layers. Google's service ignores it.",
        ),
    ],
};

/// A command spec: the file that `DATAFLOW_PYTHON_COMMAND_SPEC` or `DATAFLOW_JAVA_COMMAND_SPEC` names inside an image.
pub(crate) static COMMAND_SPEC: Table = Table {
    title: "A command spec: what the launcher in an image starts",
    keys: &[
        key("pyFile", Kind::Text, "The Python script."),
        key("mainClass", Kind::Text, "The Java class."),
        key("classPath", Kind::Text, "Where the Java class is found, as `java -cp` takes it."),
        key("defaultParameterValues", Kind::TextMap, "Options for launches that don't give them."),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_name_a_key() {
        for (written, name) in [
            ("isOptional", Some("isOptional")),
            ("is_optional", Some("isOptional")),
            ("help_text", Some("helpText")),
            ("name", Some("name")),
            ("parent_trigger_values", Some("parentTriggerValues")),
            ("IsOptional", None),
            ("is_Optional", None),
            ("isoptional", None),
            ("is_optional_", None),
            ("", None),
        ] {
            assert_eq!(PARAMETER.key_in_any_spelling(written).map(|key| key.name), name, "{written}");
        }
        assert_eq!(snake_case("saveHeapDumpsToGcsPath"), "save_heap_dumps_to_gcs_path");
        let key = ENVIRONMENT.key_in_any_spelling("enable_launcher_vm_serial_port_logging");
        assert_eq!(key.map(|key| key.name), Some("enableLauncherVmSerialPortLogging"));
    }
}
