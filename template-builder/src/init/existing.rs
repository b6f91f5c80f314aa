//! A folder with a pipeline as people have it: what is there becomes its `tmpl.toml`.

use std::io;
use std::path::Path;

use fs_err as fs;
use tmpl_template::{Metadata, TemplateName};

use super::dockerfile::Dockerfile;
use super::manifest_text::{ManifestText, list, string};
use super::{InitError, InitReport, create, imports, metadata_draft, python_found};
use crate::manifest;
use crate::project::is_wheel;
use crate::source_tree::{self, has_extension};

/// Whether a folder holds anything that a pipeline is made of.
pub(super) fn holds_code(folder: &Path) -> io::Result<bool> {
    let known = ["requirements.txt", "setup.py", "pyproject.toml", "Dockerfile"];
    Ok(known.into_iter().any(|file| folder.join(file).is_file())
        || files(folder)?.iter().any(|file| has_extension(file, "py")))
}

fn files(folder: &Path) -> io::Result<Vec<String>> {
    let root = fs::canonicalize(folder)?;
    source_tree::files_and_links(&root, &root, &mut |_, _| Ok(())).map_err(io::Error::other)
}

pub(super) fn initialise(
    folder: &Path,
    name: &TemplateName,
    python: Option<&Path>,
) -> Result<InitReport, InitError> {
    let docker_text = fs::read_to_string(folder.join("Dockerfile")).unwrap_or_default();
    let mut reader = Reader {
        folder,
        files: files(folder)?,
        docker: Dockerfile::parse(&docker_text),
        manifest: ManifestText::default(),
        warnings: Vec::new(),
    };
    let found = python_found::of_folder(folder, reader.docker.image.as_deref(), python);
    reader.manifest.python("version", string(&found.version()), found.origin);
    reader.requirements();
    let packages = reader.packages();
    let (main, origin) =
        reader.main().ok_or_else(|| InitError::NoMain { folder: folder.display().to_string() })?;
    if main.is_script() && packages.is_empty() {
        let beside = imports::beside(folder, &main.file);
        if !beside.is_empty() {
            reader.manifest.python("files", list(&beside), format!("the imports of {}", main.file));
        }
    }
    reader.manifest.template("name", string(name.as_str()), "the folder's name");
    reader.manifest.template("main", string(main.value()), origin);
    if let Some(options) = reader.docker.flex("PY_OPTIONS") {
        let warning = format!(
            "FLEX_TEMPLATE_PYTHON_PY_OPTIONS in Dockerfile is not taken over: give {options} as parameters"
        );
        reader.warnings.push(warning);
    }
    let mut created = Vec::new();
    reader.metadata(&main, name, python, &mut created)?;
    create(folder, manifest::FILE, &reader.manifest.render(), &mut created)?;
    created.sort();
    Ok(InitReport {
        existing: true,
        template: name.clone(),
        created,
        found: reader.manifest.into_findings(),
        warnings: reader.warnings,
    })
}

/// The program that a template starts.
struct Main {
    /// Its file.
    file: String,
    /// How Python is told of it, where that is not by its file.
    module: Option<String>,
}

impl Main {
    fn is_script(&self) -> bool {
        self.module.is_none()
    }

    fn value(&self) -> &str {
        self.module.as_deref().unwrap_or(&self.file)
    }
}

struct Reader<'a> {
    folder: &'a Path,
    files: Vec<String>,
    docker: Dockerfile,
    manifest: ManifestText,
    warnings: Vec<String>,
}

