//! From Beam's `MonitoringInfo`s to [`Metrics`].

use jiff::Timestamp;

use super::gathered::{Gathered, Key, Phase, Spread};
use super::payload::{Broken, Payload, trie_paths};
use super::{Metrics, Names, Number};
use crate::messages::{MetricResults, MonitoringInfo};

/// Figures of the pipeline's own begin so.
const USER: &str = "beam:metric:user:";
const ELEMENT_COUNT: &str = "beam:metric:element_count:v1";
/// What engines say about the working of their own parts: known, and of no use to people.
const INTERNAL: [&str; 5] = [
    "beam:metric:sampled_byte_size:v1",
    "beam:metric:ptransform_progress:completed:v1",
    "beam:metric:ptransform_progress:remaining:v1",
    "beam:metric:data_channel:read_index:v1",
    "beam:metric:io:",
];

impl Metrics {
    /// The figures that an engine gives for a job at a moment. Of a figure that it gives as tried and as sure, the sure one holds.
    pub fn from_results(results: &MetricResults, names: &Names, time: Timestamp) -> Self {
        let [tried, sure] = [&results.attempted, &results.committed].map(|infos| gather(infos, names));
        tried.overruled_by(sure).into_metrics(time)
    }

    /// The figures of one list. Parts of one figure are added up.
    pub fn from_infos(infos: &[MonitoringInfo], names: &Names, time: Timestamp) -> Self {
        gather(infos, names).into_metrics(time)
    }
}

fn gather(infos: &[MonitoringInfo], names: &Names) -> Gathered {
    let mut gathered = Gathered::default();
    for info in infos {
        if INTERNAL.iter().any(|urn| info.urn.starts_with(urn)) {
            continue;
        }
        let read = match phase(&info.urn) {
            _ if info.urn.starts_with(USER) => user(info, names, &mut gathered),
            Some(phase) => whole(info).map(|milliseconds| {
                gathered.time(names.step(label(info, "PTRANSFORM")), phase, milliseconds);
            }),
            None if info.urn == ELEMENT_COUNT => whole(info).map(|count| {
                if let Some(collection) = names.collection(label(info, "PCOLLECTION")) {
                    gathered.elements(collection, count);
                }
            }),
            None => Err("the figure is not known".to_owned()),
        };
        if let Err(reason) = read {
            gathered.unreadable(&info.urn, reason);
        }
    }
    gathered
}

