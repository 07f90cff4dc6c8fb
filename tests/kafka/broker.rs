//! One real Kafka broker from its own jars, on free ports, in a folder of its own. A watcher shell
//! kills it as soon as the test process is gone, however that ended.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::proxy::{Proxy, Rule};

const READY_TIME: Duration = Duration::from_secs(60);
/// ApiVersions, version 0: a broker that answers this serves; an open port says nothing.
const API_VERSIONS: [u8; 15] = [0, 0, 0, 11, 0, 18, 0, 0, 0, 0, 0, 1, 0, 1, b'x'];
/// User and password that the SCRAM listener knows.
pub(crate) const SCRAM: (&str, &str) = ("app", "app-secret");

/// A broker that runs, or has been stopped and may be started again on the same data and ports.
pub(crate) struct Broker {
    folder: tempfile::TempDir,
    ports: Ports,
    proxy_port: u16,
    /// Stands before the listener that [`Broker::proxied_servers`] names.
    pub(crate) proxy: Proxy,
    proxy_user: Mutex<()>,
    watcher: Option<Child>,
    pid: String,
}

#[derive(Clone, Copy)]
struct Ports {
    plain: u16,
    proxied: u16,
    scram_tls: u16,
    controller: u16,
}

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/kafka")
}

fn class_path() -> String {
    let libs = tools().join("libs");
    assert!(
        libs.join("kafka_2.13-4.3.1.jar").exists(),
        "the jars of Kafka are not in {}; fetch them once:\n  mvn -q -B -f \
         tests/kafka/broker/pom.xml dependency:copy-dependencies \
         -DoutputDirectory={} -DincludeScope=runtime",
        libs.display(),
        libs.display()
    );
    format!("{}/*", libs.display())
}

fn java(arguments: &[&str]) -> Command {
    let mut command = Command::new("java");
    command.args(["-cp", &class_path(), "-XX:TieredStopAtLevel=1", "-Xmx256m"]).args(arguments);
    command
}

fn run(command: &mut Command) -> String {
    let out = command.output().expect("the program can be started");
    let errors = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{command:?} failed: {errors}");
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}

fn free_ports() -> Ports {
    // All are held at once, so that they differ.
    let sockets: Vec<TcpListener> =
        (0..4).map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port")).collect();
    let port = |index: usize| sockets[index].local_addr().expect("an address").port();
    Ports { plain: port(0), proxied: port(1), scram_tls: port(2), controller: port(3) }
}

fn openssl(folder: &Path, arguments: &str) {
    run(Command::new("openssl").current_dir(folder).args(arguments.split(' ')));
}

