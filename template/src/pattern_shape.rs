//! What a regular expression leaves unsaid: the ends of a value, or all of it.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// What matters of an expression to whoever wants to know what it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Whether every match reaches from one end of a value to the other, so that searching is the same as matching the whole.
    pub(crate) is_anchored: bool,
    /// Whether it occurs in every value of one line.
    pub(crate) occurs_always: bool,
    /// Whether it matches every value of one line from end to end.
    pub(crate) matches_all: bool,
}

impl Shape {
    pub(crate) fn of(hir: &Hir) -> Self {
        let is_anchored = reaches(hir, Look::Start) && reaches(hir, Look::End);
        let occurs_always = alternatives(hir).iter().any(occurs_always);
        let matches_all =
            alternatives(hir).iter().any(|alternative| is_anything(&without_ends(alternative).0));
        Self { is_anchored, occurs_always, matches_all }
    }
}

fn alternatives(hir: &Hir) -> &[Hir] {
    match hir.kind() {
        HirKind::Capture(capture) => alternatives(&capture.sub),
        HirKind::Alternation(parts) => parts,
        _ => std::slice::from_ref(hir),
    }
}

/// Whether every match touches that end of the value, or could as well: `.*` at an end takes what is there.
fn reaches(hir: &Hir, end: Look) -> bool {
    let properties = hir.properties();
    let looks = if end == Look::Start { properties.look_set_prefix() } else { properties.look_set_suffix() };
    if looks.contains(end) {
        return true;
    }
    match hir.kind() {
        HirKind::Capture(capture) => reaches(&capture.sub, end),
        HirKind::Concat(parts) => {
            let outermost = if end == Look::Start { parts.first() } else { parts.last() };
            outermost.is_some_and(|part| reaches(part, end))
        }
        HirKind::Alternation(parts) => parts.iter().all(|part| reaches(part, end)),
        HirKind::Repetition(repetition) => takes_anything(repetition),
        _ => false,
    }
}

fn occurs_always(hir: &Hir) -> bool {
    let (inside, starts, ends) = without_ends(hir);
    if starts && ends {
        return is_anything(&inside);
    }
    inside.iter().all(|part| {
        let properties = part.properties();
        properties.minimum_len() == Some(0) && properties.look_set().is_empty()
    })
}

/// The parts of a sequence without `^` and `$` at its ends, and whether there was one at its start and at its end.
fn without_ends(hir: &Hir) -> (Vec<&Hir>, bool, bool) {
    let mut parts: Vec<&Hir> = match hir.kind() {
        HirKind::Concat(parts) => parts.iter().collect(),
        _ => vec![hir],
    };
    let is = |part: Option<&&Hir>, look: Look| part.is_some_and(|part| *part.kind() == HirKind::Look(look));
    let (mut starts, mut ends) = (false, false);
    while is(parts.first(), Look::Start) {
        parts.remove(0);
        starts = true;
    }
    while is(parts.last(), Look::End) {
        parts.pop();
        ends = true;
    }
    (parts, starts, ends)
}

/// Whether a sequence is `.*` and the like, and nothing else.
fn is_anything(parts: &[&Hir]) -> bool {
    !parts.is_empty() && parts.iter().all(|part| is_any_text(part))
}

fn is_any_text(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) => is_any_text(&capture.sub),
        HirKind::Repetition(repetition) => repetition.min == 0 && takes_anything(repetition),
        _ => false,
    }
}

/// Whether a repetition takes as many characters as there are, whichever they are.
fn takes_anything(repetition: &Repetition) -> bool {
    repetition.max.is_none() && is_any_character(&repetition.sub)
}

/// Whether every character but those that control a terminal is taken, as `.` and `[^\n\r]` do.
fn is_any_character(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) => is_any_character(&capture.sub),
        HirKind::Class(Class::Unicode(class)) => {
            let mut next = 0;
            let reached_by = |next: u32, start: u32| start <= next || (next < 0x20 && start <= 0x20);
            let goes_on = class.ranges().iter().all(|range| {
                let goes_on = reached_by(next, u32::from(range.start()));
                // Between these two there are no characters.
                next = if range.end() == '\u{d7ff}' { 0xe000 } else { u32::from(range.end()) + 1 };
                goes_on
            });
            goes_on && next > u32::from(char::MAX)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_unsaid_is_known() {
        for (regex, is_anchored, occurs_always, matches_all) in [
            ("^a$", true, false, false),
            ("a", false, false, false),
            ("^a", false, false, false),
            ("a$", false, false, false),
            ("^a$|b", false, false, false),
            ("^a|b$", false, false, false),
            ("^(a|b)$", true, false, false),
            ("^a$|^$", true, false, false),
            (r"^projects\/[^\n\r\/]+\/topics\/[^\n\r\/]+$|^$", true, false, false),
            (r"\Aa\z", true, false, false),
            ("(?m)^a$", false, false, false),
            (r".+[\.:].+\..+", true, false, false),
            ("^gs://.*", true, false, false),
            (r".*\.json", false, false, false),
            (r"^gs://[^\n\r]+", true, false, false),
            ("^gs://[^,]+", false, false, false),
            (".+", true, false, false),
            ("^.+$", true, false, false),
            (".*", true, true, true),
            ("^.*$", true, true, true),
            ("(.*)", true, true, true),
            (r"^[^\n]*$", true, true, true),
            (r"[\s\S]*", true, true, true),
            ("", false, true, false),
            ("^", false, true, false),
            ("^$", true, false, false),
            ("[a-z]*", false, true, false),
            ("^[a-z]*", false, true, false),
            ("^[a-z]*$", true, false, false),
            (r"a|.*", false, true, true),
            (r"\b", false, false, false),
        ] {
            let shape = Shape::of(&regex_syntax::parse(regex).unwrap());
            assert_eq!(shape, Shape { is_anchored, occurs_always, matches_all }, "{regex}");
        }
    }
}
