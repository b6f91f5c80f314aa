//! The options of `gcloud dataflow flex-template build` that end in the spec, under gcloud's names and with its meanings: keys of
//! `[[template]]` in `tmpl.toml` (`max_workers`), flags of `tmpl build` (`--max-workers`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use tmpl_template::{Environment, FormatError, Language, SdkInfo, TemplateSpec};

/// Options of one template. What is not said is not written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SpecOptions {
    /// An image that exists, taken verbatim.
    pub image: Option<String>,
    /// The language of the pipeline: `JAVA`, `PYTHON`, `GO` or `YAML`.
    pub sdk_language: Option<String>,
    /// The image of a template in Beam YAML.
    pub yaml_image: Option<String>,
    /// Where files of a job are staged: `gs://…`.
    pub staging_location: Option<String>,
    /// Where temporary files of a job go: `gs://…`; the staging location without it.
    pub temp_location: Option<String>,
    /// The account that jobs run as.
    pub service_account_email: Option<String>,
    /// How many workers a job may have.
    pub max_workers: Option<i64>,
    /// How many workers a job starts with.
    pub num_workers: Option<i64>,
    /// The machine type of workers.
    pub worker_machine_type: Option<String>,
    /// The network of workers.
    pub network: Option<String>,
    /// The subnetwork of workers.
    pub subnetwork: Option<String>,
    /// Whether workers have private addresses only.
    pub disable_public_ips: Option<bool>,
    /// The key that encrypts what jobs keep.
    pub dataflow_kms_key: Option<String>,
    /// The region of workers; not together with a zone.
    pub worker_region: Option<String>,
    /// The zone of workers; not together with a region.
    pub worker_zone: Option<String>,
    /// Whether the streaming engine is used.
    pub enable_streaming_engine: Option<bool>,
    /// Experiments of Beam and of the runner.
    pub additional_experiments: Vec<String>,
    /// Labels of jobs.
    pub additional_user_labels: BTreeMap<String, String>,
    /// The secret with the user of a private registry.
    pub image_repository_username_secret_id: Option<String>,
    /// The secret with the password of a private registry.
    pub image_repository_password_secret_id: Option<String>,
    /// The certificate of a private registry: `gs://…`.
    pub image_repository_cert_path: Option<String>,
}

/// What is wrong with an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionProblem {
    /// The option, as a key of `tmpl.toml`.
    pub key: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub remedy: String,
}

impl OptionProblem {
    fn new(key: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { key, message: message.into(), remedy: remedy.into() }
    }

    /// The option as a flag.
    pub fn flag(&self) -> String {
        format!("--{}", self.key.replace('_', "-"))
    }
}

impl SpecOptions {
    /// The languages that can be said.
    pub const LANGUAGES: [&str; 5] = ["BINARY", "GO", "JAVA", "PYTHON", "YAML"];

    /// These options with those of another place instead of the same ones here.
    #[must_use]
    pub fn overridden_by(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        macro_rules! take {
            ($($option:ident)*) => { $(if other.$option.is_some() { merged.$option.clone_from(&other.$option); })* };
        }
        take!(sdk_language staging_location temp_location service_account_email max_workers num_workers
            worker_machine_type network subnetwork disable_public_ips dataflow_kms_key enable_streaming_engine
            image_repository_username_secret_id image_repository_password_secret_id image_repository_cert_path);
        if other.image.is_some() || other.yaml_image.is_some() {
            merged.image.clone_from(&other.image);
            merged.yaml_image.clone_from(&other.yaml_image);
        }
        if other.worker_region.is_some() || other.worker_zone.is_some() {
            // A zone takes the place of a region.
            merged.worker_region.clone_from(&other.worker_region);
            merged.worker_zone.clone_from(&other.worker_zone);
        }
        if !other.additional_experiments.is_empty() {
            merged.additional_experiments.clone_from(&other.additional_experiments);
        }
        if !other.additional_user_labels.is_empty() {
            merged.additional_user_labels.clone_from(&other.additional_user_labels);
        }
        merged
    }

