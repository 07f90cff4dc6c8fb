//! Posts at a steady rate, into a topic where each has its place.

use std::thread;
use std::time::{Duration, Instant};

use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use super::made::{Made, Place};
use super::topics;

/// Between two handfuls of posts.
const TICK: Duration = Duration::from_millis(1);

/// A broker on this machine that does not take them in so long never will.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Feed<'a> {
    pub servers: &'a str,
    pub topic: &'a str,
    pub made: &'a Made,
    /// Posts a second.
    pub rate: usize,
}

impl Feed<'_> {
    /// When the post of this number is to be sent.
    pub fn due(&self, start: Instant, number: usize) -> Instant {
        start + Duration::from_secs_f64(number as f64 / self.rate as f64)
    }

    /// Sends until it is over; tells the number of each post before that goes to the producer. Who falls
    /// behind catches up.
    pub fn send(&self, start: Instant, is_over: impl Fn() -> bool, mut sent: impl FnMut(usize)) {
        let mut config = topics::client(self.servers);
        // Keeps the order, so that places are known.
        config.set("enable.idempotence", "true").set("linger.ms", "1");
        let producer: BaseProducer = config.create().expect("these settings are known");
        let mut number = 0;
        while !is_over() {
            let due = start.elapsed().as_secs_f64() * self.rate as f64;
            while (number as f64) < due {
                let json = self.made.json_anew(number);
                let record = BaseRecord::to(self.topic)
                    .partition(Place::of(number).partition)
                    .key(self.made.post(number).key.as_str())
                    .payload(&*json);
                sent(number);
                topics::send(&producer, record);
                number += 1;
            }
            producer.poll(Duration::ZERO);
            thread::sleep(TICK);
        }
        producer.flush(PATIENCE).expect("the broker takes what it is sent");
        topics::must_hold(&producer, self.topic, number);
    }
}
