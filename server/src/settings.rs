//! The table `[serve]` of the operator's configuration.

use jiff::SignedDuration;
use serde::Deserialize;
use tmpl_template::{SecretReference, Who};
use url::Url;

use crate::door::{Network, Role, TemplatePattern};
use crate::operate::Limits;

/// What the operator says of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where to listen: `127.0.0.1:8080`.
    pub listen: Option<String>,
    /// Nothing can be launched or changed.
    pub read_only: bool,
    /// The address that people type, where it is not the one that is listened at: `https://tmpl.example.org`.
    pub public_url: Option<Url>,
    /// Further names that the page may be asked for by.
    pub hosts: Vec<String>,
    /// What sessions are sealed with: several servers with the same key know each other's. Without it a restart ends all sessions.
    pub session_key: Option<SecretReference>,
    /// How long a session lasts that nobody uses.
    pub session_idle: Option<SignedDuration>,
    /// How long a session lasts at most.
    pub session_longest: Option<SignedDuration>,
    /// What whoever reads `/metrics` shows as bearer token.
    pub metrics_token: Option<SecretReference>,
    /// How people sign in.
    pub sign_in: Option<SignIn>,
    /// Who stands in front of this server.
    pub proxy: Option<Proxy>,
    /// Who may do what.
    pub roles: Roles,
    /// Templates that are not for everybody.
    pub rules: Vec<Rule>,
    /// How much is too much.
    pub limits: Limits,
}

impl Settings {
    /// The variables that secrets are in.
    pub(crate) fn secret_variables(&self) -> Vec<String> {
        let client = self.sign_in.as_ref().and_then(|sign_in| sign_in.client_secret.as_ref());
        let references = [self.session_key.as_ref(), self.metrics_token.as_ref(), client];
        let names = references.into_iter().flatten().filter_map(|one| one.as_str().strip_prefix("env:"));
        names.map(str::to_owned).collect()
    }
}

/// Signing in with `OpenID` Connect.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The provider: `https://login.example.org/realms/main`.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// What proves that it is us; none of a public client.
    #[serde(default)]
    pub client_secret: Option<SecretReference>,
    /// What is asked for beside `openid`.
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// Which of a person's claims is the name that roles go by.
    #[serde(default = "usual_name")]
    pub name_claim: String,
    /// Which claim has the groups.
    #[serde(default = "usual_groups")]
    pub groups_claim: String,
}

fn usual_scopes() -> Vec<String> {
    vec!["email".to_owned(), "profile".to_owned()]
}

fn usual_name() -> String {
    "email".to_owned()
}

fn usual_groups() -> String {
    "groups".to_owned()
}

/// A proxy in front of this server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxy {
    /// Where it may be: addresses and networks. What others say in its place is not believed.
    pub from: Vec<Network>,
    /// The header that says who somebody is, where the proxy has people sign in.
    #[serde(default)]
    pub user_header: Option<String>,
    /// The header with their groups, parted by commas.
    #[serde(default)]
    pub groups_header: Option<String>,
}

/// Who may do what, on every template that no rule is about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Roles {
    /// What everybody may who has signed in.
    pub everyone: Option<Role>,
    /// Who may look.
    pub view: Vec<Who>,
    /// Who may launch, too.
    pub run: Vec<Who>,
    /// Who may save launches, too.
    pub author: Vec<Who>,
    /// Who may do everything, whatever rules say.
    pub admin: Vec<Who>,
}

/// Who may do what on some templates. The first rule that is about a template decides alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which: a name, in which `*` stands for anything.
    pub templates: TemplatePattern,
    /// What everybody may who has signed in.
    #[serde(default)]
    pub everyone: Option<Role>,
    /// Who may look.
    #[serde(default)]
    pub view: Vec<Who>,
    /// Who may launch, too.
    #[serde(default)]
    pub run: Vec<Who>,
    /// Who may save launches, too.
    #[serde(default)]
    pub author: Vec<Who>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_variables_are_named() {
        let settings: Settings = toml::from_str(
            "session_key = \"env:KEY\"\nmetrics_token = \"file:/etc/token\"\n\
             [sign_in]\nissuer = \"https://a.example\"\nclient_id = \"tmpl\"\nclient_secret = \"env:CLIENT\"\n",
        )
        .unwrap();
        assert_eq!(settings.secret_variables(), ["KEY", "CLIENT"]);
    }
}