impl Reader<'_> {
    /// The project's file that a path in the image means: the one whose path agrees with most of its end.
    fn of_image(&self, path: &str) -> Option<String> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        (0..parts.len()).find_map(|skipped| {
            let end = parts[skipped..].join("/");
            self.files.iter().find(|file| **file == end).cloned()
        })
    }

    /// The project's file that a variable of the Dockerfile names.
    fn of_docker(&mut self, variable: &str) -> Option<(String, String)> {
        let path = self.docker.flex(variable)?.to_owned();
        let origin = format!("FLEX_TEMPLATE_PYTHON_{variable} in Dockerfile");
        let found = self.of_image(&path);
        if found.is_none() {
            self.warnings.push(format!("{origin} names {path}, which is not in the folder"));
        }
        Some((found?, origin))
    }

    fn has(&self, file: &str) -> bool {
        self.files.iter().any(|known| known == file)
    }

    fn requirements(&mut self) {
        let default = || ("requirements.txt".to_owned(), "the file that is there".to_owned());
        let found =
            self.of_docker("REQUIREMENTS_FILE").or_else(|| self.has("requirements.txt").then(default));
        if let Some((file, origin)) = found {
            self.manifest.python("requirements", list(&[file]), origin);
        }
    }

    fn packages(&mut self) -> Vec<String> {
        let mut packages = Vec::new();
        let mut origins = Vec::new();
        if let Some((file, origin)) = self.of_docker("SETUP_FILE") {
            packages.push(file.rsplit_once('/').map_or(".", |(folder, _)| folder).to_owned());
            origins.push(origin);
        } else if self.has("setup.py") {
            packages.push(".".to_owned());
            origins.push("the setup.py that is there".to_owned());
        } else if self.describes_a_package("pyproject.toml") {
            packages.push(".".to_owned());
            origins.push("the pyproject.toml that is there".to_owned());
        }
        let extra = self.docker.flex("EXTRA_PACKAGES").unwrap_or_default().to_owned();
        for path in extra.split([',', ' ']).filter(|path| !path.is_empty()) {
            match self.of_image(path) {
                Some(wheel) if is_wheel(&wheel) => {
                    packages.push(wheel);
                    origins.push("FLEX_TEMPLATE_PYTHON_EXTRA_PACKAGES in Dockerfile".to_owned());
                }
                _ => self.warnings.push(format!(
                    "FLEX_TEMPLATE_PYTHON_EXTRA_PACKAGES in Dockerfile names {path}: list the folder it is built from, or its \
                     wheel, under `packages`"
                )),
            }
        }
        if !packages.is_empty() {
            origins.dedup();
            self.manifest.python("packages", list(&packages), origins.join(", "));
        }
        packages
    }

    /// A `pyproject.toml` may only hold the settings of tools.
    fn describes_a_package(&self, file: &str) -> bool {
        let text = fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        text.parse::<toml::Table>().is_ok_and(|table| {
            let is_poetry = table.get("tool").is_some_and(|tool| tool.get("poetry").is_some());
            table.contains_key("project") || table.contains_key("build-system") || is_poetry
        })
    }

    fn main(&mut self) -> Option<(Main, String)> {
        if let Some((file, origin)) = self.of_docker("PY_FILE") {
            return Some((Main { file, module: None }, origin));
        }
        // A package that can be run, where its folder is installed as a package.
        let installed = self.has("setup.py") || self.describes_a_package("pyproject.toml");
        let runnable = self.files.iter().find_map(|file| {
            let package = file.strip_suffix("/__main__.py")?;
            let package = package.strip_prefix("src/").unwrap_or(package);
            (installed && !package.contains('/')).then(|| (file.clone(), package.to_owned()))
        });
        let mut scripts: Vec<String> =
            self.files.iter().filter(|file| self.is_program(file)).cloned().collect();
        let depth = |file: &String| file.matches('/').count();
        let is_main = |file: &String| file == "main.py";
        scripts.sort_by_key(|file| (!is_main(file), depth(file), file.clone()));
        let first = scripts.first().cloned();
        match (first, runnable) {
            (Some(script), _) if is_main(&script) => {
                self.mention(&scripts[1..]);
                Some((Main { file: script.clone(), module: None }, "the file that is there".to_owned()))
            }
            (_, Some((file, package))) => {
                let origin = file.clone();
                Some((Main { file, module: Some(package) }, origin))
            }
            (Some(script), None) => {
                self.mention(&scripts[1..]);
                let origin = format!("the `if __name__ == \"__main__\"` in {script}");
                Some((Main { file: script, module: None }, origin))
            }
            (None, None) => None,
        }
    }

    fn mention(&mut self, others: &[String]) {
        if !others.is_empty() {
            let others = others.join(", ");
            self.warnings.push(format!("{others} can be run too: add a [[template]] for what shall be one"));
        }
    }

    fn is_program(&self, file: &str) -> bool {
        let is_test =
            |part: &str| part == "tests" || part == "test" || part.starts_with("test_") || part == "setup.py";
        if !has_extension(file, "py") || file.ends_with("__main__.py") || file.split('/').any(is_test) {
            return false;
        }
        let text = fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        text.lines().any(|line| line.starts_with("if __name__ ==") || line.starts_with("if \"__main__\" =="))
    }

    fn metadata(
        &mut self,
        main: &Main,
        name: &TemplateName,
        python: Option<&Path>,
        created: &mut Vec<String>,
    ) -> io::Result<()> {
        let is_metadata = |file: &&String| {
            let named = file
                .rsplit('/')
                .next()
                .is_some_and(|name| has_extension(name, "json") && name.contains("metadata"));
            let text = || fs::read_to_string(self.folder.join(file)).unwrap_or_default();
            named && Metadata::parse(&text()).is_ok()
        };
        let mut candidates: Vec<&String> = self.files.iter().filter(is_metadata).collect();
        candidates
            .sort_by_key(|file| (file.matches('/').count(), file.as_str() != "metadata.json", file.as_str()));
        if let Some(file) = candidates.first() {
            self.manifest.template("metadata_file", string(file), "the file that is there");
            return Ok(());
        }
        // The options may be declared in any module of the program's package.
        let package = main
            .module
            .as_ref()
            .and_then(|_| main.file.rsplit_once('/'))
            .map(|(folder, _)| format!("{folder}/"));
        let mut sources = vec![main.file.clone()];
        let in_package = |file: &&String| {
            package.as_ref().is_some_and(|package| file.starts_with(package.as_str()))
                && has_extension(file, "py")
                && **file != main.file
        };
        sources.extend(self.files.iter().filter(in_package).cloned());
        let draft =
            metadata_draft::draft(self.folder, &sources, &metadata_draft::title(name.as_str()), python);
        self.warnings.extend(draft.warnings);
        if let Some(text) = draft.text {
            if create(self.folder, "metadata.json", &text, created)? {
                self.manifest.template(
                    "metadata_file",
                    string("metadata.json"),
                    format!("the options in {}: look it over", main.file),
                );
            } else {
                self.warnings
                    .push("metadata.json is there but can't be read as a parameter description".to_owned());
            }
        }
        Ok(())
    }
}
