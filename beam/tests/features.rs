//! What pipelines need and engines have not; Prism is asked whether it agrees.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::collections::BTreeMap;

use prost::Message;
use tmpl_beam::graph::features::{Consequence, Engine, Feature, Lack, Need, lacks, needs};
use tmpl_beam::job_client::{JobClient, Submission};
use tmpl_beam::messages::{
    AfterEndOfWindow, Collection, Components, Environment, FunctionSpec, ParDoPayload, Pipeline, StateSpec,
    Transform, Trigger, TriggerKind, WindowingStrategy,
};
use tmpl_testing::SharedEngine;

fn real(name: &str) -> Pipeline {
    let path = format!("{}/tests/graphs/{name}.pb", env!("CARGO_MANIFEST_DIR"));
    Pipeline::decode(fs_err::read(path).unwrap().as_slice()).unwrap()
}

fn spec(urn: &str, payload: Vec<u8>) -> FunctionSpec {
    FunctionSpec { urn: urn.to_owned(), payload: payload.into() }
}

fn trigger(kind: TriggerKind) -> Trigger {
    Trigger { trigger: Some(kind) }
}

/// Windows as SDKs say them: every choice is made.
fn windows(urn: &str, kind: TriggerKind) -> WindowingStrategy {
    WindowingStrategy {
        window_fn: Some(spec(urn, Vec::new())),
        merge_status: 1,
        trigger: Some(trigger(kind)),
        accumulation_mode: 1,
        allowed_lateness: 0,
    }
}

/// A beginning, and a function that reads what it makes, as element and beside it.
fn pipeline(do_fn: &ParDoPayload, windows: WindowingStrategy, is_bounded: i32) -> Pipeline {
    let collection =
        Collection { is_bounded, windowing_strategy_id: "w".to_owned(), ..Collection::default() };
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let begin = Transform {
        spec: Some(spec("beam:transform:impulse:v1", Vec::new())),
        outputs: map(&[("out", "begun")]),
        unique_name: "Begin".to_owned(),
        ..Transform::default()
    };
    let function = Transform {
        spec: Some(spec("beam:transform:pardo:v1", do_fn.encode_to_vec())),
        inputs: map(&[("in", "begun"), ("side", "begun")]),
        outputs: map(&[("out", "made")]),
        unique_name: "Do".to_owned(),
        environment_id: "e".to_owned(),
        ..Transform::default()
    };
    let components = Components {
        transforms: [("begin".to_owned(), begin), ("do".to_owned(), function)].into(),
        pcollections: [("begun".to_owned(), collection.clone()), ("made".to_owned(), collection)].into(),
        windowing_strategies: [("w".to_owned(), windows)].into(),
        environments: [("e".to_owned(), Environment::default())].into(),
    };
    Pipeline {
        components: Some(components),
        root_transform_ids: vec!["begin".to_owned(), "do".to_owned()],
        requirements: Vec::new(),
    }
}

fn global() -> WindowingStrategy {
    windows(WindowingStrategy::GLOBAL, TriggerKind::Default(()))
}

fn features(needs: &[Need]) -> Vec<Feature> {
    needs.iter().map(|need| need.feature).collect()
}

fn told(engine: Engine, pipeline: &Pipeline) -> Vec<String> {
    lacks(engine, &needs(pipeline)).iter().map(Lack::in_words).collect()
}

#[test]
fn a_rich_pipeline_needs_much() {
    let needs = needs(&real("python-rich"));
    assert_eq!(
        features(&needs),
        [
            Feature::State,
            Feature::Timers,
            Feature::Splittable,
            Feature::EndlessSplittable,
            Feature::Unbounded,
            Feature::SideInputs,
            Feature::Finalization,
            Feature::SessionTriggers,
        ]
    );
    let at = |feature: Feature| needs.iter().find(|need| need.feature == feature).unwrap().steps.join(", ");
    assert_eq!(at(Feature::State), "Stateful");
    assert_eq!(at(Feature::EndlessSplittable), "Poll");
    assert_eq!(at(Feature::SideInputs), "Join");
    assert_eq!(at(Feature::Finalization), "Final");
}

