//! `tidegate pack sign`: one more signature beside a manifest.

use std::path::{Path, PathBuf};

use clap::Args;

use super::store;
use crate::app::cli::Failure;
use crate::app::cli::output::say;
use crate::sealed::{KeyId, MANIFEST, Manifest, Members, SecretKey, check_content, signature_name};

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
        let mut members = store::read(&self.built)?;
        let built = self.built.display();
        // Who signs what does not hold together, vouches for what nobody can open.
        let (manifest, _) = check_content(&members)
            .map_err(|refused| Failure::Wrong(format!("{built} is not signed: {refused}")))?;
        let Manifest { pack, version, sequence, .. } = &manifest;
        let comment = self
            .comment
            .unwrap_or_else(|| format!("pack:{pack} version:{version} sequence:{sequence}"));
        let key = sign(&self.secret, &mut members, &comment)?;
        store::write(&self.built, &members, store::Onto::Old)?;
        say(&format!("{pack} {version}, sequence {sequence}: signed by {key}"));
        Ok(())
    }
}

/// Signs a manifest with the key of this file, beside whoever has signed it; the id of the key.
pub(super) fn sign(secret: &Path, members: &mut Members, comment: &str) -> Result<KeyId, Failure> {
    let key = SecretKey::read(&store::read_key(secret)?)
        .map_err(|fault| Failure::Wrong(format!("{} {fault}", secret.display())))?;
    let manifest = members.get(MANIFEST).map(Vec::as_slice).unwrap_or_default();
    let signature = key.sign(manifest, comment);
    members.insert(signature_name(key.id()), signature.into_bytes());
    Ok(key.id())
}
