//! The digest that the lock of a project pins its base at.

use tmpl_template::Digest;

use crate::BuildError;
use crate::inputs::Inputs;
use crate::lock::{FILE, Lock, LockedBase};
use crate::session::Session;

/// The digest that a base is pinned at.
pub(crate) fn pinned(session: &Session<'_>, reference: &str) -> Result<Option<Digest>, BuildError> {
    let lock = Lock::read(&session.project.root.join(FILE))?;
    let base = lock.and_then(|lock| lock.base).filter(|base| base.reference == reference);
    Ok(base.map(|base| base.digest))
}

/// Pins a base, unless it is pinned so already.
pub(crate) fn pin(
    session: &Session<'_>,
    reference: &str,
    digest: &Digest,
    write: bool,
) -> Result<(), BuildError> {
    let file = session.project.root.join(FILE);
    let mut lock = Lock::read(&file)?
        .unwrap_or_else(|| Lock::new(Inputs::default(), Vec::new(), Vec::new(), Vec::new()));
    let base = LockedBase { reference: reference.to_owned(), digest: digest.clone() };
    if lock.base.as_ref() == Some(&base) {
        return Ok(());
    }
    if session.request.locked {
        let change = match &lock.base {
            Some(old) if old.reference == base.reference => {
                format!("the base {reference} is another one now")
            }
            Some(old) => format!("the base was {}", old.reference),
            None => format!("the base {reference} is not in it"),
        };
        return Err(BuildError::Locked { file: session.shown(FILE), change });
    }
    lock.base = Some(base);
    if write {
        lock.write(&file)?;
    }
    Ok(())
}
