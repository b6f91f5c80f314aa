//! Sessions: a sealed cookie each, so that any server with the same key knows them, and what was signed out of.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tmpl_bucket::{Bucket, BucketError, OpenSession, SessionMark, SessionOwner};

use super::seal::{Seal, random_name};

/// What session cookies are sealed for.
const PURPOSE: &str = "session";
/// And what the name of a door and its key is made for.
const NOTED: &str = "noted sessions";
/// What a browser says of itself is kept so far.
const LONGEST_BROWSER: usize = 300;
/// Browsers keep no larger cookie.
const LARGEST_COOKIE: usize = 4000;
/// The bucket is asked so often whether somebody has signed out at another server, and is waited for so long.
const ASKED_AGAIN: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(2);
/// So many sessions are kept in mind at most, before those are let go of that are asked for anew anyway.
const MOST_ASKED: usize = 10_000;
/// A cookie is made anew when so many parts of the idle time are over: not at every request.
const RENEWED_AFTER: i64 = 10;

/// Somebody who came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// What tells it from others. It is made when somebody comes in, never taken from a request.
    pub(super) id: String,
    /// The door that they came through: a session of one door does not open another.
    pub(super) way: String,
    pub(super) name: String,
    pub(super) groups: Vec<String>,
    /// When it was last used, and when it is over in any case, in seconds.
    pub(super) seen: i64,
    pub(super) until: i64,
}

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetime {
    /// Without being used.
    pub(super) idle: SignedDuration,
    /// In any case.
    pub(super) longest: SignedDuration,
}

/// Makes sessions, and knows them again.
#[derive(Debug)]
pub(crate) struct Sessions {
    seal: Seal,
    way: String,
    cookie: CookieName,
    lifetime: Lifetime,
    /// Sessions that were signed out of, until they would have been over anyway.
    ended: Mutex<HashMap<String, i64>>,
    /// What is written down of sessions, so that their owners see them and end them from anywhere. Nothing where there is one session.
    noted: Option<Noted>,
}

/// Sessions of which the bucket knows.
#[derive(Debug)]
struct Noted {
    /// What tells this door and its key from others.
    realm: String,
    /// When the bucket was asked whether a session was signed out of.
    asked: Mutex<HashMap<String, Instant>>,
}

/// The name of a cookie, and what goes with it.
#[derive(Clone, Debug)]
pub(super) struct CookieName {
    pub(super) name: String,
    pub(super) secure: bool,
}

impl CookieName {
    /// Over TLS browsers keep a cookie of such a name from other hosts and other ports' pages without TLS. Without TLS the port is
    /// part of the name: on one machine all ports share their cookies.
    pub(super) fn new(name: &str, secure: bool, port: u16) -> Self {
        let name = if secure { format!("__Host-tmpl-{name}") } else { format!("tmpl-{name}-{port}") };
        Self { name, secure }
    }

    /// A cookie of this name.
    pub(super) fn with(&self, value: &str, same_site: &str, seconds: i64) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let name = &self.name;
        let cookie =
            format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={seconds}{secure}");
        HeaderValue::from_str(&cookie).ok().filter(|cookie| cookie.len() <= LARGEST_COOKIE)
    }

    /// The values that a browser sends under this name.
    pub(super) fn values<'a>(&'a self, headers: &'a HeaderMap) -> impl Iterator<Item = &'a str> {
        let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let cookies = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        cookies.filter(|(name, _)| *name == self.name).map(|(_, value)| value)
    }
}

impl Sessions {
    /// With `noted`, people may have several sessions, at several servers.
    pub(super) fn new(seal: Seal, way: String, cookie: CookieName, lifetime: Lifetime, noted: bool) -> Self {
        let realm = noted.then(|| seal.derived(way.as_bytes(), NOTED)).flatten();
        let noted =
            realm.map(|realm| Noted { realm: URL_SAFE_NO_PAD.encode(realm), asked: Mutex::default() });
        Self { seal, way, cookie, lifetime, ended: Mutex::default(), noted }
    }

    /// What cookies are sealed with.
    pub(super) fn seal(&self) -> &Seal {
        &self.seal
    }

    /// A new session. Whatever session there was before has nothing to do with it.
    pub(super) fn begin(&self, name: String, groups: Vec<String>) -> Option<Session> {
        let now = now();
        let id = random_name().ok()?;
        let until = now.saturating_add(self.lifetime.longest.as_secs());
        Some(Session { id, way: self.way.clone(), name, groups, seen: now, until })
    }

