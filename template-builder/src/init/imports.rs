//! Which files beside a script it imports, so that the template has them too.

use std::collections::BTreeSet;
use std::path::Path;

use fs_err as fs;

use crate::source_tree::has_extension;

/// Patterns for the modules and packages in the script's folder that it, or one of those, imports. Paths are relative to
/// the project.
pub(super) fn beside(project: &Path, script: &str) -> Vec<String> {
    let folder = script.rsplit_once('/').map_or("", |(folder, _)| folder);
    let within = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let mut found = BTreeSet::new();
    let mut waiting = vec![script.to_owned()];
    while let Some(file) = waiting.pop() {
        for module in imported(&fs::read_to_string(project.join(&file)).unwrap_or_default()) {
            let single = within(&format!("{module}.py"));
            if project.join(&single).is_file() && single != script && found.insert(single.clone()) {
                waiting.push(single);
            }
            let package = within(&module);
            let has_code = || {
                let entries = fs::read_dir(project.join(&package)).into_iter().flatten().flatten();
                entries.into_iter().any(|entry| has_extension(&entry.file_name().to_string_lossy(), "py"))
            };
            if project.join(&package).is_dir() && has_code() && found.insert(format!("{package}/**")) {
                let entries = fs::read_dir(project.join(&package)).into_iter().flatten().flatten();
                let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
                waiting.extend(
                    names.filter(|name| has_extension(name, "py")).map(|name| format!("{package}/{name}")),
                );
            }
        }
    }
    found.into_iter().collect()
}

/// The top-level names that a source imports, read line by line: this is a proposal that a person looks at.
fn imported(source: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut add = |module: &str| {
        let name: String = module.trim().chars().take_while(|c| *c == '_' || c.is_alphanumeric()).collect();
        if !name.is_empty() {
            names.insert(name);
        }
    };
    for line in source.lines().map(str::trim) {
        if let Some(modules) = line.strip_prefix("import ") {
            modules.split(',').for_each(&mut add);
        } else if let Some(module) = line.strip_prefix("from ") {
            add(module);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_and_packages_beside_a_script_are_found_through_each_other() {
        let folder = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("jobs/main.py", "import os, helper\nfrom steps.read import x\nfrom . import no\n"),
            ("jobs/helper.py", "    import deep as d\n"),
            ("jobs/deep.py", ""),
            ("jobs/unused.py", ""),
            ("jobs/steps/read.py", "import main\n"),
            ("jobs/os/data.txt", ""),
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        assert_eq!(
            beside(folder.path(), "jobs/main.py"),
            ["jobs/deep.py", "jobs/helper.py", "jobs/steps/**"]
        );
    }
}
