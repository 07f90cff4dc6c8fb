//! The wish to stop: one flag that threads and tasks watch. SIGTERM and SIGINT raise it; a second
//! signal says that the wait for open work is to be cut short.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

const RUNNING: u8 = 0;
const STOPPING: u8 = 1;
const HURRYING: u8 = 2;

/// Shared by all that has to stop. Stages only rise: running, stopping, hurrying.
#[derive(Clone, Default)]
pub struct Shutdown {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    stage: AtomicU8,
    changed: Notify,
}

impl Shutdown {
    /// Nobody has asked yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks once: the first call stops, the second hurries, more change nothing.
    pub fn ask(&self) {
        let raised = |stage: u8| (stage < HURRYING).then_some(stage + 1);
        let changed = self.inner.stage.fetch_update(Ordering::AcqRel, Ordering::Acquire, raised);
        if changed.is_ok() {
            self.inner.changed.notify_waiters();
        }
    }

    /// Asks to stop, unless somebody has: a fault on one thread is not a second signal.
    pub fn stop(&self) {
        let stage = &self.inner.stage;
        let first = stage.compare_exchange(RUNNING, STOPPING, Ordering::AcqRel, Ordering::Acquire);
        if first.is_ok() {
            self.inner.changed.notify_waiters();
        }
    }

    /// Finish the batch, commit, leave. One load: cheap enough for each batch.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.inner.stage.load(Ordering::Acquire) >= STOPPING
    }

    /// Leave now, commit or not.
    #[must_use]
    pub fn is_hurrying(&self) -> bool {
        self.inner.stage.load(Ordering::Acquire) >= HURRYING
    }

    /// Waits until [`Shutdown::is_stopping`].
    pub async fn stopping(&self) {
        self.reached(STOPPING).await;
    }

    /// Waits until [`Shutdown::is_hurrying`].
    pub async fn hurrying(&self) {
        self.reached(HURRYING).await;
    }

    async fn reached(&self, stage: u8) {
        loop {
            // Registered before the look, so that a change between the two is not missed.
            let changed = self.inner.changed.notified();
            if self.inner.stage.load(Ordering::Acquire) >= stage {
                return;
            }
            changed.await;
        }
    }

    /// Starts a task that asks at each SIGTERM or SIGINT. Call it within a tokio runtime.
    ///
    /// # Errors
    /// The operating system gives no handler.
    pub fn on_signals(&self) -> std::io::Result<()> {
        let mut term = signal(SignalKind::terminate())?;
        let mut int = signal(SignalKind::interrupt())?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = term.recv() => tracing::info!(signal = "SIGTERM", "asked to stop"),
                    _ = int.recv() => tracing::info!(signal = "SIGINT", "asked to stop"),
                }
                shutdown.ask();
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::time::Duration;

    #[test]
    fn asking_twice_hurries_and_stopping_twice_does_not() {
        let shutdown = Shutdown::new();
        assert!(!shutdown.is_stopping());
        shutdown.stop();
        shutdown.stop();
        assert!(shutdown.is_stopping() && !shutdown.is_hurrying());
        shutdown.ask();
        shutdown.ask();
        assert!(shutdown.is_hurrying());
    }

    #[tokio::test]
    async fn waiting_ends_when_somebody_asks() {
        let shutdown = Shutdown::new();
        let other = shutdown.clone();
        let waits = tokio::spawn(async move {
            other.stopping().await;
            other.hurrying().await;
        });
        tokio::task::yield_now().await;
        shutdown.ask();
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        shutdown.ask();
        tokio::time::timeout(Duration::from_secs(10), waits).await.unwrap().unwrap();
        // Late comers do not wait.
        shutdown.stopping().await;
    }

    #[tokio::test]
    async fn signals_stop_then_hurry() {
        let shutdown = Shutdown::new();
        shutdown.on_signals().unwrap();
        let kill = |signal: &str| {
            let pid = std::process::id().to_string();
            assert!(
                Command::new("sh")
                    .args(["-c", &format!("kill -{signal} {pid}")])
                    .status()
                    .unwrap()
                    .success()
            );
        };
        kill("TERM");
        tokio::time::timeout(Duration::from_secs(10), shutdown.stopping()).await.unwrap();
        kill("INT");
        tokio::time::timeout(Duration::from_secs(10), shutdown.hurrying()).await.unwrap();
    }
}
