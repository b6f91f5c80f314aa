//! Whether a card can be saved: what every mouth calls that saves one.

use tmpl_bucket::Bucket;
use tmpl_template::{Card, TemplateSpec, hex};

use crate::LaunchError;
use crate::requested_runner::{OwnRunners, RequestedRunner};
use crate::stored_spec::parse;

/// A card that launches can be made of.
#[derive(Clone, Debug)]
pub struct CheckedCard {
    /// The card. Its version, if it has one, is whole: what is published later changes nothing about it.
    pub card: Card,
    /// Its template's spec, as it is now.
    pub spec: TemplateSpec,
}

/// Checks a card against its template, its runner, and the limits of what is kept. Reads the bucket, writes nothing.
pub async fn check_card(
    bucket: &Bucket,
    runners: &OwnRunners,
    mut card: Card,
) -> Result<CheckedCard, LaunchError> {
    card.check()?;
    let stored = bucket.template(&card.reference()).await?;
    if card.version.is_some() {
        card.version = hex(&stored.digest).parse().ok();
    }
    let spec = parse(&card.template, &stored.text)?;
    let asked = card.runner.clone().map_or_else(RequestedRunner::default, RequestedRunner::named);
    let runner = runners.of_launch(bucket, &asked, &spec).await?;
    card.check_values(&spec, runner.engine())?;
    Ok(CheckedCard { card, spec })
}
