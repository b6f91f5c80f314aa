//! The program's environment: its layers, unpacked once per digest and joined by hard links into one tree, which Python takes for
//! a virtual environment of its own. Nothing is installed, compiled or fetched.
//!
//! ```text
//! pyvenv.cfg   bin/python → the real interpreter   lib/python3.11/site-packages/…   app/…
//! ```
//!
//! In an image the same layers make the same tree at `/template`.

use std::collections::HashMap;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use fs_err as fs;
use tmpl_bucket::BucketError;
use tmpl_oci::{ExpectedLayer, UnpackError, unpack_layer};
use tmpl_template::LayerReference;
use walkdir::WalkDir;

use crate::LaunchError;
use crate::cache::{Cache, EnvironmentRecord, LayerRecord, Lock, key_of, write_record};
use crate::interpreter::Interpreter;

/// Changes when trees are joined in another way, so that those joined before are not taken for new ones.
const FORMAT: u32 = 2;

/// Puts the project's script files on the path of every process of the program, as `python app/main.py` does for the first.
const APP_PATH_FILE: &str = "tmpl-app.pth";

/// In every environment of Python, without a word of the program's: what sees the counters of Beam pipelines that run inside a program,
/// for who has said where they go, and what makes the import of Beam cheaper for a job's programs and workers.
const HOOKS: [(&str, &str); 6] = [
    ("tmpl-imports.pth", include_str!("../../sdk-image/python/hook/tmpl-imports.pth")),
    ("_tmpl_imports.py", include_str!("../../sdk-image/python/hook/_tmpl_imports.py")),
    ("tmpl-metrics.pth", include_str!("../../sdk-image/python/hook/tmpl-metrics.pth")),
    ("_tmpl_metrics/__init__.py", include_str!("../../sdk-image/python/hook/_tmpl_metrics/__init__.py")),
    ("_tmpl_metrics/figures.py", include_str!("../../sdk-image/python/hook/_tmpl_metrics/figures.py")),
    ("_tmpl_metrics/recorder.py", include_str!("../../sdk-image/python/hook/_tmpl_metrics/recorder.py")),
];

/// Where layers come from: opens a layer's compressed bytes.
pub type OpenLayer<'a> = dyn Fn(&LayerReference) -> Result<Box<dyn Read + Send>, BucketError> + Sync + 'a;

/// What an environment is made of.
#[derive(Clone, Copy, Debug)]
pub struct Ingredients<'a> {
    /// The Python that the tree is a virtual environment of; none for a program in another language.
    pub interpreter: Option<&'a Interpreter>,
    /// The layers, none of which hold the same file.
    pub layers: &'a [LayerReference],
    /// The folder of each layer that holds what is joined: [`Extension::layer_root`](tmpl_template::Extension::layer_root).
    pub layer_root: &'static str,
}

/// A joined environment, kept from being pruned while this value lives.
#[derive(Debug)]
pub struct Environment {
    /// The tree.
    pub root: PathBuf,
    /// How many layers had to be unpacked for it.
    pub unpacked: usize,
    _in_use: Lock,
}

/// Where the environment lies, or will lie.
pub fn root(cache: &Cache, ingredients: &Ingredients<'_>) -> PathBuf {
    let mut words = vec![FORMAT.to_string().into_bytes()];
    if let Some(interpreter) = ingredients.interpreter {
        words.push(interpreter.version.clone().into_bytes());
        words.push(interpreter.path.as_os_str().as_encoded_bytes().to_owned());
        words.extend(HOOKS.iter().map(|(_, text)| text.as_bytes().to_owned()));
    }
    words.extend(ingredients.layers.iter().map(|layer| layer.diff_id.digest().as_bytes().to_owned()));
    let key = key_of(&words);
    cache.environment(&key)
}

/// The Python of an environment.
pub fn python(root: &Path) -> PathBuf {
    root.join("bin/python")
}

/// `python3.11` for `3.11` and `3.11.2`.
fn python_name(version: &str) -> String {
    let minor: Vec<&str> = version.split('.').take(2).collect();
    format!("python{}", minor.join("."))
}

