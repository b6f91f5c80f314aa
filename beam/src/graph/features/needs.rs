//! What a pipeline needs of an engine.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message;

use super::{Feature, Need};
use crate::graph::{Graph, Step, StepKind};
use crate::messages::{
    Components, Environment, ParDoPayload, Pipeline, StateSpec, Transform, Trigger, TriggerKind,
    WindowingStrategy,
};

/// Steps beyond these are not named: a remark is not a list.
const MOST_STEPS: usize = 100;
/// The capability that tells what a worker is made of: `beam:version:sdk_base:apache/beam_python3.11_sdk:2.77.0`.
const SDK_BASE: &str = "beam:version:sdk_base:";
/// What a pipeline may ask for and is known here, with the feature that stands for it.
const REQUIREMENTS: [(&str, Feature); 6] = [
    ("beam:requirement:pardo:stateful:v1", Feature::State),
    ("beam:requirement:pardo:splittable_dofn:v1", Feature::Splittable),
    ("beam:requirement:pardo:finalization:v1", Feature::Finalization),
    ("beam:requirement:pardo:stable_input:v1", Feature::StableInput),
    ("beam:requirement:pardo:time_sorted_input:v1", Feature::SortedInput),
    ("beam:requirement:pardo:on_window_expiration:v1", Feature::WindowExpiration),
];

/// What a pipeline needs of an engine, each feature once, in the order of [`Feature`].
pub fn needs(pipeline: &Pipeline) -> Vec<Need> {
    let nothing = Components::default();
    let components = pipeline.components.as_ref().unwrap_or(&nothing);
    let graph = Graph::of(pipeline);
    let mut found = Found::default();
    let mut test_streams = 0;
    for step in graph.steps().iter().filter(|step| step.parts.is_empty()) {
        let Some(transform) = components.transforms.get(&step.id) else { continue };
        match step.kind {
            StepKind::ParDo => function(step, transform, components, &mut found),
            StepKind::TestStream => {
                test_streams += 1;
                found.at(Feature::TestStream, step);
            }
            StepKind::Other if transform.spec.as_ref().is_some_and(|spec| !spec.payload.is_empty()) => {
                found.at(Feature::OtherSteps, step);
                found.detail(Feature::OtherSteps, &step.urn);
            }
            _ => {}
        }
        if is_endless(transform, components) {
            found.at(Feature::Unbounded, step);
        }
    }
    if test_streams > 1 {
        found.whole(Feature::TestStreams);
    }
    for windows in components.windowing_strategies.values() {
        windowing(windows, &mut found);
    }
    for urn in &pipeline.requirements {
        match REQUIREMENTS.iter().find(|(known, _)| known == urn) {
            Some((_, feature)) => found.whole(*feature),
            None => found.detail(Feature::OtherRequirements, urn),
        }
    }
    let workers = kinds_of_workers(&graph, components);
    if workers.len() > 1 {
        for kind in &workers {
            found.detail(Feature::SeveralWorkers, kind);
        }
    }
    found.features.into_values().collect()
}

#[derive(Default)]
struct Found {
    features: BTreeMap<Feature, Need>,
}

impl Found {
    fn whole(&mut self, feature: Feature) {
        self.need(feature);
    }

    fn at(&mut self, feature: Feature, step: &Step) {
        let need = self.need(feature);
        if need.steps.len() < MOST_STEPS {
            need.steps.push(step.name.clone());
        }
    }

    fn detail(&mut self, feature: Feature, detail: &str) {
        let need = self.need(feature);
        if need.details.len() < MOST_STEPS && !need.details.iter().any(|known| known == detail) {
            need.details.push(detail.to_owned());
        }
    }

    fn need(&mut self, feature: Feature) -> &mut Need {
        let nothing = || Need { feature, steps: Vec::new(), details: Vec::new() };
        self.features.entry(feature).or_insert_with(nothing)
    }
}

