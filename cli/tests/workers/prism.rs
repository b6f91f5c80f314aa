//! Pipelines on Prism, Beam's engine in Go, with workers of ours.

use std::path::Path;
use std::process::{Command, Stdio};

use tmpl_testing::{Engine, SharedEngine};

use crate::pool::{Launched, Pool};
use crate::support::{Place, copy};

/// The example in Go: its program is its own worker.
#[test]
fn a_program_in_go_is_its_own_worker() {
    let place = Place::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/words-go");
    let binary = example.join("build/words");
    assert!(binary.is_file(), "{} is missing; `make examples` builds it", binary.display());
    copy(&example, &place.path("words-go"));
    place.tmpl(&["build", "words-go", "--check", "static"]).expect(0);
    place.write("words.txt", "Rust rust RUST pipeline\na pipeline of Rust\n");
    let io = |output: &str| {
        [
            format!("input={}", place.path("words.txt").display()),
            format!("output={}", place.path(output).display()),
        ]
    };
    let [input, output] = io("direct");
    place.tmpl(&["run", "words-go", "--param", &input, "--param", &output]).expect(0);
    let job = place.newest_job();
    let pool = Pool::start(&place, &["--job", &job], |_| {});
    let mut program = Command::new(&binary);
    program
        .args(io("prism").map(|option| format!("--{option}")))
        .args(["--runner=universal", "--environment_type=EXTERNAL"])
        // Otherwise it compiles itself anew, for which there is neither source nor compiler.
        .arg(format!("--worker_binary={}", binary.display()))
        .arg(format!("--environment_config=127.0.0.1:{}", pool.port));
    finish(&place, &pool, &mut program, "--endpoint");
    let lines = |name: &str| {
        let text = std::fs::read_to_string(place.path(name)).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines("prism"), lines("direct"), "{}", pool.told());
}

/// Prism hands the environment's words on with each request, or does not; the pipeline's options are there in any case.
#[test]
fn a_job_is_known_by_the_pipelines_options() {
    let launched = Launched::new();
    let place = &launched.place;
    let pool = launched.pool(&[]);
    // Options that a pipeline does not define reach its workers if a plug-in of the SDK is told of them; here the program is.
    let script = place.write(
        "count.py",
        "import sys\n\
         from apache_beam.options.pipeline_options import PipelineOptions\n\
         class Words(PipelineOptions):\n\
         \x20   @classmethod\n\
         \x20   def _add_argparse_args(cls, parser):\n\
         \x20       for name in ('tmpl_job', 'tmpl_bucket', 'tmpl_attempt'):\n\
         \x20           parser.add_argument('--' + name)\n\
         from wordcount.pipeline import run\n\
         run(sys.argv[1:])\n",
    );
    let mut program = Command::new(launched.program());
    program
        .arg(script)
        .args(["--runner=PortableRunner", "--environment_type=EXTERNAL"])
        .arg(format!("--environment_config=localhost:{}", pool.port))
        .arg(format!("--input={}", place.path("words.txt").display()))
        .arg(format!("--output={}", place.path("prism").display()))
        .arg(format!("--tmpl_job={}", launched.job))
        .arg(format!("--tmpl_bucket={}", place.bucket().display()));
    finish(place, &pool, &mut program, "--job_endpoint");
    assert!(place.path("prism.top.tsv").is_file(), "{}", pool.told());
    assert_eq!(
        std::fs::read_to_string(place.path("prism.top.tsv")).unwrap(),
        std::fs::read_to_string(place.path("direct.top.tsv")).unwrap()
    );
}

/// Runs a pipeline's program to its end on Prism.
fn finish(place: &Place, pool: &Pool, program: &mut Command, option: &str) {
    let endpoint = Engine::shared(SharedEngine::Prism).endpoint();
    program
        .arg(format!("{option}={endpoint}"))
        .current_dir(place.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let ended = place.ended(program.spawn().unwrap());
    assert_eq!(ended.code, 0, "{}\n{}\n{}", ended.stdout, ended.stderr, pool.told());
}
