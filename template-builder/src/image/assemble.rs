//! A base, a template's layers and a launcher become an image for one platform.

use std::sync::Arc;

use tmpl_oci::image::{Image, ImageConfig, ImageLayer};
use tmpl_oci::{BlobSource, Descriptor, MediaType};
use tmpl_template::{Extension, LayerReference, PlatformBuild};
use tokio::runtime::Handle;

use super::ImageRequest;
use super::base::Base;
use super::own_layers::{self, ImagePython};
use crate::BuildError;
use crate::made_layer::MadeLayer;
use crate::made_platform::MadePlatform;
use crate::program::Program;
use crate::program_source::ProgramSource;
use crate::session::Session;

/// The user of images upon a base that would run as root: no user of the base, and the one that others take.
const USER: &str = "65532:65532";
/// Where programs are found where the base says nothing.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const CREATED_BY: &str = "tmpl build";

/// The image of a program for one platform.
pub(super) async fn assemble(
    session: &Session<'_>,
    request: &ImageRequest,
    program: &Program<'_>,
    made: &MadePlatform,
    base: &Base,
) -> Result<Image, BuildError> {
    let shared = made.python.as_ref().filter(|_| program.source.is_python());
    let python = match shared {
        Some(shared) => {
            let version = shared.interpreter.version.as_str();
            let without_pip = shared.lock.package("pip").is_none();
            Some((base.python(session, version).await?, version, without_pip))
        }
        None => None,
    };
    let python = python.as_ref().map(|(path, version, without_pip)| ImagePython {
        path,
        version,
        without_pip: *without_pip,
    });
    let launcher =
        own_layers::launcher(session, request, &made.platform, python, base.digest.is_none()).await?;
    let build = made.describe(program);
    let spec = spec(program, made, build);
    let spec_layer = own_layers::spec(session, program.source, &spec).await?;
    let mut image = base.image.clone();
    let layers = made.layers_of(program);
    for layer in [&launcher].into_iter().chain(layers).chain([&spec_layer]) {
        let created_by = format!("{CREATED_BY}: {}", layer.reference.title);
        image = image.with_layer(image_layer(session, layer), &request.created, &created_by);
    }
    let configured = |config: &mut ImageConfig| configure(config, session, program, base, request);
    let image = image.with_config(configured);
    Ok(base_facts(base).into_iter().fold(image, |image, (name, value)| image.with_annotation(name, &value)))
}

/// The spec that lies in the image: all but the image itself, whose digest depends on it.
fn spec(program: &Program<'_>, made: &MadePlatform, build: PlatformBuild) -> tmpl_template::TemplateSpec {
    let python = made.python.as_ref().filter(|_| program.source.is_python());
    let lock = python.map(|python| python.lock.digest());
    let platforms = [(made.platform.clone(), build)].into();
    let mut spec = program.spec(python.and_then(|python| python.beam()), lock, platforms);
    spec.image = None;
    spec
}

fn image_layer(session: &Session<'_>, layer: &MadeLayer) -> ImageLayer {
    let LayerReference { digest, diff_id, size, media_type, .. } = &layer.reference;
    let descriptor = Descriptor::new(MediaType::from(media_type.as_str()), *size, digest.clone());
    let place = session.cache.blob(digest.digest());
    let source = if session.cache.find_blob(digest.digest(), *size).is_some() {
        BlobSource::file(place)
    } else {
        let (bucket, digest, runtime) = (session.request.bucket.clone(), digest.clone(), Handle::current());
        BlobSource::Opened(Arc::new(move || {
            runtime.block_on(bucket.require_blob(&digest)).map_err(std::io::Error::other)
        }))
    };
    ImageLayer { descriptor, diff_id: diff_id.clone(), source, origin: None }
}

fn configure(
    config: &mut ImageConfig,
    session: &Session<'_>,
    program: &Program<'_>,
    base: &Base,
    request: &ImageRequest,
) {
    let root = format!("/{}", Extension::LAYER_ROOT);
    config.set_created(&request.created);
    config.set_entrypoint(&[own_layers::LAUNCHER]);
    config.set_working_directory(&root);
    if let Some(user) = &session.project.image.user {
        config.set_user(user.get_ref());
    } else if matches!(config.user().split(':').next(), None | Some("" | "0" | "root")) {
        config.set_user(USER);
    }
    let path = config.variable("PATH").unwrap_or(PATH).to_owned();
    if program.source.is_python() {
        config.set_variable("PATH", &format!("{root}/bin:{path}"));
        // A worker then takes this environment as it is, and installs nothing.
        config.set_variable("RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT", "1");
    } else {
        config.set_variable("PATH", &path);
    }
    for (name, value) in flex_variables(program.source, &root) {
        config.set_variable(name, &value);
    }
    let metadata = program.template.spec.metadata.as_ref();
    let title = metadata.map_or(program.template.name.as_str(), |metadata| metadata.name.as_str());
    config.set_label("org.opencontainers.image.title", title);
    if let Some(description) = metadata.and_then(|metadata| metadata.description.as_deref()) {
        config.set_label("org.opencontainers.image.description", description);
    }
    for (name, value) in base_facts(base) {
        config.set_label(name, &value);
    }
    for (name, value) in &session.project.image.labels {
        config.set_label(name, value);
    }
}

/// What an image says of its base.
fn base_facts(base: &Base) -> Vec<(&'static str, String)> {
    let name = base.public_name.clone().map(|name| ("org.opencontainers.image.base.name", name));
    let digest =
        base.digest.as_ref().map(|digest| ("org.opencontainers.image.base.digest", digest.to_string()));
    name.into_iter().chain(digest).collect()
}

/// What Google's launchers look for, as gcloud sets it.
fn flex_variables(source: &ProgramSource, root: &str) -> Vec<(&'static str, String)> {
    let app = |(_, name): (String, String)| format!("{root}/app/{name}");
    let files: Vec<String> = source.files("").into_iter().map(app).collect();
    match source {
        ProgramSource::Python(_) | ProgramSource::Yaml { .. } => {
            let file = own_layers::python_file(source);
            file.map(|file| ("FLEX_TEMPLATE_PYTHON_PY_FILE", file)).into_iter().collect()
        }
        ProgramSource::Java { main_class, .. } => vec![
            ("FLEX_TEMPLATE_JAVA_CLASSPATH", files.join(":")),
            ("FLEX_TEMPLATE_JAVA_MAIN_CLASS", main_class.clone()),
        ],
        ProgramSource::Go { .. } => vec![("FLEX_TEMPLATE_GO_BINARY", files.join(""))],
        ProgramSource::Binary { .. } => Vec::new(),
    }
}
