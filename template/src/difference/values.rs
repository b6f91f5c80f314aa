//! What a parameter's values were and are: each key that changed, and whether it narrows them.

use std::collections::BTreeSet;

use super::accepted::{Accepted, Witness};
use super::change::{Change, ChangeKind, Subject};
use super::constraint::Constraint;
use crate::shorten::shorten;
use crate::{EnumOption, Parameter, ParameterType, Pass, Pattern, ValueFormat};

/// Values that show a narrowing where no value of the template's own does.
const PROBES: [&str; 8] = ["a", "0", "-1", "0.5", "a b", "a\nb", "gs://", "s3://bucket/a"];

/// The subject that a parameter is.
pub(super) fn subject(name: &str) -> Subject {
    Subject::Parameter { name: name.to_owned() }
}

/// How sentences about a parameter begin.
pub(super) fn named(name: &str) -> String {
    format!("parameter `{}`", shorten(name, 80).escape_debug())
}

/// A value in a sentence.
pub(super) fn quoted(value: &str) -> String {
    format!("{:?}", shorten(value, 80))
}

/// Every change of the values that a parameter takes, which both versions declare.
pub(super) fn value_changes(old: &Parameter, new: &Parameter) -> Vec<Change> {
    let mut changes = secret_and_pass(old, new);
    changes.extend(type_and_format(old, new));
    changes.extend(regexes(old, new));
    changes.extend(options(old, new));
    changes.extend(bounds(old, new));
    // References to secrets are compared with nothing, and turning them on or off breaks every launch.
    if !old.secret() && !new.secret() {
        mark_narrowing(&mut changes, old, new);
    }
    changes
}

/// Marks the changes that narrow the values.
fn mark_narrowing(changes: &mut Vec<Change>, old: &Parameter, new: &Parameter) {
    let (before, now) = (Accepted::declared(old), Accepted::declared(new));
    for constraint in &now.constraints {
        if before.implies(constraint, &now) {
            continue;
        }
        // Of removed options each has been asked already.
        let is_choice = matches!(constraint, Constraint::OneOf(_) | Constraint::Choices(_));
        let is_told = |change: &Change| change.breaking && change.kind == ChangeKind::OptionRemoved;
        if is_choice && changes.iter().any(is_told) {
            continue;
        }
        let kinds = causes(constraint, new, changes);
        let witness = before.witness(witnesses(old, new), constraint, &now);
        let index = kinds
            .iter()
            .find_map(|kind| changes.iter().position(|change| is_cause(change, *kind, constraint)));
        let Some(cause) = index.and_then(|index| changes.get_mut(index)) else { continue };
        if !cause.breaking {
            cause.breaking = true;
            cause.say(&refusal(witness));
        }
    }
    if before.loses_empty(&now) && !changes.iter().any(|change| change.breaking) {
        let text = format!("{}: the empty text was accepted and is refused", named(&new.name));
        changes.push(Change::new(subject(&new.name), ChangeKind::Empty, text).breaking_if(true));
    }
}

/// The kinds of change that can bring a rule with them, the likeliest first.
fn causes(constraint: &Constraint<'_>, new: &Parameter, changes: &[Change]) -> Vec<ChangeKind> {
    use ChangeKind::{
        Format, Match, Maximum, Minimum, OptionAdded, OptionRemoved, RegexAdded, RegexRemoved, Type,
    };
    let mut kinds = match constraint {
        Constraint::Boolean
            if new.pass() == Pass::Switch && *new.parameter_type() != ParameterType::Boolean =>
        {
            vec![ChangeKind::Pass]
        }
        Constraint::Boolean | Constraint::Number => vec![Type],
        Constraint::Format(_) => vec![Format],
        Constraint::OneOf(_) => vec![Type, OptionRemoved, OptionAdded],
        Constraint::Choices(_) => vec![Format, OptionRemoved],
        Constraint::Least(_) => vec![Minimum],
        Constraint::Most(_) => vec![Maximum],
        Constraint::StoragePath | Constraint::Type(_) => vec![Type, RegexRemoved, OptionRemoved],
        Constraint::Regex { .. } => vec![RegexAdded, Match],
        Constraint::Short => vec![ChangeKind::Pass],
    };
    // Each of the other keys can have kept the rule from counting.
    kinds.extend([Type, Format, ChangeKind::Pass]);
    kinds.extend(changes.iter().map(|change| change.kind));
    kinds
}

