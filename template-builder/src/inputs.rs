//! Everything that the resolution of a project's dependencies depends on, as one checksum each: while they stay, the lock is used
//! as it is and uv is not even started.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fs_err as fs;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::checksum::Checksum;
use crate::project::{Project, is_wheel};
use crate::project_error::ProjectError;
use crate::python_target::PythonTarget;
use crate::redact::redact;
use crate::requirement_files::RequirementFiles;

/// Keys of `[project]` that only describe a package. The version is among them: no requirement on the project's own packages
/// is ever looked up in an index.
const DESCRIBING: &[&str] = &[
    "version",
    "description",
    "readme",
    "license",
    "license-files",
    "authors",
    "maintainers",
    "keywords",
    "classifiers",
    "urls",
    "scripts",
    "gui-scripts",
    "entry-points",
    "import-names",
    "import-namespaces",
];
/// Tables of `[tool]` that can hold requirements.
const REQUIRING_TOOLS: &[&str] = &["uv", "setuptools", "poetry", "hatch", "flit", "pdm"];

/// The inputs of a resolution: a name for each, and its digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Inputs(pub(crate) BTreeMap<String, Checksum>);

impl Inputs {
    pub(crate) fn of(
        project: &Project,
        target: &PythonTarget,
        requirements: &RequirementFiles,
    ) -> Result<Self, ProjectError> {
        let mut inputs = BTreeMap::new();
        inputs.insert("[python]".to_owned(), Checksum::of_json(target));
        for (file, text) in &requirements.texts {
            inputs.insert(file.clone(), Checksum::of(text.as_bytes()));
        }
        let mut add = |file: String, read: &dyn Fn(&str) -> String| -> Result<(), ProjectError> {
            let path = project.root.join(&file);
            match fs::read_to_string(&path) {
                Ok(text) => {
                    inputs.insert(file, Checksum::of(read(&text.replace("\r\n", "\n")).as_bytes()));
                    Ok(())
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                Err(source) => Err(ProjectError::Unreadable { file: path.display().to_string(), source }),
            }
        };
        add("uv.toml".to_owned(), &redact)?;
        // uv reads its indexes from there, whether or not the folder itself is a package.
        add("pyproject.toml".to_owned(), &requiring_part)?;
        let mut wheels = Vec::new();
        for package in &project.packages {
            if is_wheel(package) {
                wheels.push(package.clone());
                continue;
            }
            let in_package =
                |name: &str| if package == "." { name.to_owned() } else { format!("{package}/{name}") };
            add(in_package("pyproject.toml"), &requiring_part)?;
            add(in_package("setup.cfg"), &str::to_owned)?;
            add(in_package("setup.py"), &str::to_owned)?;
            for name in requirement_like(&project.root.join(package)) {
                add(in_package(&name), &redact)?;
            }
        }
        for wheel in wheels {
            let path = project.root.join(&wheel);
            let checksum = Checksum::of_file(&path);
            let checksum = checksum
                .map_err(|source| ProjectError::Unreadable { file: path.display().to_string(), source })?;
            inputs.insert(wheel, checksum);
        }
        // Which packages there are, even those that say nothing of requirements.
        inputs.insert("[packages]".to_owned(), Checksum::of_json(&project.packages));
        inputs.insert("[requirements]".to_owned(), Checksum::of_json(&project.requirements));
        Ok(Self(inputs))
    }

    /// What differs from the inputs of an older resolution, in words.
    pub(crate) fn changes_since(&self, older: &Self) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(older.0.keys()).collect();
        let change = |name: &String| match (older.0.get(name), self.0.get(name)) {
            (None, _) => Some(format!("{name} is new")),
            (_, None) => Some(format!("{name} is gone")),
            (old, new) => (old != new).then(|| format!("{name} changed")),
        };
        names.into_iter().filter_map(change).collect()
    }
}