    /// Finds what gcloud would refuse.
    pub fn check(&self) -> Result<(), OptionProblem> {
        if let Some(language) = &self.sdk_language
            && !Self::LANGUAGES.contains(&language.as_str())
        {
            let message = format!("{language:?} is no language of a template");
            return Err(OptionProblem::new(
                "sdk_language",
                message,
                "write `PYTHON`, `JAVA`, `GO`, `YAML` or `BINARY`",
            ));
        }
        for (key, location) in [
            ("staging_location", &self.staging_location),
            ("temp_location", &self.temp_location),
            ("image_repository_cert_path", &self.image_repository_cert_path),
        ] {
            if let Some(location) =
                location.as_ref().filter(|location| !location.starts_with("gs://") || location.contains('\n'))
            {
                let message = format!("{location:?} is no gs:// URL");
                let remedy =
                    "Google's service takes no other; on other runners give `--temp-location` to `tmpl run`";
                return Err(OptionProblem::new(key, message, remedy));
            }
        }
        if let Some(email) = self.service_account_email.as_ref().filter(|email| !is_email(email)) {
            let message = format!("{email:?} is no address of a service account");
            return Err(OptionProblem::new(
                "service_account_email",
                message,
                "write it like `runner@project.iam.gserviceaccount.com`",
            ));
        }
        for (key, secret) in [
            ("image_repository_username_secret_id", &self.image_repository_username_secret_id),
            ("image_repository_password_secret_id", &self.image_repository_password_secret_id),
        ] {
            if let Some(secret) = secret.as_ref().filter(|secret| !is_secret_id(secret)) {
                let message = format!("{secret:?} is no name of a secret");
                return Err(OptionProblem::new(
                    key,
                    message,
                    "write it like `projects/P/secrets/S` or `projects/P/secrets/S/versions/V`",
                ));
            }
        }
        for (key, image) in [("image", &self.image), ("yaml_image", &self.yaml_image)] {
            if image.as_ref().is_some_and(String::is_empty) {
                return Err(OptionProblem::new(
                    key,
                    "the image has no name",
                    "name an image, or leave it out",
                ));
            }
        }
        if self.worker_region.is_some() && self.worker_zone.is_some() {
            let message = "a worker region and a worker zone are given";
            return Err(OptionProblem::new(
                "worker_region",
                message,
                "give one of `worker_region` and `worker_zone`",
            ));
        }
        if self.image.is_some() && self.yaml_image.is_some() {
            return Err(OptionProblem::new(
                "yaml_image",
                "two images are given",
                "give one of `image` and `yaml_image`",
            ));
        }
        Ok(())
    }

    /// Finds what does not go together with fields that are set under their names in Google's API.
    pub(crate) fn check_with(&self, environment: &Environment) -> Result<(), OptionProblem> {
        let has = |field: &str| environment.get(field).is_some();
        let region = self.worker_region.is_some() || has("workerRegion");
        if region && (self.worker_zone.is_some() || has("workerZone")) {
            let message = "a worker region and a worker zone are given";
            return Err(OptionProblem::new("worker_region", message, "give one of them"));
        }
        Ok(())
    }

    /// Writes the options into a spec, over the fields that its environment has already.
    pub(crate) fn write(&self, spec: &mut TemplateSpec) -> Result<(), FormatError> {
        if let Some(image) = self.image.as_ref().or(self.yaml_image.as_ref()) {
            spec.image = Some(image.clone());
        }
        if let Some(language) = &self.sdk_language {
            spec.sdk_info = Some(SdkInfo::new(Language::from_name(language)));
        }
        spec.image_repository_username_secret_id.clone_from(&self.image_repository_username_secret_id);
        spec.image_repository_password_secret_id.clone_from(&self.image_repository_password_secret_id);
        spec.image_repository_cert_path.clone_from(&self.image_repository_cert_path);
        self.write_environment(&mut spec.default_environment)
    }

