//! A job that a bucket holds, in a container: the tree of the image is taken where it is made of the job's own layers.

use std::path::Path;
use std::process::Child;
use std::time::Duration;

use tmpl_bucket::{Bucket, FinalRecord, JobRecord};
use tmpl_launcher::accept::check;
use tmpl_launcher::cache::Cache;
use tmpl_launcher::requested_runner::OwnRunners;
use tmpl_template::JobState;

use crate::support::{Ended, Image, LAUNCHER, publish, request, send};

/// Ends with the code it is given; `wait` makes it wait for a signal.
const SCRIPT: &str =
    "#!/bin/sh\necho ran $0 >&2\ntest ${1#--code=} = wait && { : > started; sleep 60; }\nexit ${1#--code=}\n";
const PARAMETERS: &str = r#"[{"name": "code", "label": "Code", "helpText": "To end with"}]"#;

/// A bucket with a template and an accepted job, and an image made of the template's layers.
struct Accepted {
    image: Image,
    bucket: Bucket,
    record: JobRecord,
}

async fn accepted(code: &str) -> Accepted {
    let image = Image::new();
    let url = image.path("bucket").to_str().unwrap().parse().unwrap();
    let bucket = Bucket::open_or_create(&url).unwrap();
    let text = publish(&bucket, SCRIPT, PARAMETERS).await;
    image.executable("template/app/run.sh", SCRIPT);
    image.write("template/template.json", &text);
    let cache = Cache::open(image.path("submitters-cache")).unwrap();
    let request = request(&[("code", code)], image.path(""));
    let record = check(&bucket, &cache, &OwnRunners::default(), request).await.unwrap().job();
    bucket.accept_job(&record).await.unwrap();
    Accepted { image, bucket, record }
}

impl Accepted {
    /// The launcher with a cache folder that can't be made.
    fn launch_without_room(&self) -> Ended {
        self.image.launch(
            &[],
            &[
                ("TMPL_BUCKET", &self.bucket.url().to_string()),
                ("TMPL_JOB", self.record.id.as_str()),
                ("TMPL_CACHE_DIR", "/proc/no/room"),
            ],
        )
    }

    fn launch(&self, first_process: bool) -> Ended {
        self.image.ended(self.start(first_process))
    }

    fn start(&self, first_process: bool) -> Child {
        let namespaces: &[&str] = if first_process { &["--pid", "--mount-proc"] } else { &[] };
        let mut command = if first_process {
            self.image.unshare(namespaces, "exec $LAUNCHER")
        } else {
            self.image.command(LAUNCHER)
        };
        command
            .env("TMPL_BUCKET", self.bucket.url().to_string())
            .env("TMPL_JOB", self.record.id.as_str())
            .env("TMPL_CACHE_DIR", self.image.path("cache"));
        command.spawn().unwrap()
    }

    async fn end(&self) -> FinalRecord {
        self.bucket.final_record(&self.record.id).await.unwrap().unwrap()
    }

    fn unpacked(&self) -> usize {
        std::fs::read_dir(self.image.path("cache/layers")).unwrap().count()
    }

    /// The job's log, in which the program says where it lies.
    fn log(&self) -> String {
        fn read(folder: &Path) -> String {
            let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let text = |path: std::path::PathBuf| {
                if path.is_dir() { read(&path) } else { std::fs::read_to_string(path).unwrap_or_default() }
            };
            entries.map(text).collect()
        }
        read(&self.image.path("bucket/staging/jobs"))
    }
}

#[tokio::test]
async fn the_tree_of_the_image_is_run_where_it_lies() {
    let job = accepted("5").await;
    let ended = job.launch_without_room();
    assert_eq!(ended, Ended { code: 1, stdout: String::new(), stderr: String::new() });
    assert_eq!(job.end().await.reason, "the program ended with exit code 5");
    let place = job.image.path("template/app/run.sh").display().to_string();
    assert!(job.log().contains(&format!("ran {place}")), "{}", job.log());
}

#[tokio::test]
async fn an_image_of_other_layers_is_not_taken_for_the_jobs() {
    let job = accepted("0").await;
    let path = job.image.path("template/template.json");
    let other = std::fs::read_to_string(&path).unwrap();
    let (before, after) = other.split_once("\"diffId\": \"sha256:").unwrap();
    std::fs::write(&path, format!("{before}\"diffId\": \"sha256:{}{}", "0".repeat(64), &after[64..]))
        .unwrap();
    assert_eq!(job.launch(false).code, 0);
    assert!(job.log().contains("ran ") && job.log().contains("/cache/environments/"), "{}", job.log());
    assert!(job.unpacked() > 0);
}

#[tokio::test]
async fn a_job_runs_below_the_first_process() {
    let job = accepted("0").await;
    assert_eq!(job.launch(true), Ended { code: 0, stdout: String::new(), stderr: String::new() });
    assert_eq!(job.end().await.exit_code, 0);
    let again = job.launch(true);
    assert_eq!((again.code, again.stderr.as_str()), (0, "launcher: another launcher has this job\n"));
}

#[tokio::test]
async fn a_container_that_is_stopped_cancels_its_job() {
    let job = accepted("wait").await;
    let container = job.start(true);
    while !job.image.path("started").exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    send(&container, "TERM");
    assert_eq!(job.image.ended(container).code, 4);
    let end = job.end().await;
    assert_eq!((end.state, end.reason.as_str()), (JobState::Cancelled, "the launcher received SIGTERM"));
}

#[tokio::test]
async fn a_job_or_bucket_that_is_not_there_is_named() {
    let job = accepted("0").await;
    let bucket = job.bucket.url().to_string();
    for (variables, code, told) in [
        (&[("TMPL_BUCKET", bucket.as_str())][..], 2, "error: TMPL_JOB: it is not set\nhint: "),
        (&[("TMPL_JOB", job.record.id.as_str())], 2, "error: TMPL_BUCKET: it is not set\nhint: "),
        (
            &[("TMPL_BUCKET", "/no/such"), ("TMPL_JOB", job.record.id.as_str())],
            2,
            "error: there is no bucket at /no/such\nhint: ",
        ),
    ] {
        let ended = job.image.launch(&[], variables);
        assert_eq!(ended.code, code, "{variables:?}");
        assert!(ended.stderr.starts_with(told), "{}", ended.stderr);
    }
}
