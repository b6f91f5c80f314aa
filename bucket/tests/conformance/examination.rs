//! What a store does, step by step.

use std::sync::Mutex;

use tmpl_bucket::{StoreFacts, layout};

use crate::support::stores::{Kind, Stored};

const STEPS: [&str; 9] =
    ["list", "create", "create only", "read", "overwrite", "upload in parts", "race", "delete", "clock"];

pub(crate) async fn a_store_is_examined_step_by_step(store: Stored) {
    let told = Mutex::new(Vec::new());
    let findings = store.bucket.examine(&|finding| told.lock().unwrap().push(finding.step)).await;
    let problems: Vec<_> = findings.iter().filter_map(|finding| finding.problem.as_deref()).collect();
    assert_eq!(problems, [""; 0]);
    assert_eq!(findings.iter().map(|finding| finding.step).collect::<Vec<_>>(), STEPS);
    assert_eq!(told.into_inner().unwrap(), STEPS);
    let found = |step: &str| {
        let finding = findings.iter().find(|finding| finding.step == step);
        finding.unwrap().found.clone().unwrap()
    };
    assert_eq!(found("list"), "nothing is there yet");
    assert_eq!(found("race"), "6 rounds of 12 writers, one winner each");
    assert_eq!(found("clock"), "the same as here");
    // What was tried is gone; what was found is written down.
    assert_eq!(store.bucket.objects_below("").await.unwrap(), [layout::STORE_FACTS]);
    let found = store.again().examine(&|_| ()).await;
    assert!(found[0].found.as_ref().unwrap().starts_with("staging"), "{:?}", found[0]);
}

/// The few operations that everything is made of.
pub(crate) async fn writers_create_overwrite_and_delete(store: Stored) {
    let (bucket, other) = (&store.bucket, store.again());
    let object = "staging/a folder/an+object&more.json";
    assert_eq!(bucket.read_object(object).await.unwrap(), None);
    assert!(bucket.create_object(object, "first").await.unwrap());
    assert!(!other.create_object(object, "second").await.unwrap());
    assert_eq!(other.read_object(object).await.unwrap().unwrap(), "first");
    // On a server, whoever finds its own bytes may be the one whose answer was lost.
    let same = other.create_object(object, "first").await.unwrap();
    assert_eq!(same, matches!(store.kind, Kind::Server(_)));
    other.write_object(object, "a longer third").await.unwrap();
    assert_eq!(bucket.read_object(object).await.unwrap().unwrap(), "a longer third");
    bucket.create_object("staging/a folder.x/b", "").await.unwrap();
    bucket.create_object("staging/b", "").await.unwrap();
    let below = async |folder: &str| bucket.objects_below(folder).await.unwrap();
    assert_eq!(below("staging/a folder").await, [object], "a folder is no prefix of names");
    bucket.remove_object(object).await.unwrap();
    bucket.remove_object(object).await.unwrap();
    assert_eq!(below("staging/a folder").await, [""; 0]);
    // The first writer raced, once, and wrote down what it found.
    let facts = bucket.read_object(layout::STORE_FACTS).await.unwrap();
    match store.kind {
        Kind::Folder | Kind::Memory | Kind::Server(_) => {
            let facts: StoreFacts = serde_json::from_slice(&facts.unwrap()).unwrap();
            assert!(facts.enforces_create_only(), "{facts:?}");
        }
    }
}
