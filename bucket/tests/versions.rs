//! Versions of templates: what publishing, rollback and delete leave behind, also when they are killed in between or many at
//! once.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a test that can't go on fails"
)]

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tmpl_bucket::{Bucket, BucketError, LogAction};
use tmpl_template::{DigestPrefix, TemplateName, sha256_of};

mod support;
use support::{Fixture, facts, fixture, log_entry, name, projection, version};

const WRITERS: usize = 12;
const ROUNDS: usize = 4;

/// A spec that a torn read would not leave whole.
fn spec(text: &str) -> String {
    format!("{{\"n\": \"{text}\", \"padding\": \"{}\"}}", "x".repeat(10_000))
}

async fn publish(bucket: &Bucket, text: &str) -> u64 {
    bucket.publish(&name("t"), &spec(text), &facts("ann")).await.unwrap().entry
}

fn prefix(text: &str) -> DigestPrefix {
    sha256_of(spec(text).as_bytes()).digest().parse().unwrap()
}

/// What readers get: the text of `t`, or the error.
async fn current(bucket: &Bucket) -> Result<String, String> {
    match bucket.template(&"t".parse().unwrap()).await {
        Ok(found) => {
            let value: serde_json::Value = serde_json::from_str(&found.text).unwrap();
            Ok(value["n"].as_str().unwrap().to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// A log in one line, the oldest first: `publish a, delete`.
async fn log(bucket: &Bucket, texts: &[&str]) -> String {
    let log = bucket.versions(&name("t")).await.unwrap();
    assert_eq!(log.warnings, Vec::<String>::new());
    let word = |published: &tmpl_bucket::PublishedEntry| {
        let digest = published.entry.digest.as_ref()?;
        texts.iter().find(|text| sha256_of(spec(text).as_bytes()) == *digest)
    };
    let lines = log.entries.iter().rev().enumerate().map(|(index, published)| {
        assert_eq!(published.number, index as u64 + 1);
        let word = word(published).map_or_else(String::new, |word| format!(" {word}"));
        format!("{}{word}", published.entry.action)
    });
    lines.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn a_spec_that_is_current_is_not_published_again() {
    let Fixture { bucket, folder: _folder } = fixture();
    let first = bucket.publish(&name("t"), "{}", &facts("ann")).await.unwrap();
    let second = bucket.publish(&name("t"), "{}", &facts("bob")).await.unwrap();
    assert!(first.changed && !second.changed);
    assert_eq!((first.entry, second.entry), (1, 1));
    assert_eq!(fs::read_to_string(&first.path).unwrap(), "{}");
}

#[tokio::test]
async fn versions_are_found_by_any_unique_prefix() {
    let Fixture { bucket, folder: _folder } = fixture();
    let first = bucket.publish(&name("t"), "{\"a\": 1}", &facts("ann")).await.unwrap();
    bucket.publish(&name("t"), "{\"a\": 2}", &facts("ann")).await.unwrap();
    let reference = format!("t@{}", &first.digest.digest()[..8]).parse().unwrap();
    assert_eq!(bucket.template(&reference).await.unwrap().text, "{\"a\": 1}");
    let error = bucket.template(&"t@ffffffff0".parse().unwrap()).await.unwrap_err();
    assert!(error.to_string().starts_with("template `t` has no version `ffffffff0` in "), "{error}");
    let error = bucket.template(&"tt".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, BucketError::NoSuchTemplate { .. }), "{error}");
    // Of some more versions, two begin with the same digit.
    for number in 0..16 {
        bucket.publish(&name("t"), &format!("{{\"b\": {number}}}"), &facts("ann")).await.unwrap();
    }
    let mut refused = 0;
    for digit in "0123456789abcdef".chars() {
        let found = bucket.template(&format!("t@{digit}").parse().unwrap()).await;
        if let Err(BucketError::AmbiguousVersion { candidates, .. }) = found {
            assert!(candidates.len() > 1 && candidates.iter().all(|c| c.len() == 2 + 12), "{candidates:?}");
            refused += 1;
        }
    }
    assert!(refused > 0, "18 versions and 16 digits");
}

#[tokio::test]
async fn every_change_is_an_entry_and_the_newest_is_what_readers_get() {
    let Fixture { bucket, folder: _folder } = fixture();
    let t = name("t");
    publish(&bucket, "a").await;
    publish(&bucket, "b").await;
    publish(&bucket, "c").await;
    let back = |version: Option<&'static str>| {
        let (bucket, t) = (bucket.clone(), t.clone());
        async move {
            let version = version.map(prefix);
            let rolled = bucket.rollback(&t, version.as_ref(), None, &facts("bob")).await.unwrap();
            (rolled.entry, rolled.changed, current(&bucket).await.unwrap())
        }
    };
    assert_eq!(back(None).await, (4, true, "b".to_owned()));
    assert_eq!(back(Some("b")).await, (4, false, "b".to_owned()), "it is current already");
    assert_eq!(back(None).await, (5, true, "a".to_owned()), "to go back twice is to go back further");
    let further = bucket.rollback(&t, None, None, &facts("bob")).await.unwrap_err();
    assert!(matches!(further, BucketError::NoEarlierVersion { .. }), "{further}");
    assert_eq!(back(Some("b")).await, (6, true, "b".to_owned()));
    let gone = bucket.delete_template(&t, None, &facts("bob")).await.unwrap();
    assert_eq!((gone.entry, gone.changed, gone.last), (7, true, Some(sha256_of(spec("b").as_bytes()))));
    let gone = bucket.delete_template(&t, None, &facts("bob")).await.unwrap();
    assert_eq!((gone.entry, gone.changed), (7, false), "it is deleted already");
    assert_eq!(back(None).await, (8, true, "b".to_owned()));
    bucket.delete_template(&t, None, &facts("bob")).await.unwrap();
    assert_eq!(publish(&bucket, "b").await, 10, "publishing after a delete is the next entry");
    // Back to what was current before, across the delete: to another version than the one that is.
    assert_eq!(back(None).await, (11, true, "a".to_owned()));
    let words = "publish a, publish b, publish c, rollback b, rollback a, rollback b, delete, rollback b, delete, publish b, rollback a";
    assert_eq!(log(&bucket, &["a", "b", "c"]).await, words);
}

#[tokio::test]
async fn a_deleted_template_says_so_and_its_versions_stay() {
    let Fixture { bucket, folder: _folder } = fixture();
    publish(&bucket, "a").await;
    bucket.delete_template(&name("t"), Some("replaced by u"), &facts("bob")).await.unwrap();
    assert!(!projection(&bucket, "t").exists());
    assert_eq!(bucket.template_names().await.unwrap(), Vec::<TemplateName>::new());
    let error = bucket.template(&"t".parse().unwrap()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with(&format!("template `t` in {bucket} was deleted on 20")), "{text}");
    assert!(text.ends_with(" UTC by bob (replaced by u)"), "{text}");
    let short = &prefix("a").as_str()[..12].to_owned();
    assert_eq!(error.hint().unwrap(), format!("`tmpl template rollback t@{short}` brings it back"));
    let found = bucket.template(&format!("t@{short}").parse().unwrap()).await.unwrap();
    assert_eq!(found.text, spec("a"));
    let entry = bucket.newest_entry(&name("t")).await.unwrap().unwrap().entry;
    assert_eq!(
        (entry.action, entry.digest, entry.message.as_deref()),
        (LogAction::Delete, None, Some("replaced by u"))
    );
    let json = fs::read_to_string(log_entry(&bucket, "t", 2)).unwrap();
    assert!(!json.contains("digest") && !json.contains("null"), "{json}");
}

#[tokio::test]
async fn what_can_not_be_rolled_back_or_deleted_is_named() {
    let Fixture { bucket, folder: _folder } = fixture();
    let (t, ann) = (name("t"), facts("ann"));
    let missing = format!("there is no template `t` in {bucket}");
    assert_eq!(bucket.rollback(&t, None, None, &ann).await.unwrap_err().to_string(), missing);
    assert_eq!(bucket.rollback(&t, Some(&prefix("a")), None, &ann).await.unwrap_err().to_string(), missing);
    assert_eq!(bucket.delete_template(&t, None, &ann).await.unwrap_err().to_string(), missing);
    assert_eq!(bucket.versions(&t).await.unwrap_err().to_string(), missing);
    publish(&bucket, "a").await;
    let error = bucket.rollback(&t, None, None, &ann).await.unwrap_err();
    assert_eq!(error.to_string(), format!("template `t` in {bucket} has no earlier version to go back to"));
    let error = bucket.rollback(&t, Some(&prefix("b")), None, &ann).await.unwrap_err();
    assert!(matches!(error, BucketError::NoSuchVersion { .. }), "{error}");
    // A damaged version does not become current.
    publish(&bucket, "b").await;
    fs::write(version(&bucket, "t", &sha256_of(spec("a").as_bytes())), "{}").unwrap();
    let error = bucket.rollback(&t, None, None, &ann).await.unwrap_err();
    assert!(error.to_string().contains("can't be read: its bytes have the digest 44136fa355b3"), "{error}");
    assert_eq!(current(&bucket).await.unwrap(), "b");
    assert_eq!(bucket.newest_entry(&t).await.unwrap().unwrap().number, 2);
    // Whoever publishes it again mends it.
    publish(&bucket, "a").await;
    assert_eq!(current(&bucket).await.unwrap(), "a");
}

#[tokio::test]
async fn a_writer_that_was_killed_before_the_projection_is_made_good() {
    let Fixture { bucket, folder: _folder } = fixture();
    publish(&bucket, "a").await;
    let first = projection(&bucket, "t");
    fs::remove_file(&first).unwrap();
    assert_eq!(current(&bucket).await.unwrap(), "a", "the log says so");
    assert_eq!(publish(&bucket, "a").await, 1);
    assert_eq!(fs::read_to_string(&first).unwrap(), spec("a"), "the next writer mends it");

    // Killed between entry 2 and the projection; then the same is published again.
    publish(&bucket, "b").await;
    fs::write(&first, spec("a")).unwrap();
    assert_eq!(publish(&bucket, "b").await, 2);
    assert_eq!(fs::read_to_string(&first).unwrap(), spec("b"));

    // The same for a rollback and for a delete.
    bucket.rollback(&name("t"), None, None, &facts("ann")).await.unwrap();
    fs::write(&first, spec("b")).unwrap();
    let again = bucket.rollback(&name("t"), Some(&prefix("a")), None, &facts("ann")).await.unwrap();
    assert_eq!((again.entry, again.changed, fs::read_to_string(&first).unwrap()), (3, false, spec("a")));
    bucket.delete_template(&name("t"), None, &facts("ann")).await.unwrap();
    for left in [spec("a").as_bytes(), b"\xff"] {
        fs::write(&first, left).unwrap();
        let again = bucket.delete_template(&name("t"), None, &facts("ann")).await.unwrap();
        assert_eq!((again.entry, again.changed, first.exists()), (4, false, false));
    }
}

#[tokio::test]
async fn damaged_entries_are_told_of_and_newer_ones_stop_writers() {
    let Fixture { bucket, folder: _folder } = fixture();
    let t = name("t");
    publish(&bucket, "a").await;
    publish(&bucket, "b").await;
    publish(&bucket, "c").await;
    fs::write(log_entry(&bucket, "t", 2), "").unwrap();
    let log = bucket.versions(&t).await.unwrap();
    assert_eq!(log.entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(log.warnings.len(), 1);
    assert!(log.warnings[0].contains("t/log/00000002.json can't be read: EOF"), "{:?}", log.warnings);
    let error = bucket.rollback(&t, None, None, &facts("ann")).await.unwrap_err();
    assert!(matches!(error, BucketError::Malformed { .. }), "what was current before is not known: {error}");

    // A damaged newest entry: readers have the projection, and the next writer writes the next entry.
    fs::write(log_entry(&bucket, "t", 3), "{\"format\": 1").unwrap();
    assert_eq!(current(&bucket).await.unwrap(), "c");
    assert_eq!(publish(&bucket, "d").await, 4);
    assert_eq!(current(&bucket).await.unwrap(), "d");

    let entry = fs::read_to_string(log_entry(&bucket, "t", 4)).unwrap();
    for (text, what, listed) in [
        (entry.replace("\"publish\"", "\"freeze\""), "the action `freeze`", 2),
        (entry.replace("\"format\": 1", "\"format\": 2"), "format 2", 2),
        ("{\"format\": 3, \"actions\": []}".to_owned(), "format 3", 1),
    ] {
        fs::write(log_entry(&bucket, "t", 4), text).unwrap();
        let expected = format!(
            "entry 4 of the log of template `t` in {bucket} has {what}, which this tmpl does not know"
        );
        for error in [
            bucket.newest_entry(&t).await.unwrap_err(),
            bucket.publish(&t, &spec("e"), &facts("ann")).await.unwrap_err(),
            bucket.rollback(&t, Some(&prefix("a")), None, &facts("ann")).await.unwrap_err(),
            bucket.delete_template(&t, None, &facts("ann")).await.unwrap_err(),
        ] {
            assert_eq!(
                (error.to_string(), error.hint().unwrap()),
                (expected.clone(), "update tmpl".to_owned())
            );
        }
        assert_eq!(bucket.versions(&t).await.unwrap().entries.len(), listed, "{what}");
        assert_eq!(current(&bucket).await.unwrap(), "d");
    }
    assert!(!log_entry(&bucket, "t", 5).exists());
}

#[tokio::test]
async fn an_entry_and_its_digest_go_together() {
    let Fixture { bucket, folder: _folder } = fixture();
    publish(&bucket, "a").await;
    let entry = fs::read_to_string(log_entry(&bucket, "t", 1)).unwrap();
    let mut without: serde_json::Value = serde_json::from_str(&entry).unwrap();
    without.as_object_mut().unwrap().remove("digest");
    for (text, reason) in [
        (entry.replace("\"publish\"", "\"delete\""), "a delete with a digest"),
        (without.to_string(), "a publish without a digest"),
    ] {
        fs::write(log_entry(&bucket, "t", 1), text).unwrap();
        let error = bucket.newest_entry(&name("t")).await.unwrap_err().to_string();
        assert!(error.ends_with(reason), "{error}");
    }
}

#[tokio::test]
async fn a_template_that_came_without_tmpl_is_kept_when_tmpl_writes() {
    for deleted in [false, true] {
        let Fixture { bucket, folder: _folder } = fixture();
        fs::create_dir(bucket.folder().unwrap().join("templates")).unwrap();
        fs::write(projection(&bucket, "t"), spec("foreign")).unwrap();
        assert_eq!(bucket.versions(&name("t")).await.unwrap().entries, []);
        if deleted {
            let gone = bucket.delete_template(&name("t"), None, &facts("ann")).await.unwrap();
            assert_eq!(gone.last.unwrap().digest(), prefix("foreign").as_str());
            let error = bucket.template(&"t".parse().unwrap()).await.unwrap_err();
            assert!(error.hint().unwrap().contains(&prefix("foreign").as_str()[..12]), "{:?}", error.hint());
        } else {
            publish(&bucket, "ours").await;
        }
        bucket.rollback(&name("t"), Some(&prefix("foreign")), None, &facts("ann")).await.unwrap();
        assert_eq!(current(&bucket).await.unwrap(), "foreign");
    }
}

#[tokio::test]
async fn a_spec_that_is_too_large_is_not_read_and_not_written() {
    let Fixture { bucket, folder: _folder } = fixture();
    publish(&bucket, "a").await;
    let file = fs::File::create(projection(&bucket, "t")).unwrap();
    file.set_len(33_554_433).unwrap();
    let error = bucket.template(&"t".parse().unwrap()).await.unwrap_err();
    let text = format!("{bucket}/templates/t.json has 33554433 bytes; more than 16777216 are not read");
    assert_eq!(error.to_string(), text);
    assert!(error.hint().is_some());
    let error = bucket.publish(&name("t"), &" ".repeat(33_554_433), &facts("ann")).await.unwrap_err();
    assert!(matches!(error, BucketError::TooLarge { .. }), "{error}");
    assert!(!log_entry(&bucket, "t", 2).exists());
    publish(&bucket, "b").await;
    assert_eq!(current(&bucket).await.unwrap(), "b");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 12)]
async fn twelve_publishers_lose_nothing_and_readers_see_whole_specs() {
    let Fixture { bucket, folder: _folder } = fixture();
    let done = Arc::new(AtomicBool::new(false));
    publish(&bucket, "first").await;
    let reader = tokio::spawn({
        let (bucket, done) = (bucket.clone(), Arc::clone(&done));
        async move {
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) {
                let found = bucket.current_template(&name("t")).await.unwrap().unwrap();
                serde_json::from_str::<serde_json::Value>(&found.text).unwrap();
                assert_eq!(found.text.len(), spec("").len() + found.text.find("\",").unwrap() - 7);
                reads += 1;
            }
            reads
        }
    });
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let bucket = bucket.clone();
            tokio::spawn(async move {
                let mut entries = Vec::new();
                for round in 0..ROUNDS {
                    entries.push(publish(&bucket, &format!("{writer}-{round}")).await);
                }
                entries
            })
        })
        .collect();
    let mut entries = BTreeSet::from([1]);
    for writer in writers {
        for entry in writer.await.unwrap() {
            assert!(entries.insert(entry), "entry {entry} was given to two publishers");
        }
    }
    done.store(true, Ordering::Relaxed);
    assert!(reader.await.unwrap() > 0);
    let count = (WRITERS * ROUNDS) as u64 + 1;
    assert_eq!(entries, (1..=count).collect());
    let log = bucket.versions(&name("t")).await.unwrap();
    let digests: BTreeSet<_> =
        log.entries.iter().map(|entry| entry.entry.digest.clone().unwrap().to_string()).collect();
    assert_eq!(digests.len() as u64, count, "a version is in no entry");
    let newest = bucket.newest_entry(&name("t")).await.unwrap().unwrap();
    let current = bucket.current_template(&name("t")).await.unwrap().unwrap();
    assert_eq!((newest.number, newest.entry.digest), (count, Some(current.digest)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 12)]
async fn publishers_rollbacks_and_deletes_at_once_end_at_the_newest_entry() {
    let Fixture { bucket, folder: _folder } = fixture();
    publish(&bucket, "a").await;
    publish(&bucket, "b").await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let bucket = bucket.clone();
            tokio::spawn(async move {
                for round in 0..ROUNDS {
                    match (writer + round) % 3 {
                        0 => drop(publish(&bucket, &format!("{writer}-{round}")).await),
                        1 => {
                            let version = prefix(if round % 2 == 0 { "a" } else { "b" });
                            bucket.rollback(&name("t"), Some(&version), None, &facts("ann")).await.unwrap();
                        }
                        _ => drop(bucket.delete_template(&name("t"), None, &facts("ann")).await.unwrap()),
                    }
                    // A reader in between gets a whole spec or hears of the delete.
                    match current(&bucket).await {
                        Ok(_) => {}
                        Err(text) => assert!(text.contains(" was deleted on "), "{text}"),
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let newest = bucket.newest_entry(&name("t")).await.unwrap().unwrap();
    let current = bucket.current_template(&name("t")).await.unwrap();
    assert_eq!(newest.entry.digest, current.map(|current| current.digest));
    let log = bucket.versions(&name("t")).await.unwrap();
    assert_eq!((log.entries.len() as u64, log.warnings), (newest.number, Vec::new()));
    for pair in log.entries.windows(2) {
        assert_ne!(pair[0].entry.digest, pair[1].entry.digest, "an entry that changed nothing");
    }
}
