//! Native libraries that Rust opens at run time.
//!
//! *Looks for*: `Library::new` and its like of libloading, dlopen2, sharedlib and minidl; `dlopen` of libc.
//! *Emits*: `Ffi` import `dlopen`, one per file, with the number of libraries opened, under the file's condition.
//! *Misses*: libraries opened by a crate in between; `LoadLibrary` of the Windows crates, which nearly always fetches
//! a part of Windows.
//! *Example*: `libloading::Library::new("libfast.so")` → import of one library.
//!
//! Not meant: a `Library` of the repository's own, `dlopen` as the name of a function that it defines.

use super::Facts;
use crate::fact::{Direction, FactKind};
use crate::parse::rust::RustView;

const CRATES: &[&str] = &["libloading", "dlopen2", "dlopen", "sharedlib", "minidl", "dlib"];
const TYPES: &[&str] = &["Library", "Container", "OptionalContainer", "Lib", "LibTracked", "LibUnsafe"];
const OPENERS: &[&str] =
    &["new", "open", "open_with_flags", "open_self", "load", "load_self", "load_with_flags", "this", "load_with_name"];

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let tokens = &view.tokens;
    // All crates, and the function of libc, which is called as one of them is.
    if !tokens.has_any(CRATES) {
        return;
    }
    let names = |word: &str| (0..tokens.len()).any(|at| tokens.is_ident(at) && tokens.at(at) == word);
    let by_crate = CRATES.iter().any(|name| names(name));
    let by_libc = names("libc");
    let opens = |at: usize| {
        if !tokens.is_ident(at) {
            return false;
        }
        let typed = by_crate
            && TYPES.contains(&tokens.at(at))
            && type_end(view, at).is_some_and(|end| OPENERS.contains(&tokens.at(end)));
        let called =
            by_libc && tokens.at(at) == "dlopen" && tokens.is(at + 1, b'(') && tokens.at(at.wrapping_sub(1)) != "fn";
        typed || called
    };
    let found: Vec<usize> = (0..tokens.len()).filter(|&at| opens(at)).collect();
    let Some(first) = tokens.best(found.iter().copied()) else { return };
    let symbols = found.len() as u32;
    let kind = FactKind::Ffi { direction: Direction::Import, mechanism: "dlopen".to_owned(), symbols };
    view.add(facts, first, first, kind);
}

/// The token after `::` behind a type and its arguments: `Container::<Api>::load`.
fn type_end(view: &RustView<'_, '_>, at: usize) -> Option<usize> {
    let tokens = &view.tokens;
    let mut next = at + 1;
    if !tokens.is_path_separator(next) {
        return None;
    }
    next += 2;
    if tokens.is(next, b'<') {
        let close = (next..next + 12).find(|&index| tokens.is(index, b'>'))?;
        if !tokens.is_path_separator(close + 1) {
            return None;
        }
        next = close + 3;
    }
    Some(next)
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_ffi;

    #[test]
    fn libraries_opened_are_imports_and_look_alikes_are_silent() {
        let cases: [(&str, &[&str]); 8] = [
            ("fn f() { unsafe { libloading::Library::new(\"a\") } }", &["import dlopen 1"]),
            ("use libloading::Library; fn f() { Library::new(a); Library::open_self() }", &["import dlopen 2"]),
            ("use dlopen2::wrapper::Container; fn f() { Container::<Api>::load(p) }", &["import dlopen 1"]),
            ("use libc; fn f() { libc::dlopen(p, 0) }", &["import dlopen 1"]),
            ("struct Library; fn f() { Library::new(\"books\") }", &[]),
            ("use libloading::Error; // libloading::Library::new", &[]),
            ("use libc::c_int; fn dlopen(p: u8) {} const A: &str = \"libc::dlopen(\";", &[]),
            ("#[cfg(test)] mod t { fn f() { libloading::Library::new(\"a\") } }", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(test_ffi(source), expected, "{source}");
        }
    }
}
