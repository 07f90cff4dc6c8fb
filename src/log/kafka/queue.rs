//! Records by the batch call of librdkafka, which rdkafka does not have: a third of the cost of
//! taking them one by one. The fetched records of all owned partitions go to one private queue; rebalances and
//! errors stay on the consumer's own, where a batch call would answer a rebalance by itself.

#![expect(
    unsafe_code,
    reason = "a queue and its messages, in one place, each call with its reasons"
)]

use std::ffi::{CStr, CString};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::time::Duration;

use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{IsError, KafkaError};
use rdkafka_sys as sys;

use super::native;
use crate::record::Headers;

/// A queue of a client. It must be gone before the client is, which would wait for it for ever.
pub(super) struct Queue {
    native: NonNull<sys::rd_kafka_queue_t>,
}

// SAFETY: librdkafka locks its queues itself; this only says that the worker may be made on another
// thread than it works on.
unsafe impl Send for Queue {}

impl Queue {
    /// An empty one; `None` where there is no memory for it.
    pub(super) fn new<C: ClientContext>(client: &Client<C>) -> Option<Self> {
        // SAFETY: the client is alive; the queue is ours until `drop`.
        let native = unsafe { sys::rd_kafka_queue_new(client.native_ptr()) };
        NonNull::new(native).map(|native| Self { native })
    }

    /// From now on what is fetched of a partition comes here. To be called before it is assigned.
    pub(super) fn receive<C: ClientContext>(
        &self,
        client: &Client<C>,
        topic: &str,
        partition: i32,
    ) -> bool {
        let Ok(topic) = CString::new(topic) else { return false };
        // SAFETY: client and name are alive; the queue of the partition is a reference that is given
        // back below, and forwarding keeps references of its own.
        unsafe {
            let own =
                sys::rd_kafka_queue_get_partition(client.native_ptr(), topic.as_ptr(), partition);
            if own.is_null() {
                return false;
            }
            sys::rd_kafka_queue_forward(own, self.native.as_ptr());
            sys::rd_kafka_queue_destroy(own);
        }
        true
    }

    /// Up to so many messages: at once where there are any, else the first that comes within the time
    /// and those behind it. Messages live no longer than the borrow of the queue.
    pub(super) fn fetch(&self, max: usize, wait: Duration) -> Vec<Message<'_>> {
        let mut messages = self.batch(max);
        if messages.is_empty() {
            let millis = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
            // SAFETY: the queue is alive; a message that comes is ours.
            let first = unsafe { sys::rd_kafka_consume_queue(self.native.as_ptr(), millis) };
            messages.extend(Message::of(first));
            if !messages.is_empty() {
                messages.extend(self.batch(max - 1));
            }
        }
        messages
    }

    /// What is there already: the batch call would wait until it has all it was asked for.
    pub(super) fn batch(&self, max: usize) -> Vec<Message<'_>> {
        let mut room = vec![ptr::null_mut(); max];
        // SAFETY: there is room for so many pointers; each that is written is a message of ours.
        let count = unsafe {
            sys::rd_kafka_consume_batch_queue(self.native.as_ptr(), 0, room.as_mut_ptr(), max)
        };
        // -1: an error; the queue has none of its own.
        let count = usize::try_from(count).unwrap_or(0);
        room.into_iter().take(count).filter_map(Message::of).collect()
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: it was made by `new`, and no message of it outlives the borrow.
        unsafe { sys::rd_kafka_queue_destroy(self.native.as_ptr()) };
    }
}

/// A message in the client's buffer: a record, or an error of its partition.
pub(super) struct Message<'q> {
    native: NonNull<sys::rd_kafka_message_t>,
    queue: PhantomData<&'q Queue>,
}

impl Message<'_> {
    fn of(native: *mut sys::rd_kafka_message_t) -> Option<Self> {
        NonNull::new(native).map(|native| Self { native, queue: PhantomData })
    }

    fn get(&self) -> &sys::rd_kafka_message_t {
        // SAFETY: librdkafka made it, nobody writes to it, and it is ours until `drop`.
        unsafe { self.native.as_ref() }
    }

    /// The error that it stands for, where it is no record.
    pub(super) fn error(&self) -> Option<KafkaError> {
        let error = self.get().err;
        error.is_error().then(|| KafkaError::MessageConsumption(error.into()))
    }

    /// Is it of the same topic as another? By the client's own mark of it, which costs nothing.
    pub(super) fn is_of_topic_of(&self, other: &Self) -> bool {
        ptr::eq(self.get().rkt, other.get().rkt)
    }

    pub(super) fn topic(&self) -> &str {
        let topic = self.get().rkt;
        if topic.is_null() {
            return "";
        }
        // SAFETY: the topic lives as long as a message of it, and its name ends with a NUL.
        let name = unsafe { CStr::from_ptr(sys::rd_kafka_topic_name(topic)) };
        // Names of topics are ASCII.
        name.to_str().unwrap_or_default()
    }

    pub(super) fn partition(&self) -> i32 {
        self.get().partition
    }

    pub(super) fn offset(&self) -> i64 {
        self.get().offset
    }

    /// Unix milliseconds; -1 where the broker has none.
    pub(super) fn time_ms(&self) -> i64 {
        // SAFETY: the message is alive; nobody asks of what kind the time is.
        unsafe { sys::rd_kafka_message_timestamp(self.native.as_ptr(), ptr::null_mut()) }
    }

    pub(super) fn key(&self) -> Option<&[u8]> {
        let message = self.get();
        // SAFETY: so many bytes are there, and live as long as the message.
        unsafe { bytes(message.key, message.key_len) }
    }

    pub(super) fn value(&self) -> Option<&[u8]> {
        let message = self.get();
        // SAFETY: so many bytes are there, and live as long as the message.
        unsafe { bytes(message.payload, message.len) }
    }
}

impl Headers for Message<'_> {
    fn each(&self, visit: &mut dyn FnMut(&str, Option<&[u8]>)) {
        let mut headers = ptr::null_mut();
        // SAFETY: the message is alive; the list belongs to it and is written only where there is one.
        let error =
            unsafe { sys::rd_kafka_message_headers(self.native.as_ptr(), &raw mut headers) };
        if !error.is_error() && !headers.is_null() {
            // SAFETY: the list lives as long as its message.
            unsafe { native::each_native_header(headers, visit) };
        }
    }
}

impl Drop for Message<'_> {
    fn drop(&mut self) {
        // SAFETY: it is ours, and nobody borrows from it any more.
        unsafe { sys::rd_kafka_message_destroy(self.native.as_ptr()) };
    }
}

/// # Safety
/// `from` is null, or so many bytes are there for as long as the borrow that is made of them.
unsafe fn bytes<'m>(from: *const std::ffi::c_void, size: usize) -> Option<&'m [u8]> {
    // SAFETY: as the caller says.
    (!from.is_null()).then(|| unsafe { std::slice::from_raw_parts(from.cast::<u8>(), size) })
}