fn is_cause(change: &Change, kind: ChangeKind, constraint: &Constraint<'_>) -> bool {
    let is_its_regex = match constraint {
        Constraint::Regex { pattern, .. } if kind == ChangeKind::RegexAdded => {
            change.new.as_deref() == Some(&*shorten(pattern.text(), 200))
        }
        _ => true,
    };
    change.kind == kind && is_its_regex
}

/// What is said of a change that narrows.
pub(super) fn refusal(witness: Option<Witness<'_>>) -> String {
    match witness {
        Some(Witness { value, known_as: Some(name) }) => format!("; {name} {} is refused", quoted(value)),
        Some(Witness { value, known_as: None }) => format!("; {} is refused", quoted(value)),
        None => "; values that were accepted may be refused".to_owned(),
    }
}

/// Values that people know first.
fn witnesses<'v>(old: &'v Parameter, new: &'v Parameter) -> impl Iterator<Item = Witness<'v>> {
    let known = |value: Option<&'v str>, name| value.map(|value| Witness { value, known_as: Some(name) });
    let own = [
        known(old.default_value.as_deref(), "the former default"),
        known(old.example(), "the former example"),
        known(old.min(), "the former least value"),
        known(old.max(), "the former greatest value"),
    ];
    let options = old.enum_options.iter().map(EnumOption::value);
    let of_format = old.format().map(ValueFormat::example);
    let probes = options.chain([new.min(), new.max(), of_format].into_iter().flatten()).chain(PROBES);
    own.into_iter().flatten().chain(probes.map(|value| Witness { value, known_as: None }))
}

/// What a new declaration does to values that were accepted without it or under another rule.
pub(super) fn narrowing(before: &Accepted<'_>, now: &Accepted<'_>) -> Option<String> {
    let probes = || PROBES.into_iter().map(|value| Witness { value, known_as: None });
    let narrowed = now.constraints.iter().find(|constraint| !before.implies(constraint, now));
    match narrowed {
        Some(constraint) => Some(refusal(before.witness(probes(), constraint, now))),
        None if before.loses_empty(now) => Some("; the empty text is refused".to_owned()),
        None => None,
    }
}

fn secret_and_pass(old: &Parameter, new: &Parameter) -> Vec<Change> {
    let (name, subject) = (named(&new.name), subject(&new.name));
    let mut changes = Vec::new();
    if old.secret() != new.secret() {
        let text = if new.secret() {
            format!("{name} is a secret now; values in clear are refused")
        } else {
            format!("{name} is no secret any more; a reference would reach the program as text")
        };
        changes.push(Change::new(subject.clone(), ChangeKind::Secret, text).breaking_if(true));
    }
    let (before, now) = (way(&old.pass()), way(&new.pass()));
    if before != now {
        let what = format!("{name}: the way to the program");
        changes.push(Change::of(subject, ChangeKind::Pass, &what, Some(&before), Some(&now)));
    }
    changes
}

fn way(pass: &Pass) -> String {
    match pass {
        Pass::Argument => "argument".to_owned(),
        Pass::Switch => "switch".to_owned(),
        Pass::Environment { name } => format!("env:{name}"),
        Pass::File => "file".to_owned(),
    }
}

