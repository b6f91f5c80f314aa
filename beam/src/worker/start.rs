//! Who asks for a worker: a runner, by the arguments of a container or by a request to a pool.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::WorkerError;
use crate::messages::{ApiServiceDescriptor, StartWorkerRequest};

/// Where a container's worker keeps its files, if nobody says.
const DEFAULT_FOLDER: &str = "/tmp";
/// The flags of a worker container that have a value. Others are refused, as Go's programs refuse them.
const FLAGS: &[&str] = &[
    "id",
    "provision_endpoint",
    "logging_endpoint",
    "artifact_endpoint",
    "control_endpoint",
    "semi_persist_dir",
    "listen",
];
/// The flag that makes the program a pool; a switch.
const POOL: &str = "worker_pool";

/// A worker that a runner asks for. Endpoints are `host:port`, and empty where nobody has named one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerStart {
    /// The runner's name for it.
    pub id: String,
    /// Where it is told what it is for.
    pub provision_endpoint: String,
    /// Where its log goes.
    pub logging_endpoint: String,
    /// Where its artifacts are.
    pub artifact_endpoint: String,
    /// Where it is told what to do.
    pub control_endpoint: String,
    /// The folder for its files. Artifacts go into `staged` below it.
    pub folder: PathBuf,
}

/// What the arguments of a worker container ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BootArguments {
    /// One worker.
    Worker(WorkerStart),
    /// A pool of workers.
    Pool {
        /// Where it is to listen, where that is said.
        listen: Option<String>,
    },
}

impl BootArguments {
    /// Whether these are the arguments of a worker container at all: any of them is one of its flags.
    pub fn are_meant(arguments: &[OsString]) -> bool {
        let known = |name: &str| name == POOL || FLAGS.contains(&name) && name != "listen";
        arguments.iter().filter_map(|argument| flag(argument.to_str()?)).any(|(name, _)| known(&name))
    }

    /// Reads the arguments after the program's name. They are written as Go's programs take them: one dash or two, the value behind `=`
    /// or in the next argument; `-` and `_` mean the same within a name.
    pub fn parse(arguments: &[OsString]) -> Result<Self, WorkerError> {
        let wrong = |reason: String| WorkerError::Arguments { reason };
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        let mut pool = false;
        let mut words = arguments.iter().map(|argument| argument.to_string_lossy());
        while let Some(word) = words.next() {
            let Some((name, value)) = flag(&word) else {
                return Err(wrong(format!("`{word}` is no argument of a worker")));
            };
            if name == POOL {
                pool = value.is_none_or(|value| value != "false");
            } else if FLAGS.contains(&name.as_str()) {
                let value = value.map(str::to_owned).or_else(|| words.next().map(Into::into));
                let value = value.ok_or_else(|| wrong(format!("--{name} has no value")))?;
                values.insert(name, value);
            } else {
                return Err(wrong(format!("`{word}` is no argument of a worker")));
            }
        }
        let mut take = |name: &str| values.remove(name).unwrap_or_default();
        if pool {
            return Ok(Self::Pool { listen: Some(take("listen")).filter(|listen| !listen.is_empty()) });
        }
        let folder = take("semi_persist_dir");
        let start = WorkerStart {
            id: take("id"),
            provision_endpoint: take("provision_endpoint"),
            logging_endpoint: take("logging_endpoint"),
            artifact_endpoint: take("artifact_endpoint"),
            control_endpoint: take("control_endpoint"),
            folder: if folder.is_empty() { DEFAULT_FOLDER.into() } else { folder.into() },
        };
        for (name, value) in [("id", &start.id), ("provision_endpoint", &start.provision_endpoint)] {
            if value.is_empty() {
                return Err(wrong(format!("--{name} is missing")));
            }
        }
        Ok(Self::Worker(start))
    }
}

