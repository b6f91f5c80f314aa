//! Which lock a build goes by: the one that is there, or a new one.

use crate::inputs::Inputs;
use crate::lock::{Lock, LockedSource, file_for};
use crate::python_session::PythonSession;
use crate::report::LockState;
use crate::{BuildError, Phase, resolve};

/// The lock of a platform: the one that is there while its inputs stay, else a new one.
pub(crate) async fn locked(
    session: &PythonSession<'_>,
    write: bool,
) -> Result<(Lock, LockState), BuildError> {
    let own = session.project.target.as_ref().map_or("", |target| &target.platform);
    let file = file_for(&session.target().platform, own);
    let place = session.project.root.join(&file);
    let inputs = Inputs::of(session.project, session.target(), session.requirements)?;
    let previous = Lock::read(&place)?;
    let change = match &previous {
        Some(previous) if previous.inputs == inputs => return Ok((previous.clone(), LockState::Reused)),
        Some(previous) => inputs.changes_since(&previous.inputs).join(", "),
        None => "it is not there".to_owned(),
    };
    if session.request.locked {
        return Err(BuildError::Locked { file: session.shown(&file), change });
    }
    let state = if previous.is_some() { LockState::Updated } else { LockState::Created };
    let mut lock = if session.requirements.any || !session.project.packages.is_empty() {
        let work = session.fresh_folder("resolve-")?;
        let resolver = session.resolver()?;
        let resolving = resolve::resolve(
            session.project,
            session.requirements,
            inputs,
            previous.as_ref(),
            &resolver,
            &work,
        );
        session.timed(Phase::Resolve, "requirements", resolving).await?
    } else {
        Lock::new(inputs, Vec::new(), Vec::new(), Vec::new())
    };
    lock.base = previous.and_then(|previous| previous.base);
    if session.is_foreign() {
        refuse_sources(&lock, &session.target().platform)?;
    }
    if write {
        lock.write(&place)?;
    }
    Ok((lock, state))
}

/// What is built from source is built for this machine.
fn refuse_sources(lock: &Lock, platform: &str) -> Result<(), BuildError> {
    let sources = lock.packages.iter().filter(|package| package.source == LockedSource::Sdist);
    let packages: Vec<String> =
        sources.map(|package| format!("{} {}", package.name, package.version)).collect();
    if packages.is_empty() {
        return Ok(());
    }
    Err(BuildError::NoWheel { packages, platform: platform.to_owned() })
}
