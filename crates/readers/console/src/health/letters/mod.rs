//! Dead letters: what could not be read, why, and reading it once more.
//!
//! Contract: the newest [`MOST`] letters are listed, newest first; a letter is known by its
//! place in the topic. Original bytes are given only to those who see the whole centre, for
//! they may be of any queue; letters without a centre to those who see all.

pub(crate) mod api;
mod explain;
pub(crate) mod page;
mod view;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use event_log::dead_letters::{self, DeadLetter, TAKEN_IN};
use event_log::{EventLog, LogError};
use model::{Name, Position};

use super::desk::{DeskError, Retried, place_of, place_text};
use crate::auth::{Caller, Sees};
use crate::server::Server;
use view::view;
pub(crate) use view::{LetterFilter, LetterView, LettersView};

/// Letters of a partition that are looked at: the newest.
const MOST: i64 = 50_000;
/// How old a list may be.
const OLDEST: Duration = Duration::from_secs(3);
/// Letters of a page, and the most that may be asked for.
const PAGE: (usize, usize) = (50, 500);
/// The most letters of one retry.
const RETRIED: usize = 1_000;
/// Original bytes that are given.
const BYTES: usize = 64 << 10;

/// All that are listed, newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Letters {
    all: Vec<(Position, LetterView)>,
    older: bool,
}

/// The letters, at most [`OLDEST`] old.
async fn letters(server: &Server) -> Result<Arc<Letters>, LogError> {
    server.memory.letters.get(OLDEST, async { Ok(Arc::new(read(&*server.log).await?)) }).await
}

async fn read(log: &dyn EventLog) -> Result<Letters, LogError> {
    let (mut all, mut taken): (Vec<(Position, LetterView)>, HashSet<Name>) = Default::default();
    let older = dead_letters::newest(log, MOST, |place, letter| {
        if letter.reason == TAKEN_IN {
            taken.insert(letter.id);
        } else {
            all.push((place, view(place, &letter)));
        }
    })
    .await;
    let older = match older {
        // A log that never met anything unreadable.
        Err(LogError::Unknown(_)) => false,
        other => other?,
    };
    all.iter_mut().for_each(|(_, l)| l.taken_in = taken.contains(l.id.as_str()));
    all.sort_by(|(a, x), (b, y)| (&y.at, b.partition, b.offset).cmp(&(&x.at, a.partition, a.offset)));
    Ok(Letters { all, older })
}

/// Whether somebody may see a letter of this centre.
fn seen(sees: &Sees, center: Option<&str>) -> bool {
    sees.queues.is_none() && center.map_or(sees.centers.is_none(), |c| sees.center(c))
}

impl Letters {
    fn seen<'a>(&'a self, sees: &'a Sees) -> impl Iterator<Item = &'a (Position, LetterView)> {
        self.all.iter().filter(|(_, l)| seen(sees, l.center.as_deref()))
    }

    /// How many stand, by reason.
    fn by_reason(&self, sees: &Sees) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for (_, letter) in self.seen(sees).filter(|(_, l)| !l.taken_in) {
            *counts.entry(letter.reason.clone()).or_default() += 1;
        }
        counts
    }

    fn page(&self, sees: &Sees, filter: &LetterFilter) -> LettersView {
        let limit = filter.limit.unwrap_or(PAGE.0).clamp(1, PAGE.1);
        let after = filter.after.as_deref().filter(|a| !a.is_empty());
        let mut wanted = self.seen(sees).filter(|(_, l)| filter.wants(l)).peekable();
        if let Some(after) = after {
            while wanted.next().is_some_and(|(_, l)| l.place != after) {}
        }
        let letters: Vec<LetterView> = wanted.by_ref().take(limit).map(|(_, l)| l.clone()).collect();
        let next = wanted.peek().and(letters.last()).map(|l| l.place.clone());
        LettersView { letters, next, by_reason: self.by_reason(sees), older: self.older }
    }
}

/// A page of letters.
///
/// # Errors
/// The log cannot be read.
async fn list(server: &Server, caller: &Caller, filter: &LetterFilter) -> Result<LettersView, LogError> {
    Ok(letters(server).await?.page(&caller.sees, filter))
}

/// How many letters stand that somebody sees.
pub(super) async fn standing(server: &Server, sees: &Sees) -> Result<u64, LogError> {
    let letters = server.memory.letters.get(super::KEPT, async { Ok(Arc::new(read(&*server.log).await?)) }).await?;
    Ok(letters.by_reason(sees).values().sum())
}

