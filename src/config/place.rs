//! Where layers, policies and extractors are read from: files of the repository, and the files inside a git repository
//! or an archive that lies in it.
//!
//! In: a path as `extends` writes it, resolved against the file that names it: `org/base.toml`, `org.git@v3//base.toml`,
//! `org.tar.gz//base.toml`. Out: texts, or why not. Nothing outside the root is opened, and what was vendored is compared with the hashes it was vendored under.

use std::collections::BTreeMap;

use crate::config::archive;
use crate::config::shelf::Shelf;
use crate::config::vendored::{LOCK, Lock, at_revision};
use crate::git::Git;
use crate::path::{join, parent};
use crate::read;
use crate::tree::StoredTree;
use crate::walk::Filter;

/// Files of one container, and their bytes in all.
const FILES: usize = 1000;
const BYTES: usize = 16 << 20;

/// TOML files inside a container, by path.
type Contents = BTreeMap<String, String>;

/// Reads from one shelf.
pub(super) struct Places<'a> {
    shelf: &'a dyn Shelf,
    containers: BTreeMap<String, Result<Contents, String>>,
    /// Directory → what its lock says, if it has one.
    locks: BTreeMap<String, Option<Result<Lock, String>>>,
}

impl<'a> Places<'a> {
    pub(super) fn new(shelf: &'a dyn Shelf) -> Places<'a> {
        Places { shelf, containers: BTreeMap::new(), locks: BTreeMap::new() }
    }

    /// Whether something of that name is there, readable or not.
    pub(super) fn exists(&mut self, path: &str) -> bool {
        match path.split_once("//") {
            // What is wrong with a container is said when it is read.
            Some((container, inner)) if !self.shelf.has(path) => {
                self.container(container).as_ref().map_or(true, |all| all.contains_key(inner))
            }
            _ => self.shelf.has(path),
        }
    }

    pub(super) fn text(&mut self, path: &str) -> Result<String, String> {
        // A document keeps what was read from a container under the whole path.
        if let Some((container, inner)) = path.split_once("//").filter(|_| !self.shelf.has(path)) {
            let contents = self.container(container).as_ref().map_err(Clone::clone)?;
            return contents.get(inner).cloned().ok_or_else(|| "it is not there".to_owned());
        }
        let text = self.shelf.text(path)?;
        self.as_vendored(path, &text)?;
        Ok(text)
    }

    /// The names of the TOML files directly in a directory, sorted.
    pub(super) fn list(&mut self, directory: &str) -> Option<Vec<String>> {
        let kept = || self.shelf.names(directory);
        let mut names = match directory.split_once("//") {
            Some((container, inner)) => match kept() {
                Some(names) => names,
                None => self.inside(container, inner)?,
            },
            None => kept()?,
        };
        names.retain(|name| name.ends_with(".toml") && name != LOCK);
        names.sort();
        Some(names)
    }

    fn inside(&mut self, container: &str, inner: &str) -> Option<Vec<String>> {
        let contents = self.container(container).as_ref().ok()?;
        let prefix = if inner.is_empty() { String::new() } else { format!("{inner}/") };
        let names = contents.keys().filter_map(|path| path.strip_prefix(&prefix));
        let names: Vec<String> = names.filter(|name| !name.contains('/')).map(str::to_owned).collect();
        (!names.is_empty()).then_some(names)
    }

    fn container(&mut self, name: &str) -> &Result<Contents, String> {
        if !self.containers.contains_key(name) {
            let contents = self.open(name);
            self.containers.insert(name.to_owned(), contents);
        }
        &self.containers[name]
    }

    fn open(&self, name: &str) -> Result<Contents, String> {
        let directory = name.rfind('/').map_or(0, |at| at + 1);
        if let Some((_, revision)) = name[directory..].split_once('@') {
            let path = &name[..name.len() - revision.len() - 1];
            return at_revision(&self.shelf.place(path)?, revision).map(|(_, contents)| contents);
        }
        if archive::is_one(name) {
            return archive::read(&self.shelf.place(name)?, FILES, BYTES);
        }
        Err("before `//` stands a git repository with `@revision`, or an archive (.tar, .tar.gz, .tgz)".to_owned())
    }

    /// Compares a file with the lock of the nearest directory above that has one.
    fn as_vendored(&mut self, path: &str, text: &str) -> Result<(), String> {
        let mut at = path;
        while let Some((directory, _)) = at.rsplit_once('/') {
            if let Some(lock) = self.lock(directory) {
                let lock = lock.as_ref().map_err(Clone::clone)?;
                return lock.holds(&path[directory.len() + 1..], text);
            }
            at = directory;
        }
        Ok(())
    }

    fn lock(&mut self, directory: &str) -> Option<&Result<Lock, String>> {
        if !self.locks.contains_key(directory) {
            let path = format!("{directory}/{LOCK}");
            let there = self.shelf.has(&path);
            let lock = there.then(|| self.whole(directory, &path));
            self.locks.insert(directory.to_owned(), lock);
        }
        self.locks[directory].as_ref()
    }

    /// Reads a lock and checks that all it lists is there: a policy that was taken out must not go unnoticed.
    fn whole(&self, directory: &str, path: &str) -> Result<Lock, String> {
        let lock = Lock::read(&self.shelf.text(path)?).map_err(|reason| format!("`{path}`: {reason}"))?;
        for name in lock.files.keys() {
            let text = self.shelf.text(&format!("{directory}/{name}"));
            let text = text.map_err(|reason| format!("`{directory}/{name}` was vendored and {reason}"))?;
            lock.holds(name, &text)?;
        }
        Ok(lock)
    }
}

/// The TOML files of a commit.
pub(crate) fn of_commit(git: &Git, commit: gix::ObjectId) -> Result<Contents, String> {
    let tree = StoredTree::of_commit(git, commit, &Filter::default()).map_err(|problem| problem.to_string())?;
    let contents = tree.contents();
    let mut found = Contents::new();
    let (mut buffer, mut bytes) = (Vec::new(), 0);
    for (index, entry) in tree.walked.entries.iter().enumerate().filter(|(_, entry)| entry.path.ends_with(".toml")) {
        let text = contents
            .load(tree.id(index), read::FILE_LIMIT, &mut buffer)
            .map_err(|reason| format!("`{}`: {reason}", entry.path))?;
        bytes += text.len();
        if found.len() == FILES || bytes > BYTES {
            return Err(format!("it holds more than {FILES} TOML files or {BYTES} bytes of them"));
        }
        found.insert(entry.path.to_string(), text.to_owned());
    }
    Ok(found)
}

/// Joins a path to the directory of a file and refuses what leaves the root, or a container.
pub(super) fn inside(file: &str, path: &str) -> Option<String> {
    if let Some((container, inner)) = file.split_once("//") {
        return Some(contained(container, &joined(inner, path)?));
    }
    match path.split_once("//") {
        Some((container, inner)) => Some(contained(&joined(file, container)?, &joined("", inner)?)),
        None => joined(file, path),
    }
}

/// What lies in a container; its top is written `container//`, as in `extends`.
fn contained(container: &str, inner: &str) -> String {
    format!("{container}//{}", if inner == "." { "" } else { inner })
}

fn joined(file: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains('\\') || path.contains(':') || path.contains("//") {
        return None;
    }
    join(parent(file), path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_root_and_inside_their_container() {
        for (file, path, wanted) in [
            ("fitcheck.toml", "org/base.toml", Some("org/base.toml")),
            ("org/base.toml", "./more.toml", Some("org/more.toml")),
            ("org/base.toml", "../top.toml", Some("top.toml")),
            ("fitcheck.toml", "../up.toml", None),
            ("fitcheck.toml", "/etc/base.toml", None),
            ("fitcheck.toml", "https://example.com/base.toml", None),
            ("a/fitcheck.toml", "org.git@v3//x/base.toml", Some("a/org.git@v3//x/base.toml")),
            ("fitcheck.toml", "org.tar.gz//../base.toml", None),
            ("fitcheck.toml", "../org.tar//base.toml", None),
            ("org.tar//a/base.toml", "policies", Some("org.tar//a/policies")),
            ("org.tar//a/base.toml", "../../x.toml", None),
            ("org.tar//base.toml", "other.tar//x.toml", None),
        ] {
            assert_eq!(inside(file, path).as_deref(), wanted, "{file} {path}");
        }
    }
}
