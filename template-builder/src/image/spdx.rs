//! A bill of materials in SPDX 2.3: every installed distribution with version, licence and hash, the base, the launcher.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::ControlFlow;

use serde_json::{Value, json};
use tmpl_oci::{Descriptor, MediaType, visit_layer};

use super::base::Base;
use crate::background::in_background;
use crate::bucket_blobs::open_local;
use crate::builder_cache::Kind;
use crate::distribution::normal_name;
use crate::layer_plan::{DistributionRecord, distribution_key};
use crate::made_platform::{MadePlatform, MadePython};
use crate::program::Program;
use crate::session::Session;
use crate::{BuildError, licence};

/// What SPDX writes where nothing is known.
const UNKNOWN: &str = "NOASSERTION";
/// The end of the file with a distribution's name, version and licence.
const METADATA: &str = ".dist-info/METADATA";
/// The longest such file that is read.
const LONGEST_METADATA: u64 = 4 * 1024 * 1024;

/// Something that is in an image.
#[derive(Clone, Debug)]
pub(super) struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    /// Hexadecimal SHA-256 of the files that it may have been installed from.
    hashes: Vec<String>,
    /// Its package URL.
    url: String,
}

impl Package {
    /// As a dependency of a statement of provenance.
    pub(super) fn as_dependency(&self) -> Value {
        match self.hashes.as_slice() {
            [hash] => json!({"uri": self.url, "digest": {"sha256": hash}}),
            _ => json!({"uri": self.url}),
        }
    }
}

/// What is in the image of a program.
pub(super) async fn packages(
    session: &Session<'_>,
    program: &Program<'_>,
    made: &MadePlatform,
    base: &Base,
) -> Result<Vec<Package>, BuildError> {
    let mut packages = Vec::new();
    if let Some(digest) = &base.digest {
        let hash = digest.digest().to_owned();
        let name = base.public_name.clone().unwrap_or_else(|| "base".to_owned());
        packages.push(Package {
            url: format!("pkg:oci/{}@sha256%3A{hash}", last_part(&name)),
            name,
            version: digest.to_string(),
            licence: None,
            hashes: vec![hash],
        });
    }
    packages.push(Package {
        name: "tmpl-launcher".to_owned(),
        version: session.request.facts.tmpl_version.clone(),
        licence: Some("Apache-2.0".to_owned()),
        hashes: Vec::new(),
        url: format!("pkg:generic/tmpl-launcher@{}", session.request.facts.tmpl_version),
    });
    if let Some(python) = made.python.as_ref().filter(|_| program.source.is_python()) {
        packages.extend(distributions(session, python).await?);
    } else {
        for (path, name) in program.source.files(&made.platform) {
            let hash = session.checksums.of(&session.project.root.join(path))?.0.hex().to_owned();
            packages.push(Package {
                url: format!("pkg:generic/{name}?checksum=sha256:{hash}"),
                name,
                version: String::new(),
                licence: None,
                hashes: vec![hash],
            });
        }
    }
    Ok(packages)
}

/// The installed distributions: those of the lock, then the project's own.
async fn distributions(session: &Session<'_>, python: &MadePython) -> Result<Vec<Package>, BuildError> {
    let licences = licences(session, python).await?;
    let pypi = |name: &str, version: &str| format!("pkg:pypi/{name}@{version}");
    let locked = python.lock.packages.iter().map(|package| Package {
        name: package.name.clone(),
        version: package.version.clone(),
        licence: licences.get(&package.name).cloned().flatten(),
        hashes: package.hashes.iter().map(|hash| hash.hex().to_owned()).collect(),
        url: pypi(&package.name, &package.version),
    });
    let mut packages: Vec<Package> = locked.collect();
    for (_, file) in python.code.packages.iter().filter(|(path, _)| path.ends_with(METADATA)) {
        let text = String::from_utf8_lossy(&file.read()?).into_owned();
        let Some((name, version, licence)) = read_metadata(&text) else { continue };
        packages.push(Package {
            hashes: vec![file.checksum.hex().to_owned()],
            url: pypi(&name, &version),
            name,
            version,
            licence,
        });
    }
    Ok(packages)
}

/// What the metadata of locked distributions says of their licences: as it was remembered when they were installed here, else read
/// from the layers.
async fn licences(
    session: &Session<'_>,
    python: &MadePython,
) -> Result<BTreeMap<String, Option<String>>, BuildError> {
    let mut found = BTreeMap::new();
    for package in &python.lock.packages {
        let key = distribution_key(&python.target, &python.lock, package);
        let Some(record) = session.cache.read::<DistributionRecord>(Kind::Distributions, &key) else {
            return from_layers(session, python).await;
        };
        found.insert(package.name.clone(), record.licence);
    }
    Ok(found)
}

