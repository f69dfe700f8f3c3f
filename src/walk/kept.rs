//! What a walk met, kept for the next one: a directory that looks as it did holds the same names, and rules that look as
//! they did leave the same out.
//!
//! In: what an earlier walk found, directory by directory, with how each looked; or the bytes of that. Out: the bytes,
//! or a walk that enters only what looks different. Where anything is out of the ordinary (names that are not UTF-8,
//! ignore files that must not be read, a repository inside the repository) nothing is kept, and everything is walked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::same::Names;
use super::{DEPTH_LIMIT, Entry, Found, Left, Walked, excluded};
use crate::cache::Key;
use crate::cache::stamp::{NOTHING, ROW, Row, old_row, row_of};
use crate::hash::Set;
use crate::look::View;
use crate::parse::Kind;
use crate::path::parent;
use crate::problem::Problem;

/// The row of a directory that was too young to tell: it looks different from every other.
const YOUNG: Row = [0xff; ROW];
/// Where one directory in so many has changed, it is worth keeping anew what was found.
const SHARE: usize = 8;

/// Where it is kept in the cache of a repository.
pub(crate) fn key() -> Key {
    Key::of_note("walk")
}

/// What was met directly in one directory.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Listed {
    /// Relative to the root, which is the empty one.
    #[serde(with = "crate::shared")]
    path: Arc<str>,
    /// Names, each ended by `/`, and the reader that each gets.
    names: String,
    kinds: Vec<Option<Kind>>,
    problems: Vec<Problem>,
    left: Left,
    /// Whether anything in it is neither a file nor a directory.
    special: bool,
}

/// Everything that was met, sorted by directory.
#[derive(Debug)]
pub(crate) struct Listing {
    directories: Vec<Listed>,
    /// Files whose rules were honoured or that say where such lie.
    rules: Vec<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    directories: Vec<Listed>,
    rules: Vec<String>,
    /// How the directories looked, then the rules.
    rows: &'a [u8],
}

impl Listing {
    /// Puts together what a walk has found; `None` where it cannot be told by directory.
    pub(super) fn of(root: &Path, found: &Found) -> Option<Listing> {
        if !found.errors.is_empty()
            || found.entries.iter().any(|entry| entry.raw.is_some())
            || found.directories.iter().any(|directory| directory.components().count() >= DEPTH_LIMIT)
        {
            return None;
        }
        let mut by_path: BTreeMap<&str, Listed> = BTreeMap::new();
        for directory in &found.directories {
            let path = directory.to_str()?;
            by_path.insert(path, Listed { path: path.into(), ..Listed::default() });
        }
        let mut kinds: BTreeMap<&str, Kind> = BTreeMap::new();
        kinds.extend(found.entries.iter().map(|entry| (&*entry.path, entry.kind)));
        for name in &found.names {
            let at = by_path.get_mut(above(name))?;
            at.names.push_str(name[above(name).len()..].trim_start_matches('/'));
            at.names.push('/');
            at.kinds.push(kinds.get(&**name).copied());
        }
        for problem in &found.problems {
            by_path.get_mut(above(&problem.path))?.problems.push(problem.clone());
        }
        for (directory, files) in &found.left {
            by_path.get_mut(within(directory))?.left = *files;
        }
        for directory in &found.special {
            by_path.get_mut(within(directory))?.special = true;
        }
        let mut rules = found.rules.clone();
        rules.extend(excluded::decided_by(root));
        rules.sort();
        rules.dedup();
        Some(Listing { directories: by_path.into_values().collect(), rules })
    }

    /// Encodes it with how everything looked before it was read; what is too young will be walked again.
    pub(crate) fn encode(self, walked: &Walked, root: &Path, first_look: SystemTime) -> Option<Vec<u8>> {
        let looks: BTreeMap<&str, Option<Row>> = walked
            .directories
            .iter()
            .zip(&walked.rows)
            .filter_map(|(path, row)| Some((path.to_str()?, *row)))
            .collect();
        let mut rows: Vec<u8> = Vec::new();
        for directory in &self.directories {
            let row = looks.get(&*directory.path).copied().flatten();
            rows.extend(row.filter(|row| *row != NOTHING).unwrap_or(YOUNG));
        }
        let (view, mut rules) = (View::from(root), Vec::new());
        for rule in &self.rules {
            rules.push(rule.to_str()?.to_owned());
            rows.extend(old_row(&view, rule, first_look)?);
        }
        postcard::to_stdvec(&Stored { directories: self.directories, rules, rows: &rows }).ok()
    }
}

