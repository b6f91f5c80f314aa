//! Our own launcher as a file, for images that have another one or none.

use std::path::{Path, PathBuf};

use super::DockerError;

/// The variable that names the file.
const VARIABLE: &str = "TMPL_LAUNCHER";
/// Its name, where it lies beside this program.
const NAME: &str = "launcher";

/// Finds the launcher: where `TMPL_LAUNCHER` says, else beside this program.
pub(super) fn find() -> Result<PathBuf, DockerError> {
    if let Some(named) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        return found(Path::new(&named));
    }
    let beside = std::env::current_exe().map(|program| program.with_file_name(NAME));
    found(&beside.unwrap_or_else(|_| PathBuf::from(NAME)))
}

fn found(path: &Path) -> Result<PathBuf, DockerError> {
    let missing = || DockerError::NoLauncher { path: path.to_owned() };
    // The engine resolves links on its own side, and takes a missing file for a folder.
    let file = path.canonicalize().map_err(|_| missing())?;
    if file.is_file() { Ok(file) } else { Err(missing()) }
}
