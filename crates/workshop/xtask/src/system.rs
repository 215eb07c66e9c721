//! What only the system can give, by name and Debian package. In CI (`CI=true`), as root
//! with apt-get, what is missing is installed; elsewhere it is named and nothing is done.

use std::path::Path;
use std::process::Command;

use crate::run;

/// One thing that the system gives.
struct Need {
    what: &'static str,
    packages: &'static [&'static str],
    there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need { what: "a Java runtime, 17 or newer (Kafka)", packages: &["openjdk-17-jre-headless"], there: java },
    Need { what: "Maven (fetches Kafka)", packages: &["maven"], there: || runs("mvn", &["--version"]) },
    Need {
        what: "Node.js and npm, 20 or newer (jsforce, the browser's driver, the OpenID provider)",
        packages: &["nodejs", "npm"],
        there: || node() && runs("npm", &["--version"]),
    },
    Need {
        what: "Python 3.10 or newer with venv (readers of the tables, the S3 server)",
        packages: &["python3", "python3-venv"],
        there: || runs("python3", &["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))"]),
    },
    Need { what: "the browser Chromium (pages)", packages: &["chromium"], there: || Path::new(CHROMIUM).is_file() },
    Need {
        what: "Prometheus and promtool (metrics, alerts, dashboards)",
        packages: &["prometheus"],
        there: || PROMETHEUS.iter().all(|program| Path::new(program).is_file()),
    },
];

/// Where Debian's package puts them; the tests start them from there.
const PROMETHEUS: [&str; 2] = ["/usr/bin/prometheus", "/usr/bin/promtool"];

/// Where Debian's package puts the browser; the tests start it from there.
const CHROMIUM: &str = "/usr/bin/chromium";

/// Makes sure that everything is there.
///
/// # Errors
/// What is missing, and the command that installs it.
pub fn check() -> Result<(), String> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().flat_map(|n| n.packages.iter().copied()).collect();
    if may_install() {
        install(&packages)?;
        return match self::missing().as_slice() {
            [] => Ok(()),
            still => Err(told(still, &packages)),
        };
    }
    Err(told(&missing, &packages))
}

fn missing() -> Vec<&'static Need> {
    NEEDS.iter().filter(|n| !(n.there)()).collect()
}

fn told(missing: &[&Need], packages: &[&str]) -> String {
    let list: String = missing.iter().map(|n| format!("\n  - {}", n.what)).collect();
    format!(
        "the tests need parts that only the system can give:{list}\non Debian: sudo apt-get install {}\n\
         (`cargo test` alone runs what needs none of them)",
        packages.join(" ")
    )
}

fn may_install() -> bool {
    let ci = std::env::var("CI").is_ok_and(|v| v == "true" || v == "1");
    let root = run::output(run::command("id", &["-u"])).is_ok_and(|id| id.trim() == "0");
    ci && root && runs("apt-get", &["--version"])
}

fn install(packages: &[&str]) -> Result<(), String> {
    let mut args = vec!["install", "--yes", "--no-install-recommends"];
    args.extend(packages);
    let quiet = |mut c: Command| {
        c.env("DEBIAN_FRONTEND", "noninteractive");
        c
    };
    run::done(quiet(run::command("apt-get", &["update", "--quiet"])))?;
    run::done(quiet(run::command("apt-get", &args)))
}

/// Whether a program starts and succeeds.
pub fn runs(program: &str, args: &[&str]) -> bool {
    run::output(run::command(program, args)).is_ok()
}

fn java() -> bool {
    // `java -version` speaks on standard error: `openjdk version "17.0.15" …`.
    let Ok(out) = Command::new("java").arg("-version").output() else { return false };
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    text.split('"').nth(1).and_then(major).is_some_and(|v| v >= 17)
}

fn node() -> bool {
    run::output(run::command("node", &["--version"]))
        .is_ok_and(|v| major(v.trim().trim_start_matches('v')).is_some_and(|v| v >= 20))
}

fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}
