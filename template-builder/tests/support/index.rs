//! A package index on this machine: simple pages and files behind a user name and a password.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;
use fs_err as fs;

pub(crate) const USER: &str = "alice";
pub(crate) const PASSWORD: &str = "s3cr3t-passw0rd";
/// `alice:s3cr3t-passw0rd`
const AUTHORIZATION: &str = "Basic YWxpY2U6czNjcjN0LXBhc3N3MHJk";

/// Files by name, and what was asked for.
pub(crate) struct Index {
    port: u16,
    /// The start of every path: uv keeps what it fetched by address, and another index may have had this port.
    name: String,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

/// A build backend that copies the folder `src/` into a wheel: what flit does, in a few lines. It is named like flit's so that
/// tmpl knows what to think of it.
const BACKEND: &str = r#"
import base64, hashlib, os, tomllib, zipfile
VERSION = "BACKEND_VERSION"

def get_requires_for_build_wheel(config_settings=None):
    return ["build-extra"] if os.path.exists("wants_extra") else []

def build_wheel(directory, config_settings=None, metadata_directory=None):
    with open("pyproject.toml", "rb") as file:
        project = tomllib.load(file)["project"]
    stem = f"{project['name'].replace('-', '_')}-{project['version']}"
    requires = "".join(f"Requires-Dist: {r}\n" for r in project.get("dependencies", []))
    files = {f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n{requires}",
             f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: backend {VERSION}\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    scripts = "".join(f"{k} = {v}\n" for k, v in project.get("scripts", {}).items())
    if scripts:
        files[f"{stem}.dist-info/entry_points.txt"] = "[console_scripts]\n" + scripts
    for top, _, names in os.walk("src"):
        for name in names:
            path = os.path.join(top, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, "src")] = file.read()
    record = ""
    name = f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        for path, data in files.items():
            data = data if isinstance(data, bytes) else data.encode()
            wheel.writestr(path, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record += f"{path},sha256={digest},{len(data)}\n"
        wheel.writestr(f"{stem}.dist-info/RECORD", record + f"{stem}.dist-info/RECORD,,\n")
    return name
"#;

/// `pyproject.toml` of a package that is built by that backend.
pub(crate) fn pyproject(name: &str, version: &str, dependencies: &str) -> String {
    format!(
        "[build-system]\nrequires = [\"flit-core\"]\nbuild-backend = \"flit_core.buildapi\"\n\n\
         [project]\nname = \"{name}\"\nversion = \"{version}\"\ndependencies = [{dependencies}]\n"
    )
}

impl Index {
    /// Starts an index that has the backend (3.0) and an extra of it.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let name = format!("{}-{}", std::process::id(), since.as_nanos());
        let index = Self { port, name, files: Arc::default(), asked: Arc::default() };
        let (files, asked) = (index.files.clone(), index.asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (files, asked) = (files.clone(), asked.clone());
                std::thread::spawn(move || serve(stream, &files, &asked));
            }
        });
        index.backend("3.0");
        index.wheel("build-extra", "1.0", &[("build_extra.py", "")], "");
        index
    }

    /// The address, with the credentials in it.
    pub(crate) fn url(&self) -> String {
        format!("http://{USER}:{PASSWORD}@127.0.0.1:{}/{}/simple", self.port, self.name)
    }

    /// Lines for a requirement file.
    pub(crate) fn lines(&self) -> String {
        format!("--index-url {}\n", self.url())
    }

    pub(crate) fn backend(&self, version: &str) {
        let text = BACKEND.replace("BACKEND_VERSION", version);
        self.wheel(
            "flit-core",
            version,
            &[("flit_core/__init__.py", ""), ("flit_core/buildapi.py", &text)],
            "",
        );
    }

    /// Adds a wheel.
    pub(crate) fn wheel(&self, name: &str, version: &str, files: &[(&str, &str)], requires: &str) {
        let folder = tempfile::tempdir().unwrap();
        let stem = format!("{}-{version}", name.replace('-', "_"));
        let requires: String =
            requires.lines().fold(String::new(), |text, line| text + "Requires-Dist: " + line + "\n");
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}");
        let tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
        let own = [
            (format!("{stem}.dist-info/METADATA"), metadata),
            (format!("{stem}.dist-info/WHEEL"), tags.to_owned()),
        ];
        let mut record = String::new();
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).chain(own);
        for (path, text) in files {
            let place = folder.path().join(&path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, text).unwrap();
            record += &path;
            record += ",,\n";
        }
        record = format!("{record}{stem}.dist-info/RECORD,,\n");
        fs::write(folder.path().join(format!("{stem}.dist-info/RECORD")), record).unwrap();
        let wheel = folder.path().join("out.whl");
        zip(folder.path(), &wheel);
        self.add(&format!("{stem}-py3-none-any.whl"), fs::read(wheel).unwrap());
    }

    /// Adds a source distribution.
    pub(crate) fn sdist(&self, name: &str, version: &str, files: &[(&str, &str)]) {
        let stem = format!("{name}-{version}");
        let info = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (path, text) in files.iter().copied().chain([("PKG-INFO", info.as_str())]) {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, format!("{stem}/{path}"), text.as_bytes()).unwrap();
        }
        let bytes = archive.into_inner().unwrap().finish().unwrap();
        self.add(&format!("{stem}.tar.gz"), bytes);
    }

    /// Writes a file of the index into a folder.
    pub(crate) fn save(&self, file: &str, folder: &Path) {
        fs::write(folder.join(file), &self.files.lock().unwrap()[file]).unwrap();
    }

    /// Takes a file away.
    pub(crate) fn forget(&self, file: &str) {
        self.files.lock().unwrap().remove(file);
    }

    /// Adds a file. One that is there stays: versions never change, and two wheels of the same files differ in their times.
    fn add(&self, file: &str, bytes: Vec<u8>) {
        self.files.lock().unwrap().entry(file.to_owned()).or_insert(bytes);
    }
}

