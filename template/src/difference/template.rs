//! What a template says of itself beside its parameters, and what it leaves to Google's service.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::change::{Change, ChangeKind, Subject};
use super::parameter::{changed_keys, keys_text};
use crate::keys::ENVIRONMENT;
use crate::template_keys::TEMPLATE_KEYS;
use crate::{Environment, Metadata, TemplateSpec};

/// Every change of a template's keys that no launch parameter hangs on.
pub(super) fn template_changes(old: &TemplateSpec, new: &TemplateSpec) -> Vec<Change> {
    let mut changes = metadata_changes(old.metadata.as_ref(), new.metadata.as_ref());
    changes.extend(environment_changes(&old.default_environment, &new.default_environment));
    changes.extend(image_changes(old, new));
    let mut keys = changed_keys(&old.other, &new.other);
    let sdk = |spec: &TemplateSpec| {
        let info = spec.sdk_info.clone().unwrap_or_default();
        (info.version, info.other)
    };
    if sdk(old) != sdk(new) {
        keys.insert("sdkInfo".to_owned());
    }
    if let Some(keys) = keys_text(&keys) {
        changes.push(Change::new(
            Subject::Template,
            ChangeKind::Other,
            format!("other keys changed: {keys}"),
        ));
    }
    changes
}

fn metadata_changes(old: Option<&Metadata>, new: Option<&Metadata>) -> Vec<Change> {
    let nothing = Metadata::default();
    let (old, new) = (old.unwrap_or(&nothing), new.unwrap_or(&nothing));
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let flag = |flag: Option<bool>| Some(flag.unwrap_or_default().to_string());
    let optional_flag = |flag: Option<bool>| flag.map(|flag| flag.to_string());
    let name = |metadata: &Metadata| Some(metadata.name.clone()).filter(|name| !name.is_empty());
    let own = |text: Option<&str>| text.map(str::to_owned);
    let keys = [
        ("name", name(old), name(new)),
        ("description", text(&old.description), text(&new.description)),
        ("streaming", flag(old.streaming), flag(new.streaming)),
        (
            "supportsAtLeastOnce",
            optional_flag(old.supports_at_least_once),
            optional_flag(new.supports_at_least_once),
        ),
        (
            "supportsExactlyOnce",
            optional_flag(old.supports_exactly_once),
            optional_flag(new.supports_exactly_once),
        ),
        ("defaultStreamingMode", old.default_streaming_mode.clone(), new.default_streaming_mode.clone()),
        ("yamlDefinition", text(&old.yaml_definition), text(&new.yaml_definition)),
        ("tmpl.owner", own(old.owner()), own(new.owner())),
        ("tmpl.mutates", flag(Some(old.mutates())), flag(Some(new.mutates()))),
        ("tmpl.ifItFails", own(old.if_it_fails()), own(new.if_it_fails())),
    ];
    let different = keys.into_iter().filter(|(_, old, new)| old != new);
    let mut changes: Vec<_> = different
        .map(|(key, old, new)| {
            let subject = Subject::Metadata { key: key.to_owned() };
            // These are whole paragraphs.
            if matches!(key, "description" | "yamlDefinition" | "tmpl.ifItFails") {
                let change = Change::new(subject, ChangeKind::Changed, format!("`{key}` changed"));
                return change.with_values(old.as_deref(), new.as_deref());
            }
            Change::of(subject, ChangeKind::Changed, &format!("`{key}`"), old.as_deref(), new.as_deref())
        })
        .collect();
    let mut keys = changed_keys(&old.other, &new.other);
    keys.extend(changed_keys(&foreign(old), &foreign(new)));
    if let Some(keys) = keys_text(&keys) {
        let text = format!("other keys of the metadata changed: {keys}");
        changes.push(Change::new(Subject::Template, ChangeKind::Other, text));
    }
    changes
}

/// What the template's own `customMetadata` says to others than us.
fn foreign(metadata: &Metadata) -> Map<String, Value> {
    match &metadata.custom_metadata {
        Some(Value::Object(keys)) => {
            let is_foreign = |key: &str| TEMPLATE_KEYS.iter().all(|own| own.name != key);
            let keys = keys.iter().filter(|(key, _)| is_foreign(key));
            keys.map(|(key, value)| (key.clone(), value.clone())).collect()
        }
        Some(value) => [("customMetadata".to_owned(), value.clone())].into_iter().collect(),
        None => Map::new(),
    }
}

fn environment_changes(old: &Environment, new: &Environment) -> Vec<Change> {
    let fields: BTreeSet<_> = old.iter().chain(new.iter()).map(|(field, _)| field).collect();
    let mut changes = Vec::new();
    for field in fields {
        let shown = |environment: &Environment| match environment.get(field) {
            Some(Value::String(text)) => Some(text.clone()),
            value => value.map(ToString::to_string),
        };
        let (before, now) = (shown(old), shown(new));
        if before != now {
            let subject = Subject::Environment { field: field.to_owned() };
            let what = format!("the default of `{field}`");
            let kind = kind_of(before.as_deref(), now.as_deref());
            changes.push(Change::of(subject, kind, &what, before.as_deref(), now.as_deref()));
        }
    }
    let others = |environment: &Environment| match serde_json::to_value(environment) {
        Ok(Value::Object(mut keys)) => {
            keys.retain(|key, _| ENVIRONMENT.key_in_any_spelling(key).is_none());
            keys
        }
        _ => Map::new(),
    };
    if let Some(keys) = keys_text(&changed_keys(&others(old), &others(new))) {
        let text = format!("other keys of the default environment changed: {keys}");
        changes.push(Change::new(Subject::Template, ChangeKind::Other, text));
    }
    changes
}

fn image_changes(old: &TemplateSpec, new: &TemplateSpec) -> Vec<Change> {
    let mut changes = Vec::new();
    let (before, now) = (old.image.as_deref(), new.image.as_deref());
    if before != now {
        let mut change = Change::of(Subject::Image, kind_of(before, now), "the image", before, now);
        if now.is_none() {
            change.say("; Google's service refuses a template without one");
            change.breaking = true;
        }
        changes.push(change);
    }
    let keys = [
        (
            "imageRepositoryUsernameSecretId",
            &old.image_repository_username_secret_id,
            &new.image_repository_username_secret_id,
        ),
        (
            "imageRepositoryPasswordSecretId",
            &old.image_repository_password_secret_id,
            &new.image_repository_password_secret_id,
        ),
        ("imageRepositoryCertPath", &old.image_repository_cert_path, &new.image_repository_cert_path),
    ];
    for (key, before, now) in keys {
        let (before, now) = (before.as_deref(), now.as_deref());
        if before != now {
            let subject = Subject::Registry { key: key.to_owned() };
            changes.push(Change::of(subject, kind_of(before, now), &format!("`{key}`"), before, now));
        }
    }
    changes
}

fn kind_of(old: Option<&str>, new: Option<&str>) -> ChangeKind {
    match (old, new) {
        (None, Some(_)) => ChangeKind::Added,
        (Some(_), None) => ChangeKind::Removed,
        _ => ChangeKind::Changed,
    }
}
