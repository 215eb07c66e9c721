//! Recordings into a folder and into a real S3 server, beside plain copy tools that do the
//! same to the same stores.
//!
//! Contract: ours is the stage `recordings` itself (hash, probe, upload, verification,
//! outcomes into an embedded log), in a process of its own; what it is compared with hashes,
//! checks and tells nothing. Into the folder: `cp -r`, and `cp -r` with a `sync` of what it
//! wrote, for ours is on the disk when it is told. Into S3: `aws s3 cp --recursive`, and a
//! bare loop of puts of the object-store library, four at a time. The ratio is to the
//! quicker; the corpus is read once before, so that nobody pays for a cold cache.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use tests::s3::S3;

use crate::Failure;
use crate::args::Args;
use crate::child::{done, tell};
use crate::corpus::{self, Corpus};
use crate::setup;
use crate::told::Told;

/// Measures both stores with both kinds of recordings.
///
/// # Errors
/// A step failed.
pub fn recordings(args: &Args) -> Result<Told, Failure> {
    let aws = setup::python("aws")?;
    let s3 = S3::start("recordings");
    let mut told = Told::default();
    for (kind, small, large) in [("small", args.small, 0), ("large", 0, args.large)] {
        let folder = tempfile::tempdir()?;
        let corpus = corpus::make(&folder.path().join("from"), small, large)?;
        let measure = Measure { args, kind, corpus: &corpus, folder: folder.path(), environment: s3.environment() };
        measure.folder(&mut told)?;
        measure.s3(&s3, &aws, &mut told)?;
    }
    Ok(told)
}

struct Measure<'a> {
    args: &'a Args,
    kind: &'a str,
    corpus: &'a Corpus,
    folder: &'a Path,
    environment: Vec<(String, String)>,
}

impl Measure<'_> {
    fn folder(&self, told: &mut Told) -> Result<(), Failure> {
        let ours = self.ours("folder", &self.folder.join("vault").display().to_string(), told)?;
        let mut plain = Vec::new();
        for (name, synced) in [("cp", false), ("cp_sync", true)] {
            let to = self.folder.join(name);
            let rate = self.timed(|| {
                let mut cp = Command::new("cp");
                cp.arg("-r").arg(&self.corpus.folder).arg(&to);
                done(cp, "cp")?;
                let mut sync = Command::new("sync");
                sync.arg("-f").arg(&to);
                if synced { done(sync, "sync") } else { Ok(()) }
            })?;
            told.figure(&format!("{}_folder_{name}_mib_per_s", self.kind), rate);
            plain.push(rate);
        }
        told.figure(&format!("{}_folder_ratio_to_cp", self.kind), ours / plain[0]);
        told.figure(&format!("{}_folder_ratio_to_cp_sync", self.kind), ours / plain[1]);
        Ok(())
    }

    fn s3(&self, s3: &S3, aws: &Path, told: &mut Told) -> Result<(), Failure> {
        let place = |name: &str| format!("{}/{}/{name}", s3.url(), self.kind);
        let put = step_with(self, &place("put"), "put-plainly")?;
        let bare = self.rate(put.get("put_s"));
        told.figure(&format!("{}_s3_put_loop_mib_per_s", self.kind), bare);
        let tool = self.timed(|| {
            let mut copy = Command::new(aws);
            copy.envs(self.environment.iter().cloned()).env("AWS_DEFAULT_REGION", "us-east-1");
            copy.args(["s3", "cp", "--recursive", "--only-show-errors", "--endpoint-url", &s3.endpoint()]);
            copy.arg(&self.corpus.folder).arg(place("aws"));
            done(copy, "aws s3 cp")
        })?;
        told.figure(&format!("{}_s3_aws_cp_mib_per_s", self.kind), tool);
        let ours = self.ours("s3", &place("vault"), told)?;
        told.figure(&format!("{}_s3_ratio_to_aws_cp", self.kind), ours / tool);
        told.figure(&format!("{}_s3_ratio_to_the_quicker", self.kind), ours / bare.max(tool));
        Ok(())
    }

    /// MiB a second of the stage.
    fn ours(&self, store: &str, to: &str, told: &mut Told) -> Result<f64, Failure> {
        let found = step_with(self, to, "store-recordings")?;
        let rate = self.rate(found.get("store_s"));
        let name = |figure: &str| format!("{}_{store}_ours_{figure}", self.kind);
        told.figure(&name("mib_per_s"), rate);
        told.maybe(&name("rss_peak_mib"), found.get("store_rss_peak_mib"));
        told.maybe(&name("rss_before_mib"), found.get("store_rss_before_mib"));
        Ok(rate)
    }

    fn timed(&self, work: impl FnOnce() -> Result<(), Failure>) -> Result<f64, Failure> {
        let begun = Instant::now();
        work()?;
        Ok(self.rate(Some(begun.elapsed().as_secs_f64())))
    }

    fn rate(&self, seconds: Option<f64>) -> f64 {
        self.corpus.mib() / seconds.unwrap_or(f64::NAN)
    }
}

fn step_with(measure: &Measure<'_>, to: &str, command: &str) -> Result<Told, Failure> {
    let args = Args { folder: Some(measure.corpus.folder.clone()), to: Some(to.to_owned()), ..measure.args.clone() };
    let mut child = Command::new(std::env::current_exe()?);
    child.args(args.words(command)).envs(measure.environment.iter().cloned());
    tell(child, command)
}
