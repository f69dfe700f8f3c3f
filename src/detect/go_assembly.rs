//! Assembly beside Go code.
//!
//! *Looks for*: `.s` files in Go's own assembly language: they define functions by `TEXT ·name(SB)`.
//! *Emits*: [`FactKind::Tuning`] `assembly` at the first function of a file.
//! *Misses*: assembly of other toolchains, which is no tuning of Go; `.syso` objects, which may be icons.
//! *Example*: `TEXT ·sum(SB), NOSPLIT, $0-24`

use crate::detect::Facts;
use crate::fact::FactKind;
use crate::scope::Scope;
use crate::source::Text;

pub(super) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    if !text.path.ends_with(".s") || Scope::of(text.path) != Scope::Shipped {
        return;
    }
    let mut start = 0;
    for line in text.text.split_inclusive('\n') {
        if line.starts_with("TEXT") && line.contains('·') && line.contains("(SB)") {
            facts.add(start..start + line.trim_end().len(), FactKind::Tuning { what: "assembly".into(), value: None });
            return;
        }
        start += line.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, source: &str) -> Vec<u32> {
        let text = Text::new(path, source);
        let mut facts = Facts::new(&text);
        detect(&text, &mut facts);
        facts.list.iter().map(|fact| fact.place.line).collect()
    }

    #[test]
    fn functions_of_go_assembly_alone() {
        let source = "#include \"textflag.h\"\n\nTEXT ·sum(SB), NOSPLIT, $0-24\n\tRET\nTEXT ·b(SB), $0\n";
        assert_eq!(lines("x/sum_amd64.s", source), [3]);
        assert!(lines("vendor/x/sum_amd64.s", source).is_empty());
        assert!(lines("boot.s", ".globl _start\n_start: b _start\n").is_empty());
        assert!(lines("empty.s", "// lets go:linkname compile\n").is_empty());
    }
}
