//! Hands decoders to the engine: the one place where dialects and the fold meet.

use std::sync::Arc;

use pipeline::switch_fold::{DecoderFactory, FoldConfig};

/// Default late horizon: 24 h of event time.
pub const LATE_HORIZON_MS: i64 = 24 * 3_600_000;

/// Part of every `app_id` and snapshot: a changed formula or state format raises it.
pub const GENERATION: &str = "g1";

/// Decoders of every dialect that this build knows.
pub fn decoders() -> DecoderFactory {
    Arc::new(|dialect, switch, center| dialects::registry::decoder(dialect, switch, center))
}

/// The fold as every command uses it.
pub fn fold_config() -> FoldConfig {
    FoldConfig { late_horizon_ms: LATE_HORIZON_MS, force_figures: None, decoders: decoders() }
}
