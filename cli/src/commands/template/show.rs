//! `tmpl template list` and `show`.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tmpl_bucket::TemplateSummary;
use tmpl_template::{TemplateSpec, sha256_of};

use crate::context::Context;
use crate::printer::{printable, short};
use crate::report::{ENVIRONMENT, Failure};
use crate::template_page;
use crate::template_source::TemplateSource;

pub(super) async fn list(context: &Context<'_>, search: &[String]) -> Result<(), Failure> {
    let printer = context.printer;
    let bucket = context.open_bucket()?;
    let list = bucket.template_list(Some(context.settings.cache()?.directory())).await?;
    for warning in &list.warnings {
        printer.warn(warning);
    }
    let words: Vec<String> = search.iter().map(|word| word.to_lowercase()).collect();
    let found: Vec<&TemplateSummary> =
        list.templates.iter().filter(|template| words.iter().all(|word| has(template, word))).collect();
    if printer.is_json() {
        return printer.json(&found);
    }
    if found.is_empty() {
        printer.say(if list.templates.is_empty() {
            "no templates yet: `tmpl build` publishes one"
        } else {
            "no template has these words"
        });
        return Ok(());
    }
    let width = found.iter().map(|template| template.name.as_str().len()).max().unwrap_or(0);
    for template in found {
        let digest = template.digest.as_ref().map_or("", short);
        let text = match (&template.problem, &template.title) {
            (Some(problem), _) => format!("can't be used: {problem}"),
            (None, title) => {
                let title = title.as_deref().unwrap_or_default();
                let description = template.description.as_deref().unwrap_or_default();
                let first = description.lines().next().unwrap_or_default();
                [title, first].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ")
            }
        };
        let name = template.name.as_str();
        let text = shortened(&text).replace(['\n', '\r'], " ");
        printer.data(format!("{name:width$}  {digest:12}  {}", printable(&text)).trim_end())?;
    }
    Ok(())
}

fn has(template: &TemplateSummary, word: &str) -> bool {
    let texts = [Some(template.name.as_str()), template.title.as_deref(), template.description.as_deref()];
    texts.into_iter().flatten().any(|text| text.to_lowercase().contains(word))
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 100;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

pub(super) async fn show(context: &Context<'_>, template: &TemplateSource) -> Result<(), Failure> {
    let printer = context.printer;
    let loaded = template.load(context).await?;
    let digest = sha256_of(loaded.text.as_bytes());
    let mut facts = vec![("version", digest.to_string())];
    let mut published = Value::Null;
    if loaded.reference.is_some() {
        let log = context.open_bucket()?.versions(&loaded.name).await?;
        if let Some(found) = log.entries.iter().find(|found| found.entry.digest.as_ref() == Some(&digest)) {
            let facts_of = &found.entry.facts;
            let mut text =
                format!("{} by {} on {}", printer.time(found.entry.time), facts_of.who, facts_of.host);
            if let Some(revision) = &facts_of.source_revision {
                let _ = write!(text, ", revision {revision}");
            }
            facts.push(("published", text));
            published = json!(found);
        }
    } else {
        facts.push(("file", template.to_string()));
    }
    let spec = TemplateSpec::parse(&loaded.text).map_err(|error| unusable(template, &error))?;
    if printer.is_json() {
        return printer
            .json(&json!({"name": loaded.name, "digest": digest, "published": published, "spec": spec}));
    }
    template_page::page(&loaded.name, &spec, &facts).iter().try_for_each(|line| printer.data(line))
}

/// A spec that can't be read.
pub(super) fn unusable(template: &TemplateSource, error: &tmpl_template::FormatError) -> Failure {
    let failure = Failure::new(ENVIRONMENT, format!("{template} can't be used")).cause(error.to_string());
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
