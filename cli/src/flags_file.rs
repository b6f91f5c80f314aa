//! `--flags-file FILE`: flags from a YAML or JSON file, in the place of the flag itself, as gcloud takes them.
//!
//! The file is one mapping of flags to values, or a list of mappings. No value, `true` and `false` all give the bare flag;
//! lists and mappings give list and dictionary flags whole, so that their texts need no delimiters.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::bounded_text;
use crate::report::{Failure, USAGE};

const FLAG: &str = "--flags-file";
/// Flags whose texts are lists.
const LISTS: [&str; 2] = ["--additional-experiments", "--additional-pipeline-options"];
/// Flags whose texts are dictionaries.
const DICTIONARIES: [&str; 2] = ["--parameters", "--additional-user-labels"];
/// Flags that are given once for each item.
const REPEATABLE: [&str; 4] = ["--param", "--params-file", "--only", FLAG];
/// Bytes of a file of flags.
const LONGEST: u64 = 16 << 20;

/// The arguments, each `--flags-file` replaced by what is in the file.
pub(crate) fn expand(arguments: impl Iterator<Item = OsString>) -> Result<Vec<OsString>, Failure> {
    expand_within(arguments, &mut Vec::new())
}

fn expand_within(
    mut arguments: impl Iterator<Item = OsString>,
    files: &mut Vec<String>,
) -> Result<Vec<OsString>, Failure> {
    let mut expanded = Vec::new();
    while let Some(argument) = arguments.next() {
        let file = match argument.to_str() {
            Some("--") => {
                expanded.push(argument);
                expanded.extend(arguments);
                return Ok(expanded);
            }
            Some(FLAG) => {
                let Some(file) = arguments.next() else {
                    return Err(Failure::new(USAGE, format!("{FLAG}: no file is named"))
                        .hint("write --flags-file FILE"));
                };
                file.to_string_lossy().into_owned()
            }
            Some(text) => {
                if let Some(file) = text.strip_prefix(FLAG).and_then(|rest| rest.strip_prefix('=')) {
                    file.to_owned()
                } else {
                    expanded.push(argument);
                    continue;
                }
            }
            None => {
                expanded.push(argument);
                continue;
            }
        };
        if files.contains(&file) {
            let chain = [files.as_slice(), &[file]].concat().join(" → ");
            return Err(Failure::new(USAGE, format!("{FLAG}: a file names itself: {chain}")));
        }
        let flags = read(&file)?.arguments(&file)?;
        files.push(file);
        expanded.extend(expand_within(flags.into_iter(), files)?);
        files.pop();
    }
    Ok(expanded)
}

fn read(file: &str) -> Result<Flags, Failure> {
    const SHAPE: &str =
        "the file is one mapping of flags, like `--max-workers: 3`, or a list of such mappings";
    let unreadable = |error: std::io::Error| Failure::new(USAGE, format!("{FLAG}: {error}"));
    let read = if file == "-" {
        bounded_text::read(std::io::stdin(), LONGEST)
    } else {
        fs_err::File::open(Path::new(file)).and_then(|opened| bounded_text::read(opened, LONGEST))
    };
    let text = read.map_err(unreadable)?;
    if text.len() as u64 > LONGEST {
        return Err(
            Failure::new(USAGE, format!("{FLAG} {file}: it has more than {LONGEST} bytes")).hint(SHAPE)
        );
    }
    if text.trim().is_empty() {
        return Err(Failure::new(USAGE, format!("{FLAG} {file}: it is empty")).hint(SHAPE));
    }
    // In YAML 1.2, as gcloud reads it, `n` and `yes` are texts.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(&text, options).map_err(|error| {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        let line = line.strip_prefix("error: ").unwrap_or(line);
        Failure::new(USAGE, format!("{FLAG} {file}: {line}")).hint(SHAPE)
    })
}

/// The flags of a file in their order.
#[derive(Debug, Default, PartialEq)]
struct Flags(Vec<(String, FlagValue)>);

/// What a file gives a flag.
#[derive(Debug, PartialEq)]
enum FlagValue {
    Bare,
    Text(String),
    List(Vec<String>),
    Mapping(Vec<(String, String)>),
}

