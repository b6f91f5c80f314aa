//! An image's configuration: JSON that keeps what nobody here knows (Docker's health checks, for instance).

use std::collections::BTreeMap;

use oci_spec::image::{Digest, Platform, PlatformBuilder};
use serde_json::{Map, Value, json};

use super::error::{ImageError, parse};

/// The configuration of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageConfig(Value);

impl ImageConfig {
    pub(crate) fn empty(platform: &Platform) -> Self {
        let mut config = json!({
            "architecture": platform.architecture().to_string(),
            "os": platform.os().to_string(),
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": []},
            "history": [],
        });
        if let Some(variant) = platform.variant() {
            config["variant"] = variant.as_str().into();
        }
        Self(config)
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, ImageError> {
        let mut value: Value = parse("configuration", bytes)?;
        let invalid =
            |problem: &str| ImageError::Invalid { what: "configuration", problem: problem.to_owned() };
        let Some(object) = value.as_object_mut() else { return Err(invalid("it is no object")) };
        for key in ["architecture", "os"] {
            if object.get(key).and_then(Value::as_str).is_none_or(str::is_empty) {
                return Err(invalid(&format!("`{key}` is missing")));
            }
        }
        if !object.get("config").is_some_and(Value::is_object) {
            object.insert("config".to_owned(), json!({}));
        }
        if !object.get("history").is_some_and(Value::is_array) {
            object.insert("history".to_owned(), json!([]));
        }
        // Of Docker's own old builder: they describe a container that is long gone, and differ from build to build.
        for key in ["container", "container_config", "docker_version", "id", "parent"] {
            object.remove(key);
        }
        let config = Self(value);
        config.diff_ids()?;
        Ok(config)
    }

    pub(crate) fn as_value(&self) -> &Value {
        &self.0
    }

    /// What it runs on.
    pub fn platform(&self) -> Platform {
        let text = |key: &str| self.0[key].as_str().unwrap_or_default();
        let mut platform = PlatformBuilder::default().os(text("os")).architecture(text("architecture"));
        if let Some(variant) = self.0["variant"].as_str() {
            platform = platform.variant(variant);
        }
        platform.build().unwrap_or_default()
    }

    /// The digests of its layers' archives.
    pub(crate) fn diff_ids(&self) -> Result<Vec<Digest>, ImageError> {
        let invalid = || ImageError::Invalid {
            what: "configuration",
            problem: "`rootfs.diff_ids` is no list of digests".to_owned(),
        };
        let listed = self.0["rootfs"]["diff_ids"].as_array().ok_or_else(invalid)?;
        listed.iter().map(|id| id.as_str().and_then(|id| id.parse().ok()).ok_or_else(invalid)).collect()
    }

    pub(crate) fn add_layer(&mut self, diff_id: &Digest, created: &str, created_by: &str) {
        if let Some(diff_ids) = self.0["rootfs"]["diff_ids"].as_array_mut() {
            diff_ids.push(diff_id.to_string().into());
        }
        if let Some(history) = self.0["history"].as_array_mut() {
            history.push(json!({"created": created, "created_by": created_by}));
        }
    }

    /// A variable of its environment.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let variables = self.0["config"]["Env"].as_array()?;
        variables.iter().filter_map(Value::as_str).find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    }

    /// Sets a variable: in the place of one of that name, else at the end.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        let line = Value::from(format!("{name}={value}"));
        let variables = self.list("Env");
        let is_it = |known: &Value| {
            known.as_str().and_then(|known| known.split_once('=')).is_some_and(|known| known.0 == name)
        };
        match variables.iter_mut().find(|known| is_it(known)) {
            Some(known) => *known = line,
            None => variables.push(line),
        }
    }

    /// What is started.
    pub fn entrypoint(&self) -> Vec<&str> {
        self.0["config"]["Entrypoint"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Sets what is started. Arguments of the base's own command make no sense for it.
    pub fn set_entrypoint(&mut self, words: &[&str]) {
        self.container().insert("Entrypoint".to_owned(), json!(words));
        self.container().remove("Cmd");
    }

    /// The user it runs as: a name or number, with or without a group.
    pub fn user(&self) -> &str {
        self.0["config"]["User"].as_str().unwrap_or_default()
    }

    /// Sets the user.
    pub fn set_user(&mut self, user: &str) {
        self.container().insert("User".to_owned(), user.into());
    }

    /// Sets the folder that it starts in.
    pub fn set_working_directory(&mut self, directory: &str) {
        self.container().insert("WorkingDir".to_owned(), directory.into());
    }

    /// Its labels.
    pub fn labels(&self) -> BTreeMap<&str, &str> {
        let labels = self.0["config"]["Labels"].as_object();
        labels
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
            .collect()
    }

    /// Sets a label.
    pub fn set_label(&mut self, name: &str, value: &str) {
        let labels = self.container().entry("Labels").or_insert_with(|| json!({}));
        if !labels.is_object() {
            *labels = json!({});
        }
        labels[name] = value.into();
    }

    /// When it was made, in the format of RFC 3339.
    pub fn set_created(&mut self, time: &str) {
        self.0["created"] = time.into();
    }

    fn container(&mut self) -> &mut Map<String, Value> {
        match &mut self.0["config"] {
            Value::Object(container) => container,
            // Reading makes sure of it.
            _ => unreachable!("an image's configuration has an object `config`"),
        }
    }

    fn list(&mut self, key: &str) -> &mut Vec<Value> {
        let entry = self.container().entry(key).or_insert_with(|| json!([]));
        if !entry.is_array() {
            *entry = json!([]);
        }
        match entry {
            Value::Array(list) => list,
            _ => unreachable!("it was just made a list"),
        }
    }
}
