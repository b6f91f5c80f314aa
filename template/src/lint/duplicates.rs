//! Keys that are written more than once: the last one counts, as for gcloud, and the others are lost without a word.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::lint::context::Context;
use crate::lint::findings::{Draft, Findings};
use crate::lint::place::{Member, Place};
use crate::lint::{Code, Fix};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    if context.root.may_repeat_keys() {
        check_value(&context.root, findings);
    }
}

fn check_value(place: &Place<'_>, findings: &mut Findings) {
    let members: Vec<Member<'_, '_>> = place.members().collect();
    let last: HashMap<Cow<'_, str>, usize> =
        members.iter().enumerate().map(|(index, member)| (member.name(), index)).collect();
    for (index, member) in members.iter().enumerate() {
        let counting =
            last.get(&member.name()).filter(|last| **last > index).and_then(|last| members.get(*last));
        if let Some(counting) = counting {
            let message =
                format!("`{}` is written again below, and only the last one is read", member.name());
            let is_the_same = counting.written() == member.written();
            let next = members.get(index + 1).filter(|_| is_the_same);
            let fix = next.map(|next| Fix::replace("remove it", member.key().start..next.key().start, ""));
            let draft = Draft::at_key(Code::DuplicateKey, member, message);
            findings.add(draft.hint("keep the one that is meant").fix(fix));
        }
        if member.is_nested() {
            check_value(&member.place(), findings);
        }
    }
    place.items().filter(Place::is_nested).for_each(|item| check_value(&item, findings));
}
