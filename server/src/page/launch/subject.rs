//! What a form is for: a version of a template, as it is or through a saved launch; or what an earlier job was made of.

use std::collections::HashMap;

use tmpl_bucket::JobRecord;
use tmpl_launcher::accept::{LaunchTemplate, UnpublishedSpec};
use tmpl_template::{
    Card, CardName, Digest, DigestPrefix, FormatError, Metadata, Parameter, TemplateName, TemplateReference,
    TemplateSpec, ValueAccess, hex,
};

use crate::Server;
use crate::form::{Entered, Lock};
use crate::page::frame::broken;
use crate::problem::Problem;
use crate::text::{launch as text, problem};

/// What a form is for.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// Where its form is.
    pub(crate) address: String,
    /// The template.
    pub(crate) template: TemplateName,
    /// The version of it.
    pub(crate) digest: Digest,
    /// The spec of that version.
    pub(crate) spec: TemplateSpec,
    /// The saved launch, where it is one.
    pub(crate) card: Option<SubjectCard>,
    /// The text and the origin of a spec that was not published.
    unpublished: Option<(String, String)>,
}

/// A saved launch that a form is for.
#[derive(Clone, Debug)]
pub(crate) struct SubjectCard {
    /// Its name.
    pub(crate) name: CardName,
    /// The number of the entry that was read.
    pub(crate) number: u64,
    /// What it says.
    pub(crate) card: Card,
}

impl Subject {
    /// A template: the newest version, or the one that is asked for.
    pub(crate) async fn template(
        server: &Server,
        name: TemplateName,
        version: Option<DigestPrefix>,
    ) -> Result<Self, Problem> {
        let reference = TemplateReference { name: name.clone(), version };
        let stored = server.bucket.template(&reference).await?;
        let spec = parse(&stored.text)?;
        let address = format!("/templates/{name}");
        Ok(Self { address, template: name, digest: stored.digest, spec, card: None, unpublished: None })
    }

    /// A saved launch, with the version that it names, or the one that is asked for where it names none.
    pub(crate) async fn card(
        server: &Server,
        name: CardName,
        version: Option<DigestPrefix>,
    ) -> Result<Self, Problem> {
        let saved = server.bucket.card(&name).await?;
        let saved = saved.ok_or_else(|| Problem::not_found(text::no_card(name.as_str())))?;
        let version = saved.card.version.clone().or(version);
        let subject = Self::template(server, saved.card.template.clone(), version).await?;
        let address = format!("/cards/{name}");
        let card = Some(SubjectCard { name, number: saved.number, card: saved.card });
        Ok(Self { address, card, ..subject })
    }

    /// What an earlier job was made of, where that was not published.
    pub(crate) async fn unpublished(server: &Server, record: &JobRecord) -> Result<Option<Self>, Problem> {
        let Some(origin) = record.template.origin.clone() else { return Ok(None) };
        let (name, digest) = (record.template.name.clone(), record.template.digest.clone());
        let bytes = server.bucket.blob_bytes(&digest, FormatError::LONGEST_TEXT as u64).await?;
        let spec = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Some(Self {
            address: format!("/templates/{name}"),
            template: name,
            digest,
            spec: parse(&spec)?,
            card: None,
            unpublished: Some((spec, origin)),
        }))
    }

    /// What it is called: a saved launch by its title, a template by the author's name for it.
    pub(crate) fn title(&self) -> &str {
        match &self.card {
            Some(card) => &card.card.title,
            None => self
                .metadata()
                .map(|metadata| metadata.name.trim())
                .filter(|name| !name.is_empty())
                .unwrap_or(self.template.as_str()),
        }
    }

    /// Its own name, which is typed where a launch changes data.
    pub(crate) fn name(&self) -> &str {
        self.card.as_ref().map_or(self.template.as_str(), |card| card.name.as_str())
    }

    /// What the author says.
    pub(crate) fn metadata(&self) -> Option<&Metadata> {
        self.spec.metadata.as_ref()
    }

    /// What it asks for.
    pub(crate) fn declared(&self) -> &[Parameter] {
        self.metadata().map_or(&[], |metadata| &metadata.parameters)
    }

    /// Whether its jobs change data that others use.
    pub(crate) fn mutates(&self) -> bool {
        self.metadata().is_some_and(Metadata::mutates)
    }

    /// Whom to ask.
    pub(crate) fn owner(&self) -> Option<&str> {
        let of_card = self.card.as_ref().and_then(|card| card.card.owner.as_deref());
        of_card.or_else(|| self.metadata().and_then(Metadata::owner))
    }

    /// The version in full, as a form sends it back.
    pub(crate) fn version(&self) -> String {
        hex(&self.digest).to_owned()
    }

    /// What the saved launch says that can't be changed.
    pub(crate) fn locks(&self) -> HashMap<String, Lock> {
        let values = self.card.iter().flat_map(|card| &card.card.values);
        let lock = |access| match access {
            ValueAccess::Editable => None,
            ValueAccess::Locked => Some(Lock::Locked),
            ValueAccess::Hidden => Some(Lock::Hidden),
        };
        values.filter_map(|(name, value)| Some((name.clone(), lock(value.access)?))).collect()
    }

    /// Puts what the saved launch says, and nobody can change, in place of whatever is in a form.
    pub(crate) fn fix(&self, entered: &mut Entered) {
        let Some(card) = &self.card else { return };
        for (name, value) in card.card.values.iter().filter(|(_, value)| value.access.is_fixed()) {
            entered.fix(self.declared(), name, value.value.clone());
        }
    }

    /// What a launch is asked for with: exactly this version.
    pub(crate) fn launch(&self) -> LaunchTemplate {
        match &self.unpublished {
            Some((text, origin)) => LaunchTemplate::Unpublished(UnpublishedSpec {
                name: self.template.clone(),
                text: text.clone(),
                origin: origin.clone(),
                layers: None,
            }),
            None => LaunchTemplate::Published(TemplateReference {
                name: self.template.clone(),
                version: self.digest.digest().parse().ok(),
            }),
        }
    }

    /// Whether it was published, and so has an address of its own.
    pub(crate) fn is_published(&self) -> bool {
        self.unpublished.is_none()
    }
}

fn parse(text: &str) -> Result<TemplateSpec, Problem> {
    TemplateSpec::parse(text).map_err(|error| broken(problem::BUCKET_REFUSES_DETAIL).cause(error.to_string()))
}
