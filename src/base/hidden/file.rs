//! What became of one file that a verdict rested on.

use std::collections::BTreeSet;

use super::{Hidden, Trees};
use crate::parse::Kind;
use crate::path::parent;
use crate::scope::Scope;
use crate::service::repository::FileEntry;

/// How many files that came with the change are compared with one that lost its lines.
const COMPARED: usize = 200;

pub(super) fn of(path: &str, lines: &BTreeSet<u32>, trees: Trees<'_>) -> Option<Hidden> {
    let object = trees.old.get(path)?;
    match trees.new.get(path) {
        Some(now) if now == object => None,
        Some(_) => silenced(path, lines, trees).or_else(|| moved(path, trees)),
        None => swallowed(path, trees).or_else(|| moved(path, trees)),
    }
}

/// The file is where it was: it calls itself generated, or what counted is still there and no longer counts.
fn silenced(path: &str, lines: &BTreeSet<u32>, trees: Trees<'_>) -> Option<Hidden> {
    let (old, new) = trees.both(path)?;
    let told = |why: String| Some(Hidden { at: path.to_owned(), why });
    if new.is_generated() && !old.is_generated() {
        return told("it now calls itself generated".into());
    }
    if !matches!(Kind::of(path), Some(Kind::Go | Kind::Rust)) {
        return None;
    }
    let (before, now) = ((trees.before)(path)?, (trees.now)(path)?);
    let line = lines.iter().find_map(|&line| mute(line, (&old, &before), (&new, &now)))?;
    told(format!("line {line} still says it, and no longer counts"))
}

/// The line that says now what a line of the base said, where facts rested on that one and on none that says the same now.
fn mute(line: u32, (old, before): (&FileEntry, &str), (new, now): (&FileEntry, &str)) -> Option<u32> {
    let said = before.lines().nth(line.checked_sub(1)? as usize)?.trim();
    let conditions = conditions(old, line);
    if said.len() <= 3 || conditions.is_empty() {
        return None;
    }
    let same = (1..).zip(now.lines()).filter(|(_, text)| text.trim() == said).map(|(line, _)| line);
    let mut same = same.peekable();
    let first = *same.peek()?;
    let counts = same.any(|line| self::conditions(new, line).iter().any(|now| conditions.contains(now)));
    (!counts).then_some(first)
}

/// The conditions under which the facts of a line count.
fn conditions(file: &FileEntry, line: u32) -> Vec<Option<&str>> {
    let facts = file.facts.facts.iter().filter(|fact| fact.place.line == line);
    facts.map(|fact| fact.constraint.as_deref()).collect()
}

/// A folder of the base is one file now: a link, or a repository of its own.
fn swallowed(path: &str, trees: Trees<'_>) -> Option<Hidden> {
    let mut above = parent(path);
    while above != "." {
        if trees.new.contains_key(above) {
            let why = "it is now a link or a submodule, whose files are not read".to_owned();
            return Some(Hidden { at: above.to_owned(), why });
        }
        above = parent(above);
    }
    None
}

/// What the file held lies in another that came with the change and that is not read as code of a service.
fn moved(path: &str, trees: Trees<'_>) -> Option<Hidden> {
    let object = trees.old.get(path)?;
    let came = trees.new.iter().filter(|(now, _)| !trees.old.contains_key(*now));
    let unread = came.filter_map(|(now, id)| Some((now, id, unread(path, now)?)));
    let mut unread: Vec<_> = unread.collect();
    unread.sort_by_key(|(now, id, _)| (*id != object, tail(now) != tail(path), now.len()));
    unread.truncate(COMPARED);
    let old = (trees.before)(path);
    let found = unread.into_iter().find(|(now, id, _)| {
        let texts = old.as_deref().zip((trees.now)(now));
        *id == object
            || texts.map_or(tail(now) == tail(path), |(old, new)| lives_on(old, &new, tail(now) == tail(path)))
    });
    found.map(|(now, _, why)| Hidden { at: now.clone(), why: format!("`{path}` now lies {why}") })
}

/// What a file is taken for where its code gives no facts about a service.
fn unread(old: &str, new: &str) -> Option<&'static str> {
    match Scope::of(new) {
        Scope::Vendored => Some("among vendored code"),
        Scope::Fixture => Some("among test data"),
        Scope::Test => Some("among tests"),
        Scope::Example => Some("among examples"),
        Scope::Docs => Some("among documentation"),
        Scope::Shipped if Kind::of(old) != Kind::of(new) => Some("in a file that is not read as what it was"),
        Scope::Shipped => None,
    }
}

