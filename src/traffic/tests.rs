//! Tests of made traffic: what is promised about size, share, words and sameness.

use std::collections::{HashMap, HashSet};

use super::*;

fn plan() -> Plan {
    let plant = |rule: &str, texts: &[&str], channels| Plant {
        rule: rule.to_owned(),
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        disguises: Disguise::ALL.to_vec(),
        channels,
    };
    let plants = vec![
        plant("drugs.menu", &["{blorp} 50 € {*}", "{блорп} и {布洛普}, \"{بلورب}\"", "{🌀}"], None),
        plant("fraud.jobs", &["{*} {easy remote work} @zorb", "{лёгкий заработок}"], Some(4)),
    ];
    Plan { plants, plant_share: 0.02, ..Plan::default() }
}

fn posts(seed: u64, plan: Plan, count: usize) -> Vec<MadePost> {
    Traffic::new(seed, plan).unwrap().take(count).collect()
}

fn parsed(post: &MadePost) -> serde_json::Value {
    serde_json::from_slice(&post.json).unwrap()
}

#[test]
fn every_post_is_one_line_of_native_json() {
    let mut kinds: HashMap<String, usize> = HashMap::new();
    for post in posts(1, plan(), 20_000) {
        assert!(!post.json.contains(&b'\n'));
        let json = parsed(&post);
        assert_eq!(json["id"], post.id.as_str());
        assert_eq!(json["channel"]["id"], post.channel.as_str());
        assert!(json["author"]["id"].is_string() && json["sent_at"].is_i64());
        let kind = json["kind"].as_str().unwrap_or("post");
        let seen = if kind == "profile" { &json["channel"]["about"] } else { &json["text"] };
        assert!(!seen.as_str().unwrap().is_empty(), "{json}");
        *kinds.entry(kind.to_owned()).or_default() += 1;
    }
    assert!(kinds["edit"] > 200 && kinds["profile"] > 40 && kinds["post"] > 19_000, "{kinds:?}");
}

#[test]
fn sizes_are_those_of_real_posts() {
    let posts = posts(2, Plan::default(), 50_000);
    let json: usize = posts.iter().map(|post| post.json.len()).sum();
    let text: usize =
        posts.iter().map(|post| parsed(post)["text"].as_str().unwrap_or_default().len()).sum();
    let (json, text) = (json / posts.len(), text / posts.len());
    assert!((270..=310).contains(&json) && (100..=114).contains(&text), "{json} {text}");
}

#[test]
fn languages_channels_and_authors_are_spread_as_on_real_platforms() {
    let mut languages: HashMap<String, usize> = HashMap::new();
    let mut channels: HashMap<String, usize> = HashMap::new();
    for post in posts(3, Plan::default(), 20_000) {
        *languages.entry(parsed(&post)["lang"].as_str().unwrap().to_owned()).or_default() += 1;
        *channels.entry(post.channel).or_default() += 1;
    }
    assert_eq!(languages.len(), 6, "{languages:?}");
    assert!(languages.values().all(|count| *count > 400), "{languages:?}");
    let most = channels.values().max().unwrap();
    assert!(*most > 500 && channels.len() > 4_000, "{most} {}", channels.len());
}

#[test]
fn the_planted_share_is_kept_and_every_post_has_its_own_id() {
    let posts = posts(4, plan(), 100_000);
    let planted: Vec<_> = posts.iter().filter_map(|post| post.planted.as_ref()).collect();
    assert!((1_800..2_200).contains(&planted.len()), "{}", planted.len());
    let disguised: HashSet<_> = planted.iter().map(|planted| planted.disguise).collect();
    assert_eq!(disguised.len(), Disguise::ALL.len() + 1);
    let mut ids = HashSet::new();
    for post in &posts {
        let edit = parsed(post)["kind"] == "edit";
        assert!(ids.insert(&post.id) != edit, "{}", post.id);
        assert!(!edit || post.planted.is_none());
    }
}

#[test]
fn a_series_is_one_author_in_different_channels_up_to_its_end() {
    let mut traffic = Traffic::new(5, plan()).unwrap();
    let mut series: HashMap<String, Vec<(usize, String)>> = HashMap::new();
    for _ in 0..50_000 {
        let post = traffic.make();
        let Some(place) = post.planted.as_ref().and_then(|planted| planted.series.clone()) else {
            continue;
        };
        assert_eq!(parsed(&post)["author"]["id"], place.author.as_str());
        series.entry(place.author).or_default().push((place.number, post.channel));
    }
    while traffic.is_within_series() {
        let post = traffic.make();
        if let Some(place) = post.planted.and_then(|planted| planted.series) {
            series.entry(place.author).or_default().push((place.number, post.channel));
        }
    }
    assert!(series.len() > 100);
    for posts in series.values() {
        let numbers: Vec<_> = posts.iter().map(|(number, _)| *number).collect();
        let channels: HashSet<_> = posts.iter().map(|(_, channel)| channel).collect();
        assert_eq!((numbers, channels.len()), (vec![1, 2, 3, 4], 4));
    }
}

