//! Whether a regex can be seen to accept everything.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};

use crate::Pattern;

/// What a regex certainly accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coverage {
    /// Every value.
    Everything,
    /// Exactly the values without a line feed.
    OneLine,
    /// Nobody looked closer.
    Unknown,
}

/// What a regex certainly accepts.
pub(super) fn coverage(pattern: &Pattern) -> Coverage {
    let Ok(hir) = regex_syntax::parse(pattern.text()) else { return Coverage::Unknown };
    let (begins, inner, ends) = without_anchors(&hir);
    if inner.iter().any(|part| !part.properties().look_set().is_empty()) {
        return Coverage::Unknown;
    }
    let at_begin = pattern.is_whole() || begins;
    let at_end = pattern.is_whole() || ends;
    let can_be_empty = inner.iter().all(|part| part.properties().minimum_len() == Some(0));
    // What can be empty is found where the one anchor is, or anywhere.
    if can_be_empty && !(at_begin && at_end) {
        return Coverage::Everything;
    }
    match inner {
        [only] => repeated(only),
        _ => Coverage::Unknown,
    }
}

/// An expression's parts without the anchors `^` or `\A` and `$` or `\z` around them.
fn without_anchors(hir: &Hir) -> (bool, &[Hir], bool) {
    let mut parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(hir),
    };
    let is = |part: &Hir, look: Look| matches!(part.kind(), HirKind::Look(found) if *found == look);
    let (mut begins, mut ends) = (false, false);
    while let [first, rest @ ..] = parts
        && is(first, Look::Start)
    {
        (begins, parts) = (true, rest);
    }
    while let [rest @ .., last] = parts
        && is(last, Look::End)
    {
        (ends, parts) = (true, rest);
    }
    (begins, parts, ends)
}

/// What any number of some characters spans.
fn repeated(hir: &Hir) -> Coverage {
    match hir.kind() {
        HirKind::Capture(capture) => repeated(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min == 0 && repetition.max.is_none() => {
            class(&repetition.sub)
        }
        _ => Coverage::Unknown,
    }
}

fn class(hir: &Hir) -> Coverage {
    let Some(mut missing) = characters(hir) else { return Coverage::Unknown };
    missing.negate();
    match missing.ranges() {
        [] => Coverage::Everything,
        [range] if range.start() == '\n' && range.end() == '\n' => Coverage::OneLine,
        _ => Coverage::Unknown,
    }
}

/// The characters of an expression for a single one.
fn characters(hir: &Hir) -> Option<ClassUnicode> {
    match hir.kind() {
        HirKind::Capture(capture) => characters(&capture.sub),
        HirKind::Class(Class::Unicode(class)) => Some(class.clone()),
        HirKind::Literal(literal) => {
            let mut characters = std::str::from_utf8(&literal.0).ok()?.chars();
            match (characters.next(), characters.next()) {
                (Some(one), None) => Some(ClassUnicode::new([ClassUnicodeRange::new(one, one)])),
                _ => None,
            }
        }
        HirKind::Alternation(parts) => parts.iter().try_fold(ClassUnicode::empty(), |mut all, part| {
            all.union(&characters(part)?);
            Some(all)
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_accepts_everything_is_seen() {
        use Coverage::{Everything, OneLine, Unknown};
        for (text, searched, whole) in [
            ("", Everything, Unknown),
            (".*", Everything, OneLine),
            ("^.*", Everything, OneLine),
            (".*$", Everything, OneLine),
            ("^.*$", OneLine, OneLine),
            ("^(.*)$", OneLine, OneLine),
            (r"\A(?:.)*\z", OneLine, OneLine),
            ("(?s)^.*$", Everything, Everything),
            (r"^[\s\S]*$", Everything, Everything),
            (r"^(.|\n)*$", Everything, Everything),
            ("a?", Everything, Unknown),
            ("^a?", Everything, Unknown),
            ("^a?$", Unknown, Unknown),
            ("^$", Unknown, Unknown),
            ("^", Everything, Unknown),
            (".+", Unknown, Unknown),
            ("^.{0,9}$", Unknown, Unknown),
            (r"^[^\n\r]*$", Unknown, Unknown),
            ("(?m)^.*$", Unknown, Unknown),
            (r"\b", Unknown, Unknown),
            ("a", Unknown, Unknown),
        ] {
            assert_eq!(coverage(&Pattern::search(text).unwrap()), searched, "{text} in a value");
            assert_eq!(coverage(&Pattern::whole(text).unwrap()), whole, "{text} over a value");
        }
    }

    #[test]
    fn what_is_seen_is_so() {
        let texts =
            ["", ".*", "^.*", ".*$", "^.*$", "(?s)^.*$", r"^(.|\n)*$", "a?", "^a?", "^", "(a|b)*", "^(.*)$"];
        for text in texts {
            for pattern in [Pattern::search(text).unwrap(), Pattern::whole(text).unwrap()] {
                for value in ["", "a", "ä b", "a\nb", "\n", "a\r\n"] {
                    let certain = match coverage(&pattern) {
                        Coverage::Everything => true,
                        Coverage::OneLine => !value.contains('\n'),
                        Coverage::Unknown => continue,
                    };
                    assert_eq!(pattern.accepts(value), certain, "{text} {value:?}");
                }
            }
        }
    }
}
