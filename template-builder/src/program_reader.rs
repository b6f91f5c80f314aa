//! The program of a template, read from `tmpl.toml`: what names one, and whether its files are there.

use fs_err as fs;
use globset::Glob;
use tmpl_template::PythonMain;
use toml::Spanned;

use crate::manifest::TemplateTable;
use crate::program_source::ProgramSource;
use crate::project::{Reader, normal};
use crate::project_error::ProjectError;
use crate::{SpecOptions, source_tree};

impl Reader<'_> {
    /// The program of a template: what names one, and names only one.
    pub(crate) fn program(
        &self,
        table: &TemplateTable,
        options: &SpecOptions,
        has_python: bool,
        scripts: &mut Vec<String>,
    ) -> Result<Option<ProgramSource>, ProjectError> {
        let jars = table.jars.first();
        let named = [("main", table.main.as_ref()), ("binary", table.binary.as_ref()), ("jars", jars)];
        let named: Vec<_> = named.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
        if let [(first, _), (second, value), ..] = named.as_slice() {
            let message = format!("`{first}` and `{second}` name two programs");
            return Err(self.source.error(value, message, &format!("leave `{first}` or `{second}` out")));
        }
        if let Some(main) = &table.main {
            return if is_script(main.get_ref()) {
                let script = self.file("main", main)?;
                scripts.push(script.clone());
                Ok(Some(ProgramSource::Python(PythonMain::File(script))))
            } else {
                Ok(Some(ProgramSource::Python(PythonMain::Module(self.module(main)?))))
            };
        }
        if let Some(binary) = &table.binary {
            let path = self.binary(binary)?;
            let is_go = options.sdk_language.as_deref() == Some("GO");
            return Ok(Some(if is_go {
                ProgramSource::Go { binary: path }
            } else {
                ProgramSource::Binary { binary: path }
            }));
        }
        if let Some(first) = jars {
            let Some(main_class) = &table.main_class else {
                let remedy = "add `main_class = \"…\"`, the class that has `main`";
                return Err(self.source.error(first, "the program has no main class", remedy));
            };
            return Ok(Some(ProgramSource::Java {
                main_class: main_class.get_ref().clone(),
                jars: self.jars(&table.jars)?,
                beam: table.beam.unwrap_or(true),
            }));
        }
        let has_image = options.image.is_some() || options.yaml_image.is_some();
        let overridden = &self.overrides.options;
        match &table.yaml_pipeline_path {
            // Beam of the project itself runs it, where no image is there to do so.
            Some(path)
                if has_python
                    && !has_image
                    && overridden.image.is_none()
                    && overridden.yaml_image.is_none() =>
            {
                Ok(Some(ProgramSource::Yaml { pipeline: self.file("yaml_pipeline_path", path)? }))
            }
            _ => Ok(None),
        }
    }

    /// The file of a binary. One that is there once for each platform is looked for when it is built.
    fn binary(&self, path: &Spanned<String>) -> Result<String, ProjectError> {
        if path.get_ref().contains("{arch}") {
            return normal(path.get_ref()).ok_or_else(|| ProjectError::OutsideProject {
                file: self.source.file.to_owned(),
                position: self.source.position(path),
                key: "binary",
                path: path.get_ref().clone(),
            });
        }
        self.file("binary", path)
    }

    /// The jars of a class path, in the order of their patterns. Two of one name could not lie in one folder.
    fn jars(&self, patterns: &[Spanned<String>]) -> Result<Vec<String>, ProjectError> {
        let mut jars: Vec<String> = Vec::new();
        for pattern in patterns {
            for jar in self.files_in_folder("jars", pattern)? {
                let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
                if jars.contains(&jar) {
                    continue;
                }
                if let Some(other) = jars.iter().find(|other| name(other) == name(&jar)) {
                    let message = format!("{other} and {jar} have the same name");
                    return Err(self.source.error(pattern, message, "rename one of the two"));
                }
                jars.push(jar);
            }
        }
        Ok(jars)
    }

    fn module(&self, main: &Spanned<String>) -> Result<String, ProjectError> {
        let is_name = |part: &str| {
            let mut characters = part.chars();
            characters.next().is_some_and(|first| first == '_' || first.is_alphabetic())
                && characters.all(|c| c == '_' || c.is_alphanumeric())
        };
        if main.get_ref().split('.').all(is_name) {
            return Ok(main.get_ref().clone());
        }
        let message = format!("`{}` is neither a module nor a script", main.get_ref());
        Err(self.source.error(
            main,
            message,
            "write a module, such as `package.module`, or a file, such as `main.py`",
        ))
    }

    /// The files that a path means whose last part may be a pattern. What a build made is meant here: nothing is left out.
    fn files_in_folder(
        &self,
        key: &'static str,
        pattern: &Spanned<String>,
    ) -> Result<Vec<String>, ProjectError> {
        let text = pattern.get_ref();
        let (folder, name) = text.rsplit_once('/').unwrap_or((".", text));
        if !name.contains(['*', '?', '[', '{']) {
            return Ok(vec![self.file(key, pattern)?]);
        }
        let glob = Glob::new(name).map_err(|error| {
            let message = format!("`{text}` is no pattern: {}", error.kind());
            self.source.error(pattern, message, "write a path, or a pattern such as `build/lib/*.jar`")
        })?;
        let folder = self.inside(key, &Spanned::new(pattern.span(), folder.to_owned()))?;
        let matcher = glob.compile_matcher();
        let mut found = Vec::new();
        for entry in fs::read_dir(self.root.join(&folder)).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if matcher.is_match(&name) && entry.path().is_file() {
                found.push(if folder == "." { name } else { format!("{folder}/{name}") });
            }
        }
        found.sort();
        if found.is_empty() { Err(self.missing(key, pattern)) } else { Ok(found) }
    }
}

/// Whether `main` names a script file and not a module.
fn is_script(main: &str) -> bool {
    source_tree::has_extension(main, "py")
}
