//! Words and phrases searched in a sentence without regard to case.
//!
//! A phrase is found where it stands between ends of words, as `\b` of patterns has it, in ASCII.

/// Phrases in small letters, each beginning with a letter. `#` stands for a digit, and `*` at the end for a further word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phrases(pub(super) &'static [&'static str]);

impl Phrases {
    pub(super) fn is_in(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let starts = (0..bytes.len()).filter(|&at| is_word(bytes[at]) && !(at > 0 && is_word(bytes[at - 1])));
        starts.map(|at| &bytes[at..]).any(|rest| self.begins(rest))
    }

    /// Whether a text begins with a phrase.
    pub(super) fn is_start_of(self, text: &str) -> bool {
        self.begins(text.as_bytes())
    }

    /// Whether a text ends with a phrase.
    pub(super) fn is_end_of(self, text: &str) -> bool {
        self.0.iter().any(|phrase| {
            let start = text.len().checked_sub(phrase.len());
            start.and_then(|start| text.split_at_checked(start)).is_some_and(|(before, end)| {
                end.eq_ignore_ascii_case(phrase) && !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
            })
        })
    }

    fn begins(self, rest: &[u8]) -> bool {
        let Some(first) = rest.first().map(u8::to_ascii_lowercase) else { return false };
        self.0.iter().filter(|phrase| phrase.as_bytes()[0] == first).any(|phrase| is_at(phrase.as_bytes(), rest))
    }
}

fn is_at(phrase: &[u8], rest: &[u8]) -> bool {
    let (phrase, wants_more) = phrase.strip_suffix(b"*").map_or((phrase, false), |phrase| (phrase, true));
    let Some((start, behind)) = rest.split_at_checked(phrase.len()) else { return false };
    let fits = |(&wanted, &byte): (&u8, &u8)| {
        if wanted == b'#' { byte.is_ascii_digit() } else { byte.to_ascii_lowercase() == wanted }
    };
    let more = behind.first().is_some_and(|&byte| is_word(byte) || wants_more && !byte.is_ascii());
    phrase.iter().zip(start).all(fits) && more == wants_more
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// What follows a word in small letters at the beginning of a text.
pub(super) fn follows<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(word.len())?;
    start.eq_ignore_ascii_case(word).then_some(rest)
}

/// The letters at the end of a text, none where they are part of a longer word.
pub(super) fn last_word(text: &str) -> &str {
    let start = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let is_part = start.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    if is_part { "" } else { &text[start.len()..] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_stand_between_ends_of_words() {
        let phrases = Phrases(&["e.g", "more than #", "tick-to-*", "default_"]);
        for text in ["as e.g. this", "E.G", "(more than 5)", "Tick-To-trade", "tick-to-\u{e9}", "a default_ "] {
            assert!(phrases.is_in(text), "{text}");
        }
        for text in ["", "beg.g", "e.gs", "more than 10", "tick-to- b", "tick-to-", "default_x", "x_default_"] {
            assert!(!phrases.is_in(text), "{text}");
        }
        let bounds = Phrases(&["up to", "sub"]);
        assert!(bounds.is_end_of("no UP TO") && bounds.is_end_of("sub") && !bounds.is_end_of("sup to up"));
        assert!(!bounds.is_end_of("grub sub_") && !bounds.is_end_of("\u{e9}sub") && !bounds.is_end_of("hubsub"));
        assert_eq!([last_word("a Budgets"), last_word("x_budget"), last_word("9budget")], ["Budgets", "", ""]);
    }
}
