//! Rules for keys: those that nobody reads and that somebody meant to be read.

use crate::keys::{ENUM_OPTION, ENVIRONMENT, Key, Kind, METADATA, PARAMETER, SPEC, Table};
use crate::lint::context::Context;
use crate::lint::errors::table_of;
use crate::lint::findings::{Draft, Findings};
use crate::lint::place::{Member, Place};
use crate::lint::{Code, FileKind, Fix};
use crate::nearest;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    check_object(&context.root, table_of(context.kind), context.kind, findings);
}

fn check_object(object: &Place<'_>, table: &'static Table, kind: FileKind, findings: &mut Findings) {
    for member in object.members() {
        let name = member.name();
        let key = match table.key(&name) {
            Some(key) => Some(key),
            None => check_unknown(object, &member, &name, table, kind, findings),
        };
        let inner = match key.map(|key| key.kind) {
            Some(Kind::Object(inner) | Kind::Objects(inner)) if member.is_nested() => inner,
            _ => continue,
        };
        let place = member.place();
        if place.is_object() {
            check_object(&place, inner, kind, findings);
        } else {
            place.items().for_each(|item| check_object(&item, inner, kind, findings));
        }
    }
}

/// Looks at a key that is not written as Google's JSON writes it; gives back the key that it is read as all the same.
fn check_unknown(
    object: &Place<'_>,
    member: &Member<'_, '_>,
    name: &str,
    table: &'static Table,
    kind: FileKind,
    findings: &mut Findings,
) -> Option<&'static Key> {
    if let Some(key) = table.key_in_any_spelling(name) {
        if object.member(key.name).is_some() {
            let message = format!("`{name}` stands beside `{}`, and only one of them is read", key.name);
            let hint = format!("keep `{}` alone", key.name);
            findings.add(Draft::at_key(Code::SnakeCaseKey, member, message).hint(hint));
        } else if kind == FileKind::Metadata && !key.required {
            let message =
                format!("`{name}` is read by Google's service, but to gcloud it is a key that means nothing");
            let draft = Draft::at_key(Code::SnakeCaseKey, member, message);
            findings.add(draft.hint(format!("write `{}`", key.name)).fix(Some(rename(member, key.name))));
        }
        return Some(key);
    }
    if is_comment(name) {
        return None;
    }
    if std::ptr::eq(table, &raw const SPEC) && METADATA.key_in_any_spelling(name).is_some() {
        let message = format!("nobody reads `{name}` here: it belongs into `metadata`");
        findings.add(
            Draft::at_key(Code::MisplacedKey, member, message).hint("move it into the object `metadata`"),
        );
        return None;
    }
    let meant = meant(name, table)?;
    let is_same = same_letters(name, meant);
    if object.get(meant).is_some() {
        if is_same {
            let message = format!("`{name}` stands beside `{meant}` and is not read");
            findings.add(Draft::at_key(Code::MisspeltKey, member, message).hint("remove it"));
        }
        return None;
    }
    let is_flag = matches!(member.written(), "true" | "false");
    let is_certain = is_same || (name == "optional" && is_flag);
    let hint = match name.to_ascii_lowercase().as_str() {
        "required" | "mandatory" | "isrequired" => {
            "a parameter is required unless `isOptional` is `true`".to_owned()
        }
        _ => format!("did you mean `{meant}`?"),
    };
    let draft = Draft::at_key(Code::MisspeltKey, member, format!("nobody reads `{name}`")).hint(hint);
    findings.add(draft.fix(is_certain.then(|| rename(member, meant))));
    None
}

fn rename(member: &Member<'_, '_>, name: &str) -> Fix {
    Fix::replace(format!("write `{name}`"), member.key(), format!("\"{name}\""))
}

/// Whether a key is a remark of its author, or another tool's on purpose.
fn is_comment(name: &str) -> bool {
    name.is_empty() || name.starts_with(['_', '$', '/', '#', '@']) || name.starts_with("x-")
}

