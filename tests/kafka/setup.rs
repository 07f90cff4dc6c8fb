//! Topics, settings that pass through, and what is said when something is not set up.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use tidegate::log::kafka::register::Follower;
use tidegate::log::kafka::topics::{self, Finding, Sizes};
use tidegate::log::kafka::{KafkaLog, Settings};
use tidegate::log::{Log, LogError, Polled};
use tidegate::record::Topic;

use crate::broker::SCRAM;
use crate::support::{
    Copier, POLL, SIZES, deployed, expect, feed, outgoing, settings, shared, until,
};

/// Polls until the log stops, and tells why.
fn why_it_stops(settings: Settings) -> String {
    let mut log = KafkaLog::open(settings).unwrap();
    let mut why = String::new();
    until("it stops", || match log.poll(POLL) {
        Err(LogError::Stop(text)) => {
            why = text;
            true
        }
        Err(other) => panic!("{other}"),
        Ok(Polled::Idle) => false,
        Ok(_) => panic!("something came"),
    });
    why
}

#[test]
fn topics_are_created_once_and_checked_against_the_plan() {
    let settings = settings(&shared().servers());
    let missing = topics::check(&settings, &SIZES).unwrap();
    assert_eq!(missing.len(), 9);
    assert!(missing.iter().all(|row| row.finding == Finding::Missing), "{missing:?}");
    let created = topics::create(&settings, &SIZES).unwrap();
    assert!(created.iter().all(|row| row.finding == Finding::Created), "{created:?}");
    for _ in 0..2 {
        let again = topics::create(&settings, &SIZES).unwrap();
        assert!(again.iter().all(|row| row.finding == Finding::Fine), "{again:?}");
    }
    let partitions = |topic: Topic| {
        let name = settings.topic(topic);
        created.iter().find(|row| row.topic == name).map(|row| row.partitions)
    };
    assert_eq!(partitions(Topic::Signals), Some(4));
    assert_eq!(partitions(Topic::State), Some(4));
    assert_eq!(partitions(Topic::Deadletters), Some(2));
    let other = Sizes { signals: 6, ..SIZES };
    let differs = topics::create(&settings, &other).unwrap();
    let differs: Vec<String> =
        differs.iter().filter(|row| !row.is_fine()).map(ToString::to_string).collect();
    assert_eq!(differs.len(), 2, "{differs:?}");
    assert!(differs[0].contains("has 4 partitions, the configuration says 6"), "{}", differs[0]);
}

#[test]
fn a_topic_that_is_missing_is_named_with_what_to_do() {
    let why = why_it_stops(settings(&shared().servers()));
    assert!(why.contains("-posts does not exist"), "{why}");
    assert!(why.contains("tidegate topics create --config"), "{why}");
}

/// A topic that was there before the command was run.
fn make_by_hand(settings: &Settings, topic: &NewTopic<'_>) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.servers);
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let made = runtime.block_on(admin.create_topics([topic], &AdminOptions::new())).unwrap();
    assert!(made[0].is_ok(), "{made:?}");
}

#[test]
fn a_record_the_topic_is_too_small_for_stops_instead_of_coming_again_for_ever() {
    let settings = settings(&shared().servers());
    let name = settings.topic(Topic::Deadletters);
    let small = NewTopic::new(&name, 2, TopicReplication::Fixed(1));
    make_by_hand(&settings, &small.set("max.message.bytes", "2000"));
    let rows = topics::create(&settings, &SIZES).unwrap();
    let row = rows.iter().find(|row| row.topic == name).unwrap().to_string();
    assert!(row.contains("max.message.bytes is 2000, should be 1114112"), "{row}");
    let mut copier = Copier::open(&settings).settled();
    let mut record = outgoing(Topic::Deadletters, "k", "");
    // Does not compress.
    let noise: Vec<[u8; 32]> =
        (0..500_u32).map(|number| *blake3::hash(&number.to_le_bytes()).as_bytes()).collect();
    record.value = Some(noise.concat());
    copier.log.send(&record).unwrap();
    let Err(LogError::Stop(why)) = copier.log.commit(&[]) else { panic!("it did not stop") };
    assert!(why.contains(&name) && why.contains("tidegate topics check"), "{why}");
}

