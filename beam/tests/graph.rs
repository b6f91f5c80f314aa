//! Graphs of real SDKs, of hostile pipelines and of large ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use prost::Message;
use serde_json::Value;
use tmpl_beam::graph::{Graph, Overlay, StepState, StepStatus};
use tmpl_beam::messages::{Collection, Components, FunctionSpec, Pipeline, Transform};

fn real(name: &str) -> Graph {
    let path = format!("{}/tests/graphs/{name}.pb", env!("CARGO_MANIFEST_DIR"));
    let graph = Graph::read(fs_err::read(path).unwrap()).unwrap();
    assert_eq!(graph.notes(), [""; 0]);
    graph
}

fn tree(graph: &Graph, depth: usize) -> String {
    graph.folded(Some(depth), &Overlay::default()).to_tree()
}

/// What each renderer makes of a graph.
fn drawn(graph: &Graph, depth: Option<usize>) -> [String; 4] {
    let folded = graph.folded(depth, &Overlay::default());
    [folded.to_tree(), folded.to_dot(), folded.to_svg("title"), folded.to_json()]
}

fn json(graph: &Graph, depth: Option<usize>) -> Value {
    serde_json::from_str(&graph.folded(depth, &Overlay::default()).to_json()).unwrap()
}

/// Id, name, parts, inputs, outputs.
type StepWords<'a> = (&'a str, &'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

