//! A form: sections, fields, and a summary of what is wrong.

use std::collections::{HashMap, HashSet};

use tmpl_template::{Parameter, asked_for};

use super::condition::Condition;
use super::field::{Field, id};
use super::order::{self, Placed};
use super::problems::{FieldProblem, Problems};
use super::{Entered, FIELD, parameters};
use crate::text::form as text;
use crate::text::plain::{Plain, first_unseen};

/// Titles of groups are shown as far as this.
const LONGEST_TITLE: usize = 200;
/// How many empty rows there are for parameters that nobody declares.
const EMPTY_ROWS: usize = 3;

/// What a saved launch says of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// It is shown, and can't be changed.
    Locked,
    /// It is not shown.
    Hidden,
}

/// A form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// Its parts, in order.
    pub(crate) sections: Vec<Section>,
    /// Fields that are not shown and whose values go with the others: name and value.
    pub(crate) carried: Vec<(String, String)>,
    /// Parameters that the template does not declare, where there is room for some.
    pub(crate) other: Option<Other>,
    /// All that is wrong, in the order of the page.
    pub(crate) problems: Vec<FieldProblem>,
}

/// Fields that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    /// The id of its heading.
    pub(crate) id: String,
    /// The author's title for them.
    pub(crate) title: Option<Plain>,
    /// What must be filled in.
    pub(crate) fields: Vec<Field>,
    /// What can be left out.
    pub(crate) folded: Option<Folded>,
}

/// Fields that are folded away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Folded {
    /// What is said instead of them.
    pub(crate) title: Plain,
    /// How many of them have another value than usual, in words.
    pub(crate) changed: Option<String>,
    /// Whether they are shown: something in them is wrong, or is not as usual.
    pub(crate) open: bool,
    /// The fields.
    pub(crate) fields: Vec<Field>,
}

/// Rows of names and values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Other {
    /// What they are for.
    pub(crate) help: &'static str,
    /// The rows, empty ones last.
    pub(crate) rows: Vec<OtherRow>,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherRow {
    /// The id of the name's field.
    pub(crate) id: String,
    /// The number that people read.
    pub(crate) number: usize,
    /// The name.
    pub(crate) name: String,
    /// The value.
    pub(crate) value: String,
    /// Whether the value has several lines.
    pub(crate) long: bool,
    /// What is odd about the value.
    pub(crate) remark: Option<String>,
    /// What is wrong with the row.
    pub(crate) problems: Vec<Plain>,
}

impl Form {
    /// Draws a form.
    pub(crate) fn draw(
        declared: &[Parameter],
        entered: &Entered,
        problems: &Problems,
        locks: &HashMap<String, Lock>,
    ) -> Self {
        let asked = asked_for(declared, &parameters(declared, entered).0);
        let pencil = Pencil { declared, entered, problems, locks, asked };
        let mut form = Self::default();
        for (number, group) in order::groups(declared).into_iter().enumerate() {
            let fields = pencil.fields(&group.needed, &mut form.carried);
            let optional = pencil.fields(&group.optional, &mut form.carried);
            let title = group.title.map(|title| Plain::line(title, LONGEST_TITLE));
            let folded_title = match &title {
                Some(_) => Plain::own(text::folded(optional.len())),
                None => Plain::own(text::OPTIONAL),
            };
            if fields.is_empty() && optional.is_empty() {
                continue;
            }
            form.sections.push(Section {
                id: format!("section-{number}"),
                title,
                fields,
                folded: (!optional.is_empty()).then(|| Folded::of(folded_title, optional)),
            });
        }
        form.other = other(declared, entered, problems);
        form.problems = form.summary(problems);
        form
    }

