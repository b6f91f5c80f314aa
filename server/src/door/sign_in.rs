//! Coming in and going out: the pages of that.

use askama::Template;
use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{LOCATION, REFRESH, SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;
use tmpl_bucket::{Submitter, causes};

use super::fields::way_on;
use super::openid::{Answer, OpenIdError};
use super::{Posted, Visit, Way};
use crate::Shared;
use crate::problem::{Problem, wrong_method as problem_of_method};
use crate::text::{door as text, problem};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/open", get(open))
        .route("/sign-in", get(begin))
        .route("/sign-in/callback", get(finish))
        .route("/sign-out", post(sign_out))
        .route("/signed-out", get(signed_out))
}

/// Where to go from here. A browser that comes from another site sends no strict cookie until a page of ours leads on.
#[derive(Template)]
#[template(path = "onwards.html")]
struct Onwards<'a> {
    to: &'a str,
}

pub(super) fn onwards(to: &str) -> Response {
    match ((Onwards { to }).render(), HeaderValue::from_str(&format!("0; url={to}"))) {
        (Ok(page), Ok(refresh)) => ([(REFRESH, refresh)], Html(page)).into_response(),
        _ => see_other(to),
    }
}

fn see_other(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response(),
        Err(_) => Problem::not_found(problem::NOTHING_HERE_DETAIL).into_response(),
    }
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: String,
}

/// The printed address: its token becomes a session.
async fn open(
    State(server): State<Shared>,
    axum::Extension(visit): axum::Extension<Visit>,
    method: Method,
    headers: HeaderMap,
    query: Result<Query<Token>, QueryRejection>,
) -> Result<Response, Problem> {
    let door = &server.door;
    let Way::Token(token) = &door.way else { return Err(Problem::not_found(problem::NOTHING_HERE_DETAIL)) };
    if method == Method::HEAD {
        return Err(problem_of_method().await);
    }
    if is_only_looking_ahead(&headers) {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, text::ONWARDS, text::TOKEN_FIRST_DETAIL));
    }
    if visit.person.is_some() {
        return Ok(see_other("/"));
    }
    let shown = query.map(|Query(query)| query.token).unwrap_or_default();
    if !token.take(&shown) {
        return Err(
            Problem::refused(text::TOKEN_WRONG, text::TOKEN_FIRST_DETAIL).hint(text::TOKEN_FIRST_HINT)
        );
    }
    let response = come_in(&server, &visit, &headers, server.user.clone(), Vec::new()).await?;
    Ok((response, see_other("/")).into_response())
}

/// Whether a browser or a preview asks for a page that nobody has asked for.
fn is_only_looking_ahead(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz"].iter().any(|name| {
        let value = headers.get(*name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.contains("prefetch") || value.contains("preview")
    })
}

/// Lets somebody in: a session that has nothing to do with one there was before.
async fn come_in(
    server: &Shared,
    visit: &Visit,
    headers: &HeaderMap,
    name: String,
    groups: Vec<String>,
) -> Result<[(HeaderName, HeaderValue); 1], Problem> {
    let door = &server.door;
    let submitter = Submitter { who: name.clone(), host: visit.host() };
    let (groups, known) = door.access.fitting_groups(groups);
    let subject = json!({ "door": door.way.word(), "groups": groups[..known] });
    let session = door.sessions.begin(name, groups);
    let cookie = session.and_then(|session| Some((door.sessions.cookie(&session)?, session)));
    let (cookie, session) =
        cookie.ok_or_else(|| Problem::refused(text::SIGN_IN_FAILED, text::TOO_MANY_GROUPS))?;
    let browser = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let written = async {
        server.bucket.audit(&submitter, "sign in", subject).await?;
        door.sessions.note(&server.bucket, &session, visit.host(), browser).await
    };
    match written.await {
        // Whoever may only read can't write down that they do.
        Err(error) if !server.settings.read_only => Err(error.into()),
        _ => Ok([(SET_COOKIE, cookie)]),
    }
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    to: String,
}

