//! Result rows: at the end of a launch, and whenever somebody asks for them.

use insta::assert_snapshot;

use crate::support::Place;

fn results(place: &Place, arguments: &[&str]) -> crate::support::Ended {
    place.tmpl(&[&["jobs", "results", &place.newest_job()], arguments].concat())
}

#[test]
fn rows_of_text_are_lines() {
    let place = Place::with_rows();
    let ended = place.rows("text", &["--quiet"]).expect(0);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("SUCCESS: 2\ngrüße, world\n", ""));
    assert_eq!(results(&place, &[]).expect(0).stdout, ended.stdout);
    assert_eq!(results(&place, &["--csv"]).expect(0).stdout, "stdout\nSUCCESS: 2\n\"grüße, world\"\n");
    place.tmpl(&["wait", &place.newest_job(), "--quiet"]).expect(0);
}

#[test]
fn rows_with_fields_are_a_table() {
    let place = Place::with_rows();
    assert_snapshot!(place.rows("table", &["--quiet"]).expect(0).whole(), @r#"
    exit: 0
    --- stdout
    stdout       stderr                  late   rows  table   owner  tags
    SUCCESS: 41                          false  41    orders
                 no such table: "users"               users          ["a","b"]
    --- stderr
    "#);
    assert_snapshot!(results(&place, &["--csv"]).expect(0).stdout, @r#"
    stdout,stderr,late,rows,table,owner,tags
    SUCCESS: 41,,false,41,orders,,
    ,"no such table: ""users""",,,users,,"[""a"",""b""]"
    "#);
    let rows = results(&place, &["--format", "json"]).expect(0).json();
    assert_eq!(rows[1]["tags"], serde_json::json!(["a", "b"]));
    assert!(rows[1]["owner"].is_null() && rows[0]["late"] == false);
}

#[test]
fn rows_are_in_the_object_that_a_launch_prints() {
    let place = Place::with_rows();
    let ended = place.rows("text", &["--format", "json"]).expect(0).json();
    assert_eq!(ended["results"], serde_json::json!([{"stdout": "SUCCESS: 2"}, {"stdout": "grüße, world"}]));
    assert_eq!(ended["moreResults"], false);
    let none = place.rows("none", &["--format", "json"]).expect(0).json();
    assert!(none.get("results").is_none());
    assert_eq!(place.job(&place.newest_job())["resultRows"], 0);
}

#[test]
fn what_is_no_row_is_told_and_left_out() {
    let place = Place::with_rows();
    assert_snapshot!(place.rows("damaged", &["--quiet"]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    before
    after
    --- stderr
    warning: rows-00000.jsonl, line 2, is left out: it is no JSON: key must be a string at line 1 column 3
    warning: rows-00000.jsonl, line 3, is left out: it is no JSON object
    ");
    results(&place, &["--csv"]).expect(0).says("line 2, is left out");
    assert_eq!(results(&place, &["--format", "json"]).expect(0).json().as_array().unwrap().len(), 2);
}

#[test]
fn what_is_cut_is_said_to_be() {
    let place = Place::with_rows();
    let ended = place.rows("many", &["--param", "count=5000"]).expect(0);
    assert_eq!(ended.stdout.lines().count(), 1001);
    let id = place.newest_job();
    let said = format!(
        "… there are more than these 1000 rows: `tmpl jobs results {id} --limit N` shows more of them"
    );
    let ended = ended.says(&said);
    assert!(ended.stdout.ends_with("row 999  999\n"), "{}", &ended.stdout[ended.stdout.len() - 100..]);
    let all = results(&place, &["--limit", "5000"]).expect(0);
    assert_eq!((all.stdout.lines().count(), all.stderr.as_str()), (5001, ""));
    let few = results(&place, &["--limit", "3", "--csv"]).expect(0).says("there are more than these 3 rows");
    assert_eq!(few.stdout, "stdout,number\nrow 0,0\nrow 1,1\nrow 2,2\n");
    let few = results(&place, &["--limit", "3", "--format", "json"]).expect(0).says("--limit N");
    assert_eq!(few.json().as_array().unwrap().len(), 3);
    results(&place, &["--limit", "0"]).expect(2);
    let shown = place.tmpl(&["jobs", "show", &id]).expect(0).stdout;
    assert!(shown.contains("results    5000 rows"), "{shown}");
    let cut = place.rows("many", &["--param", "count=1001", "--format", "json"]).expect(0).json();
    assert_eq!((cut["results"].as_array().unwrap().len(), &cut["moreResults"]), (1000, &true.into()));
}

#[test]
fn a_job_that_must_report_rows_and_does_not_has_failed() {
    let place = Place::with_rows();
    assert_snapshot!(place.tmpl(&["run", "rows-required", "--param", "rows=none"]).expect(1).whole(), @r"
    exit: 1
    --- stdout
    --- stderr
    job [JOB] (rows-required-[NAME])
    pending
    running
    [TIME] INFO    results: [DIR]/bucket/staging/jobs/[DAY]/[JOB]/results/1
    [TIME] INFO    reported: 0
    error: job [JOB] failed: no result reported
    hint: the template promises rows that say what a job did, and the program wrote none to TMPL_RESULTS
    ");
    let failed = place.newest_job();
    assert_eq!(place.job(&failed)["state"], "JOB_STATE_FAILED");
    results(&place, &[]).expect(0).says("the job has reported no rows");
    place.tmpl(&["wait", &failed]).expect(1).says("no result reported");
    place.tmpl(&["run", "rows-required", "--param", "rows=text"]).expect(0);
    // One damaged line beside none that is whole is no result either.
    place.tmpl(&["run", "rows-required", "--param", "rows=many", "--param", "count=0"]).expect(1);
}
