//! Builds the container file where the machine has a builder that works and the base
//! images can be had; elsewhere it says that the file was only linted.

use crate::run::{command, done, output};
use crate::{system, workspace};

/// The container file that is built.
const FILE: &str = "deploy/Containerfile";

/// Builders, each with the call that shows whether it works.
const BUILDERS: &[(&str, &[&str])] = &[("docker", &["info"]), ("podman", &["info"]), ("buildah", &["info"])];

/// Builds the image, and runs it once.
///
/// # Errors
/// Where a working builder fails.
pub fn build() -> Result<(), String> {
    let Some((builder, _)) = BUILDERS.iter().find(|(name, works)| system::runs(name, works)) else {
        eprintln!("container: no builder works here (docker, podman, buildah); {FILE} was linted only");
        return Ok(());
    };
    for image in bases() {
        if let Err(why) = output(command(builder, &["pull", &image])) {
            eprintln!("container: {FILE} was linted only, its base cannot be had: {why}");
            return Ok(());
        }
    }
    done(command(builder, &["build", "--file", FILE, "--tag", "ringledger:test", "."]))?;
    if *builder == "buildah" {
        return Ok(());
    }
    done(command(builder, &["run", "--rm", "ringledger:test", "--version"]))
}

/// The images that the file starts from.
fn bases() -> Vec<String> {
    let text = workspace::text(FILE).unwrap_or_default();
    let lines = text.lines().filter_map(|l| l.strip_prefix("FROM "));
    lines.filter_map(|l| l.split_whitespace().next()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::bases;

    #[test]
    fn the_bases_are_read_from_the_file() {
        let found = bases();
        assert!(found.len() == 2 && found.iter().all(|b| b.contains(':')), "{found:?}");
    }
}
