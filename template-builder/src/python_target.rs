//! What a template is built for: the Python, the platform and the oldest C library it shall run on.

use serde::Serialize;

use crate::manifest::{PythonTable, Source};
use crate::project_error::ProjectError;

/// The glibc versions for which uv knows a platform name.
const GLIBC: &[u32] = &[17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40];
/// The platform that templates are built for where nothing is said.
pub(crate) const DEFAULT_PLATFORM: &str = "linux/amd64";
/// The platforms that templates can be built for.
pub const PLATFORMS: &[&str] = &["linux/amd64", "linux/arm64"];
const DEFAULT_GLIBC: u32 = 28;

/// What the files of a template must fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PythonTarget {
    /// `3.11`
    pub(crate) version: String,
    /// `linux/amd64`
    pub(crate) platform: String,
    glibc: u32,
}

impl PythonTarget {
    pub(crate) fn read(table: &PythonTable, source: Source<'_>) -> Result<Self, ProjectError> {
        let version = &table.version;
        if !is_minor_version(version.get_ref()) {
            let message = format!("`{}` is not a minor version of Python", version.get_ref());
            return Err(source.error(
                version,
                message,
                "write it as `3.11`, without a patch version; 3.9 is the oldest",
            ));
        }
        let platform = match &table.platform {
            None => DEFAULT_PLATFORM.to_owned(),
            Some(platform) if architecture(platform.get_ref()).is_some() => platform.get_ref().clone(),
            Some(platform) => {
                let message = format!("`{}` is no platform that templates are built for", platform.get_ref());
                return Err(source.error(platform, message, "write `linux/amd64` or `linux/arm64`"));
            }
        };
        let glibc = match &table.libc {
            None => DEFAULT_GLIBC,
            Some(libc) => {
                let minor = libc.get_ref().strip_prefix("glibc 2.").and_then(|minor| minor.parse().ok());
                minor.filter(|minor| GLIBC.contains(minor)).ok_or_else(|| {
                    let known: Vec<String> = GLIBC.iter().map(|minor| format!("2.{minor}")).collect();
                    let message =
                        format!("`{}` is no C library that templates are built for", libc.get_ref());
                    source.error(
                        libc,
                        message,
                        &format!("write `glibc`, a space, and one of {}", known.join(", ")),
                    )
                })?
            }
        };
        Ok(Self { version: version.get_ref().clone(), platform, glibc })
    }

    /// The same Python for another platform.
    pub(crate) fn on(&self, platform: &str) -> Self {
        Self { platform: platform.to_owned(), ..self.clone() }
    }

    /// The oldest C library: `glibc 2.28`.
    pub(crate) fn libc(&self) -> String {
        format!("glibc 2.{}", self.glibc)
    }

    /// uv's name of the platform: `x86_64-manylinux_2_28`.
    pub(crate) fn uv_platform(&self) -> String {
        format!("{}-manylinux_2_{}", architecture(&self.platform).unwrap_or("x86_64"), self.glibc)
    }

    /// The ABI: `cp311`.
    pub(crate) fn abi(&self) -> String {
        format!("cp{}", self.version.replace('.', ""))
    }

    /// Where packages lie in a layer: `lib/python3.11/site-packages`.
    pub(crate) fn site_packages(&self) -> String {
        format!("lib/python{}/site-packages", self.version)
    }

    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self { version: "3.11".to_owned(), platform: DEFAULT_PLATFORM.to_owned(), glibc: DEFAULT_GLIBC }
    }

    /// This machine, spelled as platforms are.
    pub(crate) fn here() -> String {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        format!("{}/{architecture}", std::env::consts::OS)
    }
}

fn architecture(platform: &str) -> Option<&'static str> {
    match platform {
        "linux/amd64" => Some("x86_64"),
        "linux/arm64" => Some("aarch64"),
        _ => None,
    }
}

fn is_minor_version(text: &str) -> bool {
    let Some(minor) = text.strip_prefix("3.") else { return false };
    !minor.starts_with('0') && minor.parse::<u32>().is_ok_and(|minor| (9..100).contains(&minor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    fn read(lines: &str) -> Result<PythonTarget, ProjectError> {
        let text = format!("[python]\n{lines}");
        let source = Source { file: "tmpl.toml", text: &text };
        PythonTarget::read(&Manifest::parse(source).unwrap().python.unwrap(), source)
    }

    #[test]
    fn a_target_is_spelled_for_uv_and_for_the_spec() {
        let target = read("version = \"3.11\"").unwrap();
        assert_eq!(target.uv_platform(), "x86_64-manylinux_2_28");
        assert_eq!((target.abi(), target.libc()), ("cp311".to_owned(), "glibc 2.28".to_owned()));
        assert_eq!(target.site_packages(), "lib/python3.11/site-packages");
        let target = read("version = \"3.13\"\nplatform = \"linux/arm64\"\nlibc = \"glibc 2.17\"").unwrap();
        assert_eq!(target.uv_platform(), "aarch64-manylinux_2_17");
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for (lines, message) in [
            ("version = \"3.11.7\"", "tmpl.toml:2:11: `3.11.7` is not a minor version of Python"),
            ("version = \"3.8\"", "tmpl.toml:2:11: `3.8` is not"),
            ("version = \"3.011\"", "tmpl.toml:2:11: `3.011` is not"),
            ("version = \"2.7\"", "tmpl.toml:2:11: `2.7` is not"),
            ("version = \"3.11\"\nplatform = \"windows\"", "tmpl.toml:3:12: `windows` is no platform"),
            ("version = \"3.11\"\nlibc = \"musl\"", "tmpl.toml:3:8: `musl` is no C library"),
            ("version = \"3.11\"\nlibc = \"glibc 2.99\"", "tmpl.toml:3:8: `glibc 2.99` is no C library"),
        ] {
            let error = read(lines).unwrap_err();
            assert!(error.to_string().starts_with(message), "{error}");
            assert!(error.hint().is_some());
        }
    }
}
