//! `tmpl serve`: how it begins, what it prints, what its end means for jobs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout};
use std::time::Duration;

use crate::support::{Place, send, until};

/// A server of a place's bucket, with somebody who has come in.
struct Served {
    child: Child,
    output: BufReader<ChildStdout>,
    host: String,
    cookie: String,
}

impl Served {
    fn start(place: &Place, arguments: &[&str]) -> Self {
        let command = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut child = place.command(&command).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut address = String::new();
        output.read_line(&mut address).unwrap();
        let (host, path) = address.trim().strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut served = Self { child, output, host: host.to_owned(), cookie: String::new() };
        let opened = served.send(&format!("GET /{path}"), "");
        served.cookie = opened.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap().into();
        served
    }

    /// The whole answer to a request.
    fn send(&self, request: &str, body: &str) -> String {
        let Self { host, cookie, .. } = self;
        let mut stream = TcpStream::connect(host).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        write!(
            stream,
            "{request} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncookie: {cookie}\r\naccept: text/html\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Launches the talker; the job's id.
    fn launch(&self, fields: &str) -> String {
        let form = self.send("GET /templates/talker", "");
        let field = |name: &str| {
            let marked = format!("name=\"{name}\" value=\"");
            let rest = form.split(&marked).nth(1).unwrap_or_else(|| panic!("no {name}: {form}"));
            rest.split('"').next().unwrap().to_owned()
        };
        let (csrf, key) = (field("csrf"), field("key"));
        let body = format!("csrf={csrf}&key={key}&action=run&{fields}");
        let launched = self.send("POST /templates/talker", &body);
        assert!(launched.starts_with("HTTP/1.1 303"), "{launched}");
        // The same once more, as a double click does it.
        let again = self.send("POST /templates/talker", &body);
        let job = |answer: &str| {
            answer.split("location: /jobs/").nth(1).unwrap().split("\r\n").next().unwrap().to_owned()
        };
        assert_eq!(job(&launched), job(&again));
        job(&launched)
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Waits until it has ended: how, and what it had printed and logged.
    fn ended(&mut self) -> (Option<i32>, String, String) {
        until("the server ends", || self.child.try_wait().unwrap().is_some());
        let (mut printed, mut logged) = (String::new(), String::new());
        self.output.read_to_string(&mut printed).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut logged).unwrap();
        (self.child.wait().unwrap().code(), printed, logged)
    }
}

/// A server whose test failed does not stay.
impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn jobs_go_on_when_the_server_ends_or_is_killed() {
    for signal in ["TERM", "INT", "KILL"] {
        let place = Place::with_talker();
        let mut served = Served::start(&place, &[]);
        let job = served.launch("p.mode=sleep&p.count=3");
        until("the job runs", || place.job(&job)["state"] == "JOB_STATE_RUNNING");
        let mut watching = TcpStream::connect(&served.host).unwrap();
        let (host, cookie) = (&served.host, &served.cookie);
        write!(watching, "GET /jobs/{job}/events HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\n\r\n")
            .unwrap();
        watching.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // It is told how the job stands: the server has this connection, and not only the system.
        let mut told = String::new();
        while !told.contains("event: state") {
            let mut part = [0; 4096];
            let length = watching.read(&mut part).unwrap();
            assert!(length > 0, "{told}");
            told.push_str(std::str::from_utf8(&part[..length]).unwrap());
        }
        send(signal, &served.pid());
        let (code, ..) = served.ended();
        if signal != "KILL" {
            watching.read_to_string(&mut told).unwrap();
            assert!(told.contains("event: leave"), "{told}");
            assert_eq!(code, Some(0), "{signal}");
        }
        assert_eq!(place.tmpl(&["wait", &job]).code, 0, "{signal}");
        let shown = place.job(&job);
        assert_eq!(shown["state"], "JOB_STATE_DONE");
        assert_eq!(shown["job"]["submitter"], serde_json::json!({ "who": "ann", "host": "127.0.0.1" }));
        // Another server shows the same.
        let page = Served::start(&place, &["--read-only"]).send(&format!("GET /jobs/{job}"), "");
        assert!(page.starts_with("HTTP/1.1 200") && page.contains("talker"), "{page}");
    }
}

#[test]
fn the_log_is_talk_and_the_address_is_data() {
    let place = Place::with_talker();
    let mut served = Served::start(&place, &[]);
    served.send("GET /templates/talker?p.text=hunter22", "");
    send("TERM", &served.pid());
    let (code, printed, logged) = served.ended();
    assert_eq!((code, printed.as_str()), (Some(0), ""));
    let lines: Vec<serde_json::Value> =
        logged.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["path"], &lines[0]["status"]), (&"/open".into(), &303.into()));
    assert_eq!((&lines[1]["route"], &lines[1]["who"]), (&"/templates/{name}".into(), &"ann".into()));
    assert!(!logged.contains("hunter22") && !logged.contains("token"), "{logged}");
    let mut quiet = Served::start(&place, &["--quiet"]);
    send("TERM", &quiet.pid());
    assert_eq!(quiet.ended(), (Some(0), String::new(), String::new()));
}

#[test]
fn the_browser_is_opened_at_the_printed_address() {
    let place = Place::with_talker();
    let browser = place.write("bin/xdg-open", "#!/bin/sh\necho \"$1\" >\"$(dirname \"$0\")/opened\"\n");
    std::fs::set_permissions(&browser, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", place.path("bin").display(), std::env::var("PATH").unwrap());
    let mut child =
        place.command(&["serve", "--listen", "127.0.0.1:0", "--open"]).env("PATH", path).spawn().unwrap();
    let mut address = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
    until("the browser is opened", || {
        std::fs::read_to_string(place.path("bin/opened")).is_ok_and(|opened| !opened.is_empty())
    });
    assert_eq!(std::fs::read_to_string(place.path("bin/opened")).unwrap(), address);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_can_not_be_served_is_told_before_anything_begins() {
    let place = Place::with_talker();
    let elsewhere = place.tmpl(&["serve", "--listen", "0.0.0.0:0"]).expect(2);
    elsewhere.says("can be reached from other machines").says("docs/serve.md");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    place.tmpl(&["serve", "--listen", &address]).expect(3).says("Address already in use").says("--listen");
    place.tmpl(&["serve", "--listen", "nowhere"]).expect(3).says("nowhere");
    place
        .tmpl(&["serve", "--bucket", place.path("none").to_str().unwrap()])
        .expect(2)
        .says("there is no bucket");
    for (configuration, said) in [
        ("[serve]\nevryone = 1", "evryone"),
        ("[serve.roles]\nrun = [\"group:\"]", "group:accounting"),
        ("[serve.roles]\neveryone = \"boss\"", "admin"),
        ("[[serve.rules]]\ntemplates = \"Payroll\"", "fits no template"),
        ("[[serve.rules]]\ntemplates = \"a\"\nadmin = [\"ada\"]", "admin"),
        ("[serve.proxy]\nfrom = [\"proxy.example\"]", "10.0.0.0/8"),
        ("[serve]\nsession_key = \"hunter22hunter22hunter22hunter22\"", "env:NAME"),
        ("[serve]\npublic_url = \"http://tmpl.example\"", "TLS"),
    ] {
        let mut command = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.env("TMPL_CONFIG", place.write("config.toml", configuration));
        let ended = place.ended(command.spawn().unwrap()).expect(2).says(said);
        assert!(!ended.stderr.contains("hunter22hunter22\n"), "{}", ended.stderr);
    }
}
