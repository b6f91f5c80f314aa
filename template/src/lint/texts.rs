//! Rules for what people read: labels, help and descriptions.

use crate::lint::Code;
use crate::lint::context::{Context, Declared};
use crate::lint::findings::{Draft, Findings};
use crate::lint::place::Place;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    if let Some((metadata, place)) = &context.metadata {
        match metadata.description.as_deref() {
            Some(text) => check_blank(place, "description", text, "say what the template does", findings),
            // A wrong one is an error already.
            None if place.get("description").is_none_or(|text| text.written() == "null") => {
                let message = "nothing says what the template does: lists and forms show its name alone";
                let mark = place.get("name").unwrap_or_else(|| place.clone());
                let draft = Draft::new(Code::DescriptionMissing, mark.mark(), place.path().clone(), message);
                findings.add(draft.hint("add a `description`"));
            }
            None => {}
        }
        check_blank(
            place,
            "name",
            &metadata.name,
            "give the template a name that people understand",
            findings,
        );
    }
    for declared in &context.parameters {
        let parameter = declared.parameter;
        check_blank(&declared.place, "label", &parameter.label, "write the title of the field", findings);
        let help = "say what a person should know to fill in the field";
        check_blank(&declared.place, "helpText", &parameter.help_text, help, findings);
        check_order(declared, findings);
    }
}

/// A text of blanks passes gcloud, and one that is missing passes Google's service.
fn check_blank(object: &Place<'_>, key: &'static str, text: &str, remedy: &str, findings: &mut Findings) {
    if !text.trim().is_empty() {
        return;
    }
    let place = object.get(key);
    // Where gcloud wants it, it is an error already.
    let is_reported = match &place {
        Some(place) => !place.is_text() || text.is_empty() && key != "description",
        None => true,
    };
    let Some(place) = place.filter(|_| !is_reported) else { return };
    findings.add(Draft::at(Code::EmptyText, &place, format!("the `{key}` is empty")).hint(remedy));
}

/// A label is a few words, help is a sentence: the other way round, somebody took one for the other.
fn check_order(declared: &Declared<'_>, findings: &mut Findings) {
    /// Letters of a text that is no title any more.
    const LONG: usize = 60;
    let (label, help) = (declared.parameter.label.trim(), declared.parameter.help_text.trim());
    let (label_length, help_length) = (label.chars().count(), help.chars().count());
    let is_sentence = |text: &str| text.ends_with(['.', '!', '?']);
    let is_swapped =
        help_length > 0 && label_length >= LONG && label_length >= 2 * help_length && !is_sentence(help);
    if is_swapped {
        let message = "the label is longer than the help text: they may stand in each other's place";
        let draft = Draft::at(Code::SwappedTexts, &declared.key("label"), message);
        findings.add(draft.hint("the label is the field's title, the help text what is written below it"));
    }
}