/// Sends the browser to the provider.
async fn begin(
    State(server): State<Shared>,
    axum::Extension(visit): axum::Extension<Visit>,
    headers: HeaderMap,
    query: Result<Query<Wish>, QueryRejection>,
) -> Result<Response, Problem> {
    let to = way_on(&query.map(|Query(wish)| wish.to).unwrap_or_default());
    let Way::OpenId(provider) = &server.door.way else { return Ok(see_other(&to)) };
    if visit.person.is_some() {
        return Ok(see_other(&to));
    }
    // An image of another site's page must not take the place of a sign-in that is going on.
    if headers.get("sec-fetch-dest").is_some_and(|destination| destination != "document") {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, text::SIGN_IN_FIRST, text::SIGN_IN_DETAIL));
    }
    let (address, cookie) =
        provider.begin(server.door.sessions.seal(), to).await.map_err(|error| failed(&error))?;
    Ok(([(SET_COOKIE, cookie)], see_other(address.as_str())).into_response())
}

/// Takes the browser back from the provider.
async fn finish(
    State(server): State<Shared>,
    axum::Extension(visit): axum::Extension<Visit>,
    headers: HeaderMap,
    query: Result<Query<Answer>, QueryRejection>,
) -> Result<Response, Problem> {
    let door = &server.door;
    let Way::OpenId(provider) = &door.way else {
        return Err(Problem::not_found(problem::NOTHING_HERE_DETAIL));
    };
    let answer = query.map(|Query(answer)| answer).unwrap_or_default();
    let found =
        provider.finish(door.sessions.seal(), &headers, answer).await.map_err(|error| failed(&error))?;
    let cookie = come_in(&server, &visit, &headers, found.name, found.groups).await?;
    let mut response = (cookie, onwards(&found.to)).into_response();
    if let Some(forgotten) = provider.forget() {
        response.headers_mut().append(SET_COOKIE, forgotten);
    }
    Ok(response)
}

fn failed(error: &OpenIdError) -> Problem {
    let cause = error.to_string();
    match error {
        OpenIdError::Provider { .. } => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, text::PROVIDER_AWAY, text::PROVIDER_AWAY_DETAIL)
                .hint(problem::TRY_AGAIN)
        }
        _ => Problem::refused(text::SIGN_IN_FAILED, text::SIGN_IN_FAILED_DETAIL)
            .hint(text::SIGN_IN_FAILED_HINT),
    }
    .cause(cause)
}

/// Ends the session: here, and wherever a copy of its cookie is shown.
async fn sign_out(State(server): State<Shared>, posted: Posted) -> Result<Response, Problem> {
    let door = &server.door;
    let mut response = see_other("/signed-out");
    if let Some(session) = &posted.person.0.session {
        if let Some(cookie) = door.sessions.end(session) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        if let Some(mark) = session.mark()
            && let Err(error) = door.sessions.end_noted(&server.bucket, session, &mark).await
        {
            server.log.note("other servers don't know of a sign-out", Some(&causes(&error).join(": ")));
        }
        let forget = HeaderValue::from_static("\"cache\"");
        response.headers_mut().insert(HeaderName::from_static("clear-site-data"), forget);
        let told = server.audit(&posted.person, "sign out", json!({ "door": door.way.word() })).await;
        // Whoever wants to leave leaves, whether or not it can be written down.
        drop(told);
    }
    Ok(response)
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut<'a> {
    detail: &'a str,
    sign_in: Option<&'a str>,
    provider: Option<&'a str>,
}

async fn signed_out(State(server): State<Shared>) -> Response {
    let provider = match &server.door.way {
        Way::OpenId(provider) => provider.sign_out().await,
        Way::Token(_) | Way::Proxy(_) => None,
    };
    let is_openid = matches!(server.door.way, Way::OpenId(_));
    let page = SignedOut {
        detail: if provider.is_some() { text::SIGNED_OUT_THERE } else { text::SIGNED_OUT_DETAIL },
        sign_in: is_openid.then_some("/sign-in"),
        provider: provider.as_ref().map(url::Url::as_str),
    };
    match page.render() {
        Ok(page) => Html(page).into_response(),
        Err(_) => text::SIGNED_OUT.into_response(),
    }
}
