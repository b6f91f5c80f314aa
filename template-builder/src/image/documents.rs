//! What is said of an image beside it: what is in it, and how it was made. Both depend on the inputs alone, so that equal builds
//! say the same.

use serde_json::{Value, json};
use tmpl_oci::Descriptor;
use tmpl_oci::image::ImageIndex;

use super::base::Base;
use super::spdx;
use crate::BuildError;
use crate::made_platform::MadePlatform;
use crate::program::Program;
use crate::session::Session;

/// The media types under which readers look for these documents.
const SPDX: &str = "application/spdx+json";
const IN_TOTO: &str = "application/vnd.in-toto+json";
/// Names this kind of build in a statement of provenance.
const BUILD_TYPE: &str = "urn:tmpl:build:v1";

/// A document, and the image or index that it is about.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) subject: Descriptor,
    pub(super) media_type: &'static str,
    pub(super) text: String,
}

/// The documents of a template's images.
pub(super) async fn of(
    session: &Session<'_>,
    program: &Program<'_>,
    platforms: &[MadePlatform],
    bases: &[Base],
    index: &ImageIndex,
) -> Result<Vec<Document>, BuildError> {
    let mut documents = Vec::new();
    let mut dependencies = Vec::new();
    for ((made, base), image) in platforms.iter().zip(bases).zip(index.images()) {
        let subject = image.manifest().descriptor;
        let packages = spdx::packages(session, program, made, base).await?;
        dependencies.extend(packages.iter().map(spdx::Package::as_dependency));
        let text = spdx::document(session, program, &subject, &packages).to_string();
        documents.push(Document { subject, media_type: SPDX, text });
    }
    dependencies.sort_by_key(Value::to_string);
    dependencies.dedup();
    let root = index.root().descriptor;
    let text = provenance(session, program, platforms, &root, dependencies).to_string();
    documents.push(Document { subject: root, media_type: IN_TOTO, text });
    Ok(documents)
}

/// A statement of SLSA provenance (version 1).
fn provenance(
    session: &Session<'_>,
    program: &Program<'_>,
    platforms: &[MadePlatform],
    subject: &Descriptor,
    mut dependencies: Vec<Value>,
) -> Value {
    let facts = &session.request.facts;
    if let Some(revision) = facts.source_revision.as_ref().filter(|revision| !revision.ends_with("+changes"))
    {
        dependencies.push(json!({"name": "source", "uri": "git", "digest": {"gitCommit": revision}}));
    }
    let platforms: Vec<&str> = platforms.iter().map(|made| made.platform.as_str()).collect();
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{
            "name": program.template.name.as_str(),
            "digest": {"sha256": subject.digest().digest()},
        }],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "template": program.template.name.as_str(),
                    "platforms": platforms,
                    "source": facts.source_revision,
                },
                "internalParameters": {},
                "resolvedDependencies": dependencies,
            },
            "runDetails": {
                "builder": {"id": "urn:tmpl:builder", "version": {"tmpl": facts.tmpl_version}},
            },
        },
    })
}
