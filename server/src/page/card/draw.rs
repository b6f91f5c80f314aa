//! The page on which a saved launch is written.

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::draft::{ACCESSES, Draft};
use crate::Shared;
use crate::door::{Action, Person};
use crate::form::{Control, Field, Form, Problems};
use crate::page::frame::{Frame, Place, page_with};
use crate::page::launch::{RunnerChoice, Subject, choices, short};
use crate::problem::Problem;
use crate::text::plain::Plain;
use crate::text::{card as text, launch};

const LONGEST_TITLE: usize = 200;

#[expect(clippy::struct_excessive_bools, reason = "each says whether a part of the page is there")]
#[derive(Template)]
#[template(path = "card.html")]
struct CardPage<'a> {
    frame: Frame,
    is_new: bool,
    action: String,
    back: String,
    template_title: Plain,
    conflict: bool,
    hidden: Vec<(String, String)>,
    own: Vec<OwnField>,
    pinned: bool,
    short_version: String,
    runners: Vec<RunnerChoice>,
    runner_problems: Vec<Plain>,
    form: Form,
    sections: Vec<Section>,
    accesses: [(&'static str, &'static str); 3],
    focus: Option<&'a str>,
    /// Whether files of the bucket can be looked for.
    browses: bool,
}

/// A field that is of the saved launch itself.
struct OwnField {
    id: &'static str,
    label: &'static str,
    help: &'static str,
    value: String,
    long: bool,
    optional: bool,
    problems: Vec<Plain>,
}

/// Parameters that stand together, each with what can be done with its value.
struct Section {
    title: Option<Plain>,
    fields: Vec<(Field, &'static str)>,
}

/// What a saved launch is drawn with.
pub(super) struct Drawing<'a> {
    pub(super) server: &'a Shared,
    pub(super) person: &'a Person,
    pub(super) subject: &'a Subject,
    pub(super) draft: &'a Draft,
    pub(super) problems: Problems,
    pub(super) conflict: bool,
    pub(super) status: StatusCode,
    /// The entry that it changes; none of a new one.
    pub(super) number: Option<u64>,
    /// The field where it goes on.
    pub(super) focus: Option<&'a str>,
}

/// Where the page of a draft is sent to.
pub(super) fn address(draft: &Draft, number: Option<u64>) -> String {
    match number {
        Some(_) => format!("/cards/{}/edit", draft.name),
        None => "/cards".to_owned(),
    }
}

/// What its page is of: fields that are not seen.
pub(super) fn standing(subject: &Subject, number: Option<u64>) -> Vec<(String, String)> {
    let mut fields = vec![
        ("version".to_owned(), subject.version()),
        ("template".to_owned(), subject.template.to_string()),
    ];
    fields.extend(number.iter().map(|number| ("number".to_owned(), number.to_string())));
    fields
}

impl Drawing<'_> {
    pub(super) async fn draw(self) -> Result<Response, Problem> {
        let Self { server, person, subject, draft, problems, .. } = self;
        let mut runners = choices(server, &subject.spec, &draft.runner).await?;
        if let Some(open) = runners.first_mut() {
            text::RUNNER_OPEN.clone_into(&mut open.label);
        }
        let of_field = |id: &str| problems.of_field(id).cloned().collect::<Vec<_>>();
        let own = [
            ("title", text::TITLE, text::TITLE_HELP, &draft.title, false, false),
            ("card_name", text::NAME, text::NAME_HELP, &draft.name, false, true),
            ("owner", text::OWNER, text::OWNER_HELP, &draft.owner, false, true),
            ("notes", text::NOTES, text::NOTES_HELP, &draft.notes, true, true),
            ("may_run", text::MAY_RUN, text::MAY_RUN_HELP, &draft.may_run, true, true),
        ];
        // A name that is there does not change.
        let own = own.into_iter().filter(|(id, ..)| self.number.is_none() || *id != "card_name");
        let own = own.map(|(id, label, help, value, long, optional)| OwnField {
            id,
            label,
            help,
            value: value.clone(),
            long,
            optional,
            problems: of_field(id),
        });
        let form = Form::draw(subject.declared(), &draft.entered, &problems, &HashMap::new());
        let mut hidden = standing(subject, self.number);
        hidden.extend(draft.other_fields());
        let card_page = CardPage {
            frame: Frame::new(person, Place::Run),
            is_new: self.number.is_none(),
            action: address(draft, self.number),
            back: match self.number {
                Some(_) => format!("/cards/{}", draft.name),
                None => format!("/templates/{}", subject.template),
            },
            template_title: Plain::line(
                subject.metadata().map_or("", |metadata| metadata.name.as_str()),
                LONGEST_TITLE,
            ),
            conflict: self.conflict,
            hidden,
            own: own.collect(),
            pinned: draft.pinned,
            short_version: short(&subject.version()),
            runners,
            runner_problems: of_field("runner"),
            sections: sections(&form, draft),
            form,
            accesses: ACCESSES,
            focus: self.focus,
            browses: person.can(Action::Launch, Some(&subject.template)),
        };
        page_with(self.status, &card_page)
    }
}

/// The fields of a form, nothing folded away: whoever writes a saved launch decides about all of them.
fn sections(form: &Form, draft: &Draft) -> Vec<Section> {
    let word =
        |field: &Field| draft.access_word(field.name.strip_prefix(crate::form::FIELD).unwrap_or_default());
    let of = |section: &crate::form::Section| {
        let folded = section.folded.iter().flat_map(|folded| &folded.fields);
        let fields = section.fields.iter().chain(folded).map(|field| (field.clone(), word(field)));
        Section { title: section.title.clone(), fields: fields.collect() }
    };
    form.sections.iter().map(of).collect()
}
