//! `tmpl jobs list`.

use serde_json::json;
use tmpl_bucket::{Bucket, JobLine};

use crate::arguments::ListArguments;
use crate::commands::run::tell_end;
use crate::context::Context;
use crate::printer::{Printer, duration, printable};
use crate::report::Failure;

pub(super) async fn run(
    context: &Context<'_>,
    bucket: &Bucket,
    arguments: &ListArguments,
) -> Result<(), Failure> {
    let printer = context.printer;
    let found = bucket.jobs(&arguments.filter(), arguments.limit).await?;
    for warning in &found.warnings {
        printer.warn(&printable(warning));
    }
    print(printer, &found.jobs, arguments.is_filtered())?;
    if let (true, Some(last)) = (found.more, found.jobs.last()) {
        printer.say(&format!("… `--after {}` shows the next ones", last.id));
    }
    for job in found.jobs.iter().filter(|job| job.reconciled) {
        // Nobody else has seen this job's end: whoever wants to know of it is told from here.
        if let (Ok(record), Some(ended)) =
            (bucket.job_record(&job.id).await, bucket.final_record(&job.id).await?)
        {
            tell_end(context, bucket, &record, &ended).await;
        }
    }
    Ok(())
}

fn print(printer: &Printer, jobs: &[JobLine], filtered: bool) -> Result<(), Failure> {
    if printer.is_json() {
        return printer.json(&jobs.iter().map(line_json).collect::<Vec<_>>());
    }
    if jobs.is_empty() {
        printer.say(if filtered { "no job is like that" } else { "no jobs yet: `tmpl run` launches one" });
        return Ok(());
    }
    let width =
        |text: &dyn Fn(&JobLine) -> usize, least: usize| jobs.iter().map(text).max().unwrap_or(0).max(least);
    let templates = width(&|job| job.template.as_str().len(), 8);
    // A name that nobody gave says no more than template and time do.
    let named = jobs.iter().any(|job| given_name(job).is_some());
    let widest = width(&|job| given_name(job).map_or(0, str::len), 4);
    let name = |name: &str| if named { format!("  {name:widest$}") } else { String::new() };
    printer.data(&format!(
        "{:39}  {:templates$}{}  {:10}  {:23}  {:>12}  who",
        "id",
        "template",
        name("name"),
        "state",
        "started",
        "took"
    ))?;
    for job in jobs {
        // Colours have no width; the padding is made beside them.
        let padding = " ".repeat(10_usize.saturating_sub(job.state.word().len()));
        let took = job.took.unwrap_or_else(|| jiff::Timestamp::now().duration_since(job.created()));
        printer.data(&format!(
            "{:39}  {:templates$}{}  {}{padding}  {:23}  {:>12}  {}",
            job.id.as_str(),
            job.template.as_str(),
            name(given_name(job).unwrap_or("")),
            Printer::state(job.state),
            printer.time(job.created()),
            duration(took),
            printable(&job.who),
        ))?;
    }
    Ok(())
}

/// The name that somebody gave the job; nothing where it was made of template and time.
fn given_name(job: &JobLine) -> Option<&str> {
    let made = format!("{}-", job.created().strftime("%Y%m%d-%H%M%S"));
    let random = job.name.rsplit_once(&made).map(|(_, random)| random);
    let is_made =
        random.is_some_and(|random| random.len() == 4 && random.bytes().all(|b| b.is_ascii_hexdigit()));
    (!is_made).then_some(job.name.as_str())
}

fn line_json(job: &JobLine) -> serde_json::Value {
    json!({
        "id": job.id,
        "name": job.name,
        "template": job.template,
        "state": job.state,
        "who": job.who,
        "created": job.created(),
        "tookMs": job.took.map(|took| took.as_millis()),
        "presumedLost": job.presumed_lost,
    })
}
