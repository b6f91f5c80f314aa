//! The table `[serve]` of the operator's configuration.

use serde::Deserialize;

/// What the operator says of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where to listen: `127.0.0.1:8080`.
    pub listen: Option<String>,
    /// Nothing can be launched or changed.
    pub read_only: bool,
}
