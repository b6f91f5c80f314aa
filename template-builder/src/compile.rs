//! Python files become bytecode that lies beside them in the layer, the same on every machine.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::BuildError;
use crate::checksum::Checksum;
use crate::helper::COMPILE_TREE;
use crate::python_session::PythonSession;
use crate::python_target::PythonTarget;
use crate::staged_file::{Content, StagedFile, StagedFiles};

/// Where every layer seems to lie when it is compiled: where it lies in an image. Python replaces it by the real path when it loads
/// a module from elsewhere.
const VIRTUAL_ROOT: &str = "/template";

#[derive(Serialize)]
struct Request<'a> {
    groups: Vec<Group<'a>>,
    jobs: usize,
    strict: bool,
}

#[derive(Serialize)]
struct Group<'a> {
    id: &'a str,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    source: &'a Path,
    #[serde(rename = "virtual")]
    virtual_path: String,
    output: std::path::PathBuf,
}

#[derive(Deserialize)]
struct Answer {
    errors: Vec<Problem>,
}

/// A place in a file that is not valid Python.
#[derive(Debug, Deserialize)]
pub(crate) struct Problem {
    file: String,
    line: usize,
    column: usize,
    message: String,
    #[serde(default)]
    text: String,
}

impl Problem {
    /// `main.py:3:7: invalid syntax`, and the line itself.
    fn describe(&self, project: &Path) -> String {
        let file = Path::new(&self.file);
        let file = file.strip_prefix(project).unwrap_or(file).display();
        let text = if self.text.is_empty() { String::new() } else { format!("\n    {}", self.text) };
        match self.line {
            0 => format!("{file}: {}{text}", self.message),
            line => format!("{file}:{line}:{}: {}{text}", self.column, self.message),
        }
    }
}

/// Compiles the Python files of several sets; gives each set its bytecode. `strict`: a file that does not compile is an error.
pub(crate) async fn compile(
    session: &PythonSession<'_>,
    sets: &mut [(&str, &mut StagedFiles)],
    strict: bool,
) -> Result<(), BuildError> {
    let output = session.fresh_folder("bytecode-")?;
    let tag = tag(session.target());
    let mut groups = Vec::new();
    let mut expected = Vec::new();
    for (number, (id, files)) in sets.iter().enumerate() {
        let mut group = Group { id, files: Vec::new() };
        for (path, file) in files.iter() {
            let (Some(bytecode), Content::File(source)) = (bytecode_path(path, &tag), &file.content) else {
                continue;
            };
            let place = output.join(number.to_string()).join(&bytecode);
            group.files.push(File {
                source,
                virtual_path: format!("{VIRTUAL_ROOT}/{path}"),
                output: place.clone(),
            });
            expected.push((number, bytecode, place));
        }
        groups.push(group);
    }
    if expected.is_empty() {
        return Ok(());
    }
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let command = COMPILE_TREE.command(&session.interpreter()?.path, session.helpers())?;
    let answer: Answer = COMPILE_TREE.ask(command, &Request { groups, jobs, strict }).await?;
    if strict && !answer.errors.is_empty() {
        return Err(syntax_error(&answer.errors, &session.project.root));
    }
    for (number, path, place) in expected {
        // What did not compile has no bytecode, and is compiled when somebody imports it after all.
        let Ok(meta) = fs_err::metadata(&place) else { continue };
        let checksum = Checksum::of_file(&place)?;
        let file =
            StagedFile { content: Content::File(place), checksum, size: meta.len(), executable: false };
        sets[number].1.insert(path, file);
    }
    Ok(())
}

/// How Python marks the bytecode of a version: `cpython-311`.
pub(crate) fn tag(target: &PythonTarget) -> String {
    target.abi().replace("cp", "cpython-")
}

/// The error of files that are not valid Python.
pub(crate) fn syntax_error(problems: &[Problem], project: &Path) -> BuildError {
    BuildError::Syntax { problems: problems.iter().map(|problem| problem.describe(project)).collect() }
}

/// Where Python looks for the bytecode of a file: `a/__pycache__/x.cpython-311.pyc`. Nothing for what is no module.
pub(crate) fn bytecode_path(path: &str, tag: &str) -> Option<String> {
    let stem = path.strip_suffix(".py").filter(|_| !path.starts_with("bin/"))?;
    let (folder, name) = stem.rsplit_once('/')?;
    Some(format!("{folder}/__pycache__/{name}.{tag}.pyc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytecode_lies_where_python_looks() {
        for (path, expected) in [
            ("app/main.py", Some("app/__pycache__/main.cpython-311.pyc")),
            (
                "lib/python3.11/site-packages/a/b.c.py",
                Some("lib/python3.11/site-packages/a/__pycache__/b.c.cpython-311.pyc"),
            ),
            ("lib/python3.11/site-packages/a/py.typed", None),
            ("bin/tool.py", None),
        ] {
            assert_eq!(bytecode_path(path, "cpython-311").as_deref(), expected);
        }
    }

    #[test]
    fn a_problem_is_told_with_its_line() {
        let problem = |line| Problem {
            file: "/p/src/a.py".to_owned(),
            line,
            column: 7,
            message: "invalid syntax".to_owned(),
            text: "x = =".to_owned(),
        };
        assert_eq!(problem(3).describe(Path::new("/p")), "src/a.py:3:7: invalid syntax\n    x = =");
        assert_eq!(problem(0).describe(Path::new("/q")), "/p/src/a.py: invalid syntax\n    x = =");
    }
}
