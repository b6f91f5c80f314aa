//! A card: a launch that somebody prepared for others. What it says counts; what it leaves open is asked for.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::check::unrecognized;
use crate::triggers::asked_for;
use crate::{
    CardError, CheckRequest, DigestPrefix, Metadata, Parameter, RawParameters, Rule, RunnerKind, RunnerName,
    TemplateName, TemplateReference, TemplateSpec, Violation, Violations, Who, check,
};

/// A card.
///
/// ```
/// use tmpl_template::{Card, RawParameters};
///
/// let card: Card = serde_json::from_str(r#"{
///     "title": "Monthly donor report", "template": "report", "values": {
///         "table": {"value": "donors", "access": "locked"}, "month": {"value": "2026-11"}
///     }
/// }"#)?;
/// let mut entered = RawParameters::new();
/// entered.insert("month", "2026-12")?;
/// let launch = card.parameters(&entered, None)?;
/// assert_eq!((launch.get("table"), launch.get("month")), (Some("donors"), Some("2026-12")));
///
/// entered.insert("table", "payments")?;
/// let refused = card.parameters(&entered, None).unwrap_err();
/// assert_eq!(refused.to_string(), "the parameters break a rule of the card
///   parameter `table` is set by the card and can't be changed; leave it out");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Card {
    /// What people get, in a few words.
    pub title: String,
    /// What it launches.
    pub template: TemplateName,
    /// Which version of that; none for the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<DigestPrefix>,
    /// What it says of parameters. Those that it does not name are asked for as the template asks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, CardValue>,
    /// Where it runs; none where that is up to the launch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner: Option<RunnerName>,
    /// Whom to ask about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Who may run it, of those who may run the template; everybody of them where nobody is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_run: Vec<Who>,
    /// What people should know before they run it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// What a card says of a parameter.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CardValue {
    /// The value: of a secret, a reference. None where the parameter is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What whoever runs the card can do with it.
    #[serde(default)]
    pub access: ValueAccess,
}

/// What whoever runs a card can do with a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueAccess {
    /// It is filled in, and can be changed.
    #[default]
    Editable,
    /// It is shown, and can't be changed.
    Locked,
    /// It is not shown, and can't be changed.
    Hidden,
}

impl ValueAccess {
    /// Whether whoever runs the card can change the value.
    pub fn is_fixed(self) -> bool {
        self != Self::Editable
    }
}

/// Nobody has checked yet that the value is no secret.
impl fmt::Debug for CardValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.as_ref().map(|_| "…");
        formatter.debug_struct("CardValue").field("value", &value).field("access", &self.access).finish()
    }
}

impl Card {
    /// Characters of the title.
    pub const LONGEST_TITLE: usize = 200;
    /// Characters of the owner's name.
    pub const LONGEST_OWNER: usize = 200;
    /// Characters of the notes.
    pub const LONGEST_NOTES: usize = 10_000;
    /// How many people and groups may be named.
    pub const MOST_WHO: usize = 1_000;
    /// Bytes of all names and values together.
    pub const MOST_BYTES: usize = 512 * 1024;

    /// A card that leaves everything open.
    pub fn new(title: String, template: TemplateName) -> Self {
        Self {
            title,
            template,
            version: None,
            values: BTreeMap::new(),
            runner: None,
            owner: None,
            may_run: Vec::new(),
            notes: None,
        }
    }

    /// The template, and the version of it, that it launches.
    pub fn reference(&self) -> TemplateReference {
        TemplateReference { name: self.template.clone(), version: self.version.clone() }
    }

    /// What whoever runs it can do with a parameter.
    pub fn access(&self, parameter: &str) -> ValueAccess {
        self.values.get(parameter).map_or(ValueAccess::Editable, |value| value.access)
    }

    /// Whether somebody of this name and these groups may run it, of those who may run its template.
    pub fn may_be_run_by(&self, name: &str, groups: &[String]) -> bool {
        self.may_run.is_empty() || self.may_run.iter().any(|who| who.is(name, groups))
    }

    /// The parameters of a launch: what it says, and what was entered. What it says of an editable parameter counts where nothing was
    /// entered. A fixed one that was entered is refused, whatever the value. `metadata` is its template's, where there is any: what a
    /// parameter's parent does not ask for is left out of what the card says.
    pub fn parameters(
        &self,
        entered: &RawParameters,
        metadata: Option<&Metadata>,
    ) -> Result<RawParameters, Violations> {
        self.merged(entered, metadata, true)
    }

