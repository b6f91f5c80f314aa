//! `tmpl cards show`.

use serde_json::json;
use tmpl_bucket::{Bucket, SavedCard};
use tmpl_template::{Card, CardName, ValueAccess};

use super::{find, json_of, launched};
use crate::context::Context;
use crate::printer::{Printer, printable};
use crate::report::Failure;

/// How many entries of a history are shown.
const ENTRIES: usize = 1_000;

pub(super) async fn run(context: &Context<'_>, name: &CardName, history: bool) -> Result<(), Failure> {
    let (bucket, printer) = (context.open_bucket()?, context.printer);
    if history {
        return print_history(printer, &bucket, name).await;
    }
    let saved = find(&bucket, name).await?;
    if printer.is_json() {
        return printer.json(&json_of(&saved));
    }
    page(printer, &saved).iter().try_for_each(|line| printer.data(line))
}

fn page(printer: &Printer, saved: &SavedCard) -> Vec<String> {
    let SavedCard { name, number, card, time, submitter } = saved;
    let mut lines = vec![format!("{name}: {}", printable(&card.title))];
    let mut fact = |key: &str, value: &str| lines.push(format!("  {key:<9}  {}", printable(value)));
    let newest = if card.version.is_none() { ", the newest version" } else { "" };
    fact("launches", &format!("{}{newest}", launched(card)));
    if let Some(runner) = &card.runner {
        fact("runner", runner.as_str());
    }
    if let Some(owner) = &card.owner {
        fact("owner", owner);
    }
    if !card.may_run.is_empty() {
        let who: Vec<String> = card.may_run.iter().map(ToString::to_string).collect();
        fact("may run", &who.join(", "));
    }
    let who = format!("{} on {}", submitter.who, submitter.host);
    fact("saved", &format!("{} by {who} (entry {number})", printer.time(*time)));
    for line in card.notes.iter().flat_map(|notes| notes.lines()) {
        fact("notes", line);
    }
    if !card.values.is_empty() {
        lines.push("  values".to_owned());
    }
    for (name, value) in &card.values {
        let text = match &value.value {
            Some(value) => format!("{name} = {value}"),
            None => format!("{name} is not given"),
        };
        let access = match value.access {
            ValueAccess::Editable => "",
            ValueAccess::Locked => " (locked)",
            ValueAccess::Hidden => " (locked, not shown)",
        };
        lines.push(format!("    {}{access}", printable(&text)));
    }
    lines.push(format!("  tmpl run --card {name}"));
    lines
}

async fn print_history(printer: &Printer, bucket: &Bucket, name: &CardName) -> Result<(), Failure> {
    let history = bucket.card_history(name, ENTRIES).await?;
    if history.is_empty() {
        return Err(super::unknown(bucket, name).await);
    }
    if printer.is_json() {
        let entries = history.iter().map(|(number, entry)| {
            let (who, host) = (&entry.submitter.who, &entry.submitter.host);
            json!({ "entry": number, "time": entry.time, "who": who, "host": host, "card": entry.card })
        });
        return printer.json(&entries.collect::<Vec<_>>());
    }
    for (number, entry) in &history {
        let done = entry.card.as_ref().map_or_else(|| "deleted".to_owned(), saved_as);
        let (who, host) = (&entry.submitter.who, &entry.submitter.host);
        let line = format!("{number:>4}  {}  {who} on {host}  {done}", printer.time(entry.time));
        printer.data(&printable(&line))?;
    }
    Ok(())
}

fn saved_as(card: &Card) -> String {
    format!("saved: {} ({})", card.title, launched(card))
}
