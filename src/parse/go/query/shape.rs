//! Whether a query is put together as the library expects.
//!
//! In: the text of a query. Out: nothing, or where it is not and why. The library that compiles queries takes for
//! granted that what is captured, repeated or bound to a field is a pattern; where only a predicate stands there, it
//! ends the whole program. A query comes with the repository, so its shape is checked before.

const UNCLOSED: &str = "a bracket is not closed";

/// What an open bracket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// `(name …)`: a node, itself a pattern.
    Node,
    /// `((…) …)`: patterns side by side.
    Group,
    /// `[… …]`: one of several patterns.
    Choice,
}

/// Says where and why the library must not see a query.
pub(super) fn check(text: &str) -> Result<(), (usize, &'static str)> {
    if let Some(at) = text.bytes().position(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r')) {
        return Err((at, "a query holds no control characters"));
    }
    let mut scan = Scan { text, at: 0, open: Vec::new(), wants_pattern: true };
    scan.run().map_err(|why| (scan.at.min(text.len()), why))
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Holds>,
    /// Whether a pattern must come before a predicate may.
    wants_pattern: bool,
}

impl Scan<'_> {
    fn run(&mut self) -> Result<(), &'static str> {
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.string()?;
                    self.has_pattern();
                }
                b'_' => {
                    self.at += 1;
                    self.has_pattern();
                }
                b'(' => self.bracket()?,
                b'[' => {
                    self.at += 1;
                    self.open.push(Holds::Choice);
                    self.wants_pattern = true;
                }
                b')' | b']' => self.close(byte)?,
                // A field's name and an anchor lead to a pattern.
                b':' | b'.' => {
                    self.at += 1;
                    self.wants_pattern = true;
                }
                b'@' => {
                    self.at += 1;
                    self.word();
                }
                b'-' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => self.word(),
                b'!'..=b'~' => self.at += 1,
                _ => return Err("outside of strings a query is written in ASCII"),
            }
        }
        if self.open.is_empty() { Ok(()) } else { Err(UNCLOSED) }
    }

    /// Names hold dots, which are no anchors there.
    fn word(&mut self) {
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        self.at += self.text.as_bytes()[self.at..].iter().take_while(is_name).count();
    }

    /// The next byte that is neither white space nor a comment; `None` at the end.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        loop {
            match *bytes.get(self.at)? {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b';' => self.at = memchr::memchr(b'\n', &bytes[self.at..]).map_or(bytes.len(), |end| self.at + end),
                byte => return Some(byte),
            }
        }
    }

    /// A pattern has ended. In a choice each part must be one; elsewhere one is enough.
    fn has_pattern(&mut self) {
        self.wants_pattern = self.open.last() == Some(&Holds::Choice);
    }

    fn bracket(&mut self) -> Result<(), &'static str> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some(b'#' | b'.') if self.wants_pattern => {
                self.at = start;
                Err("a predicate stands where a pattern must: write it behind what it asks about")
            }
            Some(b'#' | b'.') => self.predicate(),
            Some(b'(' | b'[' | b'"') => {
                self.open.push(Holds::Group);
                self.wants_pattern = true;
                Ok(())
            }
            _ => {
                self.open.push(Holds::Node);
                self.wants_pattern = false;
                Ok(())
            }
        }
    }

    /// `(#eq? @a "b")`, which holds no brackets.
    fn predicate(&mut self) -> Result<(), &'static str> {
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => self.string()?,
                b'(' | b'[' | b']' => return Err("a predicate holds captures, words and strings only"),
                _ => self.at += 1,
            }
            if byte == b')' {
                return Ok(());
            }
        }
        Err(UNCLOSED)
    }

    fn close(&mut self, byte: u8) -> Result<(), &'static str> {
        let held = self.open.pop().ok_or("a bracket is closed that was not opened")?;
        if (held == Holds::Choice) != (byte == b']') {
            return Err("a bracket is closed by one of another kind");
        }
        self.at += 1;
        self.has_pattern();
        Ok(())
    }

    /// Up to behind the closing quote; a string ends on its line.
    fn string(&mut self) -> Result<(), &'static str> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'\n' => break,
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                _ => self.at += 1,
            }
        }
        self.at = start;
        Err("a string is not closed on its line")
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_the_library_reads_is_let_through() {
        for query in [
            "(call_expression function: (_) @name.of.it . (argument_list) .)",
            "((identifier) @x (#eq? @x \"a\"))",
            "((identifier) @x (#eq? @x \"a \\\" (\") (#match? @x \"^.$\")) @all",
            "(_ name: [(identifier) \"x\" _]* @x !value) ; (#not? a query",
            "[ \"a\" ((identifier) @x (#eq? @x \"a\")) ]+",
            "(call_expression (#eq? \"a\" \"b\"))",
            "(MISSING \";\") @x (#eq? @x \"é\")",
            "_ @x",
        ] {
            assert_eq!(check(query), Ok(()), "{query}");
        }
    }

    #[test]
    fn a_predicate_where_a_pattern_must_stand_is_refused() {
        for query in [
            "((#a? b)) @x",
            "((int_literal) @x ((#a? @x \"b\")))",
            "[(#a? b)] @x",
            "[(identifier) (#a? b)] @x",
            "(_ name: (#a? b)) @x",
            "(_ (identifier) . (#a? b))",
            "(#a? b) @x",
            "( ; why\n (.a? b)) @x",
            "((((#a? b))))+",
        ] {
            let (at, why) = check(query).unwrap_err();
            assert!(why.starts_with("a predicate stands"), "{query}: {why}");
            assert!(query[at..].starts_with('('), "{query}: {at}");
        }
    }

    #[test]
    fn what_is_broken_says_where() {
        for (query, at) in
            [("(a", 2), ("(a]", 2), ("a)", 1), ("(a \"b\n\")", 3), ("(\u{2003}(#a? b)) @x", 1), ("(a)\0", 3)]
        {
            assert_eq!(check(query).unwrap_err().0, at, "{query}");
        }
    }
}