/// The environment of these layers: the one that is there, or a new one. Blocks while layers are unpacked.
pub fn assemble(
    cache: &Cache,
    ingredients: &Ingredients<'_>,
    open: &OpenLayer<'_>,
) -> Result<Environment, LaunchError> {
    cache.make_folders()?;
    let root = root(cache, ingredients);
    let layers = ingredients.layers;
    let mut unpacked = 0;
    let in_use = loop {
        if !root.is_dir() {
            let _making = Cache::lock_to_make(&root)?;
            if !root.is_dir() {
                unpacked += unpack_missing(cache, layers, open)?;
                join(cache, ingredients, &root)?;
            }
        }
        let in_use = Cache::lock_to_use(&root)?;
        // Somebody may have pruned it in the moment before it was locked.
        if root.is_dir() {
            break in_use;
        }
    };
    for layer in layers {
        drop(Cache::lock_to_use(&cache.layer(layer.digest.digest()))?);
    }
    if unpacked > 0 {
        // What can't be pruned now is no reason not to launch.
        let _ = cache.prune(crate::cache::DEFAULT_LIMIT);
    }
    Ok(Environment { root, unpacked, _in_use: in_use })
}

/// Unpacks the layers that are not here yet, two at a time: inflating one while another waits for the disk.
fn unpack_missing(
    cache: &Cache,
    layers: &[LayerReference],
    open: &OpenLayer<'_>,
) -> Result<usize, LaunchError> {
    let mut missing: Vec<&LayerReference> =
        layers.iter().filter(|layer| !cache.has_layer(layer.digest.digest())).collect();
    // The largest first: the last one to finish is then a small one.
    missing.sort_by_key(|layer| layer.size);
    let count = missing.len();
    let queue = Mutex::new(missing);
    let failure = Mutex::new(None);
    let work = || {
        while let Some(layer) = queue.lock().ok().and_then(|mut queue| queue.pop()) {
            if let Err(error) = unpack(cache, layer, open)
                && let (Ok(mut queue), Ok(mut failure)) = (queue.lock(), failure.lock())
            {
                queue.clear();
                failure.get_or_insert(error);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from).clamp(1, 4).min(count) {
            scope.spawn(work);
        }
    });
    match failure.into_inner() {
        Ok(Some(error)) => Err(error),
        _ => Ok(count),
    }
}

fn unpack(cache: &Cache, layer: &LayerReference, open: &OpenLayer<'_>) -> Result<(), LaunchError> {
    let hex = layer.digest.digest();
    let place = cache.layer(hex);
    let _making = Cache::lock_to_make(&place)?;
    if place.is_dir() {
        return Ok(());
    }
    let failed = |source: UnpackError| LaunchError::Layer { source };
    let reader = open(layer)?;
    let expected =
        ExpectedLayer { digest: layer.digest.clone(), diff_id: layer.diff_id.clone(), size: layer.size };
    let workshop = Cache::workshop(&place)?;
    let unpacked = unpack_layer(reader, &expected, workshop.path()).map_err(failed)?;
    write_record(&place, &LayerRecord { bytes: unpacked.bytes })?;
    put_in_place(workshop, &place)
}

fn join(cache: &Cache, ingredients: &Ingredients<'_>, root: &Path) -> Result<(), LaunchError> {
    let layers = ingredients.layers;
    let workshop = Cache::workshop(root)?;
    let tree = workshop.path();
    let mut owners: HashMap<PathBuf, usize> = HashMap::new();
    for (number, layer) in layers.iter().enumerate() {
        let from = cache.layer(layer.digest.digest()).join(ingredients.layer_root);
        link_tree(&from, tree, &mut |path| {
            let first = owners.insert(path.to_owned(), number)?;
            Some(LaunchError::Overlap {
                first: layers[first].title.clone(),
                second: layer.title.clone(),
                path: path.display().to_string(),
            })
        })?;
    }
    if let Some(interpreter) = ingredients.interpreter {
        let made = make_virtual(tree, interpreter);
        made.map_err(|source| LaunchError::Cache { action: "make", path: root.to_owned(), source })?;
    }
    let record =
        EnvironmentRecord { layers: layers.iter().map(|layer| layer.digest.digest().to_owned()).collect() };
    write_record(root, &record)?;
    put_in_place(workshop, root)
}

/// Hard links every file of a layer into the tree. `claim` is told each path and may object.
fn link_tree(
    from: &Path,
    tree: &Path,
    claim: &mut dyn FnMut(&Path) -> Option<LaunchError>,
) -> Result<(), LaunchError> {
    let failed = |path: &Path, source: std::io::Error| LaunchError::Cache {
        action: "link",
        path: path.to_owned(),
        source,
    };
    for entry in WalkDir::new(from).min_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| failed(from, error.into()))?;
        let relative = entry.path().strip_prefix(from).unwrap_or(entry.path());
        let target = tree.join(relative);
        let kind = entry.file_type();
        if kind.is_dir() {
            match std::fs::create_dir(&target) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(failed(&target, error));
                }
                _ => continue,
            }
        }
        if let Some(objection) = claim(relative) {
            return Err(objection);
        }
        // hard_link does not follow: a link in a layer stays a link.
        fs::hard_link(entry.path(), &target).map_err(|error| failed(&target, error))?;
    }
    Ok(())
}

