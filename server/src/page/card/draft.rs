//! A saved launch as it is being written: what is in the fields of its page.

use std::collections::{BTreeMap, HashMap};

use tmpl_template::{Card, CardName, CardValue, DigestPrefix, Parameter, TemplateName, ValueAccess, Who};
use unicode_normalization::UnicodeNormalization;

use crate::form::{Entered, FIELD, OTHER_NAME, OTHER_VALUE, Problems};
use crate::page::launch::get;
use crate::text::card as text;
use crate::text::plain::Plain;

/// Names in messages are shown as far as this.
const LONGEST_NAME: usize = 100;
const LONGEST_SLUG: usize = 50;

/// What can be done with a value, as it is sent and as it is said.
pub(super) const ACCESSES: [(&str, &str); 3] =
    [("editable", text::EDITABLE), ("locked", text::LOCKED), ("hidden", text::HIDDEN)];

/// A saved launch that is being written.
#[derive(Clone, Default)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) owner: String,
    pub(super) notes: String,
    /// A line each.
    pub(super) may_run: String,
    /// Whether it keeps to one version.
    pub(super) pinned: bool,
    pub(super) runner: String,
    pub(super) entered: Entered,
    /// By the parameter's name; those that are not there can be changed.
    pub(super) access: HashMap<String, ValueAccess>,
}

impl Draft {
    /// What was sent.
    pub(super) fn sent(declared: &[Parameter], fields: &[(String, String)]) -> Self {
        let lines = |name: &str| get(fields, name).replace("\r\n", "\n").trim().to_owned();
        let access = |index: usize| match get(fields, &format!("access.p-{index}")) {
            "locked" => ValueAccess::Locked,
            "hidden" => ValueAccess::Hidden,
            _ => ValueAccess::Editable,
        };
        let access =
            declared.iter().enumerate().map(|(index, parameter)| (parameter.name.clone(), access(index)));
        Self {
            name: lines("card_name"),
            title: lines("title"),
            owner: lines("owner"),
            notes: lines("notes"),
            may_run: lines("may_run"),
            pinned: get(fields, "pin") == "this",
            runner: lines("runner"),
            entered: Entered::sent(declared, fields),
            access: access.filter(|(_, access)| access.is_fixed()).collect(),
        }
    }

    /// The same as fields that are not seen, for a page that asks for something else meanwhile.
    pub(super) fn fields(&self, declared: &[Parameter]) -> Vec<(String, String)> {
        let own = [
            ("card_name", &self.name),
            ("title", &self.title),
            ("owner", &self.owner),
            ("notes", &self.notes),
            ("may_run", &self.may_run),
            ("runner", &self.runner),
        ];
        let mut fields: Vec<(String, String)> =
            own.into_iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        fields.push(("pin".to_owned(), if self.pinned { "this" } else { "newest" }.to_owned()));
        for (index, parameter) in declared.iter().enumerate() {
            if let Some(value) = self.entered.shown(parameter) {
                fields.push((format!("{FIELD}{}", parameter.name), value.to_owned()));
            }
            fields.push((format!("access.p-{index}"), self.access_word(&parameter.name).to_owned()));
        }
        fields.extend(self.other_fields());
        fields
    }

    /// What was entered for names that the template does not declare.
    pub(super) fn other_fields(&self) -> impl Iterator<Item = (String, String)> {
        self.entered.other.iter().flat_map(|(name, value)| {
            [(OTHER_NAME.to_owned(), name.clone()), (OTHER_VALUE.to_owned(), value.clone())]
        })
    }

