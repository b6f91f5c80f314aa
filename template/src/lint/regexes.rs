//! Rules for what a regular expression refuses: parts of values, and anything at all.

use crate::Pattern;
use crate::lint::context::Context;
use crate::lint::findings::{Draft, Findings};
use crate::lint::{Code, SHOWN};
use crate::shorten::shorten;

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for declared in &context.parameters {
        for (index, pattern) in declared.parameter.regexes.iter().enumerate() {
            let Some((code, message, hint)) = fault(pattern) else { continue };
            let place = declared.text("regexes", pattern.text(), index);
            findings.add(Draft::at(code, &place, message).hint(hint));
        }
    }
}

fn fault(pattern: &Pattern) -> Option<(Code, String, String)> {
    let (text, shape) = (pattern.text(), pattern.shape());
    let shown = shorten(text, SHOWN);
    if shape.matches_all {
        let message = format!("`{shown}` accepts every value");
        return Some((Code::RegexMatchesAll, message, "leave it out".to_owned()));
    }
    // The author has said that a value is to be matched from end to end.
    if pattern.is_whole() {
        return None;
    }
    if shape.occurs_always {
        let message =
            format!("`{shown}` matches nothing, too, and nothing occurs in every value: it refuses none");
        return Some((Code::RegexMatchesAll, message, anchoring(text)));
    }
    if shape.is_anchored {
        return None;
    }
    let message = format!("`{shown}` is not anchored: it accepts every value in which it occurs");
    Some((Code::UnanchoredRegex, message, anchoring(text)))
}

fn anchoring(text: &str) -> String {
    let anchored = if text.contains('|') {
        format!("^({text})$")
    } else {
        let start = if text.starts_with('^') { "" } else { "^" };
        let end = if text.ends_with('$') && !text.ends_with("\\$") { "" } else { "$" };
        format!("{start}{text}{end}")
    };
    format!("write `{}`", shorten(&anchored, SHOWN))
}