/// The directory of a path; the root is the empty one.
fn above(path: &str) -> &str {
    within(parent(path))
}

/// A directory by the name it has here.
fn within(directory: &str) -> &str {
    if directory == "." { "" } else { directory }
}

/// How a directory looks, against before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    Same(Row),
    /// Changed, but not in what it holds.
    SameNames,
    Different,
}

/// What an earlier walk kept, compared with how it looks now.
#[derive(Debug)]
pub(super) struct Before {
    directories: Vec<Listed>,
    /// In step with the directories.
    compared: Vec<Compared>,
    rules: Vec<PathBuf>,
}

impl Before {
    /// Reads what was kept and looks at all of it; `None` where a rule has changed.
    pub(super) fn of(bytes: &[u8], root: &Path) -> Option<Before> {
        let Stored { directories, rules, rows } = postcard::from_bytes(bytes).ok()?;
        let (rows, rest) = rows.as_chunks::<ROW>();
        if !rest.is_empty() || rows.len() != directories.len() + rules.len() {
            return None;
        }
        let (of_directories, of_rules) = rows.split_at(directories.len());
        let rules: Vec<PathBuf> = rules.into_iter().map(PathBuf::from).collect();
        let view = View::from(root);
        if rules.iter().zip(of_rules).any(|(rule, row)| row_of(&view, rule) != Some(*row)) {
            return None;
        }
        let compare = |(nth, row): (usize, &Row)| match row_of(&view, Path::new(&*directories[nth].path)) == Some(*row)
        {
            true => Compared::Same(*row),
            false if holds_same(root, nth, &directories) => Compared::SameNames,
            false => Compared::Different,
        };
        let compared = of_directories.par_iter().enumerate().with_min_len(64).map(compare).collect();
        Some(Before { directories, compared, rules })
    }

    /// What is to be walked again.
    pub(super) fn plan(&self) -> Plan {
        let mut plan = Plan::default();
        for (directory, compared) in self.directories.iter().zip(&self.compared) {
            if *compared != Compared::Different {
                plan.held.insert(directory.path.clone());
                continue;
            }
            let mut at = &*directory.path;
            while plan.open.insert(at.into()) && !at.is_empty() {
                at = above(at);
            }
        }
        plan
    }

    /// Whether rules that were met on the way are those that everything else was found by.
    pub(super) fn knows(&self, root: &Path, rules: &[PathBuf]) -> bool {
        let is_known = |rule: &PathBuf| self.rules.binary_search(rule).is_ok();
        rules.iter().chain(&excluded::decided_by(root)).all(is_known)
    }

    /// Adds to what was walked again what was not.
    pub(super) fn with(self, mut found: Found, root: &Path) -> Found {
        found.directories.retain(|directory| !directory.as_os_str().is_empty());
        found.rows = vec![None; found.directories.len()];
        let (mut changed, mut left) = (0, Vec::new());
        for (directory, compared) in self.directories.into_iter().zip(self.compared) {
            let row = if let Compared::Same(row) = compared { Some(row) } else { None };
            changed += usize::from(row.is_none());
            let is_held = compared != Compared::Different;
            if is_held || directory.path.is_empty() {
                found.directories.push(PathBuf::from(&*directory.path));
                found.rows.push(row);
            }
            if is_held {
                if directory.left != Left::default() {
                    left.push((String::from(&*directory.path), directory.left));
                }
                directory.into(&mut found);
            }
        }
        // Sorted already, so that a map of them is built at once.
        found.left.append(&mut left.into_iter().collect());
        found.rules = self.rules;
        if changed * SHARE > found.directories.len() {
            found.listing = Listing::of(root, &found);
        }
        found
    }
}

