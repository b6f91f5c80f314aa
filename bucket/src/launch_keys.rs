//! Launch keys: however often, and from wherever, a launch is asked for under a key, there is one job.
//!
//! The key's object holds the whole job as it was first accepted. Whoever finds it without the job's record, or without an attempt,
//! goes on where the first one stopped: each step is create-only, so all who do so do the same.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::store::Created;
use crate::{Bucket, BucketError, JobRecord, layout};

/// The format of this record.
const FORMAT: u32 = 1;

/// `staging/keys/<digest>.json`: the first launch that was asked for under a key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyedLaunch {
    format: u32,
    /// The key, in plain words.
    pub key: String,
    /// The launch as it was asked for, by the names of its parts: what a repetition is compared with. The template is in it as it was
    /// named, so that a version published between two tries changes nothing.
    pub asked: Map<String, Value>,
    /// The job that the launch became.
    pub job: JobRecord,
}

impl KeyedLaunch {
    /// A launch under a key.
    pub fn new(key: &str, asked: Map<String, Value>, job: JobRecord) -> Self {
        Self { format: FORMAT, key: key.to_owned(), asked, job }
    }

    /// In what another launch differs from this one: the names of parts, each with both values.
    pub fn differences(&self, asked: &Map<String, Value>) -> Vec<String> {
        let mut found = Vec::new();
        differ("", &Value::Object(self.asked.clone()), &Value::Object(asked.clone()), &mut found);
        found
    }
}

impl Bucket {
    /// The launch that was asked for under a key, if there was one.
    pub async fn launch_of_key(&self, key: &str) -> Result<Option<KeyedLaunch>, BucketError> {
        self.store.get_json(&layout::launch_key(key)).await
    }

    /// Takes a key for a launch. Gives the launch that holds it: this one, or the one that was there before.
    pub async fn take_launch_key(&self, launch: KeyedLaunch) -> Result<KeyedLaunch, BucketError> {
        let object = layout::launch_key(&launch.key);
        match self.store.create_json(&object, &launch).await? {
            Created::Yes => Ok(launch),
            Created::Existed => {
                let found = self.store.get_json(&object).await?;
                found.ok_or_else(|| self.store.malformed(&object, "it vanished while it was read"))
            }
        }
    }
}

/// Parameters that differ are named one by one.
fn differ(path: &str, before: &Value, now: &Value, found: &mut Vec<String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            for (name, value) in before {
                differ(&below(name), value, now.get(name).unwrap_or(&Value::Null), found);
            }
            for (name, value) in now.iter().filter(|(name, _)| !before.contains_key(*name)) {
                differ(&below(name), &Value::Null, value, found);
            }
        }
        (before, now) if before == now => {}
        (before, now) => found.push(format!("{path} was {}, and is {}", shown(before), shown(now))),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "not given".to_owned(),
        Value::String(text) => format!("`{text}`"),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_named_one_by_one() {
        let map = |value: Value| value.as_object().cloned().unwrap();
        let before = map(json!({ "template": "a", "parameters": { "x": "1", "y": "2" }, "timeout": null }));
        let now = map(json!({ "template": "a", "parameters": { "x": "3", "z": "4" }, "retries": 2 }));
        let mut found = Vec::new();
        differ("", &Value::Object(before), &Value::Object(now), &mut found);
        assert_eq!(
            found,
            [
                "parameters.x was `1`, and is `3`",
                "parameters.y was `2`, and is not given",
                "parameters.z was not given, and is `4`",
                "retries was not given, and is 2",
            ]
        );
    }
}
