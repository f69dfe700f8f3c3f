//! Objects read from the packs of a repository, each piece inflated once.
//!
//! In: the pack directory of an open repository. Out: whole objects, and the heads of commits. Nearly all that history
//! costs is inflating. Packs store most directories as differences from others, in chains; the library keeps what it
//! was asked for and inflates again what that was built from, so here all of a chain is kept, the oldest out first.
//!
//! `None` is not "missing": what is loose, borrowed, damaged or larger than usual is left to the library, and where
//! references replace objects everything is. Packs have been looked over (see `guard`) when the repository was opened.

mod index;
mod mapped;

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use gix::ObjectId;
use gix::objs::{Find, Kind};
use gix::odb::pack;
use gix::odb::pack::data::entry::Header;

use index::Index;
use mapped::Mapped;

/// What is built from a piece comes soon after it: from two megabytes on, more gains nothing measurable.
const BYTES: usize = 3 << 20;
/// Places of objects kept.
const PLACES: usize = 2048;
/// A piece of more is left to the library, which has its own limits.
const LARGEST: u64 = 16 << 20;
/// Git writes chains of fifty, or of 250 where it is asked to.
const LONGEST: usize = 4096;
/// A lookup asks one after the other: in more of them the library is better at it.
const MOST_PACKS: usize = 64;

/// One pack, for all threads.
pub(super) struct Pack {
    index: Index,
    path: PathBuf,
    hash: gix::hash::Kind,
}

/// The packs of a directory.
pub(super) fn open(directory: &Path, hash: gix::hash::Kind) -> Vec<Pack> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "idx"));
    paths.sort();
    if paths.len() > MOST_PACKS {
        return Vec::new();
    }
    let pack = |path: PathBuf| Pack { index: Index::open(&path, hash), path, hash };
    paths.into_iter().map(pack).collect()
}

/// Where an object or a piece of one lies: number of the pack, and offset in it.
type At = (usize, u64);

/// Reads objects for one thread: from the packs where they are there, else by the library.
pub struct Objects {
    reader: Reader,
    repository: gix::Repository,
}

impl Objects {
    pub(super) fn new(packs: Arc<Vec<Pack>>, repository: gix::Repository) -> Objects {
        Objects { reader: Reader::new(packs), repository }
    }

    /// Reads a whole object; `None` where it is missing.
    pub fn find(&mut self, id: ObjectId) -> Option<(Kind, Rc<[u8]>)> {
        self.reader.object(id).or_else(|| {
            let mut buffer = Vec::new();
            let kind = self.repository.objects.try_find(&id, &mut buffer).ok()??.kind;
            Some((kind, buffer.into()))
        })
    }

    /// Reads a whole commit, for as long as nothing else is read; `None` where it is missing or no commit.
    pub fn commit(&mut self, id: ObjectId) -> Option<&[u8]> {
        let length = match self.reader.commit(id) {
            Some(length) => length,
            None => {
                let (_, bytes) = self.find(id).filter(|(kind, _)| *kind == Kind::Commit)?;
                room(&mut self.reader.built, bytes.len()).copy_from_slice(&bytes);
                bytes.len()
            }
        };
        Some(&self.reader.built[..length])
    }

    /// Reads the beginning of a commit into `out`, up to its length, and says how much was there; `None` where only
    /// the whole can be had.
    pub fn head_of_commit(&mut self, id: ObjectId, out: &mut [u8]) -> Option<usize> {
        self.reader.head_of_commit(id, out)
    }

    /// Reads the content of a file of at most so many bytes, else nothing; `None` where it is missing.
    pub fn file(&mut self, id: ObjectId, most: u64) -> Option<Option<Rc<[u8]>>> {
        if self.size(id)? > most {
            return Some(None);
        }
        self.find(id).map(|(kind, bytes)| (kind == Kind::Blob).then_some(bytes))
    }

    /// Tells how large an object is; `None` where it is missing.
    pub fn size(&mut self, id: ObjectId) -> Option<u64> {
        self.reader.size_of(id).or_else(|| Some(self.repository.try_find_header(id).ok()??.size()))
    }

