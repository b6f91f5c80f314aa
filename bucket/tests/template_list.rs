//! The list of templates, and what a machine remembers of it.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can't go on fails")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tmpl_bucket::{Bucket, TemplateSummary};
use tmpl_template::sha256_of;

mod support;
use support::{Fixture, facts, fixture, name, projection};

fn spec(title: &str) -> String {
    format!(
        r#"{{"image": "i", "metadata": {{"name": "{title}", "description": "d", "parameters": [{{"name": "a"}}, {{"name": "b"}}]}}, "sdkInfo": {{"language": "PYTHON"}}}}"#
    )
}

async fn publish(bucket: &Bucket, template: &str, title: &str) {
    bucket.publish(&name(template), &spec(title), &facts("ann")).await.unwrap();
}

/// The titles of a list, by name.
async fn titles(bucket: &Bucket, cache: Option<&Path>) -> Vec<(String, Option<String>)> {
    let list = bucket.template_list(cache).await.unwrap();
    assert_eq!(list.warnings, Vec::<String>::new());
    list.templates.into_iter().map(|line| (line.name.to_string(), line.title)).collect()
}

fn titled(pairs: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
    pairs.iter().map(|(name, title)| ((*name).to_owned(), Some((*title).to_owned()))).collect()
}

/// The file of the cache; there is one.
fn cache_file(folder: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

/// Changes a file so that neither its size, its time nor its inode tells.
fn change_in_secret(path: &Path, text: &str) {
    let before = fs::metadata(path).unwrap();
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    assert_eq!(file.metadata().unwrap().len(), before.len());
    file.set_modified(before.modified().unwrap()).unwrap();
}

#[tokio::test]
async fn a_line_says_what_a_template_is() {
    let Fixture { bucket, folder: _folder } = fixture();
    assert_eq!(bucket.template_list(None).await.unwrap().templates, []);
    publish(&bucket, "t", "T").await;
    let list = bucket.template_list(None).await.unwrap();
    let modified = list.templates[0].modified;
    assert!(jiff::Timestamp::now().duration_since(modified).abs() < jiff::SignedDuration::from_mins(5));
    let line = TemplateSummary {
        name: name("t"),
        title: Some("T".into()),
        description: Some("d".into()),
        owner: None,
        mutates: false,
        parameters: 2,
        language: Some("PYTHON".into()),
        image: Some("i".into()),
        digest: Some(sha256_of(spec("T").as_bytes())),
        modified,
        problem: None,
    };
    assert_eq!(list.templates, [line]);
}

#[tokio::test]
async fn what_did_not_change_is_not_read_again() {
    let Fixture { bucket, folder } = fixture();
    let cache = folder.path().join("deep/cache");
    for (template, title) in [("a", "A1"), ("b", "B1"), ("c", "C1")] {
        publish(&bucket, template, title).await;
    }
    let all = titled(&[("a", "A1"), ("b", "B1"), ("c", "C1")]);
    assert_eq!(titles(&bucket, Some(&cache)).await, all);
    let written = fs::read(cache_file(&cache)).unwrap();
    change_in_secret(&projection(&bucket, "a"), &spec("A2"));
    assert_eq!(titles(&bucket, Some(&cache)).await, all, "`a` was read again");
    assert_eq!(fs::read(cache_file(&cache)).unwrap(), written);
    assert_eq!(titles(&bucket, None).await[0].1.as_deref(), Some("A2"), "the change can be seen");

    // What is published, deleted or new is seen at once.
    publish(&bucket, "b", "B2").await;
    bucket.delete_template(&name("c"), None, &facts("ann")).await.unwrap();
    publish(&bucket, "d", "D1").await;
    let all = titled(&[("a", "A1"), ("b", "B2"), ("d", "D1")]);
    assert_eq!(titles(&bucket, Some(&cache)).await, all);
    assert!(!fs::read_to_string(cache_file(&cache)).unwrap().contains("C1"));
    assert_eq!(titles(&bucket, Some(&cache)).await, all);
}

#[tokio::test]
async fn a_cache_that_is_damaged_or_not_ours_costs_time_only() {
    let Fixture { bucket, folder } = fixture();
    let cache = folder.path().join("cache");
    publish(&bucket, "a", "A1").await;
    titles(&bucket, Some(&cache)).await;
    let file = cache_file(&cache);
    let whole = fs::read_to_string(&file).unwrap();
    change_in_secret(&projection(&bucket, "a"), &spec("A2"));
    for damaged in [
        "",
        "[]",
        &whole[..whole.len() / 2],
        &whole.replace("\"format\":2", "\"format\":1"),
        &whole.replace(&bucket.to_string(), "/another/bucket"),
    ] {
        fs::write(&file, damaged).unwrap();
        assert_eq!(titles(&bucket, Some(&cache)).await, titled(&[("a", "A2")]), "{damaged}");
        assert!(fs::read_to_string(&file).unwrap().contains("A2"), "it was not written anew");
    }
    // A place that can't be written to is no error.
    fs::write(folder.path().join("file"), "").unwrap();
    assert_eq!(titles(&bucket, Some(&folder.path().join("file"))).await, titled(&[("a", "A2")]));
}

#[tokio::test]
async fn what_can_not_be_read_does_not_hide_the_rest() {
    let Fixture { bucket, folder } = fixture();
    let cache = folder.path().join("cache");
    publish(&bucket, "a", "A").await;
    publish(&bucket, "d", "D").await;
    fs::write(projection(&bucket, "b"), "{\"image\": ").unwrap();
    fs::File::create(projection(&bucket, "c")).unwrap().set_len(33_554_433).unwrap();
    fs::write(projection(&bucket, "No Name"), "{}").unwrap();
    fs::write(bucket.folder().unwrap().join("templates/readme.txt"), "x").unwrap();
    for cache in [None, Some(cache.as_path()), Some(cache.as_path())] {
        let list = bucket.template_list(cache).await.unwrap();
        let lines: Vec<(&str, Option<&str>)> =
            list.templates.iter().map(|line| (line.name.as_str(), line.problem.as_deref())).collect();
        let large = format!("{bucket}/templates/c.json has 33554433 bytes; more than 16777216 are not read");
        let expected = [
            ("a", None),
            ("b", Some("line 1, column 10: the text ends in the middle of a value")),
            ("c", Some(large.as_str())),
            ("d", None),
        ];
        assert_eq!(lines, expected);
        assert_eq!(list.warnings, ["No Name.json is left out: that is no template name"]);
    }
}
