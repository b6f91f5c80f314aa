//! A project's requirements become its lock.

use std::path::{Path, PathBuf};

use fs_err as fs;
use url::Url;

use crate::build_requirements::BuildRequirements;
use crate::credentials::{Credentials, Places};
use crate::download::{Wanted, download};
use crate::helper::UNPACK_SOURCE;
use crate::inputs::Inputs;
use crate::lock::{BuildPins, LocalName, Lock, LockedPackage, LockedSource};
use crate::project::{Project, is_wheel};
use crate::pylock;
use crate::requirement_files::RequirementFiles;
use crate::resolver::Resolver;
use crate::{BuildError, source_tree};

/// Resolves a project's requirements. Versions of the previous lock are kept where they can be.
pub(crate) async fn resolve(
    project: &Project,
    requirements: &RequirementFiles,
    inputs: Inputs,
    previous: Option<&Lock>,
    resolver: &Resolver<'_>,
    work: &Path,
) -> Result<Lock, BuildError> {
    let copy = fs::canonicalize(work)?.join("source");
    copy_packages(project, &copy)?;
    let mut files: Vec<PathBuf> = project.requirements.iter().map(|file| project.root.join(file)).collect();
    let own = work.join("packages.in");
    fs::write(&own, own_requirements(project, &copy))?;
    files.push(own);
    let kept = previous.map_or(&[][..], |lock| &lock.packages);
    let preferences =
        pylock::preferences(kept.iter().map(|kept| (kept.name.as_str(), kept.version.as_str())));
    let local = |path: &Path| {
        let real = fs::canonicalize(path).ok()?;
        match real.strip_prefix(&copy).ok()?.to_str()? {
            "" => Some(".".to_owned()),
            inside => project.packages.iter().find(|package| *package == inside).cloned(),
        }
    };
    let action = "resolving the requirements";
    let resolution = resolver.compile(action, &files, &[], &preferences, work, &local).await?;

    let mut builds = Vec::new();
    let mut pinning = BuildRequirements::new(resolver, previous, work);
    for LocalName { path, name } in resolution.locals.iter().filter(|local| !is_wheel(&local.path)) {
        let requirements = pinning.pins(name, &copy.join(path)).await?;
        builds.push(BuildPins { package: name.clone(), requirements });
    }
    let sources = resolution.packages.iter().filter(|package| package.source == LockedSource::Sdist);
    let mut credentials = None;
    for package in sources {
        let credentials = credentials.get_or_insert_with(|| {
            let variable = |name: &str| std::env::var(name).ok();
            let home = std::env::var_os("HOME").map(PathBuf::from);
            Credentials::collect(
                &requirements.indexes,
                &Places { variable: &variable, project: &project.root, home },
            )
        });
        let address = resolution.sdists.get(&package.name).map_or("", String::as_str);
        let source = unpack(package, address, credentials, resolver, work).await?;
        let requirements = pinning.pins(&package.name, &source).await?;
        builds.push(BuildPins { package: package.name.clone(), requirements });
    }
    Ok(Lock::new(inputs, resolution.packages, resolution.locals, builds))
}

/// Build backends write into the folder they are run in; so that is never the user's.
fn copy_packages(project: &Project, copy: &Path) -> Result<(), BuildError> {
    fs::create_dir_all(copy)?;
    for package in &project.packages {
        let (from, to) = (project.root.join(package), copy.join(package));
        if is_wheel(package) {
            source_tree::copy(&project.root, copy, [package].into_iter())?;
        } else {
            let files = source_tree::files(&from, &project.root)?;
            source_tree::copy(&from, &to, files.iter())?;
        }
    }
    Ok(())
}

fn own_requirements(project: &Project, copy: &Path) -> String {
    let address = |package: &String| {
        let path = if package == "." { copy.to_owned() } else { copy.join(package) };
        Url::from_file_path(path).map(|url| format!("{url}\n")).unwrap_or_default()
    };
    project.packages.iter().map(address).collect()
}

/// Fetches and unpacks a source distribution; gives the folder of its source.
async fn unpack(
    package: &LockedPackage,
    address: &str,
    credentials: &Credentials,
    resolver: &Resolver<'_>,
    work: &Path,
) -> Result<PathBuf, BuildError> {
    let folder = work.join("sdists").join(&package.name);
    fs::create_dir_all(&folder)?;
    let archive = folder.with_extension("archive");
    let name = format!("{} {}", package.name, package.version);
    let wanted = Wanted { package: name, address, hashes: &package.hashes };
    download(&wanted, credentials, &archive).await?;
    let mut command = UNPACK_SOURCE.command(resolver.python, resolver.helpers)?;
    command.arg(&archive).arg(&folder);
    let printed = UNPACK_SOURCE.output(command, b"").await?;
    Ok(PathBuf::from(String::from_utf8_lossy(&printed).into_owned()))
}
