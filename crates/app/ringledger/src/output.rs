//! What goes where: results alone on standard output, all else on standard error.

use std::io::{IsTerminal, Write};

/// Structured logs on standard error: `RUST_LOG` rules, else warnings (`-v`: information).
pub fn start_logging(verbose: u8) {
    // The tables' library reports conflicts that the lake handles as errors, and each look
    // at a table as information: both only to who asks for everything.
    const QUIET: &str = "deltalake_core=off,buoyant_kernel=warn,delta_kernel=warn";
    let fallback = match verbose {
        0 => format!("warn,{QUIET}"),
        1 => format!("info,{QUIET}"),
        _ => "debug".to_owned(),
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(fallback));
    let json = std::env::var("RINGLEDGER_LOG_FORMAT").is_ok_and(|f| f == "json");
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    if json {
        builder.json().init();
    } else {
        builder.init();
    }
}

/// Prints a result; a closed pipe (`| head`) is no error.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Says something about the run to the person who started it.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
