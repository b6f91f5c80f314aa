//! Whatever changes between two versions of a template: if the change is said to be compatible, launches that the old version
//! accepted are accepted by the new one.

#![expect(clippy::unwrap_used, reason = "a test stops where its template cannot be read")]

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Map, Value, json};
use tmpl_template::{CheckRequest, Environment, RawParameters, RunnerKind, TemplateSpec, check, difference};

/// Names that templates declare here and launches give: plain ones, options of every pipeline, one that is reserved.
const NAMES: [&str; 8] =
    ["a", "b", "c", "num_workers", "numWorkers", "streaming", "targetParallelism", "runner"];

/// Values of every kind, good and bad.
const VALUES: [&str; 40] = [
    "",
    "a",
    "b",
    "ab",
    "c",
    "a b",
    "a\nb",
    "\n",
    "a,b",
    "b,a",
    "a,c",
    "true",
    "false",
    "True",
    "0",
    "1",
    "5",
    "10",
    "007",
    "-1",
    "1.5",
    "1e400",
    "2026-11-21",
    "2026-01-01",
    "2026-11-21T08:00:00Z",
    "90s",
    "1h",
    "{}",
    "gs://b/x.csv",
    "s3://b/x.csv",
    "/x.csv",
    "gs://",
    "gs://a,ftp://b",
    "env:X",
    "file:/x",
    "projects/p/topics/t",
    "europe-west1",
    "b:9092;t",
    "a\0",
    "äöü",
];

fn keys(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(keys) => keys,
        _ => Map::new(),
    }
}

/// The keys that decide about the values of a parameter, in families that are alike.
static KINDS: LazyLock<Vec<Vec<Map<String, Value>>>> = LazyLock::new(|| {
    let number = |custom: Value| json!({"paramType": "NUMBER", "customMetadata": custom});
    let custom = |custom: Value| json!({"customMetadata": custom});
    let choice = |values: &[&str]| {
        let options: Vec<_> = values.iter().map(|value| json!({"value": value})).collect();
        json!({"paramType": "ENUM", "enumOptions": options})
    };
    let multiple = |values: &[&str]| {
        let mut keys = choice(values);
        keys["customMetadata"] = json!({"tmpl.type": "multiple-choice"});
        keys
    };
    let families = [
        vec![
            number(json!({})),
            number(json!({"tmpl.min": "1"})),
            number(json!({"tmpl.min": "1.0", "tmpl.max": "10"})),
            number(json!({"tmpl.max": "5"})),
            number(json!({"tmpl.type": "integer"})),
            custom(json!({"tmpl.type": "integer"})),
            custom(json!({"tmpl.type": "integer", "tmpl.min": "-1", "tmpl.max": "9"})),
        ],
        vec![
            json!({"paramType": "BOOLEAN"}),
            custom(json!({"tmpl.pass": "switch"})),
            choice(&["true", "false"]),
            choice(&["true"]),
        ],
        vec![
            choice(&[]),
            choice(&["a"]),
            choice(&["a", "b"]),
            choice(&["a", "1", ""]),
            multiple(&["a", "b"]),
            multiple(&["c", "a", "b"]),
        ],
        vec![
            json!({"paramType": "GCS_READ_FILE"}),
            json!({"paramType": "GCS_WRITE_FILE", "customMetadata": {"tmpl.existing": "allow"}}),
            json!({"paramType": "GCS_READ_FOLDER"}),
            json!({"paramType": "TEXT"}),
        ],
        vec![
            json!({"paramType": "PUBSUB_TOPIC"}),
            json!({"paramType": "WORKER_REGION"}),
            json!({"paramType": "KAFKA_TOPIC"}),
            json!({"paramType": "KAFKA_READ_TOPIC"}),
            json!({"paramType": "TEXT"}),
        ],
        vec![
            custom(json!({"tmpl.type": "date", "tmpl.min": "2026-02-01"})),
            custom(json!({"tmpl.type": "date"})),
            custom(json!({"tmpl.type": "date-time"})),
            custom(json!({"tmpl.type": "duration", "tmpl.max": "30m"})),
            custom(json!({"tmpl.type": "duration", "tmpl.max": "2h"})),
            custom(json!({"tmpl.type": "json"})),
        ],
        vec![
            json!({}),
            json!({"paramType": "TEXT"}),
            custom(json!({"tmpl.match": "full"})),
            custom(json!({"tmpl.pass": "file"})),
            custom(json!({"tmpl.pass": "env"})),
            custom(json!({"tmpl.pass": "env", "tmpl.secret": "true"})),
            custom(json!({"tmpl.pass": "file", "tmpl.secret": "true"})),
        ],
    ];
    families.into_iter().map(|family| family.into_iter().map(keys).collect()).collect()
});

