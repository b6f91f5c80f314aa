//! The same for layers in Zstandard.

use super::*;
use crate::Compression;

fn write(contents: &LayerContents) -> (ExpectedLayer, Vec<u8>) {
    let mut blob = Vec::new();
    let options = LayerOptions { threads: 2, compression: Compression::ZSTD };
    let layer = write_layer(contents, &mut blob, options).unwrap();
    assert_eq!(layer.media_type.to_string(), "application/vnd.oci.image.layer.v1.tar+zstd");
    (ExpectedLayer::from(&layer), blob)
}

#[test]
fn the_files_are_those_of_gzip() {
    let mut contents = sample();
    // Several blocks.
    contents.bytes("large", b"0123456789abcdef".repeat(600_000), false).unwrap();
    let (layer, blob) = write(&contents);
    let (gzip, gzip_blob) = super::write(&contents);
    assert!(blob.len() < gzip_blob.len());
    assert_eq!(layer.diff_id, gzip.diff_id);
    let (folder, unpacked) = unpack(&blob, &layer);
    let (gzip_folder, gzip_unpacked) = unpack(&gzip_blob, &gzip);
    assert_eq!(unpacked.unwrap(), gzip_unpacked.unwrap());
    assert_eq!(tree(folder.path()), tree(gzip_folder.path()));
}

#[test]
fn damage_is_found() {
    let (layer, blob) = write(&sample());
    for place in 0..blob.len() {
        let mut damaged = blob.clone();
        damaged[place] ^= 1;
        let error = unpack(&damaged, &layer).1.unwrap_err();
        assert!(matches!(error, UnpackError::Corrupt { .. }), "{place}: {error}");
    }
    for end in [0, 3, 4, 20, blob.len() - 1] {
        let error = unpack(&blob[..end], &layer).1.unwrap_err();
        assert!(error.to_string().contains(&format!("it ends after {end} of")), "{error}");
    }
}

#[test]
fn garbage_with_the_right_digest_is_refused() {
    let tar = [file("x"), vec![0; 1024]].concat();
    let frame = |bytes: &[u8]| ::zstd::bulk::compress(bytes, 3).unwrap();
    for (blob, reason) in [
        ([frame(&tar), b"x".to_vec()].concat(), "its zstd stream is broken: "),
        ([frame(&tar), b"garbage that follows".to_vec()].concat(), "its zstd stream is broken: "),
        (frame(&tar)[..30].to_vec(), "its zstd stream is broken: "),
        (zstd_frames::MAGIC.to_vec(), "its zstd stream is broken: "),
        ([frame(&tar), frame(&tar)].concat(), "its archive has the diff id "),
    ] {
        let layer = genuine(&tar, &blob);
        let error = unpack(&blob, &layer).1.unwrap_err();
        assert!(matches!(error, UnpackError::Corrupt { .. }), "{error}");
        let start = format!("layer {} does not match its digest: {reason}", layer.digest);
        assert!(error.to_string().starts_with(&start), "{error}");
    }
}
