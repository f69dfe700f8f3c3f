//! Facts of files that were read before, by content.
//!
//! In: a key made of the sources' state, the file's path and kind, and its content or git blob. Out: the facts, if
//! they are known. A file that is not sealed with our own key is none: nobody else can make one that is. A cache that
//! is absent, foreign, corrupt, busy or on a full disk changes nothing but the time a run takes; results are the same
//! with and without.
//!
//! One file a repository holds everything: a sorted table, then the encoded facts, with one seal for all: it is checked
//! in less time than a seal for each would take. It is read whole, changed by writing a new one beside it, and kept
//! below `MOST_BYTES`.

mod place;
pub mod runs;
pub mod stamp;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use gix::ObjectId;

use crate::draft::Draft;
use crate::fact::FileFacts;
use crate::history::Walks;
use crate::parse::Kind;

pub use place::{default_directory, is_ci};

const MAGIC: &[u8; 8] = b"fitchk02";
/// What one repository's cache may hold, and all of them together.
const MOST_BYTES: usize = 256 << 20;
const ALL_BYTES: u64 = 1 << 30;
/// One entry in so many is much.
const SHARE: usize = 8;
/// Key, offset, length.
const ROW: usize = 16 + 8 + 4;
/// What a file is known by is seldom longer.
const SHORT: usize = 256;
/// Magic, version, seal; what is sealed begins behind it.
const SEALED: usize = MAGIC.len() + 16 + 16;
/// The same with the number of rows.
const HEAD: usize = SEALED + 4;

/// What facts are stored under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key([u8; 16]);

impl Key {
    /// A file whose content git knows by name.
    pub fn of_blob(path: &str, kind: Kind, blob: ObjectId) -> Key {
        Key::new(path, kind, blob.as_bytes())
    }

    /// A file known by its content alone.
    pub fn of_text(path: &str, kind: Kind, text: &str) -> Key {
        Key::new(path, kind, &[blake3::hash(text.as_bytes()).as_bytes(), &b"text"[..]].concat())
    }

    /// Something else than facts of a file.
    pub fn of_note(name: &str) -> Key {
        Key(first_16(blake3::hash(name.as_bytes())))
    }

    /// Readers look at the path as well as the content, so it is part of the key. What names the content goes first: how
    /// long it is tells what it is, and where the path begins.
    fn new(path: &str, kind: Kind, content: &[u8]) -> Key {
        let (mut short, long);
        let head = [kind as u8, content.len() as u8];
        let (at, length) = (head.len() + content.len(), head.len() + content.len() + path.len());
        // Nearly all fit, and one call is quicker than one for each part.
        let named = if length <= SHORT {
            short = [0; SHORT];
            short[..head.len()].copy_from_slice(&head);
            short[head.len()..at].copy_from_slice(content);
            short[at..length].copy_from_slice(path.as_bytes());
            &short[..length]
        } else {
            long = [&head, content, path.as_bytes()].concat();
            &long
        };
        Key(first_16(blake3::hash(named)))
    }

