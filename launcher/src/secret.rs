//! Secrets: looked up where the launcher runs, taken out of every line the program writes.

use fs_err as fs;

use crate::LaunchError;
use crate::invocation::{ArgumentValue, Invocation};

/// What stands for a secret's value in a log.
const REDACTED: &str = "[secret]";
/// A shorter value would blot out half of a log, and can be guessed anyway.
const SHORTEST: usize = 4;

/// The values of a launch's secrets. It has no `Debug` and no `Display`: they can't be printed by mistake.
#[derive(Default)]
pub(crate) struct Secrets {
    values: Vec<String>,
}

impl Secrets {
    /// Replaces every reference of an invocation by what it leads to.
    pub(crate) fn resolve(invocation: &mut Invocation) -> Result<Self, LaunchError> {
        let mut secrets = Self::default();
        let variables = invocation.environment.values_mut();
        let files = invocation.files.iter_mut().map(|file| &mut file.content);
        for value in variables.chain(files) {
            if let ArgumentValue::Secret(reference) = value {
                let found = look_up(reference)
                    .map_err(|reason| LaunchError::Secret { reference: reference.clone(), reason })?;
                secrets.values.extend(found.lines().filter(|line| line.len() >= SHORTEST).map(str::to_owned));
                *value = ArgumentValue::Plain(found);
            }
        }
        // The longest first: one secret may be a part of another.
        secrets.values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Ok(secrets)
    }

    /// A line without any secret's value in it.
    pub(crate) fn redact(&self, line: String) -> String {
        let redact = |line: String, value: &String| {
            if line.contains(value.as_str()) { line.replace(value.as_str(), REDACTED) } else { line }
        };
        self.values.iter().fold(line, redact)
    }
}

/// What a reference leads to. A file's last line end is not part of the secret.
fn look_up(reference: &str) -> Result<String, String> {
    match reference.split_once(':') {
        Some(("env", name)) => match std::env::var(name) {
            Ok(value) => Ok(value),
            Err(std::env::VarError::NotPresent) => Err(format!("the variable {name} is not set")),
            Err(std::env::VarError::NotUnicode(_)) => Err(format!("the variable {name} is not valid UTF-8")),
        },
        Some(("file", path)) => {
            let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
            Ok(text
                .strip_suffix('\n')
                .map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text))
                .to_owned())
        }
        _ => Err("it is no reference such as env:NAME or file:PATH".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_of_lines() {
        let secrets = Secrets { values: vec!["hunter22".into(), "hunt".into()] };
        for (line, shown) in
            [("token=hunter22;", "token=[secret];"), ("the hunt", "the [secret]"), ("nothing", "nothing")]
        {
            assert_eq!(secrets.redact(line.into()), shown);
        }
    }

    #[test]
    fn references_are_looked_up_and_missing_ones_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "s3cret\n").unwrap();
        assert_eq!(look_up(&format!("file:{}", file.path().display())).unwrap(), "s3cret");
        assert_eq!(
            look_up("env:TMPL_NO_SUCH_VARIABLE").unwrap_err(),
            "the variable TMPL_NO_SUCH_VARIABLE is not set"
        );
        assert!(look_up("file:/no/such/file").unwrap_err().contains("/no/such/file"));
        assert!(look_up("s3cret").unwrap_err().contains("no reference"));
    }
}
