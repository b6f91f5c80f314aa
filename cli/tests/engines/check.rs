//! `tmpl runners check` on real engines, and on what is none.

use serde_json::Value;
use tmpl_testing::{Engine, Flink, FlinkVersion, SharedEngine};

use crate::site::{Runner, Site};

fn steps(site: &Site, arguments: &[&str]) -> (i32, Vec<Value>) {
    let ended = site.tmpl(&[&["runners", "check"], arguments, &["--format", "json"]].concat());
    let read: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
    let steps = read.as_array().or_else(|| read["steps"].as_array()).unwrap().clone();
    (ended.code, steps)
}

#[test]
fn every_engine_that_is_there_is_found_to_be_what_it_is_said_to_be() {
    let site = Site::with(&Runner::ALL);
    for runner in Runner::ALL {
        let (code, steps) = steps(&site, &[runner.name()]);
        assert_eq!(code, 0, "{}: {steps:?}", runner.name());
        assert!(steps.len() >= 3 || runner == Runner::OwnPrism, "{}: {steps:?}", runner.name());
    }
}

#[test]
fn another_service_is_not_taken_for_an_engine_or_a_pool() {
    let site = Site::with(&[]);
    let prism = Engine::shared(SharedEngine::Prism).endpoint();
    let flink = Flink::shared(FlinkVersion::V1_19).rest_url().trim_start_matches("http://").to_owned();
    site.place.write(
        "config.toml",
        &format!(
            "[runners.a]\nengine = \"portable\"\nendpoint = \"{flink}\"\n\
             [runners.b]\nengine = \"flink\"\nendpoint = \"http://{prism}\"\n\
             [runners.c]\nengine = \"portable\"\nendpoint = \"{prism}\"\nworker_pool = \"{prism}\"\n"
        ),
    );
    for (runner, wrong) in [("a", "no Job service"), ("b", "is not Flink"), ("c", "is no worker pool")] {
        let (code, steps) = steps(&site, &[runner]);
        assert_eq!(code, 3, "{runner}: {steps:?}");
        let told =
            |step: &&Value| step["outcome"] == "refused" && step["found"].as_str().unwrap().contains(wrong);
        let failed = steps.iter().find(told).unwrap_or_else(|| panic!("{runner}: {steps:?}"));
        assert!(failed["remedy"].is_string(), "{runner}: {steps:?}");
    }
}
