//! Result rows: what a job says it did, as tables of a page and as files.

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tmpl_bucket::{ResultRow, ResultRows};
use tmpl_template::JobId;

use super::known;
use crate::Shared;
use crate::door::Person;
use crate::problem::Problem;
use crate::text::plain::Plain;

/// So many rows are shown on a page.
pub(super) const SHOWN: usize = 200;
/// So many are in a file.
const IN_A_FILE: usize = 100_000;
/// Values are shown as far as this, names as far as that.
const LONGEST_VALUE: usize = 1000;
const LONGEST_NAME: usize = 100;
/// More columns are not shown.
const MOST_COLUMNS: usize = 40;

/// Rows as a page shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    /// The names of the columns; none where each row is a line of text.
    pub(crate) columns: Vec<Plain>,
    /// The cells of each row.
    pub(crate) rows: Vec<Vec<Plain>>,
}

/// What of the rows is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    /// All but errors.
    Output,
    /// Rows that say what went wrong: those with `stderr`.
    Errors,
}

impl Tab {
    pub(crate) fn holds(self, row: &ResultRow) -> bool {
        (self == Self::Errors) == is_error(row)
    }
}

/// Whether a row says that something went wrong.
pub(crate) fn is_error(row: &ResultRow) -> bool {
    row.get("stderr").is_some_and(|said| !matches!(said, Value::Null) && said != "")
}

impl Table {
    pub(crate) fn of<'a>(rows: impl Iterator<Item = &'a ResultRow> + Clone) -> Self {
        let columns = columns(rows.clone());
        let shown = |row: &ResultRow| {
            let cell = |name: &String| Plain::lines(&text(row.get(name)), LONGEST_VALUE);
            columns.iter().take(MOST_COLUMNS).map(cell).collect()
        };
        let rows = rows.map(shown).collect();
        let is_text = matches!(columns.as_slice(), [only] if only == "stdout" || only == "stderr");
        let named = columns.iter().take(MOST_COLUMNS).map(|name| Plain::line(name, LONGEST_NAME));
        Self { columns: if is_text { Vec::new() } else { named.collect() }, rows }
    }
}

/// The names of all fields, in the order in which they first come; what every row of ours has, first.
fn columns<'a>(rows: impl Iterator<Item = &'a ResultRow> + Clone) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for usual in ["stdout", "stderr"] {
        if rows.clone().any(|row| row.get(usual).is_some_and(|value| *value != Value::Null)) {
            names.push(usual.to_owned());
        }
    }
    for name in rows.flat_map(|row| row.keys()) {
        if !names.contains(name) && name != "stdout" && name != "stderr" {
            names.push(name.clone());
        }
    }
    names
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

/// `GET /jobs/{id}/results.csv`.
pub(crate) async fn csv(
    State(server): State<Shared>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (id, found) = all(&server, &person, &id).await?;
    let columns = columns(found.rows.iter());
    let mut csv = String::new();
    push_line(&mut csv, columns.iter().map(String::as_str));
    for row in &found.rows {
        let cells: Vec<String> = columns.iter().map(|name| text(row.get(name))).collect();
        push_line(&mut csv, cells.iter().map(String::as_str));
    }
    Ok(file(&id, "csv", "text/csv; charset=utf-8", csv))
}

/// `GET /jobs/{id}/results.json`.
pub(crate) async fn json(
    State(server): State<Shared>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (id, found) = all(&server, &person, &id).await?;
    let json = serde_json::to_string_pretty(&found.rows).unwrap_or_default();
    Ok(file(&id, "json", "application/json", json))
}

async fn all(server: &Shared, person: &Person, id: &str) -> Result<(JobId, ResultRows), Problem> {
    let record = known(server, person, id).await?;
    let attempt = server.bucket.newest_attempt(&record.id).await?;
    Ok((record.id.clone(), server.bucket.results(&record.id, attempt, IN_A_FILE).await?))
}

fn file(id: &JobId, ending: &str, kind: &'static str, body: String) -> Response {
    let name = format!("attachment; filename=\"results-{id}.{ending}\"");
    ([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, name)], body).into_response()
}

/// A line of comma-separated values. What a spreadsheet would take for a formula begins with an apostrophe, as spreadsheets write it
/// themselves: a row may come from anybody.
fn push_line<'a>(csv: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            csv.push(',');
        }
        let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
        let quoted = is_formula || cell.contains([',', '"', '\n', '\r']);
        if quoted {
            csv.push('"');
        }
        if is_formula {
            csv.push('\'');
        }
        if quoted {
            csv.push_str(&cell.replace('"', "\"\""));
            csv.push('"');
        } else {
            csv.push_str(cell);
        }
    }
    csv.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<ResultRow> {
        serde_json::from_str(text).unwrap()
    }

    fn table(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
        let table = Table::of(rows(text).iter());
        let texts = |row: &Vec<Plain>| row.iter().map(ToString::to_string).collect::<Vec<_>>();
        (texts(&table.columns), table.rows.iter().map(texts).collect())
    }

    #[test]
    fn lines_are_lines_and_fields_are_columns() {
        assert_eq!(table(r#"[{"stdout": "a\u001b"}, {"stdout": "b", "stderr": null}]"#).1, [["a␛"], ["b"]]);
        assert!(table(r#"[{"stdout": "a"}]"#).0.is_empty());
        let (columns, cells) = table(r#"[{"n": 1, "stdout": "a"}, {"m": {"x": []}, "n": null}]"#);
        assert_eq!(columns, ["stdout", "n", "m"]);
        assert_eq!(cells, [["a", "1", ""], ["", "", "{\"x\":[]}"]]);
        assert_eq!(table("[]"), (vec![], vec![]));
    }

    #[test]
    fn errors_have_a_tab_of_their_own() {
        let rows = rows(r#"[{"stdout": "a"}, {"stderr": "b"}, {"stdout": "c", "stderr": ""}, {"n": 1}]"#);
        let of = |tab: Tab| rows.iter().map(|row| tab.holds(row)).collect::<Vec<_>>();
        assert_eq!(of(Tab::Errors), [false, true, false, false]);
        assert_eq!(of(Tab::Output), [true, false, true, true]);
    }

    #[test]
    fn a_spreadsheet_runs_nothing() {
        let mut csv = String::new();
        let cells = ["plain", "a,b", "say \"hi\"", "=HYPERLINK(\"x\")", "-5", "-x", "@a", "two\nlines", ""];
        push_line(&mut csv, cells.into_iter());
        let expected = "plain,\"a,b\",\"say \"\"hi\"\"\",\"'=HYPERLINK(\"\"x\"\")\",-5,\"'-x\",\"'@a\",\"two\nlines\",\r\n";
        assert_eq!(csv, expected);
    }
}
