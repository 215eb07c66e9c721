//! Fictional customers, so that a first run links some calls. The numbers are from ranges
//! reserved for fiction and appear in the bundled capture, as do the account numbers.
//!
//! Among them, on purpose: a number shared by two contacts of one account (linked to the
//! account) and a number shared by contacts of two accounts (goes to review).

use serde_json::json;

use crate::faults::Faults;
use crate::schema;
use crate::store::{Record, Store, Write};

/// Puts the records in where there are none yet.
pub(crate) fn plant(store: &Store) -> rusqlite::Result<()> {
    if store.count("User")? > 0 {
        return Ok(());
    }
    users(store)?;
    parties(store)
}

fn users(store: &Store) -> rusqlite::Result<()> {
    // The first record is the integration user: 005000000000001AAA.
    create(
        store,
        "User",
        json!({ "Username": "integration@sandbox.example", "LastName": "Integration", "Name": "Ringledger Integration", "IsActive": true }),
    )?;
    for (first, last) in [("Alice", "Martin"), ("Bob", "Keller"), ("Chloé", "Dubois"), ("Dmitri", "Volkov")] {
        let user = format!("{}.{}@sandbox.example", first.to_lowercase(), last.to_lowercase());
        create(
            store,
            "User",
            json!({ "Username": user, "FirstName": first, "LastName": last, "Name": format!("{first} {last}"), "IsActive": true }),
        )?;
    }
    Ok(())
}

fn parties(store: &Store) -> rusqlite::Result<()> {
    let mut accounts = Vec::new();
    for (name, number, phone) in ACCOUNTS {
        accounts.push(create(store, "Account", json!({ "Name": name, "AccountNumber": number, "Phone": phone }))?);
    }
    for (first, last, phone, account) in CONTACTS {
        let account = account.and_then(|i: usize| accounts.get(i));
        create(
            store,
            "Contact",
            json!({ "FirstName": first, "LastName": last, "Phone": phone, "AccountId": account }),
        )?;
    }
    create(
        store,
        "Lead",
        json!({ "FirstName": "Noor", "LastName": "Haddad", "Company": "Haddad Interiors", "MobilePhone": "+1 202-555-0133" }),
    )?;
    create(
        store,
        "Lead",
        json!({ "FirstName": "Eero", "LastName": "Laine", "Company": "Laine Oy", "Phone": "0199 005180" }),
    )?;
    Ok(())
}

const ACCOUNTS: [(&str, &str, &str); 10] = [
    ("Wireless Widgets Ltd", "435928", "07700 900078"),
    ("Nguyễn Imports", "930938", "+44 7700 900054"),
    ("O'Brien & Daughters", "513818", "07700 900096"),
    ("Central Café", "110250", "+1 (202) 555-0180"),
    ("Smith; Sons", "836895", "07700 900005"),
    ("Thames Bakeries", "856192", "+44 20 7946 0997"),
    ("Åkesson Design", "385653", "+44 20 7946 0946"),
    ("Acme \"North\" Ltd", "977027", "+44 20 7946 0969"),
    ("Harbour Clinic", "634123", "+44 20 7946 0937"),
    ("Meridian Travel", "854177", "+44 20 7946 0913"),
];

const CONTACTS: [(&str, &str, &str, Option<usize>); 12] = [
    ("Pat", "O'Brien", "07700 900096", Some(2)),
    ("Ana María", "Íñiguez", "+44 7700 900018", Some(3)),
    ("Zoë", "Åkesson", "+44 20 7946 0946", Some(6)),
    // Two contacts of one account behind one number.
    ("Mary", "Jones", "+44 20 7946 0922", Some(5)),
    ("Tom", "Jones", "(020) 7946 0922", Some(5)),
    // Two contacts of two accounts behind one number.
    ("Ivo", "Petrov", "+44 20 7946 0961", Some(7)),
    ("Lea", "Meier", "+44 20 7946 0961", Some(8)),
    ("雷", "李", "+1 202 555 0115", Some(9)),
    ("Sam", "Whitlock", "07700 900016", Some(0)),
    ("Grace", "Abara", "07700 900046", Some(1)),
    ("Finn", "Harper", "+44 20 7946 0954", None),
    ("Ida", "Lund", "+1-202-555-0165", Some(9)),
];

fn create(store: &Store, object: &str, row: serde_json::Value) -> rusqlite::Result<Option<String>> {
    let (Some(object), serde_json::Value::Object(row)) = (schema::object(object), row) else { return Ok(None) };
    let row: Record = row.into_iter().filter(|(_, v)| !v.is_null()).collect();
    let mut faults = Faults::default();
    let write = Write { object, key: None, rows: vec![row], all_or_none: true, faults: &mut faults };
    Ok(store.rows(write)?.into_iter().next().and_then(|o| o.id))
}
