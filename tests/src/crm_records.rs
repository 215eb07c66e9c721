//! What the CRM sandbox holds, asked over HTTP as any client would.

use serde_json::Value;

use crate::rig::SANDBOX_SECRET;

/// The values of `field` in all records of `object`, sorted.
///
/// # Errors
/// What the sandbox answered instead.
pub async fn values(base: &str, object: &str, field: &str) -> Result<Vec<String>, String> {
    let client = reqwest::Client::new();
    let form = format!("grant_type=client_credentials&client_id=ringledger-sandbox&client_secret={SANDBOX_SECRET}");
    let asked = client
        .post(format!("{base}/services/oauth2/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let granted = answer(asked).await?;
    let token = granted["access_token"].as_str().ok_or("no token")?.to_owned();
    let mut path = format!("/services/data/v62.0/query?q=SELECT+{field}+FROM+{object}");
    let mut values = Vec::new();
    loop {
        let page = answer(client.get(format!("{base}{path}")).bearer_auth(&token)).await?;
        let records = page["records"].as_array().ok_or_else(|| page.to_string())?;
        values.extend(records.iter().map(|r| r[field].as_str().unwrap_or_default().to_owned()));
        match page["nextRecordsUrl"].as_str() {
            Some(next) => path = next.to_owned(),
            None => break,
        }
    }
    values.sort();
    Ok(values)
}

/// Sets the sandbox's fault switches.
///
/// # Panics
/// Where it does not take them.
pub async fn set_faults(base: &str, faults: &Value) {
    let sent = reqwest::Client::new().put(format!("{base}/_sandbox/faults")).json(faults).send().await;
    assert!(sent.expect("the sandbox").status().is_success(), "the sandbox takes {faults}");
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Value, String> {
    let response = request.send().await.map_err(|e| e.to_string())?;
    response.json().await.map_err(|e| e.to_string())
}
