//! Flags of `tmpl build` that end in a spec: those of `gcloud dataflow flex-template build`, with its meanings.

use std::path::PathBuf;

use clap::Args;
use tmpl_builder::{Overrides, SpecOptions};
use tmpl_template::{FlagValueError, TemplateName, parse_dictionary, parse_list};

use crate::report::{Failure, USAGE};

/// Options of the spec. Each is also a key of [[template]] in tmpl.toml, with `_` for `-`; a flag wins over the key.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Options of the spec (keys of [[template]] in tmpl.toml, too)")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line, or the one that undoes it"
)]
pub(crate) struct SpecArguments {
    /// The template's name, where no tmpl.toml gives one
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<TemplateName>,
    /// An image that exists, taken verbatim
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// The language of the pipeline: JAVA, PYTHON, GO or YAML
    #[arg(long, value_name = "LANGUAGE")]
    sdk_language: Option<String>,
    /// The file that says what the template asks for; - is standard input
    #[arg(long, value_name = "FILE")]
    metadata_file: Option<PathBuf>,
    /// The pipeline of a template in Beam YAML
    #[arg(long, value_name = "FILE")]
    yaml_pipeline_path: Option<PathBuf>,
    /// The image of a template in Beam YAML
    #[arg(long, value_name = "IMAGE")]
    yaml_image: Option<String>,
    /// Where files of a job are staged
    #[arg(long, value_name = "gs://…")]
    staging_location: Option<String>,
    /// Where temporary files of a job go
    #[arg(long, value_name = "gs://…")]
    temp_location: Option<String>,
    /// The account that jobs run as
    #[arg(long, value_name = "EMAIL")]
    service_account_email: Option<String>,
    /// How many workers a job may have
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_workers: Option<i64>,
    /// How many workers a job starts with
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    num_workers: Option<i64>,
    /// The machine type of workers
    #[arg(long, value_name = "TYPE")]
    worker_machine_type: Option<String>,
    /// The network of workers
    #[arg(long)]
    network: Option<String>,
    /// The subnetwork of workers
    #[arg(long)]
    subnetwork: Option<String>,
    /// Give workers private addresses only
    #[arg(long, overrides_with = "no_disable_public_ips")]
    disable_public_ips: bool,
    /// Undo --disable-public-ips
    #[arg(long, overrides_with = "disable_public_ips", hide = true)]
    no_disable_public_ips: bool,
    /// The key that encrypts what jobs keep
    #[arg(long, value_name = "KEY")]
    dataflow_kms_key: Option<String>,
    /// The region of workers
    #[arg(long, value_name = "REGION")]
    worker_region: Option<String>,
    /// The zone of workers, instead of a region
    #[arg(long, value_name = "ZONE")]
    worker_zone: Option<String>,
    /// Use the streaming engine
    #[arg(long, overrides_with = "no_enable_streaming_engine")]
    enable_streaming_engine: bool,
    /// Undo --enable-streaming-engine
    #[arg(long, overrides_with = "enable_streaming_engine", hide = true)]
    no_enable_streaming_engine: bool,
    /// Experiments of Beam and of the runner
    #[arg(long, value_name = "ITEM,…")]
    additional_experiments: Vec<String>,
    /// Labels of jobs
    #[arg(long, value_name = "KEY=VALUE,…")]
    additional_user_labels: Vec<String>,
    /// The secret with the user of a private registry
    #[arg(long, value_name = "projects/P/secrets/S")]
    image_repository_username_secret_id: Option<String>,
    /// The secret with the password of a private registry
    #[arg(long, value_name = "projects/P/secrets/S")]
    image_repository_password_secret_id: Option<String>,
    /// The certificate of a private registry
    #[arg(long, value_name = "gs://…")]
    image_repository_cert_path: Option<String>,
}

impl SpecArguments {
    /// What they say instead of `tmpl.toml`.
    pub(crate) fn overrides(self) -> Result<Overrides, Failure> {
        let experiments = parse_list(&self.additional_experiments);
        let labels = parse_dictionary(&self.additional_user_labels);
        let options = SpecOptions {
            image: self.image,
            sdk_language: self.sdk_language,
            yaml_image: self.yaml_image,
            staging_location: self.staging_location,
            temp_location: self.temp_location,
            service_account_email: self.service_account_email,
            max_workers: self.max_workers,
            num_workers: self.num_workers,
            worker_machine_type: self.worker_machine_type,
            network: self.network,
            subnetwork: self.subnetwork,
            disable_public_ips: switch(self.disable_public_ips, self.no_disable_public_ips),
            dataflow_kms_key: self.dataflow_kms_key,
            worker_region: self.worker_region,
            worker_zone: self.worker_zone,
            enable_streaming_engine: switch(self.enable_streaming_engine, self.no_enable_streaming_engine),
            additional_experiments: experiments.map_err(|error| wrong("--additional-experiments", &error))?,
            additional_user_labels: labels
                .map_err(|error| wrong("--additional-user-labels", &error))?
                .into_iter()
                .collect(),
            image_repository_username_secret_id: self.image_repository_username_secret_id,
            image_repository_password_secret_id: self.image_repository_password_secret_id,
            image_repository_cert_path: self.image_repository_cert_path,
        };
        Ok(Overrides {
            options,
            metadata_file: self.metadata_file,
            yaml_pipeline_path: self.yaml_pipeline_path,
            name: self.name,
        })
    }
}

/// A pair of `--x` and `--no-x`, of which the last one given counts.
pub(super) fn switch(on: bool, off: bool) -> Option<bool> {
    (on || off).then_some(on)
}

/// A flag whose list or dictionary can't be read.
pub(crate) fn wrong(flag: &str, error: &FlagValueError) -> Failure {
    let failure = Failure::new(USAGE, format!("{flag}: {error}"));
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
