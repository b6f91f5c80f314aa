//! Runners that people share: numbered, and nobody's change is lost.

use serde_json::json;
use tmpl_bucket::layout;
use tmpl_template::{RunnerName, RunnerProfile};

use crate::support::jobs::somebody;
use crate::support::stores::Stored;

fn profile(endpoint: &str) -> RunnerProfile {
    serde_json::from_value(json!({ "engine": "flink", "endpoint": endpoint, "token": "env:T" })).unwrap()
}

fn name(name: &str) -> RunnerName {
    name.parse().unwrap()
}

pub(crate) async fn runners_are_saved_listed_and_deleted(store: Stored) {
    let (bucket, other) = (&store.bucket, store.again());
    let (ann, ben) = (somebody("ann"), somebody("ben"));
    let prod = name("prod-flink");
    assert_eq!(bucket.shared_runner(&prod).await.unwrap(), None);
    assert!(!bucket.delete_runner(&prod, &ann).await.unwrap());
    assert!(bucket.save_runner(&prod, 0, &profile("http://a"), &ann).await.unwrap());
    assert!(bucket.save_runner(&name("a"), 0, &profile("http://b"), &ann).await.unwrap());
    assert!(other.save_runner(&prod, 1, &profile("http://c"), &ben).await.unwrap());
    let found = other.shared_runner(&prod).await.unwrap().unwrap();
    assert_eq!((found.number, found.profile, found.submitter), (2, profile("http://c"), ben.clone()));
    let names = |runners: &tmpl_bucket::SharedRunners| {
        runners.runners.iter().map(|runner| runner.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&bucket.shared_runners().await.unwrap()), ["a", "prod-flink"]);
    assert!(other.delete_runner(&prod, &ben).await.unwrap());
    assert!(!bucket.delete_runner(&prod, &ann).await.unwrap());
    assert_eq!(names(&bucket.shared_runners().await.unwrap()), ["a"]);
    assert_eq!(bucket.newest_runner_entry(&prod).await.unwrap(), Some(3));
    // What was deleted can be saved anew, and its history stays.
    assert!(bucket.save_runner(&prod, 3, &profile("http://d"), &ann).await.unwrap());
    assert_eq!(other.shared_runner(&prod).await.unwrap().unwrap().number, 4);
    assert_eq!(bucket.objects_below(&layout::runner(&prod)).await.unwrap().len(), 4);
}

pub(crate) async fn of_two_who_save_a_runner_one_is_told_to_look_again(store: Stored) {
    let (bucket, other, prod) = (&store.bucket, store.again(), name("prod"));
    let (ann, ben) = (somebody("ann"), somebody("ben"));
    let (mine, theirs) = (profile("http://mine"), profile("http://theirs"));
    let (first, second) =
        tokio::join!(bucket.save_runner(&prod, 0, &mine, &ann), other.save_runner(&prod, 0, &theirs, &ben));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(first != second, "{first} {second}");
    let holds = store.again().shared_runner(&prod).await.unwrap().unwrap();
    assert_eq!((holds.number, holds.profile), (1, if first { mine } else { theirs }));
}

pub(crate) async fn a_damaged_runner_is_named_and_the_others_are_listed(store: Stored) {
    let bucket = &store.bucket;
    let ann = somebody("ann");
    assert!(bucket.save_runner(&name("well"), 0, &profile("http://a"), &ann).await.unwrap());
    let who = r#""time":"2026-11-21T08:00:00Z","who":"ann","host":"h""#;
    for (runner, text, said) in [
        ("cut", "{\"format\"".to_owned(), "can't be read"),
        ("newer", format!("{{\"format\":2,{who}}}"), "it has format 2, which a newer tmpl wrote"),
        ("odd", format!("{{\"format\":1,{who},\"profile\":{{\"engine\":\"x\"}}}}"), "\"x\" is no engine"),
    ] {
        let object = layout::runner_entry(&name(runner), 1);
        bucket.write_object(&object, text).await.unwrap();
        let error = bucket.shared_runner(&name(runner)).await.unwrap_err().to_string();
        assert!(error.contains(&object) && error.contains(said), "{error}");
    }
    let found = bucket.shared_runners().await.unwrap();
    assert_eq!((found.runners.len(), found.warnings.len()), (1, 3));
    // Deleting is a way out.
    assert!(bucket.delete_runner(&name("cut"), &ann).await.unwrap());
    assert_eq!(bucket.shared_runner(&name("cut")).await.unwrap(), None);
}
