//! What the types of a pipeline file cannot say: names that must be known, and no secret in
//! the open.

use console::Role;
use model::Dialect;

use super::shape::{Config, HttpSection, StoreSection};

/// Options of `[lake]`; keys of the store come from the environment.
const LAKE_OPTIONS: [&str; 3] = ["region", "endpoint", "allow_http"];
/// Dialects that a source or figures may name.
const DIALECTS: [&str; 3] = ["asterisk.ami", "asterisk.queue_log", "asterisk.cel"];
/// Roles that people have.
const ROLES: [&str; 4] = ["operations", "compliance", "analyst", "administrator"];
/// Parts of the names of Kafka settings whose values are secrets.
const SECRET_NAMES: [&str; 5] = ["password", "secret", "key.pem", "jaas", "oauthbearer.config"];

/// The first thing that is wrong.
///
/// # Errors
/// What, and what to do.
pub fn validate(config: &Config) -> Result<(), String> {
    for section in &config.source {
        dialect(&format!("source {}: dialect", section.switch), &section.dialect)?;
    }
    for (name, section) in &config.switch {
        if let Some(figures) = &section.figures {
            dialect(&format!("switch.{name}: figures"), figures)?;
        }
        if let Some(region) = &section.region
            && !crm::matcher::is_country(region)
        {
            return Err(format!("switch.{name}: region = '{region}': give an ISO 3166 code such as GB"));
        }
        if let Some(zone) = &section.time_zone {
            let known = zone.parse::<chrono_tz::Tz>();
            let said = |_| format!("switch.{name}: time_zone = '{zone}': give an IANA zone such as Europe/London");
            known.map_err(said)?;
        }
    }
    if let Some(kafka) = &config.kafka {
        kafka.settings.iter().try_for_each(|(name, value)| in_the_open(name, value))?;
    }
    config.http.as_ref().map_or(Ok(()), http)?;
    config.lake.as_ref().map_or(Ok(()), lake)
}

fn http(section: &HttpSection) -> Result<(), String> {
    if let Some(public) = &section.public_url {
        let rest = public.strip_prefix("https://").or_else(|| public.strip_prefix("http://"));
        let host = rest.map(|r| r.trim_end_matches('/')).filter(|h| !h.is_empty());
        if host.is_none_or(|h| h.contains(['/', '?', '#', '@']) || h.contains(char::is_whitespace)) {
            return Err(format!(
                "http.public_url = '{public}': give scheme and host, and no path, such as https://console.example"
            ));
        }
    }
    if let Some(oidc) = &section.oidc {
        if section.public_url.is_none() {
            return Err("http.oidc: give http.public_url, which the provider sends browsers back to".to_owned());
        }
        for (value, role) in &oidc.roles {
            if !Role::of(role).is_some_and(Role::browses) {
                return Err(format!(
                    "http.oidc.roles: '{value}' is given the role '{role}'; one of {}{}",
                    ROLES.join(", "),
                    nearest(role, &ROLES)
                ));
            }
        }
    }
    if section.api_calls_per_second.is_some_and(|c| !(c > 0.0 && c.is_finite())) {
        return Err("http.api_calls_per_second: give a number above 0".to_owned());
    }
    if section.api_calls_at_once == Some(0) {
        return Err("http.api_calls_at_once: give at least 1".to_owned());
    }
    Ok(())
}

/// That a dialect makes figures and can be read from a source.
///
/// # Errors
/// It is not known: names those that are, and the nearest.
pub fn dialect(what: &str, name: &str) -> Result<(), String> {
    if DIALECTS.contains(&name) && Dialect::of(name).makes_figures() {
        return Ok(());
    }
    Err(format!("{what} '{name}' is not known; one of {}{}", DIALECTS.join(", "), nearest(name, &DIALECTS)))
}

/// `; did you mean …?` with the nearest of the right names.
fn nearest(wrong: &str, right: &[&str]) -> String {
    let best = right.iter().max_by(|a, b| strsim::jaro_winkler(wrong, a).total_cmp(&strsim::jaro_winkler(wrong, b)));
    best.map(|b| format!("; did you mean `{b}`?")).unwrap_or_default()
}

fn in_the_open(name: &str, value: &str) -> Result<(), String> {
    let named = value.starts_with("env:") || value.starts_with("file:");
    if named || !SECRET_NAMES.iter().any(|s| name.contains(s)) {
        return Ok(());
    }
    Err(format!(
        "kafka.settings: the value of {name} is a secret and stands in the file; give it under kafka.secrets as \
         {{ env = \"NAME\" }} or {{ file = \"PATH\" }}"
    ))
}

fn lake(section: &StoreSection) -> Result<(), String> {
    match section.options.keys().find(|name| !LAKE_OPTIONS.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(format!(
            "lake.options: '{name}' is not known; one of {} (keys come from the environment, AWS_…){}",
            LAKE_OPTIONS.join(", "),
            nearest(name, &LAKE_OPTIONS)
        )),
    }
}
