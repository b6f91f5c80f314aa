//! A project: a folder with a `tmpl.toml`, everything in it resolved to files that are there and lie in the folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use globset::GlobBuilder;
use serde_json::Value;
use tmpl_oci::Compression;
use tmpl_template::{Environment, TemplateName};
use toml::Spanned;

use crate::SpecOptions;
use crate::draft::{Described, Draft, DraftError, Overrides, SpecTexts, read_description};
use crate::manifest::{FILE, ImageTable, Manifest, Source, TemplateTable};
use crate::project_error::ProjectError;
use crate::project_template::ProjectTemplate;
use crate::python_target::{DEFAULT_PLATFORM, PLATFORMS, PythonTarget};
use crate::reports::Reports;
use crate::runners::Runners;
use crate::source_tree::{self, Odd};

/// A project that can be built.
#[derive(Debug)]
pub(crate) struct Project {
    /// The folder, absolute and without links.
    pub(crate) root: PathBuf,
    /// The Python that programs are built for; nothing where none is one of Python's.
    pub(crate) target: Option<PythonTarget>,
    /// What it says of images.
    pub(crate) image: ImageTable,
    /// The platforms that templates are built for, where nobody says otherwise.
    pub(crate) platforms: Vec<String>,
    /// How layers are compressed, where nobody says otherwise.
    pub(crate) compression: Compression,
    /// Requirement files, relative to the root.
    pub(crate) requirements: Vec<String>,
    /// Folders and wheels of the project's own packages, relative to the root (`.` is the root), sorted.
    pub(crate) packages: Vec<String>,
    /// Script files, relative to the root, sorted.
    pub(crate) scripts: Vec<String>,
    pub(crate) templates: Vec<ProjectTemplate>,
    /// Files that describe templates and are in no package by themselves.
    pub(crate) descriptions: Vec<String>,
}

impl Project {
    /// Reads the project in a folder.
    pub(crate) fn load(
        folder: &Path,
        overrides: &Overrides,
        only: &[TemplateName],
    ) -> Result<Self, ProjectError> {
        overrides.check()?;
        let shown = folder.display().to_string();
        let Ok(root) = fs::canonicalize(folder) else { return Err(ProjectError::NoFolder { folder: shown }) };
        if !root.is_dir() {
            return Err(ProjectError::NoFolder { folder: shown });
        }
        let file = folder.join(FILE);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && overrides.name_an_image() => {
                return Ok(Self::image_alone(root, overrides.template()?));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ProjectError::NoManifest { folder: shown });
            }
            Err(source) => return Err(ProjectError::Unreadable { file: file.display().to_string(), source }),
        };
        let file = file.display().to_string();
        let source = Source { file: &file, text: &text };
        let manifest = Manifest::parse(source)?;
        Reader { root, source, overrides, only }.project(manifest)
    }

    /// A template of an image, for which no `tmpl.toml` is needed.
    fn image_alone(root: PathBuf, template: ProjectTemplate) -> Self {
        Self {
            root,
            target: None,
            image: ImageTable::default(),
            platforms: vec![DEFAULT_PLATFORM.to_owned()],
            compression: Compression::default(),
            requirements: Vec::new(),
            packages: Vec::new(),
            scripts: Vec::new(),
            templates: vec![template],
            descriptions: Vec::new(),
        }
    }

    /// The templates to build: all, or those of `only`.
    pub(crate) fn chosen(&self, only: &[TemplateName]) -> Result<Vec<&ProjectTemplate>, ProjectError> {
        let known = || self.templates.iter().map(|template| template.name.as_str());
        for name in only {
            if !known().any(|known| known == name.as_str()) {
                return Err(ProjectError::NoSuchTemplate {
                    name: name.to_string(),
                    known: known().map(str::to_owned).collect(),
                    near: tmpl_template::nearest(name.as_str(), known()).map(str::to_owned),
                });
            }
        }
        let wanted = |template: &&ProjectTemplate| only.is_empty() || only.contains(&template.name);
        Ok(self.templates.iter().filter(wanted).collect())
    }
}

/// Keys of files that are read and not shipped.
const DESCRIBING: [&str; 2] = ["metadata_file", "yaml_pipeline_path"];

pub(crate) struct Reader<'a> {
    pub(crate) root: PathBuf,
    pub(crate) source: Source<'a>,
    pub(crate) overrides: &'a Overrides,
    /// The templates that are to be built; empty for all.
    only: &'a [TemplateName],
}

