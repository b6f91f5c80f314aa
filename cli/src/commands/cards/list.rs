//! `tmpl cards list`.

use tmpl_bucket::SavedCard;

use super::{json_of, launched};
use crate::context::Context;
use crate::printer::printable;
use crate::report::Failure;

pub(super) async fn run(context: &Context<'_>, search: &[String]) -> Result<(), Failure> {
    let printer = context.printer;
    let all = context.open_bucket()?.cards().await?;
    for warning in &all.warnings {
        printer.warn(&printable(warning));
    }
    let words: Vec<String> = search.iter().map(|word| word.to_lowercase()).collect();
    let found: Vec<&SavedCard> =
        all.cards.iter().filter(|card| words.iter().all(|word| has(card, word))).collect();
    if printer.is_json() {
        return printer.json(&found.into_iter().map(json_of).collect::<Vec<_>>());
    }
    if found.is_empty() {
        printer.say(if all.cards.is_empty() {
            "no cards yet: `tmpl cards save` makes one"
        } else {
            "no card has these words"
        });
        return Ok(());
    }
    let names = found.iter().map(|card| card.name.as_str().len()).max().unwrap_or(0);
    let templates = found.iter().map(|card| launched(&card.card).len()).max().unwrap_or(0);
    for SavedCard { name, card, .. } in found {
        let owner = card.owner.as_ref().map_or_else(String::new, |owner| format!(" ({owner})"));
        let (name, launched) = (name.as_str(), launched(card));
        let line = format!("{name:names$}  {launched:templates$}  {}{owner}", card.title);
        printer.data(&printable(&line))?;
    }
    Ok(())
}

fn has(saved: &SavedCard, word: &str) -> bool {
    let SavedCard { name, card, .. } = saved;
    let owner = card.owner.as_deref().unwrap_or_default();
    let texts = [name.as_str(), card.title.as_str(), card.template.as_str(), owner];
    texts.into_iter().any(|text| text.to_lowercase().contains(word))
}
