//! Pipelines in Go and Java on an engine: the examples, unchanged.

use std::path::Path;

use crate::site::{Runner, Site};
use crate::support::copy;

fn example(site: &Site, name: &str) {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
    copy(&example, &site.place.path(name));
    site.tmpl(&["build", name, "--check", "static"]).expect(0);
}

fn written(site: &Site, prefix: &str) -> String {
    let entries = std::fs::read_dir(site.place.path("")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut outputs: Vec<_> =
        paths.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix)).collect();
    outputs.sort();
    outputs.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn programs_in_go_and_java_run_on_an_engine_as_they_do_directly() {
    let site = Site::with(&[Runner::OwnPrism]);
    site.place.write("input.txt", "one two two\nthree three three\n");
    for name in ["words-go", "lines-java"] {
        example(&site, name);
        let input = format!("input={}", site.place.path("input.txt").display());
        let run = |runner: &str| {
            let output = format!("output={}", site.place.path(&format!("{name}-{runner}.out")).display());
            site.tmpl(&["run", name, "--runner", runner, "--param", &input, "--param", &output]).expect(0);
        };
        run("direct");
        run("own-prism");
        let direct = written(&site, &format!("{name}-direct.out"));
        assert!(!direct.is_empty(), "{name}");
        let mut lines: Vec<_> = direct.lines().collect();
        let engine = written(&site, &format!("{name}-own-prism.out"));
        let mut engines: Vec<_> = engine.lines().collect();
        lines.sort_unstable();
        engines.sort_unstable();
        assert_eq!(engines, lines, "{name}");
        // What the program would have had its workers fetch, they have: it is not kept with the job.
        let staged = site.record(&site.newest(), "staged.json").unwrap();
        assert_eq!(staged.as_array().unwrap().len(), 0, "{name}: {staged}");
    }
}
