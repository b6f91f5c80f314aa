//! What a container is asked for, on its command line.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use tmpl_template::{JobName, parse_dictionary};

use crate::container::asked::Asked;
use crate::container::error::ContainerError;
use crate::container::launch_arguments::LaunchArguments;

/// What reading the command line came to.
#[derive(Debug)]
pub(crate) enum Read {
    Launch(Box<Asked>),
    /// Help or the version was asked for, and told.
    Told(ExitCode),
}

/// Runs the program of this image.
#[derive(Debug, Parser)]
#[command(
    name = "launcher",
    version,
    after_help = "With TMPL_BUCKET and TMPL_JOB in its environment it runs that job instead; with the arguments of a Beam worker \
                  (--id=…, --logging_endpoint=…) it becomes the worker."
)]
struct Typed {
    /// Parameters of the launch; ^:^ in front makes another character the separator
    #[arg(long, value_name = "KEY=VALUE,…")]
    parameters: Vec<String>,
    /// One parameter; everything after the first = is its value
    #[arg(long, value_name = "KEY=VALUE")]
    param: Vec<String>,
    /// The job's name
    #[arg(long, value_name = "NAME")]
    job_name: Option<JobName>,
    /// A launch as Google's service describes it to a launcher: an object with jobName, parameters, environment
    #[arg(long, value_name = "JSON")]
    template_container_args: Option<String>,
}

/// Reads the arguments after the program's name.
pub(crate) fn read(arguments: Vec<OsString>) -> Result<Read, ContainerError> {
    let words = std::iter::once(OsString::from("launcher")).chain(arguments.into_iter().map(two_dashes));
    let typed = match Typed::try_parse_from(words) {
        Ok(typed) => typed,
        Err(error) if error.exit_code() == 0 => {
            // A closed pipe is nobody's business.
            let _ = error.print();
            return Ok(Read::Told(ExitCode::SUCCESS));
        }
        Err(error) => return Err(ContainerError::Arguments { told: error.render().to_string() }),
    };
    Ok(Read::Launch(Box::new(typed.meaning()?)))
}

/// Google's service starts its launchers, which are Go programs, with one dash before a long flag.
fn two_dashes(argument: OsString) -> OsString {
    match argument.to_str() {
        Some(text) if text.len() > 2 && text.starts_with('-') && !text.starts_with("--") => {
            OsString::from(format!("-{text}"))
        }
        _ => argument,
    }
}

impl Typed {
    fn meaning(self) -> Result<Asked, ContainerError> {
        let mut asked = match &self.template_container_args {
            Some(text) => LaunchArguments::parse(text)?.into_asked(),
            None => Asked::default(),
        };
        asked.job_name = self.job_name.or(asked.job_name);
        let mut insert = |name: String, value: String| {
            asked.parameters.insert(name, value).map_err(|error| ContainerError::wrong(error.to_string()))
        };
        let listed = parse_dictionary(&self.parameters)
            .map_err(|error| ContainerError::wrong(format!("--parameters: {error}")))?;
        for (name, value) in listed {
            insert(name, value)?;
        }
        for text in self.param {
            let Some((name, value)) = text.split_once('=') else {
                return Err(ContainerError::wrong(format!("--param {text}: there is no `=` in it")));
            };
            insert(name.to_owned(), value.to_owned())?;
        }
        Ok(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(arguments: &[&str]) -> Result<String, String> {
        match read(arguments.iter().map(OsString::from).collect()) {
            Ok(Read::Launch(asked)) => Ok(serde_json::to_string(&asked.parameters).unwrap()),
            Ok(Read::Told(_)) => Ok("told".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn parameters_come_from_every_spelling() {
        let google = r#"-template-container-args={"parameters": {"x": "0"}, "jobName": "a-job", "consoleLogsLocation": "gs://b/c"}"#;
        for (arguments, found) in [
            (&[][..], "{}"),
            (&["--parameters", "a=1,b=2", "--parameters=c=3"], r#"{"a":"1","b":"2","c":"3"}"#),
            (&["--parameters", "^:^a=1,2:b=3"], r#"{"a":"1,2","b":"3"}"#),
            (&["--param", "a=b=c,d", "--param=e="], r#"{"a":"b=c,d","e":""}"#),
            (&[google, "--param", "y=1"], r#"{"x":"0","y":"1"}"#),
        ] {
            assert_eq!(parameters(arguments).unwrap(), found, "{arguments:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (arguments, told) in [
            (&["--param", "a"][..], "--param a: there is no `=` in it"),
            (&["--param", "a=1", "--parameters", "a=2"], "the parameter `a` is given twice"),
            (&["--input=x"], "unexpected argument '--input' found"),
            (&["main.py"], "unexpected argument 'main.py' found"),
            (&["--template-container-args", "{"], "--template-container-args"),
            (&["--job-name", "A_B"], "--job-name"),
        ] {
            let error = parameters(arguments).unwrap_err();
            assert!(error.contains(told), "{arguments:?}: {error}");
        }
    }
}
