//! What a value of one of Google's types must be where its author gives no regex: the regexes that Google's own templates
//! carry for the type, a little wider where services accept more.

use std::sync::LazyLock;

use regex::Regex;

use crate::ParameterType;

/// The rule of a type.
#[derive(Debug)]
pub(crate) struct TypeRule {
    /// What a value is, as in "is not the name of …".
    pub(crate) says: &'static str,
    pub(crate) example: &'static str,
    /// The regex of Google's templates: what clients know from violations.
    pub(crate) google: &'static str,
    regex: &'static LazyLock<Regex>,
}

impl TypeRule {
    pub(crate) fn accepts(&self, value: &str) -> bool {
        self.regex.is_match(value)
    }
}

macro_rules! rule {
    ($says:literal, $example:literal, $google:literal, $regex:literal) => {{
        static REGEX: LazyLock<Regex> = LazyLock::new(|| Regex::new($regex).unwrap());
        static RULE: TypeRule = TypeRule { says: $says, example: $example, google: $google, regex: &REGEX };
        Some(&RULE)
    }};
}

/// The rule of a type that has one. Storage paths have their own.
pub(crate) fn type_rule(kind: &ParameterType) -> Option<&'static TypeRule> {
    match kind {
        ParameterType::PubsubTopic => rule!(
            "a Pub/Sub topic",
            "projects/my-project/topics/my-topic",
            r"^projects\/[^\n\r\/]+\/topics\/[^\n\r\/]+$|^$",
            r"\Aprojects/[^\s/]+/topics/[^\s/]+\z"
        ),
        ParameterType::PubsubSubscription => rule!(
            "a Pub/Sub subscription",
            "projects/my-project/subscriptions/my-subscription",
            r"^projects\/[^\n\r\/]+\/subscriptions\/[^\n\r\/]+$|^$",
            r"\Aprojects/[^\s/]+/subscriptions/[^\s/]+\z"
        ),
        ParameterType::BigqueryTable => rule!(
            "a BigQuery table",
            "my-project:my_dataset.my_table",
            r".+[\.:].+\..+",
            r"\A(?:[^\s]+[.:])?[^\s.:]+\.[^\n\r.:]+\z"
        ),
        ParameterType::ServiceAccount => rule!(
            "the address of a service account",
            "runner@my-project.iam.gserviceaccount.com",
            r"^[-a-z0-9]{6,30}@[-a-z0-9]{6,30}.iam.gserviceaccount.com$",
            r"\A[^\s@]+@[^\s@]+\.[^\s@]+\z"
        ),
        ParameterType::MachineType => rule!(
            "a machine type",
            "n1-standard-1",
            "^[a-z0-9]+(-[a-z0-9]+)+$",
            r"\A[a-z0-9]+(?:-[a-z0-9]+)+\z"
        ),
        ParameterType::KmsKeyName => rule!(
            "the full name of a KMS key",
            "projects/p/locations/global/keyRings/r/cryptoKeys/k",
            r"^projects\/[^\n\r\/]+\/locations\/[^\n\r\/]+\/keyRings\/[^\n\r\/]+\/cryptoKeys\/[^\n\r\/]+$",
            r"\Aprojects/[^\s/]+/locations/[^\s/]+/keyRings/[^\s/]+/cryptoKeys/[^\s/]+\z"
        ),
        ParameterType::WorkerRegion => {
            rule!("a region", "europe-west1", "[a-z]+-[a-z]+[0-9]+", r"\A[a-z]+-[a-z]+[0-9]+\z")
        }
        ParameterType::WorkerZone => {
            rule!("a zone", "europe-west1-b", "[a-z]+-[a-z]+[0-9]+-[a-z]", r"\A[a-z]+-[a-z]+[0-9]+-[a-z]\z")
        }
        ParameterType::KafkaTopic | ParameterType::KafkaReadTopic | ParameterType::KafkaWriteTopic => rule!(
            "a Kafka topic",
            "broker:9092;my-topic",
            r"^[^\n\r]+$",
            r"\A(?:projects/[^\s/]+/locations/[^\s/]+/clusters/[^\s/]+/topics/[^\s/]+|(?:[^\s;]+;)?[a-zA-Z0-9._,-]+)\z"
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_knows_its_values() {
        for (name, good, bad) in [
            (
                "PUBSUB_TOPIC",
                vec!["projects/p/topics/t"],
                vec!["t", "projects/p/subscriptions/t", "projects/p/topics/t/x", "projects/p/topics/"],
            ),
            ("PUBSUB_SUBSCRIPTION", vec!["projects/p/subscriptions/s"], vec!["s", "projects/p/topics/s"]),
            (
                "BIGQUERY_TABLE",
                vec!["p:d.t", "p.d.t", "d.t", "example.com:p:d.t$20261121"],
                vec!["t", "d.", ".t", "p:d", ""],
            ),
            (
                "SERVICE_ACCOUNT",
                vec!["a@p.iam.gserviceaccount.com", "1-compute@developer.gserviceaccount.com"],
                vec!["a", "a@b", "a b@c.d"],
            ),
            ("MACHINE_TYPE", vec!["n1-standard-1", "e2-medium"], vec!["n1", "N1-standard", "n1-standard-"]),
            (
                "KMS_KEY_NAME",
                vec!["projects/p/locations/l/keyRings/r/cryptoKeys/k"],
                vec!["k", "projects/p/keyRings/r/cryptoKeys/k"],
            ),
            ("WORKER_REGION", vec!["europe-west1"], vec!["europe-west1-b", "Europe"]),
            ("WORKER_ZONE", vec!["europe-west1-b"], vec!["europe-west1"]),
            (
                "KAFKA_READ_TOPIC",
                vec!["b:9092,c:9092;t", "t", "projects/p/locations/l/clusters/c/topics/t"],
                vec!["", "a b", "b;"],
            ),
        ] {
            let rule = type_rule(&ParameterType::from_name(name)).unwrap();
            assert!(rule.accepts(rule.example), "{name}");
            for value in good {
                assert!(rule.accepts(value), "{name}: {value}");
            }
            for value in bad {
                assert!(!rule.accepts(value), "{name}: {value}");
            }
        }
        assert!(type_rule(&ParameterType::Text).is_none());
    }
}
