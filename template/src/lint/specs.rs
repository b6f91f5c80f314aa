//! Rules for what only a spec has.

use crate::keys::LANGUAGES;
use crate::lint::context::Context;
use crate::lint::findings::{Draft, Findings};
use crate::lint::{Code, Fix};
use crate::{Language, nearest};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    if context.spec.is_none() || !context.root.is_object() {
        return;
    }
    check_language(context, findings);
    let is_empty = |key| context.root.get(key).is_none_or(|place| matches!(place.written(), "null" | "\"\""));
    if is_empty("image") && is_empty("tmpl") {
        let message = "there is neither an `image` nor layers of tmpl: nothing can be started";
        let draft = Draft::at(Code::NothingToRun, &context.root, message);
        findings
            .add(draft.hint("name the launcher image in `image`, or build the template with `tmpl build`"));
    }
}

fn check_language(context: &Context<'_>, findings: &mut Findings) {
    let place = context.root.get("sdkInfo");
    let language = place.as_ref().and_then(|place| place.get("language"));
    let mark = language.as_ref().or(place.as_ref()).unwrap_or(&context.root);
    let known = || LANGUAGES.into_iter().filter(|known| *known != "UNKNOWN");
    match context.language() {
        None | Some(Language::Unknown) => {
            let message =
                "nothing says the language of the pipeline: Google's service knows no options of it";
            let draft = Draft::at(Code::NoLanguage, mark, message);
            findings
                .add(draft.hint("add `\"sdkInfo\": {\"language\": \"PYTHON\"}`, or `JAVA`, `GO` or `YAML`"));
        }
        Some(Language::Other(name)) => {
            let same = known().find(|known| known.eq_ignore_ascii_case(name));
            let fix =
                same.map(|same| Fix::replace(format!("write `{same}`"), mark.span(), format!("\"{same}\"")));
            let hint = match nearest(name, known()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write `PYTHON`, `JAVA`, `GO` or `YAML`".to_owned(),
            };
            let message = format!("Google's service knows no language `{name}`");
            findings.add(Draft::at(Code::NoLanguage, mark, message).hint(hint).fix(fix));
        }
        Some(_) => {}
    }
}
