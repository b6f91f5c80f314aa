//! The door on loopback: hosts, the token, sessions.

use std::time::Duration;

use tempfile::TempDir;
use tmpl_server::StartError;

use crate::support::{Request, Rig};

#[tokio::test]
async fn the_printed_address_opens_the_page_once() {
    let rig = Rig::new("").await;
    let stranger = rig.get("/").send().await;
    assert_eq!(stranger.status, 401);
    assert!(stranger.text().contains("tmpl serve"), "{}", stranger.text());
    assert!(stranger.all("set-cookie").is_empty());

    let path = rig.printed.split_once(&rig.address.to_string()).unwrap().1.to_owned();
    // Whoever only looks ahead uses nothing up.
    let ahead = rig.get(&path).header("sec-purpose", "prefetch;prerender").send().await;
    assert_eq!((ahead.status, ahead.all("set-cookie").len()), (503, 0));
    assert_eq!(Request::new(rig.address, "HEAD", &path).send().await.status, 405);
    for wrong in ["/open", "/open?token=", "/open?token=wrong", "/open?token=%00", "/open?token=a&token=b"] {
        let answer = rig.get(wrong).send().await;
        assert_eq!((answer.status, answer.all("set-cookie").len()), (403, 0), "{wrong}");
    }

    let opened = rig.get(&path).send().await;
    assert_eq!((opened.status, opened.header("location")), (303, "/"));
    let set = opened.header("set-cookie");
    for part in ["Path=/", "HttpOnly", "SameSite=Strict"] {
        assert!(set.split("; ").any(|found| found == part), "{set}");
    }
    assert!(!set.contains("Domain"), "{set}");
    let cookie = opened.cookie();
    assert_ne!(rig.get("/").cookie(&cookie).send().await.status, 401);

    let again = rig.get(&path).send().await;
    assert_eq!((again.status, again.all("set-cookie").len()), (403, 0));
    // Whoever is in already is led on, whatever the token says.
    assert_eq!(rig.get(&path).cookie(&cookie).send().await.status, 303);
    let entry = rig.audited(|entry| entry.action == "sign in").await;
    assert_eq!((entry.submitter.who.as_str(), entry.submitter.host.as_str()), ("owner", "127.0.0.1"));
    rig.audited(|entry| entry.action == "refused" && entry.subject["path"] == "/open").await;
}

#[tokio::test]
async fn the_page_answers_to_its_own_names_alone() {
    let rig = Rig::new("hosts = [\"devbox.example\"]").await;
    let cookie = rig.come_in().await;
    let port = rig.address.port();
    let status = async |host: &str| {
        let request = rig.get("/metrics").cookie(&cookie).instead("host", host);
        let nameless = rig.get("/signed-out").cookie(&cookie).instead("host", host);
        (request.send().await.status, nameless.send().await.status)
    };
    for host in ["localhost", "127.0.0.1:1", "[::1]:8080", "devbox.example:9000", "DEVBOX.example"] {
        assert_eq!(status(host).await, (200, 200), "{host}");
    }
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "localhost@evil",
    ] {
        assert_eq!(status(host).await.1, 421, "{host}");
    }
    let two = rig.get("/signed-out").header("host", "evil.example").send().await;
    assert!(matches!(two.status, 400 | 421), "{}", two.status);
    let absolute = Request::new(rig.address, "GET", "http://evil.example/signed-out").send().await;
    assert_eq!(absolute.status, 421);
    // Probes ask by address.
    assert_eq!(rig.get("/healthz").instead("host", "10.0.0.1").send().await.status, 200);
    rig.audited(|entry| entry.action == "refused" && entry.subject["status"] == 421).await;
}

