//! Whether a container sees the files of this machine that a launch names. Those it does not see are the mistake that everybody
//! makes once: an input is said to be missing, or an output is written where nobody finds it.

use std::path::{Component, Path, PathBuf};

use tmpl_template::{ParameterType, ParameterValue, ParameterValues, TemplateSpec};

use super::mount::{source_of, target_of};
use super::{DockerError, Mount};
use crate::existing_output::local_path;

/// Folders that every image has of its own: a path below them is taken to be the image's.
const OF_THE_IMAGE: [&str; 9] = ["/usr", "/etc", "/opt", "/bin", "/sbin", "/lib", "/dev", "/proc", "/sys"];
/// What makes a part of a path a pattern.
const WILDCARDS: [char; 4] = ['*', '?', '[', '{'];

/// What a container sees of this machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight<'a> {
    pub(super) mounts: &'a [Mount],
    /// The folder that relative paths start from, in the container's terms; nothing where the container does not see it.
    pub(super) directory: Option<&'a Path>,
    /// The same folder on this machine.
    pub(super) directory_here: &'a Path,
}

impl Sight<'_> {
    /// Refuses a launch that names a file of this machine which the container does not see.
    pub(super) fn check(&self, spec: &TemplateSpec, values: &ParameterValues) -> Result<(), DockerError> {
        for value in values {
            let Some(named) = named_path(spec, value) else { continue };
            if self.on_machine(named).is_some() {
                continue;
            }
            let here = normal(&self.directory_here.join(named));
            if is_of_the_image(&here) || !exists(&here) {
                continue;
            }
            return Err(DockerError::NotMounted {
                parameter: value.name.clone(),
                inside: target_of(self.mounts, &here),
                folder: folder_of(&here),
                path: here,
            });
        }
        Ok(())
    }

    /// Where on this machine a path lies that the container is given.
    pub(super) fn on_machine(&self, given: &Path) -> Option<PathBuf> {
        let inside = self.directory.unwrap_or(Path::new("/")).join(given);
        source_of(self.mounts, &normal(&inside))
    }
}

/// The path that a parameter names, if it is one: in a parameter for storage every value, in any other what looks like one.
fn named_path<'a>(spec: &TemplateSpec, value: &'a ParameterValue) -> Option<&'a Path> {
    if value.secret {
        return value.value.strip_prefix("file:").map(Path::new);
    }
    let path = local_path(&value.value)?;
    let parameters = spec.metadata.iter().flat_map(|metadata| &metadata.parameters);
    let is_storage = parameters
        .filter(|parameter| parameter.name == value.name)
        .any(|parameter| is_storage(parameter.parameter_type()));
    let looks_like_one = ["/", "./", "../"].iter().any(|start| path.starts_with(start));
    (is_storage || looks_like_one).then(|| Path::new(path))
}

fn is_storage(kind: &ParameterType) -> bool {
    matches!(
        kind,
        ParameterType::GcsReadBucket
            | ParameterType::GcsWriteBucket
            | ParameterType::GcsReadFile
            | ParameterType::GcsWriteFile
            | ParameterType::GcsReadFolder
            | ParameterType::GcsWriteFolder
            | ParameterType::JavascriptUdfFile
    )
}

fn is_of_the_image(path: &Path) -> bool {
    OF_THE_IMAGE.iter().any(|folder| path.starts_with(folder))
}

/// Whether a file is there, or could be written or found there: the folder it would be in is there.
fn exists(path: &Path) -> bool {
    let path = without_wildcards(path);
    path.exists() || path.parent().is_some_and(|folder| folder != Path::new("/") && folder.is_dir())
}

/// What to mount so that a path is seen: the nearest folder that exists.
fn folder_of(path: &Path) -> PathBuf {
    let path = without_wildcards(path);
    path.ancestors().find(|folder| folder.is_dir()).unwrap_or(&path).to_owned()
}

/// The part of a path before its first pattern.
fn without_wildcards(path: &Path) -> PathBuf {
    let plain = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(WILDCARDS);
    path.components().take_while(plain).collect()
}

