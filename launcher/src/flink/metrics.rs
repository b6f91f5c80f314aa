//! What a job on Flink has counted.
//!
//! Beam keeps its figures in an accumulator, whose text is the JSON form of the Job API's answer for them; so everything that an engine
//! with a Job API tells is there, also while the job runs and when it has failed.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use tmpl_beam::messages::{MetricResults, MonitoringInfo};
use tmpl_beam::metrics::{ElementCount, Metrics, Names, Unreadable};

use super::jobs::{Accumulator, Vertex};

/// The name of Beam's accumulator.
const FIGURES: &str = "__metricscontainers";

/// The figures of a job. What its steps hand to each other is told by its vertices, where Beam does not count it itself.
pub fn metrics(accumulators: &[Accumulator], vertices: &[Vertex], names: &Names, time: Timestamp) -> Metrics {
    let figures = accumulators.iter().find(|accumulator| accumulator.name == FIGURES);
    let mut metrics = match figures.map(|figures| serde_json::from_str::<Answer>(&figures.value)) {
        Some(Ok(Answer { metrics: Figures { attempted, committed } })) => {
            let results = MetricResults { attempted: infos(attempted), committed: infos(committed) };
            Metrics::from_results(&results, names, time)
        }
        Some(Err(error)) => {
            let reason = format!("Beam tells it in another form than the one known: {error}");
            let unreadable = vec![Unreadable { urn: FIGURES.to_owned(), reason }];
            Metrics { time, unreadable, ..Metrics::default() }
        }
        None => Metrics { time, ..Metrics::default() },
    };
    for vertex in vertices {
        let Some(step) = only_step(&vertex.name) else { continue };
        let count = vertex.metrics.write_records;
        // Between steps that stand in one vertex nothing is counted.
        if count > 0 && !metrics.elements.iter().any(|element| element.step == step) {
            metrics.elements.push(ElementCount { step: step.to_owned(), collection: String::new(), count });
        }
    }
    metrics
}

/// The one step of Beam's that a vertex executes, where Flink's name of it says so:
/// `GroupReduce (GroupReduce at CombinePerKey/GroupByKey)`.
fn only_step(vertex: &str) -> Option<&str> {
    let inner = vertex.split_once(" (")?.1.strip_suffix(')')?;
    let (_, step) = inner.split_once(" at ")?;
    // Several vertices in one, or several steps in one vertex.
    let is_one = !vertex.contains(" -> ") && !step.starts_with('[') && !step.is_empty();
    is_one.then_some(step)
}

#[derive(Deserialize)]
struct Answer {
    metrics: Figures,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Figures {
    attempted: Vec<Info>,
    committed: Vec<Info>,
}

/// A `MonitoringInfo` as protobuf writes JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Info {
    urn: String,
    r#type: String,
    payload: String,
    labels: HashMap<String, String>,
}

fn infos(infos: Vec<Info>) -> Vec<MonitoringInfo> {
    let info = |info: Info| MonitoringInfo {
        // What is no base64 becomes an empty figure, which can't be read and is listed as such.
        payload: STANDARD.decode(&info.payload).unwrap_or_default().into(),
        urn: info.urn,
        r#type: info.r#type,
        labels: info.labels,
    };
    infos.into_iter().map(info).collect()
}

#[cfg(test)]
mod tests {
    use tmpl_beam::metrics::Number;

    use super::*;
    use crate::flink::jobs::{FlinkJob, VertexMetrics};

    #[derive(Deserialize)]
    struct Accumulators {
        #[serde(rename = "user-task-accumulators")]
        of_tasks: Vec<Accumulator>,
    }

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn figures(value: &str) -> [Accumulator; 1] {
        [Accumulator { name: FIGURES.to_owned(), value: value.to_owned() }]
    }

    #[test]
    fn figures_of_a_real_job_are_all_read() {
        let answer = include_str!("testdata/accumulators-beam-1.19.json");
        let accumulators: Accumulators = serde_json::from_str(answer).unwrap();
        let job: FlinkJob = serde_json::from_str(include_str!("testdata/job-beam-1.19.json")).unwrap();
        let mut names = Names::default();
        names.add_step("ref_AppliedPTransform_Count-them_14", "Count, them");
        let metrics = metrics(&accumulators.of_tasks, &job.vertices, &names, AT);
        let [counter] = metrics.counters.as_slice() else { panic!("{metrics:?}") };
        assert_eq!((counter.step.as_str(), counter.namespace.as_str()), ("Count, them", "my, \"ns\""));
        assert_eq!((counter.name.as_str(), counter.value), ("lines, {x=1}: y", Number::Whole(6)));
        let [distribution] = metrics.distributions.as_slice() else { panic!("{metrics:?}") };
        assert_eq!((distribution.count, distribution.sum), (6, Number::Whole(13)));
        assert_eq!(metrics.gauges[0].value, Number::Whole(7));
        assert_eq!(metrics.string_sets[0].values, ["t-b", "t-n", "t-o", "t-t"]);
        assert!(metrics.elements.len() >= 10 && !metrics.milliseconds.is_empty());
        assert_eq!(metrics.unreadable, []);
        // Flink executes this one itself, so that Beam counts nothing of it.
        let grouped = metrics.elements.iter().find(|element| element.step == "CombinePerKey(sum)/GroupByKey");
        assert_eq!(grouped.map(|element| element.count), Some(4));
    }

    #[test]
    fn what_is_told_in_another_form_stops_nothing() {
        for text in ["", "null", "MetricQueryResults(Counters(x: 3))", "{\"metrics\": 3}"] {
            let metrics = metrics(&figures(text), &[], &Names::default(), AT);
            assert_eq!(metrics.unreadable.len(), 1, "{text}");
            assert_eq!(metrics.counters, []);
        }
        for text in ["{\"metrics\": {}}", "{\"metrics\": {\"attempted\": [], \"tomorrow\": 1}}"] {
            assert_eq!(metrics(&figures(text), &[], &Names::default(), AT), Metrics::default(), "{text}");
        }
        let bad = r#"{"metrics":{"attempted":[{"urn":"beam:metric:user:sum_int64:v1","payload":"%%"}]}}"#;
        assert_eq!(metrics(&figures(bad), &[], &Names::default(), AT).unreadable.len(), 1);
        assert_eq!(metrics(&[], &[], &Names::default(), AT), Metrics::default());
    }

    #[test]
    fn a_vertex_with_one_step_counts_for_it() {
        for (vertex, step) in [
            (
                "GroupReduce (GroupReduce at CombinePerKey(sum)/GroupByKey)",
                Some("CombinePerKey(sum)/GroupByKey"),
            ),
            ("MapPartition (MapPartition at [4]{Make it, Count, them})", None),
            ("CHAIN MapPartition (MapPartition at [1]Make) -> FlatMap (FlatMap at ExtractOutput[0])", None),
            ("Source: Impulse -> [4]PeriodicImpulse/{ImpulseElement, GenSequence}", None),
            ("DataSource (Impulse)", None),
            ("Partition", None),
            ("", None),
        ] {
            assert_eq!(only_step(vertex), step, "{vertex}");
        }
        let vertex = |records| Vertex {
            name: "GroupReduce (GroupReduce at G)".to_owned(),
            status: "RUNNING".to_owned(),
            parallelism: 1,
            metrics: VertexMetrics { read_records: 9, write_records: records },
        };
        assert_eq!(metrics(&[], &[vertex(0)], &Names::default(), AT).elements, []);
        assert_eq!(metrics(&[], &[vertex(3)], &Names::default(), AT).elements[0].count, 3);
    }
}
