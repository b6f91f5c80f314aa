//! Whether a package's build does nothing but copy files, as far as that can be told without running it.

use std::path::Path;

use fs_err as fs;

/// Backends that copy modules and data as they are, unless they are told otherwise.
const COPYING: &[&str] = &[
    "setuptools.build_meta",
    "hatchling.build",
    "flit_core.buildapi",
    "poetry.core.masonry.api",
    "uv_build",
    "pdm.backend",
];

/// Whether a wheel whose files were all copies stays right when the changed sources, copied ones, are copied again.
///
/// The metadata must not depend on them: no `setup.py` or `setup.cfg`, nothing dynamic, no changed readme, no build hooks.
pub(crate) fn only_copies(folder: &Path, changed: &[&str]) -> bool {
    if folder.join("setup.py").exists() || folder.join("setup.cfg").exists() {
        return false;
    }
    let text = fs::read_to_string(folder.join("pyproject.toml")).unwrap_or_default();
    text.parse::<toml::Table>().is_ok_and(|table| copies(&table, changed))
}

fn copies(table: &toml::Table, changed: &[&str]) -> bool {
    let Some(project) = table.get("project").and_then(toml::Value::as_table) else { return false };
    let system = table.get("build-system").and_then(toml::Value::as_table);
    let backend = system.and_then(|system| system.get("build-backend")?.as_str());
    if !backend.is_some_and(|backend| COPYING.contains(&backend))
        || system.is_some_and(|system| system.contains_key("backend-path"))
    {
        return false;
    }
    let is_empty = |value: &toml::Value| value.as_array().is_some_and(Vec::is_empty);
    if !project.contains_key("version") || !project.get("dynamic").is_none_or(is_empty) {
        return false;
    }
    let readme =
        project.get("readme").and_then(|readme| readme.as_str().or_else(|| readme.get("file")?.as_str()));
    if readme.is_some_and(|readme| changed.contains(&readme)) {
        return false;
    }
    let tool =
        |path: &[&str]| path.iter().try_fold(table.get("tool")?, |value, key| value.get(key)).map(|_| ());
    let hooks: [&[&str]; 4] = [
        &["hatch", "build", "hooks"],
        &["poetry", "build"],
        &["pdm", "build", "custom-hook"],
        &["setuptools", "cmdclass"],
    ];
    !hooks.into_iter().any(|hook| tool(hook).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n\
                         [project]\nname = \"a\"\nversion = \"1\"\nreadme = \"README.md\"\n";

    #[test]
    fn only_plain_packages_are_copied() {
        for (from, to, expected) in [
            ("", "", true),
            ("version = \"1\"", "dynamic = [\"version\"]", false),
            ("version = \"1\"", "version = \"1\"\ndynamic = []", true),
            ("setuptools.build_meta\"", "own\"", false),
            ("requires", "backend-path = [\".\"]\nrequires", false),
            ("[project]", "[tool.hatch.build.hooks.custom]\n[project]", false),
            ("[project]", "[tool.poetry]", false),
            ("README.md", "pkg/x.py", false),
        ] {
            let text = if from.is_empty() { PLAIN.to_owned() } else { PLAIN.replace(from, to) };
            assert_eq!(copies(&text.parse().unwrap(), &["pkg/x.py"]), expected, "{text}");
        }
    }

    #[test]
    fn a_setup_script_may_do_anything() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("pyproject.toml"), PLAIN).unwrap();
        assert!(only_copies(folder.path(), &[]));
        fs::write(folder.path().join("setup.py"), "").unwrap();
        assert!(!only_copies(folder.path(), &[]));
    }
}