impl WorkerStart {
    /// The worker that a pool is asked for, with a folder of its own.
    pub fn of_request(request: &StartWorkerRequest, folder: PathBuf) -> Result<Self, WorkerError> {
        let url = |endpoint: &Option<ApiServiceDescriptor>| {
            endpoint.as_ref().map_or_else(String::new, |endpoint| endpoint.url.clone())
        };
        let start = Self {
            id: request.worker_id.clone(),
            provision_endpoint: url(&request.provision_endpoint),
            logging_endpoint: url(&request.logging_endpoint),
            artifact_endpoint: url(&request.artifact_endpoint),
            control_endpoint: url(&request.control_endpoint),
            folder,
        };
        let needed = [("id", &start.id), ("provision endpoint", &start.provision_endpoint)];
        let missing = needed.into_iter().find(|(_, value)| value.is_empty()).map(|(what, _)| what);
        missing.map_or(Ok(start.clone()), |what| Err(WorkerError::Missing { worker: start.id, what }))
    }
}

/// A flag's name with `_` for `-`, and the value behind `=`.
fn flag(word: &str) -> Option<(String, Option<&str>)> {
    let text = word.strip_prefix('-')?;
    let text = text.strip_prefix('-').unwrap_or(text);
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    };
    (!name.is_empty()).then(|| (name.replace('-', "_"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(arguments: &[&str]) -> Vec<OsString> {
        arguments.iter().map(OsString::from).collect()
    }

    #[test]
    fn a_workers_arguments_are_read_in_every_spelling() {
        let spelled: [&[&str]; 3] = [
            &[
                "--id=1-1",
                "--provision_endpoint=localhost:1",
                "--control_endpoint=h:2",
                "--semi_persist_dir=/p",
            ],
            &[
                "-id",
                "1-1",
                "-provision_endpoint",
                "localhost:1",
                "-control_endpoint=h:2",
                "-semi_persist_dir",
                "/p",
            ],
            &[
                "--id",
                "1-1",
                "--provision-endpoint=localhost:1",
                "--control-endpoint",
                "h:2",
                "--semi-persist-dir=/p",
            ],
        ];
        for arguments in spelled {
            let BootArguments::Worker(start) = BootArguments::parse(&words(arguments)).unwrap() else {
                panic!("{arguments:?}")
            };
            let expected = WorkerStart {
                id: "1-1".to_owned(),
                provision_endpoint: "localhost:1".to_owned(),
                control_endpoint: "h:2".to_owned(),
                folder: "/p".into(),
                ..WorkerStart::default()
            };
            assert_eq!(start, expected, "{arguments:?}");
        }
    }

    #[test]
    fn a_pool_is_asked_for_by_a_switch() {
        for (arguments, listen) in [
            (&["--worker_pool"][..], None),
            (&["--worker-pool", "--listen=0.0.0.0:50000"], Some("0.0.0.0:50000")),
        ] {
            let expected = BootArguments::Pool { listen: listen.map(str::to_owned) };
            assert_eq!(BootArguments::parse(&words(arguments)).unwrap(), expected, "{arguments:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (arguments, told) in [
            (&["--id=1"][..], "--provision_endpoint is missing"),
            (&["--provision_endpoint=x:1"], "--id is missing"),
            (&["--id"], "--id has no value"),
            (&["--id=1", "--colour=red"], "`--colour=red` is no argument of a worker"),
            (&["main.py"], "`main.py` is no argument of a worker"),
        ] {
            assert_eq!(BootArguments::parse(&words(arguments)).unwrap_err().to_string(), told);
        }
    }

    #[test]
    fn a_workers_arguments_are_told_from_a_launchs() {
        for (arguments, meant) in [
            (&["--id=1", "--logging_endpoint=localhost:1"][..], true),
            (&["-provision_endpoint", "localhost:1"], true),
            (&["--worker_pool"], true),
            (&["--worker-pool"], true),
            (&[], false),
            (&["--listen=x"], false),
            (&["--parameters", "id=1"], false),
            (&["--param", "logging_endpoint=x"], false),
            (&["--my_logging_endpoint=x"], false),
            (&["-template-container-args", "{\"parameters\": {\"id\": \"1\"}}"], false),
        ] {
            assert_eq!(BootArguments::are_meant(&words(arguments)), meant, "{arguments:?}");
        }
    }
}
