//! The questions.

use metrics::{Attribution, Interval, Options, ServiceLevel};
use model::Instant;
use tables::{Question, Reports, Search, Visible};

use super::centre;
use crate::Failure;

/// One question.
pub struct Ask {
    name: &'static str,
    what: What,
}

enum What {
    Queues(Question),
    Waits(Question),
    Agents(Question),
    Contacts(Question),
    Search(Search),
    /// The contact that a search finds last.
    Contact(Search),
}

impl Ask {
    /// Its name in what is told.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Asks it; gives how many rows the answer has.
    ///
    /// # Errors
    /// The tables cannot be read.
    pub async fn ask(&self, reports: &Reports) -> Result<usize, Failure> {
        Ok(match &self.what {
            What::Queues(question) => reports.queues(question).await?.len(),
            What::Waits(question) => reports.waits(question, &[5_000, 10_000, 20_000, 60_000, 120_000]).await?.len(),
            What::Agents(question) => reports.agents(question).await?.len(),
            What::Contacts(question) => reports.contacts(question).await?.len(),
            What::Search(search) => reports.search_calls(search).await?.rows.len(),
            What::Contact(search) => {
                let found = reports.search_calls(search).await?.rows.pop().ok_or("no contact")?;
                let contact = reports.contact(&found.call_id, None, &Visible::default()).await?;
                contact.map_or(0, |c| 1 + c.visits.len() + c.legs.len())
            }
        })
    }
}

/// Midnight (UTC) after so many days.
fn day(nth: i32) -> Instant {
    Instant::from_secs(i64::from(centre::FIRST_DAY + nth) * 86_400)
}

fn range(from: i32, to: i32, interval: Interval) -> Options {
    Options { from: Some(day(from)), to: Some(day(to)), interval, total: true, ..Options::default() }
}

fn asked(options: Options) -> Question {
    Question { options, ..Question::default() }
}

/// The last week by half hours.
pub fn week_by_half_hours() -> Question {
    asked(range(centre::DAYS - 7, centre::DAYS, Interval::Half))
}

/// All of them.
pub fn questions() -> Vec<Ask> {
    let last = centre::DAYS;
    let berlin = |options: Options| Options { tz: chrono_tz::Europe::Berlin, ..options };
    let year = |interval| range(0, last, interval);
    let half_minute = Options { service_level: ServiceLevel::Fixed(30_000), ..year(Interval::Week) };
    let by_event = Options { attribution: Attribution::EventTime, ..range(last - 1, last, Interval::Quarter) };
    let number = Search { number: Some("30123456".into()), page: 50, ..Search::default() };
    let one = |name, what| Ask { name, what };
    vec![
        one("today_by_quarters", What::Queues(asked(range(last - 1, last, Interval::Quarter)))),
        one("week_by_half_hours", What::Queues(week_by_half_hours())),
        one("month_by_day", What::Queues(asked(range(last - 30, last, Interval::Day)))),
        one("quarter_by_week", What::Queues(asked(range(last - 91, last, Interval::Week)))),
        one("year_by_day", What::Queues(asked(year(Interval::Day)))),
        one("year_by_week", What::Queues(asked(year(Interval::Week)))),
        one("year_by_day_berlin", What::Queues(asked(berlin(year(Interval::Day))))),
        one("year_by_week_other_t", What::Queues(asked(half_minute))),
        one("year_in_one", What::Queues(asked(year(Interval::All)))),
        one("year_waits", What::Waits(asked(year(Interval::All)))),
        one("today_by_event_time", What::Queues(asked(by_event))),
        one("month_contacts_by_day", What::Contacts(asked(range(last - 30, last, Interval::Day)))),
        one("today_agents", What::Agents(asked(range(last - 1, last, Interval::Day)))),
        one("month_agents_by_day", What::Agents(asked(range(last - 30, last, Interval::Day)))),
        one("newest_calls", What::Search(Search { page: 50, ..Search::default() })),
        one("year_search_number", What::Search(number)),
        one("one_contact", What::Contact(Search { page: 1, to: Some(day(100)), ..Search::default() })),
    ]
}
