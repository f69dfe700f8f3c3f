//! The digests of directories, which git keeps in the index for its own use and which nobody here asks for: decoding
//! them takes longer than decoding the list of files.

use std::ops::Range;

/// The file's head: signature, version, number of entries.
const HEAD: usize = 12;
/// An entry's dates, numbers and sizes, before its object's id.
const STAT: usize = 40;
/// An extension lists the others, which must then be what it says; or another file holds most of the entries.
const OTHERS: [&[u8]; 2] = [b"EOIE", b"link"];
const TREES: &[u8] = b"TREE";

/// Takes the digests out of an index whose ids have `id` bytes; `None` where that file had better be left to the library.
pub(super) fn without(mut index: Vec<u8>, id: usize) -> Option<Vec<u8>> {
    let digests = place(&index, id)?;
    index.drain(digests);
    Some(index)
}

fn place(index: &[u8], id: usize) -> Option<Range<usize>> {
    let version = number(index, 4)?;
    let mut at = HEAD;
    for _ in 0..number(index, 8)? {
        at = end_of_entry(index, at, id, version)?;
    }
    let mut found = 0..0;
    // A digest of all ends the file.
    while at < index.len().checked_sub(id)? {
        let name = index.get(at..at + 4)?;
        let end = at.checked_add(8)?.checked_add(number(index, at + 4)?)?;
        if OTHERS.contains(&name) {
            return None;
        }
        if name == TREES {
            found = at..end;
        }
        at = end;
    }
    (at == index.len() - id).then_some(found)
}

fn end_of_entry(index: &[u8], start: usize, id: usize, version: usize) -> Option<usize> {
    let flags = start + STAT + id;
    let first = *index.get(flags)?;
    let is_extended = first & 0x40 != 0;
    let mut name = flags + 2 + if is_extended { 2 } else { 0 };
    if version == 4 {
        // How much of the last name does not begin this one, in seven bits a byte.
        while index.get(name)? & 0x80 != 0 {
            name += 1;
        }
        name += 1;
    }
    let length = usize::from(first & 0x0f) << 8 | usize::from(*index.get(flags + 1)?);
    let is_told = version < 4 && length < 0xfff;
    let length = if is_told { length } else { memchr::memchr(0, index.get(name..)?)? };
    // A NUL ends it, and more fill up to a multiple of eight.
    Some(if version == 4 { name + length + 1 } else { start + (name + length - start + 8) / 8 * 8 })
}

fn number(index: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_be_bytes(*index.get(at..)?.first_chunk()?) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::run;

    fn paths(index: &[u8]) -> Vec<String> {
        let written = filetime::FileTime::zero();
        let state = gix::index::State::from_bytes(index, written, gix::hash::Kind::Sha1, Default::default()).unwrap().0;
        assert_eq!(state.tree().is_some(), index.windows(4).any(|bytes| bytes == TREES));
        state.entries().iter().map(|entry| entry.path(&state).to_string()).collect()
    }

    #[test]
    fn all_else_stays() {
        for version in ["2", "3", "4"] {
            let directory = tempfile::tempdir().unwrap();
            let root = directory.path();
            run(root, &["init", "-q"]);
            for path in ["a/b/one.go", "a/two.go", "c", "d/three.rs"] {
                std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
                std::fs::write(root.join(path), path).unwrap();
            }
            run(root, &["add", "."]);
            run(root, &["commit", "-q", "-m", "all"]);
            std::fs::write(root.join("later"), "").unwrap();
            // What is announced only has more flags, which asks for the third version.
            if version != "2" {
                run(root, &["add", "-N", "later"]);
            }
            run(root, &["update-index", "--index-version", version]);
            let whole = std::fs::read(root.join(".git/index")).unwrap();
            assert_eq!(whole[7].to_string(), version);
            let lean = without(whole.clone(), 20).unwrap();
            assert!(lean.len() < whole.len(), "version {version}");
            assert_eq!(paths(&lean), paths(&whole), "version {version}");
            for cut in 0..whole.len() {
                assert!(without(whole[..cut].to_vec(), 20).is_none_or(|part| part.len() <= cut));
            }
        }
    }

    #[test]
    fn a_file_that_hangs_on_another_is_left_to_the_library() {
        for name in OTHERS {
            let empty = b"DIRC\0\0\0\x02\0\0\0\0";
            let (trees, other) = (b"TREE\0\0\0\x02xx", [name, b"\0\0\0\x01x"].concat());
            assert_eq!(without([&empty[..], trees, &[0; 20]].concat(), 20), Some([&empty[..], &[0; 20]].concat()));
            assert_eq!(without([&empty[..], trees, &other, &[0; 20]].concat(), 20), None);
        }
    }
}
