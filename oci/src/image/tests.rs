//! Images as values, written and read again.

use std::io::Write as _;

use oci_spec::image::PlatformBuilder;

use super::*;
use crate::{LayerContents, LayerOptions, write_layer};

fn platform(architecture: &str) -> Platform {
    PlatformBuilder::default().os("linux").architecture(architecture).build().unwrap()
}

/// A layer with one file.
fn layer(text: &str) -> ImageLayer {
    let mut contents = LayerContents::new();
    contents.bytes("template/file", text.as_bytes().to_vec(), false).unwrap();
    let mut blob = Vec::new();
    let layer = write_layer(&contents, &mut blob, LayerOptions::default()).unwrap();
    ImageLayer::new(&layer, BlobSource::Bytes(blob.into()))
}

fn image(architecture: &str, texts: &[&str]) -> Image {
    let made = Image::empty(&platform(architecture)).with_config(|config| {
        config.set_created("1970-01-01T00:00:00Z");
        config.set_variable("PATH", "/bin");
        config.set_entrypoint(&["/opt/tmpl/launcher"]);
        config.set_label("b", "2");
        config.set_label("a", "1");
    });
    texts.iter().fold(made, |made, text| made.with_layer(layer(text), "1970-01-01T00:00:00Z", "tmpl"))
}

fn index(images: &[&Image]) -> ImageIndex {
    ImageIndex::new(images.iter().map(|image| (*image).clone()).collect())
}

#[test]
fn a_change_gives_a_new_image_and_equal_images_have_equal_digests() {
    let one = image("amd64", &["x", "y"]);
    for _ in 0..20 {
        assert_eq!(image("amd64", &["x", "y"]).manifest(), one.manifest());
    }
    assert_ne!(one.clone().with_config(|config| config.set_user("65532")).manifest(), one.manifest());
    assert_ne!(image("amd64", &["y", "x"]).manifest(), one.manifest());
    assert_eq!(one.config().labels(), [("a", "1"), ("b", "2")].into());
    let text = String::from_utf8(one.config_blob().bytes.to_vec()).unwrap();
    assert!(text.find("\"a\"").unwrap() < text.find("\"b\"").unwrap(), "{text}");
}

#[test]
fn a_configuration_keeps_what_it_does_not_know_and_loses_what_differs_from_build_to_build() {
    let config = br#"{"architecture":"amd64","os":"linux","container":"123","docker_version":"20",
        "config":{"Env":["PATH=/usr/bin","A=b=c"],"Healthcheck":{"Test":["NONE"]},"Cmd":["bash"]},
        "rootfs":{"type":"layers","diff_ids":[]}}"#;
    let mut config = ImageConfig::parse(config).unwrap();
    assert_eq!(
        (config.variable("PATH"), config.variable("A"), config.variable("B")),
        (Some("/usr/bin"), Some("b=c"), None)
    );
    config.set_variable("PATH", "/template/bin:/usr/bin");
    config.set_variable("B", "1");
    config.set_entrypoint(&["/x"]);
    let value = config.as_value();
    assert_eq!(value["config"]["Env"], json!(["PATH=/template/bin:/usr/bin", "A=b=c", "B=1"]));
    assert_eq!(value["config"]["Healthcheck"]["Test"][0], "NONE");
    assert!(value.get("container").is_none() && value["config"].get("Cmd").is_none());
}

