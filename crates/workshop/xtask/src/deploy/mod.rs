//! The files of `deploy/`: built where the machine has a builder, else linted for what
//! can be told from their text.

mod build;
mod compose;
mod container;

pub use build::build;

use crate::tidy::Finding;
use crate::workspace;

/// Lints every container and compose file of the repository.
pub fn check(files: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|f| f.starts_with("deploy/")) {
        let Some(text) = workspace::text(file) else { continue };
        let name = file.rsplit('/').next().unwrap_or(file);
        if matches!(name, "Containerfile" | "Dockerfile") {
            found.extend(container::check(file, &text, files));
        } else if name.contains("compose") && (name.ends_with(".yaml") || name.ends_with(".yml")) {
            found.extend(compose::check(file, &text, files));
        }
    }
    found
}

/// Whether an image's name says which version it is.
fn pinned(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or(image);
    name.contains('@') || name.split_once(':').is_some_and(|(_, tag)| !tag.is_empty() && tag != "latest")
}

/// Whether a path below the top folder is a file or folder of the repository.
fn exists(path: &str, files: &[String]) -> bool {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    path.is_empty() || path == "." || files.iter().any(|f| f == path || f.starts_with(&format!("{path}/")))
}
