//! Whether a file can be Go at all, from its tokens: a literal, comment or bracket that never ends hides what follows,
//! and whoever wants to hide something knows that.

use std::ops::Range;

use super::GoView;

impl GoView<'_> {
    /// Returns the first place that no Go compiler takes, with what is wrong there; most mistakes are not looked for.
    pub fn broken(&self) -> Option<(Range<usize>, &'static str)> {
        let last = self.comments.last().map(|comment| comment.start as usize..comment.end as usize);
        let open = last.filter(|range| {
            let text = &self.text[range.clone()];
            text.starts_with("/*") && (text.len() < 4 || !text.ends_with("*/"))
        });
        if let Some(range) = open {
            return Some((range.start..range.start + 2, "a comment that never ends"));
        }
        if self.package.is_empty() && !self.tokens.is_empty() {
            return Some((self.range(0..1), "no package clause"));
        }
        let token = |nth: u32| self.range(nth as usize..nth as usize + 1);
        if let Some(nth) = self.shape.endless {
            return Some((token(nth), "a literal that never ends"));
        }
        self.shape.unmatched.map(|nth| (token(nth), "a bracket without its other half"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Text;

    #[test]
    fn what_hides_the_rest_of_a_file_is_told() {
        for (text, told) in [
            ("package a\n\nfunc f() { x := []int{1}; _ = `{` + \"}\" + string('\\'') }\n", None),
            ("// Only a remark.\n", None),
            ("", None),
            ("package a // \" /*\n/* { */\n", None),
            ("package a\n/* func f() {}\n", Some("a comment that never ends")),
            ("package a\n/*/", Some("a comment that never ends")),
            ("package a\nvar x = `\nfunc f() {}\n", Some("a literal that never ends")),
            ("package a\nvar x = \"\nfunc f() {}\n", Some("a literal that never ends")),
            ("package a\nfunc f() {\n", Some("a bracket without its other half")),
            ("package a\nfunc f() { ) }\n", Some("a bracket without its other half")),
            ("{{ template }}\n", Some("no package clause")),
        ] {
            let text = Text::new("a.go", text);
            assert_eq!(GoView::new(&text).broken().map(|(_, why)| why), told, "{}", text.text);
        }
    }
}
