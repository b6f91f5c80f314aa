//! The words of the pages of saved launches.

pub(crate) const NEW_TITLE: &str = "Save for next time";
pub(crate) const NEW_HELP: &str = "A saved launch stands first in the list. Whoever runs it fills in what you leave open, and nothing else.";
pub(crate) const EDIT_TITLE: &str = "Change a saved launch";
pub(crate) const TITLE: &str = "Title";
pub(crate) const TITLE_HELP: &str = "What people get when they run it, in a few words.";
pub(crate) const NAME: &str = "Name in addresses";
pub(crate) const NAME_HELP: &str =
    "Small letters, digits, and . _ -, such as donor-report. Without one it is made from the title.";
pub(crate) const OWNER: &str = "Owner";
pub(crate) const OWNER_HELP: &str = "Whom to ask about it.";
pub(crate) const NOTES: &str = "Notes";
pub(crate) const NOTES_HELP: &str = "What people should know before they run it.";
pub(crate) const MAY_RUN: &str = "Who may run it";
pub(crate) const MAY_RUN_HELP: &str = "A line each: a person as they sign in, or a group, such as group:accounting. Without any: everybody who may run the template.";
pub(crate) const PIN: &str = "Version of the template";
pub(crate) const NEWEST: &str = "Always the newest one";
pub(crate) const THIS: &str = "Always this one:";
pub(crate) const RUNNER: &str = "Where to run";
pub(crate) const RUNNER_OPEN: &str = "Whoever runs it may choose";
pub(crate) const VALUES: &str = "Values";
pub(crate) const VALUES_HELP: &str = "What is filled in here need not be filled in again.";
pub(crate) const ACCESS: &str = "Whoever runs it";
pub(crate) const EDITABLE: &str = "can change it";
pub(crate) const LOCKED: &str = "sees it, and can't change it";
pub(crate) const HIDDEN: &str = "does not see it";
pub(crate) const SAVE: &str = "Save";
pub(crate) const DELETE: &str = "Delete";
pub(crate) const CANCEL: &str = "Leave it as it is";
pub(crate) const OPTIONAL: &str = "optional";
pub(crate) const DELETE_TITLE: &str = "Delete this saved launch?";
pub(crate) const DELETE_HELP: &str = "It disappears from the list. Its jobs stay, and so does the template.";
pub(crate) const DELETE_YES: &str = "Yes, delete it";
pub(crate) const CONFLICT: &str = "Somebody else has changed this saved launch meanwhile. What you entered is below; saving it now replaces what they saved.";
pub(crate) const NO_TITLE: &str = "Enter a title.";
pub(crate) const NO_NAME: &str = "Enter a name for addresses: none can be made from this title.";
pub(crate) const GONE: &str = "This saved launch does not exist any more.";

pub(crate) fn taken(name: &str) -> String {
    format!("There is a saved launch called {name} already. Choose another name.")
}

pub(crate) fn wrong_name(name: &str) -> String {
    format!("“{name}” can't be a name. {NAME_HELP}")
}

pub(crate) fn wrong_who(text: &str) -> String {
    format!("“{text}” names nobody. {MAY_RUN_HELP}")
}

/// What is wrong with what is to be saved, by the word of whoever refuses it.
pub(crate) fn refused(reason: &str) -> String {
    format!("This can't be saved: {reason}.")
}
