//! Figures on their way from messages to [`Metrics`]: of each there is one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Counter, Distribution, ElementCount, Gauge, Metrics, Number, StepTime, StringSet, Unreadable};

/// What tells figures of one kind apart: step, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) step: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// Count, sum, least and greatest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread {
    pub(super) count: i64,
    pub(super) sum: Number,
    pub(super) min: Number,
    pub(super) max: Number,
}

/// When a step worked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    Start,
    Process,
    Finish,
    Total,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    pub(super) counters: BTreeMap<Key, Number>,
    distributions: BTreeMap<Key, Spread>,
    gauges: BTreeMap<Key, (Option<Timestamp>, Number)>,
    sets: BTreeMap<Key, BTreeSet<String>>,
    elements: BTreeMap<(String, String), i64>,
    times: BTreeMap<String, StepTime>,
    unreadable: BTreeSet<Unreadable>,
}

impl Gathered {
    pub(super) fn count(&mut self, key: Key, value: Number) {
        self.counters.entry(key).and_modify(|sum| *sum = sum.plus(value)).or_insert(value);
    }

    pub(super) fn distribution(&mut self, key: Key, spread: Spread) {
        self.distributions.entry(key).and_modify(|whole| *whole = whole.with(spread)).or_insert(spread);
    }

    /// Of several values the latest holds; of those without a time the last that was sent.
    pub(super) fn gauge(&mut self, key: Key, time: Option<Timestamp>, value: Number) {
        let held = self.gauges.entry(key).or_insert((time, value));
        if time >= held.0 {
            *held = (time, value);
        }
    }

    pub(super) fn texts(&mut self, key: Key, texts: BTreeSet<String>) {
        self.sets.entry(key).or_default().extend(texts);
    }

    pub(super) fn elements(&mut self, (step, collection): (&str, &str), count: i64) {
        let held = self.elements.entry((step.to_owned(), collection.to_owned())).or_default();
        *held = held.saturating_add(count);
    }

    pub(super) fn time(&mut self, step: &str, phase: Phase, milliseconds: i64) {
        let times = self.times.entry(step.to_owned()).or_default();
        let held = match phase {
            Phase::Start => &mut times.start,
            Phase::Process => &mut times.process,
            Phase::Finish => &mut times.finish,
            Phase::Total => &mut times.total,
        };
        *held = Some(held.unwrap_or_default().saturating_add(milliseconds));
    }

    pub(super) fn unreadable(&mut self, urn: &str, reason: String) {
        self.unreadable.insert(Unreadable { urn: urn.to_owned(), reason });
    }

    /// The same with what is sure in the place of what was tried.
    pub(super) fn overruled_by(mut self, sure: Self) -> Self {
        self.counters.extend(sure.counters);
        self.distributions.extend(sure.distributions);
        self.gauges.extend(sure.gauges);
        self.sets.extend(sure.sets);
        self.elements.extend(sure.elements);
        self.times.extend(sure.times);
        self.unreadable.extend(sure.unreadable);
        self
    }

    pub(super) fn into_metrics(self, time: Timestamp) -> Metrics {
        Metrics {
            time,
            counters: entries(self.counters, |Key { step, namespace, name }, value| Counter {
                step,
                namespace,
                name,
                value,
            }),
            distributions: entries(self.distributions, |Key { step, namespace, name }, spread| {
                let (min, max) =
                    ((spread.count > 0).then_some(spread.min), (spread.count > 0).then_some(spread.max));
                Distribution { step, namespace, name, count: spread.count, sum: spread.sum, min, max }
            }),
            gauges: entries(self.gauges, |Key { step, namespace, name }, (time, value)| Gauge {
                step,
                namespace,
                name,
                value,
                time,
            }),
            string_sets: entries(self.sets, |Key { step, namespace, name }, values| StringSet {
                step,
                namespace,
                name,
                values: values.into_iter().collect(),
            }),
            elements: entries(self.elements, |(step, collection), count| ElementCount {
                step,
                collection,
                count,
            }),
            milliseconds: entries(self.times, |step, times| StepTime { step, ..times }),
            states: Vec::new(),
            unreadable: self.unreadable.into_iter().collect(),
        }
    }
}

impl Spread {
    fn with(self, other: Self) -> Self {
        // The least and the greatest of nothing are the ends of what 64 bits hold, or anything.
        if self.count <= 0 {
            return other;
        }
        if other.count <= 0 {
            return self;
        }
        Self {
            count: self.count.saturating_add(other.count),
            sum: self.sum.plus(other.sum),
            min: self.min.least(other.min),
            max: self.max.greatest(other.max),
        }
    }
}

fn entries<K, V, T>(map: BTreeMap<K, V>, entry: impl Fn(K, V) -> T) -> Vec<T> {
    map.into_iter().map(|(key, value)| entry(key, value)).collect()
}
