//! From a launch to a launcher that runs, however often it is asked for and wherever that is cut off.

use std::path::Path;
use std::time::Duration;

use tmpl_bucket::{Bucket, FinalRecord, JobFilter, JobRecord};
use tmpl_launcher::LaunchError;
use tmpl_launcher::accept::LaunchRequest;
use tmpl_launcher::admission::Standing;
use tmpl_launcher::advice::advice;
use tmpl_launcher::begin::{Begun, Means, Milestone, begin, check, go_on};
use tmpl_launcher::cache::Cache;
use tmpl_launcher::notices::OwnNotices;
use tmpl_launcher::requested_runner::OwnRunners;
use tmpl_template::JobState;

use crate::support::{Image, LAUNCHER, publish, request};

/// Waits until there is a file `go`, says more than fits between two processes, and leaves a line in a file.
const SCRIPT: &str = "#!/bin/sh\nwhile ! test -e go; do sleep 0.05; done\nseq 1 200000\necho once >> ran\n";
const PARAMETERS: &str =
    r#"[{"name": "word", "label": "Word", "helpText": "Any", "isOptional": true, "regexes": ["^[a-z]*$"]}]"#;

struct Machine {
    image: Image,
    bucket: Bucket,
    cache: Cache,
    runners: OwnRunners,
    notices: OwnNotices,
}

impl Machine {
    async fn new() -> Self {
        let image = Image::new();
        let url = image.path("bucket").to_str().unwrap().parse().unwrap();
        let bucket = Bucket::open_or_create(&url).unwrap();
        publish(&bucket, SCRIPT, PARAMETERS).await;
        let cache = Cache::open(image.path("cache")).unwrap();
        Self { image, bucket, cache, runners: OwnRunners::default(), notices: OwnNotices::default() }
    }

    fn means<'a>(&'a self, executable: &'a str) -> Means<'a> {
        let Self { bucket, cache, runners, notices, .. } = self;
        Means { bucket, cache, runners, notices, executable: Path::new(executable), withheld: &[] }
    }

    fn request(&self, key: Option<&str>) -> LaunchRequest {
        let request = request(&[("word", "hello")], self.image.path(""));
        LaunchRequest { launch_key: key.map(str::to_owned), ..request }
    }

    /// Begins with a launch as a server does: within a task, and without waiting for the job.
    async fn begin(&self, key: Option<&str>) -> Result<Begun, LaunchError> {
        is_send(begin(&self.means(LAUNCHER), self.request(key))).await
    }

    fn go(&self) {
        self.image.write("go", "");
    }