async fn from_layers(
    session: &Session<'_>,
    python: &MadePython,
) -> Result<BTreeMap<String, Option<String>>, BuildError> {
    let layers: Vec<_> = python.layers.iter().map(|layer| layer.reference.clone()).collect();
    let (cache, bucket) = (session.cache.clone(), session.request.bucket.clone());
    let runtime = tokio::runtime::Handle::current();
    in_background(session.progress, move |_| {
        let mut found = BTreeMap::new();
        for layer in layers {
            let reader = match open_local(&cache.blob(layer.digest.digest())) {
                Some(reader) => reader,
                None => runtime.block_on(bucket.require_blob(&layer.digest))?,
            };
            let media_type = MediaType::from(layer.media_type.as_str());
            visit_layer(reader, &media_type, &mut |path, _, bytes| {
                if path.ends_with(METADATA) {
                    let mut text = Vec::new();
                    bytes.take(LONGEST_METADATA).read_to_end(&mut text)?;
                    if let Some((name, _, licence)) = read_metadata(&String::from_utf8_lossy(&text)) {
                        found.insert(name, licence);
                    }
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(found)
    })
    .await
}

/// Name, version and licence of a distribution.
fn read_metadata(text: &str) -> Option<(String, String, Option<String>)> {
    let headers = || text.lines().take_while(|line| !line.is_empty());
    let field = |name: &str| headers().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
    Some((normal_name(&field("Name:")?), field("Version:")?, licence::of_metadata(text)))
}

/// The document of an image with these packages.
pub(super) fn document(
    session: &Session<'_>,
    program: &Program<'_>,
    subject: &Descriptor,
    packages: &[Package],
) -> Value {
    let name = program.template.name.as_str();
    let created = session.request.image.as_ref().map_or("", |image| &image.created);
    let mut extracted = BTreeMap::new();
    let image = json!({
        "SPDXID": "SPDXRef-image",
        "name": name,
        "versionInfo": subject.digest().to_string(),
        "downloadLocation": UNKNOWN,
        "filesAnalyzed": false,
        "primaryPackagePurpose": "CONTAINER",
        "checksums": [{"algorithm": "SHA256", "checksumValue": subject.digest().digest()}],
    });
    let described = packages.iter().enumerate().map(|(number, package)| {
        let declared = declared_licence(package.licence.as_deref(), &mut extracted);
        let checksums: Vec<Value> =
            package.hashes.iter().map(|hash| json!({"algorithm": "SHA256", "checksumValue": hash})).collect();
        let mut described = json!({
            "SPDXID": format!("SPDXRef-package-{number}"),
            "name": package.name,
            "downloadLocation": UNKNOWN,
            "filesAnalyzed": false,
            "licenseConcluded": UNKNOWN,
            "licenseDeclared": declared,
            "copyrightText": UNKNOWN,
            "checksums": checksums,
            "externalRefs": [{
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": package.url,
            }],
        });
        if !package.version.is_empty() {
            described["versionInfo"] = package.version.as_str().into();
        }
        described
    });
    let described: Vec<Value> = [image].into_iter().chain(described).collect();
    let contains = (0..packages.len()).map(|number| {
        json!({
            "spdxElementId": "SPDXRef-image",
            "relationshipType": "CONTAINS",
            "relatedSpdxElement": format!("SPDXRef-package-{number}"),
        })
    });
    let root = json!({
        "spdxElementId": "SPDXRef-DOCUMENT",
        "relationshipType": "DESCRIBES",
        "relatedSpdxElement": "SPDXRef-image",
    });
    let relationships: Vec<Value> = [root].into_iter().chain(contains).collect();
    let mut document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": format!("urn:tmpl:image:{}", subject.digest()),
        "creationInfo": {
            "created": created,
            "creators": [format!("Tool: tmpl-{}", session.request.facts.tmpl_version)],
        },
        "packages": described,
        "relationships": relationships,
    });
    if !extracted.is_empty() {
        let texts = extracted.into_iter();
        let texts = texts.map(|(id, text): (String, String)| json!({"licenseId": id, "extractedText": text}));
        document["hasExtractedLicensingInfos"] = texts.collect();
    }
    document
}

/// A licence as SPDX writes it: an expression of known names, else a name of the document's own for the text.
fn declared_licence(licence: Option<&str>, extracted: &mut BTreeMap<String, String>) -> String {
    let Some(licence) = licence else { return UNKNOWN.to_owned() };
    if is_expression(licence) {
        return licence.to_owned();
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    let id = format!("LicenseRef-{}", licence.chars().map(plain).collect::<String>().trim_matches('-'));
    extracted.insert(id.clone(), licence.to_owned());
    id
}

/// Whether a text can be an expression of SPDX: names joined by `AND`, `OR` and `WITH`. The names of families that old metadata has
/// (`BSD`, `GPL`) are none of SPDX.
fn is_expression(text: &str) -> bool {
    let is_name = |word: &str| {
        let known = ["MIT", "ISC", "Zlib", "Unlicense", "0BSD", "X11", "curl", "blessing"];
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
        known.contains(&word) || (word.contains('-') && word.chars().all(allowed))
    };
    let words: Vec<&str> = text.split([' ', '(', ')']).filter(|word| !word.is_empty()).collect();
    let is_operator = |word: &&&str| matches!(**word, "AND" | "OR" | "WITH");
    let operators = words.iter().filter(is_operator).count();
    let names = words.iter().filter(|word| !is_operator(word)).collect::<Vec<_>>();
    !names.is_empty() && operators + 1 == names.len() && names.iter().all(|word| is_name(word))
}

/// The last part of a name, without a tag.
fn last_part(name: &str) -> &str {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split(':').next().unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_expressions_are_written_as_such() {
        let mut extracted = BTreeMap::new();
        for (licence, declared) in [
            (None, "NOASSERTION"),
            (Some("MIT"), "MIT"),
            (Some("MIT OR Apache-2.0"), "MIT OR Apache-2.0"),
            (Some("(BSD-3-Clause AND MIT) OR PSF-2.0"), "(BSD-3-Clause AND MIT) OR PSF-2.0"),
            (Some("BSD License"), "LicenseRef-BSD-License"),
            (Some("Apache 2.0"), "LicenseRef-Apache-2.0"),
            (Some("MIT AND"), "LicenseRef-MIT-AND"),
        ] {
            assert_eq!(declared_licence(licence, &mut extracted), declared, "{licence:?}");
        }
        assert_eq!(extracted["LicenseRef-BSD-License"], "BSD License");
    }
}
