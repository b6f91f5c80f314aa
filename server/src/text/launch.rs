//! The words of the page with the form, of the review, and of choosing a file.

use super::plain::Plain;

pub(crate) const FILL_IN: &str = "Fill in everything that is not marked as optional.";
pub(crate) const NOTHING_TO_FILL_IN: &str = "There is nothing to fill in.";
pub(crate) const OPTIONAL: &str = "optional";
pub(crate) const EXAMPLE: &str = "For example:";
pub(crate) const ERROR: &str = "Error:";
pub(crate) const BROWSE: &str = "Browse";
pub(crate) const LOCKED: &str = "Set by the saved launch.";
pub(crate) const NAME: &str = "Name";
pub(crate) const VALUE: &str = "Value";
pub(crate) const MORE_ROWS: &str = "Add more rows";
pub(crate) const HOW: &str = "How it runs";
pub(crate) const RUNNER: &str = "Where to run";
pub(crate) const RUNNER_HELP: &str = "If you don't know, leave it as it is.";
pub(crate) const RUNNER_MORE: &str = "What these are";
pub(crate) const RUNNER_USUAL: &str = "As usual";
pub(crate) const RUNNER_HERE: &str = "On this server";
pub(crate) const JOB_NAME: &str = "A name for the job";
pub(crate) const JOB_NAME_HELP: &str =
    "Small letters, digits and dashes, like donors-november. Without a name the job is given one.";
pub(crate) const OVERWRITE: &str = "Write over what is there already";
pub(crate) const REVIEW: &str = "Continue to review";
pub(crate) const REVIEW_HELP: &str = "Nothing runs before you have seen what will happen.";
pub(crate) const MAY_ONLY_LOOK: &str = "You can look at this form, but you can't run it.";
pub(crate) const CHANGES_DATA: &str =
    "This changes data that others use. Before it runs, you will be asked to type its name.";
pub(crate) const ABOUT: &str = "About this";
pub(crate) const OWNER: &str = "Owner";
pub(crate) const LAST_SUCCESS: &str = "Last success";
pub(crate) const NEVER: &str = "None yet";
pub(crate) const USUALLY: &str = "Usually takes";
pub(crate) const UNKNOWN: &str = "Not known yet";
pub(crate) const VERSION: &str = "Version";
pub(crate) const OLDER_VERSION: &str = "This is not the newest version.";
pub(crate) const SEE_NEWEST: &str = "Use the newest version";
pub(crate) const SEE_JOBS: &str = "See its jobs";
pub(crate) const TEMPLATE: &str = "Template";
pub(crate) const EDIT_CARD: &str = "Change this saved launch";
pub(crate) const STREAMING: &str = "It runs until somebody ends it.";
pub(crate) const RUN_AGAIN: &str = "You are running this job again:";
pub(crate) const OTHER_VERSION: &str =
    "The job had another version of the template. This form is that of the newest one.";
pub(crate) const SAME_VERSION: &str = "Use the version of then";
pub(crate) const CARD_CHANGED: &str =
    "This saved launch was changed while you had the form open. Look at it again before you run it.";
pub(crate) const ALREADY: &str = "You have run this form already:";
pub(crate) const ALREADY_HELP: &str =
    "What you entered since is another launch. To run it too, continue; there will be a second job.";

pub(crate) const REVIEW_TITLE: &str = "Is this right?";
pub(crate) const WILL_RUN: &str = "What will run";
pub(crate) const WRITES_TO: &str = "Where it writes";
pub(crate) const WRITES_NOWHERE: &str =
    "Its author does not say that it writes anywhere but to its own results.";
pub(crate) const VALUES: &str = "What you entered";
pub(crate) const NO_VALUES: &str = "Nothing: everything is left to the template.";
pub(crate) const NOT_SHOWN: &str = "Some more values are set by the saved launch and not shown.";
pub(crate) const WARNINGS: &str = "Before you run it";
pub(crate) const COMMAND: &str = "The same as a command";
pub(crate) const COMMAND_HELP: &str = "For those who work in a terminal, or want it to run at set times.";
pub(crate) const CONFIRM: &str = "Type the name to confirm";
pub(crate) const RUN: &str = "Run";
pub(crate) const CHANGE: &str = "Change something";
pub(crate) const SAVE_CARD: &str = "Save for next time";

pub(crate) const FILES_TITLE: &str = "Files in the bucket";
pub(crate) const CHOOSE_TITLE: &str = "Choose a file or folder";
pub(crate) const CHOOSE: &str = "Choose";
pub(crate) const CHOOSE_FOLDER: &str = "Choose this folder";
pub(crate) const CANCEL: &str = "Back without choosing";
pub(crate) const NAME_COLUMN: &str = "Name";
pub(crate) const SIZE: &str = "Size";
pub(crate) const WRITTEN: &str = "Written";
pub(crate) const EMPTY_FOLDER: &str = "There is nothing in this folder.";
pub(crate) const BUCKET: &str = "Bucket";
pub(crate) const MORE_FILES: &str =
    "There is more in this folder than is shown. Type the name in the form instead.";

pub(crate) fn no_card(name: &str) -> String {
    format!("There is no saved launch “{name}”, or it is not for you.")
}

pub(crate) fn choose_for(label: &Plain) -> String {
    format!("For “{label}”")
}

pub(crate) fn browse_for(label: &Plain) -> String {
    format!("Browse for “{label}”")
}

pub(crate) fn row(number: usize) -> String {
    format!("Parameter {number}")
}

pub(crate) fn confirm_help(name: &str) -> String {
    format!("This changes data that others use. Type {name} to show that you mean it.")
}

pub(crate) fn confirm_wrong(name: &str) -> String {
    format!("Type {name}, exactly as it is written here.")
}

pub(crate) fn output_exists(path: &str) -> String {
    format!(
        "There is something at {path} already. Choose another place, or tick “{OVERWRITE}” under “{HOW}”."
    )
}

pub(crate) fn secret_missing(reference: &str) -> String {
    format!(
        "The server can't read the secret {reference}. Look at its name, or ask whoever looks after this page."
    )
}

pub(crate) fn name_in_use(name: &str) -> String {
    format!("A job called {name} has not ended yet. Wait for it, or choose another name.")
}

pub(crate) fn wrong_job_name(name: &str) -> String {
    format!("“{name}” can't be the name of a job. {JOB_NAME_HELP}")
}

pub(crate) fn no_runner(name: &str) -> String {
    format!("There is no runner “{name}” for this. Choose another one.")
}

/// A reason that is the program's own sentence.
pub(crate) fn because(reason: &str) -> String {
    let mut letters = reason.chars();
    let reason: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    format!("{reason}. This is nothing that you can mend here: tell whoever looks after this page.")
}
