//! Records as librdkafka's fetch buffer holds them.

use super::queue::Message;
use crate::log::Batch;
use crate::record::{Partition, Record};

/// One record that is still in the client's buffer.
pub(super) struct Fetched<'a> {
    pub(super) partition: Partition,
    pub(super) message: Message<'a>,
}

/// Records in the order they are to be processed.
pub(super) struct FetchedBatch<'a>(pub(super) Vec<Fetched<'a>>);

impl Batch for FetchedBatch<'_> {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn record(&self, index: usize) -> Option<Record<'_>> {
        let Fetched { partition, message } = self.0.get(index)?;
        Some(Record {
            partition: *partition,
            offset: message.offset(),
            // Brokers since 0.10 stamp every record; -1 stands for none, as on the wire.
            time_ms: message.time_ms(),
            key: message.key(),
            value: message.value(),
            headers: message,
        })
    }
}
