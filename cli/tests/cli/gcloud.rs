//! `tmpl build --print-only` against what gcloud 578 uploads for the same flags. The cases are our own; the answers were recorded by
//! running gcloud's code on each.

use serde_json::Value;

use crate::support::Place;

#[test]
fn the_same_flags_give_the_same_bytes() {
    let place = Place::new();
    let folder = place.path("empty");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("p.yaml"), "pipeline:\n  type: chain\n  note: \"é\"\n").unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in include_str!("../gcloud/build.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        count += 1;
        let mut arguments = vec!["build", "--print-only", "--name", "x"];
        if let Some(metadata) = case["metadata"].as_str() {
            std::fs::write(folder.join("metadata.json"), metadata).unwrap();
            arguments.extend(["--metadata-file", "metadata.json"]);
        }
        arguments.extend(case["flags"].as_array().unwrap().iter().map(|flag| flag.as_str().unwrap()));
        let ended = place.in_folder(&folder, &arguments);
        match case["output"].as_str() {
            // gcloud loses what its metadata message has beside the parameters; we keep it.
            Some(output) if without_kept(&ended.stdout) == output && ended.code == 0 => {}
            None if ended.code == 2 && ended.stdout.is_empty() => {}
            output => wrong.push(format!(
                "{}: exit {}\n{}{}\ngcloud: {output:?}",
                case["name"], ended.code, ended.stdout, ended.stderr
            )),
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 70, "the cases are gone");
    assert!(!place.bucket().exists(), "nothing was to be written");
}

/// The text without the two keys that the cases have and gcloud drops.
fn without_kept(text: &str) -> String {
    text.replace("\n        \"streaming\": true,", "").replace(",\n        \"zz\": 1\n", "\n")
}