    /// Says that much will be read, by whatever thread: finding each object is made ready for that.
    pub fn expect_many(&self) {
        self.reader.packs.iter().for_each(|pack| pack.index.expect_many());
    }

    pub fn repository(&self) -> &gix::Repository {
        &self.repository
    }
}

/// Reads objects of packs for one thread.
struct Reader {
    packs: Arc<Vec<Pack>>,
    /// What this thread reads of each, mapped when it is asked for.
    mapped: Vec<Option<Mapped>>,
    /// Where objects were found, by the last bytes of their ids: most directories are asked for as what was and soon
    /// after as what is. Empty before the first question.
    places: Vec<Option<(ObjectId, At)>>,
    /// The pack that held the last object, which most likely holds the next.
    last: usize,
    inflate: gix::zlib::Inflate,
    /// Room for a difference, and for what is built by it: as long as the longest so far.
    difference: Vec<u8>,
    built: Vec<u8>,
    chain: Vec<(At, pack::data::Entry)>,
    pieces: HashMap<At, (Kind, Rc<[u8]>), Seeded>,
    order: VecDeque<At>,
    bytes: usize,
}

impl Reader {
    fn new(packs: Arc<Vec<Pack>>) -> Reader {
        Reader {
            mapped: packs.iter().map(|_| None).collect(),
            packs,
            places: Vec::new(),
            last: 0,
            inflate: gix::zlib::Inflate::default(),
            difference: Vec::new(),
            built: Vec::new(),
            chain: Vec::new(),
            pieces: HashMap::with_hasher(Seeded(RandomState::new().hash_one(0_u8))),
            order: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Reads a whole object.
    fn object(&mut self, id: ObjectId) -> Option<(Kind, Rc<[u8]>)> {
        let at = self.place(id)?;
        self.build(at)
    }

    /// Reads a whole commit into `built`, and tells how long it is; `None` where it is none, or a difference.
    fn commit(&mut self, id: ObjectId) -> Option<usize> {
        let (number, offset) = self.find(id)?;
        let entry = self.entry((number, offset))?;
        let is_plain = matches!(entry.header, Header::Commit) && entry.decompressed_size <= LARGEST;
        is_plain.then(|| self.inflate(number, &entry)).flatten()
    }

    /// Where an object lies; what is asked for once is asked for again.
    fn place(&mut self, id: ObjectId) -> Option<At> {
        if self.places.is_empty() {
            self.places.resize(PLACES, None);
        }
        let last = id.as_bytes().last_chunk().map_or(0, |last| u32::from_be_bytes(*last));
        let slot = last as usize % PLACES;
        if let Some((_, at)) = self.places[slot].filter(|(known, _)| *known == id) {
            return Some(at);
        }
        let at = self.find(id)?;
        self.places[slot] = Some((id, at));
        Some(at)
    }

    /// Tells how large an object is.
    fn size_of(&mut self, id: ObjectId) -> Option<u64> {
        let (number, offset) = self.place(id)?;
        if let Some((_, bytes)) = self.pieces.get(&(number, offset)) {
            return Some(bytes.len() as u64);
        }
        let entry = self.entry((number, offset))?;
        if !entry.header.is_delta() {
            return Some(entry.decompressed_size);
        }
        // Two sizes of at most ten bytes.
        let mut sizes = [0; 20];
        let length = self.prefix(number, &entry, &mut sizes)?;
        let mut sizes = &sizes[..length];
        size(&mut sizes)?;
        size(&mut sizes)
    }

    /// Reads the beginning of a commit into `out`, up to its length, and says how much was there.
    fn head_of_commit(&mut self, id: ObjectId, out: &mut [u8]) -> Option<usize> {
        let (number, offset) = self.find(id)?;
        let entry = self.entry((number, offset))?;
        matches!(entry.header, Header::Commit).then(|| self.prefix(number, &entry, out)).flatten()
    }

    fn prefix(&mut self, number: usize, entry: &pack::data::Entry, out: &mut [u8]) -> Option<usize> {
        let length = usize::try_from(entry.decompressed_size).ok()?.min(out.len());
        let stored = self.mapped[number].as_ref()?.stored(entry)?;
        self.inflate.reset();
        let (_, _, written) = self.inflate.prefix(stored, &mut out[..length]).ok()?;
        (written == length).then_some(length)
    }

    /// Reads what stands before an object or a piece of one; what it is follows.
    fn entry(&mut self, (number, offset): At) -> Option<pack::data::Entry> {
        let mapped = &mut self.mapped[number];
        if mapped.is_none() {
            let pack = &self.packs[number];
            *mapped = Mapped::open(&pack.path, pack.hash);
        }
        mapped.as_mut()?.entry(offset)
    }

    fn find(&mut self, id: ObjectId) -> Option<At> {
        let count = self.packs.len();
        let number = (0..count)
            .map(|nth| (self.last + nth) % count)
            .find_map(|number| self.packs[number].index.offset(&id).map(|offset| (number, offset)))?;
        self.last = number.0;
        Some(number)
    }

    fn build(&mut self, at: At) -> Option<(Kind, Rc<[u8]>)> {
        self.chain.clear();
        let mut next = at;
        let (kind, mut bytes) = loop {
            if let Some((kind, bytes)) = self.pieces.get(&next) {
                break (*kind, Rc::clone(bytes));
            }
            let entry = self.entry(next).filter(|entry| entry.decompressed_size <= LARGEST)?;
            let base = match entry.header {
                Header::OfsDelta { base_distance } => entry.checked_base_pack_offset(base_distance)?,
                Header::RefDelta { base_id } => self.packs[next.0].index.offset(&base_id)?,
                Header::Commit | Header::Tree | Header::Blob | Header::Tag => {
                    let kind = entry.header.as_kind()?;
                    let length = self.inflate(next.0, &entry)?;
                    break (kind, self.keep(next, kind, length));
                }
            };
            self.chain.push((next, entry));
            next = (next.0, base);
            if self.chain.len() > LONGEST {
                return None;
            }
        };
        while let Some((at, entry)) = self.chain.pop() {
            let difference = room(&mut self.difference, entry.decompressed_size as usize);
            self.mapped[at.0].as_ref()?.inflate(&entry, &mut self.inflate, difference)?;
            let length = apply(&bytes, difference, &mut self.built)?;
            bytes = self.keep(at, kind, length);
        }
        Some((kind, bytes))
    }

    /// Inflates a whole object into `built`, and tells how long it is.
    fn inflate(&mut self, number: usize, entry: &pack::data::Entry) -> Option<usize> {
        let out = room(&mut self.built, entry.decompressed_size as usize);
        self.mapped[number].as_ref()?.inflate(entry, &mut self.inflate, out)?;
        Some(out.len())
    }

    /// Keeps the piece that was built, of so many bytes, for what is built from it; commits are asked for once and are
    /// nobody's base.
    fn keep(&mut self, at: At, kind: Kind, length: usize) -> Rc<[u8]> {
        let bytes: Rc<[u8]> = self.built[..length].into();
        if kind == Kind::Commit || bytes.len() > BYTES / 2 {
            return bytes;
        }
        self.bytes += bytes.len();
        self.order.push_back(at);
        self.pieces.insert(at, (kind, Rc::clone(&bytes)));
        while self.bytes > BYTES {
            let Some((_, gone)) = self.order.pop_front().and_then(|oldest| self.pieces.remove(&oldest)) else { break };
            self.bytes -= gone.len();
        }
        bytes
    }
}

/// The first so many bytes of a buffer that only grows, whatever they hold.
fn room(buffer: &mut Vec<u8>, length: usize) -> &mut [u8] {
    if buffer.len() < length {
        buffer.resize(length, 0);
    }
    &mut buffer[..length]
}

/// Hashes places in packs: one multiplication, and a seed that whoever made the packs does not know.
#[derive(Clone, Copy)]
struct Seeded(u64);

struct OfPlace(u64);

impl BuildHasher for Seeded {
    type Hasher = OfPlace;

    fn build_hasher(&self) -> OfPlace {
        OfPlace(self.0)
    }
}

impl Hasher for OfPlace {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    fn write_u64(&mut self, number: u64) {
        let wide = u128::from(self.0 ^ number) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (wide >> 64) as u64 ^ wide as u64;
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }
}

/// Applies a difference as packs store it: the sizes before and after, then what to copy and what to insert. Tells how
/// long the outcome is, with which `out` begins.
fn apply(base: &[u8], difference: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let mut rest = difference;
    let (before, after) = (size(&mut rest)?, size(&mut rest)?);
    if before != base.len() as u64 || after > LARGEST {
        return None;
    }
    let mut left = room(out, after as usize);
    while let Some(command) = byte(&mut rest) {
        let piece = match command {
            0 => return None,
            0x80.. => base.get(copied(command, &mut rest)?)?,
            length => {
                let (piece, others) = rest.split_at_checked(usize::from(length))?;
                rest = others;
                piece
            }
        };
        let (next, others) = left.split_at_mut_checked(piece.len())?;
        next.copy_from_slice(piece);
        left = others;
    }
    left.is_empty().then_some(after as usize)
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (first, others) = rest.split_first()?;
    *rest = others;
    Some(*first)
}

/// Seven bits a byte, the lowest first, as long as the eighth is set.
fn size(rest: &mut &[u8]) -> Option<u64> {
    let mut size = 0;
    for shift in (0..u64::BITS - 7).step_by(7) {
        let byte = byte(rest)?;
        size |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
    None
}

/// The bits of the command tell which bytes of the offset and of the length follow; no length is 65,536.
fn copied(command: u8, rest: &mut &[u8]) -> Option<Range<usize>> {
    let mut number = |bits: Range<u32>| {
        let mut number = 0;
        for (shift, bit) in (0..).step_by(8).zip(bits) {
            if command >> bit & 1 == 1 {
                number |= usize::from(byte(rest)?) << shift;
            }
        }
        Some(number)
    };
    let (offset, length) = (number(0..4)?, number(4..7)?);
    Some(offset..offset + if length == 0 { 0x10000 } else { length })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_copies_and_inserts() {
        let base = b"hello, old world";
        let apply = |base: &[u8], difference: &[u8]| {
            let mut out = vec![7; 3];
            super::apply(base, difference, &mut out).map(|length| out[..length].to_vec())
        };
        let whole: &[u8] = b"\x10\x10\x90\x07\x03new\x91\x0a\x06";
        assert_eq!(apply(base, whole).as_deref(), Some(&b"hello, new world"[..]));
        for end in 0..whole.len() {
            assert_eq!(apply(base, &whole[..end]), None, "cut at {end}");
        }
        assert_eq!(apply(b"", b"\x00\x00").as_deref(), Some(&b""[..]));
        for (why, wrong) in [
            ("another base", &b"\x0f\x01\x01a"[..]),
            ("more than promised", b"\x10\x01\x02ab"),
            ("beyond the base", b"\x10\x02\x91\x0f\x02"),
            ("64 KiB where no length is written", b"\x10\x10\x80"),
            ("no command", b"\x10\x00\x00"),
            ("a size without end", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        ] {
            assert_eq!(apply(base, wrong), None, "{why}");
        }
    }

    #[test]
    fn old_pieces_leave_when_it_is_full() {
        let mut reader = Reader::new(Arc::default());
        for offset in 0..20 {
            reader.built = vec![7; BYTES / 3];
            reader.keep((0, offset), Kind::Tree, BYTES / 3);
        }
        reader.keep((0, 99), Kind::Commit, 1);
        assert!(reader.pieces.contains_key(&(0, 19)) && !reader.pieces.contains_key(&(0, 0)));
        assert!(!reader.pieces.contains_key(&(0, 99)) && reader.bytes <= BYTES);
    }
}
