//! The words of the staffing page.

pub(crate) const BEGIN: &str = "Type in a load, or come from a queue's row of the report: its arrivals, handle time and \
     patience are taken from there.";
pub(crate) const MEASURED: &str = "as measured";
pub(crate) const ANEW: &str = "Type in other figures";
pub(crate) const COUNT: &str = "How many agents?";
pub(crate) const LOAD: &str = "Load";
pub(crate) const PATIENCE: &str = "Mean patience";
pub(crate) const NO_PATIENCE: &str = "not known (nobody gave up): no Erlang A";
pub(crate) const NEEDED: &str = "The fewest agents that meet every target";
pub(crate) const AROUND: &str = "With fewer and with more agents";
pub(crate) const FEWEST: &str = "fewest by";
pub(crate) const GROWS: &str = "grows without end";
pub(crate) const FORMULAS: &str = "Formulas";

/// Fields: the name, the label, what to write.
pub(crate) const FIELDS: &[(&str, &str, &str)] = &[
    ("arrivals", "Arrivals", "120"),
    ("period", "in", "30m"),
    ("aht", "AHT", "240s"),
    ("patience", "Patience", "120s"),
    ("target", "Service level", "80%"),
    ("within", "within T", "20s"),
    ("max_abandon", "Abandoned at most", "5%"),
    ("max_occupancy", "Occupancy at most", "85%"),
    ("shrinkage", "Shrinkage", "30%"),
];

/// The formulas and where they are from.
pub(crate) const CITED: [&str; 4] = [
    "Load in Erlang = arrivals / period × AHT. Erlang C: callers wait for ever (A. K. Erlang, “Solution of some problems \
     in the theory of probabilities of significance in automatic telephone exchanges”, 1917). With no more agents than \
     load the queue grows without end.",
    "Erlang A: callers give up after an exponential patience (C. Palm, “Research on telephone traffic carried by full \
     availability groups”, 1957; Garnett, Mandelbaum, Reiman, “Designing a call center with impatient customers”, \
     Manufacturing & Service Operations Management 4(3), 2002; Mandelbaum, Zeltyn, “Service engineering in action: the \
     Palm/Erlang-A queue”, 2007). Its mean is estimated as all waiting / abandoned visits.",
    "Service level here is the share of all calls that is answered within T: abandons count against it. To roster = \
     agents / (1 − shrinkage), rounded up.",
    "Both models suppose Poisson arrivals at one rate, exponential handle times, and agents who take every call: an \
     estimate of a steady state, no promise for one interval. Choose a range in which the load is even, such as one hour.",
];
