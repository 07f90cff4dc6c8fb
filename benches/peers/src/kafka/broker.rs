//! One real broker from its own jars, on free ports, in a folder that is removed with it.

use std::ffi::OsString;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::clock;
use super::process::{Process, line};

const READY_TIME: Duration = Duration::from_secs(60);

/// ApiVersions, version 0: a broker that answers this serves; an open port says nothing.
const API_VERSIONS: [u8; 15] = [0, 0, 0, 11, 0, 18, 0, 0, 0, 0, 0, 1, 0, 1, b'x'];

const CLUSTER: &str = "4L6g3nShT-eMCtK--X86sw";

const LOG4J: &str = "Configuration:
  status: warn
  Appenders:
    Console: {name: C, target: SYSTEM_ERR, PatternLayout: {pattern: \"%d{HH:mm:ss.SSS} %p %c{1} %m%n\"}}
  Loggers:
    Root: {level: warn, AppenderRef: [{ref: C}]}
";

pub struct Broker {
    process: Option<Process>,
    port: u16,
    folder: PathBuf,
}

impl Broker {
    /// Formats a new log in a folder of its own and starts on it; ready when this returns.
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, "")
    }

    /// The same, with properties besides, each a line.
    pub fn start_with(folder: &Path, besides: &str) -> Self {
        let folder = folder.join("broker");
        fs::create_dir_all(&folder).expect("the folder of the build can be written");
        let [port, controller] = free_ports();
        let config = folder.join("broker.properties");
        let properties = properties(&folder, port, controller) + besides;
        fs::write(&config, properties).expect("there is room");
        fs::write(folder.join("log4j2.yaml"), LOG4J).expect("there is room");
        format(&config);
        let log4j = format!("-Dlog4j2.configurationFile={}/log4j2.yaml", folder.display());
        let mut words = java(["-Xms1g", "-Xmx1g", &log4j, "kafka.Kafka"]);
        words.push(config.into());
        let process = Process::start(&words, &folder.join("broker.log"));
        let broker = Self { process: Some(process), port, folder };
        broker.wait_until_ready();
        broker
    }

    fn wait_until_ready(&self) {
        let start = clock::now();
        while !answers(self.port) {
            let process = self.process();
            assert!(process.is_running(), "the broker ended:\n{}", process.said());
            assert!(start.elapsed() < READY_TIME, "the broker is not ready:\n{}", process.said());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// `host:port`.
    pub fn servers(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// So far.
    pub fn cpu(&self) -> Duration {
        self.process().cpu()
    }

    /// What its topics take of the disk, MiB. Blocks are counted, as the indexes are sparse files.
    pub fn disk_mib(&self) -> f64 {
        let inside = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
        let topics = inside(&self.folder.join("data"));
        let files = topics.flat_map(|topic| inside(&topic.path()));
        // A file may go while it is looked at.
        let blocks = files.filter_map(|file| Some(file.metadata().ok()?.blocks()));
        blocks.sum::<u64>() as f64 / 2_048.0
    }

    fn process(&self) -> &Process {
        self.process.as_ref().expect("it runs until it is dropped")
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.process.take());
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// The folder for tools and jars of this repository.
pub fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools")
}

fn java<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    let libs = tools().join("kafka/libs");
    assert!(libs.is_dir(), "no jars of Kafka: `./dev setup` fetches them");
    let mut all = line(["java", "-cp"]);
    all.push(format!("{}/*", libs.display()).into());
    all.extend(line(words));
    all
}

fn format(config: &Path) {
    let words = java(["-Xmx256m", "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c"]);
    let output = Command::new(&words[0]).args(&words[1..]).arg(config).output();
    let output = output.expect("java can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Held at once, so that they differ.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let sockets = [0; N].map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    sockets.map(|socket| socket.local_addr().expect("it is bound").port())
}

/// As a broker comes, but for what one node alone needs, and a short wait before a group starts.
fn properties(folder: &Path, port: u16, controller: u16) -> String {
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{controller}\n\
         controller.listener.names=CONTROLLER\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         inter.broker.listener.name=PLAINTEXT\n\
         log.dirs={}/data\n\
         auto.create.topics.enable=false\n\
         offsets.topic.replication.factor=1\n\
         offsets.topic.num.partitions=4\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         transaction.state.log.num.partitions=4\n\
         share.coordinator.state.topic.replication.factor=1\n\
         share.coordinator.state.topic.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n\
         num.network.threads=2\n\
         num.io.threads=4\n\
         log.cleaner.dedupe.buffer.size=4194304\n",
        folder.display()
    )
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let wait = Some(Duration::from_secs(2));
    stream.set_read_timeout(wait).is_ok()
        && stream.write_all(&API_VERSIONS).is_ok()
        && stream.read_exact(&mut [0; 8]).is_ok()
}
