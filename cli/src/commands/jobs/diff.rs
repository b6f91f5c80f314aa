//! `tmpl jobs diff`: what differs between two jobs.

use std::collections::BTreeMap;

use serde_json::json;
use tmpl_bucket::{Bucket, JobRecord, ResultRow};
use tmpl_template::{FormatError, JobId, TemplateReference, TemplateSpec};

use super::runner_of;
use crate::printer::{Printer, duration, printable};
use crate::report::Failure;

/// How many rows of each job are compared.
const COMPARED: usize = 10_000;
/// How many rows that differ are shown.
const SHOWN: usize = 20;

/// A job, as far as it is compared: what each thing was, in words.
struct Side {
    facts: BTreeMap<String, String>,
    rows: Vec<String>,
    more_rows: bool,
}

pub(super) async fn run(
    printer: &Printer,
    bucket: &Bucket,
    first: &JobId,
    second: &JobId,
) -> Result<(), Failure> {
    let (before, after) = (Side::read(bucket, first).await?, Side::read(bucket, second).await?);
    let mut names: Vec<&String> = before.facts.keys().chain(after.facts.keys()).collect();
    names.sort();
    names.dedup();
    let differing: Vec<_> = names
        .into_iter()
        .map(|name| (name, before.facts.get(name), after.facts.get(name)))
        .filter(|(_, before, after)| before != after)
        .collect();
    let (gone, new) = (missing(&before.rows, &after.rows), missing(&after.rows, &before.rows));
    if printer.is_json() {
        let facts: serde_json::Map<String, serde_json::Value> = differing
            .iter()
            .map(|(name, before, after)| ((*name).clone(), json!({ "first": before, "second": after })))
            .collect();
        let rows =
            json!({ "onlyFirst": gone, "onlySecond": new, "cut": before.more_rows || after.more_rows });
        return printer.json(&json!({ "differences": facts, "results": rows }));
    }
    if differing.is_empty() && gone.is_empty() && new.is_empty() {
        printer.say("nothing differs");
        return Ok(());
    }
    for (name, before, after) in differing {
        let shown = |value: Option<&String>| value.map_or_else(|| "–".to_owned(), |value| printable(value));
        printer.data(&format!("{name}\n  - {}\n  + {}", shown(before), shown(after)))?;
    }
    for (sign, rows) in [("-", &gone), ("+", &new)] {
        for row in rows.iter().take(SHOWN) {
            printer.data(&format!("{sign} row {}", printable(row)))?;
        }
        if rows.len() > SHOWN {
            printer.data(&format!("{sign} … and {} more rows", rows.len() - SHOWN))?;
        }
    }
    if before.more_rows || after.more_rows {
        printer.say(&format!("only the first {COMPARED} rows of each job were compared"));
    }
    Ok(())
}

impl Side {
    async fn read(bucket: &Bucket, id: &JobId) -> Result<Self, Failure> {
        let summary = bucket.job_summary(id).await?;
        let record = &summary.record;
        let mut facts = BTreeMap::from([
            ("template".to_owned(), record.template.name.to_string()),
            ("version".to_owned(), record.template.digest.to_string()),
            ("runner".to_owned(), runner_of(record)),
            ("state".to_owned(), summary.state.word().to_owned()),
            ("who".to_owned(), format!("{} on {}", record.submitter.who, record.submitter.host)),
        ]);
        facts.extend(record.card.iter().map(|card| ("card".to_owned(), card.to_string())));
        for (name, value) in record.parameters.iter() {
            facts.insert(format!("parameter {name}"), value.to_owned());
        }
        for (name, value) in record.profile.iter().flat_map(|profile| &profile.options) {
            facts.insert(format!("option {name}"), value.clone());
        }
        for (phase, limit) in record.limits.iter() {
            facts.insert(format!("limit {phase}"), format!("{limit:#}"));
        }
        for (name, value) in record.environment.iter() {
            facts.insert(format!("environment {name}"), value.to_string());
        }
        if let Some(ended) = &summary.ended {
            facts.insert("duration".to_owned(), duration(ended.time.duration_since(record.created)));
            facts.insert("reason".to_owned(), ended.reason.clone());
            facts.extend(ended.cause.iter().map(|cause| ("cause".to_owned(), cause.to_string())));
        }
        facts.extend(layers(bucket, record).await);
        let attempt = bucket.newest_attempt(id).await?;
        facts.insert("attempts".to_owned(), attempt.to_string());
        let found = bucket.results(id, attempt, COMPARED).await?;
        let rows = found.rows.iter().map(line).collect();
        Ok(Self { facts, rows, more_rows: found.more })
    }
}

fn line(row: &ResultRow) -> String {
    serde_json::to_string(row).unwrap_or_default()
}

/// The layers of a job's template, by title. A template that can't be read any more has none.
async fn layers(bucket: &Bucket, record: &JobRecord) -> Vec<(String, String)> {
    let text = if record.template.origin.is_none() {
        let version = record.template.digest.digest().parse().ok();
        let reference = TemplateReference { name: record.template.name.clone(), version };
        bucket.template(&reference).await.ok().map(|stored| stored.text)
    } else {
        let bytes = bucket.blob_bytes(&record.template.digest, FormatError::LONGEST_TEXT as u64).await;
        bytes.ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let extension = text.and_then(|text| TemplateSpec::parse(&text).ok()?.tmpl);
    let platforms = extension.map(|extension| extension.platforms).unwrap_or_default();
    let named = |(platform, build): (String, tmpl_template::PlatformBuild)| {
        build
            .layers
            .into_iter()
            .map(move |layer| (format!("layer {} ({platform})", layer.title), layer.digest.to_string()))
    };
    platforms.into_iter().flat_map(named).collect()
}

/// The rows of the one that the other does not have, as often as they are missing.
fn missing(from: &[String], other: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for row in other {
        *counts.entry(row).or_default() += 1;
    }
    let mut missing = Vec::new();
    for row in from {
        match counts.get_mut(row) {
            Some(count) if *count > 0 => *count -= 1,
            _ => missing.push(row.clone()),
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted() {
        let rows = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(missing(&rows(&["a", "a", "b"]), &rows(&["b", "a"])), ["a"]);
    }
}
