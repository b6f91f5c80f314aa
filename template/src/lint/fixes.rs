//! Mending a file: the certain fixes of a report, each of them checked before it is believed.

use std::collections::BTreeMap;

use crate::lint::{Code, FileKind, Fix, Report, Severity, lint};

/// The text with a report's fixes, and everything else as it was, byte for byte.
///
/// The report must be one about this text. A fix that would make the text worse than it was is left out: the text must stay what
/// it is, JSON, and have no new errors. What one fix uncovers, only the next report shows; [`fix`] goes on until nothing is left.
pub fn apply_fixes(text: &str, report: &Report) -> String {
    let fixes: Vec<&Fix> = report.findings.iter().filter_map(|finding| finding.fix.as_ref()).collect();
    let mut accepted = Vec::new();
    accept(text, report, &without_overlaps(text, fixes), &mut accepted);
    with_fixes(text, &accepted)
}

/// Mends a text as far as that is certain, and reports what is left.
pub fn fix(text: &str, kind: Option<FileKind>) -> (String, Report) {
    /// Fixes uncover others a few times at most: a comma, a spelling, a value below it.
    const ROUNDS: usize = 10;
    let mut report = lint(text, kind);
    let mut text = text.to_owned();
    for _ in 0..ROUNDS {
        if report.fixes() == 0 {
            break;
        }
        let mended = apply_fixes(&text, &report);
        if mended == text {
            break;
        }
        // What a file is does not change because it is mended, unless it could not be read before.
        let kind = if is_syntax_error(&report) { kind } else { Some(report.kind) };
        report = lint(&mended, kind);
        text = mended;
    }
    (text, report)
}

/// The fixes of which no part touches a part of an earlier one.
fn without_overlaps<'a>(text: &str, fixes: Vec<&'a Fix>) -> Vec<&'a Fix> {
    let mut taken: BTreeMap<usize, usize> = BTreeMap::new();
    let mut kept = Vec::new();
    for fix in fixes {
        let is_free = fix.edits.iter().all(|edit| {
            let before = taken.range(..edit.range.end).next_back();
            text.get(edit.range.clone()).is_some() && before.is_none_or(|(_, end)| *end <= edit.range.start)
        });
        if is_free {
            taken.extend(fix.edits.iter().map(|edit| (edit.range.start, edit.range.end)));
            kept.push(fix);
        }
    }
    kept
}

/// Takes the fixes that do no harm: all at once, or of either half those that do none.
fn accept<'a>(text: &str, report: &Report, fixes: &[&'a Fix], accepted: &mut Vec<&'a Fix>) {
    if fixes.is_empty() {
        return;
    }
    let tried: Vec<&Fix> = accepted.iter().chain(fixes).copied().collect();
    if is_no_worse(report, &lint(&with_fixes(text, &tried), Some(report.kind))) {
        accepted.extend(fixes);
    } else if fixes.len() > 1 {
        let (first, second) = fixes.split_at(fixes.len() / 2);
        accept(text, report, first, accepted);
        accept(text, report, second, accepted);
    }
}

fn with_fixes(text: &str, fixes: &[&Fix]) -> String {
    let mut edits: Vec<_> = fixes.iter().flat_map(|fix| &fix.edits).collect();
    edits.sort_by_key(|edit| edit.range.start);
    let mut mended = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        mended += text.get(at..edit.range.start).unwrap_or_default();
        mended += &edit.replacement;
        at = edit.range.end;
    }
    mended + text.get(at..).unwrap_or_default()
}

fn is_syntax_error(report: &Report) -> bool {
    report.findings.iter().any(|finding| finding.code == Code::Syntax)
}

/// Whether nothing is refused now that was not refused before. Of a text that was no JSON nothing else was known.
fn is_no_worse(before: &Report, after: &Report) -> bool {
    let syntax_error = |report: &Report| {
        let found = report.findings.iter().find(|finding| finding.code == Code::Syntax);
        found.map(|finding| (finding.line, finding.column))
    };
    match (syntax_error(before), syntax_error(after)) {
        (Some(before), Some(after)) => before < after,
        (Some(_), None) => true,
        (None, Some(_)) => false,
        (None, None) => {
            let mut errors: BTreeMap<&str, usize> = BTreeMap::new();
            for message in messages(before) {
                *errors.entry(message).or_default() += 1;
            }
            messages(after).all(|message| match errors.get_mut(message) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    true
                }
                _ => false,
            })
        }
    }
}

fn messages(report: &Report) -> impl Iterator<Item = &str> {
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.message.as_str())
}
