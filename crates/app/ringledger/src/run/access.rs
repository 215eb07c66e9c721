//! Who may use the console: as `[http]` says. Sign-ins go into the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use console::{
    Access, AccessSettings, AccountsFile, Audit, Oidc, OidcSettings, Role, SessionStore, SignIn, Token,
    tokens_from_text,
};
use event_log::{EventLog, NewRecord};
use futures::TryStreamExt as _;
use model::{Act, Name, TOPIC_EVENTS};
use object_store::{ObjectStore, ObjectStoreExt as _, path::Path};

use crate::config::HttpSection;
use crate::failure::Failure;

/// The centre and the switch under which sign-ins stand: they concern none.
const PLACE: &str = "console";

/// Sign-ins as acts in the log.
struct Ledger {
    log: Arc<dyn EventLog>,
    /// Tells two of one instant apart.
    told: AtomicU64,
}

#[async_trait]
impl Audit for Ledger {
    async fn keep(&self, happened: &SignIn) -> Result<(), String> {
        let now = pipeline::clock::now();
        let act = Act::SignIn {
            who: happened.who.clone(),
            how: happened.how.into(),
            from: happened.from.map(|a| Name::from(a.to_string())),
            outcome: happened.outcome,
            why: happened.why.clone(),
        };
        let id = format!("sign-in-{}-{}-{}", std::process::id(), now.0, self.told.fetch_add(1, Ordering::Relaxed));
        let place = Name::new_static(PLACE);
        let envelope = act.envelope("accounts", id.into(), (&place, &place), now, now);
        self.log.append(TOPIC_EVENTS, vec![NewRecord::event(&envelope)]).await.map(drop).map_err(|e| e.to_string())
    }
}

/// Sessions in the state store: they outlive this process, and others know them.
pub struct Sessions(pub Arc<dyn ObjectStore>);

impl Sessions {
    fn path(key: &str) -> Path {
        Path::from("console").join("sessions").join(key)
    }

    /// Removes those that began longer ago than any lasts.
    ///
    /// # Errors
    /// The store fails.
    pub async fn sweep(&self, older_than: Duration) -> Result<(), object_store::Error> {
        let folder = Path::from("console").join("sessions");
        let limit = pipeline::clock::now().plus_millis(-i64::try_from(older_than.as_millis()).unwrap_or(i64::MAX));
        let mut listed = self.0.list(Some(&folder));
        while let Some(object) = listed.try_next().await? {
            if object.last_modified.timestamp_millis() < limit.millis() {
                self.0.delete(&object.location).await?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), String> {
        self.0.put(&Self::path(key), bytes.into()).await.map(drop).map_err(|e| e.to_string())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        match self.0.get(&Self::path(key)).await {
            Ok(found) => found.bytes().await.map(|b| Some(b.to_vec())).map_err(|e| e.to_string()),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(e.to_string()),
        }
    }

    async fn remove(&self, key: &str) -> Result<(), String> {
        match self.0.delete(&Self::path(key)).await {
            Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(e) => Err(e.to_string()),
        }
    }
}

/// Tokens, accounts and providers of the section.
///
/// # Errors
/// A file cannot be read: says which, and what is wrong in it.
pub fn of_section(section: &HttpSection, log: Arc<dyn EventLog>) -> Result<Access, Failure> {
    let access = of_codes(Vec::new(), tokens(section)?, log).with_settings(settings(section));
    let access = match accounts(section)? {
        Some(accounts) => access.with_accounts(accounts),
        None => access,
    };
    Ok(match oidc(section)? {
        Some(oidc) => access.with_oidc(oidc),
        None => access,
    })
}

/// These one-time codes and tokens.
pub fn of_codes(codes: Vec<Token>, tokens: Vec<Token>, log: Arc<dyn EventLog>) -> Access {
    Access::new(tokens, codes).with_audit(Arc::new(Ledger { log, told: AtomicU64::default() }))
}

/// What the section says of cookies, addresses and calls.
fn settings(section: &HttpSection) -> AccessSettings {
    let default = AccessSettings::default();
    AccessSettings {
        public_url: section.public_url.as_ref().map(|u| u.trim_end_matches('/').to_owned()),
        behind_proxy: section.behind_proxy,
        calls_per_second: section.api_calls_per_second.unwrap_or(default.calls_per_second),
        calls_at_once: section.api_calls_at_once.map_or(default.calls_at_once, f64::from),
    }
}

/// Who may do what, as the tokens file says.
///
/// # Errors
/// It cannot be read: says which line.
pub fn tokens(section: &HttpSection) -> Result<Vec<Token>, Failure> {
    let Some(path) = &section.tokens_file else { return Ok(Vec::new()) };
    let text = std::fs::read_to_string(path).map_err(|e| Failure::File(path.display().to_string(), e))?;
    tokens_from_text(&text).map_err(|e| Failure::Usage(format!("{}: {e}", path.display())))
}

/// The accounts file, where the section names one.
///
/// # Errors
/// It cannot be read: says which account.
pub fn accounts(section: &HttpSection) -> Result<Option<AccountsFile>, Failure> {
    let Some(path) = &section.accounts_file else { return Ok(None) };
    AccountsFile::open(path.clone()).map(Some).map_err(Failure::Usage)
}

/// The provider, where the section names one.
///
/// # Errors
/// Its secret cannot be read, or its address is not safe.
pub fn oidc(section: &HttpSection) -> Result<Option<Oidc>, Failure> {
    let Some(oidc) = section.oidc.clone() else { return Ok(None) };
    let secret = oidc.client_secret.map(|s| s.read("http.oidc.client_secret")).transpose().map_err(Failure::Usage)?;
    let role = |(value, role): (String, String)| Role::of(&role).map(|r| (value, r));
    let settings = OidcSettings {
        issuer: oidc.issuer,
        client_id: oidc.client_id,
        client_secret: secret,
        public_url: section.public_url.clone().unwrap_or_default(),
        scopes: oidc.scopes,
        role_claim: oidc.role_claim,
        roles: oidc.roles.into_iter().filter_map(role).collect(),
        name_claim: oidc.name_claim,
        queues_claim: oidc.queues_claim,
        centers_claim: oidc.centers_claim,
        ca_file: oidc.ca_file,
    };
    Oidc::new(settings).map(Some).map_err(|e| Failure::Usage(format!("http.oidc: {e}")))
}
