//! The page, as people meet it: the program `tmpl serve`, a bucket with templates, and Chromium.
//!
//! What people do is in `browser/`, a file a journey; every state of a page on the way is held against WCAG 2.2 A and AA (axe), and its
//! picture is kept in `target/tmp/pages`.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can't go on fails")]

#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "../cli/support.rs"]
mod support;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use support::{Place, copy};
use tmpl_testing::{OpenIdProvider, OpenIdSetup, Store};

/// A place whose bucket has the templates of the page's tests.
fn place() -> Place {
    static BUILT: OnceLock<Place> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let place = Place::new();
        let project = place.project("page");
        place.tmpl(&["build", project.to_str().unwrap(), "--check", "static"]).expect(0);
        place
    });
    let place = Place::new();
    copy(&built.bucket(), &place.bucket());
    std::fs::create_dir_all(place.bucket().join("lists")).unwrap();
    std::fs::write(place.bucket().join("lists/people.csv"), "Ann\nBen\n").unwrap();
    place
}

/// `tmpl serve`, ended with this.
struct Page {
    child: Child,
    /// Opens the page, once.
    address: String,
}

impl Page {
    fn start(place: &Place) -> Self {
        Self::with(place, &[])
    }

    /// With these variables besides.
    fn with(place: &Place, variables: &[(String, String)]) -> Self {
        let page = Self::at(place, "127.0.0.1:0", variables);
        assert!(page.address.contains("/open?token="), "{:?}", page.address);
        page
    }

    /// And at this address.
    fn at(place: &Place, listen: &str, variables: &[(String, String)]) -> Self {
        let mut command = place.command(&["serve", "--quiet", "--listen", listen]);
        command.envs(variables.iter().cloned());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { child, address: address.trim().to_owned() }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools")
}

/// Has a browser go through a journey.
fn journey(place: &Place, page: &Page, name: &str) {
    journey_with(place, page, name, &[]);
}

/// With these variables besides.
fn journey_with(place: &Place, page: &Page, name: &str, variables: &[(&str, &str)]) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/browser");
    let modules = tools().join("npm/node_modules");
    assert!(
        modules.join("playwright-core").is_dir(),
        "playwright-core is missing; `make browser` installs it"
    );
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&pictures).unwrap();
    let mut node = Command::new("node");
    node.arg(here.join("run.cjs"))
        .args([name, &page.address])
        .env("NODE_PATH", modules)
        .env("PICTURES", pictures)
        .env("TMPL", env!("CARGO_BIN_EXE_tmpl"))
        .env("BUCKET", place.bucket())
        .env("INPUT", place.path("words.txt"))
        .env("OUTPUT", place.path("out/words"))
        .env("SERVER", page.child.id().to_string())
        .envs(variables.iter().copied());
    let told = node.output().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert!(told.ends_with("the journey is over\n"), "{name}:\n{told}");
}

fn goes(name: &str) {
    let place = place();
    let page = Page::start(&place);
    journey(&place, &page, name);
}

#[test]
fn somebody_finds_fills_in_runs_watches_and_runs_again() {
    goes("whole");
}

#[test]
fn the_same_without_script() {
    goes("plain");
}

#[test]
fn the_same_by_keyboard_alone() {
    goes("keyboard");
}

#[test]
fn every_page_fits_every_screen() {
    goes("screens");
}

#[test]
fn a_launch_is_saved_and_run_by_others_and_a_file_is_chosen() {
    goes("cards");
}

#[test]
fn a_pipeline_in_a_bucket_on_a_server_shows_what_it_counted() {
    let place = Place::new();
    let store = tmpl_testing::shared(Store::Minio);
    let mut variables = store.server.variables();
    variables.push(("TMPL_BUCKET".to_owned(), store.url()));
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/wordcount");
    copy(&example, &place.path("wordcount"));
    let mut build = place.command(&["build", "wordcount", "--check", "static"]);
    place.ended(build.envs(variables.iter().cloned()).spawn().unwrap()).expect(0);
    place.write("words.txt", "Rust rust RUST pipeline\na pipeline of Rust\n");
    std::fs::create_dir_all(place.path("out")).unwrap();
    let page = Page::with(&place, &variables);
    journey(&place, &page, "pipeline");
}

#[test]
fn a_long_log_is_read_and_followed() {
    goes("log");
}

#[test]
fn a_log_goes_on_when_the_server_was_killed() {
    let place = place();
    let page = Page::start(&place);
    journey(&place, &page, "killed");
}

#[test]
fn people_sign_in_at_a_provider_and_see_where_they_are_signed_in() {
    let place = place();
    // The provider is told where people come from before the page is there. Below the ports that the system gives away meanwhile.
    let mut addresses = (20_000..30_000).map(|port| format!("127.0.0.1:{port}"));
    let listen = addresses.find(|address| TcpListener::bind(address).is_ok()).unwrap();
    let public = format!("http://{listen}");
    let provider = OpenIdProvider::start(&OpenIdSetup { page: &public, ..OpenIdSetup::default() });
    place.write(
        "config.toml",
        &format!(
            "[serve]\npublic_url = \"{public}\"\n[serve.sign_in]\nissuer = \"{}\"\nclient_id = \"basic\"\n\
             client_secret = \"{}\"\nscopes = [\"email\", \"groups\"]\n[serve.roles]\neveryone = \"view\"\n\
             run = [\"group:platform\"]\n",
            provider.issuer(),
            provider.secret()
        ),
    );
    let configuration = ("TMPL_CONFIG".to_owned(), place.path("config.toml").display().to_string());
    let page = Page::at(&place, &listen, &[configuration]);
    journey_with(&place, &page, "openid", &[("PROVIDER", provider.issuer())]);
}
