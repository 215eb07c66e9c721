//! Staffing what-if: agents needed for a measured or typed-in load, by Erlang C and A.
//!
//! Contract: the formulas are `metrics::staffing`'s; measured figures are those of the
//! `queues` report of what the caller sees. Nothing is stored. Fractions are 0 to 1, or per
//! cent with the sign; page and API give the same answer to the same address.

mod answer;
pub(crate) mod api;
mod ask;
pub(crate) mod page;
