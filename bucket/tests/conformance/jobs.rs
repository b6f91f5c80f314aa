//! A job's life: accepted, attempted, watched, ended, deleted.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tmpl_bucket::{
    BucketError, DrainAnswer, DrainRefusal, EventKind, JobFilter, StopMode, StopRequest, layout,
};
use tmpl_template::JobState;

use crate::support::jobs::{self, attempt, ended, somebody, state};
use crate::support::stores::Stored;

pub(crate) async fn a_job_is_accepted_attempted_and_ended_once(store: Stored) {
    let (bucket, record) = (&store.bucket, jobs::job("wordcount-1"));
    let (id, other) = (&record.id, store.again());
    let error = other.job_summary(id).await.unwrap_err();
    assert!(matches!(error, BucketError::NoSuchJob { .. }), "{error}");
    bucket.accept_job(&record).await.unwrap();
    assert_eq!(other.job_record(id).await.unwrap(), record);
    assert_eq!(other.job_summary(id).await.unwrap().state, JobState::Queued);
    let mut same_id = record.clone();
    same_id.name = "other".parse().unwrap();
    let error = bucket.accept_job(&same_id).await.unwrap_err();
    assert!(error.to_string().contains("another job has this id already"), "{error}");

    let attempts = [attempt(1), attempt(2)];
    assert!(bucket.take_attempt(id, 1, &attempts[0]).await.unwrap());
    assert!(!other.take_attempt(id, 1, &attempts[1]).await.unwrap());
    bucket.renew_lease(id, 1).await.unwrap();
    bucket.renew_lease(id, 1).await.unwrap();
    for (sequence, reached) in [(0, JobState::Pending), (1, JobState::Running)] {
        bucket.record_event(id, 1, sequence, &state(reached)).await.unwrap();
    }
    assert_eq!(other.job_summary(id).await.unwrap().state, JobState::Running);
    assert_eq!(other.events_from(id, 1, 1).await.unwrap().len(), 1);
    assert!(bucket.take_attempt(id, 2, &attempts[1]).await.unwrap());
    bucket.renew_lease(id, 2).await.unwrap();
    bucket.record_event(id, 2, 0, &state(JobState::Pending)).await.unwrap();
    assert_eq!(other.job_summary(id).await.unwrap().attempt, Some(2));

    let done = ended(JobState::Done, "done");
    assert_eq!(bucket.finish_job(&record, &done).await.unwrap(), done);
    let late = ended(JobState::Failed, "too late");
    assert_eq!(other.finish_job(&record, &late).await.unwrap(), done);
    let view = other.job_view(id).await.unwrap();
    assert_eq!(view.summary.state, JobState::Done);
    assert_eq!(view.attempts, attempts);
    let states: Vec<EventKind> = view.events.into_iter().map(|event| event.kind).collect();
    assert_eq!(states, [JobState::Pending, JobState::Running, JobState::Pending].map(EventKind::State));
}

pub(crate) async fn a_job_is_stopped_once(store: Stored) {
    let bucket = &store.bucket;
    let record = jobs::begun(bucket, &jobs::job("wordcount-1")).await;
    let request = |who: &str| StopRequest {
        time: Timestamp::now(),
        submitter: somebody(who),
        mode: StopMode::Cancel,
        signal: None,
    };
    assert_eq!(bucket.stop_request(&record.id).await.unwrap(), None);
    for who in ["bob", "eve"] {
        store.again().request_stop(&record.id, &request(who)).await.unwrap();
        assert_eq!(bucket.stop_request(&record.id).await.unwrap().unwrap().submitter.who, "bob");
    }
    bucket.finish_job(&record, &ended(JobState::Cancelled, "cancelled by bob")).await.unwrap();
    let error = bucket.request_stop(&record.id, &request("bob")).await.unwrap_err();
    assert_eq!(error.to_string(), format!("job {} has already ended: cancelled", record.id));
}

