//! Defaults of the Salesforce target (`docs/crm.md`, section 2).

use model::Name;

pub(super) fn salesforce() -> Name {
    Name::new_static("salesforce")
}

pub(super) fn api_version() -> String {
    "v62.0".to_owned()
}

pub(super) const fn lanes() -> usize {
    4
}

pub(super) const fn batch_rows() -> usize {
    200
}

pub(super) const fn bulk_rows() -> usize {
    2_000
}

pub(super) const fn bulk_job_rows() -> usize {
    50_000
}

pub(super) const fn bulk_wait_ms() -> u64 {
    1_800_000
}

pub(super) const fn timeout_ms() -> u64 {
    120_000
}

pub(super) const fn attempts() -> u32 {
    6
}

pub(super) const fn backoff_ms() -> u64 {
    500
}

pub(super) const fn backoff_most_ms() -> u64 {
    30_000
}

pub(super) const fn circuit_ms() -> u64 {
    300_000
}

pub(super) const fn pace_ms() -> u64 {
    1_000
}
