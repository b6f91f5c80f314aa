//! The door with `OpenID` Connect, at a real provider: npm's `oidc-provider`.

mod sign_in;

use std::time::Duration;

use sign_in::SignIn;
use tmpl_testing::{OpenIdProvider, OpenIdSetup};

use crate::support::{Answer, Rig};

fn settings(provider: &OpenIdProvider, client: &str) -> String {
    format!(
        "public_url = \"http://127.0.0.1:1\"\n[sign_in]\nissuer = \"{}\"\nclient_id = \"{client}\"\n{}\
         scopes = [\"email\", \"groups\"]\n[roles]\neveryone = \"view\"\nadmin = [\"group:platform\"]\n",
        provider.issuer(),
        if client == "public" {
            String::new()
        } else {
            format!("client_secret = \"{}\"\n", provider.secret())
        },
    )
}

async fn metrics(rig: &Rig, cookie: &str) -> u16 {
    rig.get("/metrics").cookie(cookie).send().await.status
}

fn is_refused(answer: &Answer) {
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(!answer.header("set-cookie").contains("session"), "{answer:?}");
    assert!(!answer.text().contains("<script>"), "{}", answer.text());
}

#[tokio::test]
async fn people_sign_in_with_their_groups_and_go_on_where_they_wanted() {
    let provider = OpenIdProvider::start(&OpenIdSetup::default());
    for client in ["basic", "post", "public", "elliptic"] {
        let rig = Rig::new(&settings(&provider, client)).await;
        let asked = rig.get("/jobs?state=failed").send().await;
        assert_eq!((asked.status, asked.header("location")), (303, "/sign-in?to=%2Fjobs%3Fstate%3Dfailed"));
        let begun = rig.get(asked.header("location")).send().await;
        let flow = begun.header("set-cookie");
        assert!(
            flow.contains("HttpOnly") && flow.contains("SameSite=Lax") && flow.contains("Max-Age=600"),
            "{flow}"
        );
        let sign_in = SignIn::at(&provider, &begun, "ada").await;
        let answer = sign_in.finish(&rig).await;
        assert_eq!((answer.status, answer.header("refresh")), (200, "0; url=/jobs?state=failed"), "{client}");
        let session = answer.cookie();
        assert!(
            answer
                .all("set-cookie")
                .iter()
                .any(|cookie| cookie.contains("sign-in") && cookie.contains("Max-Age=0"))
        );
        assert_eq!(metrics(&rig, &session).await, 200, "{client}: the group platform");
        let entry = rig.audited(|entry| entry.action == "sign in").await;
        assert_eq!(entry.submitter.who, "ada@example.org");
        assert_eq!(entry.subject["groups"], serde_json::json!(["platform"]), "of others nobody asks");

        // The same answer once more: the code was used, and the sign-in is over.
        is_refused(&sign_in.finish(&rig).await);
        let bob = SignIn::at(&provider, &rig.get("/sign-in").send().await, "bob").await.finish(&rig).await;
        assert_eq!((bob.status, bob.header("refresh")), (200, "0; url=/"));
        assert_eq!(metrics(&rig, &bob.cookie()).await, 403, "{client}");
        assert_ne!(session, bob.cookie());
    }
}

#[tokio::test]
async fn claims_may_come_with_the_token() {
    let ways = &["client_secret_post"];
    let setup = OpenIdSetup { ways, claims_in_token: true, ..OpenIdSetup::default() };
    let provider = OpenIdProvider::start(&setup);
    let rig = Rig::new(&settings(&provider, "post")).await;
    let answer = SignIn::at(&provider, &rig.get("/sign-in").send().await, "ada").await.finish(&rig).await;
    assert_eq!(metrics(&rig, &answer.cookie()).await, 200);
}

#[tokio::test]
async fn an_answer_that_belongs_to_no_sign_in_of_this_browser_is_refused() {
    let provider = OpenIdProvider::start(&OpenIdSetup::default());
    let rig = Rig::new(&settings(&provider, "basic")).await;
    let begin = async || rig.get("/sign-in").send().await;
    let (mine, theirs) = (begin().await, begin().await);
    let sign_in = SignIn::at(&provider, &mine, "ada").await;
    let with = |query: &str, cookie: &str| SignIn { query: query.to_owned(), cookie: cookie.to_owned() };
    let query = sign_in.query.as_str();
    for (what, attempt) in [
        ("no cookie", with(query, "a=b")),
        ("the cookie of another sign-in", with(query, &theirs.cookie())),
        ("a cookie that was changed", with(query, &sign_in.cookie.replace('A', "B"))),
        ("no state", with(&query.replace("state=", "status="), &sign_in.cookie)),
        ("another state", with(&query.replace("state=", "state=x"), &sign_in.cookie)),
        ("two states", with(&format!("{query}&state=x"), &sign_in.cookie)),
        ("another provider", with(&query.replace("iss=", "iss=x"), &sign_in.cookie)),
        ("no provider", with(&query.replace("iss=", "isp="), &sign_in.cookie)),
        ("no code", with(&query.replace("code=", "core="), &sign_in.cookie)),
        ("another code", with(&query.replace("code=", "code=x"), &sign_in.cookie)),
        ("nothing", with("", &sign_in.cookie)),
        ("nonsense", with("state=%ff&code=%00", &sign_in.cookie)),
    ] {
        let answer = attempt.finish(&rig).await;
        assert_eq!(answer.status, 403, "{what}");
        assert!(!answer.header("set-cookie").contains("session"), "{what}: {answer:?}");
    }
    assert_eq!(sign_in.finish(&rig).await.status, 200, "none of them has used it up");
    rig.audited(|entry| entry.action == "refused" && entry.subject["path"] == "/sign-in/callback").await;
}