#[test]
fn what_is_written_as_a_layout_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (amd, arm) = (image("amd64", &["x"]), image("arm64", &["x", "y"]));
    let both = index(&[&amd, &arm]);
    let place = folder.path().join("layout");
    write_layout(&place, Some("words:1"), &both, &[]).unwrap();
    write_layout(&place, Some("other"), &index(&[&amd]), &[]).unwrap();
    let archive = folder.path().join("words.tar");
    write_oci_archive(fs_err::File::create(&archive).unwrap(), Some("words:1"), &both, &[]).unwrap();
    for place in [&place, &archive] {
        let layout = Layout::open(place).unwrap();
        for wanted in [&amd, &arm] {
            let read = layout.image(Some("words:1"), &wanted.platform()).unwrap();
            assert_eq!(read.manifest(), wanted.manifest());
            for layer in read.layers() {
                let mut bytes = Vec::new();
                layout::copy_blob(&layer.descriptor, &layer.source, &mut bytes).unwrap();
            }
        }
        let error = layout.image(Some("words:1"), &platform("riscv64")).unwrap_err();
        assert!(error.to_string().ends_with(", only for linux/amd64, linux/arm64"), "{error}");
        assert!(matches!(layout.root(Some("none")), Err(ImageError::NoImage { .. })));
    }
    assert!(matches!(Layout::open(&place).unwrap().root(None), Err(ImageError::SeveralImages { .. })));
    assert!(matches!(Layout::open(folder.path()), Err(ImageError::NoLayout { .. })));
    assert!(Layout::open(&archive).unwrap().root(None).is_ok());
}

#[test]
fn archives_of_equal_images_are_equal() {
    let made = || {
        let mut bytes = Vec::new();
        write_docker_archive(&mut bytes, &["words:1".to_owned()], &image("amd64", &["x", "x", "y"])).unwrap();
        bytes
    };
    let bytes = made();
    assert!(bytes == made());
    let mut archive = tar::Archive::new(bytes.as_slice());
    let paths: Vec<String> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    // The layer that is there twice lies in the archive once.
    assert_eq!(paths.len(), 4, "{paths:?}");
    assert_eq!(paths[0], "manifest.json");
}

#[test]
fn a_blob_that_is_not_what_it_should_be_ends_the_writing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("blob");
    fs_err::File::create(&file).unwrap().write_all(b"something else").unwrap();
    for source in [BlobSource::file(file), BlobSource::Bytes("x".into())] {
        let damaged = image("amd64", &["x"]).with_sources(|_| Some(source.clone()));
        let place = folder.path().join("layout");
        let error = write_layout(&place, None, &index(&[&damaged]), &[]).unwrap_err();
        assert!(matches!(error, ImageError::Damaged { .. }), "{error}");
        assert!(!place.join("index.json").exists());
        assert!(write_docker_archive(Vec::new(), &[], &damaged).is_err());
    }
    let gone = image("amd64", &["x"]).with_sources(|_| Some(BlobSource::file("/nowhere".into())));
    let error = write_layout(&folder.path().join("layout"), None, &index(&[&gone]), &[]).unwrap_err();
    assert!(matches!(error, ImageError::Blob { .. }) && error.is_temporary(), "{error}");
}

#[test]
fn bases_of_docker_become_ocis_and_odd_ones_are_refused() {
    let base = image("amd64", &["x"]);
    let config = base.config_blob();
    let manifest = |media_type: &str| {
        let mut value: Value = serde_json::from_slice(&base.manifest().bytes).unwrap();
        value["mediaType"] = "application/vnd.docker.distribution.manifest.v2+json".into();
        value["layers"][0]["mediaType"] = media_type.into();
        value.to_string()
    };
    let read = |media_type: &str| {
        Image::parse(manifest(media_type).as_bytes(), &config.bytes, |_| BlobSource::Bytes("".into()))
    };
    let docker = read("application/vnd.docker.image.rootfs.diff.tar.gzip").unwrap();
    assert_eq!(docker.manifest(), base.manifest());
    let error = read("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip").unwrap_err();
    assert!(matches!(error, ImageError::LayerType { .. }), "{error}");
    for (manifest, config) in [("{", "{}"), ("{}", "{}"), (&*manifest("x"), "[]")] {
        assert!(
            Image::parse(manifest.as_bytes(), config.as_bytes(), |_| BlobSource::Bytes("".into())).is_err()
        );
    }
}
