//! What runs: language, entry point, builds and layers.

use std::collections::BTreeMap;

use super::change::{Change, ChangeKind, Subject};
use super::parameters::lost_options;
use super::side::Side;
use crate::shorten::shorten;
use crate::{Extension, Interpreter, Language, LayerReference, PlatformBuild, RunnerName, runs_on_libc};

/// Every change of what runs.
pub(super) fn program_changes(old: &Side<'_>, new: &Side<'_>) -> Vec<Change> {
    let mut changes = language_and_beam(old, new);
    match (&old.spec.tmpl, &new.spec.tmpl) {
        (Some(old), Some(new)) => changes.extend(extension_changes(old, new)),
        (Some(_), None) => {
            let text = "the template no longer says how it is run here, only its image does";
            changes.push(
                Change::new(Subject::EntryPoint, ChangeKind::Removed, text.to_owned()).breaking_if(true),
            );
        }
        (None, Some(_)) => {
            let text = "the template says how it is run here";
            changes.push(Change::new(Subject::EntryPoint, ChangeKind::Added, text.to_owned()));
        }
        (None, None) => {}
    }
    changes
}

/// The language and Beam, which decide about the options that need no declaration.
fn language_and_beam(old: &Side<'_>, new: &Side<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    if old.language() != new.language() {
        let (before, now) = (old.language().map(Language::name), new.language().map(Language::name));
        changes.push(Change::of(Subject::Language, ChangeKind::Changed, "the language", before, now));
    }
    let (before, now) = (beam(old), beam(new));
    let kind = match (old.is_beam(), new.is_beam()) {
        (false, true) => Some(ChangeKind::Added),
        (true, false) => Some(ChangeKind::Removed),
        _ if old.spec.tmpl.is_some() && new.spec.tmpl.is_some() && before != now => Some(ChangeKind::Changed),
        _ => None,
    };
    if let Some(kind) = kind {
        changes.push(Change::of(Subject::Beam, kind, "the version of Apache Beam", before, now));
    }
    let lost = lost_options(old, new);
    if !lost.is_empty()
        && let Some(cause) = changes.last_mut()
    {
        let shown: Vec<_> = lost.iter().take(3).map(|name| format!("`{name}`")).collect();
        let more = if lost.len() > shown.len() { " and others" } else { "" };
        let verb = if new.is_open() { "restricted" } else { "refused" };
        cause.say(&format!("; undeclared options are {verb}: {}{more}", shown.join(", ")));
        cause.breaking = true;
    }
    changes
}

/// The version of Beam, where it is known.
fn beam<'a>(side: &Side<'a>) -> Option<&'a str> {
    side.spec.tmpl.as_ref()?.entry.beam_version()
}

fn extension_changes(old: &Extension, new: &Extension) -> Vec<Change> {
    let mut changes = Vec::new();
    let (before, now) = (old.entry.to_string(), new.entry.to_string());
    if before != now {
        let what = "the entry point";
        changes.push(Change::of(Subject::EntryPoint, ChangeKind::Changed, what, Some(&before), Some(&now)));
    }
    changes.extend(runner_changes(old, new));
    for (name, before) in &old.platforms {
        if let Some(now) = new.platforms.get(name) {
            changes.extend(platform_changes(name, before, now));
        } else {
            let text = format!("the template no longer runs on {}", shorten(name, 80));
            changes.push(platform(name, ChangeKind::Removed, text).breaking_if(true));
        }
    }
    for name in new.platforms.keys().filter(|name| !old.platforms.contains_key(*name)) {
        let text = format!("the template runs on {}", shorten(name, 80));
        changes.push(platform(name, ChangeKind::Added, text));
    }
    if old.lock != new.lock {
        let text = |extension: &Extension| extension.lock.as_ref().map(ToString::to_string);
        let (before, now) = (text(old), text(new));
        let change = Change::new(Subject::Lock, ChangeKind::Changed, "the lock changed".to_owned());
        changes.push(change.with_values(before.as_deref(), now.as_deref()));
    }
    changes
}

