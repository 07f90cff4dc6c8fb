//! What `demo` and `load` plant: texts that the starter pack must find, and its files, shipped in
//! the binary so that a demo needs nothing else.

use crate::rules::Source;
use crate::traffic::{Disguise, Plan, Plant};

/// The starter pack, file by file.
const PACK: [(&str, &[u8]); 8] = [
    ("pack.yaml", include_bytes!("../../packs/starter/pack.yaml")),
    ("rules/fraud.yaml", include_bytes!("../../packs/starter/rules/fraud.yaml")),
    ("rules/goods.yaml", include_bytes!("../../packs/starter/rules/goods.yaml")),
    ("rules/phishing.yaml", include_bytes!("../../packs/starter/rules/phishing.yaml")),
    ("lists/brands.txt", include_bytes!("../../packs/starter/lists/brands.txt")),
    ("lists/goods.txt", include_bytes!("../../packs/starter/lists/goods.txt")),
    ("lists/phishing.txt", include_bytes!("../../packs/starter/lists/phishing.txt")),
    ("lists/warnings.txt", include_bytes!("../../packs/starter/lists/warnings.txt")),
];

/// One post in so many is planted.
const PLANTED_SHARE: f64 = 0.01;

/// The starter pack as the compiler takes it.
pub(super) fn pack() -> Source {
    let files = PACK.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()));
    Source { files: files.collect() }
}

/// Traffic with abuse for the starter pack planted in it. `start`: Unix seconds of the first post.
pub(super) fn plan(start: i64, per_second: i64) -> Plan {
    Plan { plants: plants(), plant_share: PLANTED_SHARE, start, per_second, ..Plan::default() }
}

fn plants() -> Vec<Plant> {
    let all = vec![
        Disguise::Leet,
        Disguise::LookAlikes,
        Disguise::ZeroWidth,
        Disguise::Spaced,
        Disguise::FullWidth,
    ];
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    vec![
        Plant {
            rule: "goods.menu".to_owned(),
            texts: texts(&[
                "{*} {blorp} 50 € {*}: t.me/zorbshop",
                "{zorblik} 70 $, {*} https://t.me/zorbshop",
            ]),
            disguises: all.clone(),
            channels: None,
        },
        Plant {
            rule: "goods.menu".to_owned(),
            texts: texts(&[
                "{*} {блорп} 900 ₽ {*}: t.me/zorbshop",
                "{布洛普} 70 元 t.me/zorbshop",
                "{بلورب} 60 $ t.me/zorbshop",
            ]),
            disguises: vec![Disguise::ZeroWidth],
            channels: None,
        },
        Plant {
            rule: "fraud.giveaway".to_owned(),
            texts: texts(&["{double your coins} {*} https://zorbcoin.example/now"]),
            disguises: all,
            channels: None,
        },
        Plant {
            rule: "phishing.link".to_owned(),
            texts: texts(&["{*} https://{zorbbank-login.example}/a {*}"]),
            disguises: Vec::new(),
            channels: None,
        },
        Plant {
            rule: "fraud.jobs".to_owned(),
            texts: texts(&["{easy money} {*}: t.me/zorbjobs", "{лёгкий заработок} t.me/zorbjobs"]),
            disguises: Vec::new(),
            channels: Some(3),
        },
    ]
}
