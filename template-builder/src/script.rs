//! Console scripts that work wherever their tree lies: an installer writes the path of its own interpreter into them, and that
//! is a path of the build machine.

/// Starts the `python` beside the script, links to the script followed. The shell runs the second line and never sees the
/// third; Python takes both for one string.
const HEADER: &str = "#!/bin/sh\n\
    '''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n\
    ' '''\n";

/// The script of an entry point: `target` is `module:attribute`.
pub(crate) fn entry_point(target: &str) -> Option<Vec<u8>> {
    let target = target.split('[').next().unwrap_or(target).trim();
    let (module, attribute) = target.split_once(':')?;
    let (module, attribute) = (module.trim(), attribute.trim());
    let imported = attribute.split('.').next().unwrap_or(attribute);
    let text = format!(
        "{HEADER}# -*- coding: utf-8 -*-\nimport sys\nfrom {module} import {imported}\nif __name__ == \"__main__\":\n    \
         sys.exit({attribute}())\n"
    );
    Some(text.into_bytes())
}

/// The script with a header that works everywhere; nothing for a script that is not Python's.
pub(crate) fn relocatable(script: &[u8]) -> Option<Vec<u8>> {
    let after_line =
        |bytes: &'_ [u8]| bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
    let first = after_line(script);
    let shebang = script[..first].strip_prefix(b"#!")?;
    let mut rest = &script[first..];
    if rest.starts_with(b"'''exec' ") {
        // What installers write where the interpreter's path is too long or has spaces.
        rest = &rest[after_line(rest)..];
        rest = &rest[after_line(rest)..];
    } else {
        let program =
            String::from_utf8_lossy(shebang).split_whitespace().next().unwrap_or_default().to_owned();
        let name = program.rsplit('/').next().unwrap_or_default();
        let is_env = name == "env" && String::from_utf8_lossy(shebang).contains("python");
        if !name.starts_with("python") && !is_env {
            return None;
        }
    }
    Some([HEADER.as_bytes(), rest].concat())
}

/// The names and targets of `[console_scripts]` and `[gui_scripts]` in an `entry_points.txt`.
pub(crate) fn entry_points(text: &str) -> Vec<(String, String)> {
    let mut scripts = false;
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            scripts = matches!(line, "[console_scripts]" | "[gui_scripts]");
        } else if let (true, false, Some((name, target))) =
            (scripts, line.starts_with(['#', ';']), line.split_once('='))
        {
            found.push((name.trim().to_owned(), target.trim().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    use fs_err as fs;

    use super::*;

    #[test]
    fn python_scripts_lose_the_path_of_their_installer() {
        for (script, expected) in [
            ("#!/opt/build/bin/python3.11\nimport sys\n", Some("import sys\n")),
            ("#!/usr/bin/env python\nimport sys\n", Some("import sys\n")),
            ("#!python -E\nx\n", Some("x\n")),
            ("#!/bin/sh\n'''exec' '/a b/python' \"$0\" \"$@\"\n' '''\nimport sys\n", Some("import sys\n")),
            ("#!/bin/sh\necho\n", None),
            ("import sys\n", None),
            ("\u{7f}ELF", None),
        ] {
            let made = relocatable(script.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(made, expected.map(|rest| format!("{HEADER}{rest}")), "{script}");
        }
    }

    #[test]
    fn entry_points_are_read_as_they_are_written() {
        let text =
            "# c\n[console_scripts]\nrun = pkg.cli:main\n; no\nextra=pkg:App.run [x]\n[other]\nno = a:b\n";
        let found = entry_points(text);
        assert_eq!(
            found,
            [("run".into(), "pkg.cli:main".into()), ("extra".into(), "pkg:App.run [x]".into())]
        );
        let script = String::from_utf8(entry_point(&found[1].1).unwrap()).unwrap();
        assert!(
            script.contains("from pkg import App\n") && script.contains("sys.exit(App.run())"),
            "{script}"
        );
        assert_eq!(entry_point("no colon"), None);
    }

    #[test]
    fn a_script_runs_the_python_beside_it_even_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("a tree/bin");
        fs::create_dir_all(&bin).unwrap();
        let python = "#!/bin/sh\necho \"python beside $*\"\n";
        for (name, bytes) in [("python", python.as_bytes().to_vec()), ("run", entry_point("a:b").unwrap())] {
            fs::write(bin.join(name), bytes).unwrap();
            fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let link = folder.path().join("link");
        symlink(bin.join("run"), &link).unwrap();
        let output = Command::new(&link).arg("x y").output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed, format!("python beside {} x y\n", link.display()));
    }
}