    /// Sorted as its bytes are.
    fn rank(&self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

fn first_16(hash: blake3::Hash) -> [u8; 16] {
    let mut first = [0; 16];
    first.copy_from_slice(&hash.as_bytes()[..16]);
    first
}

/// Puts something into words.
pub struct Later(Box<dyn FnOnce() -> Option<Vec<u8>> + Send>);

impl Later {
    /// Nothing is noted where it answers nothing.
    pub fn new(words: impl FnOnce() -> Option<Vec<u8>> + Send + 'static) -> Later {
        Later(Box::new(words))
    }
}

impl std::fmt::Debug for Later {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Later")
    }
}

/// What was noted under a key, where it lies.
#[derive(Clone, Debug)]
pub struct Noted {
    all: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl Deref for Noted {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.all[self.range.clone()]
    }
}

/// The cache of one repository.
#[derive(Debug)]
pub struct Cache {
    /// `None` for one that ends with the run.
    file: Option<PathBuf>,
    secret: [u8; 32],
    bytes: Arc<Vec<u8>>,
    rows: usize,
    used: Vec<AtomicBool>,
    new: Mutex<BTreeMap<Key, Vec<u8>>>,
    /// What is only put into words if it is to be written.
    later: Mutex<BTreeMap<Key, Later>>,
    /// Whether something new is worth writing down however little it is.
    is_due: AtomicBool,
    /// Commits decoded in this run; never written.
    pub walks: Walks,
}

impl Cache {
    /// Opens the cache of the repository at `root` in `directory`; `None` where there is no place or key for one.
    pub fn open(directory: &Path, root: &Path) -> Option<Cache> {
        let secret = place::secret()?;
        place::create_private(directory)?;
        let root = root.canonicalize().ok()?;
        let name = blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex();
        Some(Cache::at(directory.join(format!("{}.facts", &name[..16])), secret))
    }

    /// A cache for one run: what the head has read, the base need not read again.
    pub fn in_memory() -> Cache {
        Cache {
            file: None,
            secret: [0; 32],
            bytes: Arc::default(),
            rows: 0,
            used: Vec::new(),
            new: Mutex::default(),
            later: Mutex::default(),
            is_due: AtomicBool::new(false),
            walks: Walks::default(),
        }
    }

    fn at(file: PathBuf, secret: [u8; 32]) -> Cache {
        let bytes = read_whole(&file).unwrap_or_default();
        Cache { file: Some(file), ..Cache::holding(bytes, secret) }
    }

    /// The cache that a file of these rows and payloads would be; for those who try to break it.
    pub fn of_bytes(rest: &[u8], secret: [u8; 32]) -> Cache {
        Cache::holding([&MAGIC[..], &version(), rest].concat(), secret)
    }

    fn holding(bytes: Vec<u8>, secret: [u8; 32]) -> Cache {
        let rows = rows(&bytes, &secret).unwrap_or(0);
        let used = (0..rows).map(|_| AtomicBool::new(false)).collect();
        Cache { secret, bytes: Arc::new(bytes), rows, used, walks: Walks::under(&secret), ..Cache::in_memory() }
    }

    /// Returns the facts of a file of `size` bytes, if they are known.
    pub fn lookup(&self, key: &Key, size: u64) -> Option<FileFacts> {
        let (length, facts): (u64, FileFacts) = match self.held(key) {
            Some(payload) => postcard::from_bytes(payload).ok()?,
            None => postcard::from_bytes(self.new.lock().ok()?.get(key)?).ok()?,
        };
        // A blob that a filter changes on checkout is not what lies on the disk.
        (length == size).then_some(facts)
    }

    /// Returns what was noted under a key.
    pub fn noted(&self, key: &Key) -> Option<Noted> {
        if let Some(range) = self.find(key).and_then(|at| self.mark_used(at)) {
            return Some(Noted { all: Arc::clone(&self.bytes), range });
        }
        self.put_into_words(key);
        let payload = self.new.lock().ok()?.get(key)?.clone();
        Some(Noted { range: 0..payload.len(), all: Arc::new(payload) })
    }

    /// Notes something that is not facts of a file.
    pub fn note(&self, key: Key, payload: Vec<u8>) {
        if let Ok(mut new) = self.new.lock() {
            new.insert(key, payload);
        }
    }

    /// Notes something that takes its time to be put into words: that is done when it is asked for or written.
    pub fn note_later(&self, key: Key, later: Later) {
        if let Ok(mut all) = self.later.lock() {
            all.insert(key, later);
        }
    }

    fn put_into_words(&self, key: &Key) {
        let later = self.later.lock().ok().and_then(|mut all| all.remove(key));
        later.and_then(|Later(words)| words()).into_iter().for_each(|payload| self.note(*key, payload));
    }

