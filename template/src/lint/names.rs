//! Rules for the names of parameters.

use crate::Language;
use crate::lint::Code;
use crate::lint::context::{Context, Declared};
use crate::lint::findings::{Draft, Findings};
use crate::option_name::is_option_name;
use crate::pipeline_options::{PipelineOption, reserved};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for (index, declared) in context.parameters.iter().enumerate() {
        let name = declared.parameter.name.as_str();
        if name.is_empty() {
            continue;
        }
        if context.index(name).is_some_and(|first| first != index) {
            let message = format!("`{name}` is declared already, and the first declaration counts");
            let draft = Draft::at(Code::DuplicateName, &declared.key("name"), message);
            findings.add(draft.hint("remove one of them, or name it otherwise"));
        }
        check_shape(declared, context.language(), findings);
        check_builtin(declared, context.language(), findings);
    }
}

fn check_shape(declared: &Declared<'_>, language: Option<&Language>, findings: &mut Findings) {
    let name = &declared.parameter.name;
    let (message, hint) = if !is_option_name(name) {
        let message = format!("{name:?} can be the name of no option: every launch that gives it is refused");
        (message, "a name is letters, digits, `_`, `.` and `-`, the first one a letter or `_`")
    } else if language == Some(&Language::Java) && name.contains(['-', '.']) {
        let message = format!("no option of a Java pipeline can be called `{name}`");
        (message, "name it in camel case, like `inputFile`")
    } else {
        return;
    };
    findings.add(Draft::at(Code::ParameterName, &declared.key("name"), message).hint(hint));
}

/// An option that every pipeline has already gets its value twice, or is asked for in vain.
fn check_builtin(declared: &Declared<'_>, language: Option<&Language>, findings: &mut Findings) {
    let name = &declared.parameter.name;
    let message = if reserved(name).is_some() {
        format!("`{name}` is decided by whoever launches the job, and the program would be given it twice")
    } else if matches!(name.as_str(), "project" | "region") {
        format!("`{name}` is an option of every pipeline that Google's service sets itself")
    } else {
        match PipelineOption::named(name, language).map(PipelineOption::environment_field) {
            None => return,
            Some(Some(field)) => format!(
                "`{name}` is an option of every pipeline: a launch gives it as `{field}` of its environment, and Google's \
                 service refuses it in both places"
            ),
            Some(None) => format!("`{name}` is an option of Beam, which takes the value for itself"),
        }
    };
    let draft = Draft::at(Code::BuiltinOption, &declared.key("name"), message);
    findings.add(draft.hint("leave it out, or choose another name for an option of your own"));
}
