//! A template's program as `tmpl.toml` names it: which files it is, and how it begins.

use tmpl_template::{Entry, Language, PythonMain};

/// A program of a project. Paths are relative to the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProgramSource {
    /// Python.
    Python(PythonMain),
    /// A pipeline in Beam YAML, run by Beam's SDK for Python.
    Yaml { pipeline: String },
    /// Java.
    Java { main_class: String, jars: Vec<String>, beam: bool },
    /// A Beam pipeline in Go. The path may hold `{arch}`.
    Go { binary: String },
    /// Any executable file. The path may hold `{arch}`.
    Binary { binary: String },
}

impl ProgramSource {
    /// Whether Python runs it, with the layers of the project's dependencies.
    pub(crate) fn is_python(&self) -> bool {
        matches!(self, Self::Python(_) | Self::Yaml { .. })
    }

    /// The language of its SDK, for the spec; none for a program without an SDK.
    pub(crate) fn language(&self) -> Option<Language> {
        match self {
            Self::Python(_) => Some(Language::Python),
            Self::Yaml { .. } => Some(Language::Yaml),
            Self::Java { .. } => Some(Language::Java),
            Self::Go { .. } => Some(Language::Go),
            Self::Binary { .. } => None,
        }
    }

    /// Its own files for a platform, that no package holds: path in the project → path below `app/`. Those of Python are the
    /// project's scripts.
    pub(crate) fn files(&self, platform: &str) -> Vec<(String, String)> {
        let named = |path: &String| (path.clone(), base_name(path).to_owned());
        let binary_of = |path: &String| (for_platform(path, platform), binary_name(path));
        match self {
            Self::Python(_) => Vec::new(),
            Self::Yaml { pipeline } => vec![named(pipeline)],
            Self::Java { jars, .. } => jars.iter().map(named).collect(),
            Self::Go { binary } | Self::Binary { binary } => vec![binary_of(binary)],
        }
    }

    /// Where it begins, once it is built. `beam` is the version of the locked apache-beam.
    pub(crate) fn entry(&self, beam: Option<&str>) -> Entry {
        let name = |binary: &String| base_name(binary).to_owned();
        match self {
            Self::Python(main) => Entry::Python { main: main.clone(), beam: beam.map(str::to_owned) },
            Self::Yaml { pipeline } => {
                Entry::Yaml { pipeline: name(pipeline), beam: beam.unwrap_or_default().to_owned() }
            }
            Self::Java { main_class, jars, beam } => Entry::Java {
                main_class: main_class.clone(),
                jars: jars.iter().map(name).collect(),
                beam: *beam,
            },
            Self::Go { binary } => Entry::Go { binary: binary_name(binary) },
            Self::Binary { binary } => Entry::Binary { binary: binary_name(binary) },
        }
    }
}

/// A path with the platform's architecture for `{arch}`.
pub(crate) fn for_platform(path: &str, platform: &str) -> String {
    path.replace("{arch}", platform.rsplit('/').next().unwrap_or(platform))
}

/// What a binary is called on every platform: `words` for `build/words-{arch}` and for `build/{arch}/words`.
fn binary_name(path: &str) -> String {
    let name = base_name(path);
    let plain = ["-{arch}", "_{arch}", ".{arch}", "{arch}"]
        .iter()
        .fold(name.to_owned(), |name, arch| name.replace(arch, ""));
    if plain.is_empty() { "program".to_owned() } else { plain }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_has_one_name_on_all_platforms() {
        for (binary, file, name) in [
            ("words", "words", "words"),
            ("build/words-{arch}", "build/words-arm64", "words"),
            ("build/{arch}/words", "build/arm64/words", "words"),
            ("build/{arch}", "build/arm64", "program"),
        ] {
            let source = ProgramSource::Go { binary: binary.to_owned() };
            assert_eq!(source.files("linux/arm64"), [(file.to_owned(), name.to_owned())]);
            assert_eq!(source.entry(None), Entry::Go { binary: name.to_owned() });
        }
    }
}
