//! Bounds on patterns of file names, before a library compiles them.
//!
//! Globs allow alternatives within alternatives, and what compiles them recurses: nothing in a real list of patterns
//! comes near these bounds.

/// Bytes of one pattern.
const LENGTH: usize = 1024;
/// Opening braces of one pattern.
const BRACES: usize = 16;

/// Whether a pattern is one that people write.
pub fn is_bounded(pattern: &[u8]) -> bool {
    pattern.len() <= LENGTH && memchr::memchr_iter(b'{', pattern).count() <= BRACES
}

/// Whether every line of an ignore file is such a pattern; a comment may be as long as it likes.
pub fn are_bounded(lines: &[u8]) -> bool {
    lines.split(|&byte| byte == b'\n').all(|line| line.starts_with(b"#") || is_bounded(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_lists_pass_and_towers_do_not() {
        assert!(are_bounded(b"*.{o,a}\n!keep/**\n\n# x\n"));
        assert!(are_bounded(&[b"#", &[b'{'; 4096][..]].concat()));
        assert!(!are_bounded(b"a\n{{{{{{{{{{{{{{{{{"));
        assert!(!is_bounded(&[b'a'; 1025]));
    }
}
