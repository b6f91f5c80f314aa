//! A check: a spec and parameters from anywhere are accepted as they were given, or every violation has its sentence.
//!
//! The text is cut at NUL characters: a spec, a launch environment, then parameters as `name=value`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tmpl_template::{CheckRequest, Environment, RawParameters, RunnerKind, TemplateSpec, check};

fuzz_target!(|text: &str| {
    let mut parts = text.split('\0');
    let Ok(spec) = TemplateSpec::parse(parts.next().unwrap_or_default()) else { return };
    let environment = Environment::parse(parts.next().unwrap_or_default()).unwrap_or_default();
    let mut parameters = RawParameters::new();
    for part in parts {
        if let Some((name, value)) = part.split_once('=') {
            let _ = parameters.insert(name, value);
        }
    }
    let count = parameters.len();
    for runner in [RunnerKind::Direct, RunnerKind::Dataflow] {
        let request =
            CheckRequest { parameters: parameters.clone(), environment: environment.clone(), runner };
        match check(&spec, &request) {
            Ok(values) => assert!(values.as_slice().len() >= count),
            Err(violations) => {
                assert!(!violations.as_slice().is_empty());
                assert!(violations.to_error_body()["error"]["code"] == 400);
                assert_eq!(violations.to_string().lines().count(), violations.as_slice().len() + 1);
            }
        }
    }
});
