//! Versions of the Go toolchain.
//!
//! *Looks for*: the `go` and `toolchain` lines of go.mod.
//! *Emits*: [`FactKind::Toolchain`] `go` and `go-toolchain`.
//! *Misses*: versions set by the environment of a build.
//! *Example*: `go 1.24`

use crate::detect::Facts;
use crate::fact::{FactKind, GoModule};

pub(crate) fn detect(module: &GoModule, facts: &mut Facts<'_, '_>) {
    for (what, version) in [("go", &module.go), ("go-toolchain", &module.toolchain)] {
        if let Some((version, place)) = version {
            let range = place.start as usize..place.end as usize;
            facts.add(range, FactKind::Toolchain { what: what.to_owned(), version: version.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::gomod;
    use crate::source::Text;

    #[test]
    fn both_lines_are_told_where_they_stand() {
        let text = Text::new("go.mod", "module m\ngo 1.24\ntoolchain go1.25.1\n");
        let mut facts = Facts::new(&text);
        detect(&gomod::module(&text), &mut facts);
        let kinds: Vec<_> = facts.list.iter().map(|fact| (&fact.kind, fact.place.line)).collect();
        let version = |what: &str, version: &str| FactKind::Toolchain { what: what.into(), version: version.into() };
        assert_eq!(kinds, [(&version("go", "1.24"), 2), (&version("go-toolchain", "1.25.1"), 3)]);
    }
}
