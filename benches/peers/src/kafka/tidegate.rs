//! Tidegate as a rival: its pack, its configuration, its topics, made as its users make them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tidegate::rules::Source;

use super::process::line;
use super::rivals::{Guarantee, Job};
use super::topics;

/// The program that was built, or the one that `TIDEGATE` names.
fn program() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/tidegate");
    let program = std::env::var_os("TIDEGATE").map_or(built, PathBuf::from);
    let shown = program.display();
    assert!(program.is_file(), "no tidegate: {shown} is not there (TIDEGATE names another)");
    program
}

/// What of the configuration differs between sections.
pub struct Service {
    pub workers: usize,
    /// Where metrics are; 0 takes any that is free.
    pub operations: u16,
}

/// One worker, as the peers have.
pub const ONE_WORKER: Service = Service { workers: 1, operations: 0 };

/// Partitions of its signals and its state.
pub const SIGNALS: i32 = 4;

/// Where [`prepare`] puts the pack.
pub fn pack_folder(job: &Job<'_>) -> PathBuf {
    job.folder.join("pack")
}

/// Writes a pack where another one may be in force. Each file is put in place whole: a list that is
/// half written would be a shorter list.
pub fn write_pack(folder: &Path, pack: Source) {
    for (name, bytes) in pack.files {
        let path = folder.join(name);
        let parent = path.parent().expect("a file of a pack is in its folder");
        fs::create_dir_all(parent).expect("a folder can be made");
        let beside = path.with_added_extension("new");
        fs::write(&beside, bytes).expect("there is room for a pack");
        fs::rename(beside, path).expect("a file can be put in place of another");
    }
}

/// Writes what a run needs and makes its topics; gives the line that starts it.
pub fn prepare(job: &Job<'_>, pack: Source, service: &Service) -> Vec<OsString> {
    write_pack(&pack_folder(job), pack);
    fs::write(job.folder.join("ids.key"), "07".repeat(32)).expect("there is room for a key");
    let config = job.folder.join("tidegate.toml");
    fs::write(&config, configuration(job, service)).expect("there is room for a configuration");
    let [signals, outputs] = [SIGNALS, topics::OUTPUTS].map(|partitions| partitions.to_string());
    let sizes = ["--signals", &signals, "--outputs", &outputs, "--replication", "1"];
    let done = Command::new(program())
        .args(["topics", "create", "--config"])
        .arg(&config)
        .args(sizes)
        .output()
        .expect("tidegate can be run");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut words = line([program().into_os_string()]);
    words.extend(line(["run", "--config"]));
    words.push(config.into());
    words
}

/// All that is not said here is as it comes.
fn configuration(job: &Job<'_>, service: &Service) -> String {
    let Service { workers, operations } = service;
    let Job { servers, name, posts, interval_ms, .. } = job;
    let mode = match job.guarantee {
        Guarantee::ExactlyOnce => "exactly-once",
        Guarantee::AtLeastOnce | Guarantee::Nothing => "at-least-once",
    };
    format!(
        "deployment = \"bench\"\n\
         workers = {workers}\n\n\
         [log]\nbackend = \"kafka\"\n\n\
         [kafka]\nbrokers = [\"{servers}\"]\nprefix = \"{name}.\"\nposts = [\"{posts}\"]\n\
         group = \"{name}\"\ninstance = \"bench\"\n\n\
         [delivery]\nmode = \"{mode}\"\ninterval = \"{interval_ms}ms\"\n\n\
         [packs]\ndir = \"pack\"\n\n\
         [ids]\nkey_file = \"ids.key\"\n\n\
         [http]\noperations = \"127.0.0.1:{operations}\"\napi = \"127.0.0.1:0\"\n"
    )
}

/// The topic that its takedowns go to.
pub fn takedowns(name: &str) -> String {
    format!("{name}.takedowns")
}

/// The topic that its referrals go to.
pub fn referrals(name: &str) -> String {
    format!("{name}.reviews")
}
