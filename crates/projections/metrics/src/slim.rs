//! Visits with only what reports over queues count: a tenth of a row's size, and exact.
//!
//! Contract: visits come in by centre, then queue (then, for speed, by arrival), none of
//! them retracted; [`crate::queue_fold`] counts over them what `queues` counts over the
//! rows. A visit that does not fit (a wait of more than an hour, a clock that went back) is
//! kept whole beside.

use std::ops::Range;

use model::event::{DivertReason, RejectReason, TransferKind};
use model::facts::{Visit, VisitOutcome};
use model::{Instant, Name};

use crate::options::WaitBasis;
use crate::tally::{self, Figures};

/// Every outcome; its place is how it is kept.
const OUTCOMES: [VisitOutcome; 12] = [
    VisitOutcome::Open,
    VisitOutcome::Answered,
    VisitOutcome::Abandoned,
    VisitOutcome::FlowOut(DivertReason::Timeout),
    VisitOutcome::FlowOut(DivertReason::Key),
    VisitOutcome::FlowOut(DivertReason::Empty),
    VisitOutcome::FlowOut(DivertReason::Transfer),
    VisitOutcome::FlowOut(DivertReason::Callback),
    VisitOutcome::Rejected(RejectReason::Closed),
    VisitOutcome::Rejected(RejectReason::Full),
    VisitOutcome::Rejected(RejectReason::Empty),
    VisitOutcome::Rejected(RejectReason::Diverted),
];
const CONSULT: u8 = 1;
const CLOSED: u8 = 2;
const BLIND: u8 = 4;
const ATTENDED: u8 = 8;
/// No value: a wait that has not ended, after-call work that nothing measured.
const NONE: u32 = u32::MAX;

/// Visits of one queue, one beside the other.
#[derive(Clone, Debug)]
pub struct Block {
    /// Centre and queue.
    pub key: (Name, Name),
    rows: Range<usize>,
}

/// Centre and queue, first and last instant.
type Bounds = ((Name, Name), Instant, Instant);

/// Some visits; see the module.
#[derive(Clone, Debug, Default)]
pub struct SlimVisits {
    /// Visits that room was asked for.
    rows: usize,
    blocks: Vec<Block>,
    joined: Vec<Instant>,
    /// From the join to the end of the wait, microseconds.
    ended: Vec<u32>,
    /// Milliseconds, as the switch states it, else as observed.
    wait: Vec<u32>,
    talk: Vec<u32>,
    /// Empty where it is 0 throughout.
    hold: Vec<u32>,
    /// Empty where it is measured nowhere.
    acw: Vec<u32>,
    outcome: Vec<u8>,
    flags: Vec<u8>,
    odd: Vec<Visit>,
    /// First and last instant of each centre and queue.
    bounds: Vec<Bounds>,
}

/// One visit as it was kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slim {
    pub joined_at: Instant,
    pub ended_at: Option<Instant>,
    pub consult: bool,
    pub figures: Figures,
}

impl Slim {
    /// The part of a whole visit.
    pub(crate) fn of(visit: &Visit, basis: WaitBasis) -> Self {
        Self {
            joined_at: visit.joined_at,
            ended_at: tally::outcome_at(visit),
            consult: visit.consult,
            figures: Figures::of(visit, basis),
        }
    }
}

impl SlimVisits {
    /// Room for so many and no more: what grows would hold up to twice what is in it.
    pub fn with_capacity(rows: usize) -> Self {
        Self {
            rows,
            joined: Vec::with_capacity(rows),
            ended: Vec::with_capacity(rows),
            wait: Vec::with_capacity(rows),
            talk: Vec::with_capacity(rows),
            outcome: Vec::with_capacity(rows),
            flags: Vec::with_capacity(rows),
            ..Self::default()
        }
    }

    /// Takes in one that is not retracted.
    pub fn push(&mut self, visit: &Visit) {
        self.bound(visit);
        let Some(packed) = Packed::of(visit) else {
            self.odd.push(without_ids(visit));
            return;
        };
        let row = self.joined.len();
        match self.blocks.last_mut() {
            Some(b) if b.key.1 == visit.queue && b.key.0 == visit.center => b.rows.end = row + 1,
            _ => self.blocks.push(Block { key: (visit.center.clone(), visit.queue.clone()), rows: row..row + 1 }),
        }
        self.joined.push(visit.joined_at);
        self.ended.push(packed.ended);
        self.wait.push(packed.wait);
        self.talk.push(packed.talk);
        sparse(&mut self.hold, (row, self.rows), packed.hold, 0);
        sparse(&mut self.acw, (row, self.rows), packed.acw, NONE);
        self.outcome.push(packed.outcome);
        self.flags.push(packed.flags);
    }

