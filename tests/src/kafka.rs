//! A real Apache Kafka for the tests: one node, KRaft, in a folder of its own.
//!
//! Contract: listens on free ports of 127.0.0.1, PLAINTEXT and SASL_SSL
//! (SCRAM-SHA-512); gone when dropped. Missing jars or a missing Java end the test with
//! what to install: nothing is skipped.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The user of the SASL_SSL listener.
pub const USER: &str = "ringledger";
/// Its password.
pub const PASSWORD: &str = "correct-horse-battery";
const STORE_PASSWORD: &str = "store-password";
const CLUSTER: &str = "MkU3OEVBNTcwNTJENDM2Qk";

/// A running broker.
pub struct Kafka {
    dir: tempfile::TempDir,
    plain: u16,
    sasl: u16,
    child: Option<Child>,
}

impl Kafka {
    /// Formats a folder and starts a broker; returns when it listens.
    ///
    /// # Panics
    /// Where jars or Java are missing (says what to do), or the broker does not start.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().expect("a folder for Kafka");
        make_store(dir.path());
        let ports = crate::ports::free(3);
        let (plain, controller, sasl) = (ports[0], ports[1], ports[2]);
        fs::write(dir.path().join("server.properties"), properties(dir.path(), plain, controller, sasl))
            .expect("server.properties");
        format(dir.path());
        let mut kafka = Self { dir, plain, sasl, child: None };
        kafka.run();
        kafka
    }

    /// As `start`, for a broker that many tests share in a static, which is never dropped:
    /// it ends when this process does (a shell watches).
    ///
    /// # Panics
    /// As `start`.
    pub fn start_until_exit() -> Self {
        let kafka = Self::start();
        if let Some(child) = &kafka.child {
            let watch = format!(
                "while kill -0 {} 2>/dev/null; do sleep 1; done; kill -9 {}; rm -rf '{}'",
                std::process::id(),
                child.id(),
                kafka.dir.path().display()
            );
            let null = Stdio::null;
            let shell = Command::new("sh").args(["-c", &watch]).stdin(null()).stdout(null()).stderr(null()).spawn();
            drop(shell.expect("a shell that watches"));
        }
        kafka
    }

    /// `host:port` of the PLAINTEXT listener.
    pub fn brokers(&self) -> String {
        format!("127.0.0.1:{}", self.plain)
    }

    /// `host:port` of the SASL_SSL listener (user `USER`, password `PASSWORD`).
    pub fn sasl_brokers(&self) -> String {
        format!("127.0.0.1:{}", self.sasl)
    }

    /// The certificate (PEM) that the SASL_SSL listener shows.
    pub fn ca_pem(&self) -> PathBuf {
        self.dir.path().join("ca.pem")
    }

    /// Ends the broker as a power cut of its process would.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("SIGKILL to Kafka");
            child.wait().expect("Kafka's end");
        }
    }

    /// Asks the broker to end (SIGTERM) and waits for it.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let sent = Command::new("kill").arg(child.id().to_string()).status().expect("kill");
        assert!(sent.success(), "SIGTERM to Kafka");
        child.wait().expect("Kafka's end");
    }

    /// Stops the broker, if it runs, and starts it on the same folder and ports.
    pub fn restart(&mut self) {
        self.stop();
        self.run();
    }

    fn run(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log_file()).expect("Kafka's log");
        let child = java()
            .args(["-Xmx768m", "-cp", &class_path(), "kafka.Kafka"])
            .arg(self.dir.path().join("server.properties"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("Kafka's log"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|e| panic!("{NO_JAVA} ({e})"));
        self.child = Some(child);
        self.wait_until_ready();
    }

    fn wait_until_ready(&mut self) {
        let until = Instant::now() + Duration::from_secs(240);
        let open = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
        while !(open(self.plain) && open(self.sasl)) {
            let ended = self.child.as_mut().and_then(|c| c.try_wait().ok().flatten());
            assert!(
                ended.is_none() && Instant::now() < until,
                "Kafka does not start ({ended:?}); its last words:\n{}",
                self.last_words()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn log_file(&self) -> PathBuf {
        self.dir.path().join("kafka.log")
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(self.log_file()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

const NO_JAVA: &str = "Java 17 cannot be started: install it (Debian: apt install openjdk-17-jre-headless), \
                       or set JAVA_HOME; then run `cargo xtask test` again";

fn java() -> Command {
    Command::new(jdk_tool("java"))
}

fn jdk_tool(name: &str) -> PathBuf {
    std::env::var_os("JAVA_HOME").map_or_else(|| name.into(), |home| Path::new(&home).join("bin").join(name))
}

/// Where `tests/kafka/pom.xml` puts the jars.
fn class_path() -> String {
    let lib = Path::new(env!("CARGO_MANIFEST_DIR")).join("real/kafka/lib");
    let jars = fs::read_dir(&lib).map_or(0, Iterator::count);
    assert!(
        jars > 0,
        "Kafka's jars are not at {}: run `cargo xtask test`, or \
         `mvn -q -f tests/kafka/pom.xml dependency:copy-dependencies` (Debian: apt install maven)",
        lib.display()
    );
    lib.join("*").display().to_string()
}

fn make_store(dir: &Path) {
    let keytool = |args: &[&str]| {
        let out = Command::new(jdk_tool("keytool"))
            .current_dir(dir)
            .args(args)
            .args(["-keystore", "store.p12", "-storetype", "PKCS12", "-storepass", STORE_PASSWORD, "-alias", "kafka"])
            .output()
            .unwrap_or_else(|e| panic!("{NO_JAVA} (keytool: {e})"));
        assert!(out.status.success(), "keytool: {}", String::from_utf8_lossy(&out.stdout));
    };
    keytool(&[
        "-genkeypair",
        "-keyalg",
        "EC",
        "-validity",
        "30",
        "-dname",
        "CN=localhost",
        "-ext",
        "SAN=dns:localhost,ip:127.0.0.1",
    ]);
    keytool(&["-exportcert", "-rfc", "-file", "ca.pem"]);
}

fn format(dir: &Path) {
    let out = java()
        .args(["-cp", &class_path(), "kafka.tools.StorageTool", "format", "--standalone", "-t", CLUSTER])
        .args(["--add-scram", &format!("SCRAM-SHA-512=[name={USER},password={PASSWORD}]")])
        .arg("-c")
        .arg(dir.join("server.properties"))
        .output()
        .unwrap_or_else(|e| panic!("{NO_JAVA} ({e})"));
    let said = [out.stdout, out.stderr].concat();
    assert!(out.status.success(), "Kafka's StorageTool: {}", String::from_utf8_lossy(&said));
}

fn properties(dir: &Path, plain: u16, controller: u16, sasl: u16) -> String {
    let dir = dir.display();
    let listeners =
        format!("PLAINTEXT://127.0.0.1:{plain},SASL_SSL://127.0.0.1:{sasl},CONTROLLER://127.0.0.1:{controller}");
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners={listeners}
advertised.listeners={listeners}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PKCS12
ssl.keystore.location={dir}/store.p12
ssl.keystore.password={STORE_PASSWORD}
ssl.key.password={STORE_PASSWORD}
log.dirs={dir}/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
"
    )
}
