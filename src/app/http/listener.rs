//! The listening end of a port: bound with an error that says what to change, and guarded, so that
//! slow or many clients cannot take all file descriptors of the process.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

/// Connections of one port at a time; more wait in the backlog of the kernel.
const CONNECTIONS_MAX: usize = 256;
/// A connection on which nothing moves is closed: longer than a request may take, and than the
/// usual pause between two scrapes.
const IDLE: Duration = Duration::from_secs(75);

/// The port cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} (`{key}`): {source}; free it or set another address")]
pub struct BindError {
    address: SocketAddr,
    key: &'static str,
    source: io::Error,
}

/// Listens on an address that stands under `key` in the configuration.
///
/// # Errors
/// The address is taken, not of this machine, or not allowed.
pub async fn bind(address: SocketAddr, key: &'static str) -> Result<TcpListener, BindError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| BindError { address, key, source })
}

/// A listener with the limits of this file.
pub(super) struct Guarded {
    listener: TcpListener,
    slots: Arc<Semaphore>,
    idle: Duration,
}

impl Guarded {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self::with(listener, CONNECTIONS_MAX, IDLE)
    }

    pub(super) fn with(listener: TcpListener, connections: usize, idle: Duration) -> Self {
        Self { listener, slots: Arc::new(Semaphore::new(connections)), idle }
    }
}

impl Listener for Guarded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            // The semaphore is never closed.
            let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else { continue };
            let (stream, peer) = Listener::accept(&mut self.listener).await;
            let idle = self.idle;
            let alarm = Box::pin(tokio::time::sleep(idle));
            return (Connection { stream, idle, alarm, _slot: slot }, peer);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that fails once nothing moved on it for a while.
pub(super) struct Connection {
    stream: TcpStream,
    idle: Duration,
    alarm: Pin<Box<Sleep>>,
    _slot: OwnedSemaphorePermit,
}

impl Connection {
    /// Passes on what the stream says: something moved, or the alarm decides.
    fn watch<T>(
        &mut self,
        moved: Poll<T>,
        context: &mut Context<'_>,
    ) -> Poll<Result<T, io::Error>> {
        if let Poll::Ready(done) = moved {
            self.alarm.as_mut().reset(Instant::now() + self.idle);
            return Poll::Ready(Ok(done));
        }
        ready!(self.alarm.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let moved = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.watch(moved, context).map(Result::flatten)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let moved = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(moved, context).map(Result::flatten)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let moved = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.watch(moved, context).map(Result::flatten)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
