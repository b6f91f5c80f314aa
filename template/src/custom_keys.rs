//! What our keys in a parameter's `customMetadata` say: those that begin with `tmpl.`.

use std::collections::BTreeMap;

use crate::bounds::Bounds;
use crate::format_error::Problem;
use crate::nearest::nearest;
use crate::reader::{Dialect, Reader};
use crate::template_keys::TEMPLATE_KEYS;
use crate::{Pass, ValueFormat};

/// One of our keys: its name, what it takes and what it is for.
#[derive(Debug)]
pub(crate) struct CustomKey {
    pub(crate) name: &'static str,
    /// The values it can have; empty if they are no closed set.
    pub(crate) values: &'static [&'static str],
    pub(crate) help: &'static str,
}

/// Our keys, in the order of the documentation.
pub(crate) const CUSTOM_KEYS: [CustomKey; 10] = [
    CustomKey { name: "tmpl.example", values: &[], help: "A value to show how one looks." },
    CustomKey {
        name: "tmpl.type",
        values: &ValueFormat::NAMES,
        help: "What a value must be, finer than paramType says it.",
    },
    CustomKey { name: "tmpl.unit", values: &[], help: "What a number counts, like MB." },
    CustomKey {
        name: "tmpl.message",
        values: &[],
        help: "What to say of a value that is refused, in the author's own words.",
    },
    CustomKey { name: "tmpl.min", values: &[], help: "The least number, date, time or duration." },
    CustomKey { name: "tmpl.max", values: &[], help: "The greatest number, date, time or duration." },
    CustomKey {
        name: "tmpl.match",
        values: &["search", "full"],
        help: "Whether regexes must match a whole value (full) or occur in it (search, the default).",
    },
    CustomKey {
        name: "tmpl.pass",
        values: &[],
        help: "How a value reaches the program: argument (the default), switch, env, env:NAME or file.",
    },
    CustomKey {
        name: "tmpl.secret",
        values: &["false", "true"],
        help: "Whether a value is only given as a reference to a secret and appears nowhere.",
    },
    CustomKey {
        name: "tmpl.existing",
        values: &["refuse", "allow"],
        help: "Whether an output that exists may be written over without being asked.",
    },
];

/// The meaning of our keys.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CustomKeys {
    pub(crate) pass: Pass,
    pub(crate) secret: bool,
    pub(crate) whole_match: bool,
    pub(crate) format: Option<ValueFormat>,
    pub(crate) bounds: Bounds,
}

impl CustomKeys {
    /// Reads our keys of a parameter and reports those that mean nothing.
    pub(crate) fn read(
        metadata: &BTreeMap<String, String>,
        parameter: &str,
        is_number: bool,
        reader: &mut Reader,
    ) -> Self {
        for written in metadata.keys() {
            if TEMPLATE_KEYS.iter().any(|key| key.name == written) {
                // To a launch it is one of many keys that mean nothing.
                if reader.dialect == Dialect::Author {
                    let problem = Problem::new(format!("`{written}` says something of the template"));
                    let hint = "write it into a `customMetadata` beside `parameters`";
                    reader.report_at(written, problem.hinted(hint));
                }
            } else if let Some(meant) = misspelt(written, &CUSTOM_KEYS) {
                let problem = Problem::new(format!("`{written}` is no key of tmpl"));
                reader.report_at(written, problem.hinted(format!("did you mean `{meant}`?")));
            }
        }
        for key in CUSTOM_KEYS.iter().filter(|key| !key.values.is_empty()) {
            let Some(text) = metadata.get(key.name) else { continue };
            // What it does to a launch that the value means nothing is nothing.
            let harmless = key.name == "tmpl.type" && reader.dialect == Dialect::Service;
            if !key.values.contains(&text.as_str()) && !harmless {
                let problem = Problem::new(format!("{text:?} is no value of `{}`", key.name));
                reader.report_at(key.name, problem.hinted(format!("write {}", one_of(key.values))));
            }
        }
        let is = |key: &str, value: &str| metadata.get(key).is_some_and(|text| text == value);
        let secret = is("tmpl.secret", "true");
        let pass = match metadata.get("tmpl.pass").map(|text| Pass::read(text, parameter)) {
            None => Pass::default(),
            Some(Ok(pass)) => pass,
            Some(Err(problem)) => {
                reader.report_at("tmpl.pass", problem);
                // Harmless for a secret too.
                Pass::File
            }
        };
        if secret && matches!(pass, Pass::Argument | Pass::Switch) {
            // Arguments are seen by every user of the machine.
            let key = if metadata.contains_key("tmpl.pass") { "tmpl.pass" } else { "tmpl.secret" };
            let problem =
                Problem::new(format!("the secret parameter `{parameter}` would be passed as an argument"));
            reader.report_at(key, problem.hinted("set `tmpl.pass` to `env` or `file`"));
        }
        let format = metadata.get("tmpl.type").and_then(|name| ValueFormat::from_name(name));
        let bounds = Bounds::read(metadata, format, is_number, reader);
        Self { pass, secret, whole_match: is("tmpl.match", "full"), format, bounds }
    }
}

pub(crate) fn one_of(values: &[&str]) -> String {
    let quoted: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// The key of ours that somebody meant who wrote another one. Keys that are like none of ours may be those of a later version.
pub(crate) fn misspelt(key: &str, keys: &[CustomKey]) -> Option<&'static str> {
    let written = key.strip_prefix("tmpl.")?;
    let own = || keys.iter().map(|key| key.name);
    if own().any(|own| own == key) {
        return None;
    }
    let name = |key: &'static str| key.strip_prefix("tmpl.").unwrap_or(key);
    let meant = nearest(written, own().map(name))?;
    own().find(|own| name(own) == meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_of_ours_is_not_taken_for_somebody_elses() {
        for (key, meant) in [
            ("tmpl.secert", Some("tmpl.secret")),
            ("tmpl.pas", Some("tmpl.pass")),
            ("tmpl.units", Some("tmpl.unit")),
            ("tmpl.secret", None),
            ("tmpl.choices-from", None),
            ("other.secert", None),
        ] {
            assert_eq!(misspelt(key, &CUSTOM_KEYS), meant, "{key}");
        }
    }
}
