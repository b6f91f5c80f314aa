//! `tmpl cards`: launches that somebody prepared for others.

mod list;
mod save;
mod show;

use std::process::ExitCode;

use serde_json::{Value, json};
use tmpl_bucket::{Bucket, SavedCard};
use tmpl_template::{Card, CardName, nearest};

use crate::arguments::CardsCommand;
use crate::context::Context;
use crate::report::{Failure, USAGE};
use crate::submitter;

pub(crate) async fn run(context: &Context<'_>, command: CardsCommand) -> Result<ExitCode, Failure> {
    let done = match command {
        CardsCommand::List { search } => list::run(context, &search).await,
        CardsCommand::Show { name, history } => show::run(context, &name, history).await,
        CardsCommand::Save(arguments) => save::run(context, &arguments).await,
        CardsCommand::Delete { name } => delete(context, &name).await,
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// The card of that name, which must be there.
pub(crate) async fn find(bucket: &Bucket, name: &CardName) -> Result<SavedCard, Failure> {
    match bucket.card(name).await? {
        Some(card) => Ok(card),
        None => Err(unknown(bucket, name).await),
    }
}

async fn unknown(bucket: &Bucket, name: &CardName) -> Failure {
    let failure = Failure::new(USAGE, format!("there is no card `{name}` in {bucket}"));
    // The list is only for the remedy.
    let known = bucket.cards().await.unwrap_or_default();
    let names = known.cards.iter().map(|card| card.name.as_str());
    match nearest(name.as_str(), names) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint("`tmpl cards list` shows which there are"),
    }
}

/// A card for programs.
fn json_of(saved: &SavedCard) -> Value {
    let SavedCard { name, number, card, time, submitter } = saved;
    json!({ "name": name, "entry": number, "time": time, "who": submitter.who, "host": submitter.host, "card": card })
}

/// The template, and the first digits of its version.
fn launched(card: &Card) -> String {
    const DIGITS: usize = 12;
    match &card.version {
        Some(version) => {
            let version = version.as_str();
            format!("{}@{}", card.template, version.get(..DIGITS).unwrap_or(version))
        }
        None => card.template.to_string(),
    }
}

async fn delete(context: &Context<'_>, name: &CardName) -> Result<(), Failure> {
    let bucket = context.open_bucket()?;
    if !bucket.delete_card(name, &submitter::submitter()).await? {
        return Err(unknown(&bucket, name).await);
    }
    context.printer.say(&format!("the card {name} is deleted; its jobs go on"));
    if context.printer.is_json() {
        context.printer.json(&json!({ "name": name, "deleted": true }))
    } else {
        Ok(())
    }
}
