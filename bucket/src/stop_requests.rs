//! Requests to end a job: to cancel it, which holds, and to drain it, which its engine may refuse.

use tmpl_template::JobId;

use crate::store::Created;
use crate::{Bucket, BucketError, DrainAnswer, DrainRefusal, StopMode, StopRequest, layout};

/// A request to drain a job, and what came of it so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainStanding {
    /// The request.
    pub request: StopRequest,
    /// What the engine said; nothing where it was not asked yet.
    pub answer: Option<DrainAnswer>,
}

impl DrainStanding {
    /// Why the job goes on as before, where it does.
    pub fn refusal(&self) -> Option<&DrainRefusal> {
        self.answer.as_ref()?.refusal.as_ref()
    }

    /// The request, unless it was refused.
    pub fn request_that_stands(&self) -> Option<&StopRequest> {
        self.refusal().is_none().then_some(&self.request)
    }
}

impl Bucket {
    /// Asks for a job to end. A second request changes nothing: the first holds, unless it was one to drain and was refused.
    pub async fn request_stop(&self, id: &JobId, request: &StopRequest) -> Result<(), BucketError> {
        if let Some(ended) = self.job_summary(id).await?.ended {
            return Err(BucketError::Ended { id: id.clone(), state: ended.state.word() });
        }
        let object = match request.mode {
            StopMode::Cancel => layout::stop(id),
            StopMode::Drain => layout::drain(id),
        };
        if self.store.create_json(&object, request).await? == Created::Existed
            && request.mode == StopMode::Drain
            && self.drain_standing(id).await?.is_some_and(|standing| standing.request_that_stands().is_none())
        {
            self.store.overwrite(&object, self.store.json(&object, request)?).await?;
        }
        Ok(())
    }

    /// The request to cancel a job, where there was one.
    pub async fn stop_request(&self, id: &JobId) -> Result<Option<StopRequest>, BucketError> {
        self.store.get_json(&layout::stop(id)).await
    }

    /// The request to drain a job, where there was one that was not refused.
    pub async fn drain_request(&self, id: &JobId) -> Result<Option<StopRequest>, BucketError> {
        Ok(self.drain_standing(id).await?.and_then(|standing| standing.request_that_stands().cloned()))
    }

    /// The request to drain a job, where there was one, and its answer.
    pub async fn drain_standing(&self, id: &JobId) -> Result<Option<DrainStanding>, BucketError> {
        let Some(request) = self.store.get_json::<StopRequest>(&layout::drain(id)).await? else {
            return Ok(None);
        };
        let answer: Option<DrainAnswer> = self.store.get_json(&layout::drain_answer(id)).await?;
        Ok(Some(DrainStanding { answer: answer.filter(|answer| answer.request == request.time), request }))
    }

    /// Writes what came of a request to drain. The first answer to a request holds.
    pub async fn answer_drain(&self, id: &JobId, answer: &DrainAnswer) -> Result<(), BucketError> {
        let object = layout::drain_answer(id);
        if self.store.create_json(&object, answer).await? == Created::Existed {
            let before: Option<DrainAnswer> = self.store.get_json(&object).await?;
            if before.is_none_or(|before| before.request != answer.request) {
                self.store.overwrite(&object, self.store.json(&object, answer)?).await?;
            }
        }
        Ok(())
    }
}
