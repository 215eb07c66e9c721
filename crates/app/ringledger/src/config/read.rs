//! Reading pipeline files: which file, which line, which key, what instead.

use std::path::{Path, PathBuf};

use super::shape::Config;
use super::validate::validate;

/// A pipeline file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {what}")]
pub struct ConfigError {
    /// Which file.
    pub file: String,
    /// What is wrong and what to do.
    pub what: String,
}

/// Reads files as one pipeline.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn read(files: &[PathBuf]) -> Result<Config, ConfigError> {
    let mut whole = Config::default();
    for file in files {
        let text = std::fs::read_to_string(file)
            .map_err(|e| error(file, format!("{e}; name a pipeline file such as pipelines/local.toml")))?;
        let one = parse(&text).map_err(|what| error(file, what))?;
        validate(&one).map_err(|what| error(file, what))?;
        merge(&mut whole, one).map_err(|what| error(file, what))?;
    }
    Ok(whole)
}

fn error(file: &Path, what: String) -> ConfigError {
    ConfigError { file: file.display().to_string(), what }
}

fn parse(text: &str) -> Result<Config, String> {
    toml::from_str(text).map_err(|e| {
        let message = without_secrets(e.message());
        let line = e.span().map(|s| text[..s.start.min(text.len())].matches('\n').count() + 1);
        let place = line.map(|l| format!("line {l}: ")).unwrap_or_default();
        format!("{place}{message}{}", nearest(&message))
    })
}

/// A value where a secret's place belongs may be the secret itself: it is not repeated.
fn without_secrets(message: &str) -> String {
    if message.contains("struct Secret") {
        return "a secret never stands in the file: give { env = \"NAME\" } or { file = \"PATH\" }".to_owned();
    }
    message.to_owned()
}

/// For "unknown field `x`, expected one of `a`, `b`": the nearest right name.
fn nearest(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let (true, Some(wrong)) = (message.starts_with("unknown"), names.next()) else { return String::new() };
    let best = names.max_by(|a, b| strsim::jaro_winkler(wrong, a).total_cmp(&strsim::jaro_winkler(wrong, b)));
    best.map(|b| format!("; did you mean `{b}`?")).unwrap_or_default()
}

