//! Alerts and dashboards: each alert has a runbook page and unit tests in which it fires
//! and stays quiet, each page an alert; dashboards are JSON with queries.

use serde_json::Value;
use yaml_rust2::YamlLoader;

use super::Finding;
use crate::workspace;

const ALERTS: &str = "deploy/prometheus/alerts.yml";
const TESTS: &str = "deploy/prometheus/tests.yml";
const PAGES: &str = "deploy/runbooks/";
const DASHBOARDS: &str = "deploy/grafana/dashboards/";

/// What breaks the rule.
pub fn check(files: &[String]) -> Vec<Finding> {
    let text = |file: &str| workspace::text(file).unwrap_or_default();
    let pages: Vec<&str> = files.iter().filter_map(|f| f.strip_prefix(PAGES)?.strip_suffix(".md")).collect();
    let mut found = alerts(&text(ALERTS), &text(TESTS), &pages);
    for file in files.iter().filter(|f| f.starts_with(DASHBOARDS)) {
        found.extend(dashboard(&text(file)).into_iter().map(|what| Finding::error(file, what)));
    }
    found
}

/// Alerts against their tests and pages.
fn alerts(rules: &str, tests: &str, pages: &[&str]) -> Vec<Finding> {
    let documents = match YamlLoader::load_from_str(rules) {
        Ok(documents) => documents,
        Err(e) => return vec![Finding::error(ALERTS, format!("is no YAML: {e}"))],
    };
    let groups = documents.iter().flat_map(|d| d["groups"].as_vec().into_iter().flatten());
    let rules = groups.flat_map(|g| g["rules"].as_vec().into_iter().flatten());
    let alerts: Vec<(&str, &str)> = rules
        .filter_map(|r| Some((r["alert"].as_str()?, r["annotations"]["runbook_url"].as_str().unwrap_or_default())))
        .collect();
    let mut found = Vec::new();
    if alerts.is_empty() {
        found.push(Finding::error(ALERTS, "has no alert"));
    }
    for (alert, page) in &alerts {
        let place = format!("{ALERTS}: {alert}");
        if *page != format!("{PAGES}{alert}.md") || !pages.contains(alert) {
            found.push(Finding::error(&place, format!("its runbook_url is not a page {PAGES}{alert}.md")));
        }
        for kind in ["fires", "stays quiet"] {
            if !tests.lines().any(|l| l.trim() == format!("- name: {alert} {kind}")) {
                found.push(Finding::error(&place, format!("{TESTS} has no '{alert} {kind}'")));
            }
        }
    }
    for page in pages.iter().filter(|p| !alerts.iter().any(|(alert, _)| alert == *p)) {
        found.push(Finding::error(format!("{PAGES}{page}.md"), format!("{ALERTS} has no such alert")));
    }
    found
}

/// What is wrong with a dashboard.
fn dashboard(text: &str) -> Option<String> {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(e) => return Some(format!("is no JSON: {e}")),
    };
    let panels = value["panels"].as_array().map(Vec::as_slice).unwrap_or_default();
    if value["uid"].as_str().is_none() || panels.is_empty() {
        return Some("is no dashboard: it has no uid or no panel".to_owned());
    }
    let asks = |panel: &Value| {
        let mut targets = panel["targets"].as_array().into_iter().flatten();
        targets.any(|t| t["expr"].as_str().is_some_and(|e| !e.is_empty()))
    };
    let silent = panels.iter().find(|p| !asks(p))?;
    Some(format!("panel '{}' asks nothing", silent["title"].as_str().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "groups:\n  - rules:\n      - record: a\n        expr: b\n      - alert: Down\n        \
                         annotations:\n          runbook_url: deploy/runbooks/Down.md\n";
    const TESTED: &str = "tests:\n  - name: Down fires\n  - name: Down stays quiet\n";

    #[test]
    fn an_alert_needs_its_page_and_its_tests_and_a_page_its_alert() {
        assert_eq!(alerts(RULES, TESTED, &["Down"]), []);
        assert_eq!(alerts(RULES, TESTED, &[]).len(), 1);
        assert_eq!(alerts(RULES, "- name: Down fires", &["Down"]).len(), 1);
        assert_eq!(alerts(RULES, TESTED, &["Down", "Up"])[0].place, "deploy/runbooks/Up.md");
        assert_eq!(alerts("groups: []", TESTED, &[]).len(), 1);
        assert_eq!(alerts("a: [", TESTED, &[]).len(), 1);
    }

    #[test]
    fn a_dashboard_has_panels_that_ask() {
        assert_eq!(dashboard(r#"{"uid":"a","panels":[{"title":"t","targets":[{"expr":"up"}]}]}"#), None);
        assert!(dashboard(r#"{"uid":"a","panels":[{"title":"t","targets":[]}]}"#).unwrap().contains("'t'"));
        assert!(dashboard("{").is_some() && dashboard("{}").is_some());
    }
}