    /// The session of a request.
    pub(super) fn of(&self, headers: &HeaderMap) -> Option<Session> {
        let mut sessions = self.cookie.values(headers).filter_map(|value| self.opened(value));
        sessions.find(|session| !self.is_over(session))
    }

    fn opened(&self, value: &str) -> Option<Session> {
        if value.len() > LARGEST_COOKIE {
            return None;
        }
        serde_json::from_slice(&self.seal.open(PURPOSE, value)?).ok()
    }

    /// Whether a session opens nothing any more.
    pub(crate) fn is_over(&self, session: &Session) -> bool {
        session.way != self.way || now() >= self.end_of(session) || self.was_ended(&session.id)
    }

    /// When it is over if it is not used again, in seconds.
    fn end_of(&self, session: &Session) -> i64 {
        session.seen.saturating_add(self.lifetime.idle.as_secs()).min(session.until)
    }

    fn was_ended(&self, id: &str) -> bool {
        self.ended.lock().is_ok_and(|ended| ended.contains_key(id))
    }

    /// The cookie of a session; none where its groups don't fit into one.
    pub(super) fn cookie(&self, session: &Session) -> Option<HeaderValue> {
        let sealed = self.seal.seal(PURPOSE, &serde_json::to_vec(session).ok()?)?;
        self.cookie.with(&sealed, "Strict", (self.end_of(session) - now()).max(0))
    }

    /// The cookie of a session that is used, where it is time for a new one.
    pub(super) fn renewed(&self, session: &Session) -> Option<HeaderValue> {
        let now = now();
        if now - session.seen < self.lifetime.idle.as_secs() / RENEWED_AFTER {
            return None;
        }
        self.cookie(&Session { seen: now, ..session.clone() })
    }

    /// Ends a session: from now on its cookie opens nothing here, whoever has a copy of it. Returns what makes the browser forget it.
    pub(super) fn end(&self, session: &Session) -> Option<HeaderValue> {
        let now = now();
        if let Ok(mut ended) = self.ended.lock() {
            ended.retain(|_, until| *until > now);
            ended.insert(session.id.clone(), session.until);
        }
        self.cookie.with("", "Strict", 0)
    }

    /// Whether people see their sessions.
    pub(super) fn are_noted(&self) -> bool {
        self.noted.is_some()
    }

    /// Writes down that a session has begun, where people see theirs.
    pub(super) async fn note(
        &self,
        bucket: &Bucket,
        session: &Session,
        host: String,
        browser: &str,
    ) -> Result<(), BucketError> {
        let (Some(owner), Some(mark)) = (self.owner(session), session.mark()) else { return Ok(()) };
        let browser = browser.chars().take(LONGEST_BROWSER).collect();
        bucket.note_session(&owner, &mark, &OpenSession { begun: Timestamp::now(), host, browser }).await
    }

    /// The sessions of whoever has this one, where people see theirs. Those that nobody has used for long may be over.
    pub(super) async fn of_owner(
        &self,
        bucket: &Bucket,
        session: &Session,
    ) -> Result<Vec<(SessionMark, OpenSession)>, BucketError> {
        match self.owner(session) {
            Some(owner) => bucket.sessions_of(&owner).await,
            None => Ok(Vec::new()),
        }
    }

    /// Tells all servers that a session of whoever has this one is over.
    pub(super) async fn end_noted(
        &self,
        bucket: &Bucket,
        session: &Session,
        mark: &SessionMark,
    ) -> Result<(), BucketError> {
        match self.owner(session) {
            Some(owner) => bucket.end_session(&owner, mark).await,
            None => Ok(()),
        }
    }

    fn owner<'a>(&'a self, session: &'a Session) -> Option<SessionOwner<'a>> {
        let noted = self.noted.as_ref()?;
        Some(SessionOwner { realm: &noted.realm, who: &session.name })
    }

