//! The launcher dies: the job goes on where it can, and its record comes to the truth.

use crate::site::{Runner, Site};

#[test]
fn a_job_goes_on_without_its_launcher_and_is_picked_up_by_whoever_looks() {
    let site = Site::with(&[Runner::Prism, Runner::Flink]);
    for runner in [Runner::Prism, Runner::Flink] {
        let name = runner.name();
        let id = site.shop_detached(name, &["--param", "seconds=1"]);
        site.engine_id(&id);
        site.wait_for_state(&id, "JOB_STATE_RUNNING");
        site.kill_launcher(&id);
        site.tmpl(&["wait", &id]).expect(0);
        let shown = site.show(&id);
        assert_eq!(shown["state"], "JOB_STATE_DONE", "{name}: {shown}");
        assert_eq!(site.counters(&id)["shop/orders"], "12", "{name}");
        assert_eq!(site.output(name, "well").len(), 12, "{name}");
    }
}

#[test]
fn a_job_without_its_launcher_is_cancelled_by_the_command_itself() {
    let site = Site::with(&[Runner::Prism]);
    let id = site.shop_detached("team-prism", &["--param", "seconds=5"]);
    site.engine_id(&id);
    site.wait_for_state(&id, "JOB_STATE_RUNNING");
    site.kill_launcher(&id);
    site.tmpl(&["jobs", "cancel", &id]).expect(0);
    assert_eq!(site.show(&id)["state"], "JOB_STATE_CANCELLED");
}

#[test]
fn a_job_whose_engine_was_its_launchers_own_ends_with_it_and_says_so() {
    let site = Site::with(&[Runner::OwnPrism]);
    let id = site.shop_detached("own-prism", &["--param", "seconds=5"]);
    site.engine_id(&id);
    site.kill_launcher(&id);
    let ended = site.tmpl(&["wait", &id]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let reason = site.show(&id)["end"]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("went with it"), "{reason}");
}
