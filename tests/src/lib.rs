//! What crosses crates is tested from here.
pub mod fuzz;
pub mod kafka;
pub mod s3;
