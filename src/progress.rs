//! How far a long run is, shown on standard error while a person watches.
//!
//! Workers count; a thread of its own draws. Nothing is shown to a pipe, in CI, on a dumb terminal, or in the first
//! moments: a short run leaves no trace. What was drawn is wiped before anything else is written.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::cache;

/// Shorter runs show nothing.
const PATIENCE: Duration = Duration::from_millis(700);
const REDRAWN: Duration = Duration::from_millis(100);
/// Columns of the bar itself.
const BAR: usize = 24;

/// What workers count.
#[derive(Debug, Default)]
pub struct Progress {
    files: AtomicU64,
    read: AtomicU64,
}

impl Progress {
    /// So many more files are to be read.
    pub fn expect(&self, files: usize) {
        self.files.fetch_add(files as u64, Ordering::Relaxed);
    }

    /// One more is done.
    pub fn step(&self) {
        self.read.fetch_add(1, Ordering::Relaxed);
    }

    fn line(&self, width: usize) -> String {
        let (read, files) = (self.read.load(Ordering::Relaxed), self.files.load(Ordering::Relaxed));
        let line = if files == 0 {
            "looking for files".to_owned()
        } else if read >= files {
            format!("{} files read, putting together and reading the history", grouped(files))
        } else {
            let full = (read as usize * BAR) / files as usize;
            format!("[{}{}] {} of {} files", "=".repeat(full), " ".repeat(BAR - full), grouped(read), grouped(files))
        };
        line.chars().take(width.saturating_sub(1)).collect()
    }
}

/// `12,345`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Draws until it is dropped.
pub struct Shown {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Starts to draw, where somebody watches and did not ask for silence.
pub fn show(progress: &Arc<Progress>, quiet: bool) -> Shown {
    let env = |name: &str| std::env::var(name).ok();
    if quiet || !is_watched(&env, io::stderr().is_terminal(), cache::is_ci()) {
        return Shown { stop: None, thread: None };
    }
    let (stop, stopped) = mpsc::channel();
    let progress = Arc::clone(progress);
    let thread = std::thread::Builder::new().spawn(move || draw(&progress, &stopped)).ok();
    Shown { stop: Some(stop), thread }
}

fn is_watched(env: &dyn Fn(&str) -> Option<String>, is_terminal: bool, is_ci: bool) -> bool {
    is_terminal && !is_ci && env("TERM").is_some_and(|term| !term.is_empty() && term != "dumb")
}

fn draw(progress: &Progress, stopped: &mpsc::Receiver<()>) {
    let mut wait = PATIENCE;
    let mut drawn = false;
    while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        let width = terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| usize::from(width.0));
        // Nobody is told of a bar that cannot be drawn.
        let _ = write!(io::stderr(), "\r\u{1b}[K{}", progress.line(width));
        (wait, drawn) = (REDRAWN, true);
    }
    if drawn {
        let _ = write!(io::stderr(), "\r\u{1b}[K");
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_how_far_it_is_and_fits() {
        let progress = Progress::default();
        assert_eq!(progress.line(80), "looking for files");
        progress.expect(12_345);
        (0..6_000).for_each(|_| progress.step());
        assert_eq!(progress.line(80), "[===========             ] 6,000 of 12,345 files");
        assert_eq!(progress.line(20).chars().count(), 19);
        (0..6_345).for_each(|_| progress.step());
        assert!(progress.line(80).starts_with("12,345 files read"));
        assert_eq!((grouped(7), grouped(1_234_567)), ("7".into(), "1,234,567".into()));
    }

    #[test]
    fn only_a_person_at_a_terminal_watches() {
        let xterm = |name: &str| (name == "TERM").then(|| "xterm".to_owned());
        let dumb = |name: &str| (name == "TERM").then(|| "dumb".to_owned());
        assert!(is_watched(&xterm, true, false));
        assert!(!is_watched(&xterm, false, false) && !is_watched(&xterm, true, true));
        assert!(!is_watched(&dumb, true, false) && !is_watched(&|_| None, true, false));
    }
}
