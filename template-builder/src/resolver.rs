//! Requirements become exact versions: every question that is put to uv's resolver.

use std::path::{Path, PathBuf};

use fs_err as fs;
use tokio::process::Command;

use crate::BuildError;
use crate::index_options::IndexOptions;
use crate::pylock::Resolution;
use crate::python_target::PythonTarget;
use crate::uv::Uv;

/// What all questions of a build share.
pub(crate) struct Resolver<'a> {
    pub(crate) uv: &'a Uv,
    pub(crate) indexes: &'a IndexOptions,
    pub(crate) target: &'a PythonTarget,
    /// The interpreter that builds packages which have to be built to know what they require.
    pub(crate) python: &'a Path,
    /// Where helper programs may lie.
    pub(crate) helpers: &'a Path,
}

impl Resolver<'_> {
    /// Resolves requirement files for the target. `folder` is for the answer; `local` tells what of the project lies at a path.
    pub(crate) async fn compile(
        &self,
        action: &str,
        files: &[PathBuf],
        options: &[&str],
        preferences: &str,
        folder: &Path,
        local: &dyn Fn(&Path) -> Option<String>,
    ) -> Result<Resolution, BuildError> {
        let answer = folder.join("pylock.toml");
        // uv keeps the versions of a file that it is to write over.
        if !preferences.is_empty() {
            fs::write(&answer, preferences)?;
        }
        let mut command = self.uv.command(self.indexes);
        command.args(["pip", "compile", "--format", "pylock.toml", "--no-header", "--no-annotate"]);
        command.args([
            "--python-version",
            &self.target.version,
            "--python-platform",
            &self.target.uv_platform(),
        ]);
        command.args(options).arg("--python").arg(self.python).arg("--output-file").arg(&answer).args(files);
        self.run(action, command).await?;
        Resolution::read(&fs::read_to_string(&answer)?, folder, local)
    }

    pub(crate) async fn run(&self, action: &str, command: Command) -> Result<String, BuildError> {
        self.uv.run(command, "").await.map_err(|failure| BuildError::of_uv(action, failure))
    }
}
