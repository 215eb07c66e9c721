//! A compose file, linted: it parses, names only what it defines, pins its images and
//! holds no secret of its own.

use yaml_rust2::{Yaml, YamlLoader, yaml::Hash};

use super::{exists, pinned};
use crate::tidy::Finding;

/// What is wrong with it.
pub fn check(file: &str, text: &str, files: &[String]) -> Vec<Finding> {
    let documents = match YamlLoader::load_from_str(text) {
        Ok(documents) => documents,
        Err(e) => return vec![Finding::error(file, format!("is no YAML: {e}"))],
    };
    let [document] = documents.as_slice() else {
        return vec![Finding::error(file, "holds not exactly one document")];
    };
    let Some(services) = document["services"].as_hash() else {
        return vec![Finding::error(file, "has no services")];
    };
    let volumes = document["volumes"].as_hash().cloned().unwrap_or_default();
    let mut found = Vec::new();
    for (name, service) in services {
        let place = format!("{file}: {}", name.as_str().unwrap_or("?"));
        let problems = [
            image(service, files),
            depends(service, services),
            mounts(service, &volumes, files),
            secrets(service),
            ports(service),
        ];
        found.extend(problems.into_iter().flatten().map(|what| Finding::error(&place, what)));
    }
    found
}

fn image(service: &Yaml, files: &[String]) -> Vec<String> {
    match (service["image"].as_str(), service["build"].is_badvalue()) {
        (Some(image), _) if !pinned(image) => vec![format!("image '{image}' says no version")],
        (Some(_), _) => Vec::new(),
        (None, true) => vec!["has neither image nor build".into()],
        (None, false) => {
            let named = service["build"]["dockerfile"].as_str().unwrap_or_default();
            if exists(named, files) { Vec::new() } else { vec![format!("builds '{named}', which is not there")] }
        }
    }
}

fn depends(service: &Yaml, services: &Hash) -> Vec<String> {
    let listed = service["depends_on"].as_vec().into_iter().flatten();
    let keyed = service["depends_on"].as_hash().into_iter().flat_map(Hash::keys);
    listed
        .chain(keyed)
        .filter(|on| !services.contains_key(*on))
        .map(|on| format!("depends on '{}', which is no service", on.as_str().unwrap_or("?")))
        .collect()
}

fn mounts(service: &Yaml, volumes: &Hash, files: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    for mount in texts(&service["volumes"]) {
        let Some((from, to)) = mount.split_once(':') else { continue };
        if !to.starts_with('/') {
            wrong.push(format!("mounts '{mount}' at no absolute path"));
        }
        if let Some(path) = from.strip_prefix("../") {
            if !exists(path, files) {
                wrong.push(format!("mounts '{from}', which is not in the repository"));
            }
        } else if !from.starts_with(['/', '.', '$']) && !volumes.contains_key(&Yaml::String(from.into())) {
            wrong.push(format!("mounts '{from}', which is no volume"));
        }
    }
    wrong
}

/// Secrets come from outside (`${NAME:?…}`), never from the file.
fn secrets(service: &Yaml) -> Vec<String> {
    let environment = service["environment"].as_hash().into_iter().flatten();
    let mut pairs: Vec<(String, String)> = environment
        .map(|(k, v)| (k.as_str().unwrap_or_default().to_owned(), v.as_str().unwrap_or_default().to_owned()))
        .collect();
    pairs.extend(texts(&service["environment"]).filter_map(|t| t.split_once('=')).map(|(k, v)| (k.into(), v.into())));
    let secret = |name: &str| ["SECRET", "PASSWORD", "TOKEN", "ACCESS_KEY"].iter().any(|w| name.contains(w));
    pairs
        .into_iter()
        .filter(|(name, value)| secret(&name.to_ascii_uppercase()) && !value.starts_with("${"))
        .map(|(name, _)| format!("{name} is written down; take it from the environment"))
        .collect()
}

/// Ports are published on this machine only: none of these servers has TLS here.
fn ports(service: &Yaml) -> Vec<String> {
    texts(&service["ports"])
        .filter(|p| !p.starts_with("127.0.0.1:"))
        .map(|p| format!("publishes '{p}' to the network; bind it to 127.0.0.1"))
        .collect()
}

fn texts(list: &Yaml) -> impl Iterator<Item = &str> {
    list.as_vec().into_iter().flatten().filter_map(Yaml::as_str)
}

#[cfg(test)]
mod tests {
    use super::check;

    const GOOD: &str = "
services:
  a:
    image: x/y:1
    depends_on: [b]
    environment: { API_TOKEN: \"${T:?}\" }
    volumes: [\"data:/data\"]
    ports: [\"127.0.0.1:1:1\"]
  b:
    build: { context: .., dockerfile: deploy/Containerfile }
volumes: { data: {} }
";

    #[test]
    fn a_good_one_passes() {
        assert_eq!(check("f", GOOD, &["deploy/Containerfile".to_owned()]), []);
    }

    #[test]
    fn each_fault_is_found() {
        let cases = [
            ("x/y:1", "x/y", "no version"),
            ("[b]", "[c]", "no service"),
            ("\"${T:?}\"", "hunter2", "written down"),
            ("data:/data", "other:/data", "no volume"),
            ("127.0.0.1:1:1", "1:1", "network"),
            ("image: x/y:1", "restart: no", "neither"),
            ("services:", "service:", "no services"),
            ("[b]", "[b", "no YAML"),
        ];
        for (from, to, says) in cases {
            let found = check("f", &GOOD.replace(from, to), &["deploy/Containerfile".to_owned()]);
            assert!(found.iter().any(|f| f.what.contains(says)), "{to}: {found:?}");
        }
        assert!(check("f", GOOD, &[])[0].what.contains("not there"));
    }
}
