//! A place whose bucket lies in a store.

use std::process::Command;

use tmpl_testing::{Store, shared};

use crate::support::{Ended, Place};

/// What says who we are, or where a store is: taken from no test's surroundings.
const FOREIGN: [&str; 14] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "STORAGE_EMULATOR_HOST",
    "AZURE_STORAGE_ACCOUNT_NAME",
    "AZURE_STORAGE_ACCOUNT_KEY",
];

/// A bucket in a store, and a place for files beside it.
pub(crate) struct Remote {
    pub(crate) place: Place,
    pub(crate) url: String,
    variables: Vec<(String, String)>,
}

impl Remote {
    /// A bucket of its own in a server that the tests share.
    pub(crate) fn of(store: Store) -> Self {
        let shared = shared(store);
        Self::at(shared.url(), shared.server.variables())
    }

    pub(crate) fn at(url: String, variables: Vec<(String, String)>) -> Self {
        Self { place: Place::new(), url, variables }
    }

    /// The same bucket as somebody else sees it. Files are elsewhere.
    pub(crate) fn by(&self, variables: &[(&str, &str)]) -> Self {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { place: Place::new(), url: self.url.clone(), variables }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.place.command(arguments);
        for name in FOREIGN {
            command.env_remove(name);
        }
        // Nobody's own profiles.
        command
            .env("HOME", self.place.path("home"))
            .env("TMPL_BUCKET", &self.url)
            .envs(self.variables.clone());
        command
    }

    pub(crate) fn tmpl(&self, arguments: &[&str]) -> Ended {
        self.place.ended(self.command(arguments).spawn().unwrap())
    }

    /// Publishes the template of a fixture.
    pub(crate) fn build(&self, project: &str) -> Ended {
        let folder = self.place.project(project);
        self.tmpl(&["build", folder.to_str().unwrap(), "--check", "static"])
    }

    /// Launches `talker` in this mode.
    pub(crate) fn talk(&self, mode: &str, arguments: &[&str]) -> Ended {
        let mode = format!("mode={mode}");
        self.tmpl(&[&["run", "talker", "--param", &mode], arguments].concat())
    }

    pub(crate) fn newest_job(&self) -> String {
        let listed = self.tmpl(&["jobs", "list", "--limit", "1", "--format", "json"]).expect(0);
        listed.json()[0]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn state(&self, id: &str) -> String {
        let shown = self.tmpl(&["jobs", "show", id, "--format", "json"]).expect(0);
        shown.json()["state"].as_str().unwrap().to_owned()
    }
}
