//! Engines that Beam's graphs run on, each of what `make engines` installs: what speaks Beam's Job API (`Engine`), and the clusters
//! behind it.

mod beam_job_server;
mod flink;
mod prism;
mod spark;

pub use flink::{Flink, FlinkVersion};
pub use spark::SparkStandalone;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::process::Process;

/// How long an engine may take to answer for the first time: the machine may be busy.
const PATIENCE: Duration = Duration::from_mins(3);
/// How often an engine is started: somebody else may take its ports before it does.
const ATTEMPTS: usize = 4;
/// Packages of Java's own that engines reach into, and that Java 17 opens to nobody unless it is told to.
const OPENED: [&str; 11] = [
    "java.io",
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "sun.nio.ch",
    "sun.security.action",
];

/// A running engine that speaks Beam's Job API, without TLS. It ends when it is dropped, or with this process, and whatever it has
/// started ends with it.
#[derive(Debug)]
pub struct Engine {
    /// None after it was killed.
    process: Option<Process>,
    port: u16,
    program: Program,
}

/// What an engine is started by.
struct Program {
    name: &'static str,
    command: Box<MakeCommand>,
}

/// The command for a port and a folder.
type MakeCommand = dyn Fn(u16, &Path) -> Command + Send + Sync;

impl std::fmt::Debug for Program {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// The engines that tests of one binary can share: they keep nothing of one job for the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedEngine {
    /// As `Engine::prism`.
    Prism,
    /// As `Engine::spark_local`.
    SparkLocal,
}

impl Engine {
    /// An engine that is started once in this process, however many ask for it.
    pub fn shared(engine: SharedEngine) -> &'static Self {
        static ENGINES: [OnceLock<Engine>; 2] = [const { OnceLock::new() }; 2];
        ENGINES[engine as usize].get_or_init(|| match engine {
            SharedEngine::Prism => Self::prism(),
            SharedEngine::SparkLocal => Self::spark_local(),
        })
    }

    /// Where its Job service listens: `127.0.0.1:PORT`. Artifacts are staged where its answers say.
    pub fn endpoint(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        self.process.as_ref().map(Process::log).unwrap_or_default()
    }

    /// Its process. It must not have been killed.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().unwrap().pid().unwrap()
    }

    /// Ends it as `kill -9` does. Whatever it knew is lost.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again at the same port, and waits until it answers.
    pub fn restart(&mut self) {
        self.kill();
        let (process, _) = self.program.start(|| self.port);
        self.process = Some(process);
    }

    /// Starts an engine by the command for a port and a folder.
    fn start(name: &'static str, command: impl Fn(u16, &Path) -> Command + Send + Sync + 'static) -> Self {
        let program = Program { name, command: Box::new(command) };
        let (process, port) = program.start(free_port);
        Self { process: Some(process), port, program }
    }
}

impl Program {
    fn start(&self, port: impl Fn() -> u16) -> (Process, u16) {
        let spawn = || {
            let port = port();
            (spawn(|data| (self.command)(port, data)), port)
        };
        start(self.name, spawn, |port| speaks_http2(*port))
    }
}

/// Starts a process until it answers, at other ports if it ends before that. `spawn` says what else belongs to it, and `answers`
/// why it does not answer yet.
fn start<T>(
    name: &str,
    spawn: impl Fn() -> (Process, T),
    answers: impl Fn(&T) -> Result<(), String>,
) -> (Process, T) {
    let mut logs = Vec::new();
    for _ in 0..ATTEMPTS {
        let (process, with) = spawn();
        let begun = Instant::now();
        loop {
            let failure = match answers(&with) {
                Ok(()) if !process.has_ended() => return (process, with),
                Ok(()) => "another server has its port".to_owned(),
                Err(failure) => failure,
            };
            if process.has_ended() {
                logs.push(format!("{failure}\n{}", process.log()));
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "{name} does not answer: {failure}\n{}", process.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    panic!("{name} does not start\n{}\nhint: make engines", logs.join("\n"));
}

/// Starts a program by its command for a folder that exists and is removed with it.
fn spawn(command: impl FnOnce(&Path) -> Command) -> Process {
    let folder = tempfile::Builder::new().prefix("tmpl-engine-").tempdir().unwrap().keep();
    let data = folder.join("data");
    fs_err::create_dir_all(&data).unwrap();
    let command = command(&data);
    Process::start(folder, &command)
}

/// Java with a heap of so many megabytes, and these jars: files, or folders with `/*`. What it forgets to remove lies in `data`.
fn java(megabytes: u32, jars: &[PathBuf], data: &Path) -> Command {
    let jars: Vec<_> = jars.iter().map(|jar| jar.to_str().unwrap()).collect();
    let opened = OPENED.map(|package| format!("--add-opens=java.base/{package}=ALL-UNNAMED"));
    let mut command = Command::new("java");
    command
        .arg(format!("-Xmx{megabytes}m"))
        // Begins sooner, with less memory and fewer threads: engines of tests do not live long.
        .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
        .arg(format!("-Djava.io.tmpdir={}", data.display()))
        .args(["-cp", &jars.join(":")])
        // In a variable, for Java processes that the engine starts are to have it too.
        .env("JDK_JAVA_OPTIONS", opened.join(" "));
    command
}

/// What is installed below `.tools/`.
fn component(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(".tools").join(path);
    assert!(path.exists(), "{} is missing\nhint: make engines", path.display());
    path
}

/// All jars in a folder below `.tools/`, for a class path.
fn jars(folder: &str) -> PathBuf {
    component(folder).join("*")
}

/// A port of this machine that nobody has just now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Whether a server speaks HTTP/2 without TLS, as gRPC does; else why it does not seem so.
fn speaks_http2(port: u16) -> Result<(), String> {
    /// The type of the frame that every server sends first, and where its type is in a frame: behind three bytes of length.
    const SETTINGS: u8 = 4;
    let ask = || -> io::Result<[u8; 9]> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        // What every client sends first: a greeting, and its settings, of which there are none.
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")?;
        let mut frame = [0; 9];
        stream.read_exact(&mut frame)?;
        Ok(frame)
    };
    match ask() {
        Ok(frame) if frame[3] == SETTINGS => Ok(()),
        Ok(frame) => Err(format!("port {port}: this is not HTTP/2: {frame:?}")),
        Err(error) => Err(format!("port {port}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "hint: make engines")]
    fn an_engine_that_is_missing_is_no_reason_to_skip() {
        component("bin/an-engine-that-nobody-installs");
    }
}
