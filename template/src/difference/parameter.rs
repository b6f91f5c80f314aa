//! One parameter that both versions declare.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::asking::{Lacking, condition, lacking};
use super::change::{Change, ChangeKind};
use super::side::Side;
use super::values::{named, option_values, quoted, subject, value_changes};
use crate::custom_keys::CUSTOM_KEYS;
use crate::{EnumOption, Parameter, ParameterType};

/// Every change of a parameter.
pub(super) fn parameter_changes(
    before: &Parameter,
    now: &Parameter,
    old: &Side<'_>,
    new: &Side<'_>,
) -> Vec<Change> {
    let mut changes = requirement(before, now, old, new);
    changes.extend(value_changes(before, now));
    changes.extend(existing(before, now));
    changes.extend(default(before, now));
    changes.extend(presentation(before, now));
    changes.extend(other(before, now));
    changes
}

/// Whether it must be given, and when.
fn requirement(before: &Parameter, now: &Parameter, old: &Side<'_>, new: &Side<'_>) -> Vec<Change> {
    let (name, subject) = (named(&now.name), subject(&now.name));
    let mut changes = Vec::new();
    if before.is_optional() && !now.is_optional() {
        let text = format!("{name} is required{} and was optional", condition(now, new));
        changes.push(Change::new(subject.clone(), ChangeKind::Required, text));
    } else if !before.is_optional() && now.is_optional() {
        changes.push(Change::new(
            subject.clone(),
            ChangeKind::Optional,
            format!("{name} is optional and was required"),
        ));
    }
    let parent = |parameter: &Parameter| {
        let values = parameter.parent_trigger_values.join(", ");
        parameter.parent_name.as_ref().map(|parent| match parameter.parent_trigger_values.as_slice() {
            [] => parent.clone(),
            _ => format!("{parent}: {values}"),
        })
    };
    let (old_parent, new_parent) = (parent(before), parent(now));
    if old_parent != new_parent || before.parent_trigger_values != now.parent_trigger_values {
        let what = format!("{name}: the parent");
        changes.push(Change::of(
            subject.clone(),
            ChangeKind::Parent,
            &what,
            old_parent.as_deref(),
            new_parent.as_deref(),
        ));
    }
    if now.is_optional() || lacking(now, old, new) != Lacking::Possible {
        return changes;
    }
    if let Some(change) = changes.iter_mut().find(|change| change.kind != ChangeKind::Optional) {
        if change.kind == ChangeKind::Parent {
            change.say("; launches that were not asked for it are now");
        }
        change.breaking = true;
    } else {
        // Something changed above it.
        let text =
            format!("{name} is required{} in launches that were not asked for it", condition(now, new));
        changes.push(Change::new(subject, ChangeKind::AskedFor, text).breaking_if(true));
    }
    changes
}

/// Whether an output that exists is refused.
fn existing(before: &Parameter, now: &Parameter) -> Option<Change> {
    let refuses = |parameter: &Parameter| {
        *parameter.parameter_type() == ParameterType::GcsWriteFile
            && parameter.custom_key("tmpl.existing") != Some("allow")
    };
    let written = |parameter: &Parameter| parameter.custom_key("tmpl.existing") == Some("allow");
    if refuses(before) == refuses(now) && written(before) == written(now) {
        return None;
    }
    let breaks = refuses(now) && !refuses(before);
    let text = match (breaks, refuses(before) && !refuses(now)) {
        (true, _) => "an output that exists is refused unless the launch says `--overwrite`",
        (_, true) => "an output that exists is written over",
        _ => "`tmpl.existing` changed, which means nothing for its type",
    };
    let text = format!("{}: {text}", named(&now.name));
    Some(Change::new(subject(&now.name), ChangeKind::Existing, text).breaking_if(breaks))
}

