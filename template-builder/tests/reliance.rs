//! A build and a garbage collection of its bucket: what is about to be published is written down first, and looked for again after.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::path::PathBuf;
use std::sync::Mutex;

use fs_err as fs;
use support::{Workshop, files, told};
use tmpl_builder::{
    BaseSource, BuildError, BuildErrorKind, BuildReport, BuildRequest, ImageOutput, ImageRequest,
    LauncherBinaries, Phase, Progress, Silent, build, specs,
};
use tmpl_oci::registry::RegistryOptions;

const MANIFEST: &str = "[[template]]\nname = \"first\"\nbinary = \"first.sh\"\n\n\
                        [[template]]\nname = \"second\"\nbinary = \"second.sh\"\n";

/// Two programs that need nothing but themselves, with a layer each.
fn workshop() -> Workshop {
    Workshop::new(&[
        ("tmpl.toml", MANIFEST),
        ("first.sh", "#!/bin/sh\necho first\n"),
        ("second.sh", "#!/bin/sh\necho second\n"),
    ])
}

/// Looks into the bucket whenever a layer is sent, and takes layers away that were.
struct Onlooker {
    bucket: PathBuf,
    /// How many layers it takes away.
    takes: Mutex<usize>,
    relied_on: Mutex<String>,
    titles: Mutex<Vec<String>>,
}

impl Onlooker {
    fn of(workshop: &Workshop, takes: usize) -> Self {
        let (relied_on, titles) = (Mutex::default(), Mutex::default());
        Self { bucket: workshop.bucket(), takes: Mutex::new(takes), relied_on, titles }
    }
}

impl Progress for Onlooker {
    fn started(&self, phase: Phase, title: &str, _: Option<u64>) {
        if phase == Phase::Upload {
            let records = files(&self.bucket.join("staging/builds"));
            assert_eq!(records.len(), 1, "{title} is sent before anything is written down");
            *self.relied_on.lock().unwrap() = String::from_utf8(records[0].1.clone()).unwrap();
            self.titles.lock().unwrap().push(title.to_owned());
        }
    }

    fn advanced(&self, _: Phase, _: &str, _: u64) {}

    fn finished(&self, phase: Phase, _: &str) {
        let mut takes = self.takes.lock().unwrap();
        if phase == Phase::Upload && *takes > 0 {
            *takes -= 1;
            let blobs = fs::read_dir(self.bucket.join("staging/blobs/sha256")).unwrap();
            let is_whole = |path: &PathBuf| path.file_name().is_some_and(|name| name.len() == 64);
            let whole = blobs.map(|blob| blob.unwrap().path()).filter(is_whole);
            whole.for_each(|blob| fs::remove_file(blob).unwrap());
        }
    }
}

async fn built(workshop: &Workshop, progress: &dyn Progress) -> Result<BuildReport, BuildError> {
    build(&workshop.request(), progress).await
}

fn builds(workshop: &Workshop) -> Vec<(String, Vec<u8>)> {
    files(&workshop.bucket().join("staging/builds"))
}

#[tokio::test]
async fn what_is_sent_is_written_down_until_it_is_published() {
    let workshop = workshop();
    let onlooker = Onlooker::of(&workshop, 0);
    let report = built(&workshop, &onlooker).await.unwrap_or_else(|error| panic!("{}", told(&error)));
    let relied_on = onlooker.relied_on.lock().unwrap().clone();
    for layer in &report.layers {
        assert!(relied_on.contains(layer.digest.digest()), "{} is not in {relied_on}", layer.digest);
    }
    assert_eq!(builds(&workshop), []);
    // Both layers are called alike, and may be on their way together.
    let titles = onlooker.titles.lock().unwrap().clone();
    assert_eq!(titles.len(), 2);
    assert_ne!(titles[0], titles[1]);
    assert!(titles.iter().all(|title| title.starts_with("program ")), "{titles:?}");
}

