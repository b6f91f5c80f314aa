//! Which extra of Beam a build lacks for the stores that its jobs will read and write. Beam says so only when a job runs.

use tmpl_template::Metadata;

use crate::lock::Lock;
use crate::program::Program;

/// What Beam needs for a kind of store.
struct Store {
    schemes: &'static [&'static str],
    /// The distribution that it imports.
    package: &'static str,
    /// The extra of Beam that brings it.
    extra: &'static str,
}

const STORES: [Store; 3] = [
    Store { schemes: &["s3"], package: "boto3", extra: "aws" },
    Store { schemes: &["gs"], package: "google-cloud-storage", extra: "gcp" },
    Store { schemes: &["az", "azfs"], package: "azure-storage-blob", extra: "azure" },
];

/// A sentence for each extra that the lock of these programs lacks: for their bucket, or for a default of theirs.
pub(crate) fn missing(lock: &Lock, bucket: &str, programs: &[Program<'_>]) -> Vec<String> {
    if lock.package("apache-beam").is_none() {
        return Vec::new();
    }
    let mut sentences = Vec::new();
    for Store { schemes, package, extra } in STORES {
        if lock.package(package).is_some() {
            continue;
        }
        let place = if is_at(bucket, schemes) {
            Some(format!("the bucket {bucket}"))
        } else {
            programs.iter().filter(|program| program.source.is_python()).find_map(|program| {
                let parameter = default_at(program.template.spec.metadata.as_ref()?, schemes)?;
                Some(format!("the default of `{parameter}` of template `{}`", program.template.name))
            })
        };
        if let Some(place) = place {
            sentences.push(format!(
                "Beam can't reach {place} without {package}, which the requirements don't bring: require `apache-beam[{extra}]`"
            ));
        }
    }
    sentences
}

/// The first parameter whose default is in such a store.
fn default_at<'a>(metadata: &'a Metadata, schemes: &[&str]) -> Option<&'a str> {
    let parameter = metadata.parameters.iter().find(|parameter| {
        // Several paths may stand with commas between them.
        let default = parameter.default_value.as_deref().unwrap_or_default();
        default.split(',').any(|part| is_at(part, schemes))
    })?;
    Some(&parameter.name)
}

fn is_at(place: &str, schemes: &[&str]) -> bool {
    place.split_once("://").is_some_and(|(scheme, _)| schemes.contains(&scheme))
}

#[cfg(test)]
mod tests {
    use tmpl_template::{PythonMain, TemplateSpec};

    use super::*;
    use crate::checksum::Checksum;
    use crate::inputs::Inputs;
    use crate::lock::{LockedPackage, LockedSource};
    use crate::program_source::ProgramSource;
    use crate::project_template::ProjectTemplate;
    use crate::reports::Reports;
    use crate::runners::Runners;

    fn case(packages: &[&str], bucket: &str, default: &str) -> Vec<String> {
        let package = |name: &&str| LockedPackage {
            name: (*name).to_owned(),
            version: "1".to_owned(),
            source: LockedSource::Wheel,
            hashes: vec![Checksum::of(b"a")],
        };
        let lock =
            Lock::new(Inputs::default(), packages.iter().map(package).collect(), Vec::new(), Vec::new());
        let metadata = serde_json::json!({"name": "T", "parameters": [
            {"name": "plain", "label": "L", "helpText": "H"},
            {"name": "input", "label": "L", "helpText": "H", "isOptional": true, "defaultValue": default},
        ]});
        let mut spec = TemplateSpec::default();
        spec.metadata = Some(Metadata::parse(&metadata.to_string()).unwrap());
        let source = ProgramSource::Python(PythonMain::Module("m".to_owned()));
        let template = ProjectTemplate {
            name: "t".parse().unwrap(),
            program: Some(source.clone()),
            spec,
            reports: Reports::default(),
            runners: Runners::default(),
        };
        missing(&lock, bucket, &[Program { template: &template, source: &source }])
    }

    #[test]
    fn what_a_store_needs_and_the_lock_lacks_is_said_once() {
        assert_eq!(
            case(&["apache-beam"], "s3://data/tmpl", "s3://data/in.csv"),
            [
                "Beam can't reach the bucket s3://data/tmpl without boto3, which the requirements don't bring: require \
              `apache-beam[aws]`"
            ]
        );
        assert_eq!(
            case(&["apache-beam"], "/srv/bucket", "/a,gs://b/*.csv"),
            [
                "Beam can't reach the default of `input` of template `t` without google-cloud-storage, which the requirements \
              don't bring: require `apache-beam[gcp]`"
            ]
        );
        let both = case(&["apache-beam", "boto3"], "az://box", "gs://b/x");
        assert_eq!(both.len(), 2, "{both:?}");
        assert!(both[0].contains("[gcp]") && both[1].contains("[azure]"), "{both:?}");
    }

    #[test]
    fn nothing_is_said_where_nothing_lacks() {
        for (packages, bucket, default) in [
            (&["apache-beam"][..], "/srv/bucket", "/data/in.csv"),
            (&["apache-beam", "boto3"], "s3://data", "s3://data/x"),
            (
                &["apache-beam", "google-cloud-storage", "azure-storage-blob"],
                "az://box",
                "gs://b/x,azfs://me/box/x",
            ),
            (&["six"], "s3://data", "gs://b/x"),
            (&["apache-beam"], "memory", "not s3://"),
        ] {
            assert_eq!(case(packages, bucket, default), [""; 0], "{packages:?} {bucket} {default}");
        }
    }
}
