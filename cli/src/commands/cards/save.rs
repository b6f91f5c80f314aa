//! `tmpl cards save`.

use serde_json::json;
use tmpl_bucket::{Bucket, BucketErrorKind, layout};
use tmpl_launcher::card_check::check_card;
use tmpl_template::{
    Card, CardName, CardValue, JobId, NameError, TemplateReference, TemplateSpec, ValueAccess, Who,
};

use crate::arguments::{CardVersion, SaveCardArguments};
use crate::context::Context;
use crate::report::{Failure, USAGE};
use crate::{document_file, submitter};

/// What a file with a card holds.
const KEYS: &str =
    "the keys are title, template, version, values (of each: value, access), runner, owner, mayRun and notes";

pub(super) async fn run(context: &Context<'_>, arguments: &SaveCardArguments) -> Result<(), Failure> {
    let name = &arguments.name;
    let file = arguments.file.as_deref().map(|file| document_file::read::<Card>(file, KEYS)).transpose()?;
    let bucket = context.open_bucket()?;
    let (entry, changed) = save(context, &bucket, arguments, file).await?;
    let printer = context.printer;
    printer.say(&if changed {
        format!("the card {name} is saved (entry {entry})")
    } else {
        format!("the card {name} is so already (entry {entry})")
    });
    if printer.is_json() {
        return printer.json(&json!({ "name": name, "entry": entry, "changed": changed }));
    }
    printer.data(&bucket.place_of(&layout::card_entry(name, entry)))
}

/// The number of the entry that holds, and whether it is new.
async fn save(
    context: &Context<'_>,
    bucket: &Bucket,
    arguments: &SaveCardArguments,
    file: Option<Card>,
) -> Result<(u64, bool), Failure> {
    let name = &arguments.name;
    loop {
        let newest = bucket.newest_card_entry(name).await?.unwrap_or(0);
        let before = match bucket.card(name).await {
            Ok(before) => before.map(|saved| saved.card),
            // Where a file says all of it, what is there need not even be readable.
            Err(error) if file.is_some() && error.kind() == BucketErrorKind::Damaged => None,
            Err(error) => return Err(error.into()),
        };
        let card = match (&file, &arguments.from_job) {
            (Some(card), _) => Some(card.clone()),
            (None, Some(id)) => Some(of_job(bucket, id, before.clone()).await?),
            (None, None) => before.clone(),
        };
        let card = match card {
            Some(card) => changed(card, arguments)?,
            None => changed(new(name, arguments)?, arguments)?,
        };
        let card = check_card(bucket, &context.settings.runners, card).await?.card;
        if before.as_ref() == Some(&card) {
            return Ok((newest, false));
        }
        if bucket.save_card(name, newest, &card, &submitter::submitter()).await? {
            return Ok((newest + 1, true));
        }
    }
}

/// A card that says nothing yet but what it launches.
fn new(name: &CardName, arguments: &SaveCardArguments) -> Result<Card, Failure> {
    let Some(template) = arguments.template.clone() else {
        return Err(Failure::new(USAGE, format!("there is no card `{name}` yet"))
            .hint("say what a new one launches: --template NAME, --from-job ID or --file FILE"));
    };
    Ok(Card::new(String::new(), template))
}

/// A card that launches what a job was; in all else it is what it was.
async fn of_job(bucket: &Bucket, id: &JobId, before: Option<Card>) -> Result<Card, Failure> {
    let record = bucket.job_record(id).await?;
    let template = record.template.name.clone();
    if let Some(origin) = &record.template.origin {
        return Err(Failure::new(
            USAGE,
            format!("--from-job: the template of job {id} was not published but read from {origin}"),
        )
        .hint("publish it with `tmpl build`, and launch that"));
    }
    let runner = match &record.profile {
        Some(_) => {
            let name: Result<_, NameError> = record.runner.parse();
            Some(name.map_err(|error| Failure::new(USAGE, error.to_string()))?)
        }
        None => None,
    };
    let editable = |(name, value): (&str, &str)| {
        let value = CardValue { value: Some(value.to_owned()), access: ValueAccess::Editable };
        (name.to_owned(), value)
    };
    let values = record.parameters.iter().map(editable).collect();
    let before = if let Some(before) = before {
        before
    } else {
        let title = title_of(bucket, &template.clone().into()).await;
        Card::new(title.unwrap_or_else(|| template.to_string()), template.clone())
    };
    Ok(Card { template, version: None, values, runner, ..before })
}

/// What people call a template. Whether it is there at all is found out later.
async fn title_of(bucket: &Bucket, template: &TemplateReference) -> Option<String> {
    let spec = TemplateSpec::parse(&bucket.template(template).await.ok()?.text).ok()?;
    Some(spec.metadata?.name).filter(|name| !name.is_empty())
}

/// The card with what the flags say.
fn changed(mut card: Card, arguments: &SaveCardArguments) -> Result<Card, Failure> {
    if let Some(title) = &arguments.title {
        card.title.clone_from(title);
    }
    if let Some(template) = &arguments.template {
        if card.template != *template {
            // That of another template is none of this one.
            card.version = None;
        }
        card.template = template.clone();
    }
    match &arguments.version {
        Some(CardVersion::Newest) => card.version = None,
        Some(CardVersion::Pinned(version)) => card.version = Some(version.clone()),
        None => {}
    }
    if let Some(runner) = &arguments.runner {
        let parsed = said(runner).map(str::parse).transpose();
        card.runner = parsed.map_err(|error: NameError| Failure::new(USAGE, format!("--runner: {error}")))?;
    }
    for (text, kept) in [(&arguments.owner, &mut card.owner), (&arguments.notes, &mut card.notes)] {
        if let Some(text) = text {
            *kept = said(text).map(str::to_owned);
        }
    }
    if !arguments.may_run.is_empty() {
        let who = arguments.may_run.iter().filter_map(|who| said(who)).map(str::parse::<Who>);
        let who: Result<Vec<Who>, _> = who.collect();
        card.may_run = who.map_err(|error| Failure::new(USAGE, format!("--may-run: {error}")))?;
    }
    change_values(&mut card, arguments)?;
    Ok(card)
}

fn change_values(card: &mut Card, arguments: &SaveCardArguments) -> Result<(), Failure> {
    let nothing = || CardValue { value: None, access: ValueAccess::Editable };
    for name in &arguments.remove {
        if card.values.remove(name).is_none() {
            return Err(no_value("--remove", name));
        }
    }
    for (name, value) in &arguments.value {
        card.values.entry(name.clone()).or_insert_with(nothing).value = Some(value.clone());
    }
    for (given, access) in [(&arguments.lock, ValueAccess::Locked), (&arguments.hide, ValueAccess::Hidden)] {
        for (name, value) in given {
            let kept = card.values.entry(name.clone()).or_insert_with(nothing);
            kept.access = access;
            if value.is_some() {
                kept.value.clone_from(value);
            }
        }
    }
    for name in &arguments.unlock {
        let kept = card.values.get_mut(name).ok_or_else(|| no_value("--unlock", name))?;
        kept.access = ValueAccess::Editable;
    }
    // What is open and has no value says nothing.
    card.values.retain(|_, value| value.value.is_some() || value.access.is_fixed());
    Ok(())
}

fn no_value(flag: &str, name: &str) -> Failure {
    Failure::new(USAGE, format!("{flag} {name}: the card says nothing of this parameter"))
        .hint("`tmpl cards show` shows what it says")
}

/// A text, unless it is empty.
fn said(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
