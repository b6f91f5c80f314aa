//! The process of a worker: what Beam sets, in the surroundings that a program of `direct` has.

use std::path::{Path, PathBuf};

use tmpl_beam::worker::{Harness, HarnessProgram};

use super::WorkerProgram;
use crate::{ArgumentValue, FilePlan, Invocation};

/// What is started. `variables` are those of the job and of its store; `directory` is where relative paths of the pipeline start from.
pub(crate) fn worker_invocation(
    harness: Harness,
    program: &WorkerProgram,
    variables: Vec<(String, String)>,
    directory: &Path,
) -> Invocation {
    let Harness { program: executable, arguments, environment, options_file, options } = harness;
    let mut invocation = Invocation {
        program: executable,
        arguments,
        environment: variables.into_iter().map(|(name, value)| (name, ArgumentValue::Plain(value))).collect(),
        removed: vec!["TMPL_*".to_owned()],
        search_path: program.root.iter().map(|root| root.join("bin")).collect(),
        directory: directory.to_owned(),
        files: vec![FilePlan {
            parameter: "the pipeline's options".to_owned(),
            path: options_file,
            content: ArgumentValue::Plain(options),
        }],
    };
    if let (HarnessProgram::Python { .. }, Some(root)) = (&program.harness, &program.root) {
        for (name, value) in python_variables(root) {
            invocation.environment.insert(name.to_owned(), ArgumentValue::Plain(value));
        }
        // PYTHONPATH and its like would mix another environment into this one.
        invocation.removed.extend(["PYTHON*".to_owned(), "__PYVENV_LAUNCHER__".to_owned()]);
    }
    let set = environment.into_iter().map(|(name, value)| (name, ArgumentValue::Plain(value)));
    invocation.environment.extend(set);
    invocation
}

/// What keeps a worker in Python to the tree, which is shared and read-only.
fn python_variables(root: &Path) -> [(&'static str, String); 5] {
    let on = || "1".to_owned();
    [
        ("PYTHONUNBUFFERED", on()),
        ("PYTHONDONTWRITEBYTECODE", on()),
        ("PYTHONNOUSERSITE", on()),
        // The folder it starts in lends it no modules.
        ("PYTHONSAFEPATH", on()),
        ("VIRTUAL_ENV", root.display().to_string()),
    ]
}

/// The folder that a job's program starts in, where this machine has it, or else the worker's own.
pub(super) fn directory(wanted: Option<&PathBuf>, own: &Path) -> PathBuf {
    wanted.filter(|folder| folder.is_dir()).map_or_else(|| own.to_owned(), Clone::clone)
}
