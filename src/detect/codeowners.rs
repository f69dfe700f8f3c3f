//! Lines of CODEOWNERS that history will leave out.
//!
//! *Looks for*: patterns of CODEOWNERS that are too long or nested to be compiled.
//! *Emits*: nothing but a `Flaw`: the history stage, which counts owners, leaves such a line out.
//! *Misses*: a CODEOWNERS file elsewhere than where code hosts look.
//! *Example*: a line of 2,000 characters before its owner.

use super::Facts;
use crate::pattern;
use crate::source::Text;

pub(super) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    if !text.path.ends_with("CODEOWNERS") {
        return;
    }
    let mut start = 0;
    for line in text.text.split_inclusive('\n') {
        let pattern = line.split_whitespace().next().unwrap_or("");
        if !line.starts_with('#') && !pattern::is_bounded(pattern.as_bytes()) {
            facts.flaw(
                start..start + line.trim_end().len(),
                "a pattern that is too long or nested: its owners are not counted",
            );
        }
        start += line.len();
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::Kind;
    use crate::reader::read;
    use crate::source::Text;

    #[test]
    fn only_absurd_patterns_are_told() {
        let long = format!("# {0}\n*.go @a\n{0} @b\n", "a".repeat(2_000));
        let flaws = |path: &str, text: &str| read(Kind::Text, &Text::new(path, text)).flaws;
        assert_eq!(
            flaws(".github/CODEOWNERS", &long)
                .iter()
                .map(|flaw| flaw.place.map_or(0, |at| at.line))
                .collect::<Vec<_>>(),
            [3]
        );
        assert_eq!(flaws("CODEOWNERS", "/docs/ @a @b\n"), []);
        assert_eq!(flaws("BUILD", &long), []);
    }
}
