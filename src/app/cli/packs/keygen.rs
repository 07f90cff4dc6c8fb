//! `tidegate pack keygen`: a key to sign packs with.

use std::path::PathBuf;

use clap::Args;

use super::store;
use crate::app::cli::Failure;
use crate::app::cli::output::say;
use crate::sealed::SecretKey;

/// Makes a key to sign packs with.
#[derive(Debug, Args)]
pub(in crate::app::cli) struct Keygen {
    /// File of the secret key; only its owner may read it, and it is not encrypted.
    #[arg(long, value_name = "FILE", default_value = "tidegate.key")]
    secret: PathBuf,
    /// File of the public key, for everybody who verifies.
    #[arg(long, value_name = "FILE", default_value = "tidegate.pub")]
    public: PathBuf,
}

impl Keygen {
    pub(super) fn run(self) -> Result<(), Failure> {
        let (mut id, mut seed) = ([0; 8], [0; 32]);
        for bytes in [&mut id[..], &mut seed[..]] {
            getrandom::fill(bytes)
                .map_err(|why| Failure::stopped(format!("no random bytes for a key: {why}")))?;
        }
        let key = SecretKey::new(id, seed);
        // A key that is overwritten is lost, and what it signed cannot be signed again.
        store::write_new(&self.secret, key.secret_file().as_bytes(), 0o600)?;
        store::write_new(&self.public, key.public_file().as_bytes(), 0o644)?;
        let (secret, public) = (self.secret.display(), self.public.display());
        say(&format!("key {}: secret in {secret}, public in {public}", key.id()));
        Ok(())
    }
}
