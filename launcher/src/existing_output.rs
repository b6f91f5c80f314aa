//! Outputs that lie where a launch would write.

use std::path::{Path, PathBuf};

use tmpl_template::{ParameterType, ParameterValue, ParameterValues, TemplateSpec};

use crate::LaunchError;

/// Refuses a launch whose output file is there: Beam would write over some of its shards and leave others, and nobody could
/// tell afterwards which run they came from. `tmpl.existing` = `allow` in a parameter's metadata says that it is meant.
///
/// `on_machine` says where on this machine a path lies that the program is given; nothing where it lies on none of its disks.
pub(crate) fn refuse_existing_output(
    spec: &TemplateSpec,
    values: &ParameterValues,
    on_machine: &dyn Fn(&Path) -> Option<PathBuf>,
) -> Result<(), LaunchError> {
    let parameters = spec.metadata.iter().flat_map(|metadata| &metadata.parameters);
    let outputs = parameters.filter(|parameter| {
        *parameter.parameter_type() == ParameterType::GcsWriteFile
            && !parameter.secret()
            && parameter.custom_key("tmpl.existing") != Some("allow")
    });
    for output in outputs {
        let place = |value: &ParameterValue| on_machine(Path::new(local_path(&value.value)?));
        let found = values.get(&output.name).and_then(place).and_then(|path| existing(&path));
        if let Some(path) = found {
            return Err(LaunchError::OutputExists {
                parameter: output.name.clone(),
                path: path.display().to_string(),
            });
        }
    }
    Ok(())
}

/// The path of a value that lies on this machine.
pub(crate) fn local_path(value: &str) -> Option<&str> {
    match value.split_once("://") {
        Some(("file", path)) => Some(path),
        Some(_) => None,
        None => (!value.is_empty()).then_some(value),
    }
}

/// The file of that name, or a shard of it: Beam writes `counts-00000-of-00003` for the output `counts`.
fn existing(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_owned());
    }
    let prefix = format!("{}-", path.file_name()?.to_str()?);
    let is_shard = |name: &str| {
        let Some(rest) = name.strip_prefix(&prefix) else { return false };
        let Some((number, rest)) = rest.split_once("-of-") else { return false };
        let digits = |text: &str| text.len() >= 5 && text.bytes().take(5).all(|byte| byte.is_ascii_digit());
        digits(number) && digits(rest)
    };
    let entries = fs_err::read_dir(path.parent()?).ok()?;
    entries.flatten().find(|entry| entry.file_name().to_str().is_some_and(is_shard)).map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_and_its_shards_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["plain", "counts-00000-of-00003", "words-00001-of-00002.txt", "near-miss-of-x"] {
            fs_err::write(path(name), "").unwrap();
        }
        for (output, found) in [
            ("plain", Some("plain")),
            ("counts", Some("counts-00000-of-00003")),
            ("words", Some("words-00001-of-00002.txt")),
            ("near", None),
            ("count", None),
            ("new", None),
        ] {
            assert_eq!(existing(&path(output)), found.map(path), "{output}");
        }
    }
}