/// Whether one of the directories holds what was met in it, and nothing else.
fn holds_same(root: &Path, nth: usize, directories: &[Listed]) -> bool {
    let listed = &directories[nth];
    if listed.special {
        return false;
    }
    let start = if listed.path.is_empty() { String::new() } else { format!("{}/", listed.path) };
    let below = directories[directories.partition_point(|other| *other.path < *start)..].iter();
    let below = below.map_while(|other| other.path.strip_prefix(&*start));
    let Left { vendored, fixtures, names } = listed.left;
    let known = Names {
        files: listed.names.split_terminator('/').collect(),
        directories: below.filter(|name| !name.is_empty() && !name.contains('/')).collect(),
        left: (vendored + fixtures, names),
    };
    known.are_those_of(&root.join(&*listed.path), listed.path.is_empty())
}

impl Listed {
    /// Adds what was met here, but for how many files are left out.
    fn into(self, found: &mut Found) {
        let mut path = String::with_capacity(self.path.len() + 64);
        for (name, kind) in self.names.split_terminator('/').zip(self.kinds) {
            path.clear();
            if !self.path.is_empty() {
                path.push_str(&self.path);
                path.push('/');
            }
            path.push_str(name);
            let shared: Arc<str> = path.as_str().into();
            found.names.push(shared.clone());
            found.entries.extend(kind.map(|kind| Entry { path: shared, kind, size: 0, raw: None }));
        }
        found.problems.extend(self.problems);
        if self.special {
            found.special.insert(String::from(&*self.path));
        }
    }
}

