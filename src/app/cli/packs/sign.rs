//! `tidegate pack sign`: one more signature beside a manifest.

use std::path::{Path, PathBuf};

use clap::Args;

use super::store;
use crate::app::cli::Failure;
use crate::app::cli::output::say;
use crate::sealed::{MANIFEST, Manifest, Members, SecretKey, check_content, signature_name};

/// Adds a signature to a built pack.
#[derive(Debug, Args)]
pub(in crate::app::cli) struct Sign {
    /// The built pack: a file or a folder.
    #[arg(value_name = "PATH")]
    built: PathBuf,
    /// File of the secret key, not encrypted.
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,
    /// A comment that is signed too; says which edition it is, if it is left out.
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

impl Sign {
    pub(super) fn run(self) -> Result<(), Failure> {
        let key = secret_key(&self.secret)?;
        let mut members = store::read(&self.built)?;
        let built = self.built.display();
        // Who signs what does not hold together, vouches for what nobody can open.
        let (manifest, _) = check_content(&members)
            .map_err(|refused| Failure::Wrong(format!("{built} is not signed: {refused}")))?;
        let Manifest { pack, version, sequence, .. } = &manifest;
        let comment = self
            .comment
            .unwrap_or_else(|| format!("pack:{pack} version:{version} sequence:{sequence}"));
        sign(&key, &mut members, &comment);
        store::write(&self.built, &members, store::Onto::Old)?;
        say(&format!("{pack} {version}, sequence {sequence}: signed by {}", key.id()));
        Ok(())
    }
}

/// The secret key in a file.
pub(super) fn secret_key(path: &Path) -> Result<SecretKey, Failure> {
    SecretKey::read(&store::read_key(path)?)
        .map_err(|fault| Failure::Wrong(format!("{} {fault}", path.display())))
}

/// Signs the manifest, beside whoever has signed it.
pub(super) fn sign(key: &SecretKey, members: &mut Members, comment: &str) {
    let manifest = members.get(MANIFEST).map(Vec::as_slice).unwrap_or_default();
    let signature = key.sign(manifest, comment);
    members.insert(signature_name(key.id()), signature.into_bytes());
}
