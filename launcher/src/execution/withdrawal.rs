//! A job that must not run on its engine, or of which nobody knows whether it does: the engine is asked, and not believed before it says so.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::Execution;
use super::engine::Engine;
use super::submission::engine_name;

/// How long an engine that did not answer a submission is asked whether it took the job: its program may still be building the graph.
const FATE_LIMIT: Duration = Duration::from_secs(20);
/// How long a job that nobody waits for any more may take to appear.
const LATE: Duration = Duration::from_secs(5);
/// How long an engine may take to cancel a job.
pub(super) const CANCEL_LIMIT: Duration = Duration::from_mins(1);
/// How often it is asked to.
pub(super) const CANCEL_RETRY: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(200);

/// What became of a submission that was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The engine has the job, by this id.
    Accepted(String),
    /// The engine answers, and has no such job.
    Nothing,
    /// The engine does not answer.
    Unknown,
}

/// Asks an engine that did not answer a submission whether it has the job.
pub(super) async fn fate(engine: &Engine, execution: &Execution<'_>) -> Fate {
    let (begun, mut fate) = (Instant::now(), Fate::Unknown);
    while begun.elapsed() < FATE_LIMIT {
        fate = match timeout(FATE_LIMIT, find(engine, execution)).await {
            Ok(Ok(Some(id))) => return Fate::Accepted(id),
            Ok(Ok(None)) => Fate::Nothing,
            _ => Fate::Unknown,
        };
        sleep(POLL * 5).await;
    }
    fate
}

/// Ends a job that was being submitted when somebody wanted its end.
pub(super) async fn withdraw(engine: &Engine, execution: &Execution<'_>) {
    let search = async {
        loop {
            if let Ok(Some(id)) = find(engine, execution).await {
                return id;
            }
            sleep(POLL).await;
        }
    };
    if let Ok(id) = timeout(LATE, search).await {
        end_there(engine, &id).await;
    }
}

/// Cancels a job until the engine says that it has ended, or knows it no longer. False where it still has not.
pub(super) async fn end_there(engine: &Engine, id: &str) -> bool {
    let (begun, mut asked) = (Instant::now(), None::<Instant>);
    while begun.elapsed() < CANCEL_LIMIT {
        if asked.is_none_or(|asked| asked.elapsed() > CANCEL_RETRY) {
            let _ = engine.cancel(id).await;
            asked = Some(Instant::now());
        }
        match engine.state(id).await {
            Ok(now) if now.state.is_some_and(tmpl_template::JobState::is_terminal) => return true,
            Err(error) if error.is_forgotten() => return true,
            _ => sleep(POLL).await,
        }
    }
    false
}

/// The engine's id of the attempt, if it runs there. A Prism lists what was prepared and never run too.
async fn find(engine: &Engine, execution: &Execution<'_>) -> Result<Option<String>, super::ExecutionError> {
    let name = engine_name(execution);
    let Some(id) = engine.find(execution.record, execution.attempt, &name).await? else { return Ok(None) };
    Ok(if engine.state(&id).await?.native == "STOPPED" { None } else { Some(id) })
}