#[test]
fn each_engine_lacks_something_else() {
    let rich = real("python-rich");
    assert_eq!(
        told(Engine::Prism, &rich),
        [
            "Prism has no triggers that count or wait in sessions",
            "Prism holds everything in the memory of one machine, for as long as the job runs (`Poll`)",
        ]
    );
    assert_eq!(told(Engine::Flink, &rich), [""; 0]);
    let spark = lacks(Engine::Spark, &needs(&rich));
    let words: Vec<(Feature, Consequence)> =
        spark.iter().map(|lack| (lack.need.feature, lack.consequence)).collect();
    assert_eq!(
        words,
        [
            (Feature::SideInputs, Consequence::Refused),
            (Feature::State, Consequence::Fails),
            (Feature::Timers, Consequence::Fails),
            (Feature::EndlessSplittable, Consequence::Fails),
            (Feature::Finalization, Consequence::Fails),
            (Feature::Unbounded, Consequence::Note),
        ]
    );
    assert_eq!(told(Engine::Portable, &rich), [""; 0]);
    for name in ["python-wordcount", "go-wordcount", "java-wordcount"] {
        for engine in [Engine::Prism, Engine::Flink, Engine::Spark, Engine::Portable] {
            assert_eq!(told(engine, &real(name)), [""; 0], "{name}");
        }
    }
    // One that ends is run otherwise.
    let finalizes = ParDoPayload { requests_finalization: true, ..ParDoPayload::default() };
    let ends = told(Engine::Flink, &pipeline(&finalizes, global(), 2));
    assert_eq!(
        ends,
        ["Flink finalizes no bundles of pipelines that have an end (--streaming makes it do so) (`Do`)"]
    );
    assert_eq!(told(Engine::Flink, &pipeline(&finalizes, global(), 1)), [""; 0]);
}

#[test]
fn workers_of_two_languages_are_more_than_a_template_has() {
    let mut mixed = real("python-wordcount");
    let components = mixed.components.as_mut().unwrap();
    let known = components.environments.keys().next().unwrap().clone();
    let environment = |base: &str| Environment {
        capabilities: vec!["beam:coder:varint:v1".to_owned(), format!("beam:version:sdk_base:{base}")],
        ..Environment::default()
    };
    components.environments.insert(known, environment("apache/beam_python3.11_sdk:2.77.0"));
    // Two environments of one language are one kind.
    components.environments.insert("other".to_owned(), environment("apache/beam_python3.12_sdk:2.77.0"));
    let split = components.transforms.values_mut().find(|step| step.unique_name == "Split").unwrap();
    split.environment_id = "other".to_owned();
    assert!(!features(&needs(&mixed)).contains(&Feature::SeveralWorkers));
    let components = mixed.components.as_mut().unwrap();
    components.environments.insert("other".to_owned(), environment("apache/beam_java17_sdk:2.77.0"));
    assert_eq!(
        told(Engine::Portable, &mixed),
        [
            "the pipeline has functions in more than one language, and workers are started for the template's own alone \
          (`java`, `python`)"
        ]
    );
}

/// Pipelines that Prism should refuse for the feature, or take.
fn cases() -> Vec<(Feature, Pipeline, bool)> {
    let plain = ParDoPayload::default();
    let with_state = |urn: &str| -> BTreeMap<String, Vec<u8>> {
        [("s".to_owned(), StateSpec { protocol: Some(spec(urn, Vec::new())) }.encode_to_vec())].into()
    };
    let stateful = |urn: &str| ParDoPayload { state_specs: with_state(urn), ..ParDoPayload::default() };
    let beside =
        ParDoPayload { side_inputs: [("side".to_owned(), Vec::new())].into(), ..ParDoPayload::default() };
    let splittable = ParDoPayload { restriction_coder_id: "c".to_owned(), ..ParDoPayload::default() };
    let early = |kind: TriggerKind| {
        let early_firings = Some(Box::new(trigger(kind)));
        TriggerKind::AfterEndOfWindow(AfterEndOfWindow { early_firings, late_firings: None })
    };
    let merging = |urn: &str, kind: TriggerKind| WindowingStrategy { merge_status: 2, ..windows(urn, kind) };
    let retracting = WindowingStrategy { accumulation_mode: 3, ..global() };
    let required =
        |urn: &str| Pipeline { requirements: vec![urn.to_owned()], ..pipeline(&plain, global(), 2) };
    let other_step = |payload: &[u8]| {
        let mut other = pipeline(&plain, global(), 2);
        let step = other.components.as_mut().unwrap().transforms.get_mut("do").unwrap();
        step.spec = Some(spec("beam:transform:of_tomorrow:v1", payload.to_vec()));
        other
    };
    vec![
        (Feature::State, pipeline(&stateful(StateSpec::BAG), global(), 2), false),
        (Feature::KeyedState, pipeline(&stateful(StateSpec::ORDERED_LIST), global(), 2), false),
        (Feature::OtherState, pipeline(&stateful("beam:user_state:of_tomorrow:v1"), global(), 2), true),
        (Feature::Splittable, pipeline(&splittable, global(), 2), false),
        (
            Feature::StatefulSplittable,
            pipeline(
                &ParDoPayload { state_specs: with_state(StateSpec::BAG), ..splittable.clone() },
                global(),
                2,
            ),
            true,
        ),
        (Feature::SideInputs, pipeline(&beside, global(), 1), false),
        (
            Feature::TriggeredSideInputs,
            pipeline(&beside, windows(WindowingStrategy::GLOBAL, early(TriggerKind::ElementCount(()))), 1),
            true,
        ),
        (
            Feature::SideInputs,
            pipeline(&beside, windows(WindowingStrategy::GLOBAL, early(TriggerKind::Never(()))), 1),
            false,
        ),
        (Feature::StableInput, required("beam:requirement:pardo:stable_input:v1"), true),
        (Feature::SortedInput, required("beam:requirement:pardo:time_sorted_input:v1"), false),
        (Feature::OtherRequirements, required("beam:requirement:of_tomorrow:v1"), true),
        (
            Feature::SessionTriggers,
            pipeline(
                &plain,
                merging(WindowingStrategy::SESSIONS, early(TriggerKind::AfterProcessingTime(()))),
                1,
            ),
            true,
        ),
        (
            Feature::Unbounded,
            pipeline(&plain, merging(WindowingStrategy::SESSIONS, TriggerKind::Default(())), 1),
            false,
        ),
        (Feature::MergingWindows, pipeline(&plain, merging("my:windows", TriggerKind::Default(())), 2), true),
        (Feature::Retractions, pipeline(&plain, retracting, 2), true),
        (Feature::OtherSteps, other_step(b"payload"), true),
    ]
}

