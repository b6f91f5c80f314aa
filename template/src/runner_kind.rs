//! The engines that can run a pipeline.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which engine runs a pipeline, as far as the format of its parameters depends on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunnerKind {
    /// The pipeline's own process.
    #[default]
    Direct,
    /// Beam's Prism.
    Prism,
    /// Apache Flink.
    Flink,
    /// Apache Spark.
    Spark,
    /// Google Cloud Dataflow: the only one that takes nothing but Google's storage.
    Dataflow,
    /// Any endpoint of Beam's Job API.
    Portable,
}

impl fmt::Display for RunnerKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Direct => "direct",
            Self::Prism => "prism",
            Self::Flink => "flink",
            Self::Spark => "spark",
            Self::Dataflow => "dataflow",
            Self::Portable => "portable",
        })
    }
}
