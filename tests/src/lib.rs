//! What crosses crates is tested from here.
pub mod browser;
pub mod chaos;
pub mod crm_records;
pub mod figures;
pub mod fuzz;
pub mod group;
pub mod kafka;
pub mod ports;
pub mod process;
pub mod prometheus;
pub mod rig;
pub mod s3;
pub mod switch;
