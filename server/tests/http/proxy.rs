//! The door behind a proxy: who says who somebody is.

use crate::support::Rig;

fn settings(from: &str) -> String {
    format!(
        "public_url = \"https://tmpl.example\"\n[proxy]\nfrom = [\"{from}\"]\nuser_header = \"x-user\"\n\
         groups_header = \"x-groups\"\n[roles]\nadmin = [\"ada\"]\n"
    )
}

#[tokio::test]
async fn only_our_proxies_say_who_somebody_is() {
    let trusted = Rig::new(&settings("127.0.0.1/32")).await;
    let request = trusted.get("/metrics").instead("host", "tmpl.example");
    assert_eq!(request.clone().header("x-user", "ada").send().await.status, 200);
    assert_eq!(request.clone().header("x-user", "eve").send().await.status, 403);
    assert_eq!(request.clone().send().await.status, 403);
    // Two names: somebody has added one.
    let two = request.clone().header("x-user", "ada").header("x-user", "ada").send().await;
    assert_eq!(two.status, 403);
    for hostile in ["", " ", "a\u{9b}da", &"a".repeat(300)] {
        let answer = request.clone().header("x-user", hostile).send().await;
        assert_eq!(answer.status, 403, "{hostile:?}");
    }
    let page = trusted.get("/").instead("host", "tmpl.example").send().await;
    assert_eq!(page.status, 401);
    assert!(page.header("strict-transport-security").starts_with("max-age="));

    let untrusted = Rig::new(&settings("10.0.0.0/8")).await;
    let request = untrusted.get("/metrics").instead("host", "tmpl.example").header("x-user", "ada");
    assert_eq!(request.clone().send().await.status, 403);
    assert_eq!(request.header("x-forwarded-for", "10.0.0.1").send().await.status, 403);
    let page = untrusted.get("/").instead("host", "tmpl.example").header("x-user", "ada").send().await;
    assert_eq!(page.status, 401);
    assert_eq!(untrusted.get("/healthz").send().await.status, 200);
}

#[tokio::test]
async fn forms_are_bound_to_the_person_that_the_proxy_names() {
    let rig = Rig::new(&settings("127.0.0.1/32")).await;
    let post = |who: &str, csrf: &str| {
        let request = rig.post("/sign-out", &format!("csrf={csrf}")).instead("host", "tmpl.example");
        request.instead("origin", "https://tmpl.example").header("x-user", who)
    };
    let csrf = post("ada", "").send().await.field("csrf");
    assert_eq!(post("ada", &csrf).send().await.status, 303);
    assert_eq!(post("eve", &csrf).send().await.status, 403);
    let foreign = post("ada", &csrf).instead("origin", "https://evil.example").send().await;
    assert_eq!(foreign.status, 403);
}

#[tokio::test]
async fn records_have_the_address_that_our_proxy_names() {
    let rig = Rig::new(&settings("127.0.0.1/32")).await;
    let request = rig.get("/").instead("host", "tmpl.example").header("x-user", "eve");
    request.header("x-forwarded-for", "203.0.113.66, 198.51.100.7").send().await;
    let entry = rig.audited(|entry| entry.action == "refused").await;
    assert_eq!((entry.submitter.who.as_str(), entry.submitter.host.as_str()), ("eve", "198.51.100.7"));
}