#[test]
fn what_a_pipeline_needs_is_found() {
    for (feature, pipeline, refused) in cases() {
        let needs = needs(&pipeline);
        assert!(features(&needs).contains(&feature), "{feature:?}: {needs:?}");
        let lacks = lacks(Engine::Prism, &needs);
        let says = lacks.iter().any(|lack| {
            lack.need.feature == feature
                && matches!(lack.consequence, Consequence::Refused | Consequence::Fails)
        });
        assert_eq!(says, refused, "{feature:?}: {lacks:?}");
    }
    assert_eq!(needs(&Pipeline::default()), []);
}

#[tokio::test]
async fn prism_agrees() {
    let prism = tmpl_testing::Engine::shared(SharedEngine::Prism);
    let client = JobClient::connect(&prism.endpoint()).await.unwrap();
    for (feature, mut pipeline, refused) in cases() {
        // What Prism asks for beside: each strategy says how it behaves in every regard. Those are its last fields.
        let pipeline = with_behaviour(&mut pipeline);
        let submission = Submission {
            pipeline: pipeline.into(),
            options: Vec::new().into(),
            job_name: "needs".to_owned(),
        };
        let answer = client.prepare(&submission).await;
        assert_eq!(answer.is_err(), refused, "{feature:?}: {answer:?}");
    }
}

/// The pipeline with windows that also say when they close, and what time results have: only engines look at these.
fn with_behaviour(pipeline: &mut Pipeline) -> Vec<u8> {
    #[derive(Clone, PartialEq, Message)]
    struct Behaviour {
        #[prost(int32, tag = "6")]
        output_time: i32,
        #[prost(int32, tag = "7")]
        closing_behavior: i32,
        #[prost(int32, tag = "9")]
        on_time_behavior: i32,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Strategies {
        #[prost(btree_map = "string, bytes", tag = "3")]
        windowing_strategies: BTreeMap<String, Vec<u8>>,
    }
    #[derive(Clone, PartialEq, Message)]
    struct Whole {
        #[prost(bytes = "vec", tag = "1")]
        components: Vec<u8>,
    }
    let components = pipeline.components.as_mut().unwrap();
    let behaviour = Behaviour { output_time: 1, closing_behavior: 1, on_time_behavior: 1 }.encode_to_vec();
    let windowing_strategies = std::mem::take(&mut components.windowing_strategies)
        .into_iter()
        .map(|(id, windows)| (id, [windows.encode_to_vec(), behaviour.clone()].concat()))
        .collect();
    let components =
        [components.encode_to_vec(), Strategies { windowing_strategies }.encode_to_vec()].concat();
    let rest = Pipeline { components: None, ..pipeline.clone() };
    [Whole { components }.encode_to_vec(), rest.encode_to_vec()].concat()
}