/// Whether at least half of a file's lines are in another: it was moved and edited, or copied. A file of a few lines is
/// like many others, unless it has kept its name.
pub(super) fn lives_on(old: &str, new: &str, named_alike: bool) -> bool {
    let lines = |text: &str| -> BTreeSet<String> {
        // Brackets and blanks are in every file.
        text.lines().map(|line| line.trim().to_owned()).filter(|line| line.len() > 3).collect()
    };
    let (old, new) = (lines(old), lines(new));
    (named_alike || old.len() >= 5) && 2 * old.intersection(&new).count() >= old.len()
}

/// The last two parts: what a moved and edited file keeps.
fn tail(path: &str) -> &str {
    path.rmatch_indices('/').nth(1).map_or(path, |(at, _)| &path[at + 1..])
}

#[cfg(test)]
mod tests {
    use gix::ObjectId;

    use super::*;
    use crate::base::hidden::Listing;
    use crate::scan::read_text;

    type Files<'a> = &'a [(&'a str, &'a str)];

    fn hidden(path: &str, lines: &[u32], old: Files<'_>, new: Files<'_>) -> Option<String> {
        let listing = |files: Files<'_>| -> Listing {
            let id = |text: &str| ObjectId::from_bytes_or_panic(&blake3::hash(text.as_bytes()).as_bytes()[..20]);
            files.iter().map(|(path, text)| ((*path).to_owned(), id(text))).collect()
        };
        let text = |files: Files<'_>, path: &str| {
            files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned())
        };
        let trees = Trees {
            old: &listing(old),
            new: &listing(new),
            before: &|path| text(old, path),
            now: &|path| text(new, path),
            read: &|path, text| Some(read_text(path, Kind::of(path)?, text).0),
        };
        of(path, &lines.iter().copied().collect(), trees).map(|hidden| format!("{}: {}", hidden.at, hidden.why))
    }

    const SHOP: &str = "use a::b;\nfn main() {\n    listen();\n    answer();\n    forget();\n    sleep();\n}\n";

    #[test]
    fn what_moves_out_of_sight_is_found_by_content_or_name() {
        let old = [("shop/src/main.rs", SHOP), ("go.mod", "module a\n")];
        let edited = SHOP.replace("answer", "reply");
        let hidden = |new: Files<'_>| hidden("shop/src/main.rs", &[], &old, new).is_some();
        assert!(hidden(&[("vendor/a.rs", SHOP)]));
        assert!(hidden(&[("testdata/shop/src/main.rs", &edited)]));
        assert!(hidden(&[("examples/b.rs", &edited), ("shop/src/main.rs", "fn main() {}\n")]));
        assert!(hidden(&[("shop/src/real.txt", SHOP)]), "what is no code by its name");
        assert!(hidden(&[("shop", "a commit")]), "a submodule");
        assert!(!hidden(&[("services/shop/src/main.rs", SHOP)]), "a move in sight is none");
        assert!(!hidden(&[("tests/other/src/main.rs", "fn main() {\n    nothing();\n}\n")]), "of the same name only");
        assert!(!hidden(&[]), "deleting is no trick");
        assert!(!hidden(&[("shop/src/main.rs", &edited)]), "nor is editing");
    }

    #[test]
    fn what_still_stands_and_no_longer_counts_is_told() {
        let code = "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.ListenAndServe(\":80\", nil)\n}\n";
        let old = [("a/main.go", code)];
        let lines: Vec<u32> = (1..8).collect();
        let hidden = |text: &str| hidden("a/main.go", &lines, &old, &[("a/main.go", text)]);
        assert!(hidden(&format!("// Code generated by hand. DO NOT EDIT.\n\n{code}")).is_some());
        assert!(hidden(&format!("//go:build ignore\n\n{code}")).is_some());
        assert!(hidden(&code.replace("func", "/*\nfunc").replace("}\n", "}\n*/\n")).is_some());
        assert_eq!(hidden(&format!("// A comment.\n{code}")), None);
        assert_eq!(
            hidden(&code.replace("\"net/http\"", "\"fmt\"").replace("http.ListenAndServe", "fmt.Println")),
            None
        );
    }

    #[test]
    fn half_of_the_lines_tell_a_file_that_was_edited() {
        let old = "package sentry\n\nfunc Serve() {\n\tlisten()\n\tanswer()\n}\n";
        assert!(lives_on(old, &old.replace("answer", "reply"), true));
        assert!(!lives_on(old, old, false), "too short to tell");
        assert!(!lives_on(old, "package sentry\n\nfunc Fake() {\n\tpretend()\n}\n", true));
    }
}
