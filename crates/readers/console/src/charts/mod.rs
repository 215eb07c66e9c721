//! Charts, drawn by the server as SVG of our own: bars, lines, and a heat map as a table.
//!
//! Contract: a chart has a title, a description and a table with the same figures; its
//! series differ by pattern as well as by colour; nothing in it is markup that came from
//! outside. Gaps of sources are bands across it, restated intervals have a sign. Colours
//! stand in the sheet, so that both themes and print have theirs.

mod bars;
mod frame;
pub(crate) mod heat;
mod lines;
mod scale;

pub(crate) use bars::bars;
pub(crate) use frame::{Axis, Band, Chart, Series};
pub(crate) use lines::lines;
pub(crate) use scale::Unit;
