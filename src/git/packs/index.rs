//! The index of a pack: where its objects lie.
//!
//! The library's index counts all offsets when it is opened, which is most of what a run that asks for a few objects
//! would spend on a large repository. So the first questions are answered by reading the few places that tell; the library
//! is asked from then on, where many are to be expected, and where the file is not as it should be.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use gix::odb::pack;

/// Magic, version, and how many ids begin with at most which byte.
const HEAD: usize = 8 + 256 * 4;
const VERSION_2: &[u8; 8] = b"\xfftOc\0\0\0\x02";
/// So many are asked for without the library; walks through history ask for thousands.
const FEW: u32 = 512;
/// Ids read at once around where one should be: four times how far off that is among a million.
const NEAR: usize = 256;
/// The longest id.
const ID: usize = 32;
/// Offsets from here on stand elsewhere.
const LARGE: u32 = 1 << 31;

pub(super) struct Index {
    path: PathBuf,
    hash: gix::hash::Kind,
    small: Option<Small>,
    asked: AtomicU32,
    whole: OnceLock<Option<pack::index::File>>,
}

impl Index {
    pub(super) fn open(path: &Path, hash: gix::hash::Kind) -> Index {
        let small = Small::open(path, hash.len_in_bytes());
        Index { path: path.to_owned(), hash, small, asked: AtomicU32::new(0), whole: OnceLock::new() }
    }

    /// Leaves all further questions to the library.
    pub(super) fn expect_many(&self) {
        self.asked.store(FEW, Ordering::Relaxed);
    }

    /// Where an object begins in the pack.
    pub(super) fn offset(&self, id: &gix::oid) -> Option<u64> {
        if self.whole.get().is_none()
            && self.asked.fetch_add(1, Ordering::Relaxed) < FEW
            && let Some(Found(offset)) = self.small.as_ref().and_then(|small| small.find(id))
        {
            return offset;
        }
        let whole = self.whole.get_or_init(|| pack::index::File::at(&self.path, self.hash).ok()).as_ref()?;
        lookup(whole, id).map(|at| whole.pack_offset_at_index(at))
    }
}

/// An index that is read where it is asked.
struct Small {
    file: File,
    /// How many ids begin with at most which byte.
    fan: Vec<u32>,
    id: usize,
}

/// Where an object begins; `None` where it is not in the pack.
struct Found(Option<u64>);

impl Small {
    fn open(path: &Path, id: usize) -> Option<Small> {
        let file = File::open(path).ok()?;
        let mut head = [0; HEAD];
        read_at(&file, &mut head, 0)?;
        let counts = head.strip_prefix(VERSION_2)?.as_chunks().0.iter().map(|count| u32::from_be_bytes(*count));
        let fan: Vec<u32> = counts.collect();
        fan.is_sorted().then_some(Small { file, fan, id })
    }

    /// `None` where it takes more than a look at a few places.
    fn find(&self, id: &gix::oid) -> Option<Found> {
        let first = usize::from(id.first_byte());
        let before = first.checked_sub(1).map_or(0, |before| self.fan[before]);
        let ids = (self.fan[first] - before) as usize;
        // Ids are spread evenly.
        let share = u32::from_be_bytes(*id.as_bytes()[1..].first_chunk()?);
        let guess = ((u64::from(share) * ids as u64) >> 32) as usize;
        let start = guess.saturating_sub(NEAR / 2).min(ids.saturating_sub(NEAR));
        let mut near = [0; NEAR * ID];
        let near = &mut near[..ids.min(NEAR) * self.id];
        let first_row = u64::from(before) + start as u64;
        read_at(&self.file, near, HEAD as u64 + first_row * self.id as u64)?;
        let nth = match position(near, id.as_bytes()) {
            Ok(nth) => nth,
            // Between two that stand side by side, or before or behind all that begin with this byte.
            Err(nth) if (nth > 0 || start == 0) && (nth < NEAR || start + NEAR == ids) => return Some(Found(None)),
            Err(_) => return None,
        };
        // Behind the ids stand their checksums, of four bytes each, and then the offsets.
        let count = u64::from(self.fan[255]);
        let mut offset = [0; 4];
        let row = first_row + nth as u64;
        read_at(&self.file, &mut offset, HEAD as u64 + count * (self.id as u64 + 4) + row * 4)?;
        let offset = u32::from_be_bytes(offset);
        (offset < LARGE).then_some(Found(Some(u64::from(offset))))
    }
}

/// Finds an id among sorted ones, or the place where it would stand.
fn position(all: &[u8], id: &[u8]) -> Result<usize, usize> {
    let (mut low, mut high) = (0, all.len() / id.len());
    while low < high {
        let middle = (low + high) / 2;
        match all[middle * id.len()..][..id.len()].cmp(id) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Equal => return Ok(middle),
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Err(low)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> Option<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at).ok()
}

#[cfg(not(unix))]
fn read_at(_: &File, _: &mut [u8], _: u64) -> Option<()> {
    None
}

