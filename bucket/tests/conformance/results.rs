//! What a job reports and keeps.

use serde_json::json;
use tmpl_bucket::layout;

use crate::support::jobs;
use crate::support::stores::Stored;

pub(crate) async fn rows_and_artifacts_are_read_in_order(store: Stored) {
    let bucket = &store.bucket;
    let id = jobs::begun(bucket, &jobs::job("wordcount-1")).await.id;
    assert!(!bucket.has_results(&id, 1).await.unwrap());
    let folder = layout::results(&id, 1);
    for (name, text) in [
        ("rows-00001-of-2.jsonl", "{\"n\": 3}\nno row\n\n[4]\n{\"n\": 5}"),
        ("rows-00000-of-2.jsonl", "{\"n\": 1}\n{\"stdout\": \"two\"}\n"),
        ("empty.jsonl", ""),
        ("notes.txt", "{\"n\": 9}"),
    ] {
        bucket.write_object(&format!("{folder}/{name}"), text).await.unwrap();
    }
    let other = store.again();
    assert!(other.has_results(&id, 1).await.unwrap());
    assert!(!other.has_results(&id, 2).await.unwrap());
    let found = other.results(&id, 1, 10).await.unwrap();
    let rows: Vec<serde_json::Value> = found.rows.into_iter().map(serde_json::Value::Object).collect();
    assert_eq!(rows, [json!({"n": 1}), json!({"stdout": "two"}), json!({"n": 3}), json!({"n": 5})]);
    assert!(!found.more);
    assert_eq!(found.warnings.len(), 2, "{:?}", found.warnings);
    assert!(found.warnings[0].starts_with("rows-00001-of-2.jsonl, line 2, is left out: "));
    for (limit, more) in [(3, true), (4, false)] {
        let found = other.results(&id, 1, limit).await.unwrap();
        assert_eq!((found.rows.len(), found.more), (limit, more));
    }

    assert_eq!(other.artifacts(&id).await.unwrap(), []);
    for (name, text) in [("model/weights", "12345"), ("report.html", "1")] {
        bucket.write_object(&format!("{}/{name}", layout::artifacts(&id)), text).await.unwrap();
    }
    let artifacts = other.artifacts(&id).await.unwrap();
    assert_eq!(artifacts, [("model/weights".to_owned(), 5), ("report.html".to_owned(), 1)]);
}