    /// Writes those options that are fields of a launch environment, over what is set there already.
    pub fn write_environment(&self, environment: &mut Environment) -> Result<(), FormatError> {
        let text = |text: &Option<String>| text.as_ref().map(|text| Value::from(text.as_str()));
        let switched_on = |switch: Option<bool>| switch.filter(|on| *on);
        let labels = Some(&self.additional_user_labels).filter(|labels| !labels.is_empty());
        let experiments = Some(&self.additional_experiments).filter(|experiments| !experiments.is_empty());
        let fields = [
            ("serviceAccountEmail", text(&self.service_account_email)),
            ("maxWorkers", self.max_workers.map(Value::from)),
            ("numWorkers", self.num_workers.map(Value::from)),
            ("network", text(&self.network)),
            ("subnetwork", text(&self.subnetwork)),
            ("machineType", text(&self.worker_machine_type)),
            (
                "tempLocation",
                text(&self.temp_location).or_else(|| {
                    text(&self.staging_location).filter(|_| environment.get("tempLocation").is_none())
                }),
            ),
            ("stagingLocation", text(&self.staging_location)),
            ("kmsKeyName", text(&self.dataflow_kms_key)),
            (
                "ipConfiguration",
                switched_on(self.disable_public_ips).map(|_| Value::from("WORKER_IP_PRIVATE")),
            ),
            ("workerRegion", text(&self.worker_region)),
            ("workerZone", text(&self.worker_zone)),
            ("enableStreamingEngine", switched_on(self.enable_streaming_engine).map(Value::from)),
            ("additionalExperiments", experiments.map(|experiments| experiments.clone().into())),
            ("additionalUserLabels", labels.map(|labels| labels.clone().into_iter().collect())),
        ];
        for (field, value) in fields {
            if let Some(value) = value {
                environment.set(field, value)?;
            }
        }
        // What is switched off is not written, and not left as it was.
        for (field, switch) in [
            ("ipConfiguration", self.disable_public_ips),
            ("enableStreamingEngine", self.enable_streaming_engine),
        ] {
            if switch == Some(false) {
                environment.remove(field);
            }
        }
        Ok(())
    }
}

/// gcloud's rule: `.*@.*\..*`.
fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(_, domain)| domain.contains('.'))
}

/// gcloud's rule: `projects/P/secrets/S`, with or without `/versions/V`.
fn is_secret_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let is_name = |part: &str| !part.is_empty() && !part.contains(['\n', '\r']);
    match parts.as_slice() {
        ["projects", project, "secrets", secret] => is_name(project) && is_name(secret),
        ["projects", project, "secrets", secret, "versions", version] => {
            is_name(project) && is_name(secret) && is_name(version)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gcloud_refuses_is_refused() {
        let text = |text: &str| Some(text.to_owned());
        for (options, key) in [
            (SpecOptions { sdk_language: text("python"), ..SpecOptions::default() }, "sdk_language"),
            (SpecOptions { staging_location: text("s3://x"), ..SpecOptions::default() }, "staging_location"),
            (SpecOptions { temp_location: text("GS://x"), ..SpecOptions::default() }, "temp_location"),
            (
                SpecOptions { service_account_email: text("a@b"), ..SpecOptions::default() },
                "service_account_email",
            ),
            (
                SpecOptions { image_repository_username_secret_id: text("u"), ..SpecOptions::default() },
                "image_repository_username_secret_id",
            ),
            (
                SpecOptions {
                    image_repository_password_secret_id: text("projects/p/secrets/"),
                    ..SpecOptions::default()
                },
                "image_repository_password_secret_id",
            ),
            (
                SpecOptions { worker_region: text("r"), worker_zone: text(""), ..SpecOptions::default() },
                "worker_region",
            ),
            (SpecOptions { image: text("i"), yaml_image: text("y"), ..SpecOptions::default() }, "yaml_image"),
        ] {
            assert_eq!(options.check().unwrap_err().key, key);
        }
        assert_eq!(SpecOptions::default().check(), Ok(()));
    }

    #[test]
    fn the_nearer_place_wins_and_a_zone_takes_the_place_of_a_region() {
        let manifest = SpecOptions {
            max_workers: Some(3),
            worker_region: Some("r".to_owned()),
            additional_experiments: vec!["a".to_owned()],
            ..SpecOptions::default()
        };
        let flags =
            SpecOptions { worker_zone: Some("z".to_owned()), num_workers: Some(1), ..SpecOptions::default() };
        let merged = manifest.overridden_by(&flags);
        assert_eq!((merged.max_workers, merged.num_workers), (Some(3), Some(1)));
        assert_eq!((merged.worker_region, merged.worker_zone.as_deref()), (None, Some("z")));
        assert_eq!(merged.additional_experiments, ["a"]);
    }
}
