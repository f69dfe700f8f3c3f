//! Calls with literal arguments in files that are read as text: Tiltfiles, Bazel files.
//!
//! In: the text and a function's name. Out: each call's place with its arguments split at commas; strings, brackets
//! and comments are known, nothing is evaluated.

/// A call: where its name starts, and its arguments as written.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) at: usize,
    arguments: Vec<&'a str>,
}

/// No call that is read is longer.
const LONGEST: usize = 8000;
/// No file has more calls of one name that matter.
const MOST: usize = 200;

/// Finds the calls of a function outside comments and longer names.
pub(crate) fn calls<'a>(text: &'a str, name: &str) -> Vec<Call<'a>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(name) {
        let open = at + name.len();
        let longer = text[..at].ends_with(|letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '"'));
        let line = text[..at].rsplit('\n').next().unwrap_or("");
        if longer || !text[open..].starts_with('(') || line.contains('#') || found.len() >= MOST {
            continue;
        }
        found.push(Call { at, arguments: arguments(&text[open + 1..]) });
    }
    found
}

impl<'a> Call<'a> {
    /// The string at a position, where the argument is a plain string.
    pub(crate) fn positional(&self, index: usize) -> Option<&'a str> {
        let mut plain = self.arguments.iter().filter(|argument| keyword_of(argument).is_none());
        string(plain.nth(index)?)
    }

    /// What a keyword is given, as written.
    pub(crate) fn written(&self, key: &str) -> Option<&'a str> {
        self.arguments.iter().filter_map(|argument| keyword_of(argument)).find(|(name, _)| *name == key).map(|(_, v)| v)
    }

    /// The string that a keyword is given.
    pub(crate) fn keyword(&self, key: &str) -> Option<&'a str> {
        string(self.written(key)?)
    }

    /// All strings that a keyword is given: of a list, or of a map its keys and values in turn.
    pub(crate) fn strings(&self, key: &str) -> Vec<&'a str> {
        self.written(key).map(strings).unwrap_or_default()
    }
}

fn keyword_of(argument: &str) -> Option<(&str, &str)> {
    let (name, value) = argument.split_once('=')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| (name, value.trim()))
}

fn string(argument: &str) -> Option<&str> {
    let argument = argument.trim();
    let quote = argument.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let inner = &argument[1..];
    let end = inner.find(quote)?;
    inner[end + 1..].trim().is_empty().then_some(&inner[..end])
}

fn strings(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['"', '\'']) {
        let quote = char::from(rest.as_bytes()[open]);
        let Some(end) = rest[open + 1..].find(quote) else { break };
        found.push(&rest[open + 1..open + 1 + end]);
        rest = &rest[open + end + 2..];
    }
    found
}

/// Splits what stands between parentheses at commas of the first level.
fn arguments(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut depth, mut start, mut at) = (0usize, 0, 0);
    while at < bytes.len().min(LONGEST) {
        match bytes[at] {
            quote @ (b'"' | b'\'') => {
                let Some(end) = memchr::memchr(quote, &bytes[at + 1..]) else { break };
                at += end + 1;
            }
            b'#' => {
                let end = memchr::memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
                // A comment belongs to no argument.
                if text[start..at].trim().is_empty() {
                    start = at + end;
                }
                at += end;
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' if depth == 0 => {
                found.push(text[start..at].trim());
                break;
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                found.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    found.retain(|argument| !argument.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_by_place_and_by_name() {
        let text = "# f('no')\nx.f('no')\nf(\n  'a/b',  # first\n  '.', d = \"D,\", l=['x', 'y'], g(1, 2))\n";
        let found = calls(text, "f");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].positional(0), found[0].positional(1)), (Some("a/b"), Some(".")));
        assert_eq!((found[0].keyword("d"), found[0].strings("l")), (Some("D,"), vec!["x", "y"]));
        assert_eq!(found[0].keyword("z"), None);
        assert!(calls("f('open", "f")[0].positional(0).is_none());
    }
}
