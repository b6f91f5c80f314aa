//! `tmpl jobs rerun`: a job's launch once more, with what is changed.

use std::process::ExitCode;

use tmpl_bucket::{Bucket, JobRecord};
use tmpl_launcher::accept::{LaunchRequest, LaunchTemplate, UnpublishedSpec};
use tmpl_template::{FormatError, JobId, RawParameters, TemplateReference};

use crate::arguments::{PlaceArguments, RerunArguments};
use crate::commands::run::{Launching, launch};
use crate::context::Context;
use crate::report::{Failure, USAGE};
use crate::{follow, parameters, submitter};

pub(super) async fn run(
    context: &Context<'_>,
    bucket: &Bucket,
    arguments: &RerunArguments,
) -> Result<ExitCode, Failure> {
    let record = bucket.job_record(&arguments.id).await?;
    let options = &arguments.launch;
    let own_retries = options.retries();
    let parameters = changed(&record.parameters, &parameters::gather(&arguments.parameters)?)?;
    let request = LaunchRequest {
        template: template(bucket, &record, arguments.newest).await?,
        // With other values it may be what the card does not allow.
        card: record.card.clone().filter(|_| parameters == record.parameters),
        parameters,
        environment: record.environment.clone(),
        runner: arguments.runner.requested_again(&record)?,
        job_name: options.job_name.clone(),
        python: options.python.clone().or_else(|| record.python.clone()),
        timeout: options.timeout.or(record.timeout),
        overwrite: options.overwrite,
        launch_key: options.launch_key.clone(),
        retries: if own_retries.limit == 0 { record.retries } else { own_retries },
        lease: context.settings.lease,
        replay_of: replayed(bucket, arguments).await?,
        notify: options
            .notify
            .iter()
            .filter(|target| target.is_web())
            .chain(&record.notify)
            .cloned()
            .collect(),
        submitter: submitter::submitter(),
        // Relative paths mean what they meant.
        working_directory: match &record.working_directory {
            Some(directory) => directory.clone(),
            None => follow::working_directory()?,
        },
    };
    let place = PlaceArguments::of_job(&record.place);
    launch(context, &Launching { options, place: &place }, bucket, request).await
}

/// The job whose graph is run again, where that is what is wanted.
async fn replayed(bucket: &Bucket, arguments: &RerunArguments) -> Result<Option<JobId>, Failure> {
    let id = &arguments.id;
    if !arguments.replay {
        return Ok(None);
    }
    if bucket.pipeline(id).await?.is_none() {
        return Err(Failure::new(USAGE, format!("job {id} has no graph that could be replayed"))
            .hint("only jobs on engines have one; without --replay the program builds it anew"));
    }
    Ok(Some(id.clone()))
}

/// The version that the job had, unless the newest is wanted.
async fn template(bucket: &Bucket, record: &JobRecord, newest: bool) -> Result<LaunchTemplate, Failure> {
    let name = record.template.name.clone();
    let Some(origin) = &record.template.origin else {
        let version = if newest { None } else { record.template.digest.digest().parse().ok() };
        return Ok(LaunchTemplate::Published(TemplateReference { name, version }));
    };
    if newest {
        return Err(Failure::new(
            USAGE,
            format!("--newest: the template was not published but read from {origin}"),
        )
        .hint("launch the spec anew with `tmpl run`"));
    }
    let text = bucket.blob_bytes(&record.template.digest, FormatError::LONGEST_TEXT as u64).await?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(LaunchTemplate::Unpublished(UnpublishedSpec { name, text, origin: origin.clone(), layers: None }))
}

/// The parameters of then, and those of now in their place.
fn changed(before: &RawParameters, now: &RawParameters) -> Result<RawParameters, Failure> {
    let mut all = RawParameters::default();
    let kept = before.iter().filter(|(name, _)| !now.iter().any(|(given, _)| given == *name));
    for (name, value) in kept.chain(now.iter()) {
        all.insert(name, value).map_err(|error| Failure::new(USAGE, error.to_string()))?;
    }
    Ok(all)
}
