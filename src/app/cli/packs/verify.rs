//! `tidegate pack verify`: may this built pack be believed?

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::store;
use crate::app::cli::Failure;
use crate::app::cli::output::{Data, complain, say, watched};
use crate::rules;
use crate::sealed::{KeyId, Opened, PublicKey, Trust, open};
use crate::worker::clock;

/// Says whether a built pack may be believed.
#[derive(Debug, Args)]
pub(in crate::app::cli) struct Verify {
    /// The built pack: a file or a folder.
    #[arg(value_name = "PATH")]
    built: PathBuf,
    /// File of a public key that is accepted; may be given several times.
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<PathBuf>,
    /// How many of these keys must have signed.
    #[arg(long, value_name = "N", default_value = "1")]
    at_least: usize,
    /// The name that the pack must have.
    #[arg(long, value_name = "NAME")]
    pack: Option<String>,
    /// The highest sequence that was seen of this pack: a lower one is refused.
    #[arg(long, value_name = "N")]
    last_sequence: Option<u64>,
    /// The time at which the pack must not have expired, in place of now.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// What was verified, as one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self) -> Result<(), Failure> {
        let trust = self.trust()?;
        let members = store::read(&self.built)?;
        let built = self.built.display();
        let opened = match open(&members, &trust) {
            Ok(opened) => opened,
            Err(refused) => {
                complain(&format!("{built} is refused: {refused}"));
                return Err(Failure::No);
            }
        };
        compiles(&format!("{built} is refused"), &opened)?;
        self.tell(&opened)
    }

    fn trust(&self) -> Result<Trust, Failure> {
        let keys = self.keys.iter().map(|path| key(path)).collect::<Result<Vec<_>, _>>()?;
        let mut ids: Vec<KeyId> = keys.iter().map(PublicKey::id).collect();
        ids.sort_unstable();
        ids.dedup();
        if !(1..=ids.len()).contains(&self.at_least) {
            return Err(Failure::Wrong(format!(
                "--at-least {}: with {} different keys, ask for 1 to {}",
                self.at_least,
                ids.len(),
                ids.len()
            )));
        }
        let now = Timestamp::from_millisecond(clock::now_ms()).map_err(Failure::stopped)?;
        Ok(Trust {
            keys,
            at_least: self.at_least,
            pack: self.pack.clone(),
            last_sequence: self.last_sequence,
            now: self.at.unwrap_or(now),
        })
    }

    fn tell(&self, Opened { manifest, signers, .. }: &Opened) -> Result<(), Failure> {
        let (name, version, sequence) = (&manifest.pack, &manifest.version, manifest.sequence);
        let expires = manifest.expires;
        say(&format!("{name} {version}, sequence {sequence}: good until {expires}"));
        for (key, comment) in signers {
            say(&format!("  signed by {key}: {}", comment.escape_debug()));
        }
        if !self.json {
            return Ok(());
        }
        let signers: Vec<_> = signers
            .iter()
            .map(|(key, comment)| json!({"key": key.to_string(), "comment": comment}))
            .collect();
        let line = json!({
            "pack": name, "version": version, "sequence": sequence,
            "expires": expires.to_string(), "signers": signers,
        });
        Data::new().write(format!("{line}\n").as_bytes()).map(|_| ()).map_err(Failure::stopped)
    }
}

/// Signers can be mistaken too: nested beyond reason or a regex of gigabytes stops here.
pub(super) fn compiles(otherwise: &str, opened: &Opened) -> Result<(), Failure> {
    let Err(report) = rules::compile(&opened.source) else { return Ok(()) };
    say(&report.render(&opened.source, watched()));
    complain(&format!("{otherwise}: its rules have errors"));
    Err(Failure::No)
}

fn key(path: &Path) -> Result<PublicKey, Failure> {
    PublicKey::read(&store::read_key(path)?)
        .map_err(|fault| Failure::Wrong(format!("{} {fault}", path.display())))
}
