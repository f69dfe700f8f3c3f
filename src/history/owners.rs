//! CODEOWNERS: who owns a directory.
//!
//! In: the text of the file, from the first of its usual places, and a path. Out: the owners as written, for
//! `figures` to count, and the name of the first team, never a person's. The last line that matches decides; a line without owners takes them away. Patterns are those of `.gitignore` without `!` and
//! character classes.

use std::cell::OnceCell;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::pattern;

/// Where the file may lie, in the order in which GitHub and GitLab look.
pub(crate) const PLACES: [&str; 4] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// A read CODEOWNERS file.
#[derive(Debug)]
pub(crate) struct Owners {
    lines: Vec<Line>,
}

/// One line: its pattern, and the distinct owners that it names.
#[derive(Debug)]
struct Line {
    pattern: String,
    /// Built when first needed, for most lines are about other directories; `None` for what is no pattern.
    matcher: OnceCell<Option<Gitignore>>,
    owners: Vec<String>,
    /// 1-based.
    number: u32,
}

impl Owners {
    pub(crate) fn read(text: &str) -> Owners {
        let mut lines = Vec::new();
        // GitLab: owners of a section's heading hold for its lines without owners.
        let mut of_section: Vec<&str> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split(" #").next().unwrap_or_default().trim();
            if line.is_empty() || line.starts_with(['#', '!']) {
                continue;
            }
            if let Some(owners) = heading(line) {
                of_section = distinct(owners);
                continue;
            }
            let (pattern, owners) = split_pattern(line);
            let owners = distinct(owners);
            let owners = if owners.is_empty() { &of_section } else { &owners };
            let owners = owners.iter().map(|&owner| owner.to_owned()).collect();
            lines.push(Line { pattern: pattern.to_owned(), matcher: OnceCell::new(), owners, number });
        }
        Owners { lines }
    }

    /// Returns the owners of what lies in `directory` (`.` for the root).
    pub(super) fn of(&self, directory: &str) -> &[String] {
        self.deciding(directory).map_or(&[], |line| &line.owners)
    }

    /// Returns the team that owns what lies in `directory`, and the line that says so.
    pub(crate) fn team_of(&self, directory: &str) -> Option<(&str, u32)> {
        let line = self.deciding(directory)?;
        line.owners.iter().find_map(|owner| Some((team(owner)?, line.number)))
    }

    fn deciding(&self, directory: &str) -> Option<&Line> {
        // A file that only patterns for directories and for everything match.
        let path = if directory == "." { "-".to_owned() } else { format!("{directory}/-") };
        self.lines.iter().rev().find(|line| line.matches(&path))
    }
}

impl Line {
    fn matches(&self, path: &str) -> bool {
        self.may_match(path)
            && self
                .matcher
                .get_or_init(|| matcher(&self.pattern))
                .as_ref()
                .is_some_and(|matcher| matcher.matched_path_or_any_parents(path, false).is_ignore())
    }

    /// Whether the path holds what the pattern spells out.
    fn may_match(&self, path: &str) -> bool {
        self.pattern.contains(['[', '\\', '{'])
            || self.pattern.split(['*', '?']).all(|piece| path.contains(piece.trim_matches('/')))
    }
}

fn matcher(pattern: &str) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new("");
    let is_sound = pattern::is_bounded(pattern.as_bytes()) && builder.add_line(None, pattern).is_ok();
    is_sound.then(|| builder.build().ok()).flatten()
}

/// `@organisation/team`: one part alone may be a person, and so may what has an address.
fn team(owner: &str) -> Option<&str> {
    let (organisation, team) = owner.strip_prefix('@')?.rsplit_once('/')?;
    (!organisation.is_empty() && !team.is_empty() && !owner[1..].contains('@')).then_some(team)
}

fn distinct(owners: &str) -> Vec<&str> {
    let mut owners: Vec<&str> = owners.split_whitespace().filter(|word| is_owner(word)).collect();
    owners.sort_unstable();
    owners.dedup();
    owners
}

/// Splits `[Section][2] @owners` of GitLab.
fn heading(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?;
    let (_, mut rest) = rest.split_once(']')?;
    if let Some((_, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        rest = after;
    }
    Some(rest)
}

/// The pattern ends at the first blank that is not escaped.
fn split_pattern(line: &str) -> (&str, &str) {
    let bytes = line.as_bytes();
    let end = (0..bytes.len()).find(|&at| bytes[at].is_ascii_whitespace() && (at == 0 || bytes[at - 1] != b'\\'));
    line.split_at(end.unwrap_or(line.len()))
}

fn is_owner(word: &str) -> bool {
    word.contains('@') && word.len() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_matching_line_decides() {
        let owners = Owners::read("# all\n* @org/all\n/cmd/ @a @b @a\n/cmd/open\ndocs/* @writer # note\n*.js @js\n");
        let count = |path: &str| owners.of(path).len();
        assert_eq!(count("."), 1);
        assert_eq!(owners.team_of("other"), Some(("all", 2)));
        assert_eq!(owners.team_of("cmd"), None, "people are named nowhere");
        assert_eq!(count("pkg"), 1);
        assert_eq!(count("cmd/x"), 2);
        assert_eq!(count("cmd/open"), 0, "a line without owners takes them away");
        assert_eq!(count("pkg/docs"), 1);
        let owners =
            Owners::read("**/a/ @x\nb?c/**/d @x @y\nx[e-g] @x @y @z\n{h,i} @x @y @z @w\nj\\ k @x @y @z @v @w\n");
        let count = |path: &str| owners.of(path).len();
        assert_eq!(["x/a", "a", "ab", "bxc/d", "bxc/e/d", "bc/d", "xf", "h"].map(count), [1, 1, 0, 2, 2, 0, 3, 4]);
        assert_eq!(count("j k"), 5);
    }

    #[test]
    fn sections_lend_their_owners() {
        let owners = Owners::read("[Core][2] @a @b\n/core/\n/core/one/ c@example.com\n^[Rest]\n/rest/\n");
        assert_eq!(["core", "core/one", "rest", "other"].map(|path| owners.of(path).len()), [2, 1, 0, 0]);
    }
}
