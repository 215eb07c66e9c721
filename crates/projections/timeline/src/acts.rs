//! Our own acts, as far as they shape rows.

use model::facts::{CrmLink, Facts};
use model::{Act, Event, Name};

use crate::Timeline;

impl Timeline {
    pub(crate) fn acted(&mut self, event: &Event, act: &Act, out: &mut Facts) {
        match act {
            Act::RosterSet { roster } => {
                self.names.set_roster(roster);
                for entry in &roster.entries {
                    self.rename_agent(&entry.interface, &entry.name);
                }
            }
            Act::SettingsSet { settings } => {
                self.acw_reasons.clone_from(&settings.acw_pause_reasons);
                if settings.default_region.is_some() {
                    self.config.default_region.clone_from(&settings.default_region);
                }
            }
            Act::InputEnded { .. } => self.settle(true),
            Act::RecordingOutcome(outcome) => self.recording_outcome(event, outcome, out),
            Act::CrmWritten { call_id, target, object, record_id, .. } => {
                let link = CrmLink { target: target.clone(), object: object.clone(), record_id: record_id.clone() };
                self.crm_written(call_id, link);
            }
            Act::SourceGap { .. } => self.lists_count_again(),
            Act::AccessGranted { .. } | Act::CrmParked { .. } | Act::SignIn { .. } => {}
            Act::CrmCorrected { .. } | Act::CrmRetried { .. } | Act::CrmDiscarded { .. } => {}
        }
    }

    fn crm_written(&mut self, call_id: &Name, link: CrmLink) {
        self.wake(call_id);
        let cid = self.calls.get(call_id).copied();
        // The record of a merged contact is its own, not the survivor's.
        let Some(contact) = cid.and_then(|c| self.touch(c)) else {
            self.counters.crm_after_release += 1;
            return;
        };
        let same = |l: &&mut CrmLink| l.target == link.target && l.object == link.object;
        match contact.crm.iter_mut().find(same) {
            Some(known) if known.record_id == link.record_id => return,
            Some(known) => *known = link,
            None => contact.crm.push(link),
        }
        contact.crm_dirty = true;
    }
}
