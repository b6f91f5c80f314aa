//! `tmpl run --card`: what a card says, and what was given for what it leaves open.

use tmpl_launcher::LaunchError;
use tmpl_launcher::accept::LaunchTemplate;
use tmpl_launcher::requested_runner::RequestedRunner;
use tmpl_template::{CardName, RawParameters, TemplateSpec};

use super::Launched;
use crate::commands::cards;
use crate::context::Context;
use crate::printer::printable;
use crate::report::{Failure, USAGE};

/// The launch of a card. A value that it fixes and that is given all the same is refused.
pub(super) async fn launched(
    context: &Context<'_>,
    name: &CardName,
    entered: &RawParameters,
    mut runner: RequestedRunner,
) -> Result<Launched, Failure> {
    let bucket = context.open_bucket()?;
    let card = cards::find(&bucket, name).await?.card;
    if let Some(own) = &card.runner {
        if runner.name.as_ref().is_some_and(|asked| asked != own) {
            return Err(Failure::new(USAGE, format!("the card `{name}` runs on `{own}`"))
                .hint("leave out --runner, or launch the template itself"));
        }
        runner.name = Some(own.clone());
    }
    let reference = card.reference();
    let stored = bucket.template(&reference).await?;
    // A spec that can't be read is told of when the launch is checked.
    let metadata = TemplateSpec::parse(&stored.text).ok().and_then(|spec| spec.metadata);
    let parameters = card.parameters(entered, metadata.as_ref()).map_err(LaunchError::from)?;
    context.printer.say(&printable(&format!("card {name}: {}", card.title)));
    Ok(Launched { bucket, template: LaunchTemplate::Published(reference), parameters, runner })
}
