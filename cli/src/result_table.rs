//! Result rows as people read them, and as other programs do.

use serde_json::Value;
use tmpl_bucket::{ResultRow, ResultRows};
use tmpl_template::JobId;

use crate::printer::{Printer, printable};
use crate::report::{ENVIRONMENT, Failure};

/// How many rows are shown at the end of a job.
pub(crate) const SHOWN: usize = 1_000;
/// How much of a value a table shows.
const WIDEST: usize = 100;

/// Prints rows. Those that have `stdout` alone are lines, as a program would have written them; any others are a table.
pub(crate) fn print(printer: &Printer, id: &JobId, rows: &ResultRows) -> Result<(), Failure> {
    let columns = columns(&rows.rows);
    if columns == ["stdout"] {
        for row in &rows.rows {
            printer.data(&printable(&text(row.get("stdout"))))?;
        }
    } else if !columns.is_empty() {
        table(printer, &columns, &rows.rows)?;
    }
    if rows.more {
        printer.say(&format!(
            "… there are more than these {} rows: `tmpl jobs results {id} --limit N` shows more of them",
            rows.rows.len()
        ));
    }
    Ok(())
}

/// Prints rows as comma-separated values, with the names of the columns first.
pub(crate) fn print_csv(printer: &Printer, rows: &ResultRows) -> Result<(), Failure> {
    let columns = columns(&rows.rows);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| Failure::new(ENVIRONMENT, error.to_string());
    writer.write_record(&columns).map_err(failed)?;
    for row in &rows.rows {
        writer.write_record(columns.iter().map(|name| text(row.get(name)))).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::new(ENVIRONMENT, error.to_string()))?;
    printer.bytes(&String::from_utf8_lossy(&bytes))
}

/// The names of all fields, in the order in which they first come; what every row of ours has, first.
fn columns(rows: &[ResultRow]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for usual in ["stdout", "stderr"] {
        if rows.iter().any(|row| row.contains_key(usual)) {
            names.push(usual.to_owned());
        }
    }
    for name in rows.iter().flat_map(|row| row.keys()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn table(printer: &Printer, columns: &[String], rows: &[ResultRow]) -> Result<(), Failure> {
    let cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|name| cell(row.get(name))).collect()).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|column| {
            let widest = cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
            widest.max(columns[column].chars().count())
        })
        .collect();
    let line = |row: &[String]| {
        let padded: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    printer.data(&line(columns))?;
    cells.iter().try_for_each(|row| printer.data(&line(row)))
}

/// A value in one line that is not too wide; what is left out is said.
fn cell(value: Option<&Value>) -> String {
    let text = printable(&text(value)).replace('\n', "⏎").replace('\t', " ");
    match text.chars().count() {
        count if count <= WIDEST => text,
        count => format!("{}… ({} more)", text.chars().take(WIDEST).collect::<String>(), count - WIDEST),
    }
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_those_of_all_rows() {
        let row = |text: &str| serde_json::from_str::<ResultRow>(text).unwrap();
        let rows = [row(r#"{"count": 3, "stdout": "a"}"#), row(r#"{"stderr": "b", "file": "x"}"#)];
        assert_eq!(columns(&rows), ["stdout", "stderr", "count", "file"]);
    }

    #[test]
    fn what_a_cell_leaves_out_is_said() {
        assert_eq!(cell(Some(&Value::from("x".repeat(120)))), format!("{}… (20 more)", "x".repeat(100)));
        assert_eq!(cell(Some(&Value::from("a\nb"))), "a⏎b");
    }
}
