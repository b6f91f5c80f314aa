//! An image that `tmpl build` made, started without a bucket.

use crate::support::{Ended, Image, LAUNCHER};

const PARAMETERS: &str = r#"[
    {"name": "input", "label": "Input", "helpText": "What to read", "regexes": ["^/.+"]},
    {"name": "token", "label": "Token", "helpText": "For the API", "isOptional": true,
     "customMetadata": {"tmpl.secret": "true", "tmpl.pass": "env"}},
    {"name": "query", "label": "Query", "helpText": "SQL", "isOptional": true, "customMetadata": {"tmpl.pass": "file"}}]"#;

#[test]
fn the_program_gets_its_parameters_and_keeps_its_streams_and_its_exit_code() {
    let image = Image::with_script("printf '%s\\n' \"$@\"; pwd; echo talk >&2; exit 7", PARAMETERS);
    let ended = image.launch(&["--param", "input=/a,b c=\"$HOME\""], &[]);
    let stdout = "--input=/a,b c=\"$HOME\"\nIMAGE\n".to_owned();
    assert_eq!(ended, Ended { code: 7, stdout, stderr: "talk\n".to_owned() });
}

#[test]
fn the_description_of_a_launch_is_taken_as_googles_service_gives_it() {
    let image = Image::with_script("echo \"$@\" $TMPL_JOB_ID $TMPL_JOB_NAME", PARAMETERS);
    let text = r#"{"jobId": "2020-10-22_06_16_52-1159924567893211599", "jobName": "count", "projectId": "p",
        "parameters": {"input": "/in"}, "environment": {}, "operationResultLocation": "gs://b/operation_result"}"#;
    let expected = "--input=/in 2020-10-22_06_16_52-1159924567893211599 count\n";
    for arguments in
        [&["-template-container-args", text][..], &[&format!("--template-container-args={text}")]]
    {
        let ended = image.launch(arguments, &[]);
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (0, expected, ""));
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_nothing_is_started() {
    let image = Image::with_script("echo started", PARAMETERS);
    let ended = image.launch(&["--parameters", "inptu=/x,token=hunter2"], &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    for told in ["`input` (Input) is required", "`inptu` is not one", "`token`"] {
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
}

#[test]
fn a_secret_is_a_reference_and_stays_out_of_the_arguments() {
    let image = Image::with_script(
        "echo \"$@\"; echo $token $TOKEN; cat /proc/$PPID/cmdline | tr '\\0' ' '",
        PARAMETERS,
    );
    image.write("secret", "hunter2\n");
    let file = format!("token=file:{}", image.path("secret").display());
    for (argument, variables) in [("token=env:SOME", &[("SOME", "hunter2")][..]), (&file, &[])] {
        let ended = image.launch(&["--param", "input=/x", "--param", argument], variables);
        let expected = format!("--input=/x\nhunter2\n{LAUNCHER} --param input=/x --param {argument} ");
        let expected = expected.replace(&image.path("").display().to_string(), "IMAGE/");
        assert_eq!((ended.code, ended.stdout), (0, expected), "{}", ended.stderr);
    }
    let ended = image.launch(&["--param", "input=/x", "--param", "token=env:NO_SUCH"], &[]);
    let expected = "error: the secret `env:NO_SUCH` can't be read: the variable NO_SUCH is not set\n\
        hint: set the variable or make the file readable where the launcher runs\n";
    assert_eq!((ended.code, ended.stderr.as_str()), (2, expected));
}

#[test]
fn a_parameter_that_is_passed_as_a_file_is_there_while_the_program_runs() {
    let image = Image::with_script("file=${2#--query=}; cat $file; stat -c %a $file", PARAMETERS);
    std::fs::create_dir(image.path("tmp")).unwrap();
    let tmp = image.path("tmp").display().to_string();
    let ended = image.launch(&["--param", "input=/x", "--param", "query=select 1"], &[("TMPDIR", &tmp)]);
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "select 1600\n"), "{}", ended.stderr);
    assert_eq!(std::fs::read_dir(image.path("tmp")).unwrap().count(), 0);
}

#[test]
fn a_command_line_that_means_nothing_is_refused() {
    let image = Image::with_script("echo started", PARAMETERS);
    for (arguments, told) in [
        (&["--input=/x"][..], "unexpected argument '--input'"),
        (&["--param", "input"], "--param input: there is no `=` in it"),
        (&["--template-container-args", "x"], "--template-container-args is not the description of a launch"),
    ] {
        let ended = image.launch(arguments, &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains(told), "{}", ended.stderr);
        assert_eq!(ended.stderr.matches("hint: ").count(), 1, "{}", ended.stderr);
    }
    assert_eq!(image.launch(&["--help"], &[]).code, 0);
}

#[test]
fn an_image_for_another_platform_says_so() {
    let image = Image::with_script("echo started", "[]");
    let path = image.path("template/template.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("linux/a", "plan9/a")).unwrap();
    let ended = image.launch(&[], &[]);
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.starts_with("error: the template of this image is for plan9/"), "{}", ended.stderr);
}

#[test]
fn a_program_that_is_no_program_says_so() {
    let image = Image::with_script("", "[]");
    std::fs::write(image.path("template/app/run.sh"), "no program").unwrap();
    let ended = image.launch(&[], &[]);
    assert_eq!(ended.code, 3);
    assert!(
        ended.stderr.starts_with("error: can't start IMAGE/template/app/run.sh\ncaused by: "),
        "{}",
        ended.stderr
    );
}
