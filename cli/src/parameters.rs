//! Launch parameters from the command line: `--parameters` as gcloud parses it, `--param` whole, `--params-file` in JSON or YAML.

use std::collections::BTreeMap;
use std::path::Path;

use tmpl_template::{RawParameters, parse_dictionary};

use crate::arguments::ParameterArguments;
use crate::arguments::spec::wrong;
use crate::bounded_text;
use crate::report::{Failure, USAGE};

/// Bytes of a file of parameters.
const LONGEST: u64 = 64 << 20;

/// Gathers the parameters of a launch. A name that is given twice, anywhere, is an error.
pub(crate) fn gather(arguments: &ParameterArguments) -> Result<RawParameters, Failure> {
    let mut parameters = RawParameters::default();
    let mut insert = |name: &str, value: &str| {
        parameters
            .insert(name, value)
            .map_err(|error| Failure::new(USAGE, error.to_string()).hint("give each parameter once"))
    };
    for file in &arguments.params_file {
        for (name, value) in read_file(file)? {
            insert(&name, &value)?;
        }
    }
    let items = parse_dictionary(&arguments.parameters).map_err(|error| {
        let failure = wrong("--parameters", &error);
        let hint = failure.hint.clone().unwrap_or_default();
        failure.hint(format!("{hint}; or give it whole: `--param key=value`"))
    })?;
    for (name, value) in items {
        insert(&name, &value)?;
    }
    for text in &arguments.param {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Failure::new(USAGE, format!("--param {text}: there is no `=` in it"))
                .hint("write --param name=value"));
        };
        insert(name, value)?;
    }
    Ok(parameters)
}

/// JSON is read as the YAML that it is. Values are taken as they are written: `007` and `1.10` stay what they are.
fn read_file(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new(USAGE, format!("--params-file: {error}")).hint("give a JSON or YAML file")
    };
    let read = fs_err::File::open(path).and_then(|opened| bounded_text::read(opened, LONGEST));
    let text = read.map_err(unreadable)?;
    if text.len() as u64 > LONGEST {
        return Err(Failure::new(
            USAGE,
            format!("--params-file {}: it has more than {LONGEST} bytes", path.display()),
        )
        .hint(
            "a launch is a record, not a place for data: put the data into a file that the pipeline reads",
        ));
    }
    if text.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    serde_saphyr::from_str(&text).map_err(|error| {
        // Its message goes on with an excerpt, and with advice for whoever calls the library.
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        let line = line.strip_prefix("error: ").unwrap_or(line);
        let line = line.split(", set DuplicateKeyPolicy").next().unwrap_or(line);
        Failure::new(USAGE, format!("--params-file {}: {line}", path.display()))
            .hint("the file is one mapping of parameter names to texts, numbers or true/false")
    })
}
