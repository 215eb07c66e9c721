//! The HTTP API against its own OpenAPI description: Schemathesis (PyPI) asks every operation
//! with good and bad values, and judges every answer by what is described: status, type and
//! shape, nothing accepted that must be refused, nobody served who is not signed in.
#![cfg(feature = "real-parts")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tests::process::succeed;
use tests::rig::{self, Rig};

const PATIENCE: Duration = Duration::from_secs(240);
/// Values tried of each operation.
const EXAMPLES: &str = "15";
/// An endless answer; `browser_board` follows it.
const ENDLESS: &str = "/api/v1/live/stream";

#[test]
fn every_answer_is_as_described() {
    let rig = Rig::new();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schemathesis = tests.join("real/venv/bin/schemathesis");
    assert!(schemathesis.exists(), "{} is missing: run `cargo xtask test`, which installs it", schemathesis.display());
    let data = tests.join("data/asterisk-a");
    let (stream, roster) = (data.join("ami-calls.raw.gz"), data.join("roster.json"));
    let (stream, roster) = (stream.display().to_string(), roster.display().to_string());
    let folder = rig.shown("data");
    let arguments = ["--switch", "pbx1", "--dialect", "asterisk.ami", "--roster", &roster, &stream];
    succeed(rig.environment(), &[&["import", "--data-dir", &folder][..], &arguments].concat());
    // So many calls in a row are not what the limits are for.
    let http = rig::http(&rig) + "api_calls_per_second = 1000.0\napi_calls_at_once = 100000\n";
    let pipeline = rig.pipeline("api", &[http, rig::limits()]);
    let mut service = rig.run("api", &pipeline, "data");
    let address = service.wait_for("listening on http://", PATIENCE);

    let described = format!("http://{address}/api/v1/openapi.json");
    let token = format!("Authorization: Bearer {}", rig::ADMINISTRATOR);
    // The report of a failure may show the token: it is one of this test, gone when it ends.
    let asked = Command::new(schemathesis)
        .args(["run", &described, "--header", &token, "--exclude-path", ENDLESS, "--checks", "all"])
        // What fits parameter by parameter may still not fit together (a range that ends before
        // it begins, a time in no zone): that is refused with 400, and no schema can say it.
        .args(["--exclude-checks", "positive_data_acceptance"])
        .args(["--max-examples", EXAMPLES, "--seed", "1", "--generation-deterministic", "--no-color"])
        .current_dir(rig.path(""))
        .output()
        .expect("Schemathesis starts");
    let said = String::from_utf8_lossy(&asked.stdout);
    assert!(asked.status.success(), "{said}\n{}", String::from_utf8_lossy(&asked.stderr));
    assert!(service.runs(), "the server still runs");
    println!("{said}");
}
