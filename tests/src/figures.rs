//! Figures and rows of a lake, to compare two of them.

use metrics::Options;
use tables::{Filter, Lake, LakeConfig, S3Settings};

use crate::s3::S3;

/// The generation that the program writes.
pub const GENERATION: &str = "g1";

/// A lake in a folder.
///
/// # Panics
/// Where it cannot be opened.
pub async fn folder(path: &std::path::Path) -> Lake {
    Lake::open(LakeConfig::folder(path, GENERATION)).await.expect("a lake")
}

/// A lake on an S3 server, below `prefix`.
///
/// # Panics
/// Where it cannot be opened.
pub async fn on_s3(s3: &S3, prefix: &str) -> Lake {
    let config = LakeConfig {
        place: format!("{}/{prefix}/lake", s3.url()),
        s3: S3Settings {
            region: Some("us-east-1".into()),
            endpoint: Some(s3.endpoint()),
            allow_http: true,
            access_key_id: Some(s3.key().into()),
            secret_access_key: Some(s3.secret().into()),
        },
        generation: GENERATION.into(),
    };
    Lake::open(config).await.expect("a lake")
}

/// The queue report and the contacts report by quarter hours, as JSON.
///
/// # Errors
/// The tables cannot be read.
pub async fn reports(lake: &Lake) -> Result<String, tables::TablesError> {
    let all = Filter::default();
    let options = Options { interval: metrics::Interval::Quarter, total: true, ..Options::default() };
    let (visits, calls) = (lake.visits(&all).await?, lake.calls(&all).await?);
    let queues = metrics::render::json(&metrics::queues(&visits, &options), &options);
    let contacts = metrics::render::json(&metrics::contacts(&calls, &options), &options);
    Ok(format!("{queues}\n{contacts}"))
}

/// The lines in which two reports differ: `-` wanted, `+` found; empty where they are equal.
pub fn differences(wanted: &str, found: &str) -> String {
    let only = |sign: &str, of: &str, other: &str| -> String {
        let lines = of.lines().filter(|l| !other.lines().any(|o| o == *l));
        lines.map(|l| format!("{sign} {l}\n")).collect()
    };
    only("-", wanted, found) + &only("+", found, wanted)
}