impl Flags {
    fn arguments(self, file: &str) -> Result<Vec<OsString>, Failure> {
        let mut arguments = Vec::new();
        for (flag, value) in self.0 {
            let known = |flags: &[&str]| flags.contains(&flag.as_str());
            let wrong = |what: &str| {
                let message = format!("{FLAG} {file}: {flag} takes no {what}");
                Err(Failure::new(USAGE, message).hint("give it as one text"))
            };
            let (items, is_delimited) = match value {
                FlagValue::Bare => {
                    arguments.push(flag.into());
                    continue;
                }
                FlagValue::Text(text) => {
                    arguments.push(format!("{flag}={text}").into());
                    continue;
                }
                FlagValue::List(items) if known(&LISTS) => (items, true),
                FlagValue::List(items) if known(&REPEATABLE) => (items, false),
                FlagValue::List(_) => return wrong("list"),
                FlagValue::Mapping(entries) if known(&DICTIONARIES) || flag == "--param" => {
                    if let Some((key, _)) =
                        entries.iter().find(|(key, _)| key.is_empty() || key.contains('='))
                    {
                        let message = format!("{FLAG} {file}: {flag}: {key:?} is no key");
                        return Err(Failure::new(USAGE, message).hint("a key is not empty and has no `=`"));
                    }
                    let pairs = entries.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
                    (pairs, known(&DICTIONARIES))
                }
                FlagValue::Mapping(_) => return wrong("mapping"),
            };
            for item in items {
                let text = if is_delimited { whole(&item) } else { item };
                arguments.push(format!("{flag}={text}").into());
            }
        }
        Ok(arguments)
    }
}

/// An item as the text of a list or dictionary flag that has this item alone.
fn whole(item: &str) -> String {
    // Something that is not in the item; the first one will nearly always do.
    let mut delimiter = "\u{1f}".to_owned();
    while item.contains(&delimiter) {
        delimiter.push('\u{1e}');
    }
    format!("^{delimiter}^{item}{delimiter}")
}

impl<'de> Deserialize<'de> for Flags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FlagsVisitor;
        impl<'de> Visitor<'de> for FlagsVisitor {
            type Value = Flags;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a mapping of flags, or a list of mappings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Flags, A::Error> {
                let mut flags = Vec::new();
                while let Some((flag, value)) = map.next_entry::<String, FlagValue>()? {
                    match value {
                        // Files within files: each is a flag of its own.
                        FlagValue::List(items) if flag == FLAG => {
                            flags.extend(items.into_iter().map(|item| (flag.clone(), FlagValue::Text(item))));
                        }
                        value => flags.push((flag, value)),
                    }
                }
                Ok(Flags(flags))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Flags, A::Error> {
                let mut flags = Vec::new();
                while let Some(Flags(more)) = sequence.next_element()? {
                    flags.extend(more);
                }
                Ok(Flags(flags))
            }
        }
        deserializer.deserialize_any(FlagsVisitor)
    }
}