#[tokio::test]
async fn whom_the_provider_does_not_vouch_for_stays_outside() {
    let provider = OpenIdProvider::start(&OpenIdSetup::default());
    let mut rig = Rig::new(&settings(&provider, "basic")).await;
    for who in ["eve", "mallory", "nobody"] {
        let begun = rig.get("/sign-in").send().await;
        let answer = SignIn::at(&provider, &begun, who).await.finish(&rig).await;
        is_refused(&answer);
        assert!(!answer.text().contains("access_denied"), "a provider's words are for the log");
    }
    rig.stop().await;
    let causes: Vec<String> =
        rig.log().iter().filter_map(|line| Some(line["cause"].as_str()?.to_owned())).collect();
    assert!(causes[0].contains("not verified"), "{causes:?}");
    assert!(causes[1].contains("is no name"), "{causes:?}");
    assert!(causes[2].contains("access_denied") && !causes[2].contains("script"), "{causes:?}");
}

#[tokio::test]
async fn the_way_on_after_signing_in_is_never_another_site() {
    let provider = OpenIdProvider::start(&OpenIdSetup::default());
    let rig = Rig::new(&settings(&provider, "public")).await;
    for to in [
        "https://evil.example/",
        "//evil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
        "%0d%0aset-cookie:%20x=y",
        "/..//evil.example",
    ] {
        let begun = rig.get(&format!("/sign-in?to={to}")).send().await;
        assert!(begun.header("location").starts_with(provider.issuer()), "{to}");
        let answer = SignIn::at(&provider, &begun, "bob").await.finish(&rig).await;
        assert_eq!(answer.header("refresh"), "0; url=/", "{to}");
    }
    // Whoever is in already goes there at once.
    let begun = rig.get("/sign-in").send().await;
    let session = SignIn::at(&provider, &begun, "bob").await.finish(&rig).await.cookie();
    let answer = rig.get("/sign-in?to=//evil.example").cookie(&session).send().await;
    assert_eq!((answer.status, answer.header("location")), (303, "/"));
}

#[tokio::test]
async fn signing_out_here_offers_to_sign_out_there() {
    let provider = OpenIdProvider::start(&OpenIdSetup::default());
    let rig = Rig::new(&settings(&provider, "basic")).await;
    let begun = rig.get("/sign-in").send().await;
    let session = SignIn::at(&provider, &begun, "bob").await.finish(&rig).await.cookie();
    let csrf = rig.csrf(&session).await;
    let answer = rig.post("/sign-out", &format!("csrf={csrf}")).cookie(&session).send().await;
    assert_eq!(answer.header("location"), "/signed-out");
    assert_eq!(rig.get("/").cookie(&session).send().await.status, 303);
    let page = rig.get("/signed-out").send().await.text();
    assert!(page.contains(&format!("{}/session/end?client_id=basic", provider.issuer())), "{page}");
}

#[tokio::test]
async fn a_provider_that_is_away_or_another_one_is_told_and_nobody_comes_in() {
    let mut provider = OpenIdProvider::start(&OpenIdSetup::default());
    let wrong = settings(&provider, "basic")
        .replace("127.0.0.1:", "localhost:")
        .replace("localhost:1\"", "127.0.0.1:1\"");
    let mut rig = Rig::new(&wrong).await;
    let answer = rig.get("/sign-in").send().await;
    assert_eq!(answer.status, 503);
    assert!(!answer.text().contains("localhost:"), "{}", answer.text());
    tokio::time::sleep(Duration::from_millis(200)).await;
    rig.stop().await;
    let log = serde_json::to_string(&rig.log()).unwrap();
    assert!(log.contains("it says that it is http://127.0.0.1:"), "{log}");

    let rig = Rig::new(&settings(&provider, "basic")).await;
    let begun = rig.get("/sign-in").send().await;
    let sign_in = SignIn::at(&provider, &begun, "ada").await;
    provider.stop();
    let answer = sign_in.finish(&rig).await;
    assert_eq!((answer.status, answer.all("set-cookie").len()), (503, 0));
    assert_eq!(rig.get("/healthz").send().await.status, 200);
}

