//! The keys of `tmpl.toml`, as a table: what reading accepts and what the JSON Schema for editors says are the same.

use serde_json::{Map, Value, json};

/// What a key holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Text,
    /// One of these texts.
    Choice(&'static [&'static str]),
    Integer,
    Flag,
    Texts,
    TextMap,
    Table,
}

/// One key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    kind: Kind,
    help: &'static str,
}

const fn key(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, kind, help }
}

/// Keys of `[python]`.
pub(crate) const PYTHON: &[Key] = &[
    key("version", Kind::Text, "The version of Python, like \"3.11\"."),
    key("requirements", Kind::Texts, "Requirement files."),
    key("packages", Kind::Texts, "Folders of the project's own packages, and wheels; \".\" is this folder."),
    key("files", Kind::Texts, "Further files, as paths or patterns like \"jobs/*.py\"."),
    key(
        "platform",
        Kind::Choice(&["linux/amd64", "linux/arm64"]),
        "The platform that templates are built for.",
    ),
    key("libc", Kind::Text, "The oldest C library that templates must run on, like \"glibc 2.28\"."),
];

/// Keys of `[image]`.
pub(crate) const IMAGE: &[Key] = &[
    key(
        "base",
        Kind::Text,
        "What images are built upon: a reference, oci:FOLDER[:NAME], oci-archive:FILE[:NAME], or scratch.",
    ),
    key("platforms", Kind::Texts, "The platforms of images and templates, like \"linux/amd64\"."),
    key(
        "compression",
        Kind::Choice(&["gzip", "zstd"]),
        "How layers are compressed; \"gzip\" where nothing is said.",
    ),
    key("user", Kind::Text, "The user that images run as, like \"65532:65532\"."),
    key("python", Kind::Text, "Where the base has its Python, like \"/usr/local/bin/python3.11\"."),
    key("labels", Kind::TextMap, "Labels of images."),
];

/// Keys of `[[template]]`.
pub(crate) const TEMPLATE: &[Key] = &[
    key("name", Kind::Text, "The template's name in the bucket."),
    key(
        "main",
        Kind::Text,
        "Where the program begins: a module like \"package.module\", or a file like \"main.py\".",
    ),
    key(
        "binary",
        Kind::Text,
        "The file of a program that is one binary; `{arch}` stands for amd64 or arm64.",
    ),
    key("jars", Kind::Texts, "The class path of a program in Java: files or patterns."),
    key("main_class", Kind::Text, "The class that a program in Java begins with."),
    key("beam", Kind::Flag, "Whether a program in Java is a Beam pipeline; it is where nothing is said."),
    key("metadata_file", Kind::Text, "The file that says what the template asks for."),
    key("yaml_pipeline_path", Kind::Text, "The pipeline of a template in Beam YAML."),
    key(
        "default_environment",
        Kind::Table,
        "Defaults of the launch environment under the names of Google's API.",
    ),
    key(
        "results",
        Kind::Choice(&["required", "optional"]),
        "Whether a job must report result rows: one that must and reports none has failed.",
    ),
    key(
        "notify",
        Kind::Texts,
        "Webhooks that are told of jobs, like \"failure=https://…\"; of failure, success, retry and slow where nothing is said.",
    ),
    key(
        "runners",
        Kind::Texts,
        "The runners that jobs may run on: engines (direct, prism, flink, spark, portable), or names of profiles; all where nothing is said.",
    ),
    key(
        "default_runner",
        Kind::Text,
        "The runner that is meant where a launch names none; direct where nothing is said.",
    ),
    key("image", Kind::Text, "An image that exists, taken verbatim."),
    key(
        "sdk_language",
        Kind::Choice(&["PYTHON", "JAVA", "GO", "YAML", "BINARY"]),
        "The language of the pipeline.",
    ),
    key("yaml_image", Kind::Text, "The image of a template in Beam YAML."),
    key("staging_location", Kind::Text, "Where files of a job are staged on Google's storage: gs://…"),
    key("temp_location", Kind::Text, "Where temporary files of a job go on Google's storage: gs://…"),
    key("service_account_email", Kind::Text, "The account that jobs run as."),
    key("max_workers", Kind::Integer, "How many workers a job may have."),
    key("num_workers", Kind::Integer, "How many workers a job starts with."),
    key("worker_machine_type", Kind::Text, "The machine type of workers."),
    key("network", Kind::Text, "The network of workers."),
    key("subnetwork", Kind::Text, "The subnetwork of workers."),
    key("disable_public_ips", Kind::Flag, "Whether workers have private addresses only."),
    key("dataflow_kms_key", Kind::Text, "The key that encrypts what jobs keep."),
    key("worker_region", Kind::Text, "The region of workers; not together with worker_zone."),
    key("worker_zone", Kind::Text, "The zone of workers; not together with worker_region."),
    key("enable_streaming_engine", Kind::Flag, "Whether the streaming engine is used."),
    key("additional_experiments", Kind::Texts, "Experiments of Beam and of the runner."),
    key("additional_user_labels", Kind::TextMap, "Labels of jobs."),
    key(
        "image_repository_username_secret_id",
        Kind::Text,
        "The secret with the user of a private registry: projects/P/secrets/S.",
    ),
    key(
        "image_repository_password_secret_id",
        Kind::Text,
        "The secret with the password of a private registry: projects/P/secrets/S.",
    ),
    key("image_repository_cert_path", Kind::Text, "The certificate of a private registry: gs://…"),
];

/// A JSON Schema (draft 2020-12) of `tmpl.toml`, for editors.
pub fn manifest_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tmpl.toml: what tmpl build makes templates of",
        "type": "object",
        "additionalProperties": false,
        "required": ["template"],
        "properties": {
            "python": {
                "description": "The Python that programs run with, and what they are made of.",
                "type": "object",
                "additionalProperties": false,
                "required": ["version"],
                "properties": properties(PYTHON),
            },
            "image": {
                "description": "The container images that templates can be built as.",
                "type": "object",
                "additionalProperties": false,
                "properties": properties(IMAGE),
            },
            "template": {
                "description": "The templates of the project.",
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["name"],
                    "anyOf": [
                        {"required": ["main"]},
                        {"required": ["binary"]},
                        {"required": ["jars", "main_class"]},
                        {"required": ["yaml_pipeline_path"]},
                        {"required": ["image"]},
                        {"required": ["yaml_image"]},
                    ],
                    "properties": properties(TEMPLATE),
                },
            },
        },
    })
}

fn properties(keys: &[Key]) -> Map<String, Value> {
    let schema = |key: &Key| {
        let mut schema = match key.kind {
            Kind::Text => json!({"type": "string"}),
            Kind::Choice(texts) => json!({"type": "string", "enum": texts}),
            Kind::Integer => json!({"type": "integer"}),
            Kind::Flag => json!({"type": "boolean"}),
            Kind::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Kind::TextMap => json!({"type": "object", "additionalProperties": {"type": "string"}}),
            Kind::Table => json!({"type": "object"}),
        };
        schema["description"] = key.help.into();
        (key.name.to_owned(), schema)
    };
    keys.iter().map(schema).collect()
}
