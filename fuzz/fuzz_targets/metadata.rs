//! Metadata: a difference with itself is empty, the linter's verdict is the reader's, and a fix leaves a file no worse.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tmpl_template::lint::{Code, FileKind, Report, Severity, apply_fixes, lint};
use tmpl_template::{Metadata, TemplateSpec, difference};

fuzz_target!(|text: &str| {
    let read = Metadata::parse(text);
    let report = lint(text, Some(FileKind::Metadata));
    let errors = |report: &Report| {
        report.findings.iter().filter(|finding| finding.severity == Severity::Error).count()
    };
    assert_eq!(errors(&report) > 0, read.is_err());
    let fixed = lint(&apply_fixes(text, &report), Some(FileKind::Metadata));
    // Behind a mistake of syntax others come to light.
    let is_json = report.findings.iter().all(|finding| finding.code != Code::Syntax);
    assert!(!is_json || errors(&fixed) <= errors(&report));
    if let Ok(metadata) = read {
        let spec: TemplateSpec = metadata.into();
        assert!(difference(&spec, &spec).is_empty());
    }
});
