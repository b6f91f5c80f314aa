//! The program builds its graph: it runs against our Job service, submits its pipeline there, and ends.

use std::path::PathBuf;

use tmpl_beam::environment::is_own;
use tmpl_beam::job_service::{Captured, JobService, Stage};
use tmpl_beam::wire;
use tmpl_bucket::ExitStatus;
use tmpl_template::{JobState, Phase};
use tokio::sync::mpsc::Receiver;

use super::captured::{self, Kept};
use super::{Execution, ExecutionError, limits};
use crate::LaunchError;
use crate::guarded_program::GuardedProgram;
use crate::job_end::Outcome;
use crate::launch::{GRACE, prepare};
use crate::runner::Capture;
use crate::session::Session;
use crate::stop::Stop;

/// How graph building went.
pub(super) enum Built {
    /// The graph is kept with the job.
    Kept(Kept),
    /// The program ended in a way that ends the job.
    Ended(Outcome),
}

pub(super) async fn build(
    execution: &Execution<'_>,
    session: &mut Session,
    stopped: &mut Receiver<Stop>,
) -> Result<Built, LaunchError> {
    let Execution { context, record, attempt, .. } = execution;
    let folder = tempfile::tempdir().map_err(unusable)?;
    let service = JobService::start(folder.path().to_owned()).await.map_err(unusable)?;
    let runner = Capture { job_service: service.endpoint(), engine: execution.profile.engine };
    let prepared = tokio::select! {
        biased;
        Some(reason) = stopped.recv() => return Ok(Built::Ended(Outcome::Stopped(reason, None))),
        prepared = prepare(context, record, *attempt, &runner) => prepared?,
    };
    prepared.announce(session).await;
    session.keep_secret(prepared.secrets);
    session.message("the program builds its graph".to_owned()).await;
    let mut program = GuardedProgram::start(&context.executable, prepared.invocation, GRACE, session).await?;
    let ended = tokio::select! {
        biased;
        status = program.end() => status?,
        Some(reason) = stopped.recv() => {
            program.stop(GRACE).await;
            session.state(JobState::Cancelling).await;
            return Ok(Built::Ended(Outcome::Stopped(reason, program.end().await.ok())));
        }
        error = limits::over(record, Phase::Graph) => {
            program.stop(GRACE).await;
            let _ = program.end().await;
            return Err(error.into());
        }
    };
    let Submitted::Pipeline(submitted) = submitted(&service, ended)? else {
        return Ok(Built::Ended(Outcome::Ended(ended)));
    };
    drop(service);
    if ended != ExitStatus::Code(0) {
        // It was told that its pipeline is done, as it must be to end; what it then wants to read is not there yet.
        session
            .message(
                "the program failed after it had submitted its pipeline: on an engine, what comes after the pipeline in the \
                 program runs before the pipeline does (TMPL_RUNNER tells the program); the job goes on"
                    .to_owned(),
            )
            .await;
    }
    // What the template's own layers have, every worker has.
    let submitted = without_own_files(submitted, &prepared.own_files);
    let kept = captured::keep(execution, submitted, prepared.results_required, session).await?;
    kept.compare(execution, session).await;
    Ok(Built::Kept(kept))
}

/// What a program that has ended submitted.
pub(super) enum Submitted {
    /// A pipeline.
    Pipeline(Captured),
    /// Nothing: the program failed before that, and its end says why.
    Nothing,
}

/// Judges what a program that has ended submitted.
pub(super) fn submitted(service: &JobService, ended: ExitStatus) -> Result<Submitted, ExecutionError> {
    if service.has_second() {
        return Err(ExecutionError::SecondPipeline);
    }
    if let Some(reason) = service.failure() {
        return Err(ExecutionError::Unusable { reason });
    }
    match service.captured() {
        Some(captured) => Ok(Submitted::Pipeline(captured)),
        None if ended != ExitStatus::Code(0) => Ok(Submitted::Nothing),
        None => Err(ExecutionError::NothingSubmitted { hint: why_nothing(service.stage()) }),
    }
}

fn unusable(error: impl std::fmt::Display) -> LaunchError {
    ExecutionError::Unusable { reason: error.to_string() }.into()
}

fn why_nothing(stage: Stage) -> String {
    match stage {
        Stage::Nothing => "the program must run its pipeline with the options it is given: look whether it sets the runner itself \
                           (`runner=…`), or never runs its pipeline"
            .to_owned(),
        Stage::Prepared | Stage::Submitted => {
            "it handed a pipeline over and ended before it asked for the run; its log may say why".to_owned()
        }
    }
}

/// The files of a Java or Go program itself are submitted too, as what its workers need. A worker of ours has them already.
fn without_own_files(mut submitted: Captured, own: &[PathBuf]) -> Captured {
    let sizes: Vec<u64> = own.iter().filter_map(|path| Some(fs_err::metadata(path).ok()?.len())).collect();
    let is_ours = |environment: &str| {
        let environments = wire::environments(&submitted.pipeline).unwrap_or_default();
        environments.iter().any(|(id, found)| id == environment && is_own(found))
    };
    let same = |path: &PathBuf, of: &PathBuf| {
        fs_err::read(path).ok().zip(fs_err::read(of).ok()).is_some_and(|(one, other)| one == other)
    };
    let kept = submitted
        .artifacts
        .iter()
        .filter(|artifact| {
            !(sizes.contains(&artifact.size)
                && is_ours(&artifact.environment)
                && own.iter().any(|file| same(&artifact.path, file)))
        })
        .cloned()
        .collect();
    submitted.artifacts = kept;
    submitted
}
