//! Whether launches that worked can lack a parameter that is required now.

use super::side::{Link, Side};
use crate::Parameter;
use crate::shorten::shorten;
use crate::triggers::{asks_for, value_when_absent};

/// What launches of the old version can do about a parameter that the new version requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lacking {
    /// Some can lack it and be asked for it.
    Possible,
    /// All that are asked for it had to give it before.
    AlwaysGiven,
    /// None is asked for it.
    NeverAsked,
}

/// What launches of the old version can do about this required parameter of the new one.
pub(super) fn lacking(parameter: &Parameter, old: &Side<'_>, new: &Side<'_>) -> Lacking {
    let links = new.parameter(&parameter.name).map(|parameter| new.links(parameter)).unwrap_or_default();
    if links.iter().any(|link| !can_hold(link, old)) {
        return Lacking::NeverAsked;
    }
    let was = old.parameter(&parameter.name).filter(|was| !was.is_optional());
    let was_asked = |was| {
        let before = old.links(was);
        let is_known = before.len() < crate::triggers::MOST_LINKS;
        is_known && before.iter().all(|before| links.iter().any(|now| follows(before, now, old)))
    };
    if was.is_some_and(was_asked) { Lacking::AlwaysGiven } else { Lacking::Possible }
}

/// Whether a launch of the old version can have the value that asks for the child.
fn can_hold(link: &Link<'_>, old: &Side<'_>) -> bool {
    let name = &link.parent.name;
    if asks_for(link.child, value_when_absent(link.parent)) && !old.always_given(name) {
        return true;
    }
    let Some(accepted) = old.accepted(name) else { return false };
    let triggers = &link.child.parent_trigger_values;
    triggers.is_empty() || triggers.iter().any(|value| accepted.takes(value))
}

/// Whether every launch of the old version that fulfils the link of today fulfilled the link of before.
fn follows(before: &Link<'_>, now: &Link<'_>, old: &Side<'_>) -> bool {
    let name = &now.parent.name;
    if before.parent.name != *name {
        return false;
    }
    let absent = !asks_for(now.child, value_when_absent(now.parent))
        || asks_for(before.child, value_when_absent(before.parent))
        || old.always_given(name);
    let asked_before = |value: &str| asks_for(before.child, Some(value));
    let triggers = &now.child.parent_trigger_values;
    let given = if triggers.is_empty() {
        before.child.parent_trigger_values.is_empty()
    } else {
        let can_be_given = |value: &str| old.accepted(name).is_some_and(|accepted| accepted.takes(value));
        triggers.iter().all(|value| asked_before(value) || !can_be_given(value))
    };
    absent && given
}

/// When the parent asks for a child, as in "required when …"; nothing for a parameter without a parent.
pub(super) fn condition(parameter: &Parameter, side: &Side<'_>) -> String {
    let links = side.links(parameter);
    let Some(link) = links.first() else { return String::new() };
    let shown = |value: &String| format!("{:?}", shorten(value, 80));
    let values: Vec<_> = link.child.parent_trigger_values.iter().take(5).map(shown).collect();
    let condition =
        if values.is_empty() { "has a value".to_owned() } else { format!("is {}", values.join(" or ")) };
    format!(" when `{}` {condition}", shorten(&link.parent.name, 80).escape_debug())
}