fn merge(whole: &mut Config, one: Config) -> Result<(), String> {
    fn take<T>(name: &str, into: &mut Option<T>, from: Option<T>) -> Result<(), String> {
        match (into.is_some(), from) {
            (true, Some(_)) => Err(format!("`{name}` stands in another pipeline file already")),
            (false, Some(value)) => {
                *into = Some(value);
                Ok(())
            }
            (_, None) => Ok(()),
        }
    }
    take("data_dir", &mut whole.data_dir, one.data_dir)?;
    take("kafka", &mut whole.kafka, one.kafka)?;
    take("lake", &mut whole.lake, one.lake)?;
    take("state", &mut whole.state, one.state)?;
    take("vault", &mut whole.vault, one.vault)?;
    take("http", &mut whole.http, one.http)?;
    take("crm.salesforce", &mut whole.crm.salesforce, one.crm.salesforce)?;
    take("crm.webhook", &mut whole.crm.webhook, one.crm.webhook)?;
    for stage in one.stages {
        if !whole.stages.contains(&stage) {
            whole.stages.push(stage);
        }
    }
    whole.source.extend(one.source);
    for (name, section) in one.switch {
        if whole.switch.insert(name.clone(), section).is_some() {
            return Err(format!("`switch.{name}` stands in another pipeline file already"));
        }
    }
    take("limits", &mut whole.limits, one.limits)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_told_with_its_line_and_the_nearest_name() {
        let e =
            parse("data_dir = 'x'\n[[source]]\ndialect = 'asterisk.ami'\nswitch = 'a'\nusernme = 'b'\n").unwrap_err();
        assert!(e.contains("line 5") && e.contains("did you mean `username`?"), "{e}");
        let e = parse("[htp]\nlisten = '127.0.0.1:1'\n").unwrap_err();
        assert!(e.contains("did you mean `http`?"), "{e}");
    }

    #[test]
    fn a_secret_in_the_file_is_refused_and_not_repeated() {
        let source = "[[source]]\ndialect = 'asterisk.ami'\nswitch = 'a'\nsecret = 'hunter2hunter2'\n";
        let crm = "[crm.salesforce]\nlogin_url = 'https://a'\nauth = { kind = 'client_credentials', client_id = 'i', \
                   client_secret = 'hunter2hunter2' }\n";
        let kafka = "[kafka]\nbrokers = 'a:1'\nsecrets = { \"sasl.password\" = 'hunter2hunter2' }\n";
        for text in [source, crm, kafka] {
            let e = parse(text).unwrap_err();
            assert!(e.contains("line ") && e.contains("env = ") && !e.contains("hunter2"), "{e}");
        }
        let settings = "[kafka]\nbrokers = 'a:1'\nsettings = { \"sasl.password\" = 'hunter2hunter2' }\n";
        let e = validate(&parse(settings).unwrap()).unwrap_err();
        assert!(e.contains("kafka.secrets") && !e.contains("hunter2"), "{e}");
        let named = "[kafka]\nbrokers = 'a:1'\nsettings = { \"sasl.password\" = 'env:KAFKA_PASSWORD' }\n";
        assert_eq!(validate(&parse(named).unwrap()), Ok(()));
    }

    const OIDC: &str = "[http]\nlisten = '127.0.0.1:1'\npublic_url = 'https://a'\n[http.oidc]\nissuer = 'https://b'\n\
                        client_id = 'c'\n";

    #[test]
    fn names_that_nothing_knows_are_refused() {
        for (text, wanted) in [
            ("[switch.a]\nfigures = 'asterisk.queuelog'\n", "did you mean `asterisk.queue_log`?"),
            ("[switch.a]\nregion = 'Britain'\n", "ISO 3166"),
            ("[[source]]\ndialect = 'asterisk.amy'\nswitch = 'a'\n", "did you mean `asterisk.ami`?"),
            ("[http]\nlisten = '127.0.0.1:1'\npublic_url = 'console.example/x'\n", "such as https://console.example"),
            ("[http]\nlisten = '127.0.0.1:1'\napi_calls_per_second = 0.0\n", "above 0"),
            (&format!("{OIDC}roles = {{ a = 'operatons' }}\n"), "did you mean `operations`?"),
            (&format!("{OIDC}roles = {{}}\n").replace("public_url", "# "), "give http.public_url"),
            ("[lake]\nurl = 's3://b'\noptions = { endpont = 'x' }\n", "did you mean `endpoint`?"),
        ] {
            let e = validate(&parse(text).unwrap()).unwrap_err();
            assert!(e.contains(wanted), "{e}");
        }
    }

    #[test]
    fn a_section_stands_once() {
        let mut whole = parse("[lake]\nurl = 'a'\n").unwrap();
        let e = merge(&mut whole, parse("[lake]\nurl = 'b'\n").unwrap()).unwrap_err();
        assert!(e.contains("`lake`"), "{e}");
        merge(&mut whole, parse("[limits]\nflush_ms = 7\n").unwrap()).unwrap();
        merge(&mut whole, parse("[http]\nlisten = '127.0.0.1:1'\n").unwrap()).unwrap();
        assert_eq!((whole.limits().flush_ms, whole.limits().drain_seconds), (7, 30));
    }

    #[test]
    fn the_examples_of_the_repository_are_pipelines() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../pipelines");
        let files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
        assert!(files.len() >= 3, "{files:?}");
        for file in files {
            let config = read(std::slice::from_ref(&file)).unwrap_or_else(|e| panic!("{e}"));
            assert!(config.http.is_some(), "{}", file.display());
        }
    }
}
