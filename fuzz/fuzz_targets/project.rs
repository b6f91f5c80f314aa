//! `tmpl.toml`: every text is read or refused with a place.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = tmpl_builder::check_manifest(text) {
        assert!(!error.to_string().is_empty());
    }
});
