//! Where a launch can run: profiles by their names.

use tmpl_template::{RunnerKind, RunnerName, TemplateSpec};

use crate::Server;
use crate::problem::Problem;
use crate::text::launch as text;

/// A place to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunnerChoice {
    /// What is sent: its name; nothing for the template's own.
    pub(crate) value: String,
    /// What people read.
    pub(crate) label: String,
    /// Whether it is chosen.
    pub(crate) chosen: bool,
}

/// The runners that a template allows, the usual one first. None where there is nothing to choose.
pub(crate) async fn choices(
    server: &Server,
    spec: &TemplateSpec,
    chosen: &str,
) -> Result<Vec<RunnerChoice>, Problem> {
    let extension = spec.tmpl.as_ref();
    let direct = RunnerName::from(RunnerKind::Direct);
    let usual =
        extension.and_then(|extension| extension.default_runner.clone()).unwrap_or_else(|| direct.clone());
    let own =
        server.runners.profiles.iter().map(|(name, part)| (name.clone(), part.engine.or(name.engine())));
    let shared = server.bucket.shared_runners().await?.runners.into_iter();
    let shared = shared.map(|runner| (runner.name, Some(runner.profile.engine)));
    let mut known: Vec<(RunnerName, Option<RunnerKind>)> =
        std::iter::once((direct, Some(RunnerKind::Direct))).chain(own).chain(shared).collect();
    known.sort_by(|(one, _), (two, _)| (!one.is_direct(), one).cmp(&(!two.is_direct(), two)));
    known.dedup_by(|(one, _), (two, _)| one == two);
    let allows = |name: &RunnerName, engine: Option<RunnerKind>| {
        let allows = |engine| extension.is_none_or(|extension| extension.allows(name, engine));
        engine.is_none_or(allows)
    };
    let allowed = known.into_iter().filter(|(name, engine)| *name != usual && allows(name, *engine));
    let others = allowed.map(|(name, _)| RunnerChoice {
        chosen: name.as_str() == chosen,
        label: label(&name),
        value: name.to_string(),
    });
    let others: Vec<RunnerChoice> = others.collect();
    if others.is_empty() && chosen.is_empty() {
        return Ok(Vec::new());
    }
    let first = RunnerChoice {
        value: String::new(),
        label: format!("{} ({})", text::RUNNER_USUAL, label(&usual)),
        chosen: !others.iter().any(|other| other.chosen),
    };
    Ok(std::iter::once(first).chain(others).collect())
}

/// The runner's name, as people read it.
pub(crate) fn label(name: &RunnerName) -> String {
    if name.is_direct() { text::RUNNER_HERE.to_owned() } else { name.to_string() }
}
