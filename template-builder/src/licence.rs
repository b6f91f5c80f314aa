//! What a distribution's metadata says of its licence.

/// Licences that old metadata names by a classifier alone, under their names of SPDX. The names of families (`BSD License`) are not
/// among them: nobody can tell which of the family is meant.
const CLASSIFIERS: &[(&str, &str)] = &[
    ("Apache Software License", "Apache-2.0"),
    ("GNU General Public License v2 (GPLv2)", "GPL-2.0-only"),
    ("GNU General Public License v3 (GPLv3)", "GPL-3.0-only"),
    ("GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
    ("ISC License (ISCL)", "ISC"),
    ("MIT License", "MIT"),
    ("MIT No Attribution License (MIT-0)", "MIT-0"),
    ("Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
    ("Python Software Foundation License", "PSF-2.0"),
    ("The Unlicense (Unlicense)", "Unlicense"),
    ("Zope Public License", "ZPL-2.1"),
];
/// A licence's name is shorter; a longer text is the licence itself.
const LONGEST_NAME: usize = 100;

/// The licence in the headers of a `METADATA` file: the expression of PEP 639, else the name, else what classifiers say.
pub(crate) fn of_metadata(text: &str) -> Option<String> {
    let headers = || text.lines().take_while(|line| !line.is_empty());
    let field = |name: &str| {
        let value = headers().find_map(|line| line.strip_prefix(name))?.trim();
        (!value.is_empty() && value != "UNKNOWN" && value.len() <= LONGEST_NAME).then(|| value.to_owned())
    };
    let classifiers = || {
        let named =
            headers().filter_map(|line| line.strip_prefix("Classifier: License :: ")?.rsplit(" :: ").next());
        let known = |name: &str| {
            let found = CLASSIFIERS.iter().find(|(classifier, _)| *classifier == name);
            found.map_or_else(|| name.to_owned(), |(_, licence)| (*licence).to_owned())
        };
        let named: Vec<String> = named.filter(|name| *name != "OSI Approved").map(known).collect();
        (!named.is_empty()).then(|| named.join(" AND "))
    };
    field("License-Expression:").or_else(classifiers).or_else(|| field("License:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_exact_statement_counts() {
        for (headers, licence) in [
            ("License-Expression: MIT OR Apache-2.0\nLicense: x", Some("MIT OR Apache-2.0")),
            ("License: BSD\nClassifier: License :: OSI Approved :: MIT License", Some("MIT")),
            ("License: Apache 2.0", Some("Apache 2.0")),
            ("License: UNKNOWN\nClassifier: License :: OSI Approved", None),
            ("Classifier: License :: OSI Approved :: BSD License", Some("BSD License")),
            ("Name: x\n\nLicense: of the description", None),
        ] {
            assert_eq!(of_metadata(&format!("Metadata-Version: 2.1\n{headers}\n")).as_deref(), licence);
        }
    }
}
