//! Publishing, going back and deleting: the log, the versions, and what is current.

use tmpl_bucket::LogAction::{self, Delete, Publish, Rollback};
use tmpl_bucket::{BucketError, layout};
use tmpl_template::sha256_of;

use crate::support::stores::Stored;
use crate::support::{facts, name};

fn spec(image: &str) -> String {
    format!("{{\"image\": \"{image}\", \"sdkInfo\": {{\"language\": \"PYTHON\"}}}}")
}

pub(crate) async fn versions_come_and_go_and_come_back(store: Stored) {
    let (bucket, template, ann) = (&store.bucket, name("word_count.v2"), facts("ann"));
    let (one, two) = (spec("one"), spec("two"));
    let first = bucket.publish(&template, &one, &ann).await.unwrap();
    assert_eq!((first.entry, first.changed, &first.digest), (1, true, &sha256_of(one.as_bytes())));
    let again = bucket.publish(&template, &one, &ann).await.unwrap();
    assert_eq!((again.entry, again.changed), (1, false));
    let second = bucket.publish(&template, &two, &facts("bob")).await.unwrap();
    assert_eq!((second.entry, second.changed), (2, true));
    let other = store.again();
    let current = async || other.current_template(&template).await.unwrap().map(|found| found.text);
    assert_eq!(current().await.as_ref(), Some(&two));

    let back = bucket.rollback(&template, None, Some("two is broken"), &ann).await.unwrap();
    assert_eq!((back.entry, &back.digest), (3, &first.digest));
    assert_eq!(current().await.as_ref(), Some(&one));
    let version = format!("word_count.v2@{}", &second.digest.digest()[..12]);
    assert_eq!(other.template(&version.parse().unwrap()).await.unwrap().text, two);

    let gone = bucket.delete_template(&template, None, &ann).await.unwrap();
    assert_eq!((gone.entry, gone.last.as_ref()), (4, Some(&first.digest)));
    assert_eq!(current().await, None);
    let error = other.template(&"word_count.v2".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, BucketError::Deleted { .. }), "{error}");
    assert_eq!(other.template(&version.parse().unwrap()).await.unwrap().text, two);
    bucket.rollback(&template, None, None, &ann).await.unwrap();
    assert_eq!(current().await.as_ref(), Some(&one));

    let log = other.versions(&template).await.unwrap();
    let actions: Vec<&LogAction> = log.entries.iter().map(|found| &found.entry.action).collect();
    assert_eq!(actions, [&Rollback, &Delete, &Rollback, &Publish, &Publish]);
    assert_eq!(log.entries[3].entry.facts.who, "bob");
    assert_eq!(log.warnings, [""; 0]);
    let objects = bucket.objects_below(layout::TEMPLATES).await.unwrap();
    // The current one, five entries, two versions.
    assert_eq!(objects.len(), 8, "{objects:?}");
    let error = other.versions(&name("word_cound.v2")).await.unwrap_err();
    assert!(error.hint().unwrap().contains("did you mean word_count.v2"), "{error}");
}

pub(crate) async fn a_list_names_every_template(store: Stored) {
    let (bucket, ann) = (&store.bucket, facts("ann"));
    for template in ["b", "a", "c"] {
        bucket.publish(&name(template), &spec(template), &ann).await.unwrap();
    }
    bucket.delete_template(&name("c"), None, &ann).await.unwrap();
    bucket.write_object("templates/broken.json", "{\"image\": ").await.unwrap();
    bucket.write_object("templates/No Name.json", "{}").await.unwrap();
    let cache = store.folder.path().join("cache");
    for cache in [None, Some(cache.as_path()), Some(cache.as_path())] {
        let list = store.again().template_list(cache).await.unwrap();
        let names: Vec<(&str, bool)> =
            list.templates.iter().map(|line| (line.name.as_str(), line.problem.is_some())).collect();
        assert_eq!(names, [("a", false), ("b", false), ("broken", true)]);
        assert_eq!(list.templates[0].image.as_deref(), Some("a"));
        assert_eq!(list.warnings, ["No Name.json is left out: that is no template name"]);
    }
    // What is written again is read again.
    bucket.publish(&name("a"), &spec("new"), &ann).await.unwrap();
    let list = store.again().template_list(Some(&cache)).await.unwrap();
    assert_eq!(list.templates[0].image.as_deref(), Some("new"));
    assert_eq!(bucket.template_names().await.unwrap(), ["a", "b", "broken"].map(name));
}
