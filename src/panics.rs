//! A panic is our bug: it is caught where its damage ends, and said in one line instead of a trace.
//!
//! The default hook would print a message, which may hold text of the scanned repository, and a trace wherever
//! `RUST_BACKTRACE` is set. [`silence`] replaces it with one that only remembers the place in our own source.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

thread_local! {
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps panics from printing anything.
pub fn silence() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let place = info.location().map_or(String::new(), |at| format!("{}:{}", short(at.file()), at.line()));
        PLACE.with(|last| {
            // A panic while the place is being written must not become a second one.
            if let Ok(mut last) = last.try_borrow_mut() {
                *last = place;
            }
        });
    }));
}

/// Runs something and says where it panicked, if it did; the place is only known for a panic on this thread.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    PLACE.with(|last| last.borrow_mut().clear());
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| PLACE.with(|last| last.borrow().clone()))
}

/// The end of a source path: enough to find the line, nothing of the machine that built it.
fn short(path: &str) -> &str {
    let from = path.rmatch_indices(['/', '\\']).nth(2).map_or(0, |(at, _)| at + 1);
    &path[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_path_is_kept() {
        assert_eq!(short("src/a.rs"), "src/a.rs");
        assert_eq!(short("/home/x/registry/syn-3.0.0/src/a.rs"), "syn-3.0.0/src/a.rs");
    }

    #[test]
    fn work_that_ends_well_is_handed_through() {
        assert_eq!(caught(|| 1), Ok(1));
    }
}
