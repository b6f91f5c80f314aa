//! Choosing a file or a folder of the bucket for a field, with everything that was entered kept meanwhile.

use askama::Template;
use axum::response::Response;
use tmpl_bucket::{Bucket, Folder};
use tmpl_template::Parameter;

use super::input::get;
use crate::Shared;
use crate::door::Person;
use crate::page::frame::{Frame, Place, page};
use crate::page::measure::{Moment, Size};
use crate::page::state::Icon;
use crate::problem::Problem;
use crate::text::launch as text;
use crate::text::plain::Plain;

/// Names are shown as far as this.
const LONGEST_NAME: usize = 200;
/// So many entries of a folder are shown.
const SHOWN: usize = 500;

/// A step on the way to a folder.
pub(crate) struct Step {
    pub(crate) name: Plain,
    pub(crate) path: String,
}

/// A file of a folder.
pub(crate) struct FileLine {
    pub(crate) name: Plain,
    /// How it is written in a parameter.
    pub(crate) address: String,
    pub(crate) size: Size,
    pub(crate) modified: Moment,
}

/// A folder of the bucket, as it is shown.
pub(crate) struct Shown {
    pub(crate) steps: Vec<Step>,
    pub(crate) folders: Vec<Step>,
    pub(crate) files: Vec<FileLine>,
    pub(crate) more: bool,
    /// How the folder itself is written in a parameter; nothing for the whole bucket.
    pub(crate) here: Option<String>,
}

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage<'a> {
    frame: Frame,
    action: &'a str,
    label: &'a Plain,
    field: &'a str,
    hidden: Vec<(String, String)>,
    steps: Vec<Step>,
    folders: Vec<Step>,
    files: Vec<FileLine>,
    more: bool,
    here: Option<String>,
}

impl Shown {
    /// Reads a folder, by its path in the bucket.
    pub(crate) async fn read(bucket: &Bucket, path: &str) -> Result<Self, Problem> {
        let path = path.trim_matches('/');
        let Folder { folders, files } = bucket.folder_at(path).await?;
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        let more = folders.len() + files.len() > SHOWN;
        let step = |name: String| Step { path: below(&name), name: Plain::line(&name, LONGEST_NAME) };
        let folders: Vec<Step> = folders.into_iter().take(SHOWN).map(step).collect();
        let room = SHOWN - folders.len();
        let files = files.into_iter().take(room).map(|file| FileLine {
            address: bucket.place_of(&below(&file.name)),
            name: Plain::line(&file.name, LONGEST_NAME),
            size: Size(file.size),
            modified: Moment(file.modified),
        });
        let here = (!path.is_empty()).then(|| format!("{}/", bucket.place_of(path)));
        Ok(Self { files: files.collect(), folders, more, here, steps: steps(path) })
    }
}

/// The way to a folder.
fn steps(path: &str) -> Vec<Step> {
    let mut steps = vec![Step { name: Plain::own(text::BUCKET), path: String::new() }];
    let mut at = String::new();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        if !at.is_empty() {
            at.push('/');
        }
        at.push_str(name);
        steps.push(Step { name: Plain::line(name, LONGEST_NAME), path: at.clone() });
    }
    steps
}

/// The folder to begin with: that of the value, where it lies in the bucket.
fn begin(bucket: &Bucket, value: Option<&str>) -> String {
    let root = format!("{}/", bucket.place_of("").trim_end_matches('/'));
    let below = value.and_then(|value| value.strip_prefix(&root)).unwrap_or_default();
    below.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()
}

/// What a form that was sent says about choosing something of the bucket.
pub(crate) enum Choosing<'a> {
    /// A folder is looked at.
    Looks(Looks<'a>),
    /// A value was chosen for a parameter, which has this field.
    Chosen { field: String, parameter: &'a Parameter, value: String },
    /// It is for a field that is not there.
    Lost,
}

/// A folder that is looked at, to choose something for a field.
pub(crate) struct Looks<'a> {
    field: String,
    pub(crate) parameter: &'a Parameter,
    /// Its path in the bucket; where the value lies, to begin with.
    at: Option<String>,
}

impl<'a> Choosing<'a> {
    /// What was sent, where it is about choosing.
    pub(crate) fn of(declared: &'a [Parameter], fields: &[(String, String)]) -> Option<Self> {
        let sent =
            |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
        let (chosen, at, field) = (sent("choose"), sent("at"), sent("browse"));
        let looks = get(fields, "action").is_empty() && (at.is_some() || field.is_some());
        if chosen.is_none() && !looks {
            return None;
        }
        let field = field.unwrap_or_default();
        let index = field.strip_prefix("p-").and_then(|index| index.parse::<usize>().ok());
        Some(match (index.and_then(|index| declared.get(index)), chosen) {
            (Some(parameter), None) => Self::Looks(Looks { field, parameter, at }),
            (Some(parameter), Some(value)) => Self::Chosen { field, parameter, value },
            (None, _) => Self::Lost,
        })
    }
}

impl Looks<'_> {
    /// Draws the folder. `hidden` is everything that was entered, and `value` what is in the field.
    pub(crate) async fn draw(
        &self,
        server: &Shared,
        person: &Person,
        action: &str,
        hidden: Vec<(String, String)>,
        value: Option<&str>,
    ) -> Result<Response, Problem> {
        let at = self.at.clone().unwrap_or_else(|| begin(&server.bucket, value));
        let Shown { steps, folders, files, more, here } = Shown::read(&server.bucket, &at).await?;
        page(&ChoosePage {
            frame: Frame::new(person, Place::Run),
            action,
            label: &Plain::line(&self.parameter.label, LONGEST_NAME),
            field: &self.field,
            hidden,
            steps,
            folders,
            files,
            more,
            here,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_folder_has_a_step_for_each_part() {
        let said: Vec<_> =
            steps("data/in").into_iter().map(|step| (step.name.to_string(), step.path)).collect();
        let expected = [("Bucket", ""), ("data", "data"), ("in", "data/in")];
        assert_eq!(said, expected.map(|(name, path)| (name.to_owned(), path.to_owned())));
    }

    #[tokio::test]
    async fn it_begins_where_the_value_lies() {
        let folder = tempfile::tempdir().unwrap();
        let bucket = Bucket::open(&folder.path().to_str().unwrap().parse().unwrap()).unwrap();
        let inside = bucket.place_of("data/in/a.txt");
        for (value, at) in [
            (Some(inside.as_str()), "data/in"),
            (Some("s3://other/data/x"), ""),
            (Some("data/in/x"), ""),
            (None, ""),
        ] {
            assert_eq!(begin(&bucket, value), at, "{value:?}");
        }
    }
}
