//! A runner as it is known here: what a launch on it would be given, and who says so.

use serde_json::{Value, json};
use tmpl_bucket::SharedRunner;
use tmpl_launcher::requested_runner::OwnRunners;
use tmpl_template::{ProfilePart, RunnerKind, RunnerName};

use crate::printer::Printer;

/// A runner as it is known here.
pub(super) struct KnownRunner {
    pub(super) name: RunnerName,
    /// What the bucket and the configuration file say together.
    pub(super) part: ProfilePart,
    /// The bucket's entry, where it counts.
    pub(super) shared: Option<SharedRunner>,
    /// What the configuration file says.
    pub(super) own: Option<ProfilePart>,
    /// Why no launch can be made on it.
    pub(super) problem: Option<String>,
    /// What to do about that.
    pub(super) remedy: Option<String>,
}

impl KnownRunner {
    pub(super) fn new(name: RunnerName, shared: Option<SharedRunner>, runners: &OwnRunners) -> Self {
        let own = runners.profiles.get(&name).cloned();
        // What the file says of another engine stands alone.
        let stands_alone = own.as_ref().and_then(|own| own.engine);
        let shared =
            shared.filter(|shared| stands_alone.is_none_or(|engine| engine == shared.profile.engine));
        let below =
            shared.as_ref().map(|shared| ProfilePart::from(shared.profile.clone())).unwrap_or_default();
        let mut part = own.clone().unwrap_or_default().over(below);
        part.engine = part.engine.or(name.engine());
        let checked = runners.accept(&name, part.clone());
        let (problem, remedy) = match checked {
            _ if name.is_direct() => (None, None),
            Ok(_) => (None, None),
            Err(error) => (Some(error.to_string()), error.hint()),
        };
        Self { name, part, shared, own, problem, remedy }
    }

    /// The engine's name, or what stands for it.
    pub(super) fn engine(&self) -> &'static str {
        self.part.engine.map_or("?", RunnerKind::as_str)
    }

    /// Where the engine is, in words.
    pub(super) fn endpoint(&self) -> &str {
        match (&self.part.endpoint, self.part.engine) {
            (Some(endpoint), _) => endpoint,
            (None, Some(RunnerKind::Direct)) => "the program's own process",
            (None, Some(RunnerKind::Prism)) => "started by the launcher",
            (None, _) => "",
        }
    }

    /// Who says what it is, in a word or two.
    pub(super) fn source(&self) -> &'static str {
        match (&self.shared, &self.own) {
            (Some(_), Some(_)) => "bucket, configuration",
            (Some(_), None) => "bucket",
            (None, Some(_)) => "configuration",
            (None, None) => "built in",
        }
    }

    /// The keys that the configuration file says.
    pub(super) fn own_keys(&self) -> Vec<String> {
        let own = self.own.as_ref().and_then(|own| serde_json::to_value(own).ok());
        let keys = own.as_ref().and_then(Value::as_object).into_iter().flatten();
        keys.filter(|(_, value)| !value.is_null()).map(|(key, _)| key.clone()).collect()
    }

    /// When and by whom the bucket's entry was saved.
    pub(super) fn saved(&self, printer: &Printer) -> Option<String> {
        let SharedRunner { number, time, submitter, .. } = self.shared.as_ref()?;
        let (who, host) = (&submitter.who, &submitter.host);
        Some(format!("the bucket, entry {number}: {} by {who} on {host}", printer.time(*time)))
    }

    pub(super) fn json(&self) -> Value {
        let shared = self.shared.as_ref().map(|shared| {
            json!({ "entry": shared.number, "time": shared.time, "who": shared.submitter.who, "host": shared.submitter.host })
        });
        json!({
            "name": self.name,
            "default": self.name.is_direct(),
            "profile": self.part,
            "source": { "bucket": shared, "configuration": self.own.as_ref().map(|_| self.own_keys()) },
            "problem": self.problem,
        })
    }
}
