//! The types of parameters: what a form offers to fill one in, and for a few what a value must be.

use std::fmt;

use serde::{Serialize, Serializer};

/// A `paramType`. Names that nobody knows are kept and mean the same as [`Text`](Self::Text).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are Google's and say what is picked")]
pub enum ParameterType {
    Default,
    Text,
    GcsReadBucket,
    GcsWriteBucket,
    GcsReadFile,
    GcsWriteFile,
    GcsReadFolder,
    GcsWriteFolder,
    PubsubTopic,
    PubsubSubscription,
    BigqueryTable,
    JavascriptUdfFile,
    ServiceAccount,
    MachineType,
    KmsKeyName,
    WorkerRegion,
    WorkerZone,
    Boolean,
    Enum,
    Number,
    KafkaTopic,
    KafkaReadTopic,
    KafkaWriteTopic,
    /// A name that is not Google's.
    Other(String),
}

impl ParameterType {
    /// Google's names, each at the index of its number in Google's API.
    const KNOWN: [(Self, &str); 23] = [
        (Self::Default, "DEFAULT"),
        (Self::Text, "TEXT"),
        (Self::GcsReadBucket, "GCS_READ_BUCKET"),
        (Self::GcsWriteBucket, "GCS_WRITE_BUCKET"),
        (Self::GcsReadFile, "GCS_READ_FILE"),
        (Self::GcsWriteFile, "GCS_WRITE_FILE"),
        (Self::GcsReadFolder, "GCS_READ_FOLDER"),
        (Self::GcsWriteFolder, "GCS_WRITE_FOLDER"),
        (Self::PubsubTopic, "PUBSUB_TOPIC"),
        (Self::PubsubSubscription, "PUBSUB_SUBSCRIPTION"),
        (Self::BigqueryTable, "BIGQUERY_TABLE"),
        (Self::JavascriptUdfFile, "JAVASCRIPT_UDF_FILE"),
        (Self::ServiceAccount, "SERVICE_ACCOUNT"),
        (Self::MachineType, "MACHINE_TYPE"),
        (Self::KmsKeyName, "KMS_KEY_NAME"),
        (Self::WorkerRegion, "WORKER_REGION"),
        (Self::WorkerZone, "WORKER_ZONE"),
        (Self::Boolean, "BOOLEAN"),
        (Self::Enum, "ENUM"),
        (Self::Number, "NUMBER"),
        (Self::KafkaTopic, "KAFKA_TOPIC"),
        (Self::KafkaReadTopic, "KAFKA_READ_TOPIC"),
        (Self::KafkaWriteTopic, "KAFKA_WRITE_TOPIC"),
    ];

    /// The type of that name; every name has one.
    pub fn from_name(name: &str) -> Self {
        match Self::KNOWN.into_iter().find(|(_, known)| *known == name) {
            Some((known, _)) => known,
            None => Self::Other(name.to_owned()),
        }
    }

    /// The type of that number in Google's API.
    pub fn from_number(number: u64) -> Option<Self> {
        let index = usize::try_from(number).ok()?;
        Self::KNOWN.into_iter().nth(index).map(|(known, _)| known)
    }

    /// The name as it is written in metadata.
    pub fn name(&self) -> &str {
        if let Self::Other(name) = self {
            return name;
        }
        Self::KNOWN.iter().find(|(known, _)| known == self).map_or("DEFAULT", |(_, name)| name)
    }
}

impl fmt::Display for ParameterType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Serialize for ParameterType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_googles() {
        for (index, (known, name)) in ParameterType::KNOWN.into_iter().enumerate() {
            assert_eq!(ParameterType::from_name(name), known);
            assert_eq!(ParameterType::from_number(index as u64), Some(known.clone()));
            assert_eq!(known.name(), name);
        }
        for (number, name) in [
            (0, "DEFAULT"),
            (10, "BIGQUERY_TABLE"),
            (17, "BOOLEAN"),
            (19, "NUMBER"),
            (22, "KAFKA_WRITE_TOPIC"),
        ] {
            assert_eq!(ParameterType::from_number(number).unwrap().name(), name);
        }
        assert_eq!(ParameterType::from_number(23), None);
    }

    #[test]
    fn unknown_names_are_kept() {
        for name in ["PUBSUBSUBSCRIPTION", "text", ""] {
            assert_eq!(ParameterType::from_name(name), ParameterType::Other(name.to_owned()));
            assert_eq!(ParameterType::from_name(name).to_string(), name);
        }
    }
}