fn type_and_format(old: &Parameter, new: &Parameter) -> Vec<Change> {
    let (name, subject) = (named(&new.name), subject(&new.name));
    let mut changes = Vec::new();
    let (before, now) = (old.parameter_type(), new.parameter_type());
    if before != now {
        let what = format!("{name}: the type");
        let change =
            Change::of(subject.clone(), ChangeKind::Type, &what, Some(before.name()), Some(now.name()));
        changes.push(change);
    }
    if old.format() != new.format() {
        let what = format!("{name}: `tmpl.type`");
        let (before, now) = (old.custom_key("tmpl.type"), new.custom_key("tmpl.type"));
        changes.push(Change::of(subject, ChangeKind::Format, &what, before, now));
    }
    changes
}

fn regexes(old: &Parameter, new: &Parameter) -> Vec<Change> {
    let (name, subject) = (named(&new.name), subject(&new.name));
    let has = |patterns: &[Pattern], text: &str| patterns.iter().any(|pattern| pattern.text() == text);
    let tick = |text: &str| format!("`{}`", shorten(text, 80).escape_debug());
    let mut changes = Vec::new();
    for (index, pattern) in new.regexes.iter().enumerate() {
        let text = pattern.text();
        if !has(&old.regexes, text) && !has(&new.regexes[..index], text) {
            let sentence = format!("{name}: the regex {} is new", tick(text));
            let change = Change::new(subject.clone(), ChangeKind::RegexAdded, sentence);
            changes.push(change.with_values(None, Some(text)));
        }
    }
    for (index, pattern) in old.regexes.iter().enumerate() {
        let text = pattern.text();
        if !has(&new.regexes, text) && !has(&old.regexes[..index], text) {
            let sentence = format!("{name}: the regex {} is gone", tick(text));
            let change = Change::new(subject.clone(), ChangeKind::RegexRemoved, sentence);
            changes.push(change.with_values(Some(text), None));
        }
    }
    let matched = |parameter: &Parameter| match parameter.custom_key("tmpl.match") {
        Some("full") => "full",
        _ => "search",
    };
    let (before, now) = (matched(old), matched(new));
    if before != now {
        let what = format!("{name}: `tmpl.match`");
        changes.push(Change::of(subject, ChangeKind::Match, &what, Some(before), Some(now)));
    }
    changes
}

fn options(old: &Parameter, new: &Parameter) -> Vec<Change> {
    let (name, subject) = (named(&new.name), subject(&new.name));
    let (old_values, new_values) = (option_values(old), option_values(new));
    let (before, now) = (Accepted::declared(old), Accepted::declared(new));
    let mut changes = Vec::new();
    for value in old_values.difference(&new_values) {
        let text = format!("{name}: {} can no longer be chosen", quoted(value));
        let is_secret = old.secret() || new.secret();
        let breaks = !is_secret && before.takes(value) && !now.takes(value);
        let change = Change::new(subject.clone(), ChangeKind::OptionRemoved, text).breaking_if(breaks);
        changes.push(change.with_values(Some(value), None));
    }
    for value in new_values.difference(&old_values) {
        let text = format!("{name}: {} can be chosen", quoted(value));
        let change = Change::new(subject.clone(), ChangeKind::OptionAdded, text);
        changes.push(change.with_values(None, Some(value)));
    }
    changes
}

/// The values that can be chosen, each once.
pub(super) fn option_values(parameter: &Parameter) -> BTreeSet<&str> {
    parameter.enum_options.iter().map(EnumOption::value).collect()
}

fn bounds(old: &Parameter, new: &Parameter) -> Vec<Change> {
    let name = named(&new.name);
    let mut changes = Vec::new();
    for (kind, what, before, now) in [
        (ChangeKind::Minimum, "the least value", old.min(), new.min()),
        (ChangeKind::Maximum, "the greatest value", old.max(), new.max()),
    ] {
        if before != now {
            changes.push(Change::of(subject(&new.name), kind, &format!("{name}: {what}"), before, now));
        }
    }
    changes
}
