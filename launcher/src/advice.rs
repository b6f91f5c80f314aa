//! What the author of a template says about its jobs that stopped half-way.

use tmpl_bucket::{Bucket, EventKind, FinalRecord, JobRecord};
use tmpl_template::JobState;

use crate::stored_spec::{parse, text};

/// What to do about a job that stopped half-way, in its template's own words (`tmpl.ifItFails`). Nothing where it ended well, or never
/// began to do something: then there is nothing to mend.
pub async fn advice(bucket: &Bucket, record: &JobRecord, ended: &FinalRecord) -> Option<String> {
    if !matches!(ended.state, JobState::Failed | JobState::Cancelled) {
        return None;
    }
    // What can't be read now is no reason not to say how the job ended.
    let spec = parse(&record.template.name, &text(bucket, &record.template).await.ok()?).ok()?;
    let advice = spec.metadata?.if_it_fails()?.to_owned();
    let events = bucket.events(&record.id).await.ok()?;
    let ran = events.iter().any(|event| event.kind == EventKind::State(JobState::Running));
    ran.then_some(advice)
}
