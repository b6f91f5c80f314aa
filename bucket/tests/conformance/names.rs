//! Names of active jobs, and launch keys.

use serde_json::{Map, Value, json};
use tmpl_bucket::{BucketError, JobRecord, KeyedLaunch, layout};
use tmpl_template::JobState;

use crate::support::jobs::{self, ended};
use crate::support::stores::Stored;

pub(crate) async fn a_name_has_one_active_job(store: Stored) {
    let (bucket, other) = (&store.bucket, store.again());
    for name in ["nightly".to_owned(), "n".repeat(1024)] {
        let (first, second) = (jobs::job(&name), jobs::job(&name));
        assert_eq!(bucket.job_of_name(&first.name).await.unwrap(), None);
        assert_eq!(bucket.claim_job_name(&first).await.unwrap(), None);
        // It is not accepted yet, and holds the name all the same.
        assert_eq!(other.claim_job_name(&second).await.unwrap().as_ref(), Some(&first.id));
        bucket.accept_job(&first).await.unwrap();
        assert_eq!(bucket.claim_job_name(&first).await.unwrap(), None, "it has the name already");
        assert_eq!(other.claim_job_name(&second).await.unwrap().as_ref(), Some(&first.id));
        assert_eq!(other.job_of_name(&first.name).await.unwrap().as_ref(), Some(&first.id));
        bucket.finish_job(&first, &ended(JobState::Done, "done")).await.unwrap();
        assert_eq!(other.job_of_name(&first.name).await.unwrap(), None);
        assert_eq!(other.claim_job_name(&second).await.unwrap(), None);
        other.accept_job(&second).await.unwrap();
        assert_eq!(bucket.claim_job_name(&jobs::job(&name)).await.unwrap().as_ref(), Some(&second.id));
    }
    // A launcher that is gone holds no name.
    let gone = jobs::with_lease(jobs::job("gone"), 1);
    assert_eq!(bucket.claim_job_name(&gone).await.unwrap(), None);
    bucket.accept_job(&gone).await.unwrap();
    // Some stores tell times by the second.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(other.claim_job_name(&jobs::job("gone")).await.unwrap(), None);
    assert_eq!(other.final_record(&gone.id).await.unwrap().unwrap().state, JobState::Failed);
    let error = bucket.accept_job(&JobRecord { launch_key: None, ..gone }).await.unwrap_err();
    assert!(matches!(error, BucketError::Malformed { .. } | BucketError::Ended { .. }), "{error}");
}

fn asked(parameter: &str) -> Map<String, Value> {
    let asked = json!({ "template": "wordcount", "parameters": { "input": parameter } });
    asked.as_object().unwrap().clone()
}

pub(crate) async fn a_key_has_one_launch(store: Stored) {
    let (bucket, other) = (&store.bucket, store.again());
    let key = "2026-11-21/nightly \u{fc} ?".to_owned() + &"k".repeat(2000);
    let launch = |parameter: &str| {
        let record = JobRecord { launch_key: Some(key.clone()), ..jobs::job("nightly") };
        KeyedLaunch::new(&key, asked(parameter), record)
    };
    let (first, second) = (launch("a"), launch("b"));
    assert_eq!(other.launch_of_key(&key).await.unwrap(), None);
    assert_eq!(bucket.take_launch_key(first.clone()).await.unwrap(), first);
    assert_eq!(other.take_launch_key(second.clone()).await.unwrap(), first);
    assert_eq!(other.launch_of_key(&key).await.unwrap().as_ref(), Some(&first));
    assert_eq!(first.differences(&second.asked), ["parameters.input was `a`, and is `b`"]);
    // Whoever finds it goes on with the same job.
    bucket.accept_job(&first.job).await.unwrap();
    other.accept_job(&first.job).await.unwrap();
    assert_eq!(bucket.objects_below(layout::INDEX).await.unwrap().len(), 1);
    bucket.finish_job(&first.job, &ended(JobState::Done, "done")).await.unwrap();
    other.accept_job(&first.job).await.unwrap();
    bucket.delete_job(&first.job.id, &jobs::somebody("bob")).await.unwrap();
    assert_eq!(other.take_launch_key(second.clone()).await.unwrap(), second, "the key is free again");
}
