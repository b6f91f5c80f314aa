//! Outputs that lie where a launch would write.

use std::path::{Path, PathBuf};

use tmpl_bucket::{Bucket, BucketErrorKind};
use tmpl_template::{ParameterType, ParameterValues, TemplateSpec};

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
    for (name, value) in outputs(spec, values) {
        let place = local_path(value).and_then(|path| on_machine(Path::new(path)));
        if let Some(path) = place.and_then(|path| existing(&path)) {
            return Err(exists(name, path.display().to_string()));
        }
    }
    Ok(())
}

/// The same for outputs in the store that the bucket is in. One that may not be looked at is left to the pipeline.
pub(crate) async fn refuse_existing_in_store(
    bucket: &Bucket,
    spec: &TemplateSpec,
    values: &ParameterValues,
) -> Result<(), LaunchError> {
    for (parameter, value) in outputs(spec, values) {
        let Some((folder, name)) = value.rsplit_once('/') else { continue };
        let names = match bucket.names_beside(value).await {
            Ok(names) => names.unwrap_or_default(),
            Err(error) if error.kind() == BucketErrorKind::Temporary => return Err(error.into()),
            Err(_) => continue,
        };
        if let Some(found) = names.iter().find(|found| *found == name || is_shard(found, name)) {
            return Err(exists(parameter, format!("{folder}/{found}")));
        }
    }
    Ok(())
}

fn exists(parameter: &str, path: String) -> LaunchError {
    LaunchError::OutputExists { parameter: parameter.to_owned(), path }
}

/// The parameters that name an output which must not be there yet, with their values.
fn outputs<'a>(
    spec: &'a TemplateSpec,
    values: &'a ParameterValues,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let parameters = spec.metadata.iter().flat_map(|metadata| &metadata.parameters);
    let outputs = parameters.filter(|parameter| {
        *parameter.parameter_type() == ParameterType::GcsWriteFile
            && !parameter.secret()
            && parameter.custom_key("tmpl.existing") != Some("allow")
    });
    outputs.filter_map(|output| Some((output.name.as_str(), values.get(&output.name)?.value.as_str())))
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
    let name = path.file_name()?.to_str()?;
    let entries = fs_err::read_dir(path.parent()?).ok()?;
    let is_shard = |found: &str| is_shard(found, name);
    entries.flatten().find(|entry| entry.file_name().to_str().is_some_and(is_shard)).map(|entry| entry.path())
}

/// Whether a name is that of a shard of the output `name`: `counts-00000-of-00003`.
fn is_shard(found: &str, name: &str) -> bool {
    let Some(rest) = found.strip_prefix(name).and_then(|rest| rest.strip_prefix('-')) else { return false };
    let Some((number, rest)) = rest.split_once("-of-") else { return false };
    let digits = |text: &str| text.len() >= 5 && text.bytes().take(5).all(|byte| byte.is_ascii_digit());
    digits(number) && digits(rest)
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
