//! A real S3 server for the tests: SeaweedFS, all its parts in one process, in a folder
//! of its own.
//!
//! Contract: listens on free ports of 127.0.0.1, with keys made for this one run;
//! what was acknowledged survives `kill9` and `restart`; gone when dropped. A missing
//! server ends the test with what to install: nothing is skipped.

use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(180);

/// The parts of the server that listen, with their HTTP and their gRPC port.
const PARTS: [&str; 5] = ["s3", "filer", "master", "volume", "admin"];

/// A running S3 server with one bucket.
pub struct S3 {
    dir: tempfile::TempDir,
    bucket: String,
    key: String,
    secret: String,
    ports: Vec<u16>,
    child: Option<Child>,
}

impl S3 {
    /// Starts a server with one empty bucket; returns when the bucket is there.
    ///
    /// # Panics
    /// Where the server is not installed (says what to do) or does not start.
    pub fn start(bucket: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder for the S3 server");
        let (key, secret) = (random_word(), random_word() + &random_word());
        let mut s3 = Self {
            dir,
            bucket: bucket.to_owned(),
            key,
            secret,
            ports: crate::ports::free(PARTS.len() * 2),
            child: None,
        };
        s3.run();
        s3
    }

    /// `s3://<bucket>`.
    pub fn url(&self) -> String {
        format!("s3://{}", self.bucket)
    }

    /// `http://127.0.0.1:<port>`.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[0])
    }

    /// The access key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Its secret.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Everything that a client needs, as environment variables.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.environment_with(&self.secret)
    }

    /// The same with another secret.
    pub fn environment_with(&self, secret: &str) -> Vec<(String, String)> {
        [
            ("AWS_ACCESS_KEY_ID", self.key.as_str()),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_ENDPOINT", &self.endpoint()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ALLOW_HTTP", "true"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Ends the server as a power cut of its process would.
    ///
    /// # Panics
    /// Where the system refuses.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("SIGKILL to the S3 server");
            child.wait().expect("the S3 server's end");
        }
    }

    /// Asks the server to end (SIGTERM) and waits for it.
    ///
    /// # Panics
    /// Where the system refuses.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let sent = Command::new("kill").arg(child.id().to_string()).status().expect("kill");
        assert!(sent.success(), "SIGTERM to the S3 server");
        child.wait().expect("the S3 server's end");
    }

    /// The server hangs: it takes connections and answers nothing, until `resume`.
    ///
    /// # Panics
    /// Where the system refuses.
    pub fn pause(&self) {
        self.child.iter().for_each(|c| crate::process::signal(c.id(), "STOP"));
    }

    /// The server goes on after `pause`.
    ///
    /// # Panics
    /// Where the system refuses.
    pub fn resume(&self) {
        self.child.iter().for_each(|c| crate::process::signal(c.id(), "CONT"));
    }

    /// Stops the server, if it runs, and starts it on the same folder and ports.
    pub fn restart(&mut self) {
        self.stop();
        self.run();
    }

    /// Bytes on the server's disk, parts of unfinished uploads included.
    pub fn disk_bytes(&self) -> u64 {
        folder_bytes(self.dir.path())
    }

    fn run(&mut self) {
        let data = self.dir.path().join("data");
        std::fs::create_dir_all(&data).expect("a folder for the S3 server's data");
        let log = File::create(self.log()).expect("the S3 server's log");
        let mut command = Command::new(program());
        command
            .args(["mini", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"])
            .arg(format!("-dir={}", data.display()))
            .arg(format!("-bucket={}", self.bucket))
            .args(["-webdav=false", "-admin.ui=false", "-master.telemetry=false"])
            .args(["-s3.port.iceberg=0", "-s3.port.lance=0"])
            .env("AWS_ACCESS_KEY_ID", &self.key)
            .env("AWS_SECRET_ACCESS_KEY", &self.secret)
            .env("HOME", self.dir.path())
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the S3 server's log"))
            .stderr(log);
        for (part, ports) in PARTS.iter().zip(self.ports.chunks(2)) {
            command.arg(format!("-{part}.port={}", ports[0])).arg(format!("-{part}.port.grpc={}", ports[1]));
        }
        self.child = Some(command.spawn().expect("the S3 server starts"));
        self.wait_ready();
    }

    fn wait_ready(&mut self) {
        let begun = Instant::now();
        let bucket = format!("/buckets/{}/", self.bucket);
        // The last wish writes: only then has the part that keeps bytes come back too.
        while !(answers(self.ports[0], "GET", "/healthz", 200)
            && answers(self.ports[2], "GET", &bucket, 200)
            && answers(self.ports[2], "PUT", "/ready", 201))
        {
            let ended = self.child.as_mut().and_then(|c| c.try_wait().ok().flatten());
            if ended.is_some() || begun.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(self.log()).unwrap_or_default();
                panic!("the S3 server did not start (ended: {ended:?}):\n{log}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("server.log")
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn program() -> PathBuf {
    let weed = Path::new(env!("CARGO_MANIFEST_DIR")).join("real/venv/bin/weed");
    assert!(weed.is_file(), "the S3 server is not installed ({}): run `cargo xtask setup`", weed.display());
    weed
}

/// Whether a request with a short body is answered with that status.
fn answers(port: u16, method: &str, path: &str, status: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nready")?;
        let mut begin = [0_u8; 12];
        stream.read_exact(&mut begin)?;
        Ok(begin.ends_with(format!(" {status}").as_bytes()))
    };
    ask().unwrap_or(false)
}

fn random_word() -> String {
    let number = std::collections::hash_map::RandomState::new().build_hasher().finish();
    format!("{number:016X}")
}

fn folder_bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|e| match e.metadata() {
            Ok(meta) if meta.is_dir() => folder_bytes(&e.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}
