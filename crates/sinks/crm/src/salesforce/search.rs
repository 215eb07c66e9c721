//! Asking Salesforce whom a contact is with: SOQL by account number, SOSL by phone.

use model::facts::Call as Contact;
use serde_json::Value;

use super::Salesforce;
use super::describe::refused;
use super::failure::{Failure, Kind};
use super::http::{Call, encoded};
use crate::config::CrmError;
use crate::matcher::{Hit, Party, Questions, decide};
use crate::target::Later;

impl Salesforce {
    pub(super) async fn party(&self, call: &Contact) -> Result<Party, Later> {
        let Questions { account, phones } = self.matcher.questions(call);
        if let Some(number) = account {
            let found = self.cached(format!("a:{number}"), self.by_account(&number)).await?;
            if found != Party::None {
                return Ok(found);
            }
        }
        if phones.is_empty() {
            return Ok(Party::None);
        }
        self.cached(format!("p:{}", phones.join("|")), self.by_phone(&phones)).await
    }

    /// Asks once as matching will, for nobody.
    pub(super) async fn try_matching(&self) -> Result<(), CrmError> {
        let field = &self.config.matching.account_field;
        let by_account = self.by_account("ringledger-check").await.map(drop);
        by_account.map_err(|f| match f.kind {
            Kind::BadRequest => CrmError::Schema(format!(
                "callers cannot be matched by Account.{field} ({}); correct account_field in [crm.salesforce.matching], \
                 or let the integration user read that field",
                f.message
            )),
            _ => refused(&f, "Account"),
        })?;
        let nobody = ["0000000000".to_owned()];
        self.by_phone(&nobody).await.map(drop).map_err(|f| refused(&f, "Contact, Lead or Account"))
    }

    async fn cached(
        &self,
        question: String,
        ask: impl Future<Output = Result<Vec<Hit>, Failure>>,
    ) -> Result<Party, Later> {
        let now = self.http.timing.now();
        if let Some(known) = self.cache.get(&question, now) {
            return Ok(known);
        }
        if let Some(later) = self.circuit() {
            return Err(later);
        }
        let party = decide(&ask.await.map_err(|f| self.react(&f))?);
        self.cache.put(question, party.clone(), now);
        Ok(party)
    }

    /// Two hits are enough to know that the number is not unique.
    async fn by_account(&self, number: &str) -> Result<Vec<Hit>, Failure> {
        let field = &self.config.matching.account_field;
        let soql = format!("SELECT Id FROM Account WHERE {field} = '{}' LIMIT 2", soql_text(number));
        let answer = self.http.call(&Call::get(format!("/query?q={}", encoded(&soql)))).await?.json()?;
        Ok(hits(&answer["records"]))
    }

    async fn by_phone(&self, forms: &[String]) -> Result<Vec<Hit>, Failure> {
        let terms: Vec<String> = forms.iter().map(|f| format!("\"{f}\"")).collect();
        let sosl = format!(
            "FIND {{{}}} IN PHONE FIELDS RETURNING Contact(Id, AccountId), Lead(Id), Account(Id) LIMIT 50",
            terms.join(" OR ")
        );
        let answer = self.http.call(&Call::get(format!("/search?q={}", encoded(&sosl)))).await?.json()?;
        // Up to API version 36 the answer was the bare list.
        Ok(hits(if answer.is_array() { &answer } else { &answer["searchRecords"] }))
    }
}

fn soql_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

fn hits(records: &Value) -> Vec<Hit> {
    let text = |v: &Value| v.as_str().map(str::to_owned);
    records
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|r| {
            Some(Hit { object: text(&r["attributes"]["type"])?, id: text(&r["Id"])?, account: text(&r["AccountId"]) })
        })
        .collect()
}
