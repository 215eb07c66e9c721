//! Entry points for fuzzers: each takes any bytes, and panics only where the crate breaks
//! one of its promises.

pub mod text;

pub use crate::ami::fuzz_ami;