fn function(step: &Step, transform: &Transform, components: &Components, found: &mut Found) {
    let payload = transform.spec.as_ref().map(|spec| spec.payload.clone()).unwrap_or_default();
    let Ok(do_fn) = ParDoPayload::decode(payload) else { return };
    let is_splittable = !do_fn.restriction_coder_id.is_empty();
    let is_stateful = !do_fn.state_specs.is_empty() || !do_fn.timer_family_specs.is_empty();
    for (is_so, feature) in [
        (!do_fn.state_specs.is_empty(), Feature::State),
        (!do_fn.timer_family_specs.is_empty(), Feature::Timers),
        (is_splittable, Feature::Splittable),
        (is_splittable && is_endless(transform, components), Feature::EndlessSplittable),
        (is_splittable && is_stateful, Feature::StatefulSplittable),
        (!do_fn.side_inputs.is_empty(), Feature::SideInputs),
        (do_fn.requests_finalization, Feature::Finalization),
        (do_fn.requires_stable_input, Feature::StableInput),
        (do_fn.requires_time_sorted_input, Feature::SortedInput),
        (
            do_fn.side_inputs.keys().any(|name| changes(name, transform, components)),
            Feature::TriggeredSideInputs,
        ),
    ] {
        if is_so {
            found.at(feature, step);
        }
    }
    let protocols: BTreeSet<String> = do_fn
        .state_specs
        .values()
        .filter_map(|spec| Some(StateSpec::decode(spec.as_slice()).ok()?.protocol?.urn))
        .collect();
    for urn in protocols {
        match urn.as_str() {
            StateSpec::BAG => {}
            StateSpec::MULTIMAP | StateSpec::ORDERED_LIST => found.at(Feature::KeyedState, step),
            other => {
                found.at(Feature::OtherState, step);
                found.detail(Feature::OtherState, other);
            }
        }
    }
}

/// Whether what has no end begins here.
fn is_endless(transform: &Transform, components: &Components) -> bool {
    let is_unbounded =
        |id: &String| components.pcollections.get(id).is_some_and(|found| found.is_bounded == 1);
    transform.outputs.values().any(is_unbounded) && !transform.inputs.values().any(is_unbounded)
}

/// Whether a side input has a new value again and again: without an end, in one window, with a trigger that fires before its end.
fn changes(name: &str, transform: &Transform, components: &Components) -> bool {
    let read = || {
        let collection = components.pcollections.get(transform.inputs.get(name)?)?;
        let windows = components.windowing_strategies.get(&collection.windowing_strategy_id)?;
        Some((collection, windows))
    };
    let Some((collection, windows)) = read() else { return false };
    if collection.is_bounded == 2 || windows.window_urn() != WindowingStrategy::GLOBAL {
        return false;
    }
    let never = |trigger: &Option<Box<Trigger>>| {
        trigger.as_ref().is_none_or(|trigger| matches!(trigger.trigger, Some(TriggerKind::Never(()))))
    };
    match windows.trigger.as_ref().map(|trigger| &trigger.trigger) {
        None | Some(Some(TriggerKind::Never(()) | TriggerKind::Default(()))) => false,
        Some(Some(TriggerKind::AfterEndOfWindow(end))) => {
            !(never(&end.early_firings) && (windows.allowed_lateness == 0 || never(&end.late_firings)))
        }
        Some(_) => true,
    }
}

fn windowing(windows: &WindowingStrategy, found: &mut Found) {
    let is_sessions = windows.window_urn() == WindowingStrategy::SESSIONS;
    if windows.merges() && !is_sessions {
        found.detail(Feature::MergingWindows, windows.window_urn());
    }
    if windows.accumulation_mode == 3 {
        found.whole(Feature::Retractions);
    }
    let Some(trigger) = &windows.trigger else { return };
    let (mut waits, mut is_other) = (false, false);
    let mut waiting = vec![trigger];
    while let Some(trigger) = waiting.pop() {
        is_other |= trigger.trigger.is_none();
        waits |= matches!(
            trigger.trigger,
            Some(
                TriggerKind::ElementCount(())
                    | TriggerKind::AfterProcessingTime(())
                    | TriggerKind::AfterSynchronizedProcessingTime(())
            )
        );
        waiting.extend(trigger.parts());
    }
    if is_sessions && waits {
        found.whole(Feature::SessionTriggers);
    }
    if is_other {
        found.whole(Feature::OtherTriggers);
    }
}

/// The kinds of workers that functions run in: what they are made of, without versions, or what the environment says.
fn kinds_of_workers(graph: &Graph, components: &Components) -> BTreeSet<String> {
    let leaves = graph.steps().iter().filter(|step| step.parts.is_empty());
    let used: BTreeSet<&str> = leaves.filter_map(|step| step.environment.as_deref()).collect();
    used.into_iter().filter_map(|id| components.environments.get(id)).map(kind_of_workers).collect()
}

fn kind_of_workers(environment: &Environment) -> String {
    let base = environment.capabilities.iter().find_map(|capability| capability.strip_prefix(SDK_BASE));
    let language = |base: &str| {
        ["python", "java", "go", "typescript"].into_iter().find(|language| base.contains(language))
    };
    match base {
        Some(base) => language(base).unwrap_or(base).to_owned(),
        None => environment.urn.clone(),
    }
}
