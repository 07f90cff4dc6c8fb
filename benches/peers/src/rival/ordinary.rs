//! The loop of the peers in Rust: take a post, look for the list, send an event, commit now and then.

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Message as _};

use super::finders::Finder;
use super::outlet::Outlet;
use super::{Asked, entries};
use crate::kafka::made::Place;
use crate::posts::{PLANTED_EVERY, Six};

/// Reads each post and looks for the list in its text.
pub fn run(asked: &Asked, mut finder: impl Finder) {
    let entries = entries(asked);
    each(asked, |message, outlet| {
        let json = message.payload().expect("a post has a value");
        let six: Six<'_> = serde_json::from_slice(json).expect("made posts can be read");
        if let Some(number) = finder.first(&six.text) {
            let event = event(&six.id, &six.channel.id, &entries[number], place(message));
            outlet.send(&six.channel.id, &event);
        }
    });
}

/// Reads nothing: sends an event for one post in a hundred, whatever it is. What is left is what the
/// client and the transactions take.
pub fn bare(asked: &Asked) {
    let every = i64::try_from(PLANTED_EVERY).expect("a small number");
    each(asked, |message, outlet| {
        if message.offset() % every == every / 2 {
            outlet.send("any", &event("any", "any", "any", place(message)));
        }
    });
}

fn each(asked: &Asked, mut of: impl FnMut(&BorrowedMessage<'_>, &Outlet)) {
    let consumer: BaseConsumer = asked.consumer().create().expect("these settings are known");
    consumer.subscribe(&[asked.text("posts")]).expect("a name of a topic");
    let mut outlet = Outlet::open(asked);
    loop {
        let polled = consumer.poll(outlet.patience());
        let busy = polled.is_some();
        if let Some(message) = polled {
            let message = message.expect("the broker answers");
            outlet.take(place(&message));
            of(&message, &outlet);
        }
        outlet.commit_if_due(&consumer, busy);
    }
}

fn place(message: &BorrowedMessage<'_>) -> Place {
    Place { partition: message.partition(), offset: message.offset() }
}

fn event(post: &str, channel: &str, pattern: &str, place: Place) -> Vec<u8> {
    let Place { partition, offset } = place;
    let source = serde_json::json!({"partition": partition, "offset": offset});
    let event = serde_json::json!({
        "post": post, "channel": channel, "pattern": pattern, "source": source,
    });
    event.to_string().into_bytes()
}
