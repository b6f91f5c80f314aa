//! The same inputs give the same digest, wherever and however they are built.

use serde_json::Value;

use crate::base;
use crate::support::{Place, copy, started_by};

#[test]
fn neither_folder_nor_umask_nor_processors_leave_a_trace() {
    let place = Place::new();
    let project = place.project("talker");
    // Enough that several blocks are compressed at once.
    std::fs::write(
        project.join("helper.py"),
        format!(
            "{}\nTEXT = '{}'\n",
            std::fs::read_to_string(project.join("helper.py")).unwrap(),
            "0123456789 ".repeat(400_000)
        ),
    )
    .unwrap();
    let mut digests = Vec::new();
    for (number, (program, before)) in
        [("env", &[][..]), ("taskset", &["1"][..]), ("sh", &["-c", "umask 077; exec \"$0\" \"$@\""])]
            .into_iter()
            .enumerate()
    {
        let folder = place.path(&format!("copy-{number}/deeper"));
        std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
        copy(&project, &folder);
        let output = format!("oci:layout-{number}");
        let mut command = place.command(&[
            "build",
            folder.to_str().unwrap(),
            "--base",
            &base(),
            "--output",
            &output,
            "--check",
            "static",
            "--format",
            "json",
        ]);
        command.env("TMPL_CACHE_DIR", place.path(&format!("cache-{number}")));
        command.env("TMPL_BUCKET", place.path(&format!("bucket-{number}")));
        let ended = place.ended(started_by(program, before, &command).spawn().unwrap()).expect(0);
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        digests.push((report["images"][0]["digest"].clone(), report["templates"][0]["digest"].clone()));
    }
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
}

#[test]
fn the_time_of_an_image_is_what_somebody_says_it_is() {
    let place = Place::new();
    let project = place.project("talker");
    let build = |seconds: &str| {
        let mut command = place.command(&[
            "build",
            project.to_str().unwrap(),
            "--base",
            &base(),
            "--output",
            "oci:layout",
            "--check",
            "static",
        ]);
        command.env("SOURCE_DATE_EPOCH", seconds);
        place.ended(command.spawn().unwrap())
    };
    build("1700000000").expect(0);
    let shown = crate::dockerd::program("skopeo")
        .args(["inspect", &format!("oci:{}:talker", place.path("layout").display())])
        .output()
        .unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["Created"], "2023-11-14T22:13:20Z");
    let refused = build("yesterday").expect(2);
    assert!(refused.stderr.starts_with("error: SOURCE_DATE_EPOCH is no time\nhint: "), "{}", refused.stderr);
}