fn default(before: &Parameter, now: &Parameter) -> Option<Change> {
    let (name, subject) = (named(&now.name), subject(&now.name));
    if before.default_value == now.default_value {
        return None;
    }
    if before.secret() || now.secret() {
        return Some(Change::new(subject, ChangeKind::Default, format!("{name}: the default changed")));
    }
    let (old, new) = (before.default_value.as_deref(), now.default_value.as_deref());
    let text = match (old, new) {
        (Some(old), Some(new)) => format!("{name}: the default was {} and is {}", quoted(old), quoted(new)),
        (None, Some(new)) => format!("{name}: the default is now {}", quoted(new)),
        (Some(old), None) => format!("{name}: the default was {} and is gone", quoted(old)),
        (None, None) => return None,
    };
    Some(Change::new(subject, ChangeKind::Default, text).with_values(old, new))
}

/// What people see.
fn presentation(before: &Parameter, now: &Parameter) -> Option<Change> {
    // Options that came or went are told apart from what those that stay are called, and where they stand.
    let (old_values, new_values) = (option_values(before), option_values(now));
    let staying = |parameter: &Parameter| -> Vec<[Option<String>; 3]> {
        let options = parameter.enum_options.iter();
        let both = options
            .filter(|option| old_values.contains(option.value()) && new_values.contains(option.value()));
        let names = |option: &EnumOption| {
            [Some(option.value().to_owned()), option.label.clone(), option.description.clone()]
        };
        both.map(names).collect()
    };
    let named_as = staying(before) != staying(now);
    let parts = [
        ("label", before.label != now.label),
        ("help", before.help_text != now.help_text),
        ("group", before.group_name != now.group_name),
        ("visibility", before.hidden_ui.unwrap_or_default() != now.hidden_ui.unwrap_or_default()),
        ("example", before.example() != now.example()),
        ("message", before.message() != now.message()),
        ("unit", before.unit() != now.unit()),
        ("names of options", named_as),
    ];
    let changed: Vec<_> = parts.into_iter().filter(|(_, changed)| *changed).map(|(part, _)| part).collect();
    let text = format!("{}: what people see changed: {}", named(&now.name), changed.join(", "));
    (!changed.is_empty()).then(|| Change::new(subject(&now.name), ChangeKind::Presentation, text))
}

/// Keys that mean nothing to us.
fn other(before: &Parameter, now: &Parameter) -> Option<Change> {
    let mut keys = changed_keys(&before.other, &now.other);
    let custom = |parameter: &Parameter| -> Map<String, Value> {
        let entries = parameter.custom_metadata.iter().flatten();
        let foreign = entries.filter(|(key, _)| CUSTOM_KEYS.iter().all(|own| own.name != key.as_str()));
        foreign.map(|(key, value)| (key.clone(), value.as_str().into())).collect()
    };
    keys.extend(changed_keys(&custom(before), &custom(now)));
    let options = |parameter: &Parameter| -> Vec<Map<String, Value>> {
        parameter
            .enum_options
            .iter()
            .map(|option| option.other.clone())
            .filter(|other| !other.is_empty())
            .collect()
    };
    if options(before) != options(now) {
        keys.insert("enumOptions".to_owned());
    }
    keys_text(&keys).map(|keys| {
        let text = format!("{}: other keys changed: {keys}", named(&now.name));
        Change::new(subject(&now.name), ChangeKind::Other, text)
    })
}

/// The keys that are not the same in both.
pub(super) fn changed_keys(old: &Map<String, Value>, new: &Map<String, Value>) -> BTreeSet<String> {
    old.keys().chain(new.keys()).filter(|key| old.get(*key) != new.get(*key)).cloned().collect()
}

/// Some keys in a sentence.
pub(super) fn keys_text(keys: &BTreeSet<String>) -> Option<String> {
    const MOST: usize = 10;
    let shown: Vec<_> = keys
        .iter()
        .take(MOST)
        .map(|key| format!("`{}`", crate::shorten::shorten(key, 80).escape_debug()))
        .collect();
    let more = keys.len().saturating_sub(MOST);
    match more {
        _ if shown.is_empty() => None,
        0 => Some(shown.join(", ")),
        more => Some(format!("{} and {more} more", shown.join(", "))),
    }
}