#[test]
fn signals_and_state_of_unequal_counts_are_refused() {
    let settings = settings(&shared().servers());
    let name = settings.topic(Topic::State);
    make_by_hand(&settings, &NewTopic::new(&name, 2, TopicReplication::Fixed(1)));
    let rows = topics::create(&settings, &SIZES).unwrap();
    let state = rows.iter().find(|row| row.topic == name).unwrap();
    let told = state.to_string();
    assert!(told.contains("2 partitions") && told.contains("cleanup.policy is delete"), "{told}");
    let why = why_it_stops(settings);
    assert!(why.contains("signals has 4 partitions") && why.contains("state has 2"), "{why}");
}

fn secure(user: &str, password: &str) -> Settings {
    let (servers, ca) = (shared().secure_servers(), shared().ca());
    let client = [
        ("security.protocol", "sasl_ssl"),
        ("ssl.ca.location", &ca),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.username", user),
        ("sasl.password", password),
    ];
    let client = client.map(|(key, value)| (key.to_owned(), value.to_owned()));
    Settings { servers, client: BTreeMap::from(client), ..deployed() }
}

#[test]
fn tls_and_passwords_pass_through_to_every_client() {
    let settings = secure(SCRAM.0, SCRAM.1);
    assert!(topics::check(&settings, &SIZES).unwrap().iter().all(topics::Row::is_fine));
    feed(&settings, 0, 20);
    let mut copier = Copier::open(&settings).settled();
    copier.take(20);
    assert!(copier.commit());
    copier.log.restore(crate::support::partition(1, 0), &mut |_, _| {}).unwrap();
    expect(&settings, Topic::Takedowns, 0..20);
}

#[test]
fn a_wrong_password_stops_with_the_broker_and_the_setting_but_not_the_password() {
    let why = why_it_stops(secure(SCRAM.0, "not-the-secret"));
    assert!(why.contains("localhost") && why.contains("sasl.username"), "{why}");
    assert!(!why.contains("not-the-secret"), "{why}");
}

#[test]
fn a_certificate_of_a_stranger_stops_with_the_setting() {
    let mut settings = secure(SCRAM.0, SCRAM.1);
    settings.client.remove("ssl.ca.location");
    let why = why_it_stops(settings);
    assert!(why.contains("ssl.ca.location"), "{why}");
}

#[test]
fn a_setting_librdkafka_does_not_know_is_named() {
    let mut settings = settings("127.0.0.1:9");
    settings.client.insert("no.such.setting".to_owned(), "a-secret".to_owned());
    let error = KafkaLog::open(settings).err().map(|error| error.to_string());
    let error = error.expect("refused");
    assert!(error.contains("no.such.setting") && !error.contains("a-secret"), "{error}");
}

#[test]
fn settings_that_break_exactly_once_are_refused_before_any_broker_is_asked() {
    let mut settings = settings("127.0.0.1:9");
    settings.consumer.insert("isolation.level".to_owned(), "read_uncommitted".to_owned());
    let error = KafkaLog::open(settings).err().map(|error| error.to_string());
    assert!(error.expect("refused").contains("isolation.level"));
}

#[test]
fn an_idle_poll_lasts_as_long_as_it_was_asked_to() {
    let settings = deployed();
    let mut copier = Copier::open(&settings).settled();
    let start = std::time::Instant::now();
    assert!(matches!(copier.log.poll(Duration::from_millis(400)).unwrap(), Polled::Idle));
    let taken = start.elapsed();
    assert!(taken >= Duration::from_millis(350) && taken < Duration::from_secs(2), "{taken:?}");
}

#[test]
fn who_follows_a_topic_is_stopped_by_a_wrong_password_and_not_by_a_broker_that_is_away() {
    let follow = |settings: &Settings| {
        let follower = Follower::open(settings, Topic::Controls).unwrap();
        let started = std::time::Instant::now();
        loop {
            match follower.next(POLL) {
                Err(LogError::Stop(why)) => return Some(why),
                _ if started.elapsed() > Duration::from_secs(8) => return None,
                _ => {}
            }
        }
    };
    let why = follow(&secure(SCRAM.0, "not-the-secret")).expect("it stops");
    assert!(why.contains("sasl.username") && !why.contains("not-the-secret"), "{why}");
    assert_eq!(follow(&settings("127.0.0.1:9")), None);
}
