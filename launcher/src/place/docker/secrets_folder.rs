//! Secrets that lie in variables here, on their way into a container.
//!
//! A container's variables are written down by its engine, and shown to whoever lists containers. So each value goes into a private
//! file in a private folder that the container sees, and the launcher removes it as soon as it has read it.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt;
use rustix::process::getuid;
use tmpl_template::JobId;

use super::User;
use crate::LaunchError;
use crate::cache::Cache;

/// A folder with a file for each variable. What is left of it goes when this value does.
#[derive(Debug)]
pub(super) struct SecretsFolder {
    path: PathBuf,
}

impl SecretsFolder {
    /// Writes the values of variables, if there are any, so that `user` can read them.
    pub(super) fn write(
        cache: &Cache,
        id: &JobId,
        user: &User,
        variables: &[(String, String)],
    ) -> Result<Option<Self>, LaunchError> {
        let mut folder = None;
        for (name, value) in variables {
            let folder = match &folder {
                Some(folder) => folder,
                None => folder.insert(Self::make(cache.secrets(id), user)?),
            };
            let path = folder.path.join(name);
            let written = write_private(&path, value).and_then(|()| give(&path, user));
            // Two parameters may name the same variable.
            match written {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                other => other.map_err(|source| failed(&path, source))?,
            }
        }
        Ok(folder)
    }

    fn make(path: PathBuf, user: &User) -> Result<Self, LaunchError> {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path);
        let folder = Self { path };
        made.and_then(|()| give(&folder.path, user)).map_err(|source| failed(&folder.path, source))?;
        Ok(folder)
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the folder to the launcher, which empties it.
    pub(super) fn leave(self) {
        std::mem::forget(self);
    }
}

impl Drop for SecretsFolder {
    fn drop(&mut self) {
        let _ = fs_err::remove_dir_all(&self.path);
    }
}

fn write_private(path: &Path, value: &str) -> std::io::Result<()> {
    let mut file = fs_err::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(value.as_bytes())
}

/// Gives a file to the container's user, where we may and it is not ours already.
fn give(path: &Path, user: &User) -> std::io::Result<()> {
    let mut numbers = user.as_str().split(':').map(|number| number.parse::<u32>().ok());
    match numbers.next().flatten() {
        Some(number) if getuid().is_root() && number != 0 => chown(path, Some(number), None),
        _ => Ok(()),
    }
}

fn failed(path: &Path, source: std::io::Error) -> LaunchError {
    LaunchError::Cache { action: "write", path: path.to_owned(), source }
}
