//! Links of Markdown files inside the repository lead somewhere.

use std::path::{Component, Path, PathBuf};

use super::Finding;

/// What breaks the rule.
pub fn check(file: &str, text: &str, files: &[String]) -> Vec<Finding> {
    if !file.ends_with(".md") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut code = false;
    for (n, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        if code {
            continue;
        }
        for target in targets(line) {
            if !leads(file, target, files) {
                found.push(Finding::error(format!("{file}:{}", n + 1), format!("'{target}' is not in the repository")));
            }
        }
    }
    found
}

/// What stands in `](…)` on a line.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

fn leads(file: &str, target: &str, files: &[String]) -> bool {
    let path = target.split(['#', ' ', '?']).next().unwrap_or_default();
    if path.is_empty() || target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let base = Path::new(file).parent().unwrap_or(Path::new(""));
    let mut whole = PathBuf::new();
    for part in base.join(path).components() {
        match part {
            Component::ParentDir if !whole.pop() => return false,
            Component::Normal(name) => whole.push(name),
            _ => {}
        }
    }
    let whole = whole.display().to_string();
    whole.is_empty() || files.iter().any(|f| *f == whole || f.starts_with(&format!("{whole}/")))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn links_must_lead_to_a_file_or_a_folder() {
        let files = ["README.md".to_owned(), "docs/a.md".to_owned()];
        let text = "[a](docs/a.md#x) [b](docs) [c](https://host/x) [d](#here)\n```\n[x](y)\n```\n[bad](docs/b.md)\n";
        let found = check("README.md", text, &files);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place, "README.md:5");
        assert_eq!(check("docs/a.md", "[up](../README.md)", &files), []);
        assert_eq!(check("docs/a.md", "[out](../../README.md)", &files).len(), 1);
    }
}