    /// Notes what took so long that it is written down whatever else there is to write.
    pub fn note_due(&self, key: Key, payload: Vec<u8>) {
        self.is_due.store(true, Ordering::Relaxed);
        self.note(key, payload);
    }

    /// Returns what the file holds under a key.
    fn held(&self, key: &Key) -> Option<&[u8]> {
        self.bytes.get(self.mark_used(self.find(key)?)?)
    }

    /// Where a row's payload lies, which is used from now on.
    fn mark_used(&self, at: usize) -> Option<Range<usize>> {
        self.used[at].store(true, Ordering::Relaxed);
        self.range(at)
    }

    /// Remembers the facts of a file of `size` bytes.
    pub fn store(&self, key: Key, size: u64, facts: &FileFacts) {
        let Ok(payload) = postcard::to_stdvec(&(size, facts)) else { return };
        if let Ok(mut new) = self.new.lock() {
            new.insert(key, payload);
        }
    }

    /// Writes what is new if it is much, or due: all that was known is written with it, which takes longer than reading
    /// a few files again.
    pub fn finish_if_much(self) {
        let new = self.new.lock().map_or(0, |new| new.len()) + self.later.lock().map_or(0, |later| later.len());
        if self.is_due.load(Ordering::Relaxed) || new * SHARE >= self.rows {
            self.finish();
        }
    }

    /// Writes what is new, unless another run is writing or the disk does not take it.
    pub fn finish(self) {
        let later: Vec<Key> = self.later.lock().map(|later| later.keys().copied().collect()).unwrap_or_default();
        later.iter().for_each(|key| self.put_into_words(key));
        let new = self.new.lock().map(|mut new| std::mem::take(&mut *new)).unwrap_or_default();
        if new.is_empty() {
            return;
        }
        if let Some(file) = &self.file {
            // Nothing depends on the outcome.
            let _ = self.write(file, &new);
        }
    }

    fn write(&self, path: &Path, new: &BTreeMap<Key, Vec<u8>>) -> std::io::Result<()> {
        let directory = path.parent().unwrap_or(Path::new("."));
        let lock = File::create(path.with_extension("lock"))?;
        if lock.try_lock().is_err() {
            return Ok(());
        }
        let mut entries: BTreeMap<Key, &[u8]> = new.iter().map(|(key, payload)| (*key, payload.as_slice())).collect();
        let mut bytes: usize = new.values().map(|payload| payload.len() + ROW).sum();
        // What this run used stays; the rest stays while there is room.
        for wanted in [true, false] {
            for at in (0..self.rows).filter(|&at| self.used[at].load(Ordering::Relaxed) == wanted) {
                let Some(payload) = self.payload(at) else { continue };
                if bytes + payload.len() + ROW > MOST_BYTES {
                    break;
                }
                bytes += payload.len() + ROW;
                entries.entry(self.key(at)).or_insert(payload);
            }
        }
        let draft = Draft::private(path)?;
        draft.file().write_all(&encode(&entries, &self.secret))?;
        // The seal tells what a power cut left.
        draft.publish_unsynced()?;
        place::evict(directory, ALL_BYTES);
        Ok(())
    }

    fn row(&self, at: usize) -> &[u8] {
        &self.bytes[HEAD + at * ROW..HEAD + (at + 1) * ROW]
    }

    fn key(&self, at: usize) -> Key {
        let mut key = [0; 16];
        key.copy_from_slice(&self.row(at)[..16]);
        Key(key)
    }