impl Reader<'_> {
    fn project(self, manifest: Manifest) -> Result<Project, ProjectError> {
        self.refuse_one_file_for_many(&manifest)?;
        let platforms = self.platforms(&manifest)?;
        let compression = self.compression(&manifest)?;
        let python = manifest.python.as_ref();
        let target = python.map(|python| PythonTarget::read(python, self.source)).transpose()?;
        if manifest.templates.is_empty() {
            return Err(ProjectError::Manifest {
                file: self.source.file.to_owned(),
                position: crate::project_error::Position { line: 1, column: 1 },
                message: "it names no template".to_owned(),
                remedy: Some("add [[template]] with `name` and `main`".to_owned()),
            });
        }
        let mut requirements = Vec::new();
        for path in python.map_or(&[][..], |python| &python.requirements) {
            requirements.push(self.file("requirements", path)?);
        }
        let mut packages = Vec::new();
        for path in python.map_or(&[][..], |python| &python.packages) {
            packages.push(self.package(path)?);
        }
        packages.sort();
        packages.dedup();
        let mut templates = Vec::new();
        let mut places = BTreeMap::new();
        let mut scripts = Vec::new();
        let mut descriptions = Vec::new();
        for (place, (table, options)) in manifest.templates.iter().zip(&manifest.options).enumerate() {
            let mut template =
                self.template(table, options, python.is_some(), &mut scripts, &mut descriptions)?;
            template.reports.clone_from(&manifest.reports[place]);
            template.runners.clone_from(&manifest.runners[place]);
            if template.program.is_none() {
                template.reports.refuse(self.source)?;
                template.runners.refuse(self.source)?;
            }
            if let (Some(main), None) = (&table.main, python) {
                let remedy = "add `[python]` with `version = \"3.11\"`";
                return Err(self.source.error(main, "a program needs a Python", remedy));
            }
            let second = self.source.position(&table.name);
            if let Some(first) = places.insert(template.name.clone(), second) {
                let name = template.name.to_string();
                return Err(ProjectError::NameTwice {
                    file: self.source.file.to_owned(),
                    name,
                    first,
                    second,
                });
            }
            templates.push(template);
        }
        for pattern in python.map_or(&[][..], |python| &python.files) {
            scripts.extend(self.matches("files", pattern)?);
        }
        scripts.sort();
        scripts.dedup();
        let image = manifest.image;
        Ok(Project {
            root: self.root,
            target,
            image,
            platforms,
            compression,
            requirements,
            packages,
            scripts,
            templates,
            descriptions,
        })
    }

    /// What `[image]` says of compression.
    fn compression(&self, manifest: &Manifest) -> Result<Compression, ProjectError> {
        let Some(text) = &manifest.image.compression else { return Ok(Compression::default()) };
        text.get_ref().parse().map_err(|_| {
            let message = format!("`{}` is no compression of layers", text.get_ref());
            self.source.error(text, message, "write `gzip` or `zstd`")
        })
    }

    /// The platforms of `[image]`, else the one of `[python]`.
    fn platforms(&self, manifest: &Manifest) -> Result<Vec<String>, ProjectError> {
        let mut platforms = Vec::new();
        for platform in &manifest.image.platforms {
            if !PLATFORMS.contains(&platform.get_ref().as_str()) {
                let message = format!("`{}` is no platform that templates are built for", platform.get_ref());
                return Err(self.source.error(platform, message, "write `linux/amd64` or `linux/arm64`"));
            }
            if !platforms.contains(platform.get_ref()) {
                platforms.push(platform.get_ref().clone());
            }
        }
        if platforms.is_empty() {
            let python = manifest.python.as_ref().and_then(|python| python.platform.as_ref());
            platforms.push(python.map_or(DEFAULT_PLATFORM, |platform| platform.get_ref()).to_owned());
        }
        Ok(platforms)
    }

    /// A name, an image or a description belongs to one template.
    fn refuse_one_file_for_many(&self, manifest: &Manifest) -> Result<(), ProjectError> {
        if self.overrides.name.is_some() {
            return Err(ProjectError::Flag {
                flag: "--name".to_owned(),
                message: "tmpl.toml names its templates".to_owned(),
                remedy: "leave it out; `--only NAME` chooses one of them".to_owned(),
            });
        }
        let chosen = |table: &&TemplateTable| {
            self.only.is_empty() || self.only.iter().any(|name| name.as_str() == table.name.get_ref())
        };
        match self.overrides.for_one_template() {
            Some(flag) if manifest.templates.iter().filter(chosen).count() > 1 => Err(ProjectError::Flag {
                flag: flag.to_owned(),
                message: "it is for one template, and the project has several".to_owned(),
                remedy: "say which with `--only NAME`, or write the key into tmpl.toml".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    fn template(
        &self,
        table: &TemplateTable,
        options: &SpecOptions,
        has_python: bool,
        scripts: &mut Vec<String>,
        descriptions: &mut Vec<String>,
    ) -> Result<ProjectTemplate, ProjectError> {
        let name = table.name.get_ref().parse::<TemplateName>().map_err(|error| {
            let remedy =
                "names are at most 63 of a-z, 0-9, `.`, `_` and `-`, and begin with a letter or a digit";
            self.source.error(
                &table.name,
                error.to_string(),
                &error.hint().unwrap_or_else(|| remedy.to_owned()),
            )
        })?;
        let program = self.program(table, options, has_python, scripts)?;
        let mut texts = SpecTexts::default();
        if let Some(path) = &table.metadata_file {
            texts.metadata = Some(self.text("metadata_file", path, descriptions)?);
        }
        if let Some(path) = &table.yaml_pipeline_path {
            texts.yaml_pipeline = Some(self.text("yaml_pipeline_path", path, descriptions)?);
        }
        let mut environment = Environment::default();
        for (field, value) in &table.default_environment {
            environment.set(field, json_of(value)).map_err(|error| {
                let hint = error.hint().unwrap_or_else(|| "see the fields of Google's API".to_owned());
                self.source.error(&table.name, format!("default_environment: {}", error.message()), &hint)
            })?;
        }
        let draft = Draft { program: program.as_ref(), options, environment, texts };
        let is_chosen = self.only.is_empty() || self.only.contains(&name);
        let nothing = Overrides::default();
        let spec =
            draft.spec(if is_chosen { self.overrides } else { &nothing }).map_err(
                |problem| match problem {
                    DraftError::Project(error) => error,
                    DraftError::Option(problem) => self.source.error(
                        &table.name,
                        format!("template `{name}`: {}", problem.message),
                        &problem.remedy,
                    ),
                },
            )?;
        Ok(ProjectTemplate { name, program, spec, reports: Reports::default(), runners: Runners::default() })
    }

    /// The text of a file that describes a template, beside the name it is shown under.
    fn text(
        &self,
        key: &'static str,
        path: &Spanned<String>,
        descriptions: &mut Vec<String>,
    ) -> Result<Described, ProjectError> {
        let file = self.file(key, path)?;
        let shown = self.shown(&file);
        let text = read_description(&self.root.join(&file));
        let text = text.map_err(|source| ProjectError::Unreadable { file: shown.clone(), source })?;
        descriptions.push(file);
        Ok(Described { file: shown, text })
    }

    /// A file of the project as errors show it: beside `tmpl.toml` as it was spelled.
    fn shown(&self, file: &str) -> String {
        Path::new(self.source.file).with_file_name(file).display().to_string()
    }

    fn package(&self, path: &Spanned<String>) -> Result<String, ProjectError> {
        let relative = self.inside("packages", path)?;
        let folder = self.root.join(&relative);
        let is_wheel = folder.is_file() && is_wheel(&relative);
        if is_wheel || folder.join("pyproject.toml").is_file() || folder.join("setup.py").is_file() {
            return Ok(relative);
        }
        let message = format!("`packages` names {}, which is no package", path.get_ref());
        let remedy = "a package is a folder with a pyproject.toml or setup.py, or a .whl file; single files go under `files`";
        Err(self.source.error(path, message, remedy))
    }

    pub(crate) fn file(&self, key: &'static str, path: &Spanned<String>) -> Result<String, ProjectError> {
        let relative = self.inside(key, path)?;
        if self.root.join(&relative).is_file() { Ok(relative) } else { Err(self.missing(key, path)) }
    }

    /// A path that exists and stays in the project, normalised: `./a//b` is `a/b`.
    pub(crate) fn inside(&self, key: &'static str, path: &Spanned<String>) -> Result<String, ProjectError> {
        let outside = || ProjectError::OutsideProject {
            file: self.source.file.to_owned(),
            position: self.source.position(path),
            key,
            path: path.get_ref().clone(),
        };
        let relative = normal(path.get_ref()).ok_or_else(outside)?;
        let real = fs::canonicalize(self.root.join(&relative)).map_err(|_| self.missing(key, path))?;
        // A description may be one file of several projects; code and requirements must be in this one.
        if !DESCRIBING.contains(&key) && !real.starts_with(&self.root) {
            return Err(outside());
        }
        Ok(relative)
    }

    pub(crate) fn missing(&self, key: &'static str, path: &Spanned<String>) -> ProjectError {
        ProjectError::MissingFile {
            file: self.source.file.to_owned(),
            position: self.source.position(path),
            key,
            path: path.get_ref().clone(),
        }
    }

    /// The files that a pattern of `files` means. `*` stays in its folder, `**` does not.
    fn matches(&self, key: &'static str, pattern: &Spanned<String>) -> Result<Vec<String>, ProjectError> {
        let refused = |path: &str| ProjectError::OutsideProject {
            file: self.source.file.to_owned(),
            position: self.source.position(pattern),
            key,
            path: path.to_owned(),
        };
        let normal = normal(pattern.get_ref()).ok_or_else(|| refused(pattern.get_ref()))?;
        let glob = GlobBuilder::new(&normal).literal_separator(true).build().map_err(|error| {
            let message = format!("`{}` is no pattern: {}", pattern.get_ref(), error.kind());
            self.source.error(pattern, message, "write a path, or a pattern such as `jobs/*.py`")
        })?;
        let matcher = glob.compile_matcher();
        let mut odd = |odd: Odd, path: &str| match odd {
            _ if !matcher.is_match(path) => Ok(()),
            Odd::LeadsOut => Err(refused(path)),
            Odd::NotUtf8 => Err(ProjectError::NotUtf8 { path: self.shown(path) }),
        };
        let files = source_tree::files_and_links(&self.root, &self.root, &mut odd)?;
        let found: Vec<String> = files.into_iter().filter(|file| matcher.is_match(file)).collect();
        if found.is_empty() { Err(self.missing(key, pattern)) } else { Ok(found) }
    }
}

/// Whether a path names a wheel.
pub(crate) fn is_wheel(path: &str) -> bool {
    source_tree::has_extension(path, "whl")
}

/// A relative path without `.` and empty parts; nothing where it is absolute or has a `..`.
pub(crate) fn normal(path: &str) -> Option<String> {
    if path.is_empty() || path.starts_with('/') || path.contains('\0') {
        return None;
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    match parts.as_slice() {
        [] => Some(".".to_owned()),
        parts if parts.contains(&"..") => None,
        parts => Some(parts.join("/")),
    }
}

/// TOML's dates become their texts; everything else has its like in JSON.
fn json_of(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text.as_str()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => Value::from(*number),
        toml::Value::Boolean(truth) => Value::from(*truth),
        toml::Value::Datetime(time) => Value::from(time.to_string()),
        toml::Value::Array(items) => items.iter().map(json_of).collect(),
        toml::Value::Table(table) => {
            Value::Object(table.iter().map(|(key, value)| (key.clone(), json_of(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tmpl_template::PythonMain;

    use super::*;
    use crate::program_source::ProgramSource;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new(manifest: &str) -> Self {
            let folder = Self(tempfile::tempdir().unwrap());
            folder.write("tmpl.toml", manifest);
            folder.write("main.py", "print(1)\n");
            folder
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn error(&self) -> (String, String) {
            let error = Project::load(self.0.path(), &Overrides::default(), &[]).unwrap_err();
            let text = error.to_string().replace(&format!("{}/", self.0.path().display()), "");
            (text, error.hint().unwrap_or_default())
        }
    }

    const PYTHON: &str = "[python]\nversion = \"3.11\"\n";
    const SCRIPT: &str = "[[template]]\nname = \"a\"\nmain = \"main.py\"\n";

    #[test]
    fn a_project_is_read_whole() {
        let folder = Folder::new(&format!(
            "{PYTHON}requirements = [\"./requirements.txt\"]\npackages = [\".\", \"kit\"]\nfiles = [\"jobs/*.py\"]\n{SCRIPT}\
             metadata_file = \"metadata.json\"\n[[template]]\nname = \"b\"\nmain = \"pkg.jobs\"\ndefault_environment = {{ maxWorkers = 3 }}\n"
        ));
        folder.write("requirements.txt", "");
        folder.write("pyproject.toml", "");
        folder.write("kit/setup.py", "");
        folder.write("jobs/x.py", "");
        folder.write("jobs/deep/y.py", "");
        folder.write("outside/metadata.json", "{\"name\": \"A\", \"parameters\": []}");
        symlink(folder.0.path().join("outside/metadata.json"), folder.0.path().join("metadata.json"))
            .unwrap();
        let project = Project::load(folder.0.path(), &Overrides::default(), &[]).unwrap();
        assert_eq!(project.requirements, ["requirements.txt"]);
        assert_eq!(project.packages, [".", "kit"]);
        assert_eq!(project.scripts, ["jobs/x.py", "main.py"]);
        assert_eq!(project.templates[0].spec.metadata.as_ref().unwrap().name, "A");
        let python = |main| Some(ProgramSource::Python(main));
        assert_eq!(project.templates[0].program, python(PythonMain::File("main.py".to_owned())));
        assert_eq!(project.templates[1].program, python(PythonMain::Module("pkg.jobs".to_owned())));
        assert_eq!(project.templates[1].spec.default_environment.get("maxWorkers"), Some(&3.into()));
        let only = ["b".parse().unwrap()];
        assert_eq!(project.chosen(&only).unwrap().len(), 1);
        let error = project.chosen(&["c".parse().unwrap()]).unwrap_err();
        assert_eq!(error.to_string(), "the project has no template `c`");
        assert_eq!(error.hint().unwrap(), "the project's templates are `a`, `b`");
    }

    #[test]
    fn each_mistake_names_its_place() {
        for (manifest, message) in [
            (
                format!("{PYTHON}{SCRIPT}[[template]]\nname = \"a\"\nmain = \"m\"\n"),
                "tmpl.toml: the name `a` is given twice, at 4:8 and at 7:8",
            ),
            (
                format!("{PYTHON}[[template]]\nname = \"a\"\nmain = \"gone.py\"\n"),
                "tmpl.toml:5:8: `main` names gone.py, which is not there",
            ),
            (
                format!("{PYTHON}requirements = [\"gone.txt\"]\n{SCRIPT}"),
                "tmpl.toml:3:17: `requirements` names gone.txt, which is not there",
            ),
            (
                format!("{PYTHON}packages = [\"..\"]\n{SCRIPT}"),
                "tmpl.toml:3:13: `packages` names .., which lies outside of the project's folder",
            ),
            (
                format!("{PYTHON}packages = [\"/etc\"]\n{SCRIPT}"),
                "tmpl.toml:3:13: `packages` names /etc, which lies outside of the project's folder",
            ),
            (
                format!("{PYTHON}packages = [\".\"]\n{SCRIPT}"),
                "tmpl.toml:3:13: `packages` names ., which is no package",
            ),
            (
                format!("{PYTHON}files = [\"../*.py\"]\n{SCRIPT}"),
                "tmpl.toml:3:10: `files` names ../*.py, which lies outside of the project's folder",
            ),
            (
                format!("{PYTHON}files = [\"jobs/*.py\"]\n{SCRIPT}"),
                "tmpl.toml:3:10: `files` names jobs/*.py, which is not there",
            ),
            (
                format!("{PYTHON}files = [\"p*\"]\n{SCRIPT}"),
                "tmpl.toml:3:10: `files` names passwd, which lies outside of the project's folder",
            ),
            (
                format!("{PYTHON}requirements = [\"passwd\"]\n{SCRIPT}"),
                "tmpl.toml:3:17: `requirements` names passwd, which lies outside of the project's folder",
            ),
            (
                format!("{PYTHON}[[template]]\nname = \"a\"\nmain = \"a-b\"\n"),
                "tmpl.toml:5:8: `a-b` is neither a module nor a script",
            ),
            (PYTHON.to_owned(), "tmpl.toml:1:1: it names no template"),
        ] {
            let folder = Folder::new(&manifest);
            symlink("/etc/passwd", folder.0.path().join("passwd")).unwrap();
            let (error, hint) = folder.error();
            assert_eq!(error, message, "{manifest}");
            assert!(!hint.is_empty());
        }
    }

    #[test]
    fn names_and_metadata_are_checked_here() {
        let folder = Folder::new(&format!("{PYTHON}[[template]]\nname = \"../x\"\nmain = \"main.py\"\n"));
        let (error, hint) = folder.error();
        assert!(error.starts_with("tmpl.toml:4:8: ") && error.contains("../x"), "{error}");
        assert!(!hint.is_empty());

        let folder = Folder::new(&format!("{PYTHON}{SCRIPT}metadata_file = \"metadata.json\"\n"));
        folder.write("metadata.json", "{\n  \"name\": \"A\",\n}\n");
        let (error, _) = folder.error();
        assert!(error.starts_with("metadata.json: line 3, column 1"), "{error}");
    }

    #[test]
    fn a_folder_without_a_manifest_is_no_project() {
        let folder = tempfile::tempdir().unwrap();
        let error = Project::load(folder.path(), &Overrides::default(), &[]).unwrap_err();
        assert!(error.to_string().ends_with("it has no tmpl.toml"));
        assert!(error.hint().unwrap().contains("tmpl init"));
        let error = Project::load(&folder.path().join("gone"), &Overrides::default(), &[]).unwrap_err();
        assert!(error.to_string().ends_with("no such folder"));
    }
}
