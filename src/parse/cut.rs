//! What a bound of a parser left out of the text that this thread is reading.
//!
//! Parsers of parts (an expression, a value, a predicate) are asked from many places and give only a value. Where
//! one meets its bound it says so here, and [`crate::reader`] makes one flaw of each bound that a file has met.

use std::cell::RefCell;

use crate::problem::{Class, Flaw};

/// What the bound counts where a machine was too slow: another one may read the same text whole.
pub(crate) const TIME: &str = "milliseconds for a syntax tree";

thread_local! {
    static MET: RefCell<Vec<(&'static str, usize, Class)>> = const { RefCell::new(Vec::new()) };
}

/// Says that a bound was met: `what` it counts, and the `most` that is read.
pub(crate) fn met(what: &'static str, most: usize, class: Class) {
    MET.with_borrow_mut(|met| {
        if !met.contains(&(what, most, class)) {
            met.push((what, most, class));
        }
    });
}

/// Returns what was met since the last call, in a stable order.
pub(crate) fn take() -> Vec<Flaw> {
    let mut met = MET.take();
    met.sort_unstable();
    let flaw = |(what, most, class)| Flaw {
        reason: format!("over the limit of {most} {what}: the rest is not read"),
        place: None,
        class,
    };
    met.into_iter().map(flaw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_told_once_and_then_forgotten() {
        take();
        met("levels", 3, Class::Lost);
        met("levels", 3, Class::Lost);
        assert_eq!(take().len(), 1);
        assert_eq!(take(), Vec::new());
    }
}
