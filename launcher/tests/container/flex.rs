//! Images that somebody's own Dockerfile made for Flex Templates.

use std::process::Command;

use crate::support::{Ended, Image, general};

/// A pipeline as Flex Templates have it: it knows its own options, the rest is Beam's.
const SCRIPT: &str = "import argparse, sys\n\
    parser = argparse.ArgumentParser()\n\
    parser.add_argument('--input', required=True)\n\
    known, beam = parser.parse_known_args()\n\
    print(known.input)\n\
    print(*beam, sep='\\n')\n\
    sys.exit(3 if known.input == 'fail' else 0)\n";

#[test]
fn a_python_pipeline_runs_on_beams_own_runner_and_stages_nothing() {
    let image = Image::new();
    image.write("main.py", SCRIPT);
    let variables = [
        ("FLEX_TEMPLATE_PYTHON_PY_FILE", "main.py"),
        ("FLEX_TEMPLATE_PYTHON_REQUIREMENTS_FILE", "/template/requirements.txt"),
        ("FLEX_TEMPLATE_PYTHON_PY_OPTIONS", "-I -X dev"),
        ("TMPDIR", "/tmp"),
    ];
    let ended = image.launch(&["--parameters", "input=a"], &variables);
    let stderr = "launcher: FLEX_TEMPLATE_PYTHON_REQUIREMENTS_FILE is for remote workers and is left out: this job has none\n";
    let stdout = "a\n--runner=FnApiRunner\n--temp_location=/tmp/tmpl-ID\n--job_name=NAME\n";
    let ended = Ended { stdout: general(&ended.stdout), ..ended };
    assert_eq!(ended, Ended { code: 0, stdout: stdout.to_owned(), stderr: stderr.to_owned() });
    assert_eq!(image.launch(&["--parameters", "input=fail"], &variables).code, 3);
}

#[test]
fn a_command_spec_names_the_program_and_its_defaults() {
    let image = Image::new();
    image.write("src/main.py", SCRIPT);
    image.write(
        "spec.json",
        r#"{"pyFile": "src/main.py", "defaultParameterValues": {"case": "keep", "input": "default"}}"#,
    );
    let ended = image.launch(
        &["--param", "input=a", "--job-name", "j", "--param", "temp_location=/t"],
        &[("DATAFLOW_PYTHON_COMMAND_SPEC", "spec.json")],
    );
    let stdout = "a\n--temp_location=/t\n--case=keep\n--runner=FnApiRunner\n--job_name=j\n";
    assert_eq!(ended, Ended { code: 0, stdout: stdout.to_owned(), stderr: String::new() });
}

#[test]
fn the_spec_beside_a_users_program_is_held_against_the_parameters() {
    let image = Image::new();
    image.write("main.py", SCRIPT);
    image.write(
        "template/template.json",
        r#"{"sdkInfo": {"language": "PYTHON"}, "metadata": {"name": "t", "parameters": [
            {"name": "input", "label": "Input", "helpText": "What to read", "regexes": ["^/.+"]}]}}"#,
    );
    let ended = image.launch(&["--param", "input=x"], &[("FLEX_TEMPLATE_PYTHON_PY_FILE", "main.py")]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    assert!(ended.stderr.contains("`input` (Input)"), "{}", ended.stderr);
}

#[test]
fn a_java_pipeline_is_found_on_its_class_path() {
    let image = Image::new();
    image.write(
        "Main.java",
        "public class Main { public static void main(String[] words) {\n\
            System.out.println(System.getProperty(\"mode\"));\n\
            for (String word : words) System.out.println(word); System.exit(5); } }\n",
    );
    let compiled = image.command("javac").args(["-d", "classes", "Main.java"]).output().unwrap();
    assert!(
        compiled.status.success(),
        "javac: {compiled:?}; a JDK is needed (apt-get install default-jdk-headless)"
    );
    let variables = [
        ("FLEX_TEMPLATE_JAVA_MAIN_CLASS", "Main"),
        ("FLEX_TEMPLATE_JAVA_CLASSPATH", "libs/*:classes"),
        ("FLEX_TEMPLATE_JAVA_OPTIONS", "-Dmode=test"),
        ("TMPDIR", "/tmp"),
    ];
    let ended = image.launch(&["--param", "inputFile=a b", "--job-name", "j"], &variables);
    let stdout = "test\n--inputFile=a b\n--runner=DirectRunner\n--tempLocation=/tmp/tmpl-ID\n--jobName=j\n";
    let ended = Ended { stdout: general(&ended.stdout), ..ended };
    assert_eq!(ended, Ended { code: 5, stdout: stdout.to_owned(), stderr: String::new() });
}

#[test]
fn a_go_binary_gets_flags_that_go_reads() {
    let image = Image::new();
    image.write(
        "main.go",
        "package main\nimport (\"flag\"; \"fmt\")\nfunc main() {\n\
            input := flag.String(\"input\", \"\", \"\"); runner := flag.String(\"runner\", \"\", \"\")\n\
            flag.Parse(); fmt.Println(*input, *runner) }\n",
    );
    let mut go = Command::new("go");
    go.args(["build", "-o", "pipeline", "main.go"]).current_dir(image.path("")).env("GO111MODULE", "off");
    let built = go.output().unwrap();
    assert!(built.status.success(), "go: {built:?}; Go is needed (apt-get install golang)");
    let ended = image.launch(&["--param", "input=a"], &[("FLEX_TEMPLATE_GO_BINARY", "pipeline")]);
    assert_eq!(ended, Ended { code: 0, stdout: "a direct\n".to_owned(), stderr: String::new() });
}

#[test]
fn what_names_no_program_says_what_to_do() {
    let image = Image::new();
    image.write("main.py", SCRIPT);
    for (variables, stderr) in [
        (
            &[][..],
            "error: this image names no program\n\
             hint: build the image with `tmpl build`, or set FLEX_TEMPLATE_PYTHON_PY_FILE, FLEX_TEMPLATE_JAVA_MAIN_CLASS with \
             FLEX_TEMPLATE_JAVA_CLASSPATH, or FLEX_TEMPLATE_GO_BINARY in it\n",
        ),
        (
            &[("FLEX_TEMPLATE_PYTHON_PY_FILE", "no.py")],
            "error: FLEX_TEMPLATE_PYTHON_PY_FILE: there is no file IMAGE/no.py\n\
             hint: check the path; a relative one starts from the image's WORKDIR\n",
        ),
        (
            &[("FLEX_TEMPLATE_PYTHON_PY_FILE", "main.py"), ("FLEX_TEMPLATE_GO_BINARY", "main.py")],
            "error: this image names two programs: FLEX_TEMPLATE_PYTHON_PY_FILE and FLEX_TEMPLATE_GO_BINARY are set\n\
             hint: leave one of them out of the image\n",
        ),
        (
            &[("FLEX_TEMPLATE_PYTHON_PY_FILE", "main.py"), ("PATH", "/nowhere")],
            "error: there is no python and no python3 on PATH\n\
             hint: build the image on a base that has python\n",
        ),
    ] {
        let ended = image.launch(&["--param", "input=a"], variables);
        let expected = Ended { code: 3, stdout: String::new(), stderr: stderr.to_owned() };
        assert_eq!(ended, expected, "{variables:?}");
    }
}
