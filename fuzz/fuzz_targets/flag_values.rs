//! `--parameters`: every key once, and a list has no item twice.
#![no_main]

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use tmpl_template::{parse_dictionary, parse_list};

fuzz_target!(|texts: Vec<&str>| {
    if let Ok(entries) = parse_dictionary(&texts) {
        let keys: HashSet<_> = entries.iter().map(|(key, _)| key).collect();
        assert_eq!(keys.len(), entries.len());
        assert!(keys.iter().all(|key| !key.is_empty() && !key.contains('=')));
    }
    if let Ok(items) = parse_list(&texts) {
        assert_eq!(items.iter().collect::<HashSet<_>>().len(), items.len());
    }
});
