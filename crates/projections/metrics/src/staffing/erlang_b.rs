//! Erlang B: calls that find every line busy are lost.

/// Fraction of the calls that are lost by `lines` under `load_erlangs` (not negative).
///
/// By the recursion B(0) = 1, B(n) = a B(n−1) / (n + a B(n−1)) of Erlang's formula (1917),
/// of which every step lies between 0 and 1: no factorial, no cancellation, any size.
pub fn loss(lines: u32, load_erlangs: f64) -> f64 {
    let mut lost = 1.0;
    for n in 1..=lines {
        let offered = load_erlangs * lost;
        lost = offered / (f64::from(n) + offered);
        if lost == 0.0 {
            break;
        }
    }
    lost
}
