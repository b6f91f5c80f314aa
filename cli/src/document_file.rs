//! Documents that somebody wrote into a file: JSON or YAML. JSON is read as the YAML that it is.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::bounded_text;
use crate::report::{Failure, USAGE};

/// Bytes of such a file.
const LONGEST: u64 = 1 << 20;

/// The document of `--file`; - is standard input. `hint` says what it should hold.
pub(crate) fn read<T: DeserializeOwned>(path: &Path, hint: &str) -> Result<T, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new(USAGE, format!("--file: {error}"))
            .hint("give a JSON or YAML file, or - for standard input")
    };
    let text = if path == Path::new("-") {
        bounded_text::read(std::io::stdin(), LONGEST)
    } else {
        fs_err::File::open(path).and_then(|opened| bounded_text::read(opened, LONGEST))
    };
    let text = text.map_err(unreadable)?;
    if text.len() as u64 > LONGEST {
        return Err(Failure::new(
            USAGE,
            format!("--file {}: it has more than {LONGEST} bytes", path.display()),
        ));
    }
    serde_saphyr::from_str(&text).map_err(|error| {
        // Its message goes on with an excerpt of the file.
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        let line = line.strip_prefix("error: ").unwrap_or(line);
        Failure::new(USAGE, format!("--file {}: {line}", path.display())).hint(hint)
    })
}
