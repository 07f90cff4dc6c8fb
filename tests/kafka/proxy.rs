//! A Kafka connection that fails where a test wants it to: between a client and the end of its
//! transaction. Plaintext; every other request passes.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI16, AtomicU8, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

/// The request that writes records.
pub(crate) const PRODUCE: i16 = 0;

/// The request that ends a transaction.
pub(crate) const END_TXN: i16 = 26;

/// What happens to requests of a kind, which are those that end a transaction unless something else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Rule {
    /// They pass.
    Pass,
    /// The connection breaks before the broker hears them.
    Cut,
    /// The broker hears them, the client never hears the answer.
    Mute,
    /// The first one: the connection breaks, and the broker hears it only [`LATE`] later.
    Late,
    /// The broker hears them [`LATE`] later, and nothing after them before.
    Slow,
}

/// How late [`Rule::Late`] is.
pub(crate) const LATE: Duration = Duration::from_millis(1500);

/// Forwards a port of its own to the broker's.
#[derive(Clone)]
pub(crate) struct Proxy {
    rule: Arc<AtomicU8>,
    kind: Arc<AtomicI16>,
    ends: Arc<AtomicU32>,
}

impl Proxy {
    /// Serves connections to `listener` until the process ends.
    pub(crate) fn start(listener: TcpListener, broker: u16) -> Self {
        let kind = Arc::new(AtomicI16::new(END_TXN));
        let proxy = Self { rule: Arc::default(), kind, ends: Arc::default() };
        let own = proxy.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let proxy = own.clone();
                thread::spawn(move || drop(relay(&client, broker, &proxy)));
            }
        });
        proxy
    }

    /// Of requests of this kind, by Kafka's number of it.
    pub(crate) fn set_for(&self, kind: i16, rule: Rule) {
        self.rule.store(Rule::Pass as u8, Ordering::SeqCst);
        self.kind.store(kind, Ordering::SeqCst);
        self.ends.store(0, Ordering::SeqCst);
        self.set(rule);
    }

    pub(crate) fn set(&self, rule: Rule) {
        self.rule.store(rule as u8, Ordering::SeqCst);
    }

    /// Requests of the kind so far.
    pub(crate) fn ends(&self) -> u32 {
        self.ends.load(Ordering::SeqCst)
    }
}

fn relay(client: &TcpStream, broker: u16, proxy: &Proxy) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", broker))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        drop(std::io::copy(&mut from, &mut to));
        drop(to.shutdown(Shutdown::Both));
    });
    let passed = requests(client, &server, broker, proxy);
    // The other thread ends with its connection.
    drop((client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both)));
    passed
}

/// Passes requests on until one is to be broken, or the client is gone.
fn requests(
    mut client: &TcpStream,
    mut server: &TcpStream,
    broker: u16,
    Proxy { rule, kind, ends }: &Proxy,
) -> std::io::Result<()> {
    loop {
        let mut size = [0; 4];
        client.read_exact(&mut size)?;
        let mut request = vec![0; u32::from_be_bytes(size) as usize];
        client.read_exact(&mut request)?;
        let frame = [&size[..], &request].concat();
        if i16::from_be_bytes([request[0], request[1]]) == kind.load(Ordering::SeqCst) {
            ends.fetch_add(1, Ordering::SeqCst);
            match rule.load(Ordering::SeqCst) {
                each if each == Rule::Cut as u8 => return Ok(()),
                each if each == Rule::Mute as u8 => {
                    client.shutdown(Shutdown::Both)?;
                    server.write_all(&frame)?;
                    // Long enough for the broker to act on it.
                    thread::sleep(Duration::from_millis(200));
                    return Ok(());
                }
                each if each == Rule::Slow as u8 => thread::sleep(LATE),
                each if each == Rule::Late as u8 => {
                    rule.store(Rule::Pass as u8, Ordering::SeqCst);
                    thread::spawn(move || drop(deliver_late(broker, &frame)));
                    return Ok(());
                }
                _ => {}
            }
        }
        server.write_all(&frame)?;
    }
}

fn deliver_late(broker: u16, frame: &[u8]) -> std::io::Result<()> {
    thread::sleep(LATE);
    let mut server = TcpStream::connect(("127.0.0.1", broker))?;
    server.write_all(frame)?;
    server.read_exact(&mut [0; 4])
}
