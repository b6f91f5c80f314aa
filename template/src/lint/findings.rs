//! Findings while a file is looked at: bytes of the text, which become lines and columns at the end.

use std::ops::Range;

use crate::key_path::KeyPath;
use crate::lint::place::{Member, Place};
use crate::lint::{Code, Finding, Fix};
use crate::position::Position;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Draft>);

/// A finding whose place is known in bytes.
#[derive(Debug)]
pub(super) struct Draft {
    code: Code,
    mark: Range<usize>,
    path: KeyPath,
    message: String,
    hint: Option<String>,
    fix: Option<Fix>,
}

impl Draft {
    pub(super) fn new(code: Code, mark: Range<usize>, path: KeyPath, message: impl Into<String>) -> Self {
        Self { code, mark, path, message: message.into(), hint: None, fix: None }
    }

    /// A finding about a value.
    pub(super) fn at(code: Code, place: &Place<'_>, message: impl Into<String>) -> Self {
        Self::new(code, place.mark(), place.path().clone(), message)
    }

    /// A finding about a key.
    pub(super) fn at_key(code: Code, member: &Member<'_, '_>, message: impl Into<String>) -> Self {
        Self::new(code, member.key(), member.path(), message)
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn fix(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }
}

impl Findings {
    pub(super) fn add(&mut self, draft: Draft) {
        self.0.push(draft);
    }

    /// The findings in the order of the text, of those at one place errors first.
    pub(super) fn finish(mut self, text: &str) -> Vec<Finding> {
        self.0.sort_by_key(|draft| (draft.mark.start, draft.code.is_warning(), draft.mark.end));
        let positions =
            Positions::new(text, self.0.iter().flat_map(|draft| [draft.mark.start, draft.mark.end]));
        let finding = |draft: Draft| {
            let (start, end) = (positions.of(draft.mark.start), positions.of(draft.mark.end));
            Finding {
                code: draft.code,
                severity: draft.code.severity(),
                line: start.line,
                column: start.column,
                end_line: end.line,
                end_column: end.column,
                path: draft.path.to_string(),
                message: draft.message,
                hint: draft.hint,
                fix: draft.fix,
            }
        };
        self.0.into_iter().map(finding).collect()
    }
}

/// The places of some bytes, found in one go over the text: it may be one long line with a mistake at every step.
struct Positions(Vec<(usize, Position)>);

impl Positions {
    fn new(text: &str, offsets: impl Iterator<Item = usize>) -> Self {
        let mut offsets: Vec<usize> = offsets.collect();
        offsets.sort_unstable();
        offsets.dedup();
        let (mut at, mut position) = (0, Position { line: 1, column: 1 });
        let place = |offset: usize| {
            let part = text.get(at..offset).unwrap_or_default();
            let last_line = match part.rfind('\n') {
                Some(newline) => {
                    position.line += part.bytes().filter(|byte| *byte == b'\n').count();
                    position.column = 1;
                    &part[newline + 1..]
                }
                None => part,
            };
            position.column += last_line.chars().count();
            at = offset;
            (offset, position)
        };
        Self(offsets.into_iter().map(place).collect())
    }

    fn of(&self, offset: usize) -> Position {
        let found = self.0.binary_search_by_key(&offset, |(offset, _)| *offset);
        found
            .ok()
            .and_then(|index| self.0.get(index))
            .map_or(Position { line: 1, column: 1 }, |found| found.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_stand_in_the_order_of_the_text() {
        let text = "ä\r\n\n  öb";
        let draft = |code: Code, mark: Range<usize>| Draft::new(code, mark, KeyPath::default(), "m");
        let mut findings = Findings::default();
        findings.add(draft(Code::EmptyText, 7..9));
        findings.add(draft(Code::EmptyText, 0..2));
        findings.add(draft(Code::Format, 7..10));
        let found = findings.finish(text);
        let places: Vec<_> =
            found.iter().map(|at| (at.code, at.line, at.column, at.end_line, at.end_column)).collect();
        assert_eq!(
            places,
            [(Code::EmptyText, 1, 1, 1, 2), (Code::Format, 3, 3, 3, 5), (Code::EmptyText, 3, 3, 3, 4)]
        );
    }
}