#[tokio::test]
async fn what_a_version_names_needs_no_record() {
    let workshop = workshop();
    built(&workshop, &Onlooker::of(&workshop, 0)).await.unwrap();
    // Where no record can be written, a build that changes nothing has none to write; nor has one that only reads.
    let records = workshop.bucket().join("staging/builds");
    fs::remove_dir_all(&records).unwrap();
    fs::write(&records, "").unwrap();
    let again = built(&workshop, &Onlooker::of(&workshop, 0)).await.unwrap();
    assert!(again.templates.iter().all(|template| !template.changed));
    workshop.write("first.sh", "#!/bin/sh\necho another\n");
    specs(&workshop.request(), &Silent).await.unwrap();
    let error = built(&workshop, &Onlooker::of(&workshop, 0)).await.unwrap_err();
    assert!(told(&error).contains("staging/builds"), "{}", told(&error));

    // Of what changed only the new layer is written down.
    fs::remove_file(&records).unwrap();
    let onlooker = Onlooker::of(&workshop, 0);
    let changed = built(&workshop, &onlooker).await.unwrap();
    let relied_on = onlooker.relied_on.lock().unwrap().clone();
    let named: Vec<bool> =
        changed.layers.iter().map(|layer| relied_on.contains(layer.digest.digest())).collect();
    assert_eq!(named, [true, false], "{relied_on}");
}

#[tokio::test]
async fn what_vanished_after_it_was_sent_is_sent_again() {
    let workshop = workshop();
    let report = built(&workshop, &Onlooker::of(&workshop, 2))
        .await
        .unwrap_or_else(|error| panic!("{}", told(&error)));
    for layer in &report.layers {
        assert_eq!(fs::metadata(workshop.blob(layer.digest.digest())).unwrap().len(), layer.size);
    }
    assert_eq!(builds(&workshop), []);
}

#[tokio::test]
async fn a_bucket_that_keeps_nothing_is_an_error() {
    let workshop = workshop();
    let error = built(&workshop, &Onlooker::of(&workshop, usize::MAX)).await.unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::Environment);
    let told = told(&error);
    assert!(
        told.contains("vanished from") && told.contains("hint: look for what else deletes there"),
        "{told}"
    );
    assert_eq!(builds(&workshop), [], "the record ends with the build, however that ends");
    // And the next build mends what the bucket shows: versions name it by now, so nothing more is written down.
    let report = built(&workshop, &Silent).await.unwrap();
    assert!(report.layers.iter().all(|layer| workshop.blob(layer.digest.digest()).exists()));
}

/// A build that makes an image of the first template too, upon nothing.
fn with_image(workshop: &Workshop) -> BuildRequest {
    workshop.write("launcher", "a launcher");
    let image = ImageRequest {
        base: Some(BaseSource::Scratch),
        push: None,
        outputs: vec![ImageOutput::Layout(workshop.project().join("images"))],
        launchers: LauncherBinaries { flag: Some(workshop.project().join("launcher")), ..Default::default() },
        created: "1980-01-01T00:00:00Z".to_owned(),
        registry: RegistryOptions::default(),
    };
    BuildRequest { image: Some(image), only: vec!["first".parse().unwrap()], ..workshop.request() }
}

#[tokio::test]
async fn what_the_bucket_keeps_of_an_image_is_written_down_too() {
    let workshop = workshop();
    let request = with_image(&workshop);
    let onlooker = Onlooker::of(&workshop, usize::MAX);
    let error = build(&request, &onlooker).await.unwrap_err();
    assert!(told(&error).contains("vanished from"), "{}", told(&error));
    // All blobs of the image, and what names them.
    let relied_on = onlooker.relied_on.lock().unwrap().clone();
    build(&request, &Silent).await.unwrap_or_else(|error| panic!("{}", told(&error)));
    let kept = files(&workshop.bucket().join("staging/blobs/sha256"));
    assert_eq!(kept.len(), 5, "program, launcher and spec; configuration and manifest");
    for (hex, _) in &kept {
        assert!(relied_on.contains(hex), "{hex} is not in {relied_on}");
    }

    // The spec names the manifest, and the manifest the rest: where nothing changed, nothing is written down.
    let records = workshop.bucket().join("staging/builds");
    fs::remove_dir_all(&records).unwrap();
    fs::write(&records, "").unwrap();
    let again = build(&request, &Silent).await.unwrap_or_else(|error| panic!("{}", told(&error)));
    assert!(!again.templates[0].changed);
    // Nor where one of them was lost, and is sent again; but without the manifest nothing keeps what it names.
    let mut unwritten = Vec::new();
    for (hex, bytes) in &kept {
        fs::remove_file(workshop.blob(hex)).unwrap();
        if let Err(error) = build(&request, &Silent).await {
            unwritten.push(told(&error));
            fs::write(workshop.blob(hex), bytes).unwrap();
        }
        assert_eq!(fs::read(workshop.blob(hex)).unwrap(), *bytes);
    }
    assert!(matches!(&unwritten[..], [error] if error.contains("staging/builds")), "{unwritten:?}");
}