/// Finds an object by guessing where its id lies among ids that are spread evenly: a few looks instead of a dozen.
fn lookup(index: &pack::index::File, id: &gix::oid) -> Option<u32> {
    let front = |id: &gix::oid| id.as_bytes().first_chunk().map_or(0, |first| u64::from(u32::from_be_bytes(*first)));
    let (mut low, mut high) = (0, index.num_objects());
    let (mut first, mut last) = (0, u64::from(u32::MAX));
    let wanted = front(id);
    for _ in 0..GUESSES {
        if low >= high || wanted < first || wanted > last {
            return None;
        }
        let share = (wanted - first) * u64::from(high - low) / (last - first + 1);
        let guess = low + share as u32;
        let found = index.oid_at_index(guess);
        match id.cmp(found) {
            std::cmp::Ordering::Equal => return Some(guess),
            std::cmp::Ordering::Less => (high, last) = (guess, front(found)),
            std::cmp::Ordering::Greater => (low, first) = (guess + 1, front(found)),
        }
    }
    // Ids that are not spread evenly, as nobody's are.
    index.lookup(id)
}

/// Enough for nearly every id among some millions.
const GUESSES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::run;

    /// A pack of 300 files, and its index.
    fn packed(directory: &Path) -> PathBuf {
        run(directory, &["init", "-q"]);
        (0..300).for_each(|nth| std::fs::write(directory.join(nth.to_string()), format!("file {nth}")).unwrap());
        run(directory, &["add", "."]);
        run(directory, &["commit", "-q", "-m", "all"]);
        run(directory, &["repack", "-q", "-a", "-d"]);
        let mut packs = std::fs::read_dir(directory.join(".git/objects/pack")).unwrap();
        let is_index = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "idx");
        packs.find_map(|entry| Some(entry.unwrap().path()).filter(is_index)).unwrap()
    }

    #[test]
    fn reading_a_few_places_says_what_the_library_says() {
        let directory = tempfile::tempdir().unwrap();
        let path = packed(directory.path());
        let listed = run(directory.path(), &["verify-pack", "-v", path.to_str().unwrap()]);
        let rows = listed.lines().filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let id = gix::ObjectId::from_hex(words.first()?.as_bytes()).ok()?;
            Some((id, words.get(4)?.parse::<u64>().ok()?))
        });
        let rows: Vec<_> = rows.collect();
        assert!(rows.len() > 300);
        let small = Small::open(&path, 20).unwrap();
        let index = Index::open(&path, gix::hash::Kind::Sha1);
        for (id, offset) in rows.iter().chain(&rows) {
            assert_eq!(small.find(id).and_then(|Found(found)| found), Some(*offset), "{id}");
            assert_eq!(index.offset(id), Some(*offset), "{id}, the library from the {FEW}th on");
        }
        assert!(index.whole.get().is_some_and(Option::is_some));
        for byte in 0..=255 {
            let nobody = gix::ObjectId::from_bytes_or_panic(&[byte; 20]);
            assert!(small.find(&nobody).is_some_and(|Found(found)| found.is_none()));
            assert_eq!(index.offset(&nobody), None);
        }
    }

    /// An index of ids that all begin with the same byte; the nth object begins at n.
    fn of_ids(path: &Path, ids: &[[u8; 20]]) -> Small {
        let count = (ids.len() as u32).to_be_bytes();
        let offsets: Vec<[u8; 4]> = (0..ids.len() as u32).map(u32::to_be_bytes).collect();
        let checksums = vec![0; ids.len() * 4];
        std::fs::write(
            path,
            [VERSION_2, &count.repeat(256)[..], ids.as_flattened(), &checksums, offsets.as_flattened()].concat(),
        )
        .unwrap();
        Small::open(path, 20).unwrap()
    }

    #[test]
    fn an_id_that_lies_far_from_where_it_should_is_left_to_the_library() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.idx");
        let id = |head: u32| {
            let mut id = [0; 20];
            id[1..5].copy_from_slice(&head.to_be_bytes());
            id
        };
        let at = |small: &Small, id: [u8; 20]| small.find(&gix::ObjectId::from(id)).map(|Found(offset)| offset);
        let even: Vec<_> = (0..5000).map(|nth| id(nth * (u32::MAX / 5000))).collect();
        let small = of_ids(&path, &even);
        for (nth, one) in even.iter().enumerate() {
            assert_eq!(at(&small, *one), Some(Some(nth as u64)));
            let mut nobody = *one;
            nobody[19] = 1;
            assert_eq!(at(&small, nobody), Some(None));
        }
        let crowded: Vec<_> = (0..5000).map(id).collect();
        let small = of_ids(&path, &crowded);
        assert_eq!([0, 255, 4000].map(|nth| at(&small, crowded[nth])), [Some(Some(0)), Some(Some(255)), None]);
    }

    #[test]
    fn a_damaged_index_answers_nothing_or_what_it_did() {
        let directory = tempfile::tempdir().unwrap();
        let path = packed(directory.path());
        let (whole, id) = (std::fs::read(&path).unwrap(), run(directory.path(), &["rev-parse", "HEAD"]));
        let id = gix::ObjectId::from_hex(id.trim().as_bytes()).unwrap();
        let broken = directory.path().join("broken.idx");
        for cut in [0, 7, 8, HEAD - 1, HEAD, HEAD + 20, whole.len() / 2] {
            std::fs::write(&broken, &whole[..cut]).unwrap();
            assert_eq!(Index::open(&broken, gix::hash::Kind::Sha1).offset(&id), None, "cut at {cut}");
        }
        let mut unsorted = whole;
        unsorted[8..12].fill(0xff);
        std::fs::write(&broken, &unsorted).unwrap();
        assert!(Small::open(&broken, 20).is_none(), "counts that fall");
    }
}