    fn find(&self, key: &Key) -> Option<usize> {
        let (mut low, mut high, wanted) = (0, self.rows, key.rank());
        while low < high {
            let middle = (low + high) / 2;
            match self.key(middle).rank().cmp(&wanted) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    fn payload(&self, at: usize) -> Option<&[u8]> {
        self.bytes.get(self.range(at)?)
    }

    fn range(&self, at: usize) -> Option<Range<usize>> {
        let row = self.row(at);
        let offset = usize::try_from(u64::from_le_bytes(row[16..24].try_into().ok()?)).ok()?;
        let length = u32::from_le_bytes(row[24..28].try_into().ok()?) as usize;
        Some(offset..offset.checked_add(length)?).filter(|range| range.end <= self.bytes.len())
    }
}

/// The state of the sources that read the files: facts of another are not ours.
fn version() -> [u8; 16] {
    first_16(blake3::hash(concat!(env!("CARGO_PKG_VERSION"), " ", env!("FITCHECK_SOURCES")).as_bytes()))
}

/// Counts the rows of a file that is ours and whole enough to be searched.
fn rows(bytes: &[u8], secret: &[u8; 32]) -> Option<usize> {
    let head = bytes.get(..HEAD)?;
    let ours = head.starts_with(MAGIC)
        && head[MAGIC.len()..MAGIC.len() + 16] == version()
        && head[MAGIC.len() + 16..SEALED] == seal(secret, &bytes[SEALED..]);
    let rows = u32::from_le_bytes(head[HEAD - 4..].try_into().ok()?) as usize;
    (ours && bytes.len() >= HEAD + rows.checked_mul(ROW)?).then_some(rows)
}

fn encode(entries: &BTreeMap<Key, &[u8]>, secret: &[u8; 32]) -> Vec<u8> {
    let payloads: usize = entries.values().map(|payload| payload.len()).sum();
    let mut bytes = Vec::with_capacity(HEAD + entries.len() * ROW + payloads);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&version());
    bytes.extend_from_slice(&[0; 16]);
    bytes.extend_from_slice(&(entries.len() as u32).to_le_bytes());
    let mut offset = (HEAD + entries.len() * ROW) as u64;
    for (key, payload) in entries {
        bytes.extend_from_slice(&key.0);
        bytes.extend_from_slice(&offset.to_le_bytes());
        bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        offset += payload.len() as u64;
    }
    entries.values().for_each(|payload| bytes.extend_from_slice(payload));
    let sealed = seal(secret, &bytes[SEALED..]);
    bytes[SEALED - sealed.len()..SEALED].copy_from_slice(&sealed);
    bytes
}

/// Binds table and facts to this user: nobody else can make one that is accepted.
fn seal(secret: &[u8; 32], rest: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    hasher.update(b"facts").update(rest);
    first_16(hasher.finalize())
}

fn read_whole(path: &Path) -> Option<Vec<u8>> {
    let meta = fs::symlink_metadata(path).ok()?;
    if !meta.is_file() || meta.len() > 2 * MOST_BYTES as u64 {
        return None;
    }
    let mut bytes = Vec::with_capacity(meta.len() as usize);
    File::open(path).ok()?.take(2 * MOST_BYTES as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(lines: u32) -> FileFacts {
        FileFacts { lines, ..FileFacts::default() }
    }

    fn key(name: &str) -> Key {
        Key::of_text(name, Kind::Go, name)
    }

    fn filled(directory: &Path) -> PathBuf {
        let file = directory.join("x.facts");
        let cache = Cache::at(file.clone(), [7; 32]);
        for n in 0..50 {
            cache.store(key(&n.to_string()), 10, &facts(n));
        }
        cache.finish();
        file
    }

    #[test]
    fn facts_come_back_by_content_and_only_there() {
        let directory = tempfile::tempdir().unwrap();
        let file = filled(directory.path());
        let cache = Cache::at(file.clone(), [7; 32]);
        for n in 0..50 {
            assert_eq!(cache.lookup(&key(&n.to_string()), 10), Some(facts(n)));
        }
        assert_eq!(cache.lookup(&key("other"), 10), None);
        assert_eq!(cache.lookup(&key("1"), 11), None, "another size is another content");
        assert_eq!(Cache::at(file, [8; 32]).lookup(&key("1"), 10), None, "another user's cache is none");
    }

    #[test]
    fn a_later_run_adds_and_keeps() {
        let directory = tempfile::tempdir().unwrap();
        let file = filled(directory.path());
        let cache = Cache::at(file.clone(), [7; 32]);
        cache.store(key("new"), 1, &facts(99));
        cache.finish();
        let cache = Cache::at(file, [7; 32]);
        assert_eq!(cache.lookup(&key("new"), 1), Some(facts(99)));
        assert_eq!(cache.lookup(&key("49"), 10), Some(facts(49)));
    }

    #[test]
    fn no_corruption_is_ever_taken_for_facts() {
        let directory = tempfile::tempdir().unwrap();
        let file = filled(directory.path());
        let whole = fs::read(&file).unwrap();
        let check = |bytes: &[u8]| {
            fs::write(&file, bytes).unwrap();
            let cache = Cache::at(file.clone(), [7; 32]);
            for n in [0, 17, 49] {
                let found = cache.lookup(&key(&n.to_string()), 10);
                assert!(found.is_none() || found == Some(facts(n)));
            }
        };
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            check(&bytes);
        }
        for cut in (0..whole.len()).step_by(7) {
            check(&whole[..cut]);
        }
    }

    /// Bit flips, cuts, swaps of rows and payloads, zeroes, foreign heads, and bytes put in or taken out.
    fn damage(whole: &[u8], round: u64) -> Vec<u8> {
        let mut state = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below.max(1)
        };
        let mut bytes = whole.to_vec();
        let (at, other, length) = (next(bytes.len()), next(bytes.len()), next(64));
        match round % 10 {
            0 | 1 => bytes[at] ^= 1 << next(8),
            2 => bytes.truncate(at),
            3 => bytes[at..].fill(0),
            4 => {
                let (one, two) = (HEAD + next(50) * ROW, HEAD + next(50) * ROW);
                for offset in 0..ROW {
                    bytes.swap(one + offset, two + offset);
                }
            }
            5 => (0..length).for_each(|offset| {
                let (one, two) = ((at + offset) % whole.len(), (other + offset) % whole.len());
                bytes.swap(one, two);
            }),
            6 => bytes[next(HEAD)] = next(256) as u8,
            7 => drop(bytes.splice(at..at, vec![0x5a; length])),
            8 => drop(bytes.drain(at..(at + length).min(whole.len()))),
            // Offsets and lengths of rows, where a reader could be led anywhere.
            _ => bytes[HEAD + next(50) * ROW + 16 + next(12)] = [0, 1, 0x7f, 0x80, 0xff][next(5)],
        }
        bytes
    }