fn pipeline(roots: &[&str], steps: &[StepWords<'_>]) -> Pipeline {
    let mut components = Components::default();
    for (id, name, parts, inputs, outputs) in steps {
        let named = |ids: &[&str]| -> BTreeMap<_, _> {
            ids.iter().map(|id| (format!("at {id}"), (*id).to_owned())).collect()
        };
        for id in inputs.iter().chain(*outputs) {
            let collection =
                Collection { unique_name: (*id).to_owned(), is_bounded: 2, ..Collection::default() };
            components.pcollections.insert((*id).to_owned(), collection);
        }
        let transform = Transform {
            spec: Some(FunctionSpec { urn: "beam:transform:pardo:v1".to_owned(), ..FunctionSpec::default() }),
            subtransforms: parts.iter().map(|part| (*part).to_owned()).collect(),
            inputs: named(inputs),
            outputs: named(outputs),
            unique_name: (*name).to_owned(),
            environment_id: String::new(),
        };
        components.transforms.insert((*id).to_owned(), transform);
    }
    Pipeline {
        components: Some(components),
        root_transform_ids: roots.iter().map(|root| (*root).to_owned()).collect(),
        requirements: Vec::new(),
    }
}

#[test]
fn pythons_steps_have_the_names_that_people_gave_them() {
    let graph = real("python-wordcount");
    assert_eq!(graph.summary(), "20 steps in 9 groups, bounded");
    assert_eq!(
        tree(&graph, 2),
        "\
Read
└─ Read        read, 3 steps
Split          ParDo ← Read/Read
PairWithOne    ParDo ← Split
GroupAndSum    combine
├─ GroupByKey  GroupByKey ← PairWithOne
└─ Combine     combine, 1 step ← GroupByKey
Format         ParDo ← GroupAndSum/Combine
Write
└─ Write       12 steps ← Format
"
    );
    assert!(graph.steps().iter().any(|step| step.name == "Write/Write/WriteImpl/GroupByKey"));
}

#[test]
fn gos_steps_too() {
    assert_eq!(
        tree(&real("go-wordcount"), 1),
        "\
textio.Read   5 steps
CountWords    1 step ← textio.Read
CountWords'1  3 steps ← CountWords
Format        1 step ← CountWords'1
main.side     ParDo ← CountWords (side input), Format
textio.Write  3 steps ← main.side
"
    );
}

#[test]
fn javas_steps_too() {
    assert_eq!(
        tree(&real("java-wordcount"), 2),
        "\
Read lines
└─ Read                   3 steps
View
└─ MapElements            1 step ← Read lines/Read
Main.CountWords
├─ Split                  1 step ← Read lines/Read
└─ Count.PerElement       3 steps ← Split
Format
└─ ParMultiDo(Anonymous)  ParDo ← View/MapElements (side input), Main.CountWords/Count.PerElement
"
    );
}

#[test]
fn what_a_step_asks_for_is_said() {
    let graph = real("python-rich");
    assert!(graph.is_unbounded());
    let told = tree(&graph, 1);
    for line in [
        "Poll      ParDo, splittable, unbounded ← Seeds",
        "All       flatten, unbounded ← Poll, Other",
        "Side      ParDo ← Other",
        "Join      ParDo, unbounded ← Key, Side (side input)",
        "Stateful  ParDo, stateful, timers, unbounded ← Global",
        "Shuffle   reshuffle, 5 steps, unbounded ← Final",
    ] {
        assert!(told.lines().any(|found| found == line), "{line}\n{told}");
    }
    let json = json(&graph, None);
    let check =
        json["steps"].as_array().unwrap().iter().find(|step| step["name"] == "Clean/Check/FlatMap(split)");
    let outputs = check.unwrap()["outputs"].as_array().unwrap();
    let names: Vec<&str> = outputs.iter().map(|output| output["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["output", "bad"]);
    let urns: Vec<&str> =
        json["requirements"].as_array().unwrap().iter().map(|urn| urn.as_str().unwrap()).collect();
    assert!(urns.contains(&"beam:requirement:pardo:stateful:v1"), "{urns:?}");
}

#[test]
fn the_json_is_of_one_shape_at_every_depth() {
    let graph = real("python-wordcount");
    let folded = json(&graph, Some(1));
    assert_eq!(folded["format"], 1);
    let steps = folded["steps"].as_array().unwrap();
    let names: Vec<&str> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Read", "Split", "PairWithOne", "GroupAndSum", "Format", "Write"]);
    assert_eq!(steps[0]["folded"], 3);
    assert_eq!(steps[0]["parts"], serde_json::json!([]));
    assert_eq!(steps[1]["kind"], "parDo");
    assert_eq!(folded["edges"].as_array().unwrap().len(), 5);
    let whole = json(&graph, None);
    assert_eq!(whole["steps"].as_array().unwrap().len(), 29);
    assert_eq!(whole["collections"], folded["collections"]);
    // An edge between leaves says from where to where, and what.
    let edge = &whole["edges"].as_array().unwrap()[0];
    for key in ["from", "to"] {
        assert!(whole["steps"].as_array().unwrap().iter().any(|step| step["id"] == edge[key]), "{edge}");
    }
    assert!(edge["collections"][0].is_string() && edge["side"] == false, "{edge}");
}

#[test]
fn a_group_stands_where_its_parts_stand_and_has_made_what_leaves_it() {
    let graph = real("python-wordcount");
    let mut overlay = Overlay::default();
    for (step, state, elements) in [
        ("Read/Read/Impulse", StepState::Done, 1),
        ("Read/Read/EmitSource", StepState::Done, 2),
        ("Read/Read/SDFBoundedSourceReader/ParDo(SDFBoundedSourceDoFn)", StepState::Running, 1_500),
        ("Split", StepState::Running, 9_000),
        ("Write/Write/WriteImpl/Pair", StepState::Waiting, 0),
        ("no such step", StepState::Failed, 1),
    ] {
        let elements = Some(elements);
        overlay.set(step, StepStatus { state: Some(state), elements, milliseconds: None });
    }
    let folded = graph.folded(Some(1), &overlay);
    let told = folded.to_tree();
    assert!(told.contains("Read         3 steps  [running, 1,500 elements]\n"), "{told}");
    assert!(told.contains("Split        ParDo ← Read  [running, 9,000 elements]\n"), "{told}");
    assert!(told.contains("Write        12 steps ← Format  [waiting]\n"), "{told}");
    let svg = folded.to_svg("t");
    assert!(svg.contains("class=\"bar running\"") && svg.contains("running, 1,500 elements"), "{svg}");
    let json: Value = serde_json::from_str(&folded.to_json()).unwrap();
    assert_eq!(json["steps"][0]["status"]["state"], "running");
    assert_eq!(json["steps"][0]["status"]["elements"], 1_500);
}

#[test]
fn the_same_graph_is_drawn_with_the_same_bytes() {
    for name in ["python-rich", "go-wordcount", "java-wordcount"] {
        for depth in [Some(1), Some(2), None] {
            assert_eq!(drawn(&real(name), depth), drawn(&real(name), depth));
        }
    }
}

#[test]
fn a_picture_shows_every_step_once_and_refers_to_nothing_outside() {
    let graph = real("python-rich");
    let folded = graph.folded(Some(3), &Overlay::default());
    let svg = folded.to_svg("A & B");
    let empty = folded.graph.steps().iter().filter(|step| step.kind.key() == "empty").count();
    assert_eq!(svg.matches("<g>").count() + empty, folded.steps.len());
    assert_eq!(svg.matches("<g>").count(), svg.matches("</g>").count());
    assert!(svg.contains("<title id=\"tmpl-title\">A &amp; B</title>") && svg.contains("role=\"img\""));
    assert!(svg.contains("prefers-color-scheme:dark"));
    for word in ["<script", "href", "http://", "https://", "@import", "<image", "<foreignObject"] {
        let found = svg.replace("xmlns=\"http://www.w3.org/2000/svg\"", "").contains(word);
        assert!(!found, "{word}");
    }
}

#[test]
fn hostile_names_are_harmless_in_every_picture() {
    let names = [
        "<script>alert(1)</script>",
        "x\u{1b}[2J\u{9b}31m\u{7}\r\n\tmoved",
        "\u{202e}gnp.exe\u{2066}",
        "\"]; evil [label=\"",
        "\\N\\\"\\",
        "]]></style><svg onload=alert(1)>",
        "--%s${a}`b`",
        &"n".repeat(10_000),
        &"日本\u{0}".repeat(2_000),
        "",
    ];
    let ids: Vec<String> = (0..names.len()).map(|number| format!("step-{number}")).collect();
    let steps: Vec<StepWords<'_>> =
        ids.iter().zip(names).map(|(id, name)| (id.as_str(), name, &[][..], &[][..], &[][..])).collect();
    let roots: Vec<&str> = ids.iter().map(String::as_str).collect();
    let graph = Graph::of(&pipeline(&roots, &steps));
    let [tree, dot, svg, json] = drawn(&graph, None);
    for (what, text) in [("tree", &tree), ("dot", &dot), ("svg", &svg), ("json", &json)] {
        let bad = |c: &char| {
            (c.is_control() && *c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert_eq!(text.chars().find(bad), None, "{what}");
    }
    assert_eq!(tree.lines().count(), names.len());
    assert!(tree.lines().all(|line| line.chars().count() < 120), "{tree}");
    for text in [&dot, &svg] {
        assert!(!text.contains("<script") && !text.contains("<svg onload"), "{text}");
    }
    // A quote ends a text only where we end it: each line has an even number of them.
    for line in dot.lines() {
        let unescaped = line.replace("\\\\", "").replace("\\\"", "").matches('"').count();
        assert_eq!(unescaped % 2, 0, "{line}");
    }
    let read: Value = serde_json::from_str(&json).unwrap();
    for (number, name) in names.iter().enumerate() {
        let whole = if name.is_empty() { ids[number].as_str() } else { name };
        assert_eq!(read["steps"][number]["name"], whole);
    }
}

#[test]
fn broken_pipelines_are_drawn_as_far_as_they_go() {
    let within_itself = "the step `a` is part of more than one other, or of itself";
    for (what, roots, steps, expected, notes) in [
        ("nothing", &[][..], &[][..], "", &[][..]),
        (
            "a root that is missing",
            &["gone", "a"],
            &[("a", "A", &[][..], &[][..], &[][..])],
            "A  ParDo\n",
            &["the step `gone` is named and not there"],
        ),
        (
            "a step within itself",
            &["a", "b"],
            &[("a", "A", &["a"], &[], &[]), ("b", "B", &[], &[], &[])],
            "A  ParDo\nB  ParDo\n",
            &[within_itself],
        ),
        (
            "a circle of parts",
            &["a"],
            &[("a", "A", &["b"], &[], &[]), ("b", "A/B", &["a"], &[], &[])],
            "A     ParDo\n└─ B  ParDo\n",
            &[within_itself],
        ),
        (
            "no roots",
            &[],
            &[("a", "A", &["b"], &[], &[]), ("b", "A/B", &[], &[], &[])],
            "A     ParDo\n└─ B  ParDo\n",
            &["no root leads to 2 of the steps"],
        ),
        (
            "a circle of flows",
            &["a", "b"],
            &[("a", "A", &[], &["2"], &["1"]), ("b", "B", &[], &["1"], &["2", "1"])],
            "A  ParDo ← B\nB  ParDo ← A\n",
            &[],
        ),
    ] {
        let graph = Graph::of(&pipeline(roots, steps));
        assert_eq!(tree(&graph, 5), expected, "{what}");
        assert_eq!(graph.notes(), notes, "{what}");
        for depth in [Some(0), Some(1), None] {
            drawn(&graph, depth);
        }
    }
    assert_eq!(Graph::read(&b""[..]).unwrap().summary(), "0 steps, bounded");
    let error = Graph::read(&b"\xff\xff"[..]).unwrap_err();
    assert!(error.to_string().starts_with("these bytes are no Beam pipeline: "), "{error}");
}

#[test]
fn ten_thousand_steps_are_drawn_at_once_wide_deep_or_in_a_tangle() {
    let number = 10_000;
    let id = |at: usize| format!("s{at}");
    let mut shapes = Vec::new();
    for shape in ["wide", "long", "deep", "tangled", "one for all"] {
        let mut components = Components::default();
        for at in 0..number {
            let mut transform = Transform { unique_name: format!("Step {at}"), ..Transform::default() };
            let mut input = |from: usize| transform.inputs.insert(format!("i{from}"), format!("c{from}"));
            match shape {
                "long" if at > 0 => drop(input(at - 1)),
                "tangled" => (1..6).for_each(|far| drop(input((at * 7919 + far * 104_729) % number))),
                "one for all" => drop(input(0)),
                "deep" => transform.subtransforms.extend((at + 1 < number).then(|| id(at + 1))),
                _ => {}
            }
            transform.outputs.insert("o".to_owned(), format!("c{at}"));
            components.transforms.insert(id(at), transform);
            components.pcollections.insert(format!("c{at}"), Collection::default());
        }
        let roots = if shape == "deep" { vec![id(0)] } else { (0..number).map(id).collect() };
        let pipeline =
            Pipeline { components: Some(components), root_transform_ids: roots, ..Pipeline::default() };
        shapes.push((shape, pipeline.encode_to_vec()));
    }
    for (shape, bytes) in shapes {
        let begun = Instant::now();
        let graph = Graph::read(bytes).unwrap();
        assert_eq!(graph.steps().len(), number, "{shape}");
        for depth in [Some(1), None] {
            drawn(&graph, depth);
        }
        // Without optimisation, on a machine that does other things too.
        assert!(begun.elapsed() < Duration::from_secs(30), "{shape}: {:?}", begun.elapsed());
    }
}

mod anything {
    use proptest::prelude::*;

    use super::*;

    fn ids() -> impl Strategy<Value = Vec<usize>> {
        prop::collection::vec(0..8_usize, 0..4)
    }

    proptest! {
        #[test]
        fn bytes_are_a_graph_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(graph) = Graph::read(bytes) {
                drawn(&graph, None);
            }
        }

        #[test]
        fn steps_joined_at_random_are_drawn(
            roots in ids(),
            steps in prop::collection::vec((ids(), ids(), ids(), ".{0,6}"), 0..7),
            depth in 0..5_usize,
        ) {
            let text = |ids: &[usize]| ids.iter().map(|id| format!("{id}")).collect::<Vec<_>>();
            let mut whole = Pipeline { root_transform_ids: text(&roots), ..Pipeline::default() };
            let components = whole.components.get_or_insert_default();
            for (at, (parts, inputs, outputs, name)) in steps.iter().enumerate() {
                let transform = Transform {
                    subtransforms: text(parts),
                    inputs: text(inputs).into_iter().map(|id| (id.clone(), id)).collect(),
                    outputs: text(outputs).into_iter().map(|id| (id.clone(), id)).collect(),
                    unique_name: name.clone(),
                    ..Transform::default()
                };
                components.transforms.insert(format!("{at}"), transform);
            }
            let graph = Graph::of(&whole);
            // One around all others that has no name of its own is left out.
            prop_assert!(steps.len() - graph.steps().len() <= 1);
            for depth in [Some(depth), None] {
                let [_, _, svg, json] = drawn(&graph, depth);
                prop_assert_eq!(svg.matches("<g>").count(), svg.matches("</g>").count());
                prop_assert!(serde_json::from_str::<Value>(&json).is_ok());
                prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", svg);
            }
        }
    }
}