    async fn end(&self, record: &JobRecord) -> FinalRecord {
        for _ in 0..600 {
            if let Some(end) = self.bucket.final_record(&record.id).await.unwrap() {
                return end;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the job has not ended")
    }

    async fn jobs(&self) -> usize {
        self.bucket.jobs(&JobFilter::default(), 10).await.unwrap().jobs.len()
    }

    fn runs(&self) -> usize {
        std::fs::read_to_string(self.image.path("ran")).unwrap_or_default().lines().count()
    }
}

/// What a server's task can wait for.
fn is_send<T: Send>(future: T) -> T {
    future
}

async fn gone(pid: u32) {
    let process = format!("/proc/{pid}");
    for _ in 0..200 {
        // One that ended and was not reaped is still there.
        if !Path::new(&process).exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the launcher was not reaped");
}

#[tokio::test]
async fn a_launcher_that_is_left_goes_on_and_is_reaped() {
    let machine = Machine::new().await;
    let begun = machine.begin(None).await.unwrap();
    assert_eq!(begun.standing, Standing::Waiting);
    let launcher = begun.launcher.unwrap();
    let pid = launcher.child.id().unwrap();
    launcher.leave();
    // It knows that nobody listens any more, and the program runs on.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(machine.bucket.final_record(&begun.record.id).await.unwrap(), None);
    machine.go();
    assert_eq!(machine.end(&begun.record).await.state, JobState::Done);
    gone(pid).await;
    assert_eq!(machine.runs(), 1);
}

#[tokio::test]
async fn a_launcher_has_no_variable_that_is_withheld() {
    let machine = Machine::new().await;
    let told = machine.image.path("told");
    let script = machine
        .image
        .write("launcher", &format!("#!/bin/sh\nenv >{0}.new\nmv {0}.new {0}\n", told.display()));
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let withheld = ["HOME".to_owned()];
    let means = Means { withheld: &withheld, ..machine.means(script.to_str().unwrap()) };
    begin(&means, machine.request(None)).await.unwrap();
    while !told.exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let variables = std::fs::read_to_string(told).unwrap();
    assert!(variables.contains("\nPATH=") || variables.starts_with("PATH="), "{variables}");
    assert!(!variables.lines().any(|line| line.starts_with("HOME=")), "{variables}");
}

#[tokio::test]
async fn a_launcher_whose_client_is_lost_ends_its_job() {
    let machine = Machine::new().await;
    let begun = machine.begin(None).await.unwrap();
    drop(begun.launcher);
    assert_eq!(machine.end(&begun.record).await.state, JobState::Failed);
    assert_eq!(machine.runs(), 0);
}

#[tokio::test]
async fn one_key_is_one_job_however_often_it_is_asked_for() {
    let machine = Machine::new().await;
    let key = Some("form-1");
    let (first, second) = tokio::join!(machine.begin(key), machine.begin(key));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.record.id, second.record.id);
    for launcher in [first.launcher, second.launcher].into_iter().flatten() {
        launcher.leave();
    }
    machine.go();
    assert_eq!(machine.end(&first.record).await.state, JobState::Done);
    let again = machine.begin(key).await.unwrap();
    assert_eq!(again.record.id, first.record.id);
    assert!(matches!(again.standing, Standing::Ended(_)) && again.launcher.is_none());
    assert_eq!((machine.jobs().await, machine.runs()), (1, 1));
}

#[tokio::test]
async fn a_launch_that_was_cut_off_is_gone_on_with_as_it_was() {
    let machine = Machine::new().await;
    let key = Some("form-2");
    // The process that asks dies between the steps.
    let means = machine.means(LAUNCHER);
    for step in ["reserved", "accepted"] {
        let checked = check(&means, machine.request(key), None).await.unwrap();
        let cut = go_on(&means, checked, None, |milestone| {
            let reached = match milestone {
                Milestone::Reserved(_) => "reserved",
                Milestone::Accepted(_) => "accepted",
            };
            if reached == step { Err(LaunchError::GuardLost) } else { Ok(()) }
        });
        assert!(matches!(cut.await, Err(LaunchError::GuardLost)), "{step}");
    }
    let accepted = machine.bucket.launch_of_key("form-2").await.unwrap().unwrap().job;
    // What is published meanwhile is not what was asked for.
    publish(&machine.bucket, "#!/bin/sh\nexit 9\n", PARAMETERS).await;
    machine.go();
    let begun = machine.begin(key).await.unwrap();
    assert_eq!((&begun.record.id, &begun.standing), (&accepted.id, &Standing::Waiting));
    begun.launcher.unwrap().leave();
    assert_eq!(machine.end(&begun.record).await.state, JobState::Done);
    assert_eq!((machine.jobs().await, machine.runs()), (1, 1));
}

#[tokio::test]
async fn what_the_author_says_is_told_of_what_stopped_half_way() {
    let machine = Machine::new().await;
    let with_advice = format!(r#"{PARAMETERS}, "customMetadata": {{"tmpl.ifItFails": "Run it again."}}"#);
    publish(&machine.bucket, "#!/bin/sh\nexit ${#1}\n", &with_advice).await;
    let begun = machine.begin(None).await.unwrap();
    let launcher = begun.launcher.unwrap();
    launcher.leave();
    let (record, end) = (&begun.record, machine.end(&begun.record).await);
    assert_eq!(advice(&machine.bucket, record, &end).await.as_deref(), Some("Run it again."));
    let done = FinalRecord::new(JobState::Done, "done".into(), 0);
    assert_eq!(advice(&machine.bucket, record, &done).await, None);
    // What never ran has left nothing half-way.
    begin(&machine.means("/no/such/program"), machine.request(Some("form-4"))).await.unwrap_err();
    let record = machine.bucket.launch_of_key("form-4").await.unwrap().unwrap().job;
    assert_eq!(advice(&machine.bucket, &record, &machine.end(&record).await).await, None);
}

#[tokio::test]
async fn what_is_wrong_is_told_and_leaves_nothing() {
    let machine = Machine::new().await;
    let request = request(&[("word", "HELLO"), ("no", "1")], machine.image.path(""));
    let request = LaunchRequest { launch_key: Some("form-3".into()), ..request };
    let refused = begin(&machine.means(LAUNCHER), request).await;
    let Err(LaunchError::Parameters(violations)) = refused else { panic!("{refused:?}") };
    assert_eq!(violations.as_slice().len(), 2, "{violations}");
    assert_eq!(machine.jobs().await, 0);
    // The key is free for what is asked for under it next; a launcher that can't be started is the job's end.
    let request = machine.request(Some("form-3"));
    let refused = begin(&machine.means("/no/such/program"), request).await;
    assert!(matches!(refused, Err(LaunchError::Start { .. })), "{refused:?}");
    let again = machine.begin(Some("form-3")).await.unwrap();
    assert!(matches!(again.standing, Standing::Ended(end) if end.state == JobState::Failed));
}
