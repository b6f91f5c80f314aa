//! Rules for conditional parameters.

use crate::lint::context::{Context, Declared};
use crate::lint::findings::{Draft, Findings};
use crate::lint::values::refusal;
use crate::lint::{Code, SHOWN};
use crate::shorten::shorten;
use crate::{EnumOption, nearest};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let mut unknown = 0;
    for declared in &context.parameters {
        match declared.parameter.parent_name.as_deref().filter(|name| !name.is_empty()) {
            None => check_childless(declared, findings),
            Some(name) => {
                if let Some(parent) = context.parameter(name) {
                    check_child(declared, parent, findings);
                } else {
                    unknown += 1;
                    report_unknown(context, declared, name, unknown, findings);
                }
            }
        }
        check_group(declared, findings);
    }
    check_cycles(context, findings);
}

fn check_childless(declared: &Declared<'_>, findings: &mut Findings) {
    // Google's build tool writes one empty value where there is no parent.
    if declared.parameter.parent_trigger_values.iter().any(|value| !value.is_empty()) {
        let place = declared.key("parentTriggerValues");
        let message =
            "these are values of a parent, and there is no `parentName`: the parameter is always asked for";
        let draft = Draft::at(Code::TriggersWithoutParent, &place, message);
        findings.add(draft.hint("name the parent in `parentName`, or leave them out"));
    }
}

fn check_group(declared: &Declared<'_>, findings: &mut Findings) {
    let is_given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    if is_given(&declared.parameter.group_name) && is_given(&declared.parameter.parent_name) {
        let message = "a group counts only without a parent: the parameter is shown beside its parent";
        let draft = Draft::at(Code::GroupBesideParent, &declared.key("groupName"), message);
        findings.add(draft.hint("leave out `groupName`"));
    }
}

fn report_unknown(
    context: &Context<'_>,
    declared: &Declared<'_>,
    parent: &str,
    count: usize,
    findings: &mut Findings,
) {
    /// All names are compared for each guess: who is that often wrong has not mistyped one.
    const GUESSES: usize = 20;
    let names = context.parameters.iter().map(|declared| declared.parameter.name.as_str());
    let names = names.filter(|name| *name != declared.parameter.name);
    let near = if count <= GUESSES { nearest(parent, names) } else { None };
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "declare the parent, or leave out `parentName`".to_owned(),
    };
    let message =
        format!("no parameter is called `{}`: the parameter is always asked for", shorten(parent, SHOWN));
    findings.add(Draft::at(Code::UnknownParent, &declared.key("parentName"), message).hint(hint));
}

fn check_child(declared: &Declared<'_>, parent: &Declared<'_>, findings: &mut Findings) {
    let child = declared.parameter;
    if !child.is_optional() {
        let place = declared.place.get("isOptional").unwrap_or_else(|| declared.key("parentName"));
        let message = format!(
            "`{}` is required, and Google's service has demanded such a child even where `{}` does not ask for it",
            child.name, parent.parameter.name
        );
        let draft = Draft::at(Code::RequiredChild, &place, message);
        findings.add(draft.hint("write `\"isOptional\": true`, and let the program say what it lacks"));
    }
    check_triggers(declared, parent, findings);
}

fn check_triggers(declared: &Declared<'_>, parent: &Declared<'_>, findings: &mut Findings) {
    let parent = parent.parameter;
    if parent.secret() {
        return;
    }
    let triggers = declared.parameter.parent_trigger_values.iter().enumerate();
    for (index, trigger) in triggers.filter(|(_, trigger)| !trigger.is_empty()) {
        let Some(refusal) = refusal(parent, trigger) else { continue };
        let message =
            format!("`{}` is never {:?}: the value {refusal}", parent.name, shorten(trigger, SHOWN));
        let near = nearest(trigger, parent.enum_options.iter().map(EnumOption::value));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write a value that the parent can have".to_owned(),
        };
        let place = declared.text("parentTriggerValues", trigger, index);
        findings.add(Draft::at(Code::ParentNeverTriggers, &place, message).hint(hint));
    }
}

/// Reports each circle of parents once, at its first parameter.
fn check_cycles(context: &Context<'_>, findings: &mut Findings) {
    let parent = |index: usize| {
        let name = context.parameters.get(index)?.parameter.parent_name.as_deref()?;
        context.index(name)
    };
    // The walk that came by: a walk that meets itself is in a circle, one that meets an earlier one learns nothing new.
    let mut walks: Vec<Option<usize>> = vec![None; context.parameters.len()];
    for walk in 0..walks.len() {
        let mut at = Some(walk);
        while let Some(index) = at {
            match walks.get_mut(index) {
                Some(seen @ None) => *seen = Some(walk),
                Some(Some(seen)) if *seen == walk => {
                    report_cycle(context, index, parent, findings);
                    break;
                }
                _ => break,
            }
            at = parent(index);
        }
    }
}

fn report_cycle(
    context: &Context<'_>,
    member: usize,
    parent: impl Fn(usize) -> Option<usize>,
    findings: &mut Findings,
) {
    let mut circle = vec![member];
    let mut at = parent(member);
    while let Some(index) = at.filter(|index| *index != member) {
        circle.push(index);
        at = parent(index);
    }
    let first = circle.iter().enumerate().min_by_key(|(_, index)| **index).map_or(0, |(at, _)| at);
    circle.rotate_left(first);
    let Some(declared) = circle.first().and_then(|first| context.parameters.get(*first)) else { return };
    let names = circle.iter().filter_map(|index| context.parameters.get(*index));
    let mut names: Vec<_> = names.map(|declared| format!("`{}`", declared.parameter.name)).collect();
    names.push(format!("`{}`", declared.parameter.name));
    let message = match circle.len() {
        1 => "the parameter is its own parent: nothing ever asks for it".to_owned(),
        _ => format!("these parameters wait for each other: {}", shorten(&names.join(" → "), 200)),
    };
    let draft = Draft::at(Code::ParentCycle, &declared.key("parentName"), message);
    findings.add(draft.hint("leave out one `parentName`"));
}