    fn bound(&mut self, visit: &Visit) {
        let known =
            self.bounds.last().is_some_and(|((center, queue), ..)| *queue == visit.queue && *center == visit.center);
        if !known {
            let key = (visit.center.clone(), visit.queue.clone());
            self.bounds.push((key, visit.joined_at, visit.joined_at));
        }
        if let Some((_, first, last)) = self.bounds.last_mut() {
            for at in [Some(visit.joined_at), visit.answered_at, visit.left_at].into_iter().flatten() {
                (*first, *last) = ((*first).min(at), (*last).max(at));
            }
        }
    }

    /// Bytes that it holds, about.
    pub fn bytes(&self) -> usize {
        let columns = [&self.ended, &self.wait, &self.talk, &self.hold, &self.acw];
        let words: usize = columns.into_iter().map(Vec::capacity).sum();
        size_of::<Self>()
            + self.joined.capacity() * 10
            + words * 4
            + self.odd.len() * size_of::<Visit>()
            + self.blocks.len() * size_of::<Block>()
    }

    /// Visits in it.
    pub fn len(&self) -> usize {
        self.joined.len() + self.odd.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those that are kept whole.
    pub(crate) fn odd(&self) -> &[Visit] {
        &self.odd
    }

    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// First and last instant of the visits of each centre and queue.
    pub fn bounds(&self) -> impl Iterator<Item = (&(Name, Name), [Instant; 2])> {
        self.bounds.iter().map(|(key, first, last)| (key, [*first, *last]))
    }

    pub(crate) fn rows(&self, block: &Block, basis: WaitBasis) -> impl Iterator<Item = Slim> {
        block.rows.clone().map(move |row| self.row(row, basis))
    }

    fn row(&self, row: usize, basis: WaitBasis) -> Slim {
        let (joined_at, flags) = (self.joined[row], self.flags[row]);
        let outcome = OUTCOMES[usize::from(self.outcome[row])];
        let waited = self.ended[row] != NONE;
        let ended_at = waited.then(|| Instant(joined_at.0 + i64::from(self.ended[row])));
        let ms = |value: u32| (value != NONE).then_some(i64::from(value));
        let wait_ms = match basis {
            WaitBasis::Stated => ms(self.wait[row]),
            WaitBasis::Observed => ended_at.map(|end| end.millis_since(joined_at)),
        };
        let figures = Figures {
            outcome,
            wait_ms,
            talk_ms: i64::from(self.talk[row]),
            hold_ms: self.hold.get(row).map_or(0, |h| i64::from(*h)),
            acw_ms: self.acw.get(row).and_then(|a| ms(*a)),
            transferred: match flags & (BLIND | ATTENDED) {
                BLIND => Some(TransferKind::Blind),
                ATTENDED => Some(TransferKind::Attended),
                _ => None,
            },
            has_closed: flags & CLOSED != 0,
        };
        Slim { joined_at, ended_at, consult: flags & CONSULT != 0, figures }
    }
}

/// Adds a value to a column that is empty as long as every value is the usual one.
fn sparse(column: &mut Vec<u32>, (row, rows): (usize, usize), value: u32, usual: u32) {
    if value != usual || !column.is_empty() {
        column.reserve_exact(rows.saturating_sub(column.len()));
        column.resize(row, usual);
        column.push(value);
    }
}

struct Packed {
    ended: u32,
    wait: u32,
    talk: u32,
    hold: u32,
    acw: u32,
    outcome: u8,
    flags: u8,
}

impl Packed {
    /// `None`: it does not fit, or would not be given back as it is.
    fn of(visit: &Visit) -> Option<Self> {
        let figures = Figures::of(visit, WaitBasis::Stated);
        let fits = |value: i64| u32::try_from(value).ok().filter(|v| *v != NONE);
        let maybe = |value: Option<i64>| value.map_or(Some(NONE), fits);
        let ended_at = tally::outcome_at(visit);
        let ended = maybe(ended_at.map(|end| end.0.saturating_sub(visit.joined_at.0)))?;
        let observed = ended_at.map(|end| end.millis_since(visit.joined_at));
        if tally::wait_ms(visit, WaitBasis::Observed) != observed {
            return None;
        }
        let flag = |on: bool, flag: u8| if on { flag } else { 0 };
        Some(Self {
            ended,
            wait: maybe(figures.wait_ms)?,
            talk: fits(figures.talk_ms)?,
            hold: fits(figures.hold_ms)?,
            acw: maybe(figures.acw_ms)?,
            outcome: u8::try_from(OUTCOMES.iter().position(|o| *o == visit.outcome)?).ok()?,
            flags: flag(visit.consult, CONSULT)
                | flag(figures.has_closed, CLOSED)
                | flag(figures.transferred == Some(TransferKind::Blind), BLIND)
                | flag(figures.transferred == Some(TransferKind::Attended), ATTENDED),
        })
    }
}

/// What reports do not look at would only take room.
fn without_ids(visit: &Visit) -> Visit {
    Visit {
        visit_id: Name::default(),
        call_id: Name::default(),
        switch: Name::default(),
        ani: None,
        dnis: None,
        ..visit.clone()
    }
}
