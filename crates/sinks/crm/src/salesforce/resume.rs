//! Taking up a bulk job that an earlier run left behind.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use super::Salesforce;
use super::bulk::{Harvest, Stop, written};
use super::failure::{Failure, Kind};
use crate::row::{Outcome, Row};
use crate::target::{BulkJob, Later, LaterKind};

impl Salesforce {
    /// What a job of an earlier run did, if one was left; rows that it has written as
    /// they are now need not be sent again.
    pub(super) async fn resume(&self, rows: &[Row]) -> Result<HashMap<usize, Outcome>, Later> {
        if !self.job_open.load(Ordering::SeqCst) {
            return Ok(HashMap::new());
        }
        let left = self.journal.load().await;
        let left =
            left.map_err(|e| self.later(LaterKind::Unavailable, &format!("the bulk job's id cannot be read: {e}")))?;
        let Some(job) = left else {
            self.job_open.store(false, Ordering::SeqCst);
            return Ok(HashMap::new());
        };
        tracing::info!(job = %job.job_id, object = %job.object, "taking up a bulk job that was under way");
        match self.take_up(&job).await {
            Ok(harvest) => {
                self.forget(&job).await;
                Ok(self.covered(rows, &harvest))
            }
            Err(Stop::Later(later)) => Err(later),
            Err(Stop::Refused(f)) => {
                tracing::warn!(job = %job.job_id, "the bulk job gives no results ({}); its rows are sent again", f.message);
                self.forget(&job).await;
                Ok(HashMap::new())
            }
        }
    }

    /// A job that was never closed is given up: whether its upload was whole is not known.
    async fn take_up(&self, job: &BulkJob) -> Result<Harvest, Stop> {
        if self.state(job).await? == "Open" {
            let text = format!("the bulk job {} was not closed", job.job_id);
            return Err(self.abort(job, Stop::Refused(Failure::new(Kind::BadRequest, "Open", text))).await);
        }
        self.harvest(job).await
    }

    fn covered(&self, rows: &[Row], harvest: &Harvest) -> HashMap<usize, Outcome> {
        rows.iter()
            .enumerate()
            .filter(|(_, row)| row.object.name() == harvest.object)
            .filter_map(|(i, row)| {
                let result = harvest.successful.get(&row.key)?;
                result.covers(row, &self.fields).then(|| (i, written(result)))
            })
            .collect()
    }
}
