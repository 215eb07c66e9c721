//! `deploy/salesforce/`, the mapping and the sandbox speak of the same fields.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crm::Object;
use crm::salesforce::mapped_fields;
use crm_sandbox::{Kind, schema_object};
use quick_xml::Reader;
use quick_xml::events::Event;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../deploy/salesforce/force-app/main/default")
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            out.push(path);
        }
    }
    out.sort();
    out
}

/// Every element that holds text, as (path below the root, text); panics unless well-formed.
fn texts(path: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut reader = Reader::from_str(&text);
    let (mut stack, mut out): (Vec<String>, Vec<(String, String)>) = (Vec::new(), Vec::new());
    let mut current = String::new();
    loop {
        let event = reader.read_event().unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        match event {
            Event::Start(e) => {
                stack.push(String::from_utf8(e.name().as_ref().to_vec()).unwrap());
                current.clear();
            }
            Event::Text(t) => current.push_str(&t.decode().unwrap()),
            Event::GeneralRef(r) => current.push_str(&format!("&{};", r.decode().unwrap())),
            Event::End(_) => {
                if !current.trim().is_empty() {
                    out.push((stack[1..].join("/"), current.trim().to_owned()));
                }
                current.clear();
                stack.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(stack.is_empty(), "{}: elements left open: {stack:?}", path.display());
    out
}

fn text<'a>(texts: &'a [(String, String)], path: &str) -> Option<&'a str> {
    texts.iter().find(|(p, _)| p == path).map(|(_, t)| t.as_str())
}

/// Custom fields by object: name → (type, length).
fn deployed() -> BTreeMap<String, BTreeMap<String, Vec<(String, String)>>> {
    let mut out: BTreeMap<String, BTreeMap<String, _>> = BTreeMap::new();
    for path in files(&root().join("objects"), ".field-meta.xml") {
        let folder = path.parent().unwrap().parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        // Task and Event share their custom fields: they are defined on Activity.
        let object = if folder == "Activity" { "Task".to_owned() } else { folder };
        let texts = texts(&path);
        let name = text(&texts, "fullName").unwrap().to_owned();
        assert!(path.ends_with(format!("{name}.field-meta.xml")), "{}", path.display());
        out.entry(object).or_default().insert(name, texts);
    }
    out
}

#[test]
fn every_file_is_well_formed() {
    let all = files(&root(), ".xml");
    assert!(all.len() > 80, "{}", all.len());
    for path in all {
        assert!(!texts(&path).is_empty(), "{} says nothing", path.display());
    }
}

#[test]
fn what_is_mapped_is_deployed_and_known_to_the_sandbox_and_nothing_else() {
    let deployed = deployed();
    for object in Object::ALL {
        let mut mapped: BTreeSet<String> = mapped_fields(object).into_iter().collect();
        mapped.insert(object.key_field().to_owned());
        let custom: BTreeSet<&str> = mapped.iter().map(String::as_str).filter(|f| f.ends_with("__c")).collect();
        let there: BTreeSet<&str> = deployed[object.name()].keys().map(String::as_str).collect();
        assert_eq!(custom, there, "{}", object.name());
        let schema = schema_object(object.name()).unwrap();
        let known: BTreeSet<&str> =
            schema.fields.iter().map(|f| f.name.as_str()).filter(|f| f.ends_with("__c")).collect();
        assert_eq!(custom, known, "{}", object.name());
        assert!(mapped.iter().all(|f| schema.field(f).is_some()), "{}", object.name());
    }
}

#[test]
fn types_lengths_and_keys_agree_with_the_sandbox() {
    for (object, fields) in deployed() {
        let schema = schema_object(&object).unwrap();
        for (name, texts) in fields {
            let field = schema.field(&name).unwrap();
            let place = format!("{object}.{name}");
            let kind = text(&texts, "type").unwrap();
            let expected = match field.kind {
                Kind::Text(_) => "Text",
                Kind::LongText(_) => "LongTextArea",
                Kind::Phone => "Phone",
                Kind::Url => "Url",
                Kind::Double => "Number",
                Kind::Boolean => "Checkbox",
                Kind::DateTime => "DateTime",
                Kind::Reference(_) => "Lookup",
                other => panic!("{place}: no custom field is {other:?}"),
            };
            assert_eq!(kind, expected, "{place}");
            if matches!(field.kind, Kind::Text(_) | Kind::LongText(_)) {
                assert_eq!(text(&texts, "length"), Some(field.kind.length().to_string().as_str()), "{place}");
            }
            if let Kind::Reference(to) = field.kind {
                assert_eq!(text(&texts, "referenceTo"), Some(to[0]), "{place}");
            }
            let is = |element: &str| text(&texts, element) == Some("true");
            assert_eq!(
                (is("externalId"), is("unique"), is("required")),
                (field.external_id, field.unique, field.required),
                "{place}"
            );
        }
    }
}

#[test]
fn layouts_permissions_report_types_reports_and_dashboard_name_fields_that_exist() {
    let deployed = deployed();
    let custom = |object: &str, field: &str| deployed.get(object).is_some_and(|o| o.contains_key(field));
    for path in files(&root().join("permissionsets"), ".xml") {
        let texts = texts(&path);
        let granted: BTreeSet<&str> =
            texts.iter().filter(|(p, _)| p == "fieldPermissions/field").map(|(_, t)| t.as_str()).collect();
        for object in Object::ALL {
            for field in deployed[object.name()].keys() {
                let required = text(&deployed[object.name()][field], "required") == Some("true");
                let full = format!("{}.{field}", object.name());
                // Salesforce refuses a permission for a required field: everybody has it.
                assert_eq!(granted.contains(full.as_str()), !required, "{}: {full}", path.display());
            }
        }
    }
    for path in files(&root().join("layouts"), ".xml") {
        let object = path.file_name().unwrap().to_string_lossy().split('-').next().unwrap().to_owned();
        for (_, field) in texts(&path).iter().filter(|(p, _)| p.ends_with("layoutItems/field")) {
            assert!(schema_object(&object).unwrap().field(field).is_some(), "{}: {field}", path.display());
        }
    }
    for path in files(&root().join("reportTypes"), ".xml") {
        let texts = texts(&path);
        let object = text(&texts, "baseObject").unwrap();
        for (_, field) in texts.iter().filter(|(p, _)| p == "sections/columns/field") {
            assert!(field == "Name" || custom(object, field), "{}: {field}", path.display());
        }
    }
    let reports = files(&root().join("reports/Ringledger"), ".report-meta.xml");
    assert_eq!(reports.len(), 5);
    for path in &reports {
        for (place, text) in texts(path) {
            let last = place.rsplit('/').next().unwrap_or_default();
            if matches!(last, "field" | "column" | "dateColumn") {
                let (object, field) = text.split_once('$').unwrap_or_else(|| panic!("{}: {text}", path.display()));
                assert!(custom(object, field), "{}: {text}", path.display());
            } else if place == "aggregates/calculatedFormula" {
                for word in text.split([' ', '(', ')']).filter(|w| w.contains("__c.")) {
                    let (object, rest) = word.split_once('.').unwrap();
                    let field = rest.strip_suffix(":SUM").unwrap_or_else(|| panic!("{word} is no sum"));
                    assert!(custom(object, field), "{}: {word}", path.display());
                }
            }
        }
    }
    for path in files(&root().join("dashboards"), ".dashboard-meta.xml") {
        for (_, report) in texts(&path).iter().filter(|(p, _)| p.ends_with("dashboardComponent/report")) {
            assert!(root().join(format!("reports/{report}.report-meta.xml")).exists(), "{report}");
        }
    }
}

#[test]
fn the_configuration_in_the_readme_is_valid() {
    let readme = std::fs::read_to_string(root().join("../../../README.md")).unwrap();
    let block = readme.split("```toml").nth(1).and_then(|b| b.split("```").next()).unwrap();
    let config: crm::SalesforceConfig = toml::from_str(block).unwrap();
    config.validate().unwrap();
    assert_eq!(config.matching.country.as_deref(), Some("GB"));
}
