//! What is handed to Flink: the wrong jar, one that is cut on its way, more than Flink takes, an answer that is lost.

use tmpl_testing::{Fault, Flink, FlinkVersion, Proxy};

use crate::site::{Runner, Site, flink_table};

/// A place with a runner `f` for a cluster.
fn site_at(url: &str) -> Site {
    let site = Site::beside(&[Runner::Flink]);
    site.place.write("config.toml", &flink_table("f", url, &site.pool()));
    site
}

/// The ids of all jobs that a cluster knows.
fn jobs(cluster: &Flink) -> Vec<String> {
    let all = cluster.get("/v1/jobs/overview").unwrap();
    all["jobs"].as_array().unwrap().iter().map(|job| job["jid"].as_str().unwrap().to_owned()).collect()
}

fn jars(cluster: &Flink) -> String {
    cluster.get("/v1/jars").unwrap()["files"].to_string()
}

#[test]
fn a_jar_for_another_flink_is_refused_before_it_is_uploaded() {
    let cluster = Flink::shared(FlinkVersion::V2_2);
    let site = site_at(cluster.rest_url());
    let ended = site.shop("f", "well", &[]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("was built for Flink 1.19, and the cluster is Flink 2.2"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("hint: use the jar of org.apache.beam:beam-runners-flink-2.2"),
        "{}",
        ended.stderr
    );
    assert_eq!((jobs(cluster), jars(cluster).as_str()), (Vec::new(), "[]"));
}

#[test]
fn a_jar_that_is_missing_or_another_one_is_named() {
    let cluster = Flink::shared(FlinkVersion::V1_19);
    let site = site_at(cluster.rest_url());
    let before = jobs(cluster);
    let right = std::fs::read_to_string(site.place.path("config.toml")).unwrap();
    let other = site.place.write("other.jar", "not a jar");
    let said_of = |key: &str| right.split(&format!("{key} = \"")).nth(1).unwrap().split('"').next().unwrap();
    let (path, digest) = (said_of("path"), said_of("sha256"));
    // A jar that the cluster has already is not asked for again: this one it has not.
    let right = right.replace(digest, &"0".repeat(64));
    for (file, said, remedy) in
        [("/nowhere/beam.jar", "/nowhere/beam.jar", "hint:"), (other.to_str().unwrap(), "other.jar", "hint:")]
    {
        site.place.write("config.toml", &right.replace(path, file));
        let ended = site.shop("f", "well", &[]);
        assert_eq!(ended.code, 3, "{}", ended.stderr);
        assert!(ended.stderr.contains(said) && ended.stderr.contains(remedy), "{}", ended.stderr);
    }
    assert_eq!(jobs(cluster), before);
}

#[test]
fn what_happens_on_the_way_to_flink_starts_no_second_job_and_leaves_none() {
    let cluster = Flink::shared(FlinkVersion::V1_19);
    let proxy = Proxy::start(cluster.rest_url());
    let site = site_at(proxy.endpoint());
    // The jar is there from now on: what is cut below is the graph.
    site.shop("f", "well", &[]).expect(0);
    let before = jobs(cluster).len();

    proxy.fault_once("POST", "/jars/upload", Fault::ResetInRequestBody);
    let cut = site.shop("f", "well", &[]);
    assert_eq!(cut.code, 75, "{}", cut.stderr);
    assert!(cut.stderr.contains("broke, which was to take tmpl-graph-"), "{}", cut.stderr);
    assert!(cut.stderr.contains("hint: the JobManager may be starting"), "{}", cut.stderr);
    assert_eq!(jobs(cluster).len(), before);

    // With another attempt it goes well.
    proxy.fault_once("POST", "/jars/upload", Fault::ResetInRequestBody);
    site.shop("f", "well", &["--retries", "1", "--backoff", "1s"]).expect(0);
    assert_eq!(jobs(cluster).len(), before + 1);

    // Flink has the job, and nobody heard of it.
    proxy.fault_once("POST", "/run", Fault::LostAnswer);
    let found = site.shop("f", "well", &["--retries", "1", "--backoff", "1s"]).expect(0);
    assert!(!found.stderr.contains("attempt"), "{}", found.stderr);
    assert_eq!(jobs(cluster).len(), before + 2);
    assert!(jobs(cluster).contains(&site.engine_id(&site.newest())));

    // What is too large for it, is told with the setting that lets it in.
    proxy.fault_once("POST", "/jars/upload", Fault::Status(413));
    let large = site.shop("f", "well", &[]);
    assert_eq!(large.code, 3, "{}", large.stderr);
    assert!(large.stderr.contains("are too many for what was to take tmpl-graph-"), "{}", large.stderr);
    assert!(large.stderr.contains("rest.server.max-content-length"), "{}", large.stderr);

    // Somebody cancels while Flink is busy with the submission: it does not run it.
    proxy.fault_once("POST", "/run", Fault::StallSeconds(20));
    let id = site.shop_detached("f", &["--param", "seconds=5"]);
    crate::site::wait_for("the run", || {
        proxy.requests().iter().filter(|request| request.path.ends_with("/run")).count() == 4
    });
    std::thread::sleep(std::time::Duration::from_secs(2));
    site.tmpl(&["jobs", "cancel", &id]).expect(0);
    assert_eq!(site.show(&id)["state"], "JOB_STATE_CANCELLED");
    let running = cluster.get("/v1/jobs/overview").unwrap();
    let running: Vec<_> =
        running["jobs"].as_array().unwrap().iter().filter(|job| job["state"] == "RUNNING").collect();
    assert!(running.is_empty(), "{running:?}");
}
