//! `/`: what can be launched.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::frame::{Frame, Place, page};
use super::measure::{Length, Moment};
use crate::Shared;
use crate::catalogue::{Catalogue, Item, Usual};
use crate::door::{Action, Person};
use crate::problem::Problem;
use crate::text::find as text;
use crate::text::plain::{Plain, is_unseen};

/// So many are shown on a page.
const SHOWN: usize = 40;
/// Searches are shown as far as this.
const LONGEST_QUERY: usize = 200;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
    /// How many are shown already.
    from: usize,
}

#[derive(Template)]
#[template(path = "find.html")]
struct FindPage {
    frame: Frame,
    query: String,
    said: String,
    bucket: String,
    items: Vec<Group>,
    more: Option<String>,
}

/// Items under one title.
struct Group {
    title: &'static str,
    items: Vec<Line>,
}

/// An item as the page shows it.
struct Line {
    address: String,
    title: Plain,
    sentence: Plain,
    owner: Option<Plain>,
    mutates: bool,
    problem: Option<&'static str>,
    last_success: Option<Moment>,
    usual: Option<Length>,
}

impl Line {
    fn of(item: &Item, usual: Usual) -> Self {
        Self {
            address: item.address.clone(),
            title: item.title.clone(),
            sentence: item.sentence.clone(),
            owner: item.owner.clone(),
            mutates: item.mutates,
            problem: item.problem,
            last_success: usual.last_success.map(Moment),
            usual: usual.duration.map(Length),
        }
    }
}

/// `GET /`.
pub(super) async fn find(
    State(server): State<Shared>,
    person: Person,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    person.may(Action::View, None)?;
    // Nobody looks for what nobody sees.
    let seen = asked.q.trim().chars().filter(|c| !is_unseen(*c));
    let query: String = seen.take(LONGEST_QUERY).collect();
    let items = Catalogue::items(&server).await?;
    let found = Catalogue::find(&items, &query, |item| may_see(&person, item));
    let lines: Vec<(bool, Line)> = {
        let runs = Catalogue::runs(&server).await?;
        let shown = found.iter().skip(asked.from).take(SHOWN);
        shown.map(|item| (item.is_card(), Line::of(item, runs.usual(&item.template)))).collect()
    };
    let end = asked.from.saturating_add(SHOWN);
    let more = (found.len() > end).then(|| more(&query, end));
    page(&FindPage {
        frame: Frame::new(&person, Place::Run),
        said: text::count(found.len()),
        bucket: server.bucket.to_string(),
        items: grouped(lines, query.is_empty()),
        query,
        more,
    })
}

/// Whether something is worth being shown to a person: a saved launch that is for others only to who may change it.
fn may_see(person: &Person, item: &Item) -> bool {
    let template = &item.template;
    let runs = |card| person.may_run_card(card).is_ok() || person.can(Action::EditCard, Some(template));
    person.sees(template) && item.card.as_ref().is_none_or(runs)
}

fn more(query: &str, from: usize) -> String {
    let pairs = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("q", query)
        .append_pair("from", &from.to_string())
        .finish();
    format!("/?{pairs}")
}

/// Saved launches and templates apart; what was searched for, the best first.
fn grouped(lines: Vec<(bool, Line)>, apart: bool) -> Vec<Group> {
    if !apart {
        let items: Vec<Line> = lines.into_iter().map(|(_, line)| line).collect();
        return if items.is_empty() { Vec::new() } else { vec![Group { title: text::FOUND, items }] };
    }
    let (cards, templates): (Vec<_>, Vec<_>) = lines.into_iter().partition(|(is_card, _)| *is_card);
    [(text::CARDS, cards), (text::TEMPLATES, templates)]
        .into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(title, lines)| Group { title, items: lines.into_iter().map(|(_, line)| line).collect() })
        .collect()
}
