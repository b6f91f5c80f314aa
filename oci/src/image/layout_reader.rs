//! Reading an OCI image layout: a folder, or an archive of one (without compression: its blobs are read where they lie).

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use fs_err as fs;
use oci_spec::image::{Descriptor, Digest, MediaType, Platform};

use super::Image;
use super::error::{ImageError, parse};
use super::index::{image_of_platform, is_same, shown};
use super::layout::{NAME, copy_blob};
use crate::BlobSource;

/// The longest document that is read into memory.
const LONGEST_DOCUMENT: u64 = 8 * 1024 * 1024;

/// An OCI image layout.
#[derive(Clone, Debug)]
pub struct Layout {
    place: PathBuf,
    manifests: Vec<Descriptor>,
    /// Where the blobs of an archive begin; nothing for a folder.
    offsets: Option<Offsets>,
}

impl Layout {
    /// Opens a layout that is a folder, or an archive of one.
    pub fn open(place: &Path) -> Result<Self, ImageError> {
        let no_layout =
            |problem: &str| ImageError::NoLayout { place: place.to_owned(), problem: problem.to_owned() };
        let (index, offsets) = if place.is_dir() {
            let index =
                fs::File::open(place.join("index.json")).map_err(|_| no_layout("it has no `index.json`"))?;
            (document(index)?, None)
        } else {
            let (index, offsets) = read_archive(place)?;
            (index.ok_or_else(|| no_layout("it has no `index.json`"))?, Some(offsets))
        };
        let index: oci_spec::image::ImageIndex = parse("index", &index)?;
        Ok(Self { place: place.to_owned(), manifests: index.manifests().clone(), offsets })
    }

    /// Where the bytes of a blob are.
    pub fn blob(&self, digest: &Digest) -> BlobSource {
        match &self.offsets {
            None => BlobSource::file(self.place.join("blobs/sha256").join(digest.digest())),
            Some(offsets) => match offsets.get(digest.digest()) {
                Some(offset) => BlobSource::File { path: self.place.clone(), offset: *offset },
                // Opening it then names the file that is not there.
                None => BlobSource::file(self.place.join(digest.digest())),
            },
        }
    }

    /// The bytes of a manifest, an index or a configuration, verified.
    pub fn document(&self, descriptor: &Descriptor) -> Result<Bytes, ImageError> {
        if descriptor.size() > LONGEST_DOCUMENT {
            let problem = format!("it is longer than {LONGEST_DOCUMENT} bytes");
            return Err(ImageError::Invalid { what: "manifest", problem });
        }
        let mut bytes = Vec::new();
        copy_blob(descriptor, &self.blob(descriptor.digest()), &mut bytes)?;
        Ok(bytes.into())
    }

    /// What a name leads to; without a name, the only image that there is.
    pub fn root(&self, name: Option<&str>) -> Result<Descriptor, ImageError> {
        let name_of = |descriptor: &Descriptor| {
            descriptor.annotations().as_ref().and_then(|all| all.get(NAME).cloned())
        };
        let images: Vec<&Descriptor> =
            self.manifests.iter().filter(|manifest| manifest.artifact_type().is_none()).collect();
        let no_image = || ImageError::NoImage { place: self.place.clone(), name: name.map(str::to_owned) };
        match name {
            Some(wanted) => {
                let is_it = |image: &&&Descriptor| {
                    name_of(image).as_deref() == Some(wanted) || image.digest().to_string() == wanted
                };
                images.iter().find(is_it).map(|image| (*image).clone()).ok_or_else(no_image)
            }
            None => match images.as_slice() {
                [] => Err(no_image()),
                [only] => Ok((*only).clone()),
                several => Err(ImageError::SeveralImages {
                    place: self.place.clone(),
                    names: several.iter().filter_map(|image| name_of(image)).collect(),
                }),
            },
        }
    }

    /// The image for a platform.
    pub fn image(&self, name: Option<&str>, platform: &Platform) -> Result<Image, ImageError> {
        let place = self.place.display().to_string();
        let mut descriptor = self.root(name)?;
        // `docker manifest` nests an index in the index of a layout; nothing nests deeper.
        if is_index(&descriptor) {
            descriptor = image_of_platform(&self.document(&descriptor)?, platform, &place)?;
        }
        let manifest = self.document(&descriptor)?;
        let config = self.document(&Image::config_of(&manifest)?)?;
        let image = Image::parse(&manifest, &config, |layer| self.blob(layer.digest()))?;
        if is_same(&image.platform(), platform) {
            Ok(image)
        } else {
            Err(ImageError::Platform { wanted: shown(platform), place, found: shown(&image.platform()) })
        }
    }
}

fn is_index(descriptor: &Descriptor) -> bool {
    *descriptor.media_type() == MediaType::ImageIndex
        || descriptor.media_type().to_string() == "application/vnd.docker.distribution.manifest.list.v2+json"
}

/// Where the blobs of an archive begin, by the hexadecimal part of their digests.
type Offsets = HashMap<String, u64>;

/// The index of an archive, and where its blobs begin.
fn read_archive(place: &Path) -> Result<(Option<Vec<u8>>, Offsets), ImageError> {
    let failed = |source| ImageError::Io { action: "read", source };
    let no_archive = |error: std::io::Error| ImageError::NoLayout {
        place: place.to_owned(),
        problem: format!("it is neither a folder nor a tar archive ({error})"),
    };
    let file = fs::File::open(place).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => {
            ImageError::NoLayout { place: place.to_owned(), problem: "it is not there".to_owned() }
        }
        _ => failed(source),
    })?;
    let mut archive = tar::Archive::new(file);
    let mut index = None;
    let mut offsets = Offsets::new();
    for entry in archive.entries_with_seek().map_err(failed)? {
        let entry = entry.map_err(no_archive)?;
        let path = entry.path_bytes().into_owned();
        let path = String::from_utf8_lossy(&path);
        let path = path.strip_prefix("./").unwrap_or(&path);
        if path == "index.json" {
            index = Some(document(entry)?);
        } else if let Some(hex) = path.strip_prefix("blobs/sha256/") {
            offsets.insert(hex.to_owned(), entry.raw_file_position());
        }
    }
    Ok((index, offsets))
}

fn document(reader: impl Read) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    let read = reader.take(LONGEST_DOCUMENT).read_to_end(&mut bytes);
    read.map_err(|source| ImageError::Io { action: "read", source })?;
    Ok(bytes)
}
