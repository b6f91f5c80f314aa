//! The engines that can run a pipeline.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::nearest::nearest;
use crate::shorten::shorten;

/// Which engine runs a pipeline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
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

/// A text that is no engine's name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{:?} is no engine: {}", shorten(name, 80), advice(name))]
pub struct UnknownEngine {
    name: String,
}

impl RunnerKind {
    /// Every engine.
    pub const ALL: [Self; 6] =
        [Self::Direct, Self::Prism, Self::Flink, Self::Spark, Self::Dataflow, Self::Portable];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Prism => "prism",
            Self::Flink => "flink",
            Self::Spark => "spark",
            Self::Dataflow => "dataflow",
            Self::Portable => "portable",
        }
    }
}

impl fmt::Display for RunnerKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for RunnerKind {
    type Err = UnknownEngine;

    fn from_str(name: &str) -> Result<Self, UnknownEngine> {
        let found = Self::ALL.into_iter().find(|engine| engine.as_str() == name);
        found.ok_or_else(|| UnknownEngine { name: name.to_owned() })
    }
}

impl TryFrom<String> for RunnerKind {
    type Error = UnknownEngine;

    fn try_from(name: String) -> Result<Self, UnknownEngine> {
        name.parse()
    }
}

impl From<RunnerKind> for String {
    fn from(engine: RunnerKind) -> Self {
        engine.as_str().to_owned()
    }
}

fn advice(name: &str) -> String {
    let known = RunnerKind::ALL.map(RunnerKind::as_str);
    match nearest(name, known.into_iter()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_read_by_their_names_and_slips_are_recognised() {
        for engine in RunnerKind::ALL {
            assert_eq!(engine.as_str().parse(), Ok(engine));
            assert_eq!(serde_json::to_value(engine).unwrap(), engine.as_str());
        }
        for (name, said) in [
            ("flinc", "\"flinc\" is no engine: did you mean `flink`?"),
            ("x", "\"x\" is no engine: there are direct, prism, flink, spark, dataflow, portable"),
        ] {
            assert_eq!(name.parse::<RunnerKind>().unwrap_err().to_string(), said);
            let error = serde_json::from_value::<RunnerKind>(name.into()).unwrap_err();
            assert_eq!(error.to_string(), said);
        }
    }
}