fn kind() -> impl Strategy<Value = Map<String, Value>> {
    select(KINDS.concat())
}

fn regexes() -> impl Strategy<Value = Map<String, Value>> {
    let regex = select(vec![
        "",
        ".*",
        "^.*$",
        "(?s)^.*$",
        "a",
        "^a",
        "^(a|b)$",
        "[0-9]",
        "^gs://",
        r"^gs:\/\/.*\.csv$",
        "^[a-z]+$",
    ]);
    prop_oneof![
        2 => Just(Map::new()),
        3 => prop::collection::vec(regex, 1..3).prop_map(|regexes| keys(json!({"regexes": regexes}))),
    ]
}

fn requirement() -> impl Strategy<Value = Map<String, Value>> {
    prop_oneof![
        3 => Just(keys(json!({"isOptional": true}))),
        2 => Just(keys(json!({"isOptional": false}))),
    ]
}

fn parent() -> impl Strategy<Value = Map<String, Value>> {
    let triggers = prop::collection::vec(select(vec!["a", "b", "true", "false", "", "1"]), 0..3);
    prop_oneof![
        3 => Just(Map::new()),
        2 => (select(vec!["a", "b", "c", "nobody"]), triggers)
            .prop_map(|(parent, triggers)| keys(json!({"parentName": parent, "parentTriggerValues": triggers}))),
    ]
}

fn default() -> impl Strategy<Value = Map<String, Value>> {
    prop_oneof![
        2 => Just(Map::new()),
        1 => select(VALUES[..8].to_vec()).prop_map(|value| keys(json!({"defaultValue": value}))),
    ]
}

/// The keys of one parameter in five groups, each of which can be exchanged alone.
type Groups = [Map<String, Value>; 5];

fn groups() -> impl Strategy<Value = Groups> {
    (kind(), regexes(), requirement(), parent(), default()).prop_map(
        |(kind, regexes, requirement, parent, default)| [kind, regexes, requirement, parent, default],
    )
}

fn parameters() -> impl Strategy<Value = Vec<(&'static str, Groups)>> {
    prop::collection::vec((select(NAMES[..6].to_vec()), groups()), 0..4)
}

#[derive(Debug, Clone)]
enum Mutation {
    /// One group of one parameter is another.
    Group(Index, usize, Groups),
    /// The kind of one parameter is another one like it.
    Near(Index, Index),
    /// One parameter more.
    Add(Index, &'static str, Groups),
    /// One less.
    Remove(Index),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        5 => (any::<Index>(), 0..5_usize, groups()).prop_map(|(at, group, with)| Mutation::Group(at, group, with)),
        1 => (any::<Index>(), select(NAMES[..6].to_vec()), groups())
            .prop_map(|(at, name, with)| Mutation::Add(at, name, with)),
        4 => (any::<Index>(), any::<Index>()).prop_map(|(at, with)| Mutation::Near(at, with)),
        1 => any::<Index>().prop_map(Mutation::Remove),
    ]
}

