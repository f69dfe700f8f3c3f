//! C and C++ source that is built into a package.
//!
//! *Looks for*: `.c`, `.cc`, `.cpp`, `.cxx`, `.m` and `.mm` files; headers declare and are not counted.
//! *Emits*: [`FactKind::Count`] [`Count::CLines`] with the lines that hold something, about the package of the file.
//! *Misses*: whether the build really compiles the file, and C that is downloaded by a build script.
//! *Example*: `codec.c` beside `codec.go`

use crate::detect::Facts;
use crate::fact::{Count, FactKind};
use crate::scope::Scope;
use crate::source::Text;

pub(super) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let extension = text.path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_source = ["c", "cc", "cpp", "cxx", "m", "mm"].contains(&extension);
    if !is_source || Scope::of(text.path) != Scope::Shipped {
        return;
    }
    let lines = text.text.lines().filter(|line| !line.trim().is_empty()).count();
    if lines > 0 {
        facts.add(0..text.line(1).len(), FactKind::Count { what: Count::CLines, n: lines as u32 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(path: &str, text: &str) -> Vec<FactKind> {
        let text = Text::new(path, text);
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        facts.list.into_iter().map(|fact| fact.kind).collect()
    }

    #[test]
    fn source_counts_and_headers_vendored_and_empty_files_do_not() {
        assert_eq!(counted("a/b.c", "int x;\n\nint y;\n"), [FactKind::Count { what: Count::CLines, n: 2 }]);
        for (path, text) in [("a/b.h", "int x;"), ("vendor/b.c", "int x;"), ("a/b.c", "\n"), ("a/b.s", "nop")] {
            assert!(counted(path, text).is_empty(), "{path}");
        }
    }
}
