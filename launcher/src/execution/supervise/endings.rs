//! A job's end that is asked for: by somebody, or by its launcher since the job can't go on.

use std::time::Instant;

use tmpl_bucket::{DrainRefusal, LogLevel, LogSource, StopMode, StopRequest, WorkerEndRecord};
use tmpl_template::JobState;

use super::super::ExecutionError;
use super::super::draining::drain_there;
use super::super::own::PRISM;
use super::super::submission::Submitted;
use super::super::withdrawal::{CANCEL_LIMIT, CANCEL_RETRY, end_there};
use super::{Asked, Execution, Supervision};
use crate::job_end::Outcome;
use crate::stop::Stop;

impl Supervision<'_> {
    /// Somebody wants the job's end. Gives an outcome only where there is nothing to wait for.
    pub(super) async fn stop(&mut self, reason: Stop, own: bool) -> Option<Outcome> {
        if let Stop::Requested(request) = &reason
            && request.mode == StopMode::Drain
        {
            self.drain(request).await;
            return None;
        }
        if matches!(reason, Stop::LeaseLost) && !own {
            // The job needs nothing of this launcher: whoever has taken it over asks the engine.
            return Some(Outcome::Left);
        }
        if self.asked.is_some() {
            return None;
        }
        let told = self.submitted.engine.cancel(&self.submitted.id).await;
        self.state = JobState::Cancelling;
        self.session.state(JobState::Cancelling).await;
        if let Err(error) = told {
            self.session.message(format!("{}; asking again", tmpl_bucket::causes(&error).join(": "))).await;
        }
        self.asked = Some(Asked { reason, since: Instant::now(), retried: Instant::now() });
        None
    }

    async fn drain(&mut self, request: &StopRequest) {
        let Execution { context, record, .. } = self.execution;
        let Submitted { engine, id, .. } = self.submitted;
        match drain_there(engine, id, &context.bucket, record, request).await {
            None => {
                self.draining = true;
                self.state = JobState::Draining;
                self.session.state(JobState::Draining).await;
            }
            Some(DrainRefusal { reason, .. }) => {
                let who = &request.submitter.who;
                let text = format!("the job can't be drained, as {who} asked, and goes on: {reason}");
                self.session.message(text).await;
            }
        }
    }

    /// Asks again for an end that was asked for, and says when that has been of no use.
    pub(super) async fn insist(&mut self) -> Result<(), ExecutionError> {
        let Some(asked) = &mut self.asked else { return Ok(()) };
        if asked.since.elapsed() > CANCEL_LIMIT {
            let (engine, state) = (self.submitted.engine.kind(), self.native.clone());
            return Err(ExecutionError::StillRunning { engine, state, limit: CANCEL_LIMIT });
        }
        if asked.retried.elapsed() > CANCEL_RETRY {
            asked.retried = Instant::now();
            let _ = self.submitted.engine.cancel(&self.submitted.id).await;
        }
        Ok(())
    }

    /// The job is over for a reason of ours: it must not go on there.
    pub(super) async fn give_up(&mut self) {
        let Submitted { engine, id, .. } = self.submitted;
        if !end_there(engine, id).await {
            let engine = engine.kind();
            let text =
                format!("{engine} has not ended its job {id} within {CANCEL_LIMIT:?}: it may go on there");
            self.session.message(text).await;
        }
    }

    /// A part of ours is gone. An engine of somebody else's must not go on without it; one of ours is gone itself.
    pub(super) async fn own_ended(&mut self, program: String) -> ExecutionError {
        if program != PRISM {
            self.give_up().await;
        }
        ExecutionError::OwnEnded { program }
    }

    pub(super) async fn worker_failed(&mut self, end: WorkerEndRecord) -> ExecutionError {
        for line in &end.tail {
            self.session.line(LogSource::Engine, LogLevel::Error, line.clone()).await;
        }
        self.give_up().await;
        ExecutionError::Worker { worker: end.worker, engine: self.engine() }
    }
}