    /// Asks, now and then, whether somebody has signed out elsewhere. A bucket that does not answer says nothing; what is wanted of it
    /// meanwhile is not to be had either.
    pub(super) async fn look_elsewhere(&self, bucket: &Bucket, session: &Session) {
        let Some(Noted { asked, .. }) = &self.noted else { return };
        if !is_due(asked, &session.id) {
            return;
        }
        let Some(mark) = session.mark() else { return };
        match tokio::time::timeout(PATIENCE, bucket.is_session_ended(&mark)).await {
            Ok(Ok(true)) => drop(self.end(session)),
            Ok(Ok(false)) => {}
            _ => drop(asked.lock().map(|mut asked| asked.remove(&session.id))),
        }
    }
}

impl Session {
    /// What it goes by in the bucket.
    pub(super) fn mark(&self) -> Option<SessionMark> {
        Some(SessionMark::of(&self.id, Timestamp::from_second(self.until).ok()?))
    }
}

/// Whether it is time to ask of a session. Then it counts as asked: others who come meanwhile don't ask, too.
fn is_due(asked: &Mutex<HashMap<String, Instant>>, id: &str) -> bool {
    let Ok(mut asked) = asked.lock() else { return true };
    if asked.get(id).is_some_and(|asked| asked.elapsed() < ASKED_AGAIN) {
        return false;
    }
    if asked.len() >= MOST_ASKED {
        asked.retain(|_, asked| asked.elapsed() < ASKED_AGAIN);
    }
    asked.insert(id.to_owned(), Instant::now());
    true
}

pub(super) fn now() -> i64 {
    Timestamp::now().as_second()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions(idle: i64, longest: i64) -> Sessions {
        let lifetime =
            Lifetime { idle: SignedDuration::from_secs(idle), longest: SignedDuration::from_secs(longest) };
        let cookie = CookieName::new("session", true, 443);
        Sessions::new(Seal::of_secret("key"), "token".into(), cookie, lifetime, false)
    }

    fn request(cookie: &HeaderValue) -> HeaderMap {
        let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&format!("a=b; {cookie}; c=d")).unwrap())])
    }

    #[test]
    fn a_session_is_known_again_until_it_is_over() {
        let sessions = sessions(60, 600);
        let session = sessions.begin("ada".into(), vec!["ops".into()]).unwrap();
        let cookie = sessions.cookie(&session).unwrap();
        let text = cookie.to_str().unwrap();
        assert!(text.starts_with("__Host-tmpl-session="), "{text}");
        for part in ["Path=/", "HttpOnly", "SameSite=Strict", "Secure", "Max-Age=60"] {
            assert!(text.split("; ").any(|found| found == part), "{text}");
        }
        assert_eq!(sessions.of(&request(&cookie)), Some(session.clone()));
        for (until, seen, over) in
            [(0, 0, false), (0, -59, false), (0, -60, true), (-599, 0, false), (-600, 0, true)]
        {
            let aged = Session { until: session.until + until, seen: session.seen + seen, ..session.clone() };
            assert_eq!(sessions.is_over(&aged), over, "{until} {seen}");
        }
    }

    #[test]
    fn whoever_signed_out_is_out_and_another_door_is_another_door() {
        let sessions = sessions(60, 600);
        let (one, other) = (sessions.begin("a".into(), vec![]), sessions.begin("a".into(), vec![]));
        let (one, other) = (one.unwrap(), other.unwrap());
        let copy = sessions.cookie(&one).unwrap();
        assert!(sessions.end(&one).unwrap().to_str().unwrap().contains("Max-Age=0"));
        assert_eq!(sessions.of(&request(&copy)), None);
        assert!(!sessions.is_over(&other));
        assert!(sessions.is_over(&Session { way: "openid".into(), ..other }));
    }

    #[test]
    fn a_session_that_is_used_gets_a_new_cookie_now_and_then() {
        let sessions = sessions(60, 600);
        let session = sessions.begin("ada".into(), vec![]).unwrap();
        assert_eq!(sessions.renewed(&session), None);
        let used = Session { seen: session.seen - 30, ..session.clone() };
        let renewed = sessions.of(&request(&sessions.renewed(&used).unwrap())).unwrap();
        assert_eq!((renewed.id, renewed.until), (session.id, session.until));
        assert!(renewed.seen >= session.seen);
    }

    #[test]
    fn a_cookie_that_no_browser_keeps_is_not_made() {
        let sessions = sessions(60, 600);
        let groups = (0..500).map(|n| format!("group-{n}")).collect();
        assert_eq!(sessions.cookie(&sessions.begin("ada".into(), groups).unwrap()), None);
    }
}