    /// All fields, in the order of the page.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.sections.iter().flat_map(|section| {
            section.fields.iter().chain(section.folded.iter().flat_map(|folded| &folded.fields))
        })
    }

    fn summary(&self, problems: &Problems) -> Vec<FieldProblem> {
        let of_field = |field: &Field| {
            let anchor = if field.control.is_group() { format!("{}-0", field.id) } else { field.id.clone() };
            let line =
                move |message: &Plain| FieldProblem { field: Some(anchor.clone()), message: message.clone() };
            field.problems.iter().map(line).collect::<Vec<_>>()
        };
        let of_row = |row: &OtherRow| {
            let line =
                |message: &Plain| FieldProblem { field: Some(row.id.clone()), message: message.clone() };
            row.problems.iter().map(line).collect::<Vec<_>>()
        };
        let rows = self.other.iter().flat_map(|other| &other.rows);
        let mut all: Vec<FieldProblem> =
            self.fields().flat_map(of_field).chain(rows.flat_map(of_row)).collect();
        let fields: HashSet<&str> =
            self.fields().filter_map(|field| field.name.strip_prefix(FIELD)).collect();
        let rows = self.other.iter().flat_map(|other| &other.rows);
        let rows: HashSet<&str> = rows.map(|row| row.name.as_str()).collect();
        // Nothing that is wrong is left unsaid.
        let beside = problems.beside(|name| fields.contains(name) || rows.contains(name));
        let beside = beside.map(|message| FieldProblem { field: None, message: message.clone() });
        let unsaid = problems.general.iter().filter(|problem| !all.contains(problem)).cloned();
        let general: Vec<FieldProblem> = unsaid.chain(beside).collect();
        all.extend(general);
        all
    }
}

impl Folded {
    fn of(title: Plain, fields: Vec<Field>) -> Self {
        let changed = fields.iter().filter(|field| field.changed).count();
        Self {
            title,
            changed: (changed > 0).then(|| text::changed(changed)),
            open: changed > 0 || fields.iter().any(|field| !field.problems.is_empty()),
            fields,
        }
    }
}

/// What fields are drawn with.
struct Pencil<'a> {
    declared: &'a [Parameter],
    entered: &'a Entered,
    problems: &'a Problems,
    locks: &'a HashMap<String, Lock>,
    asked: Vec<bool>,
}

impl Pencil<'_> {
    /// The fields of these parameters. What is not to be shown goes along unseen, unless something is wrong with it.
    fn fields(&self, placed: &[Placed], carried: &mut Vec<(String, String)>) -> Vec<Field> {
        let mut fields = Vec::new();
        for &Placed { index, depth } in placed {
            let parameter = &self.declared[index];
            let lock = self.locks.get(&parameter.name).copied();
            let wrong = self.problems.of_parameter(&parameter.name);
            let unseen = parameter.hidden_ui == Some(true) || lock == Some(Lock::Hidden);
            let mut field = Field::of(index, parameter, self.entered, wrong).at_depth(depth);
            if unseen && wrong.is_empty() {
                // What a saved launch hides, it says itself.
                if lock.is_none() && !field.value.is_empty() {
                    let value = self.entered.shown(parameter).unwrap_or_default().to_owned();
                    carried.push((field.name, value));
                }
                continue;
            }
            field.locked = lock.is_some();
            field.asked = self.asked.get(index).copied().unwrap_or(true);
            field.condition = self.condition(parameter);
            fields.push(field);
        }
        fields
    }

    fn condition(&self, child: &Parameter) -> Option<Condition> {
        let parent = child.parent_name.as_deref()?;
        let index = self.declared.iter().position(|parameter| parameter.name == parent)?;
        Some(Condition::of(child, &self.declared[index], id(index)))
    }
}

/// Rows for what the template does not declare: where it declares nothing, and where something was entered.
fn other(declared: &[Parameter], entered: &Entered, problems: &Problems) -> Option<Other> {
    if !declared.is_empty() && entered.other.is_empty() {
        return None;
    }
    let empty = std::iter::repeat_n((String::new(), String::new()), EMPTY_ROWS);
    let row = |(number, (name, value)): (usize, (String, String))| {
        let id = format!("other-{number}");
        let of_name = if name.is_empty() { &[][..] } else { problems.of_parameter(&name) };
        OtherRow {
            problems: problems.of_field(&id).chain(of_name).cloned().collect(),
            number: number + 1,
            long: value.contains('\n'),
            remark: first_unseen(&value).map(text::unseen),
            id,
            name,
            value,
        }
    };
    Some(Other {
        help: if declared.is_empty() { text::ANY_HELP } else { text::OTHER_HELP },
        rows: entered.other.iter().cloned().chain(empty).enumerate().map(row).collect(),
    })
}

