//! A device of the machine that a container gets.

use std::fmt;
use std::str::FromStr;

use super::ProfileError;

/// A device: `/dev/nvidia0`, `/dev/ttyUSB0:/dev/modem`, `/dev/sdb:/dev/disk:r`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Where it is on the machine.
    pub source: String,
    /// Where the container sees it.
    pub target: String,
    /// What may be done with it: some of `rwm`, to read, write and make nodes.
    pub permissions: String,
}

impl FromStr for Device {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let refuse = || ProfileError::new("device", text, "write /dev/NAME, or /dev/NAME:/dev/OTHER:rw");
        let is_path = |text: &&str| text.starts_with('/') && text.len() > 1;
        let is_permissions = |text: &&str| !text.is_empty() && text.chars().all(|c| "rwm".contains(c));
        let mut parts = text.split(':');
        let source = parts.next().filter(is_path).ok_or_else(refuse)?;
        let (target, permissions) = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => (source, "rwm"),
            (Some(target), None, _) if is_path(&target) => (target, "rwm"),
            (Some(permissions), None, _) if is_permissions(&permissions) => (source, permissions),
            (Some(target), Some(permissions), None) if is_path(&target) && is_permissions(&permissions) => {
                (target, permissions)
            }
            _ => return Err(refuse()),
        };
        let owned = str::to_owned;
        Ok(Self { source: owned(source), target: owned(target), permissions: owned(permissions) })
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.source, self.target, self.permissions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_as_docker_reads_them() {
        for (text, shown) in [
            ("/dev/a", "/dev/a:/dev/a:rwm"),
            ("/dev/a:/dev/b", "/dev/a:/dev/b:rwm"),
            ("/dev/a:r", "/dev/a:/dev/a:r"),
            ("/dev/a:/dev/b:rw", "/dev/a:/dev/b:rw"),
        ] {
            assert_eq!(text.parse::<Device>().unwrap().to_string(), shown);
        }
        for text in [
            "",
            "/",
            "dev/a",
            "/dev/a:",
            "/dev/a:x",
            "/dev/a:/dev/b:",
            "/dev/a:/dev/b:q",
            "/dev/a:/dev/b:r:w",
        ] {
            assert!(text.parse::<Device>().is_err(), "{text}");
        }
    }
}
