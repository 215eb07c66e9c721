//! CRM targets made of the configuration, with the engine's clock and a journal in the
//! state's store.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use crm::{CrmError, CrmTarget, MappingSettings, Salesforce, Timing, Webhook};
use model::Instant;
use object_store::ObjectStore;
use pipeline::bulk_journal::StoreJournal;

use crate::config::Config;

/// The engine's clock, wait and dice.
pub struct EngineTiming;

#[async_trait]
impl Timing for EngineTiming {
    fn now(&self) -> Instant {
        pipeline::clock::now()
    }

    async fn wait(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    fn chance(&self) -> f64 {
        fastrand::f64()
    }
}

/// The targets that write in this process, by their names in acts.
#[derive(Default)]
pub struct Connected(Mutex<BTreeMap<String, Arc<dyn CrmTarget>>>);

impl Connected {
    /// A target writes from now on.
    pub fn note(&self, target: &Arc<dyn CrmTarget>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(target.name().to_string(), target.clone());
    }

    /// The one of this name, where it writes here.
    pub fn of(&self, name: &str) -> Option<Arc<dyn CrmTarget>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

/// Names of the targets of a pipeline.
pub fn names(config: &Config) -> Vec<&'static str> {
    let salesforce = config.crm.salesforce.as_ref().map(|_| "salesforce");
    salesforce.into_iter().chain(config.crm.webhook.as_ref().map(|_| "webhook")).collect()
}

/// The name of a target in acts, which its section may set.
pub fn name_of(config: &Config, name: &str) -> String {
    let set = match name {
        "webhook" => config.crm.webhook.as_ref().map(|w| w.name.to_string()),
        _ => config.crm.salesforce.as_ref().map(|s| s.name.to_string()),
    };
    set.unwrap_or_else(|| name.to_owned())
}

/// Connects a target, whose bulk job is kept in `state`; gives it with its mapping.
///
/// # Errors
/// Which, where, what to do.
pub async fn connect(
    config: &Config,
    state: &Arc<dyn ObjectStore>,
    name: &str,
) -> Result<(Arc<dyn CrmTarget>, MappingSettings), CrmError> {
    let absent = || CrmError::Config(format!("no target '{name}' in the pipeline file"));
    if name == "webhook" {
        let section = config.crm.webhook.clone().ok_or_else(absent)?;
        let mapping = section.mapping.clone();
        return Ok((Arc::new(Webhook::new(section, Arc::new(EngineTiming))?), mapping));
    }
    let section = config.crm.salesforce.clone().ok_or_else(absent)?;
    let mapping = section.mapping.clone();
    let journal = Arc::new(StoreJournal::new(state.clone(), &section.name));
    Ok((Arc::new(Salesforce::connect(section, Arc::new(EngineTiming), journal).await?), mapping))
}
