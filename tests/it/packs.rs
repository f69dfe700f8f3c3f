//! Objects as `git cat-file` prints them, however they are stored.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail loudly")]

use std::process::Command;

use fitcheck::git::{Git, Options};
use gix::ObjectId;

use crate::git::Repo;

/// A file and a directory of many entries that change a little with each commit: packs store them as differences.
fn history() -> Option<Repo> {
    let repo = Repo::new()?;
    (0..60).for_each(|n| repo.write(&format!("many/file{n}"), "same"));
    let mut text: String = (0..400).map(|line| format!("line {line}\n")).collect();
    for day in 0..30 {
        text.insert_str(day * 50, "changed ");
        repo.write("many/big", &text);
        repo.write(&format!("many/file{day}"), &format!("{day}"));
        repo.commit(day as i64, ("Ann Lee", "ann@example.com"), &"a long message ".repeat(day + 1));
    }
    Some(repo)
}

/// Compares every object, and the beginning of every commit if it comes from a pack.
fn compare(repo: &Repo, packed: bool) {
    let git = Git::open(repo.path(), Options::default()).unwrap();
    let mut objects = git.objects();
    let list = repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype)"]);
    assert!(list.lines().count() > 100);
    let mut heads = 0;
    for (name, kind) in list.lines().filter_map(|line| line.split_once(' ')) {
        let id = ObjectId::from_hex(name.as_bytes()).unwrap();
        let printed = Command::new("git").arg("-C").arg(repo.path()).args(["cat-file", kind, name]).output();
        let printed = printed.unwrap().stdout;
        let (found, bytes) = objects.find(id).unwrap();
        assert_eq!((found.to_string().as_str(), *bytes == *printed), (kind, true), "{name}");
        let mut head = [0; 100];
        let length = objects.head_of_commit(id, &mut head);
        assert!(length.is_none() || kind == "commit", "{name}");
        heads += usize::from(length == Some(100));
        assert!(length.is_none_or(|length| printed.starts_with(&head[..length])));
        let (size, is_blob) = (printed.len() as u64, kind == "blob");
        assert_eq!(objects.file(id, size).unwrap().is_some_and(|bytes| *bytes == printed), is_blob);
        assert!(objects.file(id, size - 1).unwrap().is_none());
    }
    // A commit that is stored as a difference has no beginning of its own.
    assert_eq!(heads > 0, packed);
}

#[test]
fn objects_are_what_git_prints() {
    let Some(repo) = history() else { return };
    compare(&repo, false);
    for how in [&["-adfq", "--depth=250", "--window=20"][..], &["-adfq", "--depth=3"]] {
        for by_distance in ["true", "false"] {
            repo.git(&["config", "repack.useDeltaBaseOffset", by_distance]);
            repo.git(&[&["repack"], how].concat());
            compare(&repo, true);
        }
    }
    // One more pack, and something beside them.
    repo.write("many/new", "new");
    repo.commit(90, ("Ann Lee", "ann@example.com"), &"a long message ".repeat(9));
    repo.git(&["repack", "-q"]);
    compare(&repo, true);
    // What is replaced is what stands in its place, for us as for git.
    repo.git(&["replace", "HEAD", "HEAD~3"]);
    compare(&repo, false);
    // A damaged pack is nobody's panic, and nothing of it is believed.
    repo.git(&["replace", "-d", "HEAD"]);
    let packs: Vec<_> = std::fs::read_dir(repo.path().join(".git/objects/pack")).unwrap().flatten().collect();
    for pack in
        packs.iter().map(std::fs::DirEntry::path).filter(|path| path.extension().is_some_and(|end| end == "pack"))
    {
        let mut bytes = std::fs::read(&pack).unwrap();
        (40..bytes.len() - 40).step_by(97).for_each(|at| bytes[at] ^= 0x5a);
        std::fs::remove_file(&pack).unwrap();
        std::fs::write(&pack, bytes).unwrap();
    }
    let git = Git::open(repo.path(), Options::default()).unwrap();
    let mut objects = git.objects();
    for name in repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]).lines() {
        let id = ObjectId::from_hex(name.as_bytes()).unwrap();
        objects.find(id);
        objects.file(id, 1 << 20);
        objects.head_of_commit(id, &mut [0; 100]);
    }
}
