//! Where a client is told how to reach a store and who we are: in this process's environment, and before that in what a caller
//! gives.

/// Variables that come before those of this process's environment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variables<'a>(pub(crate) &'a [(String, String)]);

impl Variables<'_> {
    /// A variable that says something.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let given = self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
        given.or_else(|| std::env::var(name).ok()).filter(|value| !value.is_empty())
    }

    /// What was given, by the names that a client's builder has for them.
    pub(super) fn given<Key: std::str::FromStr>(&self) -> impl Iterator<Item = (Key, &str)> {
        self.0
            .iter()
            .filter_map(|(name, value)| Some((name.to_ascii_lowercase().parse().ok()?, value.as_str())))
    }
}