/// The key that somebody meant who wrote this one.
fn meant(name: &str, table: &'static Table) -> Option<&'static str> {
    /// As many letters wrong as one can miss.
    const MOST_SLIPS: usize = 2;
    const SHORTEST: usize = 4;
    let known = || table.keys.iter().map(|key| key.name);
    if let Some(same) = known().find(|known| same_letters(name, known)) {
        return Some(same);
    }
    let written = name.to_ascii_lowercase();
    let other_words = other_words(table).iter();
    if let Some((_, meant)) = other_words.clone().find(|(word, _)| *word == written) {
        return Some(meant);
    }
    let near = nearest(name, known())?;
    let slips = strsim::damerau_levenshtein(&written, &near.to_ascii_lowercase());
    (slips <= MOST_SLIPS && written.len() >= SHORTEST).then_some(near)
}

/// Whether two keys are the same but for upper case and what divides words.
fn same_letters(one: &str, other: &str) -> bool {
    fn letters(key: &str) -> impl Iterator<Item = char> {
        key.chars()
            .filter(|letter| !matches!(letter, '_' | '-' | ' '))
            .map(|letter| letter.to_ascii_lowercase())
    }
    letters(one).eq(letters(other))
}

/// Words of other formats, in lower case, and the key that holds here what they hold there.
fn other_words(table: &'static Table) -> &'static [(&'static str, &'static str)] {
    if std::ptr::eq(table, &raw const PARAMETER) {
        &[
            ("optional", "isOptional"),
            ("required", "isOptional"),
            ("isrequired", "isOptional"),
            ("mandatory", "isOptional"),
            ("regex", "regexes"),
            ("regexp", "regexes"),
            ("pattern", "regexes"),
            ("patterns", "regexes"),
            ("default", "defaultValue"),
            ("type", "paramType"),
            ("parametertype", "paramType"),
            ("options", "enumOptions"),
            ("choices", "enumOptions"),
            ("enum", "enumOptions"),
            ("help", "helpText"),
            ("desc", "helpText"),
            ("description", "helpText"),
            ("title", "label"),
            ("displayname", "label"),
            ("hidden", "hiddenUi"),
            ("group", "groupName"),
            ("parent", "parentName"),
            ("triggervalues", "parentTriggerValues"),
        ]
    } else if std::ptr::eq(table, &raw const METADATA) {
        &[
            ("title", "name"),
            ("displayname", "name"),
            ("desc", "description"),
            ("params", "parameters"),
            ("isstreaming", "streaming"),
        ]
    } else if std::ptr::eq(table, &raw const ENUM_OPTION) {
        &[("name", "value"), ("key", "value"), ("text", "label"), ("helptext", "description")]
    } else if std::ptr::eq(table, &raw const ENVIRONMENT) {
        &[
            ("maxnumworkers", "maxWorkers"),
            ("workermachinetype", "machineType"),
            ("serviceaccount", "serviceAccountEmail"),
            ("experiments", "additionalExperiments"),
            ("labels", "additionalUserLabels"),
            ("usepublicips", "ipConfiguration"),
            ("dataflowkmskey", "kmsKeyName"),
            ("region", "workerRegion"),
        ]
    } else if std::ptr::eq(table, &raw const SPEC) {
        &[("sdk", "sdkInfo"), ("environment", "defaultEnvironment"), ("containerimage", "image")]
    } else {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::SDK_INFO;
    use crate::lint::{Finding, lint};

    #[test]
    fn slips_and_other_words_name_the_key_that_was_meant() {
        for (table, name, expected) in [
            (&PARAMETER, "optional", Some("isOptional")),
            (&PARAMETER, "isoptional", Some("isOptional")),
            (&PARAMETER, "IsOptional", Some("isOptional")),
            (&PARAMETER, "is-optional", Some("isOptional")),
            (&PARAMETER, "isOptionl", Some("isOptional")),
            (&PARAMETER, "helptext", Some("helpText")),
            (&PARAMETER, "helpTxt", Some("helpText")),
            (&PARAMETER, "lable", Some("label")),
            (&PARAMETER, "regex", Some("regexes")),
            (&PARAMETER, "enumOption", Some("enumOptions")),
            (&PARAMETER, "parentTriggerValue", Some("parentTriggerValues")),
            (&PARAMETER, "order", None),
            (&PARAMETER, "example", None),
            (&PARAMETER, "visible", None),
            (&METADATA, "desription", Some("description")),
            (&METADATA, "parameter", Some("parameters")),
            (&SDK_INFO, "langauge", Some("language")),
            (&ENVIRONMENT, "maxWorker", Some("maxWorkers")),
            (&ENVIRONMENT, "bypassTempDirValidation", None),
        ] {
            assert_eq!(meant(name, table), expected, "{name}");
        }
    }

    #[test]
    fn what_googles_own_tools_write_beside_their_keys_is_nobodys_slip() {
        for name in [
            "mainClass",
            "internalName",
            "module",
            "documentationLink",
            "requirements",
            "additionalDocumentation",
            "category",
            "runtimeParameters",
            "googleReleased",
            "preview",
            "udfSupport",
            "flexTemplate",
            "sourceFilePath",
            "hidden",
            "_comment",
            "$schema",
            "environment",
        ] {
            let text = format!("{{\"name\": \"T\", \"description\": \"d\", \"{name}\": 1}}");
            assert_eq!(lint(&text, None).findings, [], "{name}");
        }
    }

    #[test]
    fn only_what_is_certain_is_mended() {
        let finding = |keys: &str| -> Option<Finding> {
            let parameter = format!("{{\"name\": \"a\", \"label\": \"A\", \"helpText\": \"h\", {keys}}}");
            let text = format!("{{\"name\": \"T\", \"description\": \"d\", \"parameters\": [{parameter}]}}");
            lint(&text, Some(FileKind::Metadata)).findings.into_iter().next()
        };
        for (keys, code, fix) in [
            ("\"is_optional\": true", Code::SnakeCaseKey, Some("\"isOptional\"")),
            ("\"is_optional\": true, \"isOptional\": true", Code::SnakeCaseKey, None),
            ("\"help_text\": \"x\"", Code::SnakeCaseKey, None),
            ("\"ISOPTIONAL\": true", Code::MisspeltKey, Some("\"isOptional\"")),
            ("\"isoptional\": true, \"isOptional\": true", Code::MisspeltKey, None),
            ("\"optional\": true", Code::MisspeltKey, Some("\"isOptional\"")),
            ("\"optional\": \"yes\"", Code::MisspeltKey, None),
            ("\"required\": true", Code::MisspeltKey, None),
            ("\"default\": \"x\"", Code::MisspeltKey, None),
        ] {
            let found = finding(keys).unwrap();
            assert_eq!(found.code, code, "{keys}");
            let replacement = found.fix.map(|fix| fix.edits[0].replacement.clone());
            assert_eq!(replacement.as_deref(), fix, "{keys}");
        }
        for keys in ["\"isOptional\": true, \"optional\": true", "\"description\": \"x\"", "\"x-default\": 1"]
        {
            assert_eq!(finding(keys), None, "{keys}");
        }
    }
}