/// One letter whole, where it is there and the caller may see it.
async fn one(server: &Server, caller: &Caller, place: &str) -> Result<Option<(LetterView, DeadLetter)>, LogError> {
    let Some(place) = place_of(place) else { return Ok(None) };
    let Some(letter) = dead_letters::at(&*server.log, place).await? else { return Ok(None) };
    if letter.reason == TAKEN_IN || !seen(&caller.sees, letter.center.as_deref()) {
        return Ok(None);
    }
    let known = letters(server).await?;
    let taken_in = known.all.iter().any(|(p, l)| *p == place && l.taken_in);
    Ok(Some((LetterView { taken_in, ..view(place, &letter) }, letter)))
}

/// Tries letters once more: one, or those of a filter that stand, the oldest first.
async fn retry(server: &Server, caller: &Caller, which: Which<'_>) -> Result<Vec<Retried>, DeskError> {
    let failed = |e: LogError| DeskError::Failed(e.to_string());
    let places: Vec<Position> = match which {
        Which::One(place) => place_of(place).into_iter().collect(),
        Which::All(filter) => {
            let (known, filter) =
                (letters(server).await.map_err(failed)?, LetterFilter { taken_in: false, ..filter.clone() });
            let all: Vec<Position> =
                known.seen(&caller.sees).filter(|(_, l)| filter.wants(l)).map(|(place, _)| *place).collect();
            all.into_iter().rev().take(RETRIED).collect()
        }
    };
    let mut tried = Vec::new();
    for place in places {
        let found = one(server, caller, &place_text(place)).await.map_err(failed)?;
        tried.extend(found.filter(|(view, _)| !view.taken_in).map(|(_, letter)| (place, letter)));
    }
    if tried.is_empty() && matches!(which, Which::One(_)) {
        return Err(DeskError::Gone);
    }
    let done = server.desk.retry_letters(&tried, &caller.name).await;
    server.memory.letters.forget().await;
    done
}

/// What is tried once more.
enum Which<'a> {
    One(&'a str),
    All(&'a LetterFilter),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(offset: i64, center: &str, reason: &str, taken_in: bool) -> (Position, LetterView) {
        let place = Position { partition: 0, offset };
        let letter = DeadLetter {
            id: format!("l{offset}").into(),
            reason: reason.into(),
            text: String::new(),
            source: None,
            switch: Some("pbx1".into()),
            dialect: None,
            center: Some(center.into()),
            position: None,
            at: model::Instant::from_secs(offset),
            bytes: bytes::Bytes::new(),
        };
        (place, LetterView { taken_in, ..view(place, &letter) })
    }

    fn places(view: &LettersView) -> Vec<&str> {
        view.letters.iter().map(|l| l.place.as_str()).collect()
    }

    #[test]
    fn pages_go_on_where_the_one_before_ended() {
        let all = vec![
            letter(5, "main", "unframed", false),
            letter(4, "main", "too_late", false),
            letter(3, "main", "unframed", true),
            letter(2, "north", "unframed", false),
        ];
        let (letters, sees) = (Letters { all, older: false }, Sees::default());
        let filter = |after: Option<&str>| LetterFilter {
            after: after.map(str::to_owned),
            limit: Some(2),
            ..LetterFilter::default()
        };
        let first = letters.page(&sees, &filter(None));
        assert_eq!((places(&first), first.next.as_deref()), (vec!["0-5", "0-4"], Some("0-4")));
        let second = letters.page(&sees, &filter(Some("0-4")));
        assert_eq!((places(&second), second.next.as_deref()), (vec!["0-2"], None));
        assert_eq!(second.by_reason, [("too_late".to_owned(), 1), ("unframed".to_owned(), 2)].into());
        let north = Sees { centers: Some(vec!["north".into()]), queues: None };
        assert_eq!(places(&letters.page(&north, &filter(None))), ["0-2"]);
        let some_queues = Sees { centers: None, queues: Some(vec!["sales".into()]) };
        assert!(letters.page(&some_queues, &filter(None)).letters.is_empty(), "bytes may be of any queue");
        let unframed = LetterFilter { reason: Some("unframed".into()), taken_in: true, ..LetterFilter::default() };
        assert_eq!(places(&letters.page(&sees, &unframed)), ["0-5", "0-3", "0-2"]);
    }
}