pub(crate) async fn a_drain_that_was_refused_may_be_asked_for_again(store: Stored) {
    let (bucket, other) = (&store.bucket, store.again());
    let id = jobs::begun(bucket, &jobs::job("wordcount-1")).await.id;
    let time = Timestamp::now();
    let request = |who: &str, seconds: i64| StopRequest {
        time: time + SignedDuration::from_secs(seconds),
        submitter: somebody(who),
        mode: StopMode::Drain,
        signal: None,
    };
    let refused = DrainRefusal { reason: "no savepoints".to_owned(), hint: None };
    let answer = |request: &StopRequest, refusal: Option<&DrainRefusal>| DrainAnswer {
        request: request.time,
        time,
        refusal: refusal.cloned(),
    };
    let (bobs, eves, anns) = (request("bob", 0), request("eve", 1), request("ann", 2));
    for one in [&bobs, &eves] {
        bucket.request_stop(&id, one).await.unwrap();
        assert_eq!(other.drain_request(&id).await.unwrap().as_ref(), Some(&bobs), "the first holds");
    }
    bucket.answer_drain(&id, &answer(&bobs, Some(&refused))).await.unwrap();
    other.answer_drain(&id, &answer(&bobs, None)).await.unwrap();
    let standing = other.drain_standing(&id).await.unwrap().unwrap();
    assert_eq!((&standing.request, standing.refusal()), (&bobs, Some(&refused)), "the first answer holds");
    assert_eq!(other.drain_request(&id).await.unwrap(), None);
    assert_eq!(other.stop_request(&id).await.unwrap(), None);

    other.request_stop(&id, &anns).await.unwrap();
    let standing = bucket.drain_standing(&id).await.unwrap().unwrap();
    assert_eq!((standing.request, standing.answer), (anns.clone(), None));
    bucket.answer_drain(&id, &answer(&anns, None)).await.unwrap();
    bucket.request_stop(&id, &eves).await.unwrap();
    assert_eq!(other.drain_request(&id).await.unwrap(), Some(anns));
}

pub(crate) async fn the_first_graph_stays_and_the_newest_figures_hold(store: Stored) {
    let bucket = &store.bucket;
    let id = jobs::begun(bucket, &jobs::job("wordcount-1")).await.id;
    assert_eq!(bucket.pipeline(&id).await.unwrap(), None);
    assert_eq!(bucket.options(&id).await.unwrap(), None);
    assert_eq!(bucket.metrics(&id, 1).await.unwrap(), None);

    for (graph, kept) in
        [("graph", true), ("graph", true), ("grape", false), ("a larger one", false), ("", false)]
    {
        assert_eq!(store.again().keep_pipeline(&id, graph).await.unwrap(), kept, "{graph}");
        assert_eq!(bucket.pipeline(&id).await.unwrap().unwrap(), "graph");
    }
    let options = json!({ "beam:option:job_name:v1": "words" });
    assert!(bucket.keep_options(&id, &options).await.unwrap());
    assert!(!bucket.keep_options(&id, &json!({})).await.unwrap());
    assert_eq!(store.again().options(&id).await.unwrap(), Some(options));

    for count in 0..3 {
        bucket.write_metrics(&id, 1, &json!({ "count": count })).await.unwrap();
        assert_eq!(store.again().metrics(&id, 1).await.unwrap(), Some(json!({ "count": count })));
    }
    assert_eq!(bucket.metrics(&id, 2).await.unwrap(), None);
    bucket.write_object(&layout::metrics(&id, 1), "{").await.unwrap();
    let error = bucket.metrics(&id, 1).await.unwrap_err();
    assert!(matches!(error, BucketError::Malformed { .. }), "{error}");
}

pub(crate) async fn a_job_is_deleted(store: Stored) {
    let (bucket, bob) = (&store.bucket, somebody("bob"));
    let record = jobs::begun(bucket, &jobs::job("wordcount-1")).await;
    let kept = jobs::begun(bucket, &jobs::job("kept")).await;
    let error = bucket.delete_job(&record.id, &bob).await.unwrap_err();
    assert!(matches!(error, BucketError::NotEnded { .. }), "{error}");
    bucket.write_object(&format!("{}/deep/file", layout::temporary(&record.id)), "x").await.unwrap();
    bucket.write_object(&format!("{}/model", layout::artifacts(&record.id)), "x").await.unwrap();
    bucket.keep_pipeline(&record.id, "graph").await.unwrap();
    bucket.keep_options(&record.id, &json!({})).await.unwrap();
    bucket.write_metrics(&record.id, 1, &json!({})).await.unwrap();
    bucket.finish_job(&record, &ended(JobState::Done, "done")).await.unwrap();
    bucket.delete_job(&record.id, &bob).await.unwrap();
    for folder in [layout::job(&record.id), layout::temporary(&record.id)] {
        assert_eq!(bucket.objects_below(&folder).await.unwrap(), [""; 0]);
    }
    let error = store.again().delete_job(&record.id, &bob).await.unwrap_err();
    assert!(matches!(error, BucketError::NoSuchJob { .. }), "{error}");
    let listed = store.again().jobs(&JobFilter::default(), 10).await.unwrap();
    assert_eq!(listed.jobs.iter().map(|line| &line.id).collect::<Vec<_>>(), [&kept.id]);
    // That it was is known, and who deleted it.
    let audit = bucket.objects_below(layout::AUDIT).await.unwrap();
    assert_eq!(audit.len(), 1, "{audit:?}");
    let text = bucket.read_object(&audit[0]).await.unwrap().unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(text.contains("\"bob\"") && text.contains(record.id.as_str()), "{text}");
}
