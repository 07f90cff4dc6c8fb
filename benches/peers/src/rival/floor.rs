//! What a consumer in Rust costs that does nothing with a post but touch its first and last byte:
//! nobody who reads with this client is below that.

use std::hint::black_box;
use std::ptr;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka_sys as sys;

use super::Asked;
use crate::kafka::clock;
use crate::kafka::topics::PARTITIONS;

/// Records of one call.
const BATCH: usize = 1_024;

const WAIT_MS: i32 = 20;

/// Records between two looks at the clock.
const LOOK_EVERY: u32 = 1_024;

/// The partitions with the offset to read next.
struct Offsets<'a> {
    topic: &'a str,
    next: [i64; PARTITIONS],
}

impl<'a> Offsets<'a> {
    /// All partitions from their beginning. Assigned, not subscribed to: a floor has no neighbours.
    fn assign(asked: &'a Asked, consumer: &BaseConsumer) -> Self {
        let offsets = Self { topic: asked.text("posts"), next: [0; PARTITIONS] };
        consumer.assign(&offsets.list()).expect("the topic is there");
        offsets
    }

    fn list(&self) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (partition, next) in (0..).zip(self.next) {
            let added = list.add_partition_offset(self.topic, partition, Offset::Offset(next));
            added.expect("it is an offset");
        }
        list
    }

    fn commit(&self, consumer: &BaseConsumer) {
        consumer.commit(&self.list(), CommitMode::Async).expect("a commit can be queued");
    }
}

/// One by one, by the safe call.
pub fn one_by_one(asked: &Asked) {
    let consumer: BaseConsumer = asked.consumer().create().expect("these settings are known");
    let mut offsets = Offsets::assign(asked, &consumer);
    let interval = Duration::from_millis(asked.number("interval_ms"));
    let (mut committed, mut since_look) = (clock::now(), 0);
    loop {
        let polled = consumer.poll(interval);
        since_look += 1;
        let is_idle = polled.is_none();
        if let Some(message) = polled {
            let message = message.expect("the broker answers");
            let value = message.payload().expect("a post has a value");
            black_box((value.first(), value.last()));
            let partition = usize::try_from(message.partition()).expect("not negative");
            offsets.next[partition] = message.offset() + 1;
        }
        if is_idle || since_look >= LOOK_EVERY {
            since_look = 0;
            if committed.elapsed() >= interval {
                offsets.commit(&consumer);
                committed = clock::now();
            }
        }
    }
}

/// By the batch call, which the safe client does not give.
pub fn in_batches(asked: &Asked) {
    let consumer: BaseConsumer = asked.consumer().create().expect("these settings are known");
    let queue = queue(asked, &consumer);
    let mut offsets = Offsets::assign(asked, &consumer);
    let interval = Duration::from_millis(asked.number("interval_ms"));
    let mut committed = clock::now();
    let mut batch = vec![ptr::null_mut(); BATCH];
    loop {
        // SAFETY: the queue lives as long as the process, and the batch has room for so many.
        let count = unsafe {
            sys::rd_kafka_consume_batch_queue(queue, WAIT_MS, batch.as_mut_ptr(), batch.len())
        };
        let count = usize::try_from(count).expect("the broker answers");
        for message in &batch[..count] {
            // SAFETY: the call has just given this record to us, and nobody has it after.
            unsafe { touch(*message, &mut offsets) };
        }
        if committed.elapsed() >= interval {
            offsets.commit(&consumer);
            // Events of the client; records come by the queue.
            drop(consumer.poll(Duration::ZERO));
            committed = clock::now();
        }
    }
}

/// A queue that all partitions of the posts go to: what the client has to say to the consumer stays
/// on its own.
fn queue(asked: &Asked, consumer: &BaseConsumer) -> *mut sys::rd_kafka_queue_t {
    let name = std::ffi::CString::new(asked.text("posts")).expect("a name has no zero");
    let client = consumer.client().native_ptr();
    // SAFETY: the client is alive, and the name is copied.
    unsafe {
        let queue = sys::rd_kafka_queue_new(client);
        for partition in 0..PARTITIONS {
            let partition = i32::try_from(partition).expect("few");
            let own = sys::rd_kafka_queue_get_partition(client, name.as_ptr(), partition);
            sys::rd_kafka_queue_forward(own, queue);
            sys::rd_kafka_queue_destroy(own);
        }
        queue
    }
}

/// # Safety
/// The record is of the batch call, and is not used after.
unsafe fn touch(message: *mut sys::rd_kafka_message_t, offsets: &mut Offsets<'_>) {
    // SAFETY: as above; a record without an error has a value of this length.
    unsafe {
        let record = &*message;
        assert_eq!(record.err, sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR);
        let value = std::slice::from_raw_parts(record.payload.cast::<u8>(), record.len);
        black_box((value.first(), value.last()));
        let partition = usize::try_from(record.partition).expect("not negative");
        offsets.next[partition] = record.offset + 1;
        sys::rd_kafka_message_destroy(message);
    }
}
