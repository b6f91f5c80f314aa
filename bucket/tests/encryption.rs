//! What an address says of every object that is written: tags, and encryption by the server.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use tmpl_bucket::{Bucket, BucketUrl};
use tmpl_testing::{Store, http, shared};

/// More than one part, so that both ways to write are tried.
const LARGE: usize = 11 * 1024 * 1024;

/// Moto wants to be told who asks, and believes anybody.
const SOMEBODY: &str =
    "AWS4-HMAC-SHA256 Credential=any/20261121/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=any";

/// Writes a small and a large object by an address with these options.
async fn written(place: &tmpl_testing::Place, options: &str) {
    let url: BucketUrl = format!("{}&{options}", place.url()).parse().unwrap();
    let bucket = Bucket::open_with(&url, &place.server.variables()).unwrap();
    bucket.write_object("small", "x").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large");
    fs_err::write(&file, vec![b'.'; LARGE]).unwrap();
    let digest = tmpl_template::sha256_of(&fs_err::read(&file).unwrap());
    bucket.put_blob(&digest, &file, &|_| ()).await.unwrap();
    assert!(bucket.verify_blob(&digest).await.unwrap());
}

/// The names of what was written.
fn objects(place: &tmpl_testing::Place) -> [String; 2] {
    let large = tmpl_template::sha256_of(&vec![b'.'; LARGE]);
    [format!("{}/small", place.prefix), format!("{}/staging/blobs/sha256/{}", place.prefix, large.digest())]
}

#[tokio::test]
async fn tags_are_on_every_object() {
    let place = shared(Store::Minio);
    written(&place, "tags=team:data,cost:17").await;
    for object in objects(&place) {
        let listed = place.server.mc(&["tag", "list", &format!("server/{}/{object}", place.server.bucket())]);
        let lines: Vec<String> = listed.split_whitespace().map(str::to_owned).collect();
        let lines = lines.join(" ");
        assert!(lines.contains("team : data") && lines.contains("cost : 17"), "{object}: {listed}");
    }
}

#[tokio::test]
async fn the_server_is_asked_to_encrypt_every_object() {
    let place = shared(Store::Moto);
    written(&place, "sse=aws:kms&kms_key=a-key").await;
    for object in objects(&place) {
        let target = format!("/{}/{object}", place.server.bucket());
        let answer =
            http::send(place.server.endpoint(), "HEAD", &target, &[("authorization", SOMEBODY)], b"")
                .unwrap();
        assert_eq!(answer.status, 200, "{object}");
        assert_eq!(answer.header("x-amz-server-side-encryption"), Some("aws:kms"), "{object}");
        let key = answer.header("x-amz-server-side-encryption-aws-kms-key-id").unwrap_or_default();
        assert!(key.contains("a-key"), "{object}: {key}");
    }
}
