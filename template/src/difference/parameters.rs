//! The parameters of two versions, matched by name.

use std::collections::HashSet;

use super::accepted::Accepted;
use super::asking::{Lacking, condition, lacking};
use super::change::{Change, ChangeKind, Subject};
use super::parameter::parameter_changes;
use super::side::Side;
use super::values::{named, narrowing, subject};
use crate::pipeline_options::{PipelineOption, RESERVED};
use crate::{Parameter, nearest};

/// Every change of what a launch can give.
pub(super) fn parameters_changes(old: &Side<'_>, new: &Side<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    if old.is_open() && !new.is_open() {
        let text = "the template declares its parameters; any were accepted, and now only the declared are";
        changes.push(template(ChangeKind::Declared, text).breaking_if(true));
    } else if !old.is_open() && new.is_open() {
        let text = "the template declares no parameters any more; any are accepted";
        changes.push(template(ChangeKind::Undeclared, text));
    }
    for now in &new.declared {
        match old.parameter(&now.name) {
            Some(before) => changes.extend(parameter_changes(before, now, old, new)),
            None => changes.push(added(now, old, new)),
        }
    }
    let fresh = || new.declared.iter().filter(|now| old.parameter(&now.name).is_none());
    // Each removed name is compared with each new one.
    let names: Vec<_> = fresh().take(MOST_COMPARED).map(|now| now.name.as_str()).collect();
    for before in old.declared.iter().filter(|before| new.parameter(&before.name).is_none()) {
        changes.push(removed(before, &names, old, new));
    }
    changes.extend(order(old, new));
    changes
}

/// How many new names a removed one is compared with, to guess which one took its place.
const MOST_COMPARED: usize = 100;

fn template(kind: ChangeKind, text: &str) -> Change {
    Change::new(Subject::Template, kind, text.to_owned())
}

/// A parameter that only the new version declares.
fn added(now: &Parameter, old: &Side<'_>, new: &Side<'_>) -> Change {
    let name = named(&now.name);
    let mut change = if now.is_optional() {
        Change::new(subject(&now.name), ChangeKind::Added, format!("{name} is new"))
    } else {
        let text = format!("{name} is new and required{}", condition(now, new));
        let mut change = Change::new(subject(&now.name), ChangeKind::Added, text);
        match lacking(now, old, new) {
            Lacking::NeverAsked => change.say(", which no launch so far could ask for"),
            Lacking::Possible | Lacking::AlwaysGiven => change.breaking = true,
        }
        change
    };
    // An open template's values are spoken of as a whole.
    let Some(before) = old.accepted(&now.name).filter(|before| !before.is_argument()) else { return change };
    let narrowed = if now.secret() {
        Some("; a value in clear is refused".to_owned())
    } else {
        narrowing(&before, &Accepted::declared(now))
    };
    change.say("; it could be given as an option of every pipeline");
    if let Some(text) = narrowed {
        change.say(&text);
        change.breaking = true;
    }
    change
}

/// A parameter that only the old version declares.
fn removed(before: &Parameter, fresh: &[&str], old: &Side<'_>, new: &Side<'_>) -> Change {
    let mut change = Change::new(
        subject(&before.name),
        ChangeKind::Removed,
        format!("{} is no longer declared", named(&before.name)),
    );
    // A name that no option can have was never given.
    let Some(accepted) = old.accepted(&before.name) else { return change };
    let Some(now) = new.accepted(&before.name) else {
        change.say(" and is refused");
        if let Some(near) = nearest(&before.name, fresh.iter().copied()) {
            change.say(&format!("; is its name `{}` now?", near.escape_debug()));
        }
        return change.breaking_if(true);
    };
    change.say(" and goes on to be accepted");
    if before.secret() {
        change.say("; a reference to a secret would reach the program as text");
        change.breaking = true;
    } else if let Some(text) = narrowing(&accepted, &now) {
        change.say(&text);
        change.breaking = true;
    } else if new.option(&before.name).is_some_and(has_other_way) {
        change.say(" as an option of every pipeline, but no longer together with what means the same");
        change.breaking = true;
    }
    change
}

/// Whether a launch can say the same under another name or in its environment.
fn has_other_way(option: &PipelineOption) -> bool {
    option.environment_field().is_some() || option.names().count() > 1
}

/// Whether parameters that both declare stand in another order.
fn order(old: &Side<'_>, new: &Side<'_>) -> Option<Change> {
    let common = |side: &Side<'_>, other: &Side<'_>| -> Vec<String> {
        let both = side.declared.iter().filter(|parameter| other.parameter(&parameter.name).is_some());
        both.map(|parameter| parameter.name.clone()).collect()
    };
    let is_same = common(old, new) == common(new, old);
    (!is_same).then(|| template(ChangeKind::Order, "the parameters stand in another order"))
}

/// The undeclared names that launches of the old version can give and those of the new one cannot, or not all of their values.
pub(super) fn lost_options(old: &Side<'_>, new: &Side<'_>) -> Vec<&'static str> {
    // Where parameters become declared, all undeclared ones are lost, which is said already.
    if old.is_open() && !new.is_open() {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let names = PipelineOption::all().flat_map(PipelineOption::names).chain(RESERVED);
    let undeclared = names.filter(|name| old.parameter(name).is_none() && new.parameter(name).is_none());
    let is_lost = |name: &&'static str| {
        let Some(before) = old.accepted(name) else { return false };
        let Some(now) = new.accepted(name) else { return true };
        let has_more_rules = before.is_argument() && new.option(name).is_some_and(has_other_way);
        has_more_rules || narrowing(&before, &now).is_some()
    };
    undeclared.filter(|name| seen.insert(*name)).filter(is_lost).collect()
}
