//! Pushes files as blobs: `push REGISTRY/REPOSITORY FILE…`. Started again after it was stopped, it sends what is missing.

#![allow(clippy::print_stdout, reason = "it is what the program is for")]

use std::env;
use std::error::Error;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use fs_err as fs;
use oci_spec::image::{Descriptor, MediaType};
use sha2::{Digest as _, Sha256};
use tmpl_oci::registry::{BlobToPush, Registry, RegistryOptions};
use tmpl_oci::{BlobSource, ImageReference};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let image: ImageReference = arguments.next().ok_or("usage: push REGISTRY/REPOSITORY FILE…")?.parse()?;
    let blobs = arguments.map(|path| blob(path.into())).collect::<Result<Vec<_>, _>>()?;
    let registry = Registry::new(RegistryOptions::default())?;
    let pushed = registry.push_blobs(&image, &blobs, Arc::new(|_, _| {})).await?;
    for (blob, pushed) in blobs.iter().zip(pushed) {
        println!("{} {:?} {}", blob.descriptor.digest(), pushed.outcome, pushed.bytes_sent);
    }
    Ok(())
}

fn blob(path: PathBuf) -> Result<BlobToPush, Box<dyn Error>> {
    let (mut file, mut hash, mut size) = (fs::File::open(&path)?, Sha256::new(), 0);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
        size += read as u64;
    }
    let hex = hash.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let digest: oci_spec::image::Digest = format!("sha256:{hex}").parse()?;
    let descriptor = Descriptor::new(MediaType::ImageLayerGzip, size, digest);
    Ok(BlobToPush { descriptor, source: BlobSource::file(path), mount_from: None })
}