/// Files that a `setup.py` or `[tool.setuptools.dynamic]` is likely to read its requirements from.
fn requirement_like(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let text = |name: &String| [".txt", ".in"].into_iter().any(|ending| name.ends_with(ending));
    names.filter(|name| name.starts_with("requirements") && text(name)).collect()
}

/// What of a `pyproject.toml` can change a resolution, as JSON with sorted keys. Text that is no TOML counts as it is: uv will
/// say what is wrong with it.
fn requiring_part(text: &str) -> String {
    let Ok(mut table) = text.parse::<toml::Table>() else { return redact(text) };
    table.retain(|key, _| matches!(key, "build-system" | "project" | "tool"));
    if let Some(toml::Value::Table(project)) = table.get_mut("project") {
        project.retain(|key, _| !DESCRIBING.contains(&key));
    }
    if let Some(toml::Value::Table(tool)) = table.get_mut("tool") {
        tool.retain(|key, _| REQUIRING_TOOLS.contains(&key));
    }
    let value = serde_json::to_value(&table).unwrap_or(Value::Null);
    redact(&value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PYPROJECT: &str = "[build-system]\nrequires = [\"setuptools\"]\n[project]\nname = \"a\"\nversion = \"1\"\n\
                             dependencies = [\"six\"]\n[tool.ruff]\nline-length = 80\n";

    #[test]
    fn only_what_requires_counts_in_a_pyproject() {
        let same = requiring_part(PYPROJECT);
        for (from, to, counts) in [
            ("version = \"1\"", "version = \"2\"", false),
            ("line-length = 80", "line-length = 100", false),
            ("name = \"a\"\n", "name = \"a\"  # the name\n", false),
            ("\"six\"", "\"six<2\"", true),
            ("\"setuptools\"", "\"setuptools<80\"", true),
            ("[tool.ruff]\nline-length = 80", "[tool.uv]\nindex-url = \"https://host\"", true),
        ] {
            let changed = PYPROJECT.replace(from, to);
            assert_ne!(changed, PYPROJECT);
            assert_eq!(requiring_part(&changed) != same, counts, "{to}");
        }
    }

    fn inputs(files: &[(&str, &str)]) -> Inputs {
        let folder = tempfile::tempdir().unwrap();
        let mut all = vec![
            (
                "tmpl.toml",
                "[python]\nversion = \"3.11\"\nrequirements = [\"r.txt\"]\npackages = [\".\"]\n[[template]]\nname = \"a\"\nmain = \"m\"\n",
            ),
            ("r.txt", "six\n"),
            ("pyproject.toml", PYPROJECT),
        ];
        for file in files {
            all.retain(|(name, _)| name != &file.0);
            all.push(*file);
        }
        for (name, text) in all {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let project = Project::load(folder.path(), &crate::Overrides::default(), &[]).unwrap();
        let requirements = RequirementFiles::read(&project.root, &project.requirements).unwrap();
        Inputs::of(&project, project.target.as_ref().unwrap(), &requirements).unwrap()
    }

    #[test]
    fn folders_credentials_and_code_do_not_count() {
        let first = inputs(&[]);
        assert_eq!(inputs(&[]), first);
        assert_eq!(inputs(&[("m.py", "print()")]), first);
        assert_eq!(inputs(&[("r.txt", "six\r\n")]), first);
        assert_ne!(inputs(&[("r.txt", "six<2\n")]), first);
        assert_ne!(inputs(&[("setup.py", "x")]), first);
        assert_ne!(inputs(&[("requirements-base.txt", "x")]), first);
        let private =
            |user: &str| inputs(&[("r.txt", &format!("--index-url https://{user}@host/simple\nsix\n"))]);
        assert_eq!(private("alice:one"), private("bob:two"));
        let changed = inputs(&[("r.txt", "six<2\n"), ("uv.toml", "")]);
        assert_eq!(changed.changes_since(&first), ["r.txt changed", "uv.toml is new"]);
        assert_eq!(first.changes_since(&changed), ["r.txt changed", "uv.toml is gone"]);
    }
}
