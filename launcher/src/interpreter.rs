//! Which Python runs a program: found by a stated order, never a shim, never another version or ABI.
//!
//! Order: the one named (`--python`, then the configuration), those uv manages, then `PATH` (`python3.11`, `python3`, `python`).
//! A shim, as pyenv puts on `PATH`, is asked once for the real interpreter behind it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::LaunchError;
use crate::cache::{Cache, key_of};

/// An interpreter that was asked who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    /// The real executable, behind every shim and link.
    pub path: PathBuf,
    /// Its whole version: `3.11.7`.
    pub version: String,
    /// Its implementation: `cpython`.
    pub implementation: String,
    /// Its ABI: `cp311`, `cp313t` for a free-threaded build.
    pub abi: String,
    /// The C library it runs on: `glibc 2.36`, or `musl`.
    pub libc: String,
}

/// Which interpreter is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterpreterRequest {
    /// The minor version: `3.11`.
    pub version: String,
    /// The ABI, where it is known: `cp311`.
    pub abi: Option<String>,
    /// The one somebody named; no other is looked for then.
    pub explicit: Option<PathBuf>,
}

/// What was found and how the file looked then: a cached finding holds while the file looks the same.
#[derive(Serialize, Deserialize)]
struct Finding {
    interpreter: Interpreter,
    modified: SystemTime,
    size: u64,
}

/// Prints who the interpreter is. `_base_executable` is the one behind a virtual environment.
const WHO: &str = "
import json, os, sys
try:
    libc = os.confstr('CS_GNU_LIBC_VERSION') or 'musl'
except (AttributeError, ValueError, OSError):
    libc = 'musl'
tag = sys.implementation.cache_tag or ''
name = sys.implementation.name
abi = tag.replace('cpython-', 'cp') + getattr(sys, 'abiflags', '')
path = os.path.realpath(getattr(sys, '_base_executable', None) or sys.executable)
print(json.dumps({'path': path, 'version': '.'.join(map(str, sys.version_info[:3])),
                  'implementation': name, 'abi': abi, 'libc': libc}))
";

/// Finds an interpreter, or says what was looked at.
pub fn find(wanted: &InterpreterRequest, cache: &Cache) -> Result<Interpreter, LaunchError> {
    let record = cache.interpreter(&key(wanted, cache.interpreters()));
    if let Some(known) = recall(&record) {
        return Ok(known);
    }
    let mut rejected = Vec::new();
    for candidate in candidates(wanted, cache.interpreters()) {
        match ask(&candidate) {
            Ok(found) => match mismatch(wanted, &found) {
                None => {
                    remember(&record, &found);
                    return Ok(found);
                }
                Some(why) => rejected.push(format!("{} ({why})", candidate.display())),
            },
            Err(why) if wanted.explicit.is_some() => {
                rejected.push(format!("{} ({why})", candidate.display()));
            }
            // A broken python somewhere on PATH is nobody's fault here.
            Err(_) => {}
        }
    }
    let abi = wanted.abi.clone().unwrap_or_else(|| default_abi(&wanted.version));
    Err(LaunchError::NoInterpreter { version: wanted.version.clone(), abi, rejected })
}

fn default_abi(version: &str) -> String {
    format!("cp{}", version.replace('.', ""))
}

fn mismatch(wanted: &InterpreterRequest, found: &Interpreter) -> Option<String> {
    let minor = found.version.rsplit_once('.').map_or(found.version.as_str(), |(minor, _)| minor);
    if found.implementation != "cpython" {
        return Some(found.implementation.clone());
    }
    if minor != wanted.version {
        return Some(found.version.clone());
    }
    let abi = wanted.abi.clone().unwrap_or_else(|| default_abi(&wanted.version));
    (found.abi != abi).then(|| format!("ABI {}", found.abi))
}

fn candidates(wanted: &InterpreterRequest, configured: &[PathBuf]) -> Vec<PathBuf> {
    if let Some(explicit) = &wanted.explicit {
        return vec![explicit.clone()];
    }
    let mut candidates = configured.to_vec();
    candidates.extend(managed_by_uv(&wanted.version));
    let names = [format!("python{}", wanted.version), "python3".to_owned(), "python".to_owned()];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for name in &names {
        candidates
            .extend(folders.iter().map(|folder| folder.join(name)).filter(|candidate| candidate.is_file()));
    }
    candidates
}