#[tokio::test]
async fn a_sign_in_is_begun_by_people_not_by_images_of_other_sites() {
    let provider = OpenIdProvider::start(&OpenIdSetup::default());
    let rig = Rig::new(&settings(&provider, "basic")).await;
    for destination in ["image", "iframe", "empty", "script"] {
        let answer = rig.get("/sign-in").header("sec-fetch-dest", destination).send().await;
        assert_eq!((answer.status, answer.all("set-cookie").len()), (401, 0), "{destination}");
    }
    // Programs are told; they are not led on to a page.
    let answer = rig.get("/jobs").instead("accept", "application/json").send().await;
    assert_eq!((answer.status, answer.header("content-type")), (401, "application/problem+json"));
}

#[tokio::test]
async fn whoever_has_no_role_can_come_in_as_somebody_else() {
    let provider = OpenIdProvider::start(&OpenIdSetup::default());
    let rig = Rig::new(&settings(&provider, "basic").replace("everyone = \"view\"\n", "")).await;
    let sign_in = async |who: &str| {
        SignIn::at(&provider, &rig.get("/sign-in").send().await, who).await.finish(&rig).await.cookie()
    };
    let bob = sign_in("bob").await;
    let outside = rig.get("/").cookie(&bob).send().await;
    assert_eq!(outside.status, 403);
    assert!(outside.text().contains("bob@example.org"), "{}", outside.text());
    let csrf = outside.field("csrf");
    let left = rig.post("/sign-out", &format!("csrf={csrf}")).cookie(&bob).send().await;
    assert_eq!((left.status, left.header("location")), (303, "/signed-out"));
    assert_eq!(rig.get("/").cookie(&sign_in("ada").await).send().await.status, 200);
}

#[tokio::test]
async fn people_see_where_they_are_signed_in_and_sign_out_from_afar() {
    let provider = OpenIdProvider::start(&OpenIdSetup::default());
    let rig = Rig::new(&settings(&provider, "basic")).await;
    let sign_in = async |who: &str| {
        SignIn::at(&provider, &rig.get("/sign-in").send().await, who).await.finish(&rig).await.cookie()
    };
    let (bob, desk) = (sign_in("bob").await, sign_in("ada").await);
    let alone = rig.get("/sessions").cookie(&desk).send().await.text();
    assert!(alone.contains("The one you are using") && !alone.contains("name=\"session\""), "{alone}");
    // At another time than the first one.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let (phone, tablet) = (sign_in("ada").await, sign_in("ada").await);
    let page = rig.get("/sessions").cookie(&desk).send().await;
    assert_eq!(page.text().matches("name=\"session\"").count(), 2, "not bob's: {}", page.text());
    assert!(page.text().contains("<bdi>127.0.0.1</bdi>") && page.text().contains("href=\"/sessions\""));

    // Nobody ends what is not theirs, with whatever name of a session.
    let phones = page.text().rsplit_once("name=\"session\" value=\"").unwrap().1[..77].to_owned();
    let end = async |cookie: &str, field: &str| {
        let csrf = rig.csrf(cookie).await;
        rig.post("/sessions", &format!("csrf={csrf}{field}")).cookie(cookie).send().await.status
    };
    assert_eq!(end(&bob, &format!("&session={phones}")).await, 303);
    assert_eq!(end(&bob, "&session=../../../x").await, 303);
    let page = rig.get("/sessions").cookie(&desk).send().await.text();
    assert_eq!(page.matches("name=\"session\"").count(), 2);

    let is_out = async |cookie: &str| {
        for _ in 0..80 {
            if rig.get("/").cookie(cookie).send().await.status == 303 {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        false
    };
    assert_eq!(end(&desk, &format!("&session={phones}")).await, 303);
    let left = rig.get("/sessions").cookie(&desk).send().await.text();
    assert_eq!(left.matches("name=\"session\"").count(), 1, "{left}");
    assert!(is_out(&phone).await, "of the two the older one, which stood last");
    assert_eq!(rig.get("/").cookie(&tablet).send().await.status, 200);
    assert_eq!(end(&desk, "").await, 303);
    assert!(is_out(&tablet).await);
    for cookie in [&desk, &bob] {
        assert_eq!(rig.get("/").cookie(cookie).send().await.status, 200);
    }
    rig.audited(|entry| entry.action == "end sessions" && entry.submitter.who == "ada@example.org").await;
}

#[tokio::test]
async fn where_nobody_signs_in_there_are_no_sessions() {
    let rig = Rig::new("").await;
    let owner = rig.come_in().await;
    let answer = rig.get("/sessions").cookie(&owner).send().await;
    assert_eq!(answer.status, 404, "{}", answer.text());
    assert!(!rig.get("/").cookie(&owner).send().await.text().contains("/sessions"));
}
