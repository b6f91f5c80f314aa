//! This process: its event loop, and its own program file.

use std::path::PathBuf;

use crate::report::{Failure, TEMPORARY};

/// Runs a future to its end on this thread. Work that still goes on elsewhere is left behind.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(TEMPORARY, format!("no event loop could be started: {error}")))?;
    let done = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(done)
}

/// This program's own file. After an update that replaced it, the one that runs is still there under `/proc`.
pub(crate) fn executable() -> Result<PathBuf, Failure> {
    std::env::current_exe()
        .map(|path| if path.exists() { path } else { PathBuf::from("/proc/self/exe") })
        .map_err(|error| Failure::new(3, format!("this program's own file can't be found: {error}")))
}
