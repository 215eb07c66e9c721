//! What this process holds, as Linux tells it.

/// Resident now, MiB; `None` where the system does not tell.
pub fn resident_mib() -> Option<f64> {
    status("VmRSS:")
}

/// Resident at most so far, MiB.
pub fn peak_mib() -> Option<f64> {
    status("VmHWM:")
}

/// Processor time of this process so far, all threads, seconds (ticks of 10 ms, as every
/// Linux of today tells them).
pub fn processor_s() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name may hold blanks; what follows its closing bracket may not.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

fn status(name: &str) -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}