/// A path without `.` and `..`, as far as that can be said without looking at links.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use tmpl_template::{Metadata, RawParameters, check};

    use super::*;

    const METADATA: &str = r#"{"name": "t", "parameters": [
        {"name": "input", "label": "Input", "helpText": "What to read", "isOptional": true, "paramType": "GCS_READ_FILE"},
        {"name": "output", "label": "Output", "helpText": "What to write", "isOptional": true, "paramType": "GCS_WRITE_FILE"},
        {"name": "text", "label": "Text", "helpText": "Anything", "isOptional": true},
        {"name": "token", "label": "Token", "helpText": "Secret", "isOptional": true,
         "customMetadata": {"tmpl.secret": "true", "tmpl.pass": "env"}}]}"#;

    /// What a launch from the folder `work` of a machine is told, with these mounts.
    fn told(folder: &Path, mounts: &[String], name: &str, value: &str) -> Option<String> {
        let mounts: Vec<Mount> = mounts.iter().map(|text| text.parse().unwrap()).collect();
        let directory_here = folder.join("work");
        let directory = target_of(&mounts, &directory_here);
        let sight =
            Sight { mounts: &mounts, directory: directory.as_deref(), directory_here: &directory_here };
        let mut raw = RawParameters::default();
        raw.insert(name, value).unwrap();
        let spec: TemplateSpec = Metadata::parse(METADATA).unwrap().into();
        let values = check(&spec, &raw.into()).unwrap();
        sight.check(&spec, &values).err().map(|error| {
            let folder = folder.display().to_string();
            format!("{error}; {}", error.hint().unwrap()).replace(&folder, "")
        })
    }

    #[test]
    fn files_that_no_mount_covers_are_named_with_the_remedy() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path();
        for name in ["data", "work"] {
            fs_err::create_dir(folder.join(name)).unwrap();
        }
        for name in ["data/file", "work/file", "work/plain"] {
            fs_err::write(folder.join(name), "").unwrap();
        }
        let at = |path: &str| folder.join(path).display().to_string();
        let data = at("data");
        let mount = |target: &str| vec![format!("{data}{target}")];
        for (mounts, name, value, parts) in [
            // Seen under the same name.
            (mount(""), "input", at("data/file"), None),
            (mount(""), "input", format!("file://{}", at("data/file")), None),
            (mount(""), "input", at("data/*.txt"), None),
            (mount(""), "text", at("data/file"), None),
            // Not seen at all.
            (vec![], "input", at("data/file"), Some(["does not see /data/file", "--mount /data"])),
            (vec![], "input", at("data/*.txt"), Some(["does not see /data/*.txt", "--mount /data"])),
            (vec![], "text", at("data/file"), Some(["parameter `text`", "--mount /data"])),
            (vec![], "output", at("data/new"), Some(["does not see /data/new", "--mount /data"])),
            (
                vec![],
                "token",
                format!("file:{}", at("data/file")),
                Some(["parameter `token`", "--mount /data"]),
            ),
            // Seen under another name.
            (
                mount(":/in"),
                "input",
                at("data/file"),
                Some(["does not see /data/file", "there it is /in/file"]),
            ),
            (mount(":/in"), "input", "/in/file".into(), None),
            // Relative to a folder that is not seen, or is.
            (vec![], "input", "file".into(), Some(["does not see /work/file", "--mount /work"])),
            (vec![], "output", "new".into(), Some(["does not see /work/new", "--mount /work"])),
            (vec![], "text", "./file".into(), Some(["does not see /work/file", "--mount /work"])),
            (vec![], "input", "../data/file".into(), Some(["does not see /data/file", "--mount /data"])),
            (vec![at("work")], "input", "file".into(), None),
            (vec![at("work")], "output", "new".into(), None),
            // No path of this machine.
            (vec![], "text", "plain".into(), None),
            (vec![], "text", "/v1".into(), None),
            (vec![], "text", "/no/such/folder/file".into(), None),
            (vec![], "input", "gs://bucket/file".into(), None),
            (vec![], "input", "/usr/share".into(), None),
            (vec![], "token", "env:PATH".into(), None),
        ] {
            let told = told(folder, &mounts, name, &value);
            match parts {
                None => assert_eq!(told, None, "{value}"),
                Some(parts) => {
                    let told = told.unwrap_or_else(|| panic!("{value} was accepted"));
                    assert!(parts.iter().all(|part| told.contains(part)), "{value}: {told}");
                }
            }
        }
    }

    #[test]
    fn outputs_are_looked_for_where_they_lie_on_the_machine() {
        let mounts: Vec<Mount> = vec!["/data:/in".parse().unwrap()];
        let sight = |directory| Sight { mounts: &mounts, directory, directory_here: Path::new("/data/work") };
        let seen = sight(Some(Path::new("/in/work")));
        assert_eq!(seen.on_machine(Path::new("/in/a")), Some("/data/a".into()));
        assert_eq!(seen.on_machine(Path::new("b/../a")), Some("/data/work/a".into()));
        assert_eq!(seen.on_machine(Path::new("/data/a")), None);
        assert_eq!(sight(None).on_machine(Path::new("a")), None);
    }
}
