//! Secrets: looked up where the launcher runs, taken out of every line the program writes.

use std::path::Path;

use fs_err as fs;

use crate::LaunchError;
use crate::invocation::{ArgumentValue, Invocation};
use crate::place::SECRETS_VARIABLE;

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

/// Finds out whether a reference will lead to something in a container. `on_machine` says where a file of the container lies here;
/// one that lies nowhere here is the image's own.
#[cfg(feature = "docker")]
pub(crate) fn check(
    reference: &str,
    on_machine: &dyn Fn(&Path) -> Option<std::path::PathBuf>,
) -> Result<(), LaunchError> {
    let looked = match reference.strip_prefix("file:").map(|path| on_machine(Path::new(path))) {
        None => look_up(reference).map(drop),
        Some(Some(path)) => look_up(&format!("file:{}", path.display())).map(drop),
        Some(None) => Ok(()),
    };
    looked.map_err(|reason| LaunchError::Secret { reference: reference.to_owned(), reason })
}

/// What a reference leads to. A file's last line end is not part of the secret.
pub fn look_up(reference: &str) -> Result<String, String> {
    match reference.split_once(':') {
        Some(("env", name)) => match std::env::var(name) {
            Ok(value) => Ok(value),
            Err(std::env::VarError::NotPresent) => {
                let handed = handed_over(name).map_err(|error| error.to_string())?;
                handed.ok_or_else(|| format!("the variable {name} is not set"))
            }
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

/// The value of a variable that reached this container as a file. It is read once: what is left of it is removed.
fn handed_over(name: &str) -> std::io::Result<Option<String>> {
    let Some(folder) = std::env::var_os(SECRETS_VARIABLE) else { return Ok(None) };
    take(&Path::new(&folder).join(name))
}

fn take(path: &Path) -> std::io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(value) => fs::remove_file(path).map(|()| Some(value)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
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
    fn a_secret_that_was_handed_over_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("TOKEN");
        fs::write(&path, "s3cret").unwrap();
        assert_eq!(take(&path).unwrap().as_deref(), Some("s3cret"));
        assert_eq!(take(&path).unwrap(), None);
        assert!(!path.exists());
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
