//! Who has which role, on which template.

use tmpl_template::{TemplateName, Who};

use super::{Role, TemplatePattern};
use crate::settings::Settings;

/// How many bytes of groups are kept with a session, beside those that mean something here.
const ROOM_FOR_GROUPS: usize = 1800;

/// The roles of people, and the rules of templates. A value: whoever asks gets the same answer.
#[derive(Debug)]
pub(crate) struct Access {
    everywhere: Grants,
    rules: Vec<(TemplatePattern, Grants)>,
    read_only: bool,
}

/// To whom which role is given.
#[derive(Debug, Default)]
struct Grants {
    everyone: Option<Role>,
    named: Vec<(Role, Vec<Who>)>,
}

impl Grants {
    /// The highest role that somebody is given.
    fn role(&self, name: &str, groups: &[String]) -> Option<Role> {
        let given = self.named.iter().filter(|(_, who)| who.iter().any(|who| who.is(name, groups)));
        given.map(|(role, _)| *role).max().max(self.everyone)
    }

    fn is_empty(&self) -> bool {
        self.everyone.is_none() && self.named.iter().all(|(_, who)| who.is_empty())
    }

    fn groups(&self) -> impl Iterator<Item = &str> {
        self.named.iter().flat_map(|(_, who)| who).filter_map(|who| match who {
            Who::Group(group) => Some(group.as_str()),
            Who::Person(_) => None,
        })
    }
}

impl Access {
    /// What the operator's configuration says.
    pub(crate) fn of(settings: &Settings) -> Self {
        let roles = &settings.roles;
        let given = vec![
            (Role::View, roles.view.clone()),
            (Role::Run, roles.run.clone()),
            (Role::Author, roles.author.clone()),
            (Role::Admin, roles.admin.clone()),
        ];
        let about = settings.rules.iter().map(|rule| {
            let named = vec![
                (Role::View, rule.view.clone()),
                (Role::Run, rule.run.clone()),
                (Role::Author, rule.author.clone()),
            ];
            (rule.templates.clone(), Grants { everyone: rule.everyone, named })
        });
        Self {
            everywhere: Grants { everyone: roles.everyone, named: given },
            rules: about.collect(),
            read_only: settings.read_only,
        }
    }

    /// Whoever comes in may do everything: on loopback, where that is whoever started the server.
    pub(crate) fn of_owner(settings: &Settings) -> Self {
        let everywhere = Grants { everyone: Some(Role::Admin), named: Vec::new() };
        Self { everywhere, rules: Vec::new(), read_only: settings.read_only }
    }

    /// Whether nobody may come in at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.everywhere.is_empty() && self.rules.iter().all(|(_, grants)| grants.is_empty())
    }

    /// Whether nothing can be changed here.
    pub(crate) fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Somebody's groups, as many as a session has room for, and how many of them mean something here: those come first. The others
    /// may mean something to a card.
    pub(crate) fn fitting_groups(&self, mut groups: Vec<String>) -> (Vec<String>, usize) {
        let grants = || std::iter::once(&self.everywhere).chain(self.rules.iter().map(|(_, grants)| grants));
        let is_known = |group: &String| grants().any(|grants| grants.groups().any(|known| known == group));
        groups.sort_by_cached_key(|group| (!is_known(group), group.clone()));
        groups.dedup();
        let known = groups.iter().filter(|group| is_known(group)).count();
        let mut room = ROOM_FOR_GROUPS;
        let fitting = groups.iter().take_while(|group| {
            let (left, fits) = room.overflowing_sub(group.len() + 4);
            room = left;
            !fits
        });
        let fitting = fitting.count().max(known);
        groups.truncate(fitting);
        (groups, known)
    }

    /// A person's role: on a template, or where it is about none. Whoever has a role on some template may look around.
    pub(crate) fn role(
        &self,
        name: &str,
        groups: &[String],
        template: Option<&TemplateName>,
    ) -> Option<Role> {
        let everywhere = self.everywhere.role(name, groups);
        if everywhere == Some(Role::Admin) {
            return everywhere;
        }
        match template {
            Some(template) => match self.rules.iter().find(|(pattern, _)| pattern.fits(template)) {
                Some((_, grants)) => grants.role(name, groups),
                None => everywhere,
            },
            None => everywhere.or_else(|| {
                let named = self.rules.iter().any(|(_, grants)| grants.role(name, groups).is_some());
                named.then_some(Role::View)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(rules: &str) -> Access {
        Access::of(&toml::from_str(rules).unwrap())
    }

    #[test]
    fn the_first_rule_about_a_template_decides_alone() {
        let access = access(
            r#"
            [roles]
            everyone = "view"
            run = ["ada", "group:ops"]
            author = ["bob"]
            admin = ["root"]
            [[rules]]
            templates = "payroll-open"
            everyone = "view"
            run = ["group:accounting"]
            [[rules]]
            templates = "payroll-*"
            run = ["group:accounting"]
            author = ["cleo"]
            "#,
        );
        let role = |name: &str, groups: &[&str], template: Option<&str>| {
            let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
            access.role(name, &groups, template.map(|name| name.parse().unwrap()).as_ref())
        };
        for (name, groups, template, expected) in [
            ("eve", &[][..], None, Some(Role::View)),
            ("eve", &[], Some("wordcount"), Some(Role::View)),
            ("eve", &[], Some("payroll-open"), Some(Role::View)),
            ("eve", &[], Some("payroll-closed"), None),
            ("ada", &[], Some("wordcount"), Some(Role::Run)),
            ("ada", &[], Some("payroll-closed"), None),
            ("dan", &["ops"], Some("wordcount"), Some(Role::Run)),
            ("dan", &["accounting"], Some("wordcount"), Some(Role::View)),
            ("dan", &["accounting"], Some("payroll-closed"), Some(Role::Run)),
            ("bob", &[], Some("payroll-open"), Some(Role::View)),
            ("cleo", &[], Some("payroll-closed"), Some(Role::Author)),
            ("root", &[], Some("payroll-closed"), Some(Role::Admin)),
            ("accounting", &[], Some("payroll-closed"), None),
            ("group:accounting", &[], Some("payroll-closed"), None),
        ] {
            assert_eq!(role(name, groups, template), expected, "{name} {groups:?} {template:?}");
        }
    }

    #[test]
    fn whoever_has_a_role_somewhere_may_look_around_and_nobody_else() {
        let access = access("[[rules]]\ntemplates = \"a\"\nrun = [\"ada\"]");
        assert_eq!(access.role("ada", &[], None), Some(Role::View));
        assert_eq!(access.role("ada", &[], Some(&"b".parse().unwrap())), None);
        assert_eq!(access.role("bob", &[], None), None);
        assert!(!access.is_empty() && super::Access::of(&Settings::default()).is_empty());
    }

    #[test]
    fn groups_that_mean_something_come_first_and_the_rest_as_far_as_there_is_room() {
        let access =
            access("[roles]\nrun = [\"group:b\"]\n[[rules]]\ntemplates = \"a\"\nview = [\"group:y\"]");
        let groups = ["d", "y", "b", "b", "a"].map(str::to_owned).to_vec();
        assert_eq!(access.fitting_groups(groups), (["b", "y", "a", "d"].map(str::to_owned).to_vec(), 2));
        let many = (0..1000).map(|n| format!("group-{n:04}")).chain(["b".to_owned()]).collect();
        let (kept, known) = access.fitting_groups(many);
        assert!(known == 1 && kept[0] == "b" && (50..500).contains(&kept.len()), "{}", kept.len());
    }
}
