//! The reader's own errors as findings, with a fix where there is only one way to mend them.

use crate::FormatError;
use crate::format_error::Problem;
use crate::key_path::{KeyPath, Step};
use crate::keys::{COMMAND_SPEC, ENUM_OPTION, Kind, METADATA, SPEC, Table};
use crate::lint::findings::{Draft, Findings};
use crate::lint::place::Place;
use crate::lint::{Code, FileKind, Fix};

/// What made the text no JSON.
pub(super) fn syntax(error: &FormatError, text: &str, findings: &mut Findings) {
    let offset = offset(text, error);
    let end = text[offset..].chars().next().filter(|next| !matches!(next, '\r' | '\n'));
    let mark = offset..offset + end.map_or(0, char::len_utf8);
    let mut draft = Draft::new(Code::Syntax, mark, KeyPath::default(), error.message());
    if let Some(hint) = error.hint() {
        draft = draft.hint(hint);
    }
    findings.add(draft.fix(syntax_fix(text, offset)));
}

/// The byte at the line and column of an error.
fn offset(text: &str, error: &FormatError) -> usize {
    let line_start: usize =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let line = text.get(line_start..).unwrap_or_default();
    let column = line.char_indices().nth(error.column().saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    line_start + column
}

fn syntax_fix(text: &str, offset: usize) -> Option<Fix> {
    const MARK: char = '\u{feff}';
    if text.starts_with(MARK) {
        return Some(Fix::replace("remove the byte order mark", 0..MARK.len_utf8(), ""));
    }
    if !text[offset..].starts_with([']', '}']) {
        return None;
    }
    let before = text[..offset].trim_end_matches([' ', '\t', '\r', '\n']);
    let comma = before.strip_suffix(',')?.len();
    Some(Fix::replace("remove the comma", comma..comma + 1, ""))
}

/// What the reader refuses.
pub(super) fn format(problems: Vec<Problem>, kind: FileKind, root: &Place<'_>, findings: &mut Findings) {
    let table = table_of(kind);
    for problem in problems {
        let place = root.at(problem.path());
        let fix = format_fix(table, kind, problem.path(), root, &place);
        let (path, message, hint) = problem.into_parts();
        let mut draft = Draft::new(code(&path, &place), place.mark(), path, message).fix(fix);
        if let Some(hint) = hint {
            draft = draft.hint(hint);
        }
        findings.add(draft);
    }
}

/// The keys of a file.
pub(super) fn table_of(kind: FileKind) -> &'static Table {
    match kind {
        FileKind::Metadata => &METADATA,
        FileKind::Spec => &SPEC,
        FileKind::CommandSpec => &COMMAND_SPEC,
    }
}

fn code(path: &KeyPath, place: &Place<'_>) -> Code {
    let is = |step: Option<&Step>, name: &str| matches!(step, Some(Step::Key(key)) if key == name);
    match path.steps() {
        [.., Step::Key(key)] if key.starts_with("tmpl.") => Code::TmplKey,
        // A text where regexes belong can be nothing but a bad one.
        [.., parent, Step::Index(_)] if is(Some(parent), "regexes") && place.is_text() => Code::InvalidRegex,
        steps if is(steps.last(), "regexes") && place.is_text() => Code::InvalidRegex,
        _ => Code::Format,
    }
}

/// A fix for a value of the wrong kind, or a key in a spelling that is not read here.
fn format_fix(
    table: &'static Table,
    kind: FileKind,
    path: &KeyPath,
    root: &Place<'_>,
    place: &Place<'_>,
) -> Option<Fix> {
    if place.path() != path {
        return None;
    }
    let mut expected = Kind::Object(table);
    for step in path.steps() {
        expected = match (expected, step) {
            (Kind::Object(table) | Kind::Objects(table), Step::Key(key)) => {
                let known = table.key_in_any_spelling(key)?;
                if kind == FileKind::Metadata && known.required && known.name != key {
                    return rename(root, path, known.name);
                }
                known.kind
            }
            (Kind::Objects(table), Step::Index(_)) => Kind::Object(table),
            (Kind::Texts, Step::Index(_)) | (Kind::TextMap | Kind::CustomMetadata { .. }, Step::Key(_)) => {
                Kind::Text
            }
            _ => return None,
        };
    }
    let (span, written) = (place.span(), place.written());
    match expected {
        Kind::Flag => match written {
            "\"true\"" => Some(Fix::replace("leave the quotes out", span, "true")),
            "\"false\"" => Some(Fix::replace("leave the quotes out", span, "false")),
            _ => None,
        },
        Kind::Text => {
            let is_bare = matches!(written, "true" | "false")
                || written.starts_with(|first: char| first.is_ascii_digit() || first == '-');
            is_bare.then(|| Fix::replace("put it in quotes", span, format!("\"{written}\"")))
        }
        Kind::Object(table) if std::ptr::eq(table, &raw const ENUM_OPTION) && place.is_text() => {
            let object = format!("{{\"value\": {written}}}");
            Some(Fix::replace("write an option", span, object))
        }
        _ => None,
    }
}

fn rename(root: &Place<'_>, path: &KeyPath, name: &str) -> Option<Fix> {
    let (Step::Key(written), object) = path.steps().split_last()? else { return None };
    let object = root.at(&object.iter().cloned().collect());
    let member = object.members().rev().find(|member| member.name() == **written)?;
    Some(Fix::replace(format!("write `{name}`"), member.key(), format!("\"{name}\"")))
}
