//! Where two versions of a Protobuf file differ: definitions that are the same letter for letter say the same.
//!
//! In: the text before and after. Out: of each the stretch of whole definitions that holds all differences. Most changes
//! come to a few messages of many, and to find where a definition ends costs far less than to read what it says. A text
//! that does not end well is left to whoever reads it whole.

use super::proto::DEPTH;
use crate::history::compare::common;

/// What is left of both without the definitions with which both begin and end; `None` where only the whole will do.
pub(super) fn apart<'a>(before: &'a str, after: &'a str) -> Option<(&'a str, &'a str)> {
    let (old, new) = (before.as_bytes(), after.as_bytes());
    let head = common(old, new);
    let tail = common_tail(&old[head..], &new[head..]);
    let mut ends = Vec::new();
    let all = |end| {
        ends.push(end);
        false
    };
    definitions(old, 0, all)?;
    let start = ends[..ends.partition_point(|&end| end <= head)].last().copied().unwrap_or(0);
    // The rest is read alike only from where both are between two definitions.
    let mut rest = 0;
    let behind = |end| {
        let left = new.len() - end;
        let joins = left <= tail && ends.binary_search(&(old.len() - left)).is_ok();
        rest = if joins { left } else { 0 };
        joins
    };
    definitions(new, start, behind)?;
    Some((&before[start..old.len() - rest], &after[start..new.len() - rest]))
}

/// With how many bytes both end.
fn common_tail(a: &[u8], b: &[u8]) -> usize {
    const WIDE: usize = 32;
    let pairs = a.as_rchunks::<WIDE>().1.iter().rev().zip(b.as_rchunks::<WIDE>().1.iter().rev());
    let wide = pairs.take_while(|(a, b)| a == b).count() * WIDE;
    let rest = a[..a.len() - wide].iter().rev().zip(b[..b.len() - wide].iter().rev());
    wide + rest.take_while(|(a, b)| a == b).count()
}

/// Calls `stop` with the end of every definition behind `from`, itself one, until it says so; `None` where a string,
/// comment or block has no end.
fn definitions(text: &[u8], from: usize, mut stop: impl FnMut(usize) -> bool) -> Option<()> {
    let (mut at, mut depth) = (from, 0_usize);
    while let Some(sign) = text[at..].iter().position(|&byte| SIGNS[usize::from(byte)]) {
        at += sign + 1;
        let ended = match text[at - 1] {
            b'{' => {
                depth = (depth < DEPTH).then_some(depth + 1)?;
                false
            }
            b'}' => {
                depth = depth.checked_sub(1)?;
                depth == 0
            }
            b';' => depth == 0,
            b'/' => {
                at = comment_end(text, at)?;
                false
            }
            quote => {
                at = string_end(text, at, quote)?;
                false
            }
        };
        if ended && stop(at) {
            return Some(());
        }
    }
    (depth == 0).then_some(())
}

const SIGNS: [bool; 256] = {
    let mut signs = [false; 256];
    let mut at = 0;
    while at < b"{};/\"'".len() {
        signs[b"{};/\"'"[at] as usize] = true;
        at += 1;
    }
    signs
};

/// Behind what begins with the slash before `at`.
fn comment_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at) {
        Some(b'/') => Some(memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end)),
        Some(b'*') => memchr::memmem::find(&text[at + 1..], b"*/").map(|end| at + 1 + end + 2),
        _ => Some(at),
    }
}

/// Behind the string whose quote stands before `at`; it ends on its line.
fn string_end(text: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    loop {
        match *text.get(at)? {
            b'\\' => at += 2,
            b'\n' => return None,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Version;
    use super::*;

    #[test]
    fn only_definitions_that_differ_are_left() {
        let text =
            "syntax = \"proto3\";\nmessage A { int32 a = 1; }\n// { '\nmessage B { int32 b = 1; }\nmessage C {}\n";
        for (from, to, old, new) in [
            ("b = 1", "c = 1", "\n// { '\nmessage B { int32 b = 1; }", "\n// { '\nmessage B { int32 c = 1; }"),
            ("message C", "message D {} message C", "message C {}", "message D {} message C {}"),
            ("\"proto3\"", "\"proto2\"", "syntax = \"proto3\";", "syntax = \"proto2\";"),
            ("message C {}\n", "", "\nmessage C {}", ""),
        ] {
            let changed = text.replacen(from, to, 1);
            let found = apart(text, &changed).expect("both are whole");
            let ends = |found: &str, expected: &str| found.trim() == expected.trim();
            assert!(ends(found.0, old) && ends(found.1, new), "{found:?}");
        }
        for broken in ["message A {", "}", "/* ", "a = \"x\n\";", "a '", "a \"\\"] {
            assert_eq!(apart(broken, broken), None, "{broken}");
            assert_eq!(apart("message A {}", broken), None, "{broken}");
        }
    }

    #[test]
    fn what_is_left_changes_as_the_whole_does() {
        let parts = [
            "message A { string a = 1; }",
            "message B { // }\n  int32 b = 1; message C { bool c = 1; } }",
            "enum E { X = 0; /* ; } */ Y = 1; }",
            "option a = \"};\";",
            "service S { rpc Get(A) returns (B) { option x = { y: \"/\" }; } }",
            "message A2 { required string a = 1; }",
            "extend A { int32 z = 9; }",
        ];
        let texts: Vec<String> = (0..1 << parts.len())
            .map(|set| {
                let chosen = parts.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1);
                chosen.map(|(_, part)| format!("{part}\n")).collect()
            })
            .collect();
        for (before, after) in texts.iter().flat_map(|a| texts.iter().step_by(3).map(move |b| (a, b))) {
            let (old, new) = apart(before, after).expect("both are whole");
            let read = |text: &str| Version::read("a.proto", text);
            assert_eq!(read(old).becomes(&read(new)), read(before).becomes(&read(after)), "{before}\n{after}");
        }
    }
}
