//! How long a list of 10,000 templates takes, with what this machine remembers and without.
//!
//! `cargo bench -p tmpl-bucket --bench template_list`

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench that can't go on fails"
)]

use std::fs;
use std::path::Path;
use std::time::Instant;

use tmpl_bucket::{Bucket, BucketUrl};
use tmpl_template::sha256_of;

const TEMPLATES: usize = 10_000;
const PARAMETERS: usize = 40;
const ROUNDS: usize = 5;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let (root, cache) = (folder.path().join("bucket"), folder.path().join("cache"));
    let size = fill(&root);
    let url: BucketUrl = root.to_str().unwrap().parse().unwrap();
    let bucket = Bucket::open(&url).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("{TEMPLATES} templates of {size} bytes, milliseconds, {ROUNDS} rounds:");
    for (words, cache) in [("nothing remembered", None), ("remembered", Some(cache.as_path()))] {
        // The first round with a cache fills it.
        let mut rounds = Vec::new();
        for round in 0..=ROUNDS {
            let start = Instant::now();
            let list = runtime.block_on(bucket.template_list(cache)).unwrap();
            let took = start.elapsed().as_millis();
            assert_eq!(list.templates.len(), TEMPLATES);
            if round > 0 {
                rounds.push(took);
            }
        }
        println!("  {words}: {rounds:?}");
    }
}

/// A bucket as publishing leaves it: for each template the current spec, the version and a log entry.
fn fill(root: &Path) -> usize {
    let parameter = |number: usize| {
        format!(
            r#"{{"name":"parameter{number}","label":"Parameter {number}","helpText":"{}","isOptional":true,"regexes":["^[a-z]+$"]}}"#,
            "What it is good for. ".repeat(7)
        )
    };
    let parameters: Vec<String> = (0..PARAMETERS).map(parameter).collect();
    let parameters = parameters.join(",");
    let mut size = 0;
    for number in 0..TEMPLATES {
        let text = format!(
            r#"{{"metadata":{{"name":"Template {number}","description":"Reads, counts, writes.","parameters":[{parameters}]}},"sdkInfo":{{"language":"PYTHON"}}}}"#
        );
        size = text.len();
        let template = root.join(format!("templates/template-{number}"));
        fs::create_dir_all(template.join("log")).unwrap();
        fs::write(template.join("log/00000001.json"), "{}").unwrap();
        let version = template.join(format!("{}.json", sha256_of(text.as_bytes()).digest()));
        fs::write(&version, text).unwrap();
        fs::copy(&version, template.with_extension("json")).unwrap();
    }
    size
}
