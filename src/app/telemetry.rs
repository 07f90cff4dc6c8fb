//! Lines on stderr for operators: set up once, and a brake for those that would repeat.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::config::{LogFormat, LogOutput};

/// Prints of a panic where it happened and nothing else: its message may quote what people wrote.
pub fn hide_panic_messages() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(%place, "a stage failed; please report the place");
    }));
}

/// Sends log lines to stderr from now on: in colour if that is a terminal.
///
/// # Errors
/// The process has a log output already.
pub fn start(output: LogOutput) -> Result<(), tracing_subscriber::util::TryInitError> {
    let colour = std::io::stderr().is_terminal();
    tracing_subscriber::registry().with(layer(output, colour, std::io::stderr)).try_init()
}

fn layer<S, W>(output: LogOutput, colour: bool, to: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'s> tracing_subscriber::registry::LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let level = LevelFilter::from_level(output.level);
    match output.format {
        LogFormat::Text => {
            fmt::layer().with_ansi(colour).with_writer(to).with_filter(level).boxed()
        }
        LogFormat::Json => {
            let json = fmt::layer().json().flatten_event(true).with_current_span(false);
            json.with_span_list(false).with_writer(to).with_filter(level).boxed()
        }
    }
}

/// A brake for a line that a loop may want to write thousands of times. Holds no lock; times are
/// given, so it has no clock of its own.
///
/// ```
/// # use std::time::Duration;
/// use tidegate::app::telemetry::Brake;
/// static BRAKE: Brake = Brake::new(Duration::from_secs(10));
/// if let Some(hidden) = BRAKE.pass(1_000) {
///     tracing::warn!(hidden, "a broker is away");
/// }
/// ```
#[derive(Debug)]
pub struct Brake {
    pause_ms: u64,
    /// When the next line may pass, milliseconds.
    next_ms: AtomicU64,
    hidden: AtomicU64,
}

impl Brake {
    /// Lets one line through each `pause`.
    #[must_use]
    pub const fn new(pause: Duration) -> Self {
        let seconds = pause.as_secs().saturating_mul(1_000);
        let pause_ms = seconds.saturating_add(pause.subsec_millis() as u64);
        Self { pause_ms, next_ms: AtomicU64::new(0), hidden: AtomicU64::new(0) }
    }

    /// `Some(lines hidden since the last one)` if a line may be written at `now_ms`, of any clock
    /// that does not go back by much; `None` if it is to be hidden.
    pub fn pass(&self, now_ms: u64) -> Option<u64> {
        let next = self.next_ms.load(Ordering::Relaxed);
        let then = now_ms.saturating_add(self.pause_ms);
        let swap = |next| {
            self.next_ms.compare_exchange(next, then, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        if now_ms >= next && swap(next) {
            return Some(self.hidden.swap(0, Ordering::Relaxed));
        }
        self.hidden.fetch_add(1, Ordering::Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn one_line_passes_in_each_pause_and_says_how_many_were_hidden() {
        let brake = Brake::new(Duration::from_millis(100));
        let got: Vec<_> = [0, 10, 99, 100, 150, 1_000].map(|now| brake.pass(now)).to_vec();
        assert_eq!(got, [Some(0), None, None, Some(2), None, Some(1)]);
    }

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn written(format: LogFormat, level: tracing::Level) -> String {
        let sink = Sink::default();
        let to = sink.clone();
        let output = LogOutput { format, level };
        let log = tracing_subscriber::registry().with(layer(output, false, move || to.clone()));
        tracing::subscriber::with_default(log, || {
            tracing::warn!(partition = 3, "a broker is away");
            tracing::debug!("hidden");
        });
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn lines_are_text_or_json_and_not_below_the_level() {
        let text = written(LogFormat::Text, tracing::Level::INFO);
        assert_eq!(text.lines().count(), 1);
        assert!(text.contains("WARN") && text.contains("a broker is away partition=3"), "{text}");
        let json = written(LogFormat::Json, tracing::Level::DEBUG);
        let lines: Vec<serde_json::Value> =
            json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["message"], "a broker is away");
        assert_eq!(lines[0]["partition"], 3);
        assert_eq!(lines[0]["level"], "WARN");
    }
}
