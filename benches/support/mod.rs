//! What the benches run on: the starter pack and made posts, the same for everybody.

use std::path::{Path, PathBuf};

use tidegate::control;
use tidegate::screen::RuleSet;
use tidegate::traffic::{Disguise, MadePost, Plan, Plant, Traffic};

/// One seed, so that two runs compare the same posts.
const SEED: u64 = 7;

/// One post in so many breaks a rule: many for a platform, but what hops and events cost shows.
const PLANTED_SHARE: f64 = 0.01;

/// Rules of `packs/starter`, read from the folder and compiled as the service does it.
pub(super) fn rules() -> RuleSet {
    let pack = control::load(&starter()).unwrap().compiled.pack;
    RuleSet::build(vec![pack]).unwrap()
}

fn starter() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packs/starter")
}

/// Posts in six languages, [`PLANTED_SHARE`] of them planted for the starter pack.
pub(super) fn posts(count: usize) -> Vec<MadePost> {
    let plan = Plan { plants: plants(), plant_share: PLANTED_SHARE, ..Plan::default() };
    Traffic::new(SEED, plan).unwrap().take(count).collect()
}

/// What is planted: one direct rule that anybody disguises, one of links, one that counts and so
/// goes through both hops.
fn plants() -> Vec<Plant> {
    let plant = |rule: &str, texts: &[&str]| Plant {
        rule: rule.to_owned(),
        texts: texts.iter().map(|&text| text.to_owned()).collect(),
        ..Plant::default()
    };
    let disguises = vec![Disguise::Leet, Disguise::LookAlikes, Disguise::Spaced];
    vec![
        Plant { disguises, ..plant("goods.menu", &["{*} {zorblik} 70 $ {*} t.me/zorbshop"]) },
        plant("phishing.link", &["{*} https://{zorbbank-login.example}/a {*}"]),
        Plant {
            channels: Some(3),
            ..plant("fraud.jobs", &["{easy money} {*} t.me/zorbjobs", "{лёгкий заработок} t.me/a"])
        },
    ]
}

/// Bytes of the JSON of posts.
pub(super) fn bytes(posts: &[MadePost]) -> u64 {
    posts.iter().map(|post| post.json.len() as u64).sum()
}