/// uv keeps its interpreters in one folder, each named for its version: `cpython-3.11.18-linux-x86_64-gnu`.
fn managed_by_uv(version: &str) -> Vec<PathBuf> {
    let home = || std::env::var_os("HOME").map(PathBuf::from);
    let data =
        std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).or_else(|| Some(home()?.join(".local/share")));
    let folder = match std::env::var_os("UV_PYTHON_INSTALL_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => match data {
            Some(data) => data.join("uv/python"),
            None => return Vec::new(),
        },
    };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let prefix = format!("cpython-{version}.");
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .map(|entry| entry.path().join("bin").join(format!("python{version}")))
        .filter(|python| python.is_file())
        .collect();
    found.sort();
    found.reverse();
    found
}

fn ask(candidate: &Path) -> Result<Interpreter, String> {
    let mut command = Command::new(candidate);
    command.args(["-I", "-S", "-c", WHO]).stdin(Stdio::null()).stderr(Stdio::null());
    // A virtual environment's variable would make a framework build answer for it.
    command.env_remove("__PYVENV_LAUNCHER__").env_remove("PYTHONHOME");
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("it ended with {}", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|_| "it is no Python 3".to_owned())
}

/// The same request on another PATH may mean another interpreter.
fn key(wanted: &InterpreterRequest, configured: &[PathBuf]) -> String {
    let text = |part: Option<std::ffi::OsString>| part.unwrap_or_default().into_encoded_bytes();
    let mut words =
        vec![wanted.version.clone().into_bytes(), wanted.abi.clone().unwrap_or_default().into_bytes()];
    words.push(text(wanted.explicit.clone().map(PathBuf::into_os_string)));
    words.extend(["PATH", "UV_PYTHON_INSTALL_DIR", "HOME"].map(|name| text(std::env::var_os(name))));
    words.extend(configured.iter().map(|path| path.as_os_str().as_encoded_bytes().to_owned()));
    key_of(&words)
}

fn recall(record: &Path) -> Option<Interpreter> {
    let finding: Finding = serde_json::from_slice(&fs::read(record).ok()?).ok()?;
    let meta = fs::metadata(&finding.interpreter.path).ok()?;
    (meta.modified().ok()? == finding.modified && meta.len() == finding.size).then_some(finding.interpreter)
}

/// Forgetting to remember costs a question next time, nothing else.
fn remember(record: &Path, interpreter: &Interpreter) {
    let Ok(meta) = fs::metadata(&interpreter.path) else { return };
    let Ok(modified) = meta.modified() else { return };
    let finding = Finding { interpreter: interpreter.clone(), modified, size: meta.len() };
    let beside = record.with_extension(std::process::id().to_string());
    if serde_json::to_vec(&finding).is_ok_and(|text| fs::write(&beside, text).is_ok()) {
        let _ = fs::rename(&beside, record);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interpreter(version: &str, abi: &str, implementation: &str) -> Interpreter {
        Interpreter {
            path: "/usr/bin/python3".into(),
            version: version.into(),
            implementation: implementation.into(),
            abi: abi.into(),
            libc: "glibc 2.36".into(),
        }
    }

    #[test]
    fn another_version_implementation_or_abi_is_not_taken() {
        let wanted = InterpreterRequest { version: "3.13".into(), abi: Some("cp313".into()), explicit: None };
        for (found, why) in [
            (interpreter("3.13.0", "cp313", "cpython"), None),
            (interpreter("3.13.0", "cp313t", "cpython"), Some("ABI cp313t")),
            (interpreter("3.12.1", "cp312", "cpython"), Some("3.12.1")),
            (interpreter("3.13.1", "pypy313", "pypy"), Some("pypy")),
        ] {
            assert_eq!(mismatch(&wanted, &found).as_deref(), why, "{found:?}");
        }
    }

    #[test]
    fn a_named_file_that_is_no_python_is_reported() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(directory.path().into()).unwrap();
        let wanted =
            InterpreterRequest { version: "3.11".into(), abi: None, explicit: Some("/bin/true".into()) };
        let error = find(&wanted, &cache).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no Python 3.11 (cp311) was found; looked at /bin/true (it is no Python 3)"
        );
    }
}
