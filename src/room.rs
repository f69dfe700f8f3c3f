//! Room for what readers hold at once: a tree takes up to two hundred times its file, and that many times the threads.
//!
//! The largest are read one after another anyway. Small files pass unasked; a large one waits until the others have left it room. Who holds room never waits for more,
//! so everybody gets through.

use std::sync::{Condvar, Mutex, MutexGuard};

/// Bytes of files in the hands of readers at once.
const ROOM: u64 = 2 << 20;
/// Files below this are not counted: all threads together hold little of them.
const SMALL: u64 = 16 << 10;

/// How much of the room is taken.
#[derive(Debug, Default)]
pub(crate) struct Room {
    taken: Mutex<u64>,
    left: Condvar,
}

/// Room for one file, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'r> {
    room: &'r Room,
    size: u64,
}

impl Room {
    /// Waits until there is room for a file; one that alone is larger gets all of it.
    pub(crate) fn take(&self, size: u64) -> Option<Place<'_>> {
        if size < SMALL {
            return None;
        }
        let size = size.min(ROOM);
        let mut taken = self.taken();
        while *taken + size > ROOM {
            taken = self.left.wait(taken).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        *taken += size;
        Some(Place { room: self, size })
    }

    fn taken(&self) -> MutexGuard<'_, u64> {
        // A reader that failed has left a number, which is as good as any.
        self.taken.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.room.taken() -= self.size;
        self.room.left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn no_more_is_held_at_once_than_there_is_room() {
        let (room, held, most) = (Room::default(), AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for size in [ROOM / 2, ROOM * 5, SMALL, ROOM / 3] {
                        let place = room.take(size).expect("because none of these is small");
                        let now = held.fetch_add(place.size, Ordering::SeqCst) + place.size;
                        most.fetch_max(now, Ordering::SeqCst);
                        std::thread::yield_now();
                        held.fetch_sub(place.size, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= ROOM);
        assert_eq!(*room.taken(), 0);
        assert!(room.take(SMALL - 1).is_none());
    }
}
