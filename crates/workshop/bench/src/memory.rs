//! What a process holds and has used, as Linux tells it.

/// Resident now, MiB; `None` where the system does not tell.
pub fn resident_mib() -> Option<f64> {
    status("self", "VmRSS:")
}

/// Resident at most so far, MiB.
pub fn peak_mib() -> Option<f64> {
    status("self", "VmHWM:")
}

/// The same of another process.
pub fn peak_mib_of(process: u32) -> Option<f64> {
    status(&process.to_string(), "VmHWM:")
}

/// Processor time of this process so far, all threads, seconds (ticks of 10 ms, as every
/// Linux of today tells them).
pub fn processor_s() -> Option<f64> {
    ticks("self")
}

/// The same of another process.
pub fn processor_s_of(process: u32) -> Option<f64> {
    ticks(&process.to_string())
}

fn ticks(process: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name may hold blanks; what follows its closing bracket may not.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

fn status(process: &str, name: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}
