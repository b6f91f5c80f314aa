//! A check: metadata and parameters from anywhere are accepted as they were given, or every violation has its sentence.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tmpl_template::{CheckRequest, Environment, RawParameters, RunnerKind, TemplateSpec, check};

fuzz_target!(|texts: (&str, Vec<(&str, &str)>, &str, bool)| {
    let (spec, values, environment, dataflow) = texts;
    let Ok(spec) = TemplateSpec::parse(spec) else { return };
    let mut parameters = RawParameters::new();
    for (name, value) in values {
        let _ = parameters.insert(name, value);
    }
    // Names that are declared are rarely guessed.
    for parameter in spec.metadata.iter().flat_map(|metadata| &metadata.parameters).take(3) {
        let _ = parameters.insert(parameter.name.clone(), environment);
    }
    let environment = Environment::parse(environment).unwrap_or_default();
    let runner = if dataflow { RunnerKind::Dataflow } else { RunnerKind::Direct };
    let count = parameters.len();
    match check(&spec, &CheckRequest { parameters, environment, runner }) {
        Ok(values) => assert!(values.as_slice().len() >= count),
        Err(violations) => {
            assert!(!violations.as_slice().is_empty());
            let _ = violations.to_error_body().to_string();
            assert_eq!(violations.to_string().lines().count(), violations.as_slice().len() + 1);
        }
    }
});