/// Something that makes Python take a tree for a virtual environment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub enum VirtualEntry {
    /// A file with this text.
    File(String),
    /// A symbolic link to this place.
    Link(String),
}

/// What makes Python take a tree for a virtual environment of `python`, by the paths in the tree: `pyvenv.cfg` beside `bin/`, and
/// the interpreter as a link in it. The same on disk and in an image.
pub fn virtual_entries(python: &Path, version: &str) -> Vec<(String, VirtualEntry)> {
    let home = python.parent().unwrap_or(Path::new("/")).display();
    let name = python_name(version);
    let executable = python.display();
    let config = format!(
        "home = {home}\ninclude-system-site-packages = false\nversion = {version}\nexecutable = {executable}\n"
    );
    let link = |target: &str| VirtualEntry::Link(target.to_owned());
    let packages = format!("lib/{name}/site-packages");
    let hooks = HOOKS.map(|(file, text)| (format!("{packages}/{file}"), VirtualEntry::File(text.to_owned())));
    let mut entries = vec![
        ("pyvenv.cfg".to_owned(), VirtualEntry::File(config)),
        ("bin/python".to_owned(), VirtualEntry::Link(executable.to_string())),
        ("bin/python3".to_owned(), link("python")),
        (format!("bin/{name}"), link("python")),
        ("lib64".to_owned(), link("lib")),
        // Of a folder that is not there Python takes no notice.
        (format!("{packages}/{APP_PATH_FILE}"), VirtualEntry::File("../../../app\n".to_owned())),
    ];
    entries.extend(hooks);
    entries
}

fn make_virtual(tree: &Path, interpreter: &Interpreter) -> std::io::Result<()> {
    for (path, entry) in virtual_entries(&interpreter.path, &interpreter.version) {
        let place = tree.join(path);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        match entry {
            VirtualEntry::File(text) => fs::write(place, text)?,
            VirtualEntry::Link(target) => match symlink(target, &place) {
                // A layer may have brought `lib64`.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                linked => linked?,
            },
        }
    }
    Ok(())
}

/// Renames a finished tree into place. Somebody else's, made meanwhile, is as good.
fn put_in_place(workshop: tempfile::TempDir, place: &Path) -> Result<(), LaunchError> {
    let finished = workshop.keep();
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&finished, readable).map_err(|source| LaunchError::Cache {
        action: "make",
        path: place.to_owned(),
        source,
    })?;
    if let Err(source) = fs::rename(&finished, place) {
        let _ = fs::remove_dir_all(&finished);
        if !place.is_dir() {
            return Err(LaunchError::Cache { action: "make", path: place.to_owned(), source });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tmpl_oci::{LayerContents, LayerOptions, write_layer};
    use tmpl_template::Extension;

    use super::*;

    /// A layer with one file, and its bytes.
    fn layer(path: &str) -> (LayerReference, Vec<u8>) {
        let mut contents = LayerContents::new();
        contents.bytes(path, b"text".to_vec(), true).unwrap();
        let mut blob = Vec::new();
        let layer = write_layer(&contents, &mut blob, LayerOptions::default()).unwrap();
        let reference = LayerReference {
            title: path.to_owned(),
            digest: layer.digest,
            diff_id: layer.diff_id,
            size: layer.size,
            media_type: layer.media_type.to_string(),
            key: "k".to_owned(),
        };
        (reference, blob)
    }

    #[test]
    fn layers_of_both_formats_are_joined() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path().into()).unwrap();
        for (path, layer_root) in [("app/run", ""), ("template/app/run", Extension::LAYER_ROOT)] {
            let (reference, blob) = layer(path);
            let ingredients = Ingredients { interpreter: None, layers: &[reference], layer_root };
            let open = |_: &LayerReference| -> Result<Box<dyn Read + Send>, BucketError> {
                Ok(Box::new(std::io::Cursor::new(blob.clone())))
            };
            let environment = assemble(&cache, &ingredients, &open).unwrap();
            assert_eq!(fs::read(environment.root.join("app/run")).unwrap(), b"text", "{path}");
            // A program in another language has no virtual environment around it.
            assert!(!environment.root.join("pyvenv.cfg").exists());
        }
    }
}
