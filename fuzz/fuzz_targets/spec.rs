//! A spec: what is read is written so that it reads back the same, and the linter's verdict is the reader's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tmpl_template::TemplateSpec;
use tmpl_template::lint::{FileKind, Severity, lint};

fuzz_target!(|text: &str| {
    let read = TemplateSpec::parse(text);
    if let Ok(spec) = &read {
        let written = spec.to_canonical_json();
        let again = TemplateSpec::parse(&written).expect("what is written can be read");
        assert_eq!(again.to_canonical_json(), written);
    }
    let report = lint(text, Some(FileKind::Spec));
    let refused = report.findings.iter().any(|finding| finding.severity == Severity::Error);
    assert_eq!(refused, read.is_err());
});
