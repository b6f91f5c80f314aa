//! The order of a form's fields: what must be filled in first, then the author's groups, then what can be left out; children
//! directly after their parents.

use std::collections::HashMap;

use tmpl_template::Parameter;

/// Parents of parents beyond these are none: nobody's form is so deep, and parents may stand in a circle.
const DEEPEST: usize = 100;

/// A parameter in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// Which parameter.
    pub(super) index: usize,
    /// How many parents it is below.
    pub(super) depth: usize,
}

/// Parameters that stand together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group<'a> {
    /// The author's name for them.
    pub(super) title: Option<&'a str>,
    /// What must be filled in, with children.
    pub(super) needed: Vec<Placed>,
    /// What can be left out, with children.
    pub(super) optional: Vec<Placed>,
}

/// The groups of a form. The first one has what must be filled in without a group, the last one what can be left out without one.
pub(super) fn groups(declared: &[Parameter]) -> Vec<Group<'_>> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (index, parameter) in declared.iter().enumerate() {
        // Of two declarations the first counts.
        first.entry(parameter.name.as_str()).or_insert(index);
    }
    let counts = |index: usize| first.get(declared[index].name.as_str()) == Some(&index);
    let parent = |index: usize| first.get(declared[index].parent_name.as_deref()?).copied();
    let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut roots = Vec::new();
    for index in (0..declared.len()).filter(|index| counts(*index)) {
        match parent(index).filter(|_| ends(index, &parent)) {
            Some(parent) => children.entry(parent).or_default().push(index),
            None => roots.push(index),
        }
    }
    let mut groups = vec![Group::default()];
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut last = Group::default();
    for root in roots {
        let parameter = &declared[root];
        let title = parameter.group_name.as_deref().filter(|title| !title.trim().is_empty());
        let group = match title {
            None if parameter.is_optional() => &mut last,
            None => &mut groups[0],
            Some(title) => {
                let place = *places.entry(title).or_insert_with(|| {
                    groups.push(Group { title: Some(title), ..Group::default() });
                    groups.len() - 1
                });
                &mut groups[place]
            }
        };
        let to = if parameter.is_optional() { &mut group.optional } else { &mut group.needed };
        // Depth first, in the author's order.
        let mut waiting = vec![Placed { index: root, depth: 0 }];
        while let Some(placed) = waiting.pop() {
            to.push(placed);
            let below = children.get(&placed.index).into_iter().flatten().rev();
            waiting.extend(below.map(|&index| Placed { index, depth: placed.depth + 1 }));
        }
    }
    groups.push(last);
    groups.retain(|group| !group.needed.is_empty() || !group.optional.is_empty());
    groups
}

/// Whether the parents of a parameter come to an end.
fn ends(index: usize, parent: &impl Fn(usize) -> Option<usize>) -> bool {
    let mut at = index;
    for _ in 0..DEEPEST {
        match parent(at) {
            Some(above) => at = above,
            None => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use tmpl_template::Metadata;

    use super::*;

    /// The groups of parameters given as `name?<parent#group`, each as `title: needed | optional`.
    fn laid_out(parameters: &[&str]) -> Vec<String> {
        let declared: Vec<String> = parameters
            .iter()
            .map(|said| {
                let (said, group) = said.split_once('#').unwrap_or((said, ""));
                let (name, parent) = said.split_once('<').unwrap_or((said, ""));
                let mut keys = format!(
                    "\"name\": \"{}\", \"label\": \"L\", \"helpText\": \"h\", \"isOptional\": {}",
                    name.trim_end_matches('?'),
                    name.ends_with('?')
                );
                if !parent.is_empty() {
                    let _ = write!(keys, ", \"parentName\": \"{parent}\"");
                }
                if !group.is_empty() {
                    let _ = write!(keys, ", \"groupName\": \"{group}\"");
                }
                format!("{{{keys}}}")
            })
            .collect();
        let text = format!("{{\"name\": \"T\", \"parameters\": [{}]}}", declared.join(","));
        let declared = Metadata::parse(&text).unwrap().parameters;
        let names = |placed: &[Placed]| {
            let named =
                |placed: &Placed| format!("{}{}", ">".repeat(placed.depth), declared[placed.index].name);
            placed.iter().map(named).collect::<Vec<_>>().join(" ")
        };
        let line = |group: &Group<'_>| {
            format!("{}: {} | {}", group.title.unwrap_or("-"), names(&group.needed), names(&group.optional))
        };
        groups(&declared).iter().map(line).collect()
    }

    #[test]
    fn needed_first_then_groups_then_the_rest() {
        assert_eq!(
            laid_out(&["a?", "b", "c#Source", "d?#Target", "e#Source", "f?#Source", "g"]),
            ["-: b g | ", "Source: c e | f", "Target:  | d", "-:  | a"]
        );
        assert_eq!(laid_out(&[]), Vec::<String>::new());
    }

    #[test]
    fn children_follow_their_parents_wherever_they_are_declared() {
        assert_eq!(
            laid_out(&["e<d", "b?<a#Elsewhere", "a", "c<a", "d?<b", "z"]),
            ["-: a >b >>d >>>e >c z | "]
        );
        assert_eq!(
            laid_out(&["a?", "b<a"]),
            ["-:  | a >b"],
            "what depends on an optional one stands with it"
        );
    }

    #[test]
    fn there_is_a_form_of_any_metadata() {
        assert_eq!(laid_out(&["a<b", "b<a", "c<c", "d<nobody", "e<a"]), ["-: a b c d e | "]);
        assert_eq!(laid_out(&["a", "a?", "b<a"]), ["-: a >b | "]);
        let deep: Vec<String> = (0..300).map(|n| format!("p{n}<p{}", n + 1)).collect();
        let deep: Vec<&str> = deep.iter().map(String::as_str).collect();
        assert_eq!(laid_out(&deep)[0].matches('p').count(), 300);
    }
}
