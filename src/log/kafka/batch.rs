//! Records as librdkafka's fetch buffer holds them.

use rdkafka::message::{BorrowedMessage, Message};

use super::native;
use crate::log::Batch;
use crate::record::{Headers, Partition, Record};

/// One record that is still in the client's buffer.
pub(super) struct Fetched<'a> {
    pub(super) partition: Partition,
    pub(super) message: BorrowedMessage<'a>,
}

impl Headers for Fetched<'_> {
    fn each(&self, visit: &mut dyn FnMut(&str, Option<&[u8]>)) {
        if let Some(headers) = self.message.headers() {
            native::each_header(headers, visit);
        }
    }
}

/// Records in the order they are to be processed.
pub(super) struct FetchedBatch<'a>(pub(super) Vec<Fetched<'a>>);

impl Batch for FetchedBatch<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn record(&self, index: usize) -> Option<Record<'_>> {
        let fetched = self.0.get(index)?;
        Some(Record {
            partition: fetched.partition,
            offset: fetched.message.offset(),
            // Brokers since 0.10 stamp every record; -1 stands for none, as on the wire.
            time_ms: fetched.message.timestamp().to_millis().unwrap_or(-1),
            key: fetched.message.key(),
            value: fetched.message.payload(),
            headers: fetched,
        })
    }
}
