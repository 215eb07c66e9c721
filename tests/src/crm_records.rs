//! What the CRM sandbox holds, asked over HTTP as any client would.

use serde_json::Value;

use crate::rig::SANDBOX_SECRET;

/// The values of `field` in all records of `object`, sorted.
///
/// # Errors
/// What the sandbox answered instead.
pub async fn values(base: &str, object: &str, field: &str) -> Result<Vec<String>, String> {
    let client = reqwest::Client::new();
    let token = token(&client, base).await?;
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

async fn token(client: &reqwest::Client, base: &str) -> Result<String, String> {
    let form = format!("grant_type=client_credentials&client_id=ringledger-sandbox&client_secret={SANDBOX_SECRET}");
    let asked = client
        .post(format!("{base}/services/oauth2/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let granted = answer(asked).await?;
    Ok(granted["access_token"].as_str().ok_or("no token")?.to_owned())
}

/// Sets the sandbox's fault switches.
///
/// # Panics
/// Where it does not take them.
pub async fn set_faults(base: &str, faults: &Value) {
    let sent = reqwest::Client::new().put(format!("{base}/_sandbox/faults")).json(faults).send().await;
    assert!(sent.expect("the sandbox").status().is_success(), "the sandbox takes {faults}");
}

/// Every session that was given out is over.
///
/// # Panics
/// Where the sandbox does not answer.
pub async fn expire_sessions(base: &str) {
    let sent = reqwest::Client::new().delete(format!("{base}/_sandbox/sessions")).send().await;
    assert!(sent.expect("the sandbox").status().is_success(), "the sandbox ends its sessions");
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Value, String> {
    let response = request.send().await.map_err(|e| e.to_string())?;
    response.json().await.map_err(|e| e.to_string())
}

/// A client that has logged in to the sandbox and sends what it is given.
pub struct Poster {
    client: reqwest::Client,
    base: String,
    token: String,
}

impl Poster {
    /// Logs in.
    ///
    /// # Errors
    /// What the sandbox answered instead.
    pub async fn new(base: &str) -> Result<Self, String> {
        let client = reqwest::Client::new();
        let token = token(&client, base).await?;
        Ok(Self { client, base: base.to_owned(), token })
    }

    /// Upserts a ready-made Collections body by `key` of `object`; how many rows succeeded.
    ///
    /// # Errors
    /// What the sandbox answered instead.
    pub async fn upsert(&self, object: &str, key: &str, body: Vec<u8>) -> Result<usize, String> {
        let url = format!("{}/services/data/v62.0/composite/sobjects/{object}/{key}", self.base);
        let request = self.client.patch(url).bearer_auth(&self.token).header("content-type", "application/json");
        let told = answer(request.body(body)).await?;
        let rows = told.as_array().ok_or_else(|| told.to_string())?;
        Ok(rows.iter().filter(|r| r["success"] == true).count())
    }
}
