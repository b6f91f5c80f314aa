//! Registries with certificates of an authority of one's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use tmpl_oci::registry::{Registry, RegistryError, RegistryErrorKind, RegistryOptions};

use super::killed::push_program;
use super::support::blob::{blob, client, no_progress, noise, options, reference};
use super::support::scripted::{Scripted, answer};
use super::support::server::{Kind, Server, Setting};

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output();
    let output = output.expect("openssl is missing: `make test` installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// An authority, and a certificate of it for this machine.
fn certificates(folder: &Path) -> (PathBuf, PathBuf, PathBuf) {
    const KEY: [&str; 4] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let made = |arguments: &[&str]| openssl(folder, &[&["req", "-nodes", "-subj"], arguments, &KEY].concat());
    made(&["/CN=authority", "-x509", "-days", "2", "-keyout", "authority.key", "-out", "authority.pem"]);
    made(&["/CN=registry", "-keyout", "registry.key", "-out", "registry.csr"]);
    fs::write(
        folder.join("extensions"),
        "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n",
    )
    .unwrap();
    openssl(
        folder,
        &[
            "x509",
            "-req",
            "-in",
            "registry.csr",
            "-CA",
            "authority.pem",
            "-CAkey",
            "authority.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            "extensions",
            "-out",
            "registry.pem",
        ],
    );
    (folder.join("authority.pem"), folder.join("registry.pem"), folder.join("registry.key"))
}

fn trusting(path: &Path) -> Result<Registry, RegistryError> {
    Registry::new(RegistryOptions { certificates: vec![path.to_owned()], ..options() })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_ones_own_is_trusted_when_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, certificate, key) = certificates(folder.path());
    for kind in [Kind::Debian, Kind::Distribution] {
        let setting = Setting { tls: Some((certificate.clone(), key.clone())), ..Setting::default() };
        let server = Server::start_with(kind, &setting);
        let by_name = server.address.replace("127.0.0.1", "localhost");
        for address in [&server.address, &by_name] {
            let image = reference(address, "app");
            let bytes = noise(1, 1_000_000);
            let registry = trusting(&authority).unwrap();
            registry.push_blob(&image, &blob(&bytes), no_progress()).await.unwrap();

            let error = client().push_blob(&image, &blob(&bytes), no_progress()).await.unwrap_err();
            let expected = format!("the certificate of {address} is not trusted");
            assert!(error.to_string().ends_with(&expected), "{kind:?}: {error}");
            assert_eq!(error.kind(), RegistryErrorKind::Environment);
            assert!(error.hint().unwrap().contains("SSL_CERT_FILE"));
        }
    }
}

#[test]
fn the_environment_names_the_system_s_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, certificate, key) = certificates(folder.path());
    let setting = Setting { tls: Some((certificate, key)), ..Setting::default() };
    let server = Server::start_with(Kind::Debian, &setting);
    let file = folder.path().join("blob");
    fs::write(&file, noise(1, 1000)).unwrap();
    for (variable, trusted) in [("SSL_CERT_FILE", true), ("NO_SUCH_VARIABLE", false)] {
        let output = Command::new(push_program())
            .arg(format!("{}/app", server.address))
            .arg(&file)
            .env("HOME", folder.path())
            .env_remove("REGISTRY_AUTH_FILE")
            .env(variable, &authority)
            .output()
            .unwrap();
        assert_eq!(output.status.success(), trusted, "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_file_without_certificates_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "nothing\n").unwrap();
    for path in [empty, folder.path().join("missing.pem")] {
        let error = trusting(&path).err().unwrap();
        assert_eq!(error.to_string(), format!("cannot use the certificates in {}", path.display()));
        assert_eq!(error.kind(), RegistryErrorKind::Usage);
    }
}

/// Names of this machine are found without a server of names.
#[tokio::test(flavor = "multi_thread")]
async fn localhost_is_this_machine() {
    let server = Scripted::start(|_, _| answer(404));
    let by_name = server.address.replace("127.0.0.1", "localhost");
    assert_eq!(client().head_manifest(&reference(&by_name, "app")).await.unwrap(), None);
    assert_eq!(server.requests()[0].header("host"), Some(by_name.as_str()));
}
