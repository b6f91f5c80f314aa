//! What there is to be launched, as a list shows it.

use tmpl_bucket::SavedCard;
use tmpl_template::{Card, Metadata, TemplateName, TemplateSpec};

use super::search::{Place, Searched};
use crate::text::find as text;
use crate::text::plain::Plain;

/// How much is shown of what authors write.
const LONGEST_TITLE: usize = 160;
const LONGEST_SENTENCE: usize = 240;
const LONGEST_OWNER: usize = 100;

/// Something to be launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Where its form is.
    pub(crate) address: String,
    /// The template that is launched.
    pub(crate) template: TemplateName,
    /// What a saved launch says.
    pub(crate) card: Option<Card>,
    /// What people call it.
    pub(crate) title: Plain,
    /// Its own name.
    pub(crate) name: String,
    /// What it does, in a sentence.
    pub(crate) sentence: Plain,
    /// Whom to ask.
    pub(crate) owner: Option<Plain>,
    /// Whether its jobs change data that others use.
    pub(crate) mutates: bool,
    /// Why it can't be launched, where it can't.
    pub(crate) problem: Option<&'static str>,
    pub(super) searched: Searched,
}

impl Item {
    /// A template, or the reason why there is none.
    pub(super) fn template(name: &TemplateName, text: &str) -> Self {
        match TemplateSpec::parse(text) {
            Ok(spec) => Self::new(name, spec.metadata.as_ref(), None),
            Err(_) => Self::new(name, None, Some(text::DAMAGED)),
        }
    }

    /// A template that could not be read.
    pub(super) fn unreadable(name: &TemplateName) -> Self {
        Self::new(name, None, Some(text::DAMAGED))
    }

    /// A saved launch of a template, where that is there.
    pub(super) fn card(saved: &SavedCard, template: Option<&Self>) -> Self {
        let card = &saved.card;
        let notes = card.notes.as_deref().unwrap_or_default();
        let owner = card.owner.as_deref().map(|owner| Plain::line(owner, LONGEST_OWNER));
        let said = Plain::line(first_sentence(notes), LONGEST_SENTENCE);
        let sentence = match template {
            Some(template) if said.is_empty() => template.sentence.clone(),
            _ => said,
        };
        let owner = owner.or_else(|| template.and_then(|template| template.owner.clone()));
        let mut searched = searched(
            &card.title,
            saved.name.as_str(),
            &format!("{sentence} {notes}"),
            owner.as_ref().map(Plain::as_str),
        );
        searched
            .add(Place::Owner, template.map_or(card.template.as_str(), |template| template.title.as_str()));
        Self {
            address: format!("/cards/{}", saved.name),
            template: card.template.clone(),
            title: Plain::line(&card.title, LONGEST_TITLE),
            name: saved.name.to_string(),
            sentence,
            owner,
            mutates: template.is_some_and(|template| template.mutates),
            problem: match template {
                None if card.version.is_none() => Some(text::NO_TEMPLATE),
                template => template.and_then(|template| template.problem),
            },
            searched,
            card: Some(card.clone()),
        }
    }

    /// Whether it is a saved launch.
    pub(crate) fn is_card(&self) -> bool {
        self.card.is_some()
    }

    fn new(name: &TemplateName, metadata: Option<&Metadata>, problem: Option<&'static str>) -> Self {
        let title = metadata.map(|metadata| metadata.name.trim()).filter(|title| !title.is_empty());
        let title = title.unwrap_or(name.as_str());
        let description = metadata.and_then(|metadata| metadata.description.as_deref()).unwrap_or_default();
        let owner = metadata.and_then(Metadata::owner);
        Self {
            address: format!("/templates/{name}"),
            template: name.clone(),
            card: None,
            title: Plain::line(title, LONGEST_TITLE),
            name: name.to_string(),
            sentence: Plain::line(first_sentence(description), LONGEST_SENTENCE),
            owner: owner.map(|owner| Plain::line(owner, LONGEST_OWNER)),
            mutates: metadata.is_some_and(Metadata::mutates),
            problem,
            searched: searched(title, name.as_str(), description, owner),
        }
    }
}

pub(super) fn searched(title: &str, name: &str, description: &str, owner: Option<&str>) -> Searched {
    let mut searched = Searched::default();
    searched.add(Place::Title, title);
    searched.add(Place::Name, name);
    searched.add(Place::Description, description);
    searched.add(Place::Owner, owner.unwrap_or_default());
    searched
}

/// The first sentence of a description.
pub(super) fn first_sentence(text: &str) -> &str {
    let text = text.trim();
    let line = text.lines().next().unwrap_or_default();
    let end = line.match_indices(['.', '!', '?']).find(|(at, _)| {
        let (before, after) = (&line[..*at], &line[at + 1..]);
        // A point in a name or a number is no end, nor is that of `e.g.`
        let is_abbreviated = before.chars().rev().take_while(|c| c.is_alphabetic()).count() < 2;
        after.is_empty() || (after.starts_with(' ') && !is_abbreviated)
    });
    match end {
        Some((at, _)) => &line[..=at],
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_says_what_a_template_does() {
        for (text, sentence) in [
            ("Counts words. And more.", "Counts words."),
            (
                "Reads files (e.g. a.txt) of version 2.0 and counts. More",
                "Reads files (e.g. a.txt) of version 2.0 and counts.",
            ),
            ("One line\nand another. x", "One line"),
            ("  What? Yes. ", "What?"),
            ("", ""),
            ("Ende。次", "Ende。次"),
        ] {
            assert_eq!(first_sentence(text), sentence);
        }
    }

    #[test]
    fn a_template_that_cant_be_read_is_listed_with_the_reason() {
        let name: TemplateName = "report".parse().unwrap();
        let good = Item::template(
            &name,
            r#"{"metadata": {"name": "Monthly\u202e report", "description": "Adds up. All."}}"#,
        );
        assert_eq!((good.title.as_str(), good.sentence.as_str()), ("Monthly\\u{202e} report", "Adds up."));
        assert_eq!((good.problem, good.address.as_str()), (None, "/templates/report"));
        let bad = Item::template(&name, "{");
        assert_eq!((bad.title.as_str(), bad.problem.is_some()), ("report", true));
        assert_eq!(Item::template(&name, "{}").title.as_str(), "report");
    }
}