    /// The same for a form, which has shown the editable values: one that it does not send back was taken out.
    pub fn parameters_of_form(
        &self,
        entered: &RawParameters,
        metadata: Option<&Metadata>,
    ) -> Result<RawParameters, Violations> {
        self.merged(entered, metadata, false)
    }

    /// What a form is filled in with before anybody enters something: all that it says.
    pub fn prefilled(&self) -> RawParameters {
        raw(self.values.iter().filter_map(|(name, value)| Some((name.as_str(), value.value.as_deref()?))))
    }

    fn merged(
        &self,
        entered: &RawParameters,
        metadata: Option<&Metadata>,
        with_editable: bool,
    ) -> Result<RawParameters, Violations> {
        let declared = metadata.map_or(&[][..], |metadata| &metadata.parameters);
        let refused = entered.iter().filter(|(name, _)| self.access(name).is_fixed());
        let refused = refused.map(|(name, _)| violation(name, declared, Rule::SetByCard));
        Violations::unless_empty(refused.collect())?;
        let counts = |name: &str, value: &CardValue| {
            value.access.is_fixed() || (with_editable && entered.get(name).is_none())
        };
        let said = self.values.iter().filter(|(name, value)| counts(name, value));
        let said = said.filter_map(|(name, value)| Some((name.as_str(), value.value.as_deref()?)));
        let all = raw(said.chain(entered.iter()));
        let unasked: Vec<&str> = declared
            .iter()
            .zip(asked_for(declared, &all))
            .filter(|(parameter, asked)| !asked && entered.get(&parameter.name).is_none())
            .map(|(parameter, _)| parameter.name.as_str())
            .collect();
        Ok(raw(all.iter().filter(|(name, _)| !unasked.contains(name))))
    }

    /// Whether it can be saved, as far as it alone tells.
    pub fn check(&self) -> Result<(), CardError> {
        if self.title.trim().is_empty() {
            return Err(CardError::NoTitle);
        }
        let owner = self.owner.as_deref().unwrap_or_default();
        let notes = self.notes.as_deref().unwrap_or_default();
        for (key, text, longest, several_lines) in [
            ("title", self.title.as_str(), Self::LONGEST_TITLE, false),
            ("owner", owner, Self::LONGEST_OWNER, false),
            ("notes", notes, Self::LONGEST_NOTES, true),
        ] {
            let length = text.chars().count();
            if length > longest {
                return Err(CardError::Long { key, length, longest });
            }
            let is_harmless = |c: char| several_lines && matches!(c, '\n' | '\r' | '\t');
            if let Some(character) = text.chars().find(|c| c.is_control() && !is_harmless(*c)) {
                return Err(CardError::Control { key, character });
            }
        }
        for (what, count, most) in [
            ("people and groups", self.may_run.len(), Self::MOST_WHO),
            ("values", self.values.len(), Metadata::MOST_PARAMETERS),
        ] {
            if count > most {
                return Err(CardError::Many { what, count, most });
            }
        }
        let of =
            |(name, value): (&String, &CardValue)| name.len() + value.value.as_ref().map_or(0, String::len);
        let bytes = self.values.iter().map(of).sum();
        if bytes > Self::MOST_BYTES {
            return Err(CardError::Large { bytes, most: Self::MOST_BYTES });
        }
        Ok(())
    }

    /// Whether launches can be made of it with a version of its template, on an engine: each value that it has is one that the template
    /// takes, and nothing is fixed to be missing that the template wants. Secrets are references.
    pub fn check_values(&self, spec: &TemplateSpec, runner: RunnerKind) -> Result<(), Violations> {
        let declared = spec.metadata.as_ref().map_or(&[][..], |metadata| &metadata.parameters);
        let parameters = self.prefilled();
        let absent = |name: &str| {
            let value = self.values.get(name);
            value.is_some_and(|value| value.access.is_fixed() && value.value.is_none())
        };
        let mut found: Vec<Violation> = if declared.is_empty() {
            Vec::new()
        } else {
            let is_known = |name: &str| declared.iter().any(|parameter| parameter.name == name);
            let unknown = self.values.keys().filter(|name| absent(name) && !is_known(name));
            unknown
                .map(|name| Violation::undeclared(name, unrecognized(name, declared, &parameters, true)))
                .collect()
        };
        let request = CheckRequest { parameters, runner, ..CheckRequest::default() };
        if let Err(violations) = check(spec, &request) {
            // What is missing is asked for, unless nobody can give it.
            let counts = |found: &&Violation| found.rule != Rule::Required || absent(&found.parameter);
            found.extend(violations.iter().filter(counts).cloned());
        }
        Violations::unless_empty(found)
    }
}