/// A certificate authority and a certificate of the broker, both for a day.
fn make_certificates(folder: &Path) {
    let new = "req -newkey rsa:2048 -nodes -days 1";
    openssl(folder, &format!("{new} -x509 -subj /CN=test-ca -keyout ca.key -out ca.pem"));
    openssl(folder, &format!("{new} -subj /CN=localhost -keyout server.key -out server.csr"));
    fs::write(folder.join("san"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").unwrap();
    openssl(
        folder,
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -extfile san \
         -out server.crt",
    );
    let mut both = fs::read_to_string(folder.join("server.key")).unwrap();
    both.push_str(&fs::read_to_string(folder.join("server.crt")).unwrap());
    fs::write(folder.join("server.pem"), both).unwrap();
}

/// `all`: the ports of every broker of the cluster; `at`: which of them this is.
fn properties(folder: &Path, all: &[Ports], at: usize, proxy: u16) -> String {
    let Ports { plain, proxied, scram_tls, controller } = all[at];
    let folder = folder.display();
    let voter = |(at, ports): (usize, &Ports)| format!("{}@127.0.0.1:{}", at + 1, ports.controller);
    let voters = all.iter().enumerate().map(voter).collect::<Vec<_>>().join(",");
    let (id, copies, least) = (at + 1, all.len(), all.len().div_ceil(2));
    format!(
        "process.roles=broker,controller\n\
         node.id={id}\n\
         controller.quorum.voters={voters}\n\
         controller.listener.names=CONTROLLER\n\
         listeners=PLAIN://127.0.0.1:{plain},SCRAMTLS://127.0.0.1:{scram_tls},\
         PROXIED://127.0.0.1:{proxied},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAIN://127.0.0.1:{plain},SCRAMTLS://127.0.0.1:{scram_tls},\
         PROXIED://127.0.0.1:{proxy}\n\
         listener.security.protocol.map=PLAIN:PLAINTEXT,PROXIED:PLAINTEXT,SCRAMTLS:SASL_SSL,\
         CONTROLLER:PLAINTEXT\n\
         inter.broker.listener.name=PLAIN\n\
         sasl.enabled.mechanisms=SCRAM-SHA-512\n\
         listener.name.scramtls.scram-sha-512.sasl.jaas.config=\
         org.apache.kafka.common.security.scram.ScramLoginModule required;\n\
         ssl.keystore.type=PEM\n\
         ssl.keystore.location={folder}/server.pem\n\
         log.dirs={folder}/data\n\
         auto.create.topics.enable=false\n\
         default.replication.factor={copies}\n\
         min.insync.replicas={least}\n\
         offsets.topic.replication.factor={copies}\n\
         offsets.topic.num.partitions=4\n\
         transaction.state.log.replication.factor={copies}\n\
         transaction.state.log.min.isr={least}\n\
         transaction.state.log.num.partitions=4\n\
         transaction.abort.timed.out.transaction.cleanup.interval.ms=1000\n\
         share.coordinator.state.topic.replication.factor={copies}\n\
         share.coordinator.state.topic.min.isr={least}\n\
         broker.session.timeout.ms=2000\n\
         broker.heartbeat.interval.ms=500\n\
         group.initial.rebalance.delay.ms=0\n\
         group.min.session.timeout.ms=1000\n\
         num.network.threads=2\n\
         num.io.threads=4\n\
         log.cleaner.dedupe.buffer.size=4194304\n"
    )
}

const LOG4J: &str = "Configuration:
  status: warn
  Appenders:
    Console: {name: C, target: SYSTEM_ERR, PatternLayout: {pattern: \"%d{HH:mm:ss.SSS} %p %c{1} %m%n\"}}
  Loggers:
    Root: {level: warn, AppenderRef: [{ref: C}]}
";

impl Broker {
    /// Formats a new folder and starts a broker on it; ready when this returns.
    pub(crate) fn start() -> Self {
        let mut broker = Self::make(&[free_ports()], 0);
        broker.make_archive();
        broker.launch(&[]);
        broker
    }

    /// One that waits for all members of a new group before it deals out partitions, as brokers do as they
    /// come; the others here wait for nobody, to save time.
    pub(crate) fn patient() -> Self {
        let mut broker = Self::make(&[free_ports()], 0);
        let config = broker.folder.path().join("broker.properties");
        // The last value of a key counts.
        let more = fs::read_to_string(&config).unwrap() + "group.initial.rebalance.delay.ms=3000\n";
        fs::write(&config, more).unwrap();
        broker.launch(&[]);
        broker
    }

    /// So many that copy each other's records; ready when this returns.
    pub(crate) fn cluster(count: usize) -> Vec<Self> {
        let all: Vec<Ports> = (0..count).map(|_| free_ports()).collect();
        let mut brokers: Vec<Self> = (0..count).map(|at| Self::make(&all, at)).collect();
        // None is ready before most of them run.
        brokers.iter_mut().for_each(|broker| broker.spawn(&[]));
        brokers.iter().for_each(Self::wait_until_ready);
        brokers
    }

    /// Formats a new folder.
    fn make(all: &[Ports], at: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the broker");
        let ports = all[at];
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let proxy_port = listener.local_addr().expect("an address").port();
        make_certificates(folder.path());
        fs::write(folder.path().join("log4j2.yaml"), LOG4J).unwrap();
        let config = folder.path().join("broker.properties");
        fs::write(&config, properties(folder.path(), all, at, proxy_port)).unwrap();
        let (user, password) = SCRAM;
        let scram = format!("SCRAM-SHA-512=[name={user},password={password}]");
        let id = "4L6g3nShT-eMCtK--X86sw";
        run(java(&["kafka.tools.StorageTool", "format", "-t", id, "-c"])
            .arg(&config)
            .args(["--add-scram", &scram]));
        Self {
            folder,
            ports,
            proxy_port,
            proxy: Proxy::start(listener, ports.proxied),
            proxy_user: Mutex::default(),
            watcher: None,
            pid: String::new(),
        }
    }

    /// The classes of a running broker, kept once for all: the next ones start in a third of the
    /// time. Written beside and renamed, since several test processes may do it at once.
    fn make_archive(&mut self) {
        let archive = tools().join("kafka.jsa");
        if archive.exists() {
            return;
        }
        let fresh = tools().join(format!("kafka.jsa.{}", std::process::id()));
        self.launch(&[&format!("-XX:ArchiveClassesAtExit={}", fresh.display())]);
        self.stop();
        if fresh.exists() {
            fs::rename(&fresh, &archive).expect("the archive can be renamed");
        }
    }

    fn launch(&mut self, more: &[&str]) {
        self.spawn(more);
        self.wait_until_ready();
    }

    fn spawn(&mut self, more: &[&str]) {
        let log = fs::File::options().create(true).append(true).open(self.log()).unwrap();
        let archive = tools().join("kafka.jsa");
        let mut line = vec![
            "java".to_owned(),
            "-cp".to_owned(),
            class_path(),
            "-Xms256m".to_owned(),
            "-Xmx512m".to_owned(),
            "-XX:TieredStopAtLevel=1".to_owned(),
            format!("-Dlog4j2.configurationFile={}/log4j2.yaml", self.folder.path().display()),
        ];
        if more.is_empty() && archive.exists() {
            line.push(format!("-XX:SharedArchiveFile={}", archive.display()));
        }
        line.extend(more.iter().map(|each| (*each).to_owned()));
        line.push("kafka.Kafka".to_owned());
        line.push(format!("{}/broker.properties", self.folder.path().display()));
        // The shell reads until the test process is gone, whatever ended it, then kills.
        let watch = r#""$@" >&2 & pid=$!; echo $pid; read -r never; kill -9 $pid 2>/dev/null"#;
        let mut watcher = Command::new("sh")
            .args(["-c", watch, "watcher"])
            .args(&line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("sh can be started");
        let mut pid = String::new();
        let stdout = watcher.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut pid).expect("the watcher tells the pid");
        self.pid = pid.trim().to_owned();
        self.watcher = Some(watcher);
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + READY_TIME;
        while !answers(self.ports.plain) {
            let running = Path::new("/proc").join(&self.pid).exists();
            let log = || fs::read_to_string(self.log()).unwrap_or_default();
            assert!(running, "the broker ended: {}", log());
            assert!(Instant::now() < deadline, "the broker is not ready: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("broker.log")
    }

    /// `host:port` of the listener without encryption.
    pub(crate) fn servers(&self) -> String {
        format!("127.0.0.1:{}", self.ports.plain)
    }

    /// `host:port` of the proxy before the listener without encryption.
    pub(crate) fn proxied_servers(&self) -> String {
        format!("127.0.0.1:{}", self.proxy_port)
    }

    /// Held while a test sets rules: one at a time.
    pub(crate) fn proxy_for_me(&self) -> MutexGuard<'_, ()> {
        let guard = self.proxy_user.lock().unwrap_or_else(PoisonError::into_inner);
        self.proxy.set(Rule::Pass);
        guard
    }

    /// `host:port` of the listener with TLS and SCRAM.
    pub(crate) fn secure_servers(&self) -> String {
        format!("localhost:{}", self.ports.scram_tls)
    }

    /// The certificate authority that signed the broker's certificate.
    pub(crate) fn ca(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }

    /// Ends the broker at once, as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.end("-KILL");
    }

    /// Asks the broker to end, and waits for it.
    pub(crate) fn stop(&mut self) {
        self.end("-TERM");
    }

    fn end(&mut self, signal: &str) {
        let Some(mut watcher) = self.watcher.take() else { return };
        let sent = Command::new("sh")
            .args(["-c", &format!("kill {signal} {}", self.pid)])
            .status()
            .unwrap();
        assert!(sent.success(), "the broker was gone already");
        let deadline = Instant::now() + READY_TIME;
        // A zombie until the watcher goes too: its state is what tells.
        while is_running(&self.pid) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(watcher.stdin.take());
        watcher.wait().expect("the watcher ends");
    }

    /// Starts it again on the same data and ports.
    pub(crate) fn restart(&mut self) {
        assert!(self.watcher.is_none(), "it runs already");
        self.launch(&[]);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let from = lines.len().saturating_sub(30);
            println!("last lines of the broker:\n{}", lines[from..].join("\n"));
        }
        self.kill_quietly();
    }
}

impl Broker {
    fn kill_quietly(&mut self) {
        if let Some(mut watcher) = self.watcher.take() {
            drop(watcher.stdin.take());
            drop(watcher.wait());
        }
    }
}

fn is_running(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.starts_with(" Z"))
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let wait = Some(Duration::from_secs(2));
    stream.set_read_timeout(wait).is_ok()
        && stream.write_all(&API_VERSIONS).is_ok()
        && stream.read_exact(&mut [0; 8]).is_ok()
}
