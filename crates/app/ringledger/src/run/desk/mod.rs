//! What the console's pages of health are told and have done: the same functions as the
//! commands `dead-letters` and `crm`.

use std::sync::Arc;

use console::{Desk, Vitals};

use super::services::Services;

/// The console's way to the services.
pub struct OurDesk(pub Arc<Services>);

impl Desk for OurDesk {
    fn vitals(&self) -> Vitals {
        let services = &self.0;
        let (running, lost, failed) = services.telemetry.stands();
        let ms = |lasts: std::time::Duration| i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX);
        let waits = services.telemetry.waits().told().into_iter().map(|(what, lasts)| (what, ms(lasts))).collect();
        let group = services.facts_group().to_owned();
        services.vitals.with(Vitals { running, lost, failed, waits, group, ..Vitals::default() })
    }
}
