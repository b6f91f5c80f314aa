//! Flags of `tmpl run` that make the launch environment: those of `gcloud dataflow flex-template run`, with its meanings.

use clap::{Args, ValueEnum};
use serde_json::Value;
use tmpl_builder::SpecOptions;
use tmpl_template::{Environment, FormatError, parse_dictionary, parse_list};

use super::spec::{switch, wrong};
use crate::report::{Failure, USAGE};

/// The launch environment. The direct runner uses the locations, experiments and pipeline options; the rest is for engines
/// with workers.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Launch environment, as gcloud has it")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line, or the one that undoes it"
)]
pub(crate) struct EnvironmentArguments {
    /// Where temporary files of the job go, instead of the bucket
    #[arg(long, value_name = "URL")]
    temp_location: Option<String>,
    /// Where files of the job are staged
    #[arg(long, value_name = "URL")]
    staging_location: Option<String>,
    /// Experiments of Beam and of the runner
    #[arg(long, value_name = "ITEM,…")]
    additional_experiments: Vec<String>,
    /// Further options of the pipeline
    #[arg(long, value_name = "NAME=VALUE,…", allow_hyphen_values = true)]
    additional_pipeline_options: Vec<String>,
    /// Labels of the job
    #[arg(long, value_name = "KEY=VALUE,…")]
    additional_user_labels: Vec<String>,
    /// The account that the job runs as
    #[arg(long, value_name = "EMAIL")]
    service_account_email: Option<String>,
    /// How many workers the job may have
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_workers: Option<i64>,
    /// How many workers the job starts with
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    num_workers: Option<i64>,
    /// The machine type of workers
    #[arg(long, value_name = "TYPE")]
    worker_machine_type: Option<String>,
    /// The machine type of the launcher
    #[arg(long, value_name = "TYPE")]
    launcher_machine_type: Option<String>,
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
    /// The key that encrypts what the job keeps
    #[arg(long, value_name = "KEY")]
    dataflow_kms_key: Option<String>,
    /// The region of workers
    #[arg(long, value_name = "REGION", conflicts_with = "worker_zone")]
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
    /// What flexible scheduling aims at
    #[arg(long, value_enum, value_name = "GOAL")]
    flexrs_goal: Option<FlexrsGoal>,
}

/// What flexible scheduling aims at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FlexrsGoal {
    /// Low cost
    #[value(name = "COST_OPTIMIZED")]
    Cost,
    /// A quick start
    #[value(name = "SPEED_OPTIMIZED")]
    Speed,
}

impl EnvironmentArguments {
    /// The environment that they ask for.
    pub(crate) fn environment(&self) -> Result<Environment, Failure> {
        let list = |flag: &str, texts: &[String]| parse_list(texts).map_err(|error| wrong(flag, &error));
        let labels = parse_dictionary(&self.additional_user_labels);
        let labels = labels.map_err(|error| wrong("--additional-user-labels", &error))?;
        // What a launch shares with the defaults of a template is written by the same table.
        let shared = SpecOptions {
            staging_location: self.staging_location.clone(),
            temp_location: self.temp_location.clone(),
            service_account_email: self.service_account_email.clone(),
            max_workers: self.max_workers,
            num_workers: self.num_workers,
            worker_machine_type: self.worker_machine_type.clone(),
            network: self.network.clone(),
            subnetwork: self.subnetwork.clone(),
            disable_public_ips: switch(self.disable_public_ips, self.no_disable_public_ips),
            dataflow_kms_key: self.dataflow_kms_key.clone(),
            worker_region: self.worker_region.clone(),
            worker_zone: self.worker_zone.clone(),
            enable_streaming_engine: switch(self.enable_streaming_engine, self.no_enable_streaming_engine),
            additional_experiments: list("--additional-experiments", &self.additional_experiments)?,
            additional_user_labels: labels.into_iter().collect(),
            ..SpecOptions::default()
        };
        let options = list("--additional-pipeline-options", &self.additional_pipeline_options)?;
        let goal = self.flexrs_goal.map(|goal| match goal {
            FlexrsGoal::Cost => "FLEXRS_COST_OPTIMIZED",
            FlexrsGoal::Speed => "FLEXRS_SPEED_OPTIMIZED",
        });
        let of_a_launch = [
            ("additionalPipelineOptions", (!options.is_empty()).then(|| Value::from(options))),
            ("launcherMachineType", self.launcher_machine_type.clone().map(Value::from)),
            ("flexrsGoal", goal.map(Value::from)),
        ];
        let refused = |error: FormatError| Failure::new(USAGE, error.to_string());
        let mut environment = Environment::default();
        shared.write_environment(&mut environment).map_err(refused)?;
        for (field, value) in of_a_launch {
            if let Some(value) = value {
                environment.set(field, value).map_err(refused)?;
            }
        }
        Ok(environment)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: EnvironmentArguments,
    }

    fn environment(flags: &[&str]) -> Value {
        let line = Line::try_parse_from([&["run"], flags].concat()).unwrap();
        serde_json::to_value(line.arguments.environment().unwrap()).unwrap()
    }

    #[test]
    fn every_flag_is_its_field_of_the_launch_environment() {
        let flags = [
            "--staging-location=gs://b/staging",
            "--temp-location=gs://b/tmp",
            "--additional-experiments=one,two",
            "--additional-pipeline-options=a=1,b=2",
            "--additional-user-labels=team=data",
            "--service-account-email=a@b.example",
            "--max-workers=3",
            "--num-workers=2",
            "--worker-machine-type=n1-standard-4",
            "--launcher-machine-type=e2-small",
            "--network=net",
            "--subnetwork=regions/r/subnetworks/s",
            "--disable-public-ips",
            "--dataflow-kms-key=key",
            "--worker-region=us-central1",
            "--enable-streaming-engine",
            "--flexrs-goal=COST_OPTIMIZED",
        ];
        let expected = json!({
            "stagingLocation": "gs://b/staging",
            "tempLocation": "gs://b/tmp",
            "additionalExperiments": ["one", "two"],
            "additionalPipelineOptions": ["a=1", "b=2"],
            "additionalUserLabels": {"team": "data"},
            "serviceAccountEmail": "a@b.example",
            "maxWorkers": 3,
            "numWorkers": 2,
            "machineType": "n1-standard-4",
            "launcherMachineType": "e2-small",
            "network": "net",
            "subnetwork": "regions/r/subnetworks/s",
            "ipConfiguration": "WORKER_IP_PRIVATE",
            "kmsKeyName": "key",
            "workerRegion": "us-central1",
            "enableStreamingEngine": true,
            "flexrsGoal": "FLEXRS_COST_OPTIMIZED",
        });
        assert_eq!(environment(&flags), expected);
    }

    #[test]
    fn what_is_not_asked_for_is_not_sent() {
        assert_eq!(environment(&[]), json!({}));
        assert_eq!(environment(&["--no-disable-public-ips", "--no-enable-streaming-engine"]), json!({}));
        assert_eq!(environment(&["--worker-zone=us-central1-a"]), json!({"workerZone": "us-central1-a"}));
        // As gcloud has it, temporary files go where files are staged unless it's said.
        let staging = json!({"stagingLocation": "gs://b/s", "tempLocation": "gs://b/s"});
        assert_eq!(environment(&["--staging-location=gs://b/s"]), staging);
    }
}
