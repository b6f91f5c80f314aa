//! `/browse`: people's own folders and files in the bucket, to be looked at. Within a form the same is looked at to choose something.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::frame::{Frame, Place, page};
use super::launch::{FileLine, Shown, Step};
use super::state::Icon;
use crate::Shared;
use crate::door::{Action, Person};
use crate::problem::Problem;
use crate::text::launch as text;

/// Where to look.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    at: String,
}

#[derive(Template)]
#[template(path = "browse.html")]
struct BrowsePage {
    frame: Frame,
    steps: Vec<Step>,
    folders: Vec<Step>,
    files: Vec<FileLine>,
    more: bool,
}

/// `GET /browse?at=PATH`.
pub(super) async fn browse(
    State(server): State<Shared>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    // Files say what people work on: who can't run anything has no need of them.
    person.may(Action::Launch, None)?;
    let Shown { steps, folders, files, more, .. } = Shown::read(&server.bucket, &asked.at).await?;
    page(&BrowsePage { frame: Frame::new(&person, Place::Run), steps, folders, files, more })
}
