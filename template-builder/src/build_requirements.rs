//! What packages without a wheel are built with, pinned: today's and next year's build of them use the same tools.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde_json::json;

use crate::helper::BACKEND_REQUIREMENTS;
use crate::lock::{Lock, Pin, requirement_line};
use crate::pylock;
use crate::resolver::Resolver;
use crate::{BuildError, child};

/// PEP 517: what a package is built with that does not say it.
const DEFAULT_REQUIREMENT: &str = "setuptools>=40.8.0";
const DEFAULT_BACKEND: &str = "setuptools.build_meta:__legacy__";

/// Finds and pins build requirements. Packages that ask for the same share one resolution and one environment.
pub(crate) struct BuildRequirements<'a> {
    resolver: &'a Resolver<'a>,
    previous: Option<&'a Lock>,
    folder: &'a Path,
    known: BTreeMap<Vec<String>, BuildEnvironment>,
}

#[derive(Clone)]
struct BuildEnvironment {
    pins: Vec<Pin>,
    python: PathBuf,
}

/// The `[build-system]` of a package.
#[derive(Debug, PartialEq, Eq)]
struct BuildSystem {
    requires: Vec<String>,
    backend: String,
    backend_path: Vec<String>,
}

impl<'a> BuildRequirements<'a> {
    /// `folder` is for the environments of build backends.
    pub(crate) fn new(resolver: &'a Resolver<'a>, previous: Option<&'a Lock>, folder: &'a Path) -> Self {
        Self { resolver, previous, folder, known: BTreeMap::new() }
    }

    /// The pinned requirements of the package whose source lies in `source`.
    pub(crate) async fn pins(&mut self, package: &str, source: &Path) -> Result<Vec<Pin>, BuildError> {
        let system = BuildSystem::read(package, source)?;
        let BuildEnvironment { pins, python } = self.environment(package, &system.requires).await?.clone();
        let request =
            json!({ "folder": source, "backend": system.backend, "backend_path": system.backend_path });
        let command = BACKEND_REQUIREMENTS.command_with_packages(&python, self.resolver.helpers)?;
        let output = child::run(command, request.to_string().as_bytes()).await?;
        let more: Option<Vec<String>> =
            serde_json::from_slice(&output.stdout).ok().filter(|_| output.status.success());
        let Some(more) = more else {
            return Err(BuildError::Backend {
                package: package.to_owned(),
                message: child::tail(&output.stderr, 15),
            });
        };
        let mut all = system.requires.clone();
        all.extend(more.into_iter().filter(|requirement| !system.requires.contains(requirement)));
        if all == system.requires {
            return Ok(pins);
        }
        Ok(self.environment(package, &all).await?.pins.clone())
    }

    async fn environment(
        &mut self,
        package: &str,
        requires: &[String],
    ) -> Result<&BuildEnvironment, BuildError> {
        let mut key = requires.to_vec();
        key.sort();
        if !self.known.contains_key(&key) {
            let folder = self.folder.join(format!("build-{}", self.known.len()));
            fs::create_dir_all(&folder)?;
            let made = self.make(package, requires, &folder).await?;
            self.known.insert(key.clone(), made);
        }
        self.known.get(&key).ok_or_else(|| unreachable!("it was just inserted"))
    }

    async fn make(
        &self,
        package: &str,
        requires: &[String],
        folder: &Path,
    ) -> Result<BuildEnvironment, BuildError> {
        let resolver = self.resolver;
        let file = folder.join("requires.in");
        fs::write(&file, requires.join("\n"))?;
        let old = self.previous.map_or(&[][..], |lock| lock.pins(package));
        let preferences =
            pylock::preferences(old.iter().map(|pin| (pin.name.as_str(), pin.version.as_str())));
        // Tools are taken as wheels only: a tool that had to be built would have build requirements of its own.
        let options = ["--only-binary", ":all:"];
        let action = format!("resolving the build requirements of {package}");
        let answer = resolver.compile(&action, &[file], &options, &preferences, folder, &|_| None).await?;
        let pins: Vec<Pin> = answer
            .packages
            .into_iter()
            .map(|package| Pin { name: package.name, version: package.version, hashes: package.hashes })
            .collect();
        let pinned = folder.join("pins.txt");
        fs::write(&pinned, pin_lines(&pins))?;
        let environment = folder.join("environment");
        let action = format!("setting up the build of {package}");
        let mut command = resolver.uv.command(resolver.indexes);
        command.args(["venv", "--no-project", "--python"]).arg(resolver.python).arg(&environment);
        resolver.run(&action, command).await?;
        let python = environment.join("bin/python");
        if !pins.is_empty() {
            let mut command = resolver.uv.command(resolver.indexes);
            command.args(["pip", "install", "--no-deps", "--require-hashes", "--python"]).arg(&python);
            command.arg("-r").arg(&pinned);
            resolver.run(&action, command).await?;
        }
        Ok(BuildEnvironment { pins, python })
    }
}

/// Pins as a file of build constraints.
pub(crate) fn pin_lines(pins: &[Pin]) -> String {
    pins.iter().map(|pin| requirement_line(&pin.name, &pin.version, &pin.hashes)).collect()
}

impl BuildSystem {
    fn read(package: &str, source: &Path) -> Result<Self, BuildError> {
        let file = source.join("pyproject.toml");
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error.into()),
        };
        let failed = |message: String| BuildError::Backend { package: package.to_owned(), message };
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| failed(format!("its pyproject.toml can't be read: {error}")))?;
        let system = table.get("build-system").and_then(toml::Value::as_table);
        let strings = |key: &str| -> Option<Vec<String>> {
            let list = system?.get(key)?.as_array()?;
            Some(list.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
        };
        let backend = system.and_then(|system| system.get("build-backend")?.as_str());
        Ok(Self {
            requires: strings("requires").unwrap_or_else(|| vec![DEFAULT_REQUIREMENT.to_owned()]),
            backend: backend.unwrap_or(DEFAULT_BACKEND).to_owned(),
            backend_path: strings("backend-path").unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_says_nothing_is_built_as_pep_517_says() {
        let folder = tempfile::tempdir().unwrap();
        let default = BuildSystem {
            requires: vec!["setuptools>=40.8.0".to_owned()],
            backend: "setuptools.build_meta:__legacy__".to_owned(),
            backend_path: Vec::new(),
        };
        assert_eq!(BuildSystem::read("a", folder.path()).unwrap(), default);
        let write = |text: &str| fs::write(folder.path().join("pyproject.toml"), text).unwrap();
        write("[project]\nname = \"a\"\n");
        assert_eq!(BuildSystem::read("a", folder.path()).unwrap(), default);
        write("[build-system]\nrequires = []\nbuild-backend = \"own\"\nbackend-path = [\"tools\"]\n");
        let own = BuildSystem {
            requires: Vec::new(),
            backend: "own".to_owned(),
            backend_path: vec!["tools".to_owned()],
        };
        assert_eq!(BuildSystem::read("a", folder.path()).unwrap(), own);
        write("[build-system\n");
        let error = BuildSystem::read("a", folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("a can't be built: its pyproject.toml can't be read"), "{error}");
    }
}
