//! Tidegate as a rival: its pack, its configuration, its topics, made as its users make them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::line;
use super::rivals::{Guarantee, Job};
use crate::patterns::{self, View};

/// The program that was built, or the one that `TIDEGATE` names.
fn program() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/tidegate");
    let program = std::env::var_os("TIDEGATE").map_or(built, PathBuf::from);
    let shown = program.display();
    assert!(program.is_file(), "no tidegate: {shown} is not there (TIDEGATE names another)");
    program
}

/// Writes what a run needs and makes its topics; gives the line that starts it.
pub fn prepare(job: &Job<'_>, view: View) -> Vec<OsString> {
    let pack = job.folder.join("pack");
    for (name, bytes) in patterns::source(job.list, view).files {
        let path = pack.join(name);
        let parent = path.parent().expect("a file of a pack is in its folder");
        fs::create_dir_all(parent).expect("a folder can be made");
        fs::write(path, bytes).expect("there is room for a pack");
    }
    fs::write(job.folder.join("ids.key"), "07".repeat(32)).expect("there is room for a key");
    let config = job.folder.join("tidegate.toml");
    fs::write(&config, configuration(job)).expect("there is room for a configuration");
    let sizes = ["--signals", "4", "--outputs", "6", "--replication", "1"];
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

/// One worker, as the peers have; all that is not said here is as it comes.
fn configuration(job: &Job<'_>) -> String {
    let Job { servers, name, posts, interval_ms, .. } = job;
    let mode = match job.guarantee {
        Guarantee::ExactlyOnce => "exactly-once",
        Guarantee::AtLeastOnce | Guarantee::Nothing => "at-least-once",
    };
    format!(
        "deployment = \"bench\"\n\
         workers = 1\n\n\
         [log]\nbackend = \"kafka\"\n\n\
         [kafka]\nbrokers = [\"{servers}\"]\nprefix = \"{name}.\"\nposts = [\"{posts}\"]\n\
         group = \"{name}\"\ninstance = \"bench\"\n\n\
         [delivery]\nmode = \"{mode}\"\ninterval = \"{interval_ms}ms\"\n\n\
         [packs]\ndir = \"pack\"\n\n\
         [ids]\nkey_file = \"ids.key\"\n\n\
         [http]\noperations = \"127.0.0.1:0\"\napi = \"127.0.0.1:0\"\n"
    )
}

/// The topic that its takedowns go to.
pub fn takedowns(name: &str) -> String {
    format!("{name}.takedowns")
}
