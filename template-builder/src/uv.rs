//! uv, the program that resolves, fetches and installs: where it is, how it is called, what its errors mean.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::index_options::IndexOptions;
use crate::redact::redact;
use crate::{BuildError, child};

/// How many lines of a failed build are worth showing.
const BUILD_LINES: usize = 15;

/// uv, run in a project's folder, so that it finds the indexes its configuration names there.
#[derive(Clone, Debug)]
pub(crate) struct Uv {
    program: PathBuf,
    folder: PathBuf,
    /// A folder of wheels that there are besides those of the indexes.
    wheels: PathBuf,
}

/// Why a call of uv failed, told by what the caller can do about it. No text holds credentials.
#[derive(Debug)]
pub(crate) enum UvFailure {
    NotStarted(BuildError),
    Refused(String),
    Network(String),
    Unresolvable(String),
    Build { package: String, message: String },
    Other(String),
}

impl Uv {
    /// Finds uv: the one named, `TMPL_UV`, `PATH`.
    pub(crate) fn find(explicit: Option<&Path>, folder: &Path, wheels: PathBuf) -> Result<Self, BuildError> {
        let named = explicit.map(Path::to_owned).or_else(|| {
            let named = std::env::var_os("TMPL_UV").filter(|named| !named.is_empty());
            named.map(PathBuf::from)
        });
        let found = match &named {
            Some(named) if named.components().count() > 1 => {
                std::path::absolute(named).ok().filter(|program| program.is_file())
            }
            named => on_path(named.as_ref().map_or(OsStr::new("uv"), |named| named.as_os_str())),
        };
        let looked = || match &named {
            Some(named) => format!("{} is no program", named.display()),
            None => "it is not on PATH".to_owned(),
        };
        let program = found.ok_or_else(|| BuildError::NoUv { looked: looked() })?;
        Ok(Self { program, folder: folder.to_owned(), wheels })
    }

    /// A call of uv that no setting of the calling shell can turn into another one.
    pub(crate) fn command(&self, indexes: &IndexOptions) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).envs(indexes.environment(&self.wheels));
        command.envs([("NO_COLOR", "1"), ("UV_NO_PROGRESS", "1"), ("UV_PYTHON_DOWNLOADS", "never")]);
        // What a backend writes into a wheel may depend on these two.
        command.envs([("SOURCE_DATE_EPOCH", "315619200"), ("PYTHONHASHSEED", "0")]);
        for variable in [
            "VIRTUAL_ENV",
            "CONDA_PREFIX",
            "PYTHONPATH",
            "PYTHONHOME",
            "UV_COMPILE_BYTECODE",
            "UV_PYTHON",
            "UV_SYSTEM_PYTHON",
            "UV_BUILD_CONSTRAINT",
            "UV_REQUIRE_HASHES",
            "UV_NO_VERIFY_HASHES",
            "UV_OUTPUT_FILE",
            "FORCE_COLOR",
        ] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs a call and gives what it printed on stdout.
    pub(crate) async fn run(&self, command: Command, input: &str) -> Result<String, UvFailure> {
        let output = child::run(command, input.as_bytes()).await.map_err(UvFailure::NotStarted)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(UvFailure::of(&String::from_utf8_lossy(&output.stderr)))
    }
}

fn on_path(name: &OsStr) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

impl UvFailure {
    fn of(stderr: &str) -> Self {
        let stderr = redact(stderr);
        let said = Said::read(&stderr);
        let whole = || said.whole();
        if stderr.contains("401 Unauthorized") || stderr.contains("403 Forbidden") {
            return Self::Refused(whole());
        }
        if let Some(rest) = said.head.strip_prefix("Failed to build ") {
            let package = rest.trim_matches('`').split(" @ ").next().unwrap_or(rest).to_owned();
            return Self::Build { package, message: said.build() };
        }
        if said.head.starts_with("No solution found") {
            return Self::Unresolvable(said.causes());
        }
        let is_network = [
            "client error (Connect)",
            "Failed to fetch",
            "error sending request",
            "Request failed after",
            "timed out",
        ];
        if is_network.iter().any(|sign| stderr.contains(sign)) {
            return Self::Network(whole());
        }
        Self::Other(whole())
    }
}

/// A message of uv in its parts.
struct Said<'a> {
    before: Vec<&'a str>,
    head: &'a str,
    after: Vec<&'a str>,
}

