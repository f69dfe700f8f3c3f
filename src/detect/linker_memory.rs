//! Memory maps of microcontrollers.
//!
//! *Looks for*: a `MEMORY { … }` block in a linker script, or in a string of a build script that writes one; the
//! settings of cargo-embed.
//! *Emits*: marks `linker-memory` and `probe-rs`; `ArtifactBudget` where the size of the flash is a plain number.
//! *Misses*: sizes that are computed, scripts of a board's support package.
//! *Example*: `FLASH : ORIGIN = 0x0, LENGTH = 256K` → a budget of 262,144 bytes.

use std::ops::Range;

use super::Facts;
use crate::fact::{Binding, FactKind};
use crate::parse::config::ConfigView;
use crate::scope::Scope;
use crate::source::Text;

pub(crate) fn detect_text(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let script = text.path.ends_with(".x") || text.path.ends_with(".ld");
    if script && !Scope::of(text.path).is_foreign() {
        memory(text.text, 0, facts, Binding::Here);
    }
}

/// Reads `Embed.toml`, which is cargo-embed's.
pub(crate) fn detect(view: &ConfigView<'_>, facts: &mut Facts<'_, '_>) {
    if !matches!(view.name(), "Embed.toml" | ".embed.toml") || Scope::of(view.text.path).is_foreign() {
        return;
    }
    let Some(root) = view.root() else { return };
    let chip = root.pairs().iter().find_map(|(_, profile)| profile.path(&["general", "chip"]));
    let (range, detail) = chip.map_or((0..0, ""), |chip| (chip.range.clone(), chip.as_str().unwrap_or_default()));
    let kind = FactKind::Mark { name: "probe-rs".to_owned(), detail: detail.to_owned() };
    facts.add_bound(range, kind, Binding::Here);
}

/// Finds the block in a text that starts at `offset` of its file.
pub(super) fn memory(text: &str, offset: usize, facts: &mut Facts<'_, '_>, binding: Binding) {
    let Some((at, block)) = block(text) else { return };
    let flash = flash(&text[block.clone()]);
    let written = |range: &Range<usize>| text[block.clone()][range.clone()].trim();
    let detail = flash.as_ref().map_or(String::new(), |(name, range, _)| match written(range) {
        // A build script fills it in.
        value if value.contains('{') => (*name).to_owned(),
        value => format!("{name} {value}"),
    });
    let mark = FactKind::Mark { name: "linker-memory".to_owned(), detail };
    facts.add_bound(offset + at..offset + at + "MEMORY".len(), mark, binding.clone());
    if let Some((_, range, Some(bytes))) = flash {
        let start = offset + block.start;
        facts.add_bound(start + range.start..start + range.end, FactKind::ArtifactBudget { bytes }, binding);
    }
}

/// Returns where `MEMORY` stands and the range between its braces.
fn block(text: &str) -> Option<(usize, Range<usize>)> {
    text.match_indices("MEMORY").find_map(|(at, word)| {
        let rest = &text[at + word.len()..];
        let open = at + word.len() + (rest.len() - rest.trim_start().len());
        // Build scripts write braces twice in a format string.
        let body = text[open..].strip_prefix('{')?;
        let start = text.len() - body.len();
        let end = start + body.find('}')?;
        body[..end - start].contains("ORIGIN").then_some((at, start..end))
    })
}

/// Returns name, range of the length, and bytes of the first region that holds code.
fn flash(block: &str) -> Option<(&str, Range<usize>, Option<u64>)> {
    let mut start = 0;
    for line in block.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let name = line.trim_start().split([':', ' ', '(', '\t']).next().unwrap_or("");
        let upper = name.to_ascii_uppercase();
        if !(upper.contains("FLASH") || upper == "ROM" || upper == "IROM") {
            continue;
        }
        let Some(equals) =
            line.find("LENGTH").or_else(|| line.find("LEN")).and_then(|at| Some(at + line[at..].find('=')?))
        else {
            continue;
        };
        let value = line[equals + 1..].trim_end_matches(['\n', '\r']);
        let value = &value[..value.find(['/', ';', '"', ',']).unwrap_or(value.len())];
        return Some((name, at + equals + 1..at + equals + 1 + value.len(), bytes(value.trim())));
    }
    None
}

/// Reads `256K`, `0x40000`, `1M`.
fn bytes(value: &str) -> Option<u64> {
    if let Some(digits) = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16).ok().filter(|bytes| *bytes > 0);
    }
    let (number, factor) = match value.as_bytes().last()? {
        b'K' | b'k' => (&value[..value.len() - 1], 1024),
        b'M' | b'm' => (&value[..value.len() - 1], 1024 * 1024),
        _ => (value, 1),
    };
    number.trim().parse::<u64>().ok()?.checked_mul(factor).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_marks;
    use crate::parse::Kind;

    #[test]
    fn flash_is_read_where_it_is_a_number() {
        let cases: [(&str, &[&str]); 6] = [
            (
                "/* x */\nMEMORY\n{\n  FLASH (rx) : ORIGIN = 0x08000000, LENGTH = 256K /* all */\n  RAM : ORIGIN = 0x2, LENGTH = 40K\n}\n",
                &["linker-memory FLASH 256K", "budget 262144"],
            ),
            ("MEMORY {\n ROM : ORIGIN = 0, LENGTH = 0x10000\n}", &["linker-memory ROM 0x10000", "budget 65536"]),
            ("MEMORY {\n FLASH : ORIGIN = 0, LENGTH = 64K - 4K\n}", &["linker-memory FLASH 64K - 4K"]),
            ("MEMORY {\n RAM : ORIGIN = 0, LENGTH = 4K\n}", &["linker-memory "]),
            ("SECTIONS { .text : { } } /* MEMORY */", &[]),
            ("MEMORY { FLASH : ORIGIN", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(test_marks(Kind::Text, "fw/memory.x", source), expected, "{source}");
        }
    }

    #[test]
    fn cargo_embed_names_the_chip() {
        let source = "[default.general]\nchip = \"STM32F401\"\n";
        assert_eq!(test_marks(Kind::Toml, "Embed.toml", source), ["probe-rs STM32F401"]);
        assert!(test_marks(Kind::Toml, "Other.toml", source).is_empty());
    }
}
