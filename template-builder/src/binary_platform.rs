//! Which machine a binary is for, told from its first bytes: a build for another one would be found out only when it is launched.

use std::io::Read;
use std::path::Path;

use fs_err as fs;

use crate::BuildError;

/// Refuses an ELF file for another machine than the platform's. What is no ELF file, a script for instance, runs everywhere.
pub(crate) fn check(file: &Path, platform: &str) -> Result<(), BuildError> {
    let mut start = Vec::new();
    fs::File::open(file)?.take(20).read_to_end(&mut start)?;
    match machine(&start) {
        Some(found) if Some(found) != platform.split_once('/').map(|(_, machine)| machine) => {
            Err(BuildError::BinaryPlatform {
                file: file.display().to_string(),
                found: found.to_owned(),
                platform: platform.to_owned(),
            })
        }
        _ => Ok(()),
    }
}

/// The machine of an ELF file (`e_machine` of its header), as platforms spell it.
fn machine(start: &[u8]) -> Option<&'static str> {
    let [0x7f, b'E', b'L', b'F', _, order, ..] = start else { return None };
    let field: [u8; 2] = start.get(18..20)?.try_into().ok()?;
    let number = if *order == 2 { u16::from_be_bytes(field) } else { u16::from_le_bytes(field) };
    Some(match number {
        3 => "386",
        40 => "arm",
        62 => "amd64",
        183 => "arm64",
        _ => "another machine",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elf_files_of_other_machines_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let elf = |number: u8| {
            let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
            bytes.resize(18, 0);
            bytes.extend([number, 0]);
            bytes
        };
        for (bytes, platform, fits) in [
            (elf(62), "linux/amd64", true),
            (elf(62), "linux/arm64", false),
            (elf(183), "linux/arm64", true),
            (elf(8), "linux/amd64", false),
            (b"#!/bin/sh\n".to_vec(), "linux/arm64", true),
            (b"\x7fELF".to_vec(), "linux/arm64", true),
        ] {
            let file = folder.path().join("program");
            fs::write(&file, &bytes).unwrap();
            assert_eq!(check(&file, platform).is_ok(), fits, "{bytes:?} on {platform}");
        }
    }
}
