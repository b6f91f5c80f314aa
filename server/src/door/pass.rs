//! What stands before every route: for whom a request may be, where it may come from, who it comes from.

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{ACCEPT, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Door, Visit, Way, again, fields, origin, posted, sign_in};
use crate::Shared;
use crate::problem::Problem;
use crate::text::door as text;

/// What is open to whoever has not come in.
const OPEN: [&str; 7] =
    ["/healthz", "/readyz", "/metrics", "/open", "/sign-in", "/sign-in/callback", "/signed-out"];
/// And everything below this.
const OPEN_FOLDER: &str = "/assets/";
/// What is asked for by a machine's address, not by a name.
const NAMELESS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];
/// What goes on by itself as long as a page is open.
const WATCHING: &str = "/jobs/{id}/events";
/// Stands before every route.
pub(crate) async fn pass(State(server): State<Shared>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (visit, cookie) = server.door.visit(&parts);
    let visit = server.door.looked_up(&server.bucket, visit).await;
    parts.extensions.insert(visit.clone());
    let entered = match server.door.refusal(&parts, &visit) {
        None => Ok(Request::from_parts(parts.clone(), body)),
        Some(refusal) => Err((refusal, body)),
    };
    let mut response = match entered {
        Ok(request) => next.run(request).await,
        Err((Refusal::Problem(problem), _)) => problem.into_response(),
        Err((Refusal::SignInFirst, body)) => server.door.stranger(&parts, body).await,
    };
    if let Some(problem) = response.extensions().get::<Problem>()
        && problem.refused
    {
        server.audit_refusal(&visit, &parts, problem);
    }
    // A page that is left open is not somebody who uses it.
    if let Some(cookie) = cookie
        && route(&parts) != WATCHING
        && !response.headers().contains_key(SET_COOKIE)
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response.extensions_mut().insert(visit);
    response
}

fn route(parts: &Parts) -> &str {
    parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default()
}

/// Why a request gets no further.
enum Refusal {
    Problem(Problem),
    SignInFirst,
}

impl Door {
    fn refusal(&self, parts: &Parts, visit: &Visit) -> Option<Refusal> {
        let route = route(parts);
        if !NAMELESS.contains(&route) && !self.names.are_asked_for(parts) {
            let problem =
                Problem::new(StatusCode::MISDIRECTED_REQUEST, text::WRONG_HOST, text::WRONG_HOST_DETAIL);
            let problem = Problem { refused: true, ..problem.hint(text::WRONG_HOST_HINT) };
            return Some(Refusal::Problem(problem));
        }
        if !origin::is_safe(&parts.method) && !self.names.are_origin_of(&parts.headers) {
            let problem = Problem::refused(text::WRONG_ORIGIN, text::WRONG_ORIGIN_DETAIL);
            return Some(Refusal::Problem(problem.hint(text::WRONG_ORIGIN_HINT)));
        }
        if OPEN.contains(&route) || route.starts_with(OPEN_FOLDER) {
            return None;
        }
        let Some(person) = &visit.person else { return Some(Refusal::SignInFirst) };
        if person.role(None).is_none() && route != "/sign-out" {
            let problem = Problem::refused(text::NO_ENTRY, text::no_role(person.name()));
            let sign_out = person.can_sign_out().then(|| person.csrf().into());
            return Some(Refusal::Problem(Problem { sign_out, ..problem.hint(text::ASK_OPERATOR) }));
        }
        None
    }

    /// What somebody is told who has not come in.
    async fn stranger(&self, parts: &Parts, body: Body) -> Response {
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !origin::is_safe(&parts.method) {
            let sign_in = matches!(self.way, Way::OpenId(_)).then_some("/sign-in");
            return match posted::read(&parts.headers, body).await {
                Ok(fields) if parts.method == Method::POST => again::after_signing_in(parts, sign_in, fields),
                _ => self.sign_in_first().into_response(),
            };
        }
        let is_page = header(ACCEPT.as_str()).contains("text/html") || header("sec-fetch-mode") == "navigate";
        if !is_page {
            return self.sign_in_first().into_response();
        }
        let way = fields::way_on(parts.uri.path_and_query().map_or("/", |way| way.as_str()));
        // A strict cookie is not sent where another site's page led here: our own page leads on, and then it is.
        let from_elsewhere = matches!(header("sec-fetch-site"), "cross-site" | "same-site");
        if from_elsewhere && header("sec-fetch-dest") == "document" && !matches!(self.way, Way::Proxy(_)) {
            return sign_in::onwards(&way);
        }
        match self.way {
            Way::OpenId(_) => {
                let to = utf8_percent_encode(&way, NON_ALPHANUMERIC);
                Redirect::to(&format!("/sign-in?to={to}")).into_response()
            }
            Way::Token(_) | Way::Proxy(_) => self.sign_in_first().into_response(),
        }
    }

    fn sign_in_first(&self) -> Problem {
        let problem = |title, detail| Problem::new(StatusCode::UNAUTHORIZED, title, detail);
        match self.way {
            Way::Token(_) => {
                problem(text::TOKEN_FIRST, text::TOKEN_FIRST_DETAIL).hint(text::TOKEN_FIRST_HINT)
            }
            Way::OpenId(_) => problem(text::SIGN_IN_FIRST, text::SIGN_IN_DETAIL),
            Way::Proxy(_) => {
                problem(text::SIGN_IN_FIRST, text::PROXY_FIRST_DETAIL).hint(text::PROXY_FIRST_HINT)
            }
        }
    }
}
