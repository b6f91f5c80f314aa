//! What is said at the door, in words.

pub(crate) const NO_ENTRY: &str = "You can't do that here";
pub(crate) const NO_ROLE: &str = "Nobody has given you the right to use this page yet.";
pub(crate) const SIGN_OUT: &str = "Sign out, to come in as somebody else";
pub(crate) const ASK_OPERATOR: &str = "Whoever looks after this page can give it to you.";
pub(crate) const READ_ONLY: &str = "This page is for reading only: nothing can be launched or changed here.";
pub(crate) const NOT_YOURS: &str = "You may look at this, but not do what you asked for.";

pub(crate) const WRONG_HOST: &str = "This page has another name";
pub(crate) const WRONG_HOST_DETAIL: &str = "The address that you used is not one that this page answers to.";
pub(crate) const WRONG_HOST_HINT: &str = "Use the address that you were given. Whoever looks after this page can add a name to `hosts` of [serve].";
pub(crate) const WRONG_ORIGIN: &str = "This was not sent from this page";
pub(crate) const WRONG_ORIGIN_DETAIL: &str =
    "Another page, or a program, tried to do something here in your name. Nothing was done.";
pub(crate) const WRONG_ORIGIN_HINT: &str = "If you pressed a button on this page: reload it and press again.";

pub(crate) const SIGN_IN_FIRST: &str = "Sign in first";
pub(crate) const SIGN_IN_DETAIL: &str = "This is only for people who have signed in.";
pub(crate) const SIGN_IN: &str = "Sign in";
pub(crate) const SIGN_IN_TAB: &str = "Sign in, in another tab";
pub(crate) const TOKEN_FIRST: &str = "This page belongs to whoever started it";
pub(crate) const TOKEN_FIRST_DETAIL: &str =
    "Open it with the whole address that `tmpl serve` printed, the one with a token in it. It works once.";
pub(crate) const TOKEN_FIRST_HINT: &str =
    "If it was used already, end `tmpl serve` and start it again: it prints a new one. Jobs go on meanwhile.";
pub(crate) const TOKEN_WRONG: &str = "This address was used already, or is not whole";
pub(crate) const PROXY_FIRST_DETAIL: &str =
    "The proxy in front of this page did not say who you are, or you did not come through it.";
pub(crate) const PROXY_FIRST_HINT: &str = "Use the address that you were given, and sign in there.";

pub(crate) const SIGN_IN_FAILED: &str = "Signing in did not work";
pub(crate) const SIGN_IN_FAILED_DETAIL: &str =
    "It took too long, was begun in another tab, or the provider did not agree.";
pub(crate) const SIGN_IN_FAILED_HINT: &str = "Try again from the start page. If it stays so, tell whoever looks after this page: the reason is in its log.";
pub(crate) const PROVIDER_AWAY: &str = "Signing in is not possible just now";
pub(crate) const PROVIDER_AWAY_DETAIL: &str =
    "The service that knows who people are does not answer as it should.";
pub(crate) const TOO_MANY_GROUPS: &str =
    "There is no room for all your groups; fewer must be named in the configuration.";

pub(crate) const SIGNED_OUT: &str = "You have signed out";
pub(crate) const SIGNED_OUT_DETAIL: &str = "This browser can't do anything here any more. Jobs go on.";
pub(crate) const SIGNED_OUT_THERE: &str = "You may still be signed in at the service that knows who you are: whoever uses this browser next could come in again.";
pub(crate) const SIGN_OUT_THERE: &str = "Sign out there, too";

pub(crate) const ONWARDS: &str = "One moment";
pub(crate) const GO_ON: &str = "Go on";

pub(crate) const SEND_AGAIN: &str = "Send again";
pub(crate) const OLD_PAGE: &str = "Please send it once more";
pub(crate) const OLD_PAGE_DETAIL: &str = "You have signed in again since you opened the page that you came from. What you entered is still here; nothing was done with it yet.";
pub(crate) const SESSION_OVER: &str = "You are not signed in any more";
pub(crate) const SESSION_OVER_DETAIL: &str = "What you entered is still on this page; nothing was done with it yet. Sign in in another tab, come back here and send it again.";
pub(crate) const SESSION_OVER_TOKEN: &str = "What you entered is still on this page; nothing was done with it yet. Open the address that `tmpl serve` prints in another tab, \
     come back here and send it again.";

pub(crate) const FORM_REFUSED: &str = "What was sent can't be read";
pub(crate) const NO_FORM: &str =
    "It is not a form of this page: those are sent as application/x-www-form-urlencoded.";
pub(crate) const FORM_TOO_LARGE: &str = "It is larger than 1 MiB. A long text is better put into a file in the bucket, and the file's address into the form.";
pub(crate) const TOO_MANY_FIELDS: &str = "It has more than 2,000 fields.";
pub(crate) const NO_TEXT: &str =
    "Something in it is not text: it is not UTF-8, or has a NUL character in it.";
pub(crate) const NOT_YOUR_CARD: &str =
    "This saved launch is for other people. You may look at it, but not run it.";

pub(crate) fn no_role(name: &str) -> String {
    format!("You have signed in as {name}. {NO_ROLE}")
}