impl<'de> Deserialize<'de> for FlagValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;
        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = FlagValue;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text, a number, true, false, nothing, a list or a mapping of texts")
            }

            fn visit_unit<E>(self) -> Result<FlagValue, E> {
                Ok(FlagValue::Bare)
            }

            fn visit_none<E>(self) -> Result<FlagValue, E> {
                Ok(FlagValue::Bare)
            }

            fn visit_bool<E>(self, _: bool) -> Result<FlagValue, E> {
                Ok(FlagValue::Bare)
            }

            fn visit_i64<E>(self, number: i64) -> Result<FlagValue, E> {
                Ok(FlagValue::Text(number.to_string()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<FlagValue, E> {
                Ok(FlagValue::Text(number.to_string()))
            }

            fn visit_f64<E>(self, number: f64) -> Result<FlagValue, E> {
                // `007` is a number to YAML, and 7.
                const EXACT: f64 = 9_007_199_254_740_992.0;
                let whole = number.fract() == 0.0 && number.abs() < EXACT;
                Ok(FlagValue::Text(if whole { format!("{number:.0}") } else { format!("{number:?}") }))
            }

            fn visit_str<E>(self, text: &str) -> Result<FlagValue, E> {
                Ok(FlagValue::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FlagValue, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry::<String, String>()? {
                    entries.push(entry);
                }
                Ok(FlagValue::Mapping(entries))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<FlagValue, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = sequence.next_element::<String>()? {
                    items.push(item);
                }
                Ok(FlagValue::List(items))
            }
        }
        deserializer.deserialize_any(ValueVisitor)
    }
}

#[cfg(test)]
mod tests {
    use tmpl_template::{parse_dictionary, parse_list};

    use super::*;

    fn expanded(text: &str) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("flags.yaml");
        fs_err::write(&file, text).unwrap();
        let arguments = ["run".into(), format!("--flags-file={}", file.display()).into(), "last".into()];
        match expand(arguments.into_iter()) {
            Ok(arguments) => {
                Ok(arguments.iter().map(|argument| argument.to_string_lossy().into_owned()).collect())
            }
            Err(failure) => Err(failure.chain[0].replace(&format!("{}/", folder.path().display()), "")),
        }
    }

    #[test]
    fn flags_stand_in_the_place_of_their_file() {
        for (text, expected) in [
            ("--network: n\n--max-workers: 3\n", vec!["--network=n", "--max-workers=3"]),
            ("{\"--network\": \"n\"}", vec!["--network=n"]),
            ("- --network: a\n- --network: b\n", vec!["--network=a", "--network=b"]),
            ("--detach:\n--quiet: true\n--overwrite: false\n", vec!["--detach", "--quiet", "--overwrite"]),
            ("--network: \"true\"\n--subnetwork: yes\n", vec!["--network=true", "--subnetwork=yes"]),
            ("--network: 1.50\n--max-workers: 007\n", vec!["--network=1.5", "--max-workers=7"]),
            ("--parameters: ^;^a=1,2;b=3\n", vec!["--parameters=^;^a=1,2;b=3"]),
            ("--only: [a, b]\n", vec!["--only=a", "--only=b"]),
            ("--param: {a: \"1,2\"}\n", vec!["--param=a=1,2"]),
            ("{}", vec![]),
        ] {
            let mut arguments = vec!["run"];
            arguments.extend(expected);
            arguments.push("last");
            assert_eq!(expanded(text).unwrap(), arguments, "{text}");
        }
    }

    #[test]
    fn lists_and_mappings_need_no_delimiters() {
        let texts = |flag: &str, text: &str| -> Vec<String> {
            let prefix = format!("{flag}=");
            expanded(text)
                .unwrap()
                .iter()
                .filter_map(|text| text.strip_prefix(&prefix).map(str::to_owned))
                .collect()
        };
        let parameters = texts(
            "--parameters",
            "--parameters:\n  query: a,b=c\n  empty: \"\"\n  odd: ^;^x\n  unit: \"\\x1f\"\n",
        );
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            parse_dictionary(&parameters).unwrap(),
            [pair("query", "a,b=c"), pair("empty", ""), pair("odd", "^;^x"), pair("unit", "\u{1f}")]
        );
        let experiments =
            texts("--additional-experiments", "--additional-experiments: [\"a,b\", \"\", \"^;^c\"]\n");
        assert_eq!(parse_list(&experiments).unwrap(), ["a,b", "", "^;^c"]);
    }

    #[test]
    fn what_is_no_file_of_flags_is_refused() {
        for (text, message) in [
            ("", "--flags-file flags.yaml: it is empty"),
            ("just text", "--flags-file flags.yaml: "),
            ("- 1", "--flags-file flags.yaml: "),
            ("--x: {a: [1]}", "--flags-file flags.yaml: "),
            ("--parameters: {\"a=b\": \"1\"}", "--flags-file flags.yaml: --parameters: \"a=b\" is no key"),
            ("--network: [a, b]", "--flags-file flags.yaml: --network takes no list"),
            ("--parameters: [a=1]", "--flags-file flags.yaml: --parameters takes no list"),
            (
                "--additional-experiments: {a: b}",
                "--flags-file flags.yaml: --additional-experiments takes no mapping",
            ),
            ("--flags-file: gone.yaml", "--flags-file: "),
            ("a: [", "--flags-file flags.yaml: "),
        ] {
            let error = expanded(text).unwrap_err();
            assert!(error.starts_with(message), "{text}: {error}");
        }
        let arguments = ["run".into(), "--".into(), "--flags-file=gone".into()];
        assert_eq!(expand(arguments.into_iter()).unwrap().len(), 3, "what follows -- is not ours");
    }

    #[test]
    fn a_file_that_names_itself_is_found_out() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml").display().to_string();
        fs_err::write(&file, format!("--flags-file: {file}\n")).unwrap();
        let error = expand([format!("--flags-file={file}").into()].into_iter()).unwrap_err();
        assert!(error.chain[0].contains("names itself"), "{:?}", error.chain);
    }
}
