//! Locked packages become installed distributions, each call of uv in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;
use tokio::process::Command;

use crate::BuildError;
use crate::build_requirements::pin_lines;
use crate::distribution::{self, Distribution};
use crate::lock::{Lock, LockedPackage, LockedSource, Pin, requirement_line};
use crate::python_session::PythonSession;
use crate::uv::UvFailure;

/// Installs locked packages.
pub(crate) async fn install(
    session: &PythonSession<'_>,
    lock: &Lock,
    packages: &[&LockedPackage],
) -> Result<BTreeMap<String, Distribution>, BuildError> {
    let (wheels, sources): (Vec<_>, Vec<_>) =
        packages.iter().copied().partition(|package| package.source == LockedSource::Wheel);
    let mut installed = BTreeMap::new();
    if !wheels.is_empty() {
        let lines: String = wheels.iter().map(|package| line(package)).collect();
        let prefix = session.fresh_folder("wheels-")?;
        let command = command(session, &prefix, &[])?;
        installed.extend(run(session, "installing the dependencies", command, &lines, &prefix).await?);
    }
    for package in sources {
        let prefix = session.fresh_folder("source-")?;
        // A cache of its own: uv would take a wheel it built before, whatever it was built with.
        let pins = constraints(&prefix, lock.pins(&package.name))?;
        let mut command = command(session, &prefix, &["--no-cache", "--no-binary", &package.name])?;
        command.arg("--build-constraints").arg(pins);
        let action = format!("building {} {}", package.name, package.version);
        installed.extend(run(session, &action, command, &line(package), &prefix).await?);
    }
    for package in packages {
        if !installed.contains_key(&package.name) {
            let distribution = format!("{} {}", package.name, package.version);
            let message = "what was installed has another name".to_owned();
            return Err(BuildError::Distribution { distribution, message });
        }
    }
    Ok(installed)
}

/// Builds the wheel of a folder; gives its path.
pub(crate) async fn build_wheel(
    session: &PythonSession<'_>,
    package: &str,
    source: &Path,
    pins: &[Pin],
) -> Result<PathBuf, BuildError> {
    let output = session.fresh_folder("wheel-")?;
    let pins = constraints(&output, pins)?;
    let mut command = session.uv()?.command(&session.requirements.indexes);
    command.args(["build", "--wheel", "--require-hashes", "--build-constraints"]).arg(pins);
    command.arg("--python").arg(&session.interpreter()?.path).arg("--out-dir").arg(&output).arg(source);
    if let Err(failure) = session.uv()?.run(command, "").await {
        return Err(match failure {
            // uv names the temporary folder it was given.
            UvFailure::Build { message, .. } => BuildError::Backend { package: package.to_owned(), message },
            other => BuildError::of_uv(format!("building {package}"), other),
        });
    }
    for entry in fs::read_dir(&output)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "whl") {
            return Ok(path);
        }
    }
    Err(BuildError::Backend { package: package.to_owned(), message: "its build made no wheel".to_owned() })
}

/// Installs a wheel that lies on this machine.
pub(crate) async fn install_wheel(
    session: &PythonSession<'_>,
    package: &str,
    wheel: &Path,
) -> Result<Distribution, BuildError> {
    let prefix = session.fresh_folder("own-")?;
    let mut command = session.uv()?.command(&session.requirements.indexes);
    command.args(["pip", "install", "--no-deps", "--no-index", "--prefix"]).arg(&prefix);
    command.arg("--python").arg(&session.interpreter()?.path).arg(wheel);
    let action = format!("installing {package}");
    session.uv()?.run(command, "").await.map_err(|failure| BuildError::of_uv(action, failure))?;
    let installed = distribution::read_all(&prefix, &session.target().site_packages())?;
    installed.into_values().next().ok_or_else(|| BuildError::Distribution {
        distribution: package.to_owned(),
        message: "nothing was installed".to_owned(),
    })
}

fn line(package: &LockedPackage) -> String {
    requirement_line(&package.name, &package.version, &package.hashes)
}

fn constraints(folder: &Path, pins: &[Pin]) -> Result<PathBuf, BuildError> {
    let file = folder.with_extension("constraints.txt");
    fs::write(&file, pin_lines(pins))?;
    Ok(file)
}

fn command(session: &PythonSession<'_>, prefix: &Path, options: &[&str]) -> Result<Command, BuildError> {
    let mut command = session.uv()?.command(&session.requirements.indexes);
    command
        .args(["pip", "install", "--no-deps", "--require-hashes", "--link-mode", "hardlink"])
        .args(options);
    command.args(["--python-version", &session.target().version]);
    command.args(["--python-platform", &session.target().uv_platform()]);
    command.arg("--python").arg(&session.interpreter()?.path).arg("--prefix").arg(prefix);
    Ok(command)
}

async fn run(
    session: &PythonSession<'_>,
    action: &str,
    mut command: Command,
    lines: &str,
    prefix: &Path,
) -> Result<BTreeMap<String, Distribution>, BuildError> {
    let file = prefix.with_extension("txt");
    fs::write(&file, lines)?;
    command.arg("-r").arg(file);
    session.uv()?.run(command, "").await.map_err(|failure| BuildError::of_uv(action, failure))?;
    distribution::read_all(prefix, &session.target().site_packages())
}