#[cfg(test)]
mod tests {
    use tmpl_template::{Metadata, RawParameters, TemplateSpec, check};

    use super::*;

    const METADATA: &str = r#"{"name": "T", "parameters": [
        {"name": "input", "label": "Input", "helpText": "Files.", "paramType": "GCS_READ_FILE"},
        {"name": "filter", "label": "Filter", "helpText": "h", "paramType": "BOOLEAN", "defaultValue": "false"},
        {"name": "words", "label": "Words", "helpText": "h", "parentName": "filter", "parentTriggerValues": ["true"]},
        {"name": "size", "label": "Size", "helpText": "h", "isOptional": true, "defaultValue": "10", "groupName": "Target"},
        {"name": "unit", "label": "Unit", "helpText": "h", "isOptional": true},
        {"name": "inner", "label": "Inner", "helpText": "h", "isOptional": true, "hiddenUi": true},
        {"name": "key", "label": "Key", "helpText": "h", "isOptional": true, "customMetadata": {"tmpl.secret": "true", "tmpl.pass": "env"}}
    ]}"#;

    fn declared() -> Vec<Parameter> {
        Metadata::parse(METADATA).unwrap().parameters
    }

    fn entered(values: &[(&str, &str)]) -> Entered {
        let fields: Vec<_> = values.iter().map(|(n, v)| (format!("p.{n}"), (*v).to_owned())).collect();
        Entered::sent(&declared(), &fields)
    }

    fn checked(entered: &Entered) -> Problems {
        let spec = TemplateSpec::from(Metadata::parse(METADATA).unwrap());
        let (raw, _) = parameters(&declared(), entered);
        check(&spec, &raw.into()).err().map(|found| Problems::of(&declared(), &found)).unwrap_or_default()
    }

    fn field<'a>(form: &'a Form, name: &str) -> &'a Field {
        form.fields().find(|field| field.name == format!("p.{name}")).unwrap()
    }

    #[test]
    fn a_fresh_form_has_the_defaults_and_folds_what_can_be_left_out() {
        let form =
            Form::draw(&declared(), &Entered::fresh(&declared()), &Problems::default(), &HashMap::new());
        let titles: Vec<_> = form.sections.iter().map(|s| s.title.as_ref().map(Plain::as_str)).collect();
        assert_eq!(titles, [None, Some("Target"), None]);
        let folded: Vec<_> = form.sections.iter().filter_map(|section| section.folded.as_ref()).collect();
        let said: Vec<_> = folded.iter().map(|folded| (folded.title.as_str(), folded.open)).collect();
        assert_eq!(said, [("1 optional setting", false), ("Optional settings", false)]);
        assert_eq!(field(&form, "size").value, "10");
        let words = field(&form, "words");
        assert_eq!((words.asked, words.depth, words.id.as_str()), (false, 1, "p-2"));
        assert_eq!(words.condition.as_ref().unwrap().words.as_str(), "Only if “Filter” is “Yes”.");
        assert_eq!(field(&form, "filter").when_empty, "false");
        assert!(form.problems.is_empty() && form.carried.is_empty() && form.other.is_none());
        assert!(form.fields().all(|field| field.name != "p.inner"));
    }

    #[test]
    fn errors_stand_in_the_order_of_the_page_and_open_what_they_are_in() {
        let entered = entered(&[("key", "hunter2"), ("unit", "\u{202e}kg"), ("filter", "true")]);
        let form = Form::draw(&declared(), &entered, &checked(&entered), &HashMap::new());
        let links: Vec<_> = form.problems.iter().map(|problem| problem.field.as_deref().unwrap()).collect();
        assert_eq!(links, ["p-0", "p-2", "p-6"]);
        assert!(form.sections.last().unwrap().folded.as_ref().unwrap().open);
        assert_eq!(field(&form, "unit").value, "\u{202e}kg", "a value is kept as it is");
        assert!(field(&form, "unit").remark.as_ref().unwrap().contains("202e"));
        assert_eq!(field(&form, "key").value, "", "but for what may be a secret");
        assert!(field(&form, "words").asked);
    }

    #[test]
    fn what_is_not_shown_goes_along_unless_it_is_wrong() {
        let entered = entered(&[("inner", "deep")]);
        let draw = |problems: &Problems, locks: &HashMap<String, Lock>| {
            Form::draw(&declared(), &entered, problems, locks)
        };
        let form = draw(&Problems::default(), &HashMap::new());
        assert_eq!(form.carried, [("p.inner".to_owned(), "deep".to_owned())]);
        let mut problems = Problems::default();
        problems.add("inner", "It is wrong.");
        let form = draw(&problems, &HashMap::new());
        assert!(form.carried.is_empty());
        assert_eq!(field(&form, "inner").problems.len(), 1);
        let locks = HashMap::from([("inner".to_owned(), Lock::Hidden), ("input".to_owned(), Lock::Locked)]);
        let form = draw(&Problems::default(), &locks);
        assert!(form.carried.is_empty(), "a saved launch says that itself");
        assert!(field(&form, "input").locked);
    }

    #[test]
    fn a_template_without_declarations_takes_names_and_values() {
        let mut raw = RawParameters::new();
        raw.insert("a", "1\n2").unwrap();
        let entered = Entered::of_launch(&[], &raw);
        let form = Form::draw(&[], &entered, &Problems::default(), &HashMap::new());
        let other = form.other.unwrap();
        assert_eq!(other.rows.len(), 4);
        assert_eq!((other.rows[0].name.as_str(), other.rows[0].long, other.rows[3].number), ("a", true, 4));
        let entered = Entered { other: vec![(String::new(), "x".to_owned())], ..Entered::default() };
        let (_, problems) = parameters(&[], &entered);
        let form = Form::draw(&[], &entered, &problems, &HashMap::new());
        assert_eq!(form.problems.len(), 1);
        assert_eq!(form.other.unwrap().rows[0].problems.len(), 1);
        let mut problems = Problems::default();
        problems.add("gone", "The template has no “gone”.");
        let entered = Entered { other: vec![("gone".to_owned(), "x".to_owned())], ..Entered::default() };
        let form = Form::draw(&declared(), &entered, &problems, &HashMap::new());
        assert_eq!(form.problems[0].field.as_deref(), Some("other-0"));
    }

    #[test]
    fn labels_of_any_length_and_kind_are_drawn() {
        let long = "x".repeat(10_000);
        let text = format!(
            r#"{{"name": "T", "parameters": [{{"name": "{long}", "label": "{long}", "helpText": "<b>{long}", "groupName": "{long}",
               "customMetadata": {{"tmpl.example": "{long}", "tmpl.unit": "{long}", "tmpl.message": "{long}"}}, "regexes": ["^y"]}}]}}"#
        );
        let metadata = Metadata::parse(&text).unwrap();
        let entered = Entered::fresh(&metadata.parameters)
            .with_link(&metadata.parameters, [(long.as_str(), "<script>alert(1)</script>")].into_iter());
        let spec = TemplateSpec::from(metadata.clone());
        let (raw, _) = parameters(&metadata.parameters, &entered);
        let problems = Problems::of(&metadata.parameters, &check(&spec, &raw.into()).unwrap_err());
        let form = Form::draw(&metadata.parameters, &entered, &problems, &HashMap::new());
        let field = form.fields().next().unwrap();
        assert!(field.label.as_str().len() < 400 && field.help.as_str().len() < 5000);
        assert_eq!((field.id.as_str(), field.value.as_str()), ("p-0", "<script>alert(1)</script>"));
        assert!(form.problems[0].message.as_str().len() < 1100);
    }
}