/// Which directories a walk enters, and of which it notes what it meets.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Those that look as before.
    held: Set<Arc<str>>,
    /// Those that do not, and all above them.
    open: Set<Arc<str>>,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether a directory is as before; one whose name is not UTF-8 never was.
    pub(super) fn holds(&self, directory: &Path) -> bool {
        directory.to_str().is_some_and(|path| self.held.contains(path))
    }

    pub(super) fn enters(&self, directory: &Path) -> bool {
        !self.holds(directory) || directory.to_str().is_none_or(|path| self.open.contains(path))
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::{Filter, How, stamped, walk, walk_by};
    use std::fs;
    use std::time::Duration;

    /// What is done to a tree, and how.
    type Change<'c> = (&'c str, &'c dyn Fn(&Path));

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// As git and editors write: under the old name, a new file.
    fn replace(root: &Path, path: &str) {
        fs::remove_file(root.join(path)).unwrap();
        write(root, path, "");
    }

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for path in ["go.mod", "cmd/api/main.go", "cmd/api/vendor/x/y.go", "lib/src/lib.rs", "lib/testdata/a/b.go"] {
            write(root.path(), path, "");
        }
        write(root.path(), ".gitignore", "out/\n");
        write(root.path(), "lib/.gitignore", "gen*.rs\n");
        write(root.path(), "lib/out/x.rs", "");
        std::os::unix::fs::symlink("../lib", root.path().join("cmd/lib.go")).unwrap();
        root
    }

    /// What a walk would keep if everything were old enough.
    fn kept(root: &Path) -> Option<Vec<u8>> {
        let later = SystemTime::now() + Duration::from_secs(10);
        let mut walked = walk_by(root, &Filter::default(), How { threads: 2, kept: None, is_looked: true }, |_| ());
        stamped::look(root, &mut walked, later);
        walked.listing.take()?.encode(&walked, root, later)
    }

    type Told = (Vec<(String, Kind)>, Vec<Problem>, Vec<String>, Vec<PathBuf>);

    fn told(walked: Walked) -> Told {
        let mut directories = walked.directories;
        directories.sort();
        let entries = walked.entries.iter().map(|entry| (entry.path.to_string(), entry.kind));
        let names = walked.names.iter().map(ToString::to_string).collect();
        (entries.collect(), walked.problems, names, directories)
    }

    #[test]
    fn a_walk_by_what_was_kept_finds_what_any_walk_finds() {
        let changes: [Change<'_>; 19] = [
            ("nothing", &|_| ()),
            ("a new file", &|root| write(root, "cmd/api/new.go", "")),
            ("a new folder", &|root| write(root, "cmd/new/deep/main.go", "")),
            ("a file that is ignored", &|root| write(root, "lib/src/gen1.rs", "")),
            ("a file replaced", &|root| replace(root, "lib/src/lib.rs")),
            ("a link replaced by a file", &|root| replace(root, "cmd/lib.go")),
            ("a link where a file was", &|root| {
                fs::remove_file(root.join("lib/src/lib.rs")).unwrap();
                std::os::unix::fs::symlink("../../go.mod", root.join("lib/src/lib.rs")).unwrap();
            }),
            ("test data replaced", &|root| replace(root, "lib/testdata/a/b.go")),
            ("test data that is ignored, for some that is not", &|root| {
                fs::remove_file(root.join("lib/testdata/a/b.go")).unwrap();
                write(root, "lib/testdata/a/gen1.rs", "");
            }),
            ("a file gone", &|root| fs::remove_file(root.join("lib/src/lib.rs")).unwrap()),
            ("a folder gone", &|root| fs::remove_dir_all(root.join("cmd/api")).unwrap()),
            ("a folder moved", &|root| fs::rename(root.join("cmd"), root.join("app")).unwrap()),
            ("a rule edited in its place", &|root| write(root, "lib/.gitignore", "lib*.rs\n")),
            ("a new rule", &|root| write(root, "cmd/.ignore", "main.go\n")),
            ("a rule gone", &|root| fs::remove_file(root.join(".gitignore")).unwrap()),
            ("a list of git's own", &|root| write(root, ".git/info/exclude", "main.go\n")),
            ("a repository inside", &|root| write(root, "lib/.git/info/exclude", "*.rs\n")),
            ("a folder where a file was", &|root| {
                fs::remove_file(root.join("go.mod")).unwrap();
                write(root, "go.mod/main.go", "");
            }),
            ("an ignore file that must not be read", &|root| {
                std::os::unix::fs::symlink("/dev/zero", root.join("cmd/api/.ignore")).unwrap();
            }),
        ];
        for (what, change) in changes {
            let root = tree();
            let kept = kept(root.path()).expect("an ordinary tree");
            std::thread::sleep(Duration::from_millis(20));
            change(root.path());
            let how = How { threads: 2, kept: Some(&kept), is_looked: true };
            let by = walk_by(root.path(), &Filter::default(), how, |_| ());
            assert_eq!(told(by), told(walk(root.path(), 2, &Filter::default())), "{what}");
        }
    }

    #[test]
    fn only_what_looks_different_is_entered() {
        let root = tree();
        let bytes = kept(root.path()).unwrap();
        assert!(Before::of(&bytes, root.path()).unwrap().plan().is_empty());
        std::thread::sleep(Duration::from_millis(20));
        for path in ["lib/src/lib.rs", "lib/testdata/a/b.go", "go.mod"] {
            replace(root.path(), path);
        }
        let before = Before::of(&bytes, root.path()).unwrap();
        assert!(before.plan().is_empty());
        assert_eq!(before.compared.iter().filter(|compared| **compared == Compared::SameNames).count(), 3);
        write(root.path(), "cmd/api/new.go", "");
        let plan = Before::of(&bytes, root.path()).unwrap().plan();
        let mut open: Vec<&str> = plan.open.iter().map(|path| &**path).collect();
        open.sort_unstable();
        assert_eq!(open, ["", "cmd", "cmd/api"]);
        assert!(!plan.enters(Path::new("lib")) && plan.enters(Path::new("cmd")) && plan.holds(Path::new("cmd")));
    }

    #[test]
    fn what_is_young_or_cut_is_not_gone_by() {
        let root = tree();
        let mut walked =
            walk_by(root.path(), &Filter::default(), How { threads: 1, kept: None, is_looked: true }, |_| ());
        let now = SystemTime::now();
        stamped::look(root.path(), &mut walked, now);
        assert!(walked.listing.take().unwrap().encode(&walked, root.path(), now).is_none(), "the rules are young");
        let bytes = kept(root.path()).unwrap();
        for end in 0..bytes.len() {
            assert!(Before::of(&bytes[..end], root.path()).is_none());
        }
    }

    #[test]
    fn names_that_are_no_text_are_not_kept() {
        use std::os::unix::ffi::OsStrExt;
        let root = tree();
        fs::create_dir(root.path().join(std::ffi::OsStr::from_bytes(b"\xff"))).unwrap();
        assert!(kept(root.path()).is_none());
    }
}
