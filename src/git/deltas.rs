//! A cache of decoded directories, for packs that store each as a difference from another.
//!
//! Neighbouring commits differ in few directories, and packs chain these up to fifty deep: without a cache the same
//! chain is inflated for every commit. Trees alone are kept, oldest out first.

use std::collections::{HashMap, VecDeque};

use gix::objs::Kind;
use gix::odb::pack::cache::DecodeEntry;

/// Enough for the directories of a large repository's year; more gains nothing measurable.
const BYTES: usize = 16 << 20;

/// Number of the pack, and the offset in it.
type At = (u32, u64);

#[derive(Default)]
pub(super) struct Deltas {
    kept: HashMap<At, (usize, Box<[u8]>)>,
    order: VecDeque<At>,
    bytes: usize,
}

impl DecodeEntry for Deltas {
    fn put(&mut self, pack: u32, offset: u64, data: &[u8], kind: Kind, compressed_size: usize) {
        if kind != Kind::Tree || data.len() > BYTES / 8 {
            return;
        }
        if self.kept.insert((pack, offset), (compressed_size, data.into())).is_none() {
            self.order.push_back((pack, offset));
            self.bytes += data.len();
        }
        while self.bytes > BYTES {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some((_, data)) = self.kept.remove(&oldest) {
                self.bytes -= data.len();
            }
        }
    }

    fn get(&mut self, pack: u32, offset: u64, out: &mut Vec<u8>) -> Option<(Kind, usize)> {
        let (compressed_size, data) = self.kept.get(&(pack, offset))?;
        out.clear();
        out.extend_from_slice(data);
        Some((Kind::Tree, *compressed_size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_entries_leave_when_it_is_full() {
        let mut deltas = Deltas::default();
        let tree = vec![7; BYTES / 8];
        for offset in 0..20 {
            deltas.put(1, offset, &tree, Kind::Tree, 3);
        }
        deltas.put(1, 99, b"x", Kind::Blob, 1);
        let mut out = vec![1];
        assert_eq!(deltas.get(1, 19, &mut out), Some((Kind::Tree, 3)));
        assert_eq!(out, tree);
        assert_eq!(deltas.get(1, 0, &mut out), None);
        assert_eq!(deltas.get(1, 99, &mut out), None);
        assert!(deltas.bytes <= BYTES);
    }
}
