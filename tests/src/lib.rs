//! What crosses crates is tested from here.