impl<'a> Said<'a> {
    fn read(stderr: &'a str) -> Self {
        let is_noise =
            |line: &&str| line.starts_with("warning: ") || line.starts_with("hint: Build failures usually");
        let lines: Vec<&str> = stderr.trim().lines().filter(|line| !is_noise(line)).collect();
        let starts = ["error: ", "  × ", "× "];
        let found = lines.iter().enumerate().find_map(|(number, line)| {
            starts.iter().find_map(|start| line.strip_prefix(start)).map(|head| (number, head))
        });
        let (number, head) = found.unwrap_or((0, lines.first().copied().unwrap_or("it gave no reason")));
        let after = lines.get(number + 1..).unwrap_or_default().to_vec();
        Self { before: lines[..number.min(lines.len())].to_vec(), head: head.trim_end_matches(':'), after }
    }

    /// What follows the head, without marks and indentation, sentences on lines of their own.
    fn causes(&self) -> String {
        let bare = self.after.iter().map(|line| {
            let line = line.trim().trim_start_matches("╰─▶").trim_start_matches('│').trim();
            line.strip_prefix("cause: ").unwrap_or(line).trim()
        });
        bare.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn whole(&self) -> String {
        let causes = self.causes();
        if causes.is_empty() { self.head.to_owned() } else { format!("{}\n{causes}", self.head) }
    }

    /// The end of what the backend printed: before uv's message, or in it.
    fn build(&self) -> String {
        let mut lines: Vec<&str> = self.before.clone();
        lines.extend(
            self.after
                .iter()
                .map(|line| line.trim_start().strip_prefix("cause: ").unwrap_or(line.trim_start())),
        );
        lines.retain(|line| !line.trim().is_empty());
        lines[lines.len().saturating_sub(BUILD_LINES)..].join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(stderr: &str) -> String {
        match UvFailure::of(stderr) {
            UvFailure::NotStarted(error) => error.to_string(),
            UvFailure::Refused(text) => format!("refused: {text}"),
            UvFailure::Network(text) => format!("network: {text}"),
            UvFailure::Unresolvable(text) => format!("unresolvable: {text}"),
            UvFailure::Build { package, message } => format!("build of {package}: {message}"),
            UvFailure::Other(text) => format!("other: {text}"),
        }
    }

    #[test]
    fn messages_are_sorted_by_what_can_be_done() {
        for (stderr, expected) in [
            (
                "warning: old\nerror: No solution found when resolving dependencies\n  cause: Because requests==2.32.0 depends on \
                 idna>=2.5 and you require idna<2.5, they are incompatible.\n         And so on.\n",
                "unresolvable: Because requests==2.32.0 depends on idna>=2.5 and you require idna<2.5, they are \
                 incompatible.\nAnd so on.",
            ),
            (
                "  × No solution found when resolving dependencies:\n  ╰─▶ Because a\n      b\n",
                "unresolvable: Because a\nb",
            ),
            (
                "error: No solution found when resolving dependencies\n  cause: Because x was not found\n\nhint: An index URL \
                 (http://u:p@host/simple) could not be queried due to a lack of valid authentication credentials (401 \
                 Unauthorized)\n",
                "refused: No solution found when resolving dependencies\nBecause x was not found\nhint: An index URL \
                 (http://****@host/simple) could not be queried due to a lack of valid authentication credentials (401 \
                 Unauthorized)",
            ),
            (
                "error: Request failed after 3 retries in 7.0s\n  cause: Failed to fetch: http://127.0.0.1:1/simple/idna/\n",
                "network: Request failed after 3 retries in 7.0s\nFailed to fetch: http://127.0.0.1:1/simple/idna/",
            ),
            (
                "Building wheel...\nRuntimeError: boom\nerror: Failed to build `/x/bad`\n  cause: The build backend returned \
                 an error\n\nhint: Build failures usually indicate a problem\n",
                "build of /x/bad: Building wheel...\nRuntimeError: boom\nThe build backend returned an error",
            ),
            ("", "other: it gave no reason"),
            ("nonsense", "other: nonsense"),
        ] {
            assert_eq!(case(stderr), expected, "{stderr}");
        }
    }

    #[test]
    fn a_named_uv_that_is_not_there_is_no_reason_to_take_another() {
        let error = Uv::find(Some(Path::new("/nowhere/uv")), Path::new("/"), PathBuf::new()).unwrap_err();
        assert_eq!(error.to_string(), "uv was not found: /nowhere/uv is no program");
        assert!(error.hint().unwrap().contains("pipx install uv"));
    }
}
