//! Rosters from files: JSON (a list of objects) or CSV with a header line; columns
//! `interface`, `name`, and optionally `extension` and `crm_user`. Other columns are
//! passed over.

use std::path::Path;

use model::Roster;
use model::roster::RosterEntry;

use crate::failure::Failure;

/// Largest roster file taken, bytes.
const MOST: u64 = 16 << 20;

/// Reads a roster.
///
/// # Errors
/// The file cannot be read, is too large, or holds no roster: says which line.
pub fn read(path: &Path) -> Result<Roster, Failure> {
    let name = || path.display().to_string();
    let size = std::fs::metadata(path).map_err(|e| Failure::File(name(), e))?.len();
    if size > MOST {
        return Err(Failure::Usage(format!("{}: a roster of {size} bytes is over the limit of {MOST}", name())));
    }
    let text = std::fs::read_to_string(path).map_err(|e| Failure::File(name(), e))?;
    parse(&text).map_err(|e| {
        Failure::Usage(format!(
            "{}: no roster: {e}; wanted is a JSON list of objects or CSV with the columns interface, name",
            name()
        ))
    })
}

fn parse(text: &str) -> Result<Roster, String> {
    let entries: Vec<RosterEntry> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|e| e.to_string())?
    } else {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        reader.deserialize().collect::<Result<_, _>>().map_err(|e| e.to_string())?
    };
    if let Some(i) = entries.iter().position(|e| e.interface.is_empty() || e.name.is_empty()) {
        return Err(format!("entry {} has no interface or no name", i + 1));
    }
    Ok(Roster { entries })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_csv_say_the_same() {
        let json = parse(r#"[{"interface":"PJSIP/1001","name":"Alice, M","queues":["a"],"extension":"1001"}]"#);
        let csv = parse("interface,name,extension\nPJSIP/1001,\"Alice, M\",1001\n");
        assert_eq!(json, csv);
        assert_eq!(json.unwrap().entries[0].extension.as_deref(), Some("1001"));
    }

    #[test]
    fn an_entry_without_a_name_is_named() {
        assert!(parse(r#"[{"interface":"PJSIP/1001","name":""}]"#).unwrap_err().contains("entry 1"));
        assert!(parse("interface;name\nx;y\n").is_err());
    }
}
