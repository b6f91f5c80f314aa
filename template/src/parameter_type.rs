//! The types of parameters: what a form offers to fill one in, and for a few what a value must be.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::keys::PARAMETER_TYPES;

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
    /// Google's types, each at the index of its number in Google's API.
    const KNOWN: [Self; 23] = [
        Self::Default,
        Self::Text,
        Self::GcsReadBucket,
        Self::GcsWriteBucket,
        Self::GcsReadFile,
        Self::GcsWriteFile,
        Self::GcsReadFolder,
        Self::GcsWriteFolder,
        Self::PubsubTopic,
        Self::PubsubSubscription,
        Self::BigqueryTable,
        Self::JavascriptUdfFile,
        Self::ServiceAccount,
        Self::MachineType,
        Self::KmsKeyName,
        Self::WorkerRegion,
        Self::WorkerZone,
        Self::Boolean,
        Self::Enum,
        Self::Number,
        Self::KafkaTopic,
        Self::KafkaReadTopic,
        Self::KafkaWriteTopic,
    ];

    /// The type of that name; every name has one.
    pub fn from_name(name: &str) -> Self {
        let index = PARAMETER_TYPES.iter().position(|known| *known == name);
        match index.and_then(|index| Self::KNOWN.get(index)) {
            Some(known) => known.clone(),
            None => Self::Other(name.to_owned()),
        }
    }

    /// The name as it is written in metadata.
    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => {
                let index = Self::KNOWN.iter().position(|other| other == known);
                index.and_then(|index| PARAMETER_TYPES.get(index)).copied().unwrap_or("DEFAULT")
            }
        }
    }

    /// Whether its values are paths of files, folders or buckets.
    pub fn is_storage_path(&self) -> bool {
        matches!(
            self,
            Self::GcsReadBucket
                | Self::GcsWriteBucket
                | Self::GcsReadFile
                | Self::GcsWriteFile
                | Self::GcsReadFolder
                | Self::GcsWriteFolder
                | Self::JavascriptUdfFile
        )
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
    fn names_are_googles() {
        for (known, name) in ParameterType::KNOWN.into_iter().zip(PARAMETER_TYPES) {
            assert_eq!(ParameterType::from_name(name), known);
            assert_eq!(known.name(), name);
        }
        assert_eq!(ParameterType::from_name("BIGQUERY_TABLE"), ParameterType::BigqueryTable);
        assert_eq!(ParameterType::KafkaWriteTopic.name(), "KAFKA_WRITE_TOPIC");
    }

    #[test]
    fn unknown_names_are_kept() {
        for name in ["PUBSUBSUBSCRIPTION", "text", ""] {
            assert_eq!(ParameterType::from_name(name), ParameterType::Other(name.to_owned()));
            assert_eq!(ParameterType::from_name(name).to_string(), name);
        }
    }
}
