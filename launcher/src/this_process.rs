//! This process: its event loop, its own program file, its machine.

use std::path::PathBuf;

use crate::LaunchError;

/// Runs a future to its end on this thread. Work that still goes on elsewhere is left behind.
pub fn block_on<T>(future: impl Future<Output = T>) -> Result<T, LaunchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| LaunchError::EventLoop { source })?;
    let done = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(done)
}

/// Gives this process's connections their cryptography: the launcher of images is built without the one that is there by default,
/// which needs more than a C compiler. Before the first connection.
#[cfg(feature = "store")]
pub fn bring_tls_along() {
    // A second call finds the first one's work done.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// This program's own file. After an update that replaced it, the one that runs is still there under `/proc`.
pub fn executable() -> Result<PathBuf, LaunchError> {
    std::env::current_exe()
        .map(|path| if path.exists() { path } else { PathBuf::from("/proc/self/exe") })
        .map_err(|source| LaunchError::OwnFile { source })
}

/// The machine's name.
pub fn host() -> String {
    let name = fs_err::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "localhost".to_owned() } else { name.to_owned() }
}

/// The platform of this program by the name that images have for it: `linux/amd64`.
pub(crate) fn here() -> String {
    format!("{}/{}", std::env::consts::OS, architecture())
}

/// The machine's architecture by the name that images use.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