    /// What can be done with a value, as it is sent.
    pub(super) fn access_word(&self, parameter: &str) -> &'static str {
        match self.access.get(parameter).copied().unwrap_or_default() {
            ValueAccess::Editable => ACCESSES[0].0,
            ValueAccess::Locked => ACCESSES[1].0,
            ValueAccess::Hidden => ACCESSES[2].0,
        }
    }

    /// One that is there.
    pub(super) fn of(declared: &[Parameter], name: &CardName, card: &Card) -> Self {
        let who: Vec<String> = card.may_run.iter().map(ToString::to_string).collect();
        let access = card.values.iter().filter(|(_, value)| value.access.is_fixed());
        let mut entered = Entered::default();
        for (parameter, value) in card.prefilled().iter() {
            entered.put(declared, parameter, value.to_owned());
        }
        Self {
            name: name.to_string(),
            title: card.title.clone(),
            owner: card.owner.clone().unwrap_or_default(),
            notes: card.notes.clone().unwrap_or_default(),
            may_run: who.join("\n"),
            pinned: card.version.is_some(),
            runner: card.runner.as_ref().map(ToString::to_string).unwrap_or_default(),
            entered,
            access: access.map(|(name, value)| (name.clone(), value.access)).collect(),
        }
    }

    /// Its name: the one that was entered, or one made from the title.
    pub(super) fn card_name(&self, problems: &mut Problems) -> Option<CardName> {
        let made = slug(&self.title);
        let text = if self.name.is_empty() { made.as_str() } else { self.name.as_str() };
        if text.is_empty() {
            // Without a title that is what is said.
            if !self.title.is_empty() {
                problems.add_general(Some("card_name"), text::NO_NAME);
            }
            return None;
        }
        let shown = Plain::line(text, LONGEST_NAME);
        text.parse()
            .map_err(|_| problems.add_general(Some("card_name"), &text::wrong_name(shown.as_str())))
            .ok()
    }

    /// What is to be saved.
    pub(super) fn card(
        &self,
        declared: &[Parameter],
        template: &TemplateName,
        version: Option<DigestPrefix>,
        problems: &mut Problems,
    ) -> Card {
        let mut values = BTreeMap::new();
        for parameter in declared {
            let access = self.access.get(&parameter.name).copied().unwrap_or_default();
            let value = self.entered.get(parameter).map(str::to_owned);
            if value.is_some() || access.is_fixed() {
                values.insert(parameter.name.clone(), CardValue { value, access });
            }
        }
        for (name, value) in self.entered.other.iter().filter(|(name, _)| !name.is_empty()) {
            let value = Some(value.clone());
            values.entry(name.clone()).or_insert(CardValue { value, access: ValueAccess::Editable });
        }
        let mut may_run: Vec<Who> = Vec::new();
        for line in self.may_run.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Ok(who) = line.parse() {
                may_run.push(who);
            } else {
                let shown = Plain::line(line, LONGEST_NAME);
                problems.add_general(Some("may_run"), &text::wrong_who(shown.as_str()));
            }
        }
        let runner = self.runner.parse().ok();
        if runner.is_none() && !self.runner.is_empty() {
            let shown = Plain::line(&self.runner, LONGEST_NAME);
            problems.add_general(Some("runner"), &crate::text::launch::no_runner(shown.as_str()));
        }
        let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Card {
            title: self.title.clone(),
            template: template.clone(),
            version: version.filter(|_| self.pinned),
            values,
            runner,
            owner: said(&self.owner),
            may_run,
            notes: said(&self.notes),
        }
    }
}

/// A name for addresses, made from a title.
fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.nfkd().flat_map(char::to_lowercase) {
        let is_gap = c.is_whitespace() || matches!(c, '-' | '_' | '/' | '.');
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'ß' => slug.push_str("ss"),
            _ if is_gap && !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
        if slug.len() >= LONGEST_SLUG {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use tmpl_template::Metadata;

    use super::*;

    fn declared() -> Vec<Parameter> {
        let text = r#"{"name": "T", "parameters": [
            {"name": "a", "label": "A", "helpText": "h"},
            {"name": "b", "label": "B", "helpText": "h", "isOptional": true},
            {"name": "c", "label": "C", "helpText": "h", "isOptional": true}
        ]}"#;
        Metadata::parse(text).unwrap().parameters
    }

    #[test]
    fn what_was_sent_is_what_is_saved_and_shown_again() {
        let fields: Vec<(String, String)> = [
            ("title", " Monthly\u{a0}report "),
            ("owner", ""),
            ("notes", "one\r\ntwo"),
            ("may_run", "ada@example.org\r\n\r\ngroup:finance\r\ngroup:"),
            ("pin", "this"),
            ("p.a", "1"),
            ("p.b", ""),
            ("access.p-0", "locked"),
            ("access.p-1", "hidden"),
            ("access.p-2", "editable"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let draft = Draft::sent(&declared(), &fields);
        let mut problems = Problems::default();
        let name = draft.card_name(&mut problems).unwrap();
        assert_eq!(name.as_str(), "monthly-report");
        let version: DigestPrefix = "0123456789ab".parse().unwrap();
        let card = draft.card(&declared(), &"t".parse().unwrap(), Some(version), &mut problems);
        assert_eq!(problems.general.len(), 1, "a group without a name is nobody");
        assert_eq!((card.may_run.len(), card.notes.as_deref()), (2, Some("one\ntwo")));
        assert!(card.version.is_some() && card.owner.is_none());
        let said: Vec<_> = card
            .values
            .iter()
            .map(|(name, value)| (name.as_str(), value.value.as_deref(), value.access))
            .collect();
        let expected = [("a", Some("1"), ValueAccess::Locked), ("b", None, ValueAccess::Hidden)];
        assert_eq!(said, expected);
        let again = Draft::of(&declared(), &name, &card);
        assert_eq!(
            (again.title, again.may_run.as_str()),
            (card.title.clone(), "ada@example.org\ngroup:finance")
        );
        assert_eq!(again.access, draft.access);
        assert!(again.pinned);
    }

    #[test]
    fn a_name_is_made_from_a_title() {
        for (title, name) in [
            ("Monthly donor report", "monthly-donor-report"),
            ("  Größe & Übersicht / 2026 ", "grosse-ubersicht-2026"),
            ("月次", ""),
            ("...", ""),
        ] {
            assert_eq!(slug(title), name);
        }
        assert!(slug(&"x".repeat(500)).len() <= 50);
        let mut problems = Problems::default();
        for (name, title) in [("Not A Name", "x"), ("", "月次")] {
            let draft = Draft { name: name.to_owned(), title: title.to_owned(), ..Draft::default() };
            assert_eq!(draft.card_name(&mut problems), None);
        }
        assert_eq!(problems.general.len(), 2);
    }
}
