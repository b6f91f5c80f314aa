//! `tmpl runners check`.

use serde_json::json;
use tmpl_launcher::requested_runner::RequestedRunner;
use tmpl_launcher::runner_check::{self, CheckStep, StepOutcome};

use crate::arguments::CheckRunnerArguments;
use crate::context::Context;
use crate::printer::printable;
use crate::report::Failure;

pub(super) async fn run(context: &Context<'_>, arguments: &CheckRunnerArguments) -> Result<(), Failure> {
    let printer = context.printer;
    let bucket = if context.names_a_bucket() { Some(context.open_bucket()?) } else { None };
    let asked = RequestedRunner { said: arguments.said(), ..RequestedRunner::named(arguments.name.clone()) };
    let runner = context.settings.runners.resolve(bucket.as_ref(), &asked, None).await?;
    let steps = runner_check::check(&runner, bucket.as_ref()).await;
    if printer.is_json() {
        printer.json(&json!({ "runner": runner.name, "engine": runner.engine(), "steps": steps }))?;
    } else {
        for CheckStep { step, outcome, found, .. } in &steps {
            let outcome = match outcome {
                StepOutcome::Ok => "ok     ",
                StepOutcome::Skipped => "skipped",
                StepOutcome::Refused | StepOutcome::Unreachable => "FAILED ",
            };
            printer.data(&printable(&format!("{step:12}  {outcome}  {found}")))?;
        }
    }
    let failed: Vec<&CheckStep> = steps.iter().filter(|step| step.failed()).collect();
    let Some(first) = failed.first() else { return Ok(()) };
    let names: Vec<&str> = failed.iter().map(|step| step.step).collect();
    let message = format!("a launch on `{}` would fail: {}", runner.name, names.join(", "));
    let failure = Failure::new(runner_check::exit_code(&steps), message);
    Err(match &first.remedy {
        Some(remedy) => failure.hint(remedy.clone()),
        None => failure,
    })
}
