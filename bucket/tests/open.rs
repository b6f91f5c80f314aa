//! Opening a bucket by its address alone, as every program does: with what the environment says.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod support;

use support::stores::{Kind, Stored};
use support::{child, facts, name};
use tmpl_bucket::Bucket;
use tmpl_testing::Store;

/// Opens the bucket it is told of, publishes, and tells what the bucket says of itself.
#[tokio::test]
#[ignore = "it is started by others, with an environment of its own"]
async fn opens_a_bucket() {
    let Some(url) = child::word() else { return };
    let bucket = Bucket::open(&url.parse().unwrap()).unwrap();
    let published = bucket.publish(&name("t"), "{\"image\": \"x\"}", &facts("ann")).await.unwrap();
    child::say(bucket.credentials());
    let given: Vec<String> =
        bucket.credential_variables().await.unwrap().into_iter().map(|(name, _)| name).collect();
    child::say(given.join(" "));
    let variables: Vec<String> =
        bucket.variables().iter().map(|(name, value)| format!("{name}={value}")).collect();
    child::say(variables.join(" "));
    child::say(published.path);
}

/// What the child says; and that what it published is what we see.
async fn opened(store: &Stored, url: &str, variables: Vec<(String, String)>) -> Vec<String> {
    let said = child::run(&[], "opens_a_bucket", url, variables);
    let found = store.bucket.current_template(&name("t")).await.unwrap().unwrap();
    assert_eq!(found.text, "{\"image\": \"x\"}");
    let prefix = &store.place().prefix;
    assert!(said[3].ends_with(&format!("://tests/{prefix}/templates/t.json")), "{said:?}");
    said
}

#[tokio::test]
async fn a_bucket_of_s3_by_keys() {
    let store = Stored::of(Kind::Server(Store::Minio));
    let place = store.place();
    let said = opened(&store, &place.url(), place.server.variables()).await;
    assert_eq!(said[0], "the variables AWS_ACCESS_KEY_ID and its like");
    assert_eq!(said[1].split(' ').count(), 2);
    let endpoint = place.server.endpoint();
    assert_eq!(
        said[2],
        format!("AWS_ENDPOINT_URL_S3={endpoint} AWS_DEFAULT_REGION=us-east-1 AWS_REGION=us-east-1")
    );
}

#[tokio::test]
async fn a_bucket_of_s3_by_the_variables_alone() {
    let store = Stored::of(Kind::Server(Store::Minio));
    let place = store.place();
    let mut variables = place.server.variables();
    for (name, value) in [("AWS_ENDPOINT_URL", place.server.endpoint()), ("AWS_DEFAULT_REGION", "us-east-1")]
    {
        variables.push((name.to_owned(), value.to_owned()));
    }
    opened(&store, &format!("s3://tests/{}", place.prefix), variables).await;
}

#[tokio::test]
async fn a_bucket_of_s3_by_profiles() {
    let store = Stored::of(Kind::Server(Store::Minio));
    let place = store.place();
    let credentials = place.server.credentials().unwrap();
    let file = |name: &str| store.folder.path().join(name);
    let (key, secret) = (credentials.key, credentials.secret);
    let printed = format!(r#"{{"Version": 1, "AccessKeyId": "{key}", "SecretAccessKey": "{secret}"}}"#);
    fs_err::write(file("printed"), printed).unwrap();
    let program = file("printed").display().to_string();
    let config = format!(
        "[profile keys]\nregion = us-east-1\ns3 =\n  addressing_style = path\n\n[profile program]\n\
         credential_process = cat \"{program}\"\n"
    );
    fs_err::write(file("config"), config).unwrap();
    let keys = format!("[keys]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n");
    fs_err::write(file("credentials"), keys).unwrap();
    let variables = |more: &[(&str, &str)]| {
        let files = [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")];
        let files = files.map(|(name, place)| (name.to_owned(), file(place).display().to_string()));
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        files.into_iter().chain(more).collect::<Vec<_>>()
    };
    for (profile, words) in [
        ("keys", "the profile `keys`, whose keys are in a file"),
        ("program", "the profile `program`, whose credential_process is cat"),
    ] {
        // The one that is named outright comes before all others.
        let wrong = [("AWS_ACCESS_KEY_ID", "nobody"), ("AWS_SECRET_ACCESS_KEY", "nothing")];
        let said = opened(&store, &format!("{}&profile={profile}", place.url()), variables(&wrong)).await;
        assert_eq!(said[0], words);
        assert!(said[2].ends_with(&format!("AWS_PROFILE={profile}")), "{said:?}");
        let said = opened(&store, &place.url(), variables(&[("AWS_PROFILE", profile)])).await;
        assert_eq!(said[0], words);
    }
    // A profile that is not there is named.
    let url = format!("{}&profile=nobodys", place.url()).parse().unwrap();
    let error = Bucket::open_with(&url, &variables(&[])).unwrap_err();
    assert!(error.to_string().contains("there is no profile `nobodys`"), "{error}");
}

#[tokio::test]
async fn a_bucket_of_google() {
    let store = Stored::of(Kind::Server(Store::FakeGcs));
    let place = store.place();
    let said = opened(&store, &place.url(), Vec::new()).await;
    let endpoint = place.server.endpoint();
    assert_eq!(said[0], format!("none: {endpoint} is no place to send any to"));
    assert_eq!(said[2], format!("STORAGE_EMULATOR_HOST={endpoint}"));
    // Google's own clients take the address of an emulator from here.
    let variables = vec![("STORAGE_EMULATOR_HOST".to_owned(), endpoint.to_owned())];
    opened(&store, &format!("gs://tests/{}", place.prefix), variables).await;
}

#[tokio::test]
async fn a_bucket_of_azure() {
    let store = Stored::of(Kind::Server(Store::Azurite));
    let place = store.place();
    let said = opened(&store, &place.url(), place.server.variables()).await;
    assert_eq!(said[0], "the account's key (AZURE_STORAGE_ACCOUNT_KEY)");
    assert_eq!(said[1].split(' ').count(), 2);
}

#[tokio::test]
async fn whoever_is_not_let_in_is_told_so() {
    let store = Stored::of(Kind::Server(Store::Minio));
    let error = store.by("nobody", "nothing").publish(&name("t"), "{}", &facts("ann")).await.unwrap_err();
    assert!(error.to_string().contains("InvalidAccessKeyId"), "{error}");
    assert_eq!(error.kind(), tmpl_bucket::BucketErrorKind::Environment);
    let place = store.place();
    let other = place.url().replace("s3://tests/", "s3://no-such-bucket/").parse().unwrap();
    let bucket = Bucket::open_with(&other, &place.server.variables()).unwrap();
    for error in [
        bucket.publish(&name("t"), "{}", &facts("ann")).await.unwrap_err(),
        bucket.template_names().await.unwrap_err(),
    ] {
        assert!(error.to_string().starts_with("there is no bucket at s3://no-such-bucket/"), "{error:?}");
    }
}
