//! npm's `oidc-provider`: people who sign in, for a server that lets them in by `OpenID` Connect.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::NamedTempFile;

/// How a provider is set up. By default clients may prove who they are in any way, and come from nowhere.
#[derive(Clone, Copy, Debug)]
pub struct OpenIdSetup<'a> {
    /// The ways of proof that clients may use.
    pub ways: &'a [&'a str],
    /// Whether the claims of a person come with the token already.
    pub claims_in_token: bool,
    /// The public address of the server that people come from.
    pub page: &'a str,
}

impl Default for OpenIdSetup<'_> {
    fn default() -> Self {
        let ways = &["client_secret_basic", "client_secret_post", "none"];
        Self { ways, claims_in_token: false, page: "http://127.0.0.1:1" }
    }
}

/// A provider with the clients `basic`, `post`, `public` and `elliptic`. It listens on this machine only, and ends when it is dropped, or
/// with this process.
#[derive(Debug)]
pub struct OpenIdProvider {
    issuer: String,
    secret: NamedTempFile,
    /// Its input closes with this process: then it ends.
    child: Child,
}

impl OpenIdProvider {
    /// Starts one, and waits until it listens.
    pub fn start(setup: &OpenIdSetup<'_>) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let packages = here.parent().unwrap().join(".tools/npm");
        assert!(
            packages.join("node_modules/oidc-provider").is_dir(),
            "npm's oidc-provider is missing\nhint: make openid-provider"
        );
        let secret = NamedTempFile::new().unwrap();
        fs_err::write(secret.path(), "a secret & more\n").unwrap();
        let arguments = serde_json::json!({
            "packages": packages,
            "secret": secret.path(),
            "ways": setup.ways,
            "claimsInToken": setup.claims_in_token,
            "page": setup.page,
        });
        let mut node = Command::new("node");
        node.arg(here.join("src/openid/provider.mjs")).arg(arguments.to_string());
        node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = node.spawn().unwrap();
        let mut issuer = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut issuer).unwrap();
        assert!(issuer.starts_with("http://"), "the provider did not say where it is");
        Self { issuer: issuer.trim().to_owned(), secret, child }
    }

    /// What it calls itself: `http://127.0.0.1:PORT`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The secret of its clients, as a reference: `file:PATH`.
    pub fn secret(&self) -> String {
        format!("file:{}", self.secret.path().display())
    }

    /// Ends it.
    pub fn stop(&mut self) {
        // It has ended by itself otherwise.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for OpenIdProvider {
    fn drop(&mut self) {
        self.stop();
    }
}
