//! A runner's profile: which engine, where it is, and what every launch on it is given.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{BeamJar, PhaseLimits, RunnerAddress, RunnerKind, SecretReference};

/// A profile. Secrets are in it as references only. What holds between its parts, [`check`](Self::check) says.
///
/// Keys are written as in JSON records (`workerPool`), and read as in configuration files too (`worker_pool`, `worker-pool`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunnerProfile<E = RunnerKind> {
    /// The engine.
    pub engine: E,
    /// Where the engine listens: the URL of Flink's REST API, or `host:port` of a Job API. None for a Prism that the launcher starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The program of a Prism that the launcher starts: its path, or its name on `PATH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// `host:port` of the worker pool, as the engine's workers see it. None for a pool that the launcher starts on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "worker_pool", alias = "worker-pool")]
    pub worker_pool: Option<String>,
    /// Beam's jar for Flink.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "beam_jar", alias = "beam-jar")]
    pub beam_jar: Option<BeamJar>,
    /// Pipeline options that each launch is given unless it says otherwise; `true` for a switch.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "texts")]
    pub options: BTreeMap<String, String>,
    /// How long the phases of a job may take.
    #[serde(default, skip_serializing_if = "PhaseLimits::is_empty")]
    pub limits: PhaseLimits,
    /// The secret that is sent to the engine as a bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretReference>,
    /// Where Flink keeps savepoints.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        alias = "savepoint_directory",
        alias = "savepoint-directory"
    )]
    pub savepoint_directory: Option<String>,
    /// Who looks after the runner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What one source says of a runner: the bucket, a configuration file, flags. It need not name the engine.
pub type ProfilePart = RunnerProfile<Option<RunnerKind>>;

impl RunnerProfile {
    /// The profile of an engine of which nothing else is said.
    pub fn of(engine: RunnerKind) -> Self {
        Self { engine, ..Self::default() }
    }

    /// Where the engine is reached; none for one that the launcher starts, or an endpoint that can't be read.
    pub fn address(&self) -> Option<RunnerAddress> {
        let endpoint = self.endpoint.as_deref()?;
        match self.engine {
            RunnerKind::Flink => RunnerAddress::of_url(endpoint),
            _ => RunnerAddress::of_host_and_port(endpoint),
        }
    }

    /// Where its worker pool is reached, if it has one of its own.
    pub fn pool_address(&self) -> Option<RunnerAddress> {
        RunnerAddress::of_host_and_port(self.worker_pool.as_deref()?)
    }

    /// Whether the launcher starts the engine itself.
    pub fn starts_engine(&self) -> bool {
        self.engine == RunnerKind::Prism && self.endpoint.is_none()
    }
}

impl ProfilePart {
    /// What this source says, and what `below` says where this one is silent: options and limits one by one. A source that names
    /// another engine than this one speaks of something else, and does not count.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        if let (Some(mine), Some(other)) = (self.engine, below.engine)
            && mine != other
        {
            return self;
        }
        let mut options = below.options;
        options.extend(self.options);
        Self {
            engine: self.engine.or(below.engine),
            endpoint: self.endpoint.or(below.endpoint),
            program: self.program.or(below.program),
            worker_pool: self.worker_pool.or(below.worker_pool),
            beam_jar: self.beam_jar.or(below.beam_jar),
            options,
            limits: self.limits.over(below.limits),
            token: self.token.or(below.token),
            savepoint_directory: self.savepoint_directory.or(below.savepoint_directory),
            owner: self.owner.or(below.owner),
            description: self.description.or(below.description),
        }
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl<E> RunnerProfile<E> {
    /// The same, of an engine that is said in another way.
    pub fn with_engine<F>(self, engine: F) -> RunnerProfile<F> {
        RunnerProfile {
            engine,
            endpoint: self.endpoint,
            program: self.program,
            worker_pool: self.worker_pool,
            beam_jar: self.beam_jar,
            options: self.options,
            limits: self.limits,
            token: self.token,
            savepoint_directory: self.savepoint_directory,
            owner: self.owner,
            description: self.description,
        }
    }
}

impl From<RunnerProfile> for ProfilePart {
    fn from(profile: RunnerProfile) -> Self {
        let engine = Some(profile.engine);
        profile.with_engine(engine)
    }
}

/// A value of an option as people write it: numbers and switches without quotes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Quoted(String),
    Whole(i64),
    Decimal(f64),
    Switch(bool),
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quoted(text) => formatter.write_str(text),
            Self::Whole(number) => number.fmt(formatter),
            Self::Decimal(number) => number.fmt(formatter),
            Self::Switch(on) => on.fmt(formatter),
        }
    }
}

fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let texts = BTreeMap::<String, Text>::deserialize(deserializer)?;
    Ok(texts.into_iter().map(|(name, text)| (name, text.to_string())).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn part(value: serde_json::Value) -> ProfilePart {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_profile_is_read_and_written_back() {
        let written = json!({
            "engine": "flink",
            "endpoint": "https://flink.example:8081",
            "workerPool": "127.0.0.1:50000",
            "beamJar": { "path": "/opt/beam.jar", "sha256": "ab".repeat(32) },
            "options": { "parallelism": "4", "streaming": "true" },
            "limits": { "queued": "PT5M" },
            "token": "env:FLINK_TOKEN",
            "savepointDirectory": "s3://savepoints/x",
            "owner": "the data team",
            "description": "nightly jobs",
        });
        let profile: RunnerProfile = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(serde_json::to_value(&profile).unwrap(), written);
        assert_eq!(profile.address().unwrap().port, 8081);
        assert_eq!(profile.pool_address().unwrap().port, 50000);
    }

    #[test]
    fn keys_may_be_spelt_as_in_configuration_files_and_values_without_quotes() {
        let snake = part(json!({
            "worker_pool": "h:1", "savepoint_directory": "/s",
            "beam_jar": { "blob": "ab".repeat(32) }, "options": { "a": 4, "b": 0.5, "c": true },
        }));
        let kebab = part(json!({
            "worker-pool": "h:1", "savepoint-directory": "/s",
            "beam-jar": { "blob": "ab".repeat(32) }, "options": { "a": "4", "b": "0.5", "c": "true" },
        }));
        assert_eq!(snake, kebab);
        assert!(!snake.is_empty() && ProfilePart::default().is_empty());
    }

    #[test]
    fn what_can_not_be_read_is_named() {
        for (value, said) in [
            (json!({}), "missing field `engine`"),
            (json!({ "engine": "flinc" }), "did you mean `flink`?"),
            (json!({ "engine": "flink", "endpiont": "x" }), "unknown field `endpiont`"),
            (json!({ "engine": "flink", "token": "hunter2" }), "a secret is given as a reference"),
        ] {
            let error = serde_json::from_value::<RunnerProfile>(value).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_stands_above_counts_field_by_field() {
        let below = part(json!({
            "engine": "flink", "endpoint": "http://a", "options": { "x": "1", "y": "2" }, "limits": { "run": "1h" },
        }));
        let above =
            part(json!({ "endpoint": "http://b", "options": { "y": "3" }, "limits": { "graph": "5m" } }));
        let both = part(json!({
            "engine": "flink", "endpoint": "http://b", "options": { "x": "1", "y": "3" },
            "limits": { "run": "1h", "graph": "5m" },
        }));
        assert_eq!(above.over(below.clone()), both);
        // What is said of another engine has nothing to do with it.
        let other = part(json!({ "engine": "prism" }));
        assert_eq!(other.clone().over(below), other);
    }
}