#[test]
fn harmless_posts_hold_no_planted_word() {
    // Words of the lists themselves, so that something has to be left out.
    let mut plan = plan();
    let texts = ["{love} {спасибо} {今天新闻}", "{gracias} {صباح الخير} {धन्यवाद}"];
    plan.plants.push(Plant {
        rule: "r".into(),
        texts: texts.map(str::to_owned).to_vec(),
        ..Plant::default()
    });
    let bad = ["love", "спасибо", "gracias", "صباح", "الخير", "धन्यवाद", "blorp", "remote", "easy"];
    for post in posts(6, plan, 30_000) {
        if post.planted.is_none() {
            let text = String::from_utf8(post.json).unwrap().to_lowercase();
            assert!(!bad.iter().any(|bad| text.contains(bad)), "{text}");
            assert!(!text.contains(['今', '天', '闻', '🌀']), "{text}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_for_ever() {
    let made = |seed| {
        let mut hash = blake3::Hasher::new();
        posts(seed, plan(), 2_000).iter().for_each(|post| {
            hash.update(&post.json).update(b"\n");
        });
        hash.finalize().to_hex().to_string()
    };
    assert_eq!(made(7), made(7));
    assert_ne!(made(7), made(8));
    // Changes only with the words or the way posts are made, and then on purpose.
    assert_eq!(made(7), "d5b36db20069378cbdb38400d3a7af9d7021f0831e82e3a6fa995b37e4396dc8");
}

#[test]
fn disguises_change_what_they_suit_and_nothing_else() {
    let cases: [(Disguise, &str, &[&str]); 14] = [
        (Disguise::Leet, "blorp", &["bl0rp", "b1orp"]),
        (Disguise::Leet, "блорп", &["бл0рп"]),
        (Disguise::Leet, "布洛普", &[]),
        (Disguise::Leet, "on", &[]),
        (Disguise::LookAlikes, "blorp", &["blоrp", "blorр"]),
        (Disguise::LookAlikes, "блорп", &["блoрп", "блоpп"]),
        (Disguise::LookAlikes, "بلورب", &[]),
        (Disguise::ZeroWidth, "布洛", &["布\u{200b}洛", "布\u{2060}洛", "布\u{ad}洛"]),
        (Disguise::Spaced, "zorb", &["z o r b", "z-o-r-b", "z.o.r.b"]),
        (Disguise::Spaced, "zor", &[]),
        (Disguise::Spaced, "بلورب", &[]),
        (Disguise::FullWidth, "Zorb", &["Ｚｏｒｂ"]),
        (Disguise::FullWidth, "блорп", &[]),
        (Disguise::FullWidth, "🌀", &[]),
    ];
    for (disguise, word, expected) in cases {
        let mut random = Random::new(1);
        let got: HashSet<_> = (0..200).filter_map(|_| disguise.hide(word, &mut random)).collect();
        let expected: HashSet<_> = expected.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(got, expected, "{disguise:?} {word}");
    }
}

#[test]
fn one_word_of_a_phrase_is_hidden() {
    let mut random = Random::new(1);
    for _ in 0..50 {
        let (hidden, done) = plant::hide("布洛普 zorb", Disguise::FullWidth, &mut random);
        assert_eq!((hidden.as_str(), done), ("布洛普 ｚｏｒｂ", true));
    }
    assert_eq!(plant::hide("50 €", Disguise::Leet, &mut random), ("50 €".to_owned(), false));
}

#[test]
fn plans_that_cannot_be_carried_out_are_refused() {
    let with = |texts: &[&str], channels| Plan {
        plants: vec![Plant {
            rule: "r".into(),
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            disguises: Vec::new(),
            channels,
        }],
        plant_share: 0.5,
        ..Plan::default()
    };
    let rule = || "r".to_owned();
    let letters: String =
        ('a'..='z').chain('а'..='я').map(|letter| format!("{{{letter}}}")).collect();
    let lists = ["ar", "hi", "zh"].map(|code| {
        let list = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/traffic/words");
        std::fs::read_to_string(list.join(format!("{code}.txt"))).unwrap()
    });
    let others = lists.iter().flat_map(|list| list.lines().map(|word| format!("{{{word}}}")));
    let others: String = others.collect();
    let cases = [
        (with(&[], None), PlanError::NoTexts(rule())),
        (with(&["blorp"], None), PlanError::Unmarked(rule())),
        (with(&["{blorp}", "a {*}"], None), PlanError::Unmarked(rule())),
        (with(&["{blorp"], None), PlanError::Braces(rule())),
        (with(&["blorp}"], None), PlanError::Braces(rule())),
        (with(&["a} {blorp}"], None), PlanError::Braces(rule())),
        (with(&["{{blorp}}"], None), PlanError::Braces(rule())),
        (with(&["{ } {blorp}"], None), PlanError::Braces(rule())),
        (with(&["{blorp}"], Some(0)), PlanError::NoChannels(rule())),
        (Plan { plant_share: 0.1, ..Plan::default() }, PlanError::Share),
        (Plan { plant_share: f64::NAN, ..plan() }, PlanError::Share),
        (Plan { plant_share: 1.5, ..plan() }, PlanError::Share),
        (with(&[&format!("{letters}{others}")], None), PlanError::NoWords { least: 40 }),
    ];
    for (plan, expected) in cases {
        assert_eq!(Traffic::new(1, plan).err(), Some(expected));
    }
}

#[test]
fn ranks_fall_off_and_stay_in_bounds() {
    let mut random = Random::new(1);
    for bound in [1, 2, 3, 100, 1_000] {
        let mut counts = vec![0_usize; bound];
        (0..20_000).for_each(|_| counts[random.rank(bound)] += 1);
        assert!(bound < 3 || counts.first() > counts.last(), "{bound} {counts:?}");
        assert!(counts.iter().all(|count| *count > 0) || bound == 1_000);
    }
    assert_eq!(random.below(0), 0);
    assert_eq!(random.pick::<u8>(&[]), None);
}
