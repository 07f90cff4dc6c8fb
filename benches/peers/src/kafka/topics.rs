//! Topics: made, and filled with posts.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use super::made::{Made, Place};

/// Of topics with posts.
pub const PARTITIONS: usize = 4;

/// Of topics with events.
pub const OUTPUTS: i32 = 6;

/// A broker on this machine that does not answer for so long never will.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn client(servers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", servers);
    config
}

/// Runs one request of the admin client.
fn ask<T>(request: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime without drivers").block_on(request)
}

pub fn make(servers: &str, name: &str, partitions: i32) {
    make_with(servers, name, partitions, &[]);
}

/// The same, with settings of its own.
pub fn make_with(servers: &str, name: &str, partitions: i32, settings: &[(&str, &str)]) {
    let admin: AdminClient<DefaultClientContext> =
        client(servers).create().expect("these settings are known");
    let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1))
        // Tidegate asks for a topic that takes its largest record; every other gets the same one.
        .set("max.message.bytes", "1114112");
    for (key, value) in settings {
        topic = topic.set(key, value);
    }
    let done = ask(admin.create_topics([&topic], &AdminOptions::new()));
    let done = done.expect("the broker answers");
    assert!(done.iter().all(Result::is_ok), "{done:?}");
}

/// Deletes it, so that rounds do not fill the disk.
pub fn delete(servers: &str, name: &str) {
    let admin: AdminClient<DefaultClientContext> =
        client(servers).create().expect("these settings are known");
    let done = ask(admin.delete_topics(&[name], &AdminOptions::new()));
    let done = done.expect("the broker answers");
    assert!(done.iter().all(Result::is_ok), "{done:?}");
}

/// Makes a topic and puts so many posts into it, dealt out over its partitions in turn: [`Place::of`]
/// says where each is.
pub fn fill(servers: &str, name: &str, compression: &str, made: &Made, posts: usize) {
    make(servers, name, i32::try_from(PARTITIONS).expect("few"));
    let mut config = client(servers);
    config
        // Keeps the order, so that offsets are known, and sends nothing twice.
        .set("enable.idempotence", "true")
        .set("compression.type", compression)
        .set("linger.ms", "20")
        .set("batch.size", "1000000")
        .set("batch.num.messages", "20000")
        .set("queue.buffering.max.messages", "500000")
        .set("queue.buffering.max.kbytes", "262144");
    let producer: BaseProducer = config.create().expect("these settings are known");
    for number in 0..posts {
        let post = made.post(number);
        let place = Place::of(number);
        let record = BaseRecord::to(name).key(post.key.as_str()).payload(post.json.as_slice());
        send(&producer, record.partition(place.partition));
    }
    producer.flush(PATIENCE).expect("the broker takes what it is sent");
    must_hold(&producer, name, posts);
}

/// Fails the bench unless so many posts were put into a topic, dealt out as [`Place::of`] says.
pub fn must_hold(producer: &BaseProducer, name: &str, posts: usize) {
    for partition in 0..PARTITIONS {
        let expected = posts / PARTITIONS + usize::from(partition < posts % PARTITIONS);
        let number = i32::try_from(partition).expect("few");
        let marks = producer.client().fetch_watermarks(name, number, PATIENCE);
        let (_, end) = marks.expect("the broker answers");
        assert_eq!(i64::try_from(expected), Ok(end), "{name} is not filled as it should be");
    }
}

/// Waits while the queue is full.
pub fn send(producer: &BaseProducer, mut record: BaseRecord<'_, str, [u8]>) {
    while let Err((why, back)) = producer.send(record) {
        assert_eq!(why.rdkafka_error_code(), Some(RDKafkaErrorCode::QueueFull), "{why}");
        producer.poll(Duration::from_millis(1));
        record = back;
    }
}
