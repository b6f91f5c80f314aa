//! Forms: where they come from, their token, their size.

use crate::support::Rig;

#[tokio::test]
async fn a_form_must_come_from_a_page_of_ours() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    let fields = format!("csrf={}", rig.csrf(&cookie).await);
    let port = rig.address.port();
    for (origin, site) in [
        ("", ""),
        ("", "none"),
        ("null", ""),
        ("null", "same-origin"),
        ("http://evil.example", ""),
        ("https://127.0.0.1", ""),
        (&format!("http://127.0.0.1:{}", port ^ 1), ""),
        (&format!("http://127.0.0.1.evil.example:{port}"), ""),
        (&format!("http://localhost:{port}"), ""),
        (&format!("http://127.0.0.1:{port}"), "cross-site"),
        (&format!("http://127.0.0.1:{port}"), "same-site"),
    ] {
        let request = rig.post("/sign-out", &fields).cookie(&cookie).instead("origin", origin);
        let answer = request.instead("sec-fetch-site", site).send().await;
        assert_eq!(answer.status, 403, "{origin} {site}");
    }
    for method in ["PUT", "DELETE", "PATCH", "BREW"] {
        let request = crate::support::Request::new(rig.address, method, "/sign-out").cookie(&cookie);
        assert_eq!(request.send().await.status, 403, "{method}");
    }
    assert_ne!(rig.get("/").cookie(&cookie).send().await.status, 401, "nobody was signed out");
    rig.audited(|entry| entry.action == "refused" && entry.submitter.who == "owner").await;
    let request = rig.post("/sign-out", &fields).cookie(&cookie).instead("origin", "");
    assert_eq!(request.header("sec-fetch-site", "same-origin").send().await.status, 303);
}

#[tokio::test]
async fn a_form_of_an_earlier_session_is_kept_and_can_be_sent_again() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    for token in ["", "csrf=&", "csrf=AAAA&", "csrf=%00&"] {
        let answer =
            rig.post("/sign-out", &format!("{token}p.a=%3Cb%3E%0A&p.a=2")).cookie(&cookie).send().await;
        if token.contains("%00") {
            assert_eq!(answer.status, 400);
            continue;
        }
        assert_eq!(answer.status, 403, "{token}");
        let text = answer.text();
        assert!(text.contains("action=\"/sign-out\"") && text.contains("name=\"p.a\" value=\"2\""), "{text}");
        assert!(!text.contains("<b>"), "{text}");
        let csrf = answer.field("csrf");
        let again = rig.post("/sign-out", &format!("csrf={csrf}")).cookie(&cookie);
        if token.is_empty() {
            continue;
        }
        assert_eq!(again.send().await.status, 303);
        break;
    }
}

#[tokio::test]
async fn what_was_entered_is_kept_when_the_session_is_over() {
    let rig = Rig::new("").await;
    let answer = rig.post("/templates/x?y=1", "csrf=old&p.note=kept%20%22quoted%22").send().await;
    assert_eq!(answer.status, 401);
    let text = answer.text();
    assert!(text.contains("action=\"/templates/x?y=1\""), "{text}");
    assert!(text.contains("name=\"p.note\" value=\"kept &#34;quoted&#34;\""), "{text}");
    assert!(!text.contains("name=\"csrf\""), "{text}");
    // Another site's page can't have such a page made.
    let foreign = rig.post("/templates/x", "p.note=1").instead("origin", "http://evil.example").send().await;
    assert_eq!(foreign.status, 403);
    let elsewhere = rig.post("//evil.example/x", "p.note=1").send().await;
    assert!(!elsewhere.text().contains("action=\"//"), "{}", elsewhere.text());
}

#[tokio::test]
async fn forms_are_only_so_large_and_only_forms() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    let csrf = rig.csrf(&cookie).await;
    let send = async |body: Vec<u8>| rig.post("/sign-out", "").cookie(&cookie).body(body).send().await.status;
    let padded = |size: usize| format!("csrf={csrf}&x={}", "x".repeat(size)).into_bytes();
    assert_eq!(send(padded(2 * 1024 * 1024)).await, 413);
    let many = format!("{}csrf={csrf}", "a=b&".repeat(2000));
    assert_eq!(send(many.into_bytes()).await, 413);
    assert_eq!(send(format!("csrf={csrf}&a=%ff").into_bytes()).await, 400);
    assert_eq!(send([format!("csrf={csrf}&a=").as_bytes(), b"\xff"].concat()).await, 400);
    let chunked = rig.post("/sign-out", "").cookie(&cookie).header("transfer-encoding", "chunked");
    let chunk = format!("{:x}\r\n{}\r\n", 300_000, "x".repeat(300_000));
    assert_eq!(chunked.body(format!("{}0\r\n\r\n", chunk.repeat(5))).send().await.status, 413);
    for kind in ["", "application/json", "multipart/form-data; boundary=x", "text/plain"] {
        let request = rig.post("/sign-out", &format!("csrf={csrf}")).cookie(&cookie);
        assert_eq!(request.instead("content-type", kind).send().await.status, 415, "{kind}");
    }
    assert_eq!(send(padded(1024 * 1024 - 200)).await, 303, "what fits is taken");
}
