//! The log in memory keeps the contract that the real ones keep.

#[tokio::test(flavor = "multi_thread")]
async fn the_log_in_memory_passes_the_contract() {
    event_log::contract::all(&simulation::MemoryLog::default()).await;
}
