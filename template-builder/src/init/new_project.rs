//! A new project: a small Beam pipeline with its parameters described, ready to be built and run.

use std::path::Path;

use fs_err as fs;
use tmpl_template::TemplateName;

use super::{InitError, InitReport, create, metadata_draft, python_found};

/// The Pythons that the pinned version of Beam has wheels for.
const NEWEST_FOR_BEAM: u32 = 13;
const OLDEST_FOR_BEAM: u32 = 10;

const FILES: &[(&str, &str)] = &[
    ("tmpl.toml", include_str!("../new_project/tmpl.toml")),
    ("main.py", include_str!("../new_project/main.py")),
    ("requirements.txt", include_str!("../new_project/requirements.txt")),
    ("metadata.json", include_str!("../new_project/metadata.json")),
    ("README.md", include_str!("../new_project/README.md")),
    (".gitignore", include_str!("../new_project/gitignore")),
];

pub(super) fn initialise(
    folder: &Path,
    name: &TemplateName,
    python: Option<&Path>,
) -> Result<InitReport, InitError> {
    let mut python = python_found::of_interpreter(python);
    python.minor = python.minor.clamp(OLDEST_FOR_BEAM, NEWEST_FOR_BEAM);
    let title = metadata_draft::title(name.as_str());
    let fill = |text: &str| {
        text.replace("TEMPLATE_NAME", name.as_str())
            .replace("TEMPLATE_TITLE", &title)
            .replace("PYTHON_VERSION", &python.version())
    };
    let mut created = Vec::new();
    let mut warnings = Vec::new();
    for (file, text) in FILES {
        fs::create_dir_all(folder)?;
        if !create(folder, file, &fill(text), &mut created)? {
            warnings.push(format!("{file} was there already and stays as it is"));
        }
    }
    Ok(InitReport { existing: false, template: name.clone(), created, found: Vec::new(), warnings })
}
