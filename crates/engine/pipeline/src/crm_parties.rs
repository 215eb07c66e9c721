//! Asking a CRM whom contacts are with.
//!
//! Contract: one answer a contact, in their order. A CRM that fails several questions in a
//! row is asked no more in this round: the contacts that remain are put off as the last one
//! was. One contact whose question alone fails holds up nobody else.

use std::sync::{Arc, Mutex, PoisonError};

use crm::{CrmTarget, Later, Party};
use futures::{StreamExt, stream};
use model::facts::Call;

use crate::crm_queue::Waiting;

/// Contacts asked about at once.
const AT_ONCE: usize = 4;
/// So many questions failed in a row end the asking.
const IN_A_ROW: usize = 4;

/// Questions failed in a row, and why the last one did.
#[derive(Default)]
struct Failures(Mutex<(usize, Option<Later>)>);

impl Failures {
    fn note(&self, failure: Option<&Later>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = failure.map_or((0, None), |later| (state.0 + 1, Some(later.clone())));
    }

    fn too_many(&self) -> Option<Later> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.1.clone().filter(|_| state.0 >= IN_A_ROW)
    }
}

/// Whom each contact is with.
pub async fn ask(target: &Arc<dyn CrmTarget>, due: &[Waiting]) -> Vec<Result<Party, Later>> {
    let failures = Arc::new(Failures::default());
    let asked: Vec<Call> = due.iter().map(|w| w.call.clone()).collect();
    let one = |call: Call| {
        let (target, failures) = (target.clone(), failures.clone());
        async move {
            if let Some(later) = failures.too_many() {
                return Err(later);
            }
            let found = target.find_party(&call).await;
            failures.note(found.as_ref().err());
            found
        }
    };
    let parties: Vec<_> = stream::iter(asked).map(one).buffered(AT_ONCE).collect().await;
    if let Some(Err(later)) = parties.iter().find(|p| p.is_err()) {
        let (target, put_off) = (target.name(), parties.iter().filter(|p| p.is_err()).count());
        tracing::warn!(%target, put_off, why = later.message, "the CRM does not say who callers are; their contacts are put off");
    }
    parties
}