fn user(info: &MonitoringInfo, names: &Names, gathered: &mut Gathered) -> Result<(), String> {
    let key = Key {
        step: names.step(label(info, "PTRANSFORM")).to_owned(),
        namespace: label(info, "NAMESPACE").to_owned(),
        name: label(info, "NAME").to_owned(),
    };
    let payload = Payload::new(&info.payload);
    match kind(info) {
        "sum_int64" => gathered.count(key, Number::Whole(read(payload, Payload::varint)?)),
        "sum_double" => gathered.count(key, Number::Real(read(payload, Payload::double)?)),
        "distribution_int64" => {
            let spread =
                |payload: &mut Payload<'_>| spread(payload, |value| value.varint().map(Number::Whole));
            gathered.distribution(key, read(payload, spread)?);
        }
        "distribution_double" => {
            let spread =
                |payload: &mut Payload<'_>| spread(payload, |value| value.double().map(Number::Real));
            gathered.distribution(key, read(payload, spread)?);
        }
        "latest_int64" => {
            let (time, value) = read(payload, |payload| Ok((payload.varint()?, payload.varint()?)))?;
            gathered.gauge(key, Timestamp::from_millisecond(time).ok(), Number::Whole(value));
        }
        "latest_double" => {
            let (time, value) = read(payload, |payload| Ok((payload.varint()?, payload.double()?)))?;
            gathered.gauge(key, Timestamp::from_millisecond(time).ok(), Number::Real(value));
        }
        "set_string" => gathered.texts(key, read(payload, Payload::texts)?),
        "bounded_trie" => {
            gathered.texts(key, trie_paths(&info.payload).map_err(|broken| broken.to_string())?);
        }
        _ => return Err(format!("the type {} is not known", info.r#type)),
    }
    Ok(())
}

/// The kind of a figure, from its type: `sum_int64` of `beam:metrics:sum_int64:v1`. Some senders leave the type out, and name the kind in
/// the figure alone.
fn kind(info: &MonitoringInfo) -> &str {
    let named = if info.r#type.is_empty() {
        info.urn.strip_prefix(USER)
    } else {
        info.r#type.strip_prefix("beam:metrics:")
    };
    named.and_then(|kind| kind.strip_suffix(":v1")).unwrap_or_default()
}

fn whole(info: &MonitoringInfo) -> Result<i64, String> {
    read(Payload::new(&info.payload), Payload::varint)
}

/// What a payload holds, and nothing behind it.
fn read<'a, T>(
    mut payload: Payload<'a>,
    value: impl FnOnce(&mut Payload<'a>) -> Result<T, Broken>,
) -> Result<T, String> {
    let read = value(&mut payload).and_then(|value| payload.end().map(|()| value));
    read.map_err(|broken| broken.to_string())
}

fn spread<'a>(
    payload: &mut Payload<'a>,
    number: impl Fn(&mut Payload<'a>) -> Result<Number, Broken>,
) -> Result<Spread, Broken> {
    let count = payload.varint()?;
    if count < 0 {
        return Err(Broken::Negative);
    }
    Ok(Spread { count, sum: number(payload)?, min: number(payload)?, max: number(payload)? })
}

fn phase(urn: &str) -> Option<Phase> {
    Some(match urn {
        "beam:metric:pardo_execution_time:start_bundle_msecs:v1" => Phase::Start,
        "beam:metric:pardo_execution_time:process_bundle_msecs:v1" => Phase::Process,
        "beam:metric:pardo_execution_time:finish_bundle_msecs:v1" => Phase::Finish,
        "beam:metric:ptransform_execution_time:total_msecs:v1" => Phase::Total,
        _ => return None,
    })
}

fn label<'a>(info: &'a MonitoringInfo, name: &str) -> &'a str {
    info.labels.get(name).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::Number::{Real, Whole};
    use super::*;
    use crate::metrics::{Counter, Distribution, ElementCount, Gauge, StepTime, StringSet};

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    fn info(urn: &str, kind: &str, labels: &[(&str, &str)], payload: &str) -> MonitoringInfo {
        MonitoringInfo {
            urn: urn.to_owned(),
            r#type: kind.to_owned(),
            payload: hex::decode(payload).unwrap().into(),
            labels: labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        }
    }

    /// A figure of the pipeline's own, as Beam 2.77 sends one of this kind.
    fn own(kind: &str, name: &str, payload: &str) -> MonitoringInfo {
        let labels = [("PTRANSFORM", "ref_1"), ("NAMESPACE", "ns"), ("NAME", name)];
        info(&format!("beam:metric:user:{kind}:v1"), &format!("beam:metrics:{kind}:v1"), &labels, payload)
    }

    fn names() -> Names {
        let mut names = Names::default();
        names.add_step("ref_1", "Read/Split");
        names.add_collection("pc_1", "Read/Split", "words");
        names
    }

    fn counter(name: &str, value: Number) -> Counter {
        Counter { step: "Read/Split".to_owned(), namespace: "ns".to_owned(), name: name.to_owned(), value }
    }

    #[test]
    fn every_kind_of_figure_is_read_as_beam_writes_it() {
        let infos = [
            own("sum_int64", "lines", "ac02"),
            own("sum_double", "weight", "3fe0000000000000"),
            own("distribution_int64", "lengths", "03fbffffffffffffffff01d4fdffffffffffffff01808080808020"),
            own("distribution_double", "sizes", "033ff8000000000000c0000000000000004004000000000000"),
            own("distribution_int64", "nothing", "0000ffffffffffffffff7f80808080808080808001"),
            own("latest_int64", "lag", "f4d395ffbc31f9ffffffffffffffff01"),
            own("latest_double", "load", "f4d395ffbc314002000000000000"),
            own("set_string", "tables", "00000002016102c3a4"),
            own("bounded_trie", "sources", "08641a0367733a1a036f6e65"),
            info(
                "beam:metric:element_count:v1",
                "beam:metrics:sum_int64:v1",
                &[("PCOLLECTION", "pc_1")],
                "2a",
            ),
            info(
                "beam:metric:pardo_execution_time:process_bundle_msecs:v1",
                "beam:metrics:sum_int64:v1",
                &[("PTRANSFORM", "ref_1")],
                "11",
            ),
            info("beam:metric:sampled_byte_size:v1", "beam:metrics:distribution_int64:v1", &[], "00"),
        ];
        let metrics = Metrics::from_infos(&infos, &names(), AT);
        assert_eq!(
            metrics.counters,
            [counter("lines", Number::Whole(300)), counter("weight", Number::Real(0.5))]
        );
        let distribution = |name: &str, count, sum, ends: Option<(Number, Number)>| Distribution {
            step: "Read/Split".to_owned(),
            namespace: "ns".to_owned(),
            name: name.to_owned(),
            count,
            sum,
            min: ends.map(|ends| ends.0),
            max: ends.map(|ends| ends.1),
        };
        let lengths = distribution("lengths", 3, Whole(-5), Some((Whole(-300), Whole(1 << 40))));
        assert_eq!(
            metrics.distributions,
            [
                lengths.clone(),
                distribution("nothing", 0, Whole(0), None),
                distribution("sizes", 3, Real(1.5), Some((Real(-2.0), Real(2.5)))),
            ]
        );
        assert_eq!(metrics.distributions[1].mean(), None);
        assert!((lengths.mean().unwrap() + 5.0 / 3.0).abs() < 1e-9);
        let gauge = |name: &str, value| Gauge {
            step: "Read/Split".to_owned(),
            namespace: "ns".to_owned(),
            name: name.to_owned(),
            value,
            time: Some("2023-11-14T22:13:20.5Z".parse().unwrap()),
        };
        assert_eq!(metrics.gauges, [gauge("lag", Whole(-7)), gauge("load", Real(2.25))]);
        let set = |name: &str, values: &[&str]| StringSet {
            step: "Read/Split".to_owned(),
            namespace: "ns".to_owned(),
            name: name.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        assert_eq!(metrics.string_sets, [set("sources", &["gs:one"]), set("tables", &["a", "ä"])]);
        let count = ElementCount { step: "Read/Split".to_owned(), collection: "words".to_owned(), count: 42 };
        assert_eq!(metrics.elements, [count]);
        let time = StepTime { step: "Read/Split".to_owned(), process: Some(17), ..StepTime::default() };
        assert_eq!(metrics.milliseconds, [time]);
        assert_eq!(metrics.unreadable, []);
        let json = serde_json::to_string(&metrics).unwrap();
        assert_eq!(serde_json::from_str::<Metrics>(&json).unwrap(), metrics);
    }

    #[test]
    fn what_is_sure_holds_and_what_was_only_tried_is_told_too() {
        let results = MetricResults {
            attempted: vec![own("sum_int64", "tried", "05"), own("sum_int64", "both", "05")],
            committed: vec![own("sum_int64", "both", "03"), own("sum_int64", "both", "01")],
        };
        let metrics = Metrics::from_results(&results, &names(), AT);
        // Two parts of one figure are added up.
        assert_eq!(metrics.counters, [counter("both", Number::Whole(4)), counter("tried", Number::Whole(5))]);
    }

    #[test]
    fn sums_that_grow_too_large_are_rounded() {
        let most = "ffffffffffffffff7f";
        let infos = [own("sum_int64", "n", most), own("sum_int64", "n", most)];
        let metrics = Metrics::from_infos(&infos, &names(), AT);
        assert_eq!(metrics.counters, [counter("n", Number::Real(1.844_674_407_370_955_2e19))]);
    }

    #[test]
    fn parts_of_a_distribution_a_gauge_and_a_set_are_one() {
        let infos = [
            own("distribution_int64", "d", "0000ffffffffffffffff7f80808080808080808001"),
            own("distribution_int64", "d", "01050505"),
            own("distribution_int64", "d", "02090207"),
            own("latest_int64", "g", "0a63"),
            own("latest_int64", "g", "0901"),
            own("set_string", "s", "000000010161"),
            own("set_string", "s", "000000010162"),
        ];
        let metrics = Metrics::from_infos(&infos, &names(), AT);
        let [distribution] = metrics.distributions.as_slice() else { panic!("{metrics:?}") };
        assert_eq!((distribution.count, distribution.sum), (3, Number::Whole(14)));
        assert_eq!((distribution.min, distribution.max), (Some(Number::Whole(2)), Some(Number::Whole(7))));
        assert_eq!(metrics.gauges[0].value, Number::Whole(99));
        assert_eq!(metrics.string_sets[0].values, ["a", "b"]);
    }

    #[test]
    fn what_cannot_be_read_is_listed_and_stops_nothing() {
        let infos = [
            own("sum_int64", "n", "ffffffffffffffffffff01"),
            own("sum_double", "n", "00"),
            own("distribution_int64", "n", "01"),
            own("distribution_int64", "n", "ffffffffffffffffff01000000"),
            own("histogram_int64", "n", "00"),
            own("bounded_trie", "n", "ff"),
            own("set_string", "n", "7fffffff00"),
            info("beam:metric:of:tomorrow:v9", "", &[], ""),
            info("beam:metric:element_count:v1", "", &[], "0000"),
            info("", "", &[], ""),
            // No type: the figure's own name says it.
            MonitoringInfo { r#type: String::new(), ..own("sum_int64", "good", "07") },
        ];
        let metrics = Metrics::from_infos(&infos, &names(), AT);
        assert_eq!(metrics.counters, [counter("good", Number::Whole(7))]);
        let listed: Vec<_> =
            metrics.unreadable.iter().map(|one| (one.urn.as_str(), one.reason.as_str())).collect();
        assert_eq!(
            listed,
            [
                ("", "the figure is not known"),
                ("beam:metric:element_count:v1", "there are bytes behind the value"),
                ("beam:metric:of:tomorrow:v9", "the figure is not known"),
                ("beam:metric:user:bounded_trie:v1", "it is no trie"),
                ("beam:metric:user:distribution_int64:v1", "a count is negative"),
                ("beam:metric:user:distribution_int64:v1", "the value is cut off"),
                (
                    "beam:metric:user:histogram_int64:v1",
                    "the type beam:metrics:histogram_int64:v1 is not known"
                ),
                ("beam:metric:user:set_string:v1", "the value is cut off"),
                ("beam:metric:user:sum_double:v1", "the value is cut off"),
                ("beam:metric:user:sum_int64:v1", "a number has more than 64 bits"),
            ]
        );
    }
}
