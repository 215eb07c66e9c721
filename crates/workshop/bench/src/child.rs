//! Steps as processes of their own, so that one's memory is not told as another's; and the
//! product itself as a process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::args::Args;
use crate::told::Told;

/// Runs a command of this program with these settings.
///
/// # Errors
/// It failed, or told nothing.
pub fn step(args: &Args, command: &str) -> Result<Told, Failure> {
    let mut child = Command::new(std::env::current_exe()?);
    child.args(args.words(command));
    tell(child, command)
}

/// Runs a program that tells its figures in its last line.
///
/// # Errors
/// It failed, or told nothing.
pub fn tell(mut command: Command, what: &str) -> Result<Told, Failure> {
    eprintln!("{what} …");
    let out = command.stderr(Stdio::inherit()).output().map_err(|e| format!("{what}: {e}"))?;
    if !out.status.success() {
        return Err(format!("{what} failed ({})", out.status).into());
    }
    Ok(Told::read(&String::from_utf8_lossy(&out.stdout))?)
}

/// Runs a program to its end.
///
/// # Errors
/// It failed.
pub fn done(mut command: Command, what: &str) -> Result<(), Failure> {
    let status = command.stdout(Stdio::null()).status().map_err(|e| format!("{what}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{what} failed ({status})").into()) }
}

/// `ringledger` beside this program.
///
/// # Errors
/// It is not built.
pub fn ringledger() -> Result<PathBuf, Failure> {
    let path = std::env::current_exe()?.with_file_name("ringledger");
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("{} is not there: cargo build --release -p ringledger -p bench", path.display()).into())
}

/// A running `ringledger`; killed when dropped.
pub struct Service {
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts it; what it says goes to the end of `log`.
    ///
    /// # Errors
    /// It is not built or cannot be started.
    pub fn start(environment: &[(String, String)], words: &[&str], log: &Path) -> Result<Self, Failure> {
        let file = || std::fs::OpenOptions::new().create(true).append(true).open(log);
        let child = Command::new(ringledger()?)
            .env_remove("RUST_LOG")
            .env_remove("RINGLEDGER_DATA_DIR")
            .envs(environment.iter().cloned())
            .args(words)
            .stdin(Stdio::null())
            .stdout(file()?)
            .stderr(file()?)
            .spawn()?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// What stands behind `mark` in the last line that has it, once there is one.
    ///
    /// # Errors
    /// It ended before, or did not say it in time.
    pub fn wait_for(&mut self, mark: &str, patience: Duration) -> Result<String, Failure> {
        let begun = Instant::now();
        loop {
            let said = std::fs::read_to_string(&self.log).unwrap_or_default();
            if let Some(line) = said.lines().rev().find_map(|l| Some(l.split_once(mark)?.1.to_owned())) {
                return Ok(line);
            }
            if begun.elapsed() > patience || self.child.try_wait()?.is_some() {
                return Err(format!("ringledger never said '{mark}':\n{said}").into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asks it to end and waits for it.
    ///
    /// # Errors
    /// It did not end in time, or failed.
    pub fn terminate(mut self, patience: Duration) -> Result<(), Failure> {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        if !sent.success() {
            return Err("SIGTERM could not be sent".into());
        }
        let begun = Instant::now();
        loop {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => {
                    return Err(format!("ringledger ended with {status}; see {}", self.log.display()).into());
                }
                None if begun.elapsed() > patience => return Err("ringledger does not end".into()),
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Most memory that it had so far, MiB, and its processor time, seconds.
    pub fn used(&self) -> (Option<f64>, Option<f64>) {
        (crate::memory::peak_mib_of(self.child.id()), crate::memory::processor_s_of(self.child.id()))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
