//! What a runner's profile must be to launch anything with it.

use crate::option_name::is_option_name;
use crate::pipeline_options::reserved;
use crate::profile_error::{HOST_AND_PORT, URL};
use crate::{ProfileError, RunnerAddress, RunnerKind, RunnerName, RunnerProfile};

impl RunnerProfile {
    /// Whether a launch can be made with it, as far as the profile alone tells.
    pub fn check(&self, name: &RunnerName) -> Result<(), ProfileError> {
        let (name, engine) = (name.clone(), self.engine);
        match name.engine() {
            Some(RunnerKind::Direct) => return Err(ProfileError::Direct),
            Some(named) if named != engine => return Err(ProfileError::OtherEngine { name, engine }),
            _ if matches!(engine, RunnerKind::Direct | RunnerKind::Dataflow) => {
                return Err(ProfileError::Engine { name, engine });
            }
            _ => {}
        }
        if let Some(key) = self.meaningless() {
            return Err(ProfileError::Meaningless { name, engine, key });
        }
        if self.endpoint.is_none() && !self.starts_engine() {
            return Err(ProfileError::Missing { name, engine, key: "endpoint" });
        }
        if let Some((key, value, wanted)) = self.misspelt() {
            return Err(ProfileError::Value { name, engine, key, value: value.to_owned(), wanted });
        }
        if let (Some(address), Some(endpoint), None) = (self.address(), &self.endpoint, &self.worker_pool)
            && !address.is_loopback()
        {
            return Err(ProfileError::NoPool { name, endpoint: endpoint.clone() });
        }
        match self.options.keys().find_map(|option| Some((option, not_an_option(option)?))) {
            Some((option, reason)) => Err(ProfileError::Option { name, option: option.clone(), reason }),
            None => Ok(()),
        }
    }

    /// A key that is not of this engine.
    fn meaningless(&self) -> Option<&'static str> {
        let given = [
            ("program", self.program.is_some(), RunnerKind::Prism),
            ("beamJar", self.beam_jar.is_some(), RunnerKind::Flink),
            ("savepointDirectory", self.savepoint_directory.is_some(), RunnerKind::Flink),
        ];
        given.into_iter().find(|(_, given, of)| *given && *of != self.engine).map(|(key, ..)| key)
    }

    /// An address that is none, with its key and what it must be.
    fn misspelt(&self) -> Option<(&'static str, &str, &'static str)> {
        let endpoint_is = if self.engine == RunnerKind::Flink { URL } else { HOST_AND_PORT };
        let addresses =
            [("endpoint", &self.endpoint, endpoint_is), ("workerPool", &self.worker_pool, HOST_AND_PORT)];
        let broken = |(key, value, wanted): (&'static str, _, &'static str)| {
            let value: &str = Option::as_deref(value)?;
            let read = if wanted == URL { RunnerAddress::of_url } else { RunnerAddress::of_host_and_port };
            read(value).is_none().then_some((key, value, wanted))
        };
        addresses.into_iter().find_map(broken)
    }
}