fn violation(name: &str, declared: &[Parameter], rule: Rule) -> Violation {
    match declared.iter().find(|parameter| parameter.name == name) {
        Some(parameter) => Violation::declared(parameter, rule, None),
        None => Violation::undeclared(name, rule),
    }
}

/// Names and values, of which the first of a name counts.
fn raw<'a>(entries: impl Iterator<Item = (&'a str, &'a str)>) -> RawParameters {
    let mut raw = RawParameters::new();
    for (name, value) in entries {
        // There is no second one here: what was entered is left out of what the card says.
        let _ = raw.insert(name, value);
    }
    raw
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn card(values: serde_json::Value) -> Card {
        let bare = Card::new("T".to_owned(), "t".parse().unwrap());
        Card { values: serde_json::from_value(values).unwrap(), ..bare }
    }

    fn spec() -> TemplateSpec {
        let parameter = |name: &str, keys: serde_json::Value| {
            let mut parameter = json!({"name": name, "label": name.to_uppercase(), "helpText": "h"});
            parameter.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
            parameter
        };
        let parameters = [
            parameter("table", json!({"regexes": ["^[a-z]+$"]})),
            parameter("mode", json!({"isOptional": true})),
            parameter(
                "depth",
                json!({"isOptional": true, "parentName": "mode", "parentTriggerValues": ["deep"]}),
            ),
            parameter(
                "token",
                json!({"isOptional": true, "customMetadata": {"tmpl.secret": "true", "tmpl.pass": "env"}}),
            ),
        ];
        TemplateSpec::parse(&json!({"metadata": {"name": "T", "parameters": parameters}}).to_string())
            .unwrap()
    }

    fn pairs(raw: &RawParameters) -> Vec<(&str, &str)> {
        raw.iter().collect()
    }

    #[test]
    fn a_card_is_read_and_written_back() {
        let text = json!({
            "title": "Donors", "template": "report", "version": "0a1b", "values": {
                "a": {"value": "hunter2", "access": "locked"}, "b": {"access": "hidden"}, "c": {"value": "", "access": "editable"}
            },
            "runner": "prod-flink", "owner": "Finance", "mayRun": ["ann", "group:ops"], "notes": "Once a month."
        });
        let card: Card = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(serde_json::to_value(&card).unwrap(), text);
        assert_eq!(card.reference().to_string(), "report@0a1b");
        assert!(card.may_be_run_by("ann", &[]) && card.may_be_run_by("bob", &["ops".to_owned()]));
        assert!(!card.may_be_run_by("bob", &[]) && super::tests::card(json!({})).may_be_run_by("bob", &[]));
        assert!(!format!("{card:?}").contains("hunter2"), "{card:?}");
        for wrong in [
            json!({"title": "T"}),
            json!({"title": "T", "template": "../x"}),
            json!({"title": "T", "template": "t", "more": 1}),
            json!({"title": "T", "template": "t", "values": {"a": {"value": "1", "access": "open"}}}),
            json!({"title": "T", "template": "t", "mayRun": ["group:"]}),
        ] {
            assert!(serde_json::from_value::<Card>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_open_can_be_changed_and_nothing_else() {
        let card = card(json!({
            "table": {"value": "donors", "access": "locked"}, "month": {"value": "11"}, "dry": {"access": "hidden"}
        }));
        let (none, month, more) =
            (raw([].into_iter()), raw([("month", "12")].into_iter()), raw([("x", "y")].into_iter()));
        for (entered, at_the_prompt, from_a_form) in [
            (&none, vec![("month", "11"), ("table", "donors")], vec![("table", "donors")]),
            (&month, vec![("table", "donors"), ("month", "12")], vec![("table", "donors"), ("month", "12")]),
            (
                &more,
                vec![("month", "11"), ("table", "donors"), ("x", "y")],
                vec![("table", "donors"), ("x", "y")],
            ),
        ] {
            assert_eq!(pairs(&card.parameters(entered, None).unwrap()), at_the_prompt);
            assert_eq!(pairs(&card.parameters_of_form(entered, None).unwrap()), from_a_form);
        }
        // The same value is a change of what can't be changed too: a script that says it believes that it matters.
        let entered = raw([("table", "donors"), ("dry", "true"), ("month", "1")].into_iter());
        let metadata = spec().metadata.unwrap();
        for refused in [
            card.parameters(&entered, Some(&metadata)).unwrap_err(),
            card.parameters_of_form(&entered, Some(&metadata)).unwrap_err(),
        ] {
            assert_eq!(
                refused.to_string(),
                "the parameters break 2 rules of the card\n  \
                 parameter `table` (TABLE) is set by the card and can't be changed; leave it out\n  \
                 parameter `dry` is set by the card and can't be changed; leave it out"
            );
        }
    }

    #[test]
    fn what_no_parent_asks_for_is_left_out_unless_somebody_says_it() {
        let metadata = spec().metadata.unwrap();
        let card = card(json!({"depth": {"value": "3", "access": "locked"}, "mode": {"value": "flat"}}));
        let merged = |entered: &RawParameters| card.parameters(entered, Some(&metadata)).unwrap();
        assert_eq!(pairs(&merged(&RawParameters::new())), [("mode", "flat")]);
        let deep = raw([("mode", "deep")].into_iter());
        assert_eq!(pairs(&merged(&deep)), [("depth", "3"), ("mode", "deep")]);
        let card = super::tests::card(json!({"mode": {"value": "flat", "access": "locked"}}));
        let entered = raw([("depth", "1")].into_iter());
        let merged = card.parameters(&entered, Some(&metadata)).unwrap();
        assert_eq!(pairs(&merged), [("mode", "flat"), ("depth", "1")]);
    }

    #[test]
    fn a_card_that_no_launch_could_be_made_of_is_refused() {
        let told = |values: serde_json::Value| match card(values).check_values(&spec(), RunnerKind::Direct) {
            Ok(()) => String::new(),
            Err(violations) => violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        };
        for (values, expected) in [
            (json!({}), ""),
            (json!({"table": {"value": "donors", "access": "hidden"}, "mode": {"access": "locked"}}), ""),
            (json!({"table": {}}), ""),
            (json!({"table": {"access": "locked"}}), "parameter `table` (TABLE) is required and missing"),
            (
                json!({"table": {"value": "Donors"}}),
                "parameter `table` (TABLE): the value \"Donors\" does not match the regex `^[a-z]+$`",
            ),
            (json!({"tabel": {"value": "x"}}), "parameter `tabel` is not one of this template"),
            (json!({"tabel": {"access": "hidden"}}), "parameter `tabel` is not one of this template"),
            (
                json!({"token": {"value": "hunter2"}}),
                "parameter `token` (TOKEN): the value is a secret in clear, and only a reference is accepted",
            ),
            (json!({"token": {"value": "env:TOKEN", "access": "hidden"}}), ""),
        ] {
            assert_eq!(told(values.clone()), expected, "{values}");
        }
        // A template that declares nothing takes any.
        let any = card(json!({"x": {"value": "1", "access": "locked"}, "y": {"access": "hidden"}}));
        let bare = TemplateSpec::parse("{\"image\": \"i\"}").unwrap();
        assert_eq!(any.check_values(&bare, RunnerKind::Direct), Ok(()));
    }

    #[test]
    fn texts_and_sizes_have_limits() {
        let with = |change: &dyn Fn(&mut Card)| {
            let mut card = card(json!({"a": {"value": "1"}}));
            change(&mut card);
            card.check().map_err(|error| error.to_string())
        };
        assert_eq!(with(&|card| card.notes = Some("one\ntwo\tthree".to_owned())), Ok(()));
        for (change, expected) in [
            ((&|card: &mut Card| card.title = " ".to_owned()) as &dyn Fn(&mut Card), "the card has no title"),
            (
                &|card| card.title = "x".repeat(201),
                "201 characters are too many for the card's title: at most 200 are kept",
            ),
            (
                &|card| card.owner = Some("a\u{1b}[31m".to_owned()),
                "the card's owner can't have the control character '\\u{1b}'",
            ),
            (
                &|card| card.notes = Some("a\0".to_owned()),
                "the card's notes can't have the control character '\\0'",
            ),
            (
                &|card| card.may_run = vec!["ann".parse().unwrap(); 1_001],
                "the card has 1001 people and groups, and at most 1000 are kept",
            ),
            (
                &|card| {
                    let value = CardValue { value: Some("x".repeat(600_000)), access: ValueAccess::Locked };
                    card.values.insert("b".to_owned(), value);
                },
                "the values of the card have 600003 bytes together, and at most 524288 are kept",
            ),
        ] {
            assert_eq!(with(change), Err(expected.to_owned()));
        }
    }
}
