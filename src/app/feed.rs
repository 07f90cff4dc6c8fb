//! Posts into the log, whichever it is: what `ingest` and `load` write through.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use super::client::Client;
use super::config::{Backend, Config};
use super::service::{embedded_settings, kafka_settings};
use crate::decode::{self, Format, Limits};
use crate::log::embedded::{Embedded, NewRecord};
use crate::log::kafka;
use crate::record::InputId;
use crate::worker::clock;

/// How long a service that listens takes to accept.
const CONNECT: Duration = Duration::from_secs(1);

/// A way into the log.
pub(super) enum Feed {
    /// A service that is running has the file: over its API.
    Service {
        /// The API.
        client: Box<Client>,
        /// How long to go on trying while the service is away or full.
        patience: Duration,
    },
    /// Nobody has the file.
    File {
        /// The log in it.
        log: Arc<Embedded>,
        /// What posts are written in.
        format: Format,
    },
    /// A cluster.
    Kafka {
        /// Its producer.
        feed: kafka::feed::Feed,
        /// What posts are written in.
        format: Format,
    },
}

impl Feed {
    /// Opens the log of a configuration. `patience`: how long to go on trying while the service
    /// that has the file is away or its log is full.
    ///
    /// # Errors
    /// If there is no way in.
    pub(super) fn open(config: &Config, patience: Duration) -> Result<Self> {
        let format = config.decode.format.clone();
        match &config.log {
            Backend::Kafka(cluster) => {
                let settings = kafka_settings(cluster, config.decode.max_bytes);
                let topic = cluster.posts.first().context("no topic of posts")?;
                Ok(Self::Kafka { feed: kafka::feed::Feed::open(&settings, topic)?, format })
            }
            Backend::Embedded(_)
                if TcpStream::connect_timeout(&config.http.api, CONNECT).is_ok() =>
            {
                Ok(Self::Service { client: Box::new(client(config)), patience })
            }
            Backend::Embedded(file) => {
                Ok(Self::File { log: Embedded::open(embedded_settings(file))?, format })
            }
        }
    }

    /// Appends posts, each one JSON in the format of the configuration; on return they are durable, or on Kafka on their way.
    ///
    /// # Errors
    /// If they cannot be appended; trying again may double them.
    pub(super) fn send(&mut self, posts: &[Vec<u8>]) -> Result<()> {
        match self {
            Self::Service { client, patience } => client.append(&posts.join(&b'\n'), *patience),
            Self::File { log, format } => {
                let now = clock::now_ms();
                log.append(posts.iter().map(|post| new_record(post, format, now)).collect())?;
                Ok(())
            }
            Self::Kafka { feed, format } => {
                for post in posts {
                    let key = channel_of(post, format).unwrap_or_default();
                    feed.send(key.as_bytes(), post)?;
                }
                Ok(())
            }
        }
    }

    /// Waits until all that was sent is durable.
    ///
    /// # Errors
    /// If some of it is not.
    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Service { .. } => Ok(()),
            Self::File { log, .. } => Ok(log.close()?),
            Self::Kafka { feed, .. } => {
                feed.flush()?;
                Ok(())
            }
        }
    }
}

/// A client of the service that a configuration describes.
pub(super) fn client(config: &Config) -> Client {
    let token = config.http.token.as_ref().map(|token| token.expose().to_owned());
    let run = format!("{}-{}", std::process::id(), clock::now_ms());
    Client::new(&config.http.api.to_string(), token, run)
}

/// A post as a record of the embedded log, which goes by its channel. One that cannot be read goes
/// to any partition; its worker sets it aside.
pub(super) fn new_record(post: &[u8], format: &Format, time_ms: i64) -> NewRecord {
    NewRecord {
        input: InputId(0),
        key: channel_of(post, format).map(String::into_bytes),
        value: Some(post.to_vec()),
        headers: Vec::new(),
        time_ms,
    }
}

fn channel_of(post: &[u8], format: &Format) -> Option<String> {
    let limits = Limits { max_bytes: usize::MAX };
    let post = decode::read(format, Some(post), &limits).ok()?;
    Some(post.channel.id.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_goes_by_the_channel_that_its_format_names() {
        let native = br#"{"id":"1","channel":{"id":"c"},"text":"x"}"#;
        let update = br#"{"message":{"message_id":1,"chat":{"id":-100},"text":"x"}}"#;
        let cases = [
            (Format::Native, &native[..], Some("c")),
            (Format::Telegram, update, Some("-100")),
            (Format::Native, update, None),
        ];
        for (format, post, key) in cases {
            let record = new_record(post, &format, 1);
            assert_eq!(record.key.as_deref(), key.map(str::as_bytes), "{format:?}");
        }
    }
}
