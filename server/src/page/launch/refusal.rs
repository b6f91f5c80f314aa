//! Why a launch was refused, in words that stand beside the fields.

use tmpl_launcher::{ErrorKind, LaunchError};
use tmpl_template::Parameter;

use super::input::Input;
use crate::form::Problems;
use crate::problem::Problem;
use crate::text::launch as text;
use crate::text::plain::Plain;

/// Paths and names are shown as far as this.
const LONGEST_NAME: usize = 300;

/// What is wrong with the fields of a form; or that something else is.
pub(crate) fn problems(
    error: LaunchError,
    declared: &[Parameter],
    input: &Input,
) -> Result<Problems, Problem> {
    let shown = |text: &str| Plain::line(text, LONGEST_NAME).to_string();
    let mut problems = Problems::default();
    match &error {
        LaunchError::Parameters(violations) => return Ok(Problems::of(declared, violations)),
        LaunchError::OutputExists { parameter, path } => {
            problems.add(parameter, &text::output_exists(&shown(path)));
        }
        LaunchError::Secret { reference, .. } => {
            let message = text::secret_missing(&shown(reference));
            let given = |parameter: &&Parameter| input.entered.get(parameter) == Some(reference);
            match declared.iter().find(given) {
                Some(parameter) => problems.add(&parameter.name, &message),
                None => problems.add_general(None, &message),
            }
        }
        LaunchError::NameInUse { name, .. } => {
            problems.add_general(Some("job_name"), &text::name_in_use(&shown(name)));
        }
        LaunchError::Runner(runner) if error.kind() == ErrorKind::Usage => {
            problems.add_general(Some("runner"), &text::because(&shown(&runner.to_string())));
        }
        _ if error.kind() == ErrorKind::Environment && !matches!(error, LaunchError::Bucket(_)) => {
            problems.add_general(None, &text::because(&shown(&error.to_string())));
        }
        _ => return Err(error.into()),
    }
    Ok(problems)
}
