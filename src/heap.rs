//! What glibc's allocator is taught; others need no teaching. None of the memory is ever touched for it.

use std::hint::black_box;

/// Larger than what reading an ordinary file takes, and below where glibc stops learning (32 MiB).
const LARGEST_KEPT: usize = 8 << 20;
/// What a thread of ours seldom needs more of.
const GROWN: usize = 4 << 20;

/// Makes it keep what is freed for the next file, instead of giving it back to the system and asking for it anew: it
/// does so for blocks up to the size of the largest one that it saw freed. To be called once, at the start.
pub fn keep() {
    if cfg!(target_env = "gnu") {
        drop(black_box(Vec::<u8>::with_capacity(LARGEST_KEPT)));
    }
}

/// Makes the calling thread's part of the heap grow once: it would ask the system for each page by itself.
pub(crate) fn grow() {
    if cfg!(target_env = "gnu") {
        drop(black_box(Vec::<u8>::with_capacity(GROWN)));
    }
}