#[tokio::test]
async fn a_cookie_of_another_server_or_one_that_was_changed_opens_nothing() {
    let (one, other) = (Rig::new("").await, Rig::new("").await);
    let cookie = one.come_in().await;
    let (name, value) = cookie.split_once('=').unwrap();
    assert!(name.ends_with(&one.address.port().to_string()), "{name}: all ports of a machine share cookies");
    let foreign = format!("tmpl-session-{}={value}", other.address.port());
    assert_eq!(other.get("/").cookie(&foreign).send().await.status, 401);
    for changed in [
        format!("{name}="),
        format!("{name}={}", &value[1..]),
        format!("{name}={value}A"),
        format!("{name}=\"{value}\""),
    ] {
        assert_eq!(one.get("/").cookie(&changed).send().await.status, 401, "{changed}");
    }
    // Among others it is found.
    assert_ne!(one.get("/").cookie(&format!("a=b; {name}=wrong; {cookie}")).send().await.status, 401);
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_and_in_any_case() {
    let rig = Rig::new("session_idle = \"1s\"\nsession_longest = \"2s\"").await;
    let mut cookie = rig.come_in().await;
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_millis(1600) {
        let answer = rig.get("/metrics").instead("host", "localhost").cookie(&cookie).send().await;
        assert_ne!(answer.status, 401);
        if !answer.all("set-cookie").is_empty() {
            cookie = answer.cookie();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    tokio::time::sleep(Duration::from_millis(1400)).await;
    assert_eq!(rig.get("/").cookie(&cookie).send().await.status, 401, "in any case");
    let rig = Rig::new("session_idle = \"1s\"").await;
    let cookie = rig.come_in().await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(rig.get("/").cookie(&cookie).send().await.status, 401, "unused");
}

#[tokio::test]
async fn servers_with_one_key_know_each_others_sessions() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "0123456789012345678901234567890123456789\n").unwrap();
    let settings = format!("session_key = \"file:{}\"", key.display());
    let one = Rig::new(&settings).await;
    let two = one.beside(&settings).await;
    let cookie = one.come_in().await;
    let value = cookie.split_once('=').unwrap().1;
    let there = format!("tmpl-session-{}={value}", two.address.port());
    assert_ne!(two.get("/").cookie(&there).send().await.status, 401);
    // Whoever signs out at one is soon out everywhere.
    let csrf = one.csrf(&cookie).await;
    assert_eq!(one.post("/sign-out", &format!("csrf={csrf}")).cookie(&cookie).send().await.status, 303);
    let begun = std::time::Instant::now();
    while two.get("/").cookie(&there).send().await.status != 401 {
        assert!(begun.elapsed() < Duration::from_secs(8));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    std::fs::write(&key, "too short").unwrap();
    let refused = Rig::with(TempDir::new().unwrap(), &settings).await.err().unwrap();
    assert!(matches!(refused, StartError::Secret { key: "session_key", .. }), "{refused}");
    assert!(!refused.to_string().contains("too short"), "{refused}");
}

#[tokio::test]
async fn signing_out_ends_the_session_for_every_copy_of_its_cookie() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    let csrf = rig.csrf(&cookie).await;
    let answer = rig.post("/sign-out", &format!("csrf={csrf}")).cookie(&cookie).send().await;
    assert_eq!((answer.status, answer.header("location")), (303, "/signed-out"));
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(rig.get("/").cookie(&cookie).send().await.status, 401);
    assert_eq!(rig.get("/signed-out").send().await.status, 200);
    rig.audited(|entry| entry.action == "sign out" && entry.submitter.who == "owner").await;
}

#[tokio::test]
async fn a_link_from_another_site_is_led_on_by_a_page_of_ours() {
    let rig = Rig::new("").await;
    let from_elsewhere = |path: &str| {
        let request =
            rig.get(path).header("sec-fetch-site", "cross-site").header("sec-fetch-mode", "navigate");
        request.header("sec-fetch-dest", "document")
    };
    let answer = from_elsewhere("/jobs?template=a&x=%22%3E%3Cscript%3E'").send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("refresh"), "0; url=/jobs?template=a&x=%22%3E%3Cscript%3E%27");
    assert!(!answer.text().contains("<script>"), "{}", answer.text());
    let answer = from_elsewhere("//evil.example/x").send().await;
    assert_eq!(answer.header("refresh"), "0; url=/");
    // Our own page leads on; whoever then has no session has none.
    let own = rig.get("/jobs").header("sec-fetch-site", "same-origin").header("sec-fetch-dest", "document");
    assert_eq!(own.send().await.status, 401);
    // Nobody frames it.
    let framed = from_elsewhere("/jobs").instead("sec-fetch-dest", "iframe").send().await;
    assert_eq!(framed.status, 401);
}

#[tokio::test]
async fn a_server_that_others_reach_does_not_start_without_a_door() {
    let refusal = async |settings: &str| Rig::with(TempDir::new().unwrap(), settings).await.err().unwrap();
    let elsewhere = "listen = \"0.0.0.0:0\"\n";
    let error = refusal(elsewhere).await;
    assert!(matches!(error, StartError::NoSignIn { .. }), "{error}");
    assert!(error.hint().unwrap().contains("[serve.sign_in]"));
    let sign_in = "[sign_in]\nissuer = \"https://login.example\"\nclient_id = \"tmpl\"\n";
    let everyone = "[roles]\neveryone = \"view\"\n";
    let proxy = "[proxy]\nfrom = [\"10.0.0.0/8\"]\nuser_header = \"x-user\"\n";
    let public = "public_url = \"https://tmpl.example\"\n";
    for (settings, expected) in [
        (format!("{elsewhere}{sign_in}{everyone}"), "public_url"),
        (format!("{elsewhere}{proxy}{everyone}"), "public_url"),
        (format!("{elsewhere}{public}{sign_in}"), "nobody may come in"),
        (format!("{elsewhere}{public}{sign_in}{proxy}{everyone}"), "both"),
        (format!("public_url = \"http://tmpl.example\"\n{sign_in}{everyone}"), "without TLS"),
        (format!("public_url = \"https://tmpl.example/below/\"\n{sign_in}{everyone}"), "below a path"),
        (
            format!("{public}[sign_in]\nissuer = \"http://login.example\"\nclient_id = \"x\"\n{everyone}"),
            "https://",
        ),
        (format!("{public}{sign_in}client_secret = \"env:TMPL_NO_SUCH\"\n{everyone}"), "TMPL_NO_SUCH"),
        (public.to_owned(), "tmpl.example can be reached"),
        (format!("{public}[proxy]\nfrom = [\"10.0.0.1\"]\n"), "tmpl.example can be reached"),
        ("hosts = [\"devbox:8080\"]".to_owned(), "no name of a host"),
        ("session_idle = \"0s\"".to_owned(), "session_idle"),
        ("metrics_token = \"env:TMPL_NO_SUCH\"".to_owned(), "metrics_token"),
    ] {
        let error = refusal(&settings).await.to_string();
        assert!(error.contains(expected), "{settings}\n{error}");
    }
}