fn zip(folder: &Path, wheel: &Path) {
    let status = Command::new("python3")
        .args(["-c", "import os,sys,zipfile\nwith zipfile.ZipFile(sys.argv[1],'w') as z:\n for t,_,ns in os.walk('.'):\n  for n in ns:\n   p=os.path.relpath(os.path.join(t,n))\n   if p!='out.whl': z.write(p)"])
        .arg(wheel)
        .current_dir(folder)
        .status()
        .unwrap();
    assert!(status.success());
}

fn serve(mut stream: TcpStream, files: &Mutex<BTreeMap<String, Vec<u8>>>, asked: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request).unwrap_or(0) == 0 {
            return;
        }
        let mut authorized = false;
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header).unwrap_or(0) == 0 || header.trim().is_empty() {
                break;
            }
            authorized |= header.trim().split_once(": ").is_some_and(|(_, value)| value == AUTHORIZATION);
        }
        let mut words = request.split_whitespace();
        let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or("").to_owned());
        // Without the index's name.
        let path =
            path.get(1..).and_then(|path| path.find('/')).map_or("", |end| &path[end + 1..]).to_owned();
        asked.lock().unwrap().push(path.clone());
        let (status, body) =
            if authorized { answer(&path, &files.lock().unwrap()) } else { (401, Vec::new()) };
        let reason =
            ["OK", "Unauthorized", "Not Found"][[200, 401, 404].iter().position(|s| *s == status).unwrap()];
        // As public indexes do: files never change, lists of them do.
        let (kind, age) = if path.starts_with("/simple") {
            ("text/html", 0)
        } else {
            ("application/octet-stream", 31_536_000)
        };
        let head = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Length: {}\r\nContent-Type: {kind}\r\nCache-Control: max-age={age}\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n",
            body.len()
        );
        let body = if method == "HEAD" { &[][..] } else { &body };
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).is_err() {
            return;
        }
    }
}

fn answer(path: &str, files: &BTreeMap<String, Vec<u8>>) -> (u16, Vec<u8>) {
    if let Some(file) = path.strip_prefix("/files/") {
        return files.get(file).map_or((404, Vec::new()), |bytes| (200, bytes.clone()));
    }
    let project = path.trim_start_matches("/simple/").trim_end_matches('/').to_owned();
    let normal = |file: &str| file.split('-').next().unwrap_or("").replace('_', "-");
    let links = files
        .keys()
        .filter(|file| normal(file) == project || file.starts_with(&format!("{project}-")))
        .fold(String::new(), |links, file| {
            format!(
                "{links}<a href=\"../../files/{file}\">{file}</a>
"
            )
        });
    if links.is_empty() { (404, Vec::new()) } else { (200, links.into_bytes()) }
}