fn mutated(
    mut parameters: Vec<(&'static str, Groups)>,
    mutations: Vec<Mutation>,
) -> Vec<(&'static str, Groups)> {
    for mutation in mutations {
        match mutation {
            Mutation::Group(at, group, with) if !parameters.is_empty() => {
                let at = at.index(parameters.len());
                parameters[at].1[group].clone_from(&with[group]);
            }
            Mutation::Near(at, with) if !parameters.is_empty() => {
                let at = at.index(parameters.len());
                let kind = &mut parameters[at].1[0];
                let family = KINDS.iter().find(|family| family.contains(kind)).unwrap();
                kind.clone_from(with.get(family));
            }
            Mutation::Remove(at) if !parameters.is_empty() => {
                drop(parameters.remove(at.index(parameters.len())));
            }
            Mutation::Add(at, name, with) => parameters.insert(at.index(parameters.len() + 1), (name, with)),
            Mutation::Group(..) | Mutation::Near(..) | Mutation::Remove(_) => {}
        }
    }
    parameters
}

/// Language and entry point.
fn program() -> impl Strategy<Value = Value> {
    let entry = |entry: Value| json!({"format": 1, "entry": entry, "platforms": {}});
    let python = json!({"kind": "python", "main": {"module": "m"}});
    let beam = json!({"kind": "python", "main": {"module": "m"}, "beam": "2.77.0"});
    select(vec![
        json!({"sdkInfo": {"language": "PYTHON"}}),
        json!({"sdkInfo": {"language": "PYTHON"}, "tmpl": entry(beam)}),
        json!({"tmpl": entry(python)}),
        json!({"sdkInfo": {"language": "JAVA"}}),
        json!({}),
    ])
}

fn spec(parameters: &[(&str, Groups)], program: &Value) -> Option<TemplateSpec> {
    let parameter = |(name, groups): &(&str, Groups)| {
        let mut all = keys(json!({"name": name, "label": name, "helpText": "h"}));
        all.extend(groups.iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
        Value::Object(all)
    };
    let mut all = program.clone();
    all["metadata"] =
        json!({"name": "T", "parameters": parameters.iter().map(parameter).collect::<Vec<_>>()});
    TemplateSpec::parse(&all.to_string()).ok()
}

/// The values that a version does not refuse under a name by themselves.
fn values_for(spec: &TemplateSpec, name: &str, runner: RunnerKind) -> Vec<&'static str> {
    let is_accepted =
        |value: &&str| match check(spec, &request(&BTreeMap::from([(name, *value)]), runner, false)) {
            Ok(_) => true,
            Err(violations) => violations.iter().all(|found| found.parameter != name),
        };
    VALUES.into_iter().filter(is_accepted).collect()
}

fn request(given: &BTreeMap<&str, &str>, runner: RunnerKind, has_environment: bool) -> CheckRequest {
    let mut parameters = RawParameters::new();
    for (name, value) in given {
        parameters.insert(*name, *value).unwrap();
    }
    let mut environment = Environment::default();
    if has_environment {
        environment.set("numWorkers", 2).unwrap();
        environment.set("network", "n").unwrap();
    }
    CheckRequest { parameters, environment, runner }
}

/// A template's canonical JSON without what is no difference: keys that say what their absence says, the order of regexes, second
/// declarations of a name.
fn normal(spec: &TemplateSpec) -> Value {
    let mut value: Value = serde_json::from_str(&spec.to_canonical_json()).unwrap();
    let Some(parameters) = value.pointer_mut("/metadata/parameters").and_then(Value::as_array_mut) else {
        return value;
    };
    let mut names = HashSet::new();
    parameters.retain(|parameter| names.insert(parameter["name"].to_string()));
    for parameter in parameters {
        let name = parameter["name"].as_str().unwrap().to_uppercase();
        let parameter = parameter.as_object_mut().unwrap();
        parameter.retain(|key, value| {
            !(matches!(key.as_str(), "isOptional" | "hiddenUi") && *value == json!(false))
        });
        if let Some(regexes) = parameter.get_mut("regexes").and_then(Value::as_array_mut) {
            regexes.sort_by_key(Value::to_string);
            regexes.dedup();
        }
        let pass = parameter.get_mut("customMetadata").and_then(|custom| custom.get_mut("tmpl.pass"));
        if let Some(pass) = pass.filter(|pass| **pass == json!("env")) {
            *pass = format!("env:{name}").into();
        }
    }
    value
}

#[test]
fn launches_go_on_to_be_accepted_where_the_change_is_compatible() {
    const CASES: u32 = 600;
    let pairs = (
        parameters(),
        prop::collection::vec(mutation(), 1..3),
        program(),
        prop::option::weighted(0.2, program()),
        prop::collection::vec(
            prop::collection::vec(prop::option::weighted(0.6, any::<Index>()), NAMES.len()),
            12,
        ),
        select(vec![RunnerKind::Direct, RunnerKind::Dataflow]),
    );
    let unchanged = Cell::new(0_u32);
    let (compatible, broken, launches, refused) =
        (Cell::new(0_u32), Cell::new(0_u32), Cell::new(0_u32), Cell::new(0_u32));
    let count = |counter: &Cell<u32>| counter.set(counter.get() + 1);
    // The same pairs each time: what a run finds by luck is no news about a change. Many more are tried by raising the number.
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&pairs, |(parameters, mutations, old_program, new_program, choices, runner)| {
        let new_program = new_program.unwrap_or_else(|| old_program.clone());
        let (Some(old), Some(new)) =
            (spec(&parameters, &old_program), spec(&mutated(parameters, mutations), &new_program))
        else {
            return Err(TestCaseError::reject("not a template"));
        };
        let found = difference(&old, &new);
        let is_compatible = found.is_compatible();
        prop_assert!(difference(&old, &old).is_empty() && difference(&new, &new).is_empty());
        if found.is_empty() {
            count(&unchanged);
            prop_assert_eq!(normal(&old), normal(&new));
        }
        count(if is_compatible { &compatible } else { &broken });
        // Names that nobody declares matter where what reads the options changed.
        let is_declared = |name: &&str| {
            [&old, &new]
                .iter()
                .filter_map(|spec| spec.metadata.as_ref())
                .any(|metadata| metadata.parameter(name).is_some())
        };
        let has_other_program = old.sdk_info != new.sdk_info || old.tmpl != new.tmpl;
        let names: Vec<_> = NAMES.into_iter().filter(|name| has_other_program || is_declared(name)).collect();
        let pools: Vec<_> = names.iter().map(|name| values_for(&old, name, runner)).collect();
        let mut is_refused = false;
        for (turn, choice) in choices.iter().enumerate() {
            let mut base = BTreeMap::new();
            for ((name, pool), index) in names.iter().copied().zip(&pools).zip(choice) {
                base.extend(
                    index.as_ref().filter(|_| !pool.is_empty()).map(|index| (name, *index.get(pool))),
                );
            }
            // The launch itself, then with each value that one of its parameters can have, and without it.
            let mut all = vec![base.clone()];
            for (name, pool) in names.iter().copied().zip(&pools) {
                all.push(
                    base.iter()
                        .map(|(name, value)| (*name, *value))
                        .filter(|(other, _)| *other != name)
                        .collect(),
                );
                for value in pool {
                    let mut varied = base.clone();
                    varied.insert(name, *value);
                    all.push(varied);
                }
            }
            for given in all {
                let request = request(&given, runner, turn == 0);
                if check(&old, &request).is_err() {
                    continue;
                }
                count(&launches);
                if let Err(violations) = check(&new, &request) {
                    is_refused = true;
                    let changes: Vec<_> = found.changes.iter().map(ToString::to_string).collect();
                    prop_assert!(!is_compatible, "{given:?} is refused after {changes:#?}: {violations}");
                }
            }
        }
        if is_refused {
            count(&refused);
        }
        Ok(())
    });
    result.unwrap();
    println!(
        "{} unchanged, {} compatible, {} breaking of which {} seen, {} launches",
        unchanged.get(),
        compatible.get(),
        broken.get(),
        refused.get(),
        launches.get()
    );
    // Templates that no launch fits, or differences that are all breaking, would show nothing.
    assert!(unchanged.get() > CASES / 50, "{} unchanged", unchanged.get());
    assert!(compatible.get() > CASES / 5, "{} compatible", compatible.get());
    assert!(launches.get() > CASES, "{} launches", launches.get());
    assert!(refused.get() > CASES / 10, "{} refused", refused.get());
}