/// Why something can't be an option of a profile.
fn not_an_option(name: &str) -> Option<&'static str> {
    if !is_option_name(name) {
        return Some("that is no option's name; write it without dashes in front, as `parallelism`");
    }
    match name {
        "job_endpoint" | "jobEndpoint" | "artifact_endpoint" | "artifactEndpoint" | "endpoint" => Some(
            "programs hand their graph to the launcher; the engine's address is the `endpoint` of the profile",
        ),
        "environment_type"
        | "environment_config"
        | "environment_options"
        | "defaultEnvironmentType"
        | "defaultEnvironmentConfig"
        | "defaultEnvironmentOptions" => {
            Some("workers are started from the template's own layers; the profile's `workerPool` says where")
        }
        name => reserved(name),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(name: &str, value: Value) -> Result<(), ProfileError> {
        let profile: RunnerProfile = serde_json::from_value(value).unwrap();
        profile.check(&name.parse().unwrap())
    }

    #[test]
    fn profiles_that_are_accepted() {
        for value in [
            json!({ "engine": "prism" }),
            json!({ "engine": "prism", "program": "/usr/bin/prism" }),
            json!({ "engine": "prism", "endpoint": "localhost:8073" }),
            json!({ "engine": "portable", "endpoint": "[::1]:8099" }),
            json!({ "engine": "spark", "endpoint": "spark:8099", "workerPool": "localhost:50000" }),
            json!({ "engine": "flink", "endpoint": "http://127.0.0.1:8081", "options": { "parallelism": 2 } }),
            json!({ "engine": "flink", "endpoint": "https://flink/api", "workerPool": "127.0.0.1:50000", "savepointDirectory": "/s" }),
        ] {
            assert_eq!(check("prod", value.clone()), Ok(()), "{value}");
        }
        assert_eq!(check("prism", json!({ "engine": "prism" })), Ok(()));
    }

    #[test]
    fn profiles_that_are_refused_with_the_key_and_the_remedy() {
        let cases = [
            (
                "direct",
                json!({ "engine": "prism" }),
                "`direct` can't be the name of a profile",
                "another name",
            ),
            ("flink", json!({ "engine": "prism" }), "has the name of an engine", "`my-prism`"),
            ("x", json!({ "engine": "direct" }), "`direct` is the program's own process", "--runner direct"),
            (
                "x",
                json!({ "engine": "dataflow" }),
                "`dataflow` is not supported by this version",
                "prism, flink",
            ),
            (
                "x",
                json!({ "engine": "flink" }),
                "the runner `x` (flink) has no `endpoint`",
                "Flink's REST API",
            ),
            ("x", json!({ "engine": "spark" }), "the runner `x` (spark) has no `endpoint`", "127.0.0.1:8099"),
            (
                "x",
                json!({ "engine": "flink", "endpoint": "h:1" }),
                "the `endpoint` of the runner `x` (flink) is \"h:1\", which is not an http://",
                "http://127",
            ),
            (
                "x",
                json!({ "engine": "flink", "endpoint": "http://u:p@h" }),
                "without a user in it",
                "`token`",
            ),
            (
                "x",
                json!({ "engine": "prism", "endpoint": "http://h:1" }),
                "which is not a host and a port",
                "127.0.0.1:8099",
            ),
            (
                "x",
                json!({ "engine": "prism", "workerPool": "h" }),
                "the `workerPool` of the runner `x`",
                "127.0.0.1:8099",
            ),
            (
                "x",
                json!({ "engine": "prism", "beamJar": { "blob": "ab".repeat(32) } }),
                "`beamJar`, which means nothing to the engine prism",
                "leave it out",
            ),
            (
                "x",
                json!({ "engine": "flink", "endpoint": "http://h", "program": "p" }),
                "`program`, which means nothing",
                "leave it out",
            ),
            (
                "x",
                json!({ "engine": "flink", "endpoint": "http://h" }),
                "has no `workerPool`, and the workers of http://h can't reach",
                "--worker-pool",
            ),
            (
                "x",
                json!({ "engine": "prism", "options": { "--a": "1" } }),
                "an option \"--a\": that is no option's name",
                "leave it out",
            ),
            (
                "x",
                json!({ "engine": "prism", "options": { "runner": "1" } }),
                "an option \"runner\": the runner is chosen",
                "leave it out",
            ),
            (
                "x",
                json!({ "engine": "prism", "options": { "job_endpoint": "h:1" } }),
                "the `endpoint` of the profile",
                "leave it out",
            ),
            (
                "x",
                json!({ "engine": "prism", "options": { "environment_type": "DOCKER" } }),
                "workers are started from",
                "leave it out",
            ),
        ];
        for (name, value, said, hint) in cases {
            let error = check(name, value).unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
            assert!(error.hint().unwrap_or_default().contains(hint), "{error}: {:?}", error.hint());
        }
    }
}