/// Which runners are allowed, and which is meant where a launch names none.
fn runner_changes(old: &Extension, new: &Extension) -> Vec<Change> {
    let mut changes = Vec::new();
    let list = |names: &[RunnerName]| {
        let names: Vec<&str> = names.iter().map(RunnerName::as_str).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let (before, now) = (list(&old.runners), list(&new.runners));
    if before != now {
        let what = "the list of allowed runners";
        let mut change =
            Change::of(Subject::Runners, ChangeKind::Changed, what, before.as_deref(), now.as_deref());
        let is_lost = |name: &RunnerName| !new.runners.contains(name);
        if now.is_some() && (before.is_none() || old.runners.iter().any(is_lost)) {
            change.say("; launches on others are refused");
            change.breaking = true;
        }
        changes.push(change);
    }
    let usual = |extension: &Extension| extension.default_runner.as_ref().map(ToString::to_string);
    let (before, now) = (usual(old), usual(new));
    if before != now {
        let what = "the runner where a launch names none";
        let direct = Some("direct".to_owned());
        let (before, now) = (before.or_else(|| direct.clone()), now.or(direct));
        changes.push(Change::of(
            Subject::Runners,
            ChangeKind::Default,
            what,
            before.as_deref(),
            now.as_deref(),
        ));
    }
    changes
}

fn platform(name: &str, kind: ChangeKind, text: String) -> Change {
    Change::new(Subject::Platform { name: name.to_owned() }, kind, text)
}

fn platform_changes(name: &str, old: &PlatformBuild, new: &PlatformBuild) -> Vec<Change> {
    let mut changes = Vec::new();
    let shown = shorten(name, 80);
    if old.interpreter != new.interpreter {
        let shown_interpreter = |build: &PlatformBuild| build.interpreter.as_ref().map(interpreter);
        let (before, now) = (shown_interpreter(old), shown_interpreter(new));
        let subject = Subject::Interpreter { platform: name.to_owned() };
        let what = format!("the interpreter for {shown}");
        let mut change = Change::of(subject, ChangeKind::Changed, &what, before.as_deref(), now.as_deref());
        if now.is_some() {
            change.say("; machines need the new one");
            change.breaking = true;
        }
        changes.push(change);
    }
    if old.libc != new.libc {
        let subject = Subject::CLibrary { platform: name.to_owned() };
        let what = format!("the oldest C library for {shown}");
        let (before, now) = (old.libc.as_deref(), new.libc.as_deref());
        let mut change = Change::of(subject, ChangeKind::Changed, &what, before, now);
        if now.is_some_and(|now| !before.is_some_and(|before| runs_on_libc(now, before))) {
            change.say("; machines that have only the former are refused");
            change.breaking = true;
        }
        changes.push(change);
    }
    changes.extend(layer_changes(name, &old.layers, &new.layers));
    changes
}

fn interpreter(it: &Interpreter) -> String {
    format!("{} {} ({})", it.implementation, it.version, it.abi)
}

/// The layers by title; of those with one title, each with the one at the same turn.
fn layer_changes(platform: &str, old: &[LayerReference], new: &[LayerReference]) -> Vec<Change> {
    let (before, now) = (by_title(old), by_title(new));
    let mut changes = Vec::new();
    let shown = |title: &str| {
        format!("the layer `{}` for {}", shorten(title, 80).escape_debug(), shorten(platform, 80))
    };
    let mut add = |kind: ChangeKind,
                   title: &str,
                   verb: &str,
                   old: Option<&LayerReference>,
                   new: Option<&LayerReference>| {
        let subject = Subject::Layer { platform: platform.to_owned(), title: title.to_owned() };
        let digest = |layer: Option<&LayerReference>| layer.map(|layer| layer.digest.to_string());
        let change = Change::new(subject, kind, format!("{} {verb}", shown(title)));
        changes.push(change.with_values(digest(old).as_deref(), digest(new).as_deref()));
    };
    for (key, layer) in &now {
        match before.get(key) {
            None => add(ChangeKind::Added, key.0, "is new", None, Some(layer)),
            Some(former) if former.digest != layer.digest => {
                add(ChangeKind::Changed, key.0, "changed", Some(former), Some(layer));
            }
            Some(_) => {}
        }
    }
    for (key, layer) in before.iter().filter(|(key, _)| !now.contains_key(*key)) {
        add(ChangeKind::Removed, key.0, "is gone", Some(layer), None);
    }
    let common =
        |layers: &[LayerReference], other: &BTreeMap<(&str, usize), &LayerReference>| -> Vec<String> {
            let both = layers.iter().filter(|layer| other.contains_key(&(layer.title.as_str(), 0)));
            both.map(|layer| layer.title.clone()).collect()
        };
    if common(old, &now) != common(new, &before) {
        let text = format!("the layers for {} lie in another order", shorten(platform, 80));
        changes.push(self::platform(platform, ChangeKind::Order, text));
    }
    changes
}

fn by_title(layers: &[LayerReference]) -> BTreeMap<(&str, usize), &LayerReference> {
    let mut turns: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found = BTreeMap::new();
    for layer in layers {
        let turn = turns.entry(layer.title.as_str()).or_default();
        found.insert((layer.title.as_str(), *turn), layer);
        *turn += 1;
    }
    found
}
