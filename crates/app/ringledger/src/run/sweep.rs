//! When a switch's folder is looked through for recordings that nobody announced.
//!
//! Contract: a look takes place only after the stage `facts` has passed all that the log
//! held when the look fell due: what was announced by then stands in the table, however far
//! the fold was behind. A file that changed lately is left for the next look.

use std::time::{Duration, Instant};

use model::{Name, TOPIC_EVENTS};

use super::services::Services;

/// Before the first look: what the switch announces is on its way through log and fold.
const SETTLE: Duration = Duration::from_secs(300);

/// The next look.
pub struct Sweep {
    every: Duration,
    due: Instant,
    /// Where the log ended when the look fell due.
    upto: Option<i64>,
}

impl Sweep {
    /// A look every so often; the first one soon.
    pub fn every(every: Duration) -> Self {
        Self { every, due: Instant::now() + every.min(SETTLE), upto: None }
    }

    /// Whether the look takes place now; it counts as done then.
    ///
    /// # Errors
    /// The log cannot be asked.
    pub async fn is_due(&mut self, services: &Services, switch: &Name) -> Result<bool, event_log::LogError> {
        if Instant::now() < self.due {
            return Ok(false);
        }
        let partition = services.log.partition_of(TOPIC_EVENTS, switch.as_bytes()).await?;
        let upto = match self.upto {
            Some(upto) => upto,
            None => services.log.watermarks(TOPIC_EVENTS, partition).await?.high,
        };
        self.upto = Some(upto);
        let folded = services.log.committed(services.facts_group(), TOPIC_EVENTS, partition).await?;
        if folded.unwrap_or(0) < upto {
            return Ok(false);
        }
        (self.due, self.upto) = (Instant::now() + self.every, None);
        Ok(true)
    }
}