    #[test]
    fn ten_thousand_corruptions_change_no_fact() {
        let directory = tempfile::tempdir().unwrap();
        let file = filled(directory.path());
        let whole = fs::read(&file).unwrap();
        for round in 0..10_000 {
            fs::write(&file, damage(&whole, round)).unwrap();
            let cache = Cache::at(file.clone(), [7; 32]);
            for n in 0..50 {
                let found = cache.lookup(&key(&n.to_string()), 10);
                assert!(found.is_none() || found == Some(facts(n)), "round {round}, entry {n}");
            }
        }
    }

    #[test]
    fn a_busy_cache_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = filled(directory.path());
        let before = fs::read(&file).unwrap();
        let lock = File::create(file.with_extension("lock")).unwrap();
        lock.lock().unwrap();
        let cache = Cache::at(file.clone(), [7; 32]);
        cache.store(key("new"), 1, &facts(99));
        cache.finish();
        assert_eq!(fs::read(&file).unwrap(), before);
    }

    #[test]
    fn path_and_kind_are_part_of_the_key() {
        assert_ne!(Key::of_text("a_linux.go", Kind::Go, "x"), Key::of_text("a.go", Kind::Go, "x"));
        assert_ne!(Key::of_text("a", Kind::Go, "x"), Key::of_text("a", Kind::Rust, "x"));
    }
}
