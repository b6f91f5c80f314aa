//! The launcher that images are started with: one static file for each platform, which lies beside `tmpl`.

use std::path::{Path, PathBuf};

/// The variable that names the file, for the platform that is built.
pub const LAUNCHER_VARIABLE: &str = "TMPL_LAUNCHER";

/// No launcher for an image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LauncherBinaryError {
    /// The file that was named is not there.
    #[error("{named_by}: there is no launcher at {}", path.display())]
    Named {
        /// The flag or the variable.
        named_by: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// There is none beside this program.
    #[error("there is no launcher for {platform} at {}", path.display())]
    Missing {
        /// The platform.
        platform: String,
        /// The file.
        path: PathBuf,
    },
    /// No launcher is made for such machines.
    #[error("there is no launcher for images of {platform}")]
    Platform {
        /// The platform.
        platform: String,
    },
}

impl LauncherBinaryError {
    /// The remedy, in words.
    pub fn hint(&self) -> String {
        match self {
            Self::Named { .. } => {
                "name the file with --launcher or TMPL_LAUNCHER, or leave both out".to_owned()
            }
            Self::Missing { platform, path } => format!(
                "put the file {} of this version beside tmpl, or name one with --launcher; in a checkout, `make {}` builds it",
                path.file_name().unwrap_or_default().display(),
                if platform == "linux/arm64" { "launcher-arm64" } else { "launcher" }
            ),
            Self::Platform { .. } => "images are made for linux/amd64 and linux/arm64".to_owned(),
        }
    }
}

/// Where a launcher is looked for.
#[derive(Clone, Debug, Default)]
pub struct LauncherBinaries {
    /// What `--launcher` names.
    pub flag: Option<PathBuf>,
    /// What [`LAUNCHER_VARIABLE`] names.
    pub variable: Option<PathBuf>,
    /// The folder of the running program.
    pub beside: PathBuf,
}

impl LauncherBinaries {
    /// Where this process looks.
    pub fn of_this_process(flag: Option<PathBuf>) -> Self {
        let program = std::env::current_exe().unwrap_or_default();
        Self {
            flag,
            variable: std::env::var_os(LAUNCHER_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from),
            beside: program.parent().unwrap_or(Path::new("")).to_owned(),
        }
    }

    /// The launcher for images of a platform such as `linux/amd64`: the file of the flag, else of the variable, else the one beside
    /// this program.
    pub fn find(&self, platform: &str) -> Result<PathBuf, LauncherBinaryError> {
        let file = match platform {
            "linux/amd64" => "launcher-linux-amd64",
            "linux/arm64" => "launcher-linux-arm64",
            _ => return Err(LauncherBinaryError::Platform { platform: platform.to_owned() }),
        };
        for (named_by, named) in [("--launcher", &self.flag), (LAUNCHER_VARIABLE, &self.variable)] {
            match named {
                Some(path) if path.is_file() => return Ok(path.clone()),
                Some(path) => return Err(LauncherBinaryError::Named { named_by, path: path.clone() }),
                None => {}
            }
        }
        // In a checkout programs lie in `target/release`, and launchers, which are built in their own way, in `target/launcher`.
        let in_checkout = self.beside.parent().map(|target| target.join("launcher").join(file));
        let path = self.beside.join(file);
        if let Some(found) =
            [Some(path.clone()), in_checkout].into_iter().flatten().find(|path| path.is_file())
        {
            return Ok(found);
        }
        Err(LauncherBinaryError::Missing { platform: platform.to_owned(), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_counts_before_the_one_beside_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["flag", "variable", "launcher-linux-amd64"] {
            fs_err::write(path(name), "").unwrap();
        }
        let find = |flag: Option<&str>, variable: Option<&str>, platform: &str| {
            let found = LauncherBinaries {
                flag: flag.map(path),
                variable: variable.map(path),
                beside: folder.path().to_owned(),
            }
            .find(platform);
            let text = found
                .map_or_else(|error| format!("{error}; {}", error.hint()), |path| path.display().to_string());
            text.replace(&format!("{}/", folder.path().display()), "")
        };
        for (flag, variable, platform, expected) in [
            (Some("flag"), Some("variable"), "linux/amd64", "flag"),
            (None, Some("variable"), "linux/arm64", "variable"),
            (None, None, "linux/amd64", "launcher-linux-amd64"),
            (
                None,
                None,
                "linux/arm64",
                "there is no launcher for linux/arm64 at launcher-linux-arm64; put the file launcher-linux-arm64 of this version \
                 beside tmpl, or name one with --launcher; in a checkout, `make launcher-arm64` builds it",
            ),
            (
                Some("no"),
                None,
                "linux/amd64",
                "--launcher: there is no launcher at no; name the file with --launcher or TMPL_LAUNCHER, or leave both out",
            ),
            (
                None,
                None,
                "linux/s390x",
                "there is no launcher for images of linux/s390x; images are made for linux/amd64 and linux/arm64",
            ),
        ] {
            assert_eq!(find(flag, variable, platform), expected);
        }
    }
}
