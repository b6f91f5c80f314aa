//! Beam with everything on an S3 server: the template, the input, the output, the rows. The pipeline is told nothing of the server: it
//! finds the store of its bucket.

use std::path::Path;

use tmpl_testing::{Store, shared};

use crate::support::{Ended, Place, copy};

/// A place whose bucket lies on a server.
struct There {
    place: Place,
    store: tmpl_testing::Place,
}

impl There {
    /// An example with Beam's extra for S3, built into the bucket.
    fn with(example: &str) -> Self {
        let there = Self { place: Place::new(), store: shared(Store::Minio) };
        let project = there.place.path(example);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(example), &project);
        let requirements = project.join("requirements.txt");
        let text = std::fs::read_to_string(&requirements).unwrap();
        std::fs::write(&requirements, text.replace("apache-beam==", "apache-beam[aws]==")).unwrap();
        std::fs::remove_file(project.join("tmpl.lock")).unwrap();
        there.tmpl(&["build", example, "--check", "full"]).expect(0);
        there
    }

    fn tmpl(&self, arguments: &[&str]) -> Ended {
        let mut command = self.place.command(arguments);
        command.env("TMPL_BUCKET", self.store.url()).envs(self.store.server.variables());
        self.place.ended(command.spawn().unwrap())
    }

    /// An object's name for `mc`, the server's own client.
    fn object(&self, name: &str) -> String {
        format!("server/{}/{}/{name}", self.store.server.bucket(), self.store.prefix)
    }

    /// Its name for a pipeline.
    fn path(&self, name: &str) -> String {
        format!("s3://{}/{}/{name}", self.store.server.bucket(), self.store.prefix)
    }

    fn put(&self, name: &str, text: &str) {
        let file = self.place.write(name, text);
        self.store.server.mc(&["cp", "--quiet", file.to_str().unwrap(), &self.object(name)]);
    }

    fn listed(&self, folder: &str) -> Vec<String> {
        let listed = self.store.server.mc(&["find", &self.object(folder)]);
        listed.lines().map(str::to_owned).collect()
    }
}

#[test]
fn a_pipeline_reads_and_writes_the_store_of_its_bucket() {
    let there = There::with("wordcount");
    there.put("in/one.txt", "Rust rust RUST pipeline\n");
    there.put("in/two.txt", "a pipeline of Rust\n");
    let parameters = format!(
        "input={},output={},min_length=4,case=lower",
        there.path("in/*.txt"),
        there.path("out/counts")
    );
    there.tmpl(&["run", "wordcount", "--parameters", &parameters]).expect(0);
    let mut lines: Vec<String> = Vec::new();
    for shard in there.listed("out").iter().filter(|name| name.contains("counts-")) {
        lines.extend(there.store.server.mc(&["cat", shard]).lines().map(str::to_owned));
    }
    lines.sort();
    assert_eq!(lines, ["pipeline\t2", "rust\t4"]);
    // What was temporary is gone with the job.
    let left: Vec<String> = there.listed("").into_iter().filter(|name| name.contains("/tmp/")).collect();
    assert_eq!(left, Vec::<String>::new());
    // What lies there already is not written over.
    let again = there.tmpl(&["run", "wordcount", "--parameters", &parameters]).expect(2);
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);
}

#[test]
fn rows_of_a_pipeline_come_from_the_store() {
    let there = There::with("audit-rows");
    let data = std::fs::read_to_string(there.place.path("audit-rows/data/subscriptions.csv")).unwrap();
    there.put("in/subscriptions.csv", &data);
    let parameters = format!("input={}", there.path("in/subscriptions.csv"));
    let ended = there.tmpl(&["run", "audit-rows", "--parameters", &parameters, "--id-file", "id"]).expect(0);
    assert!(ended.stdout.contains("SUCCESS: "), "{}\n{}", ended.stdout, ended.stderr);
    let id = std::fs::read_to_string(there.place.path("id")).unwrap();
    let rows = there.tmpl(&["jobs", "results", id.trim(), "--format", "json"]).expect(0).stdout;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&rows).unwrap();
    assert!(rows.iter().any(|row| row["stderr"].is_string()), "{rows:?}");
    let csv = there.tmpl(&["jobs", "results", id.trim(), "--csv"]).expect(0).stdout;
    assert_eq!(csv.lines().next(), Some("stdout,stderr"));
    assert_eq!(csv.lines().count(), rows.len() + 1);
}
