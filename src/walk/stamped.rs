//! Everything that a walk looked at, so that the next run can see from outside whether it would find the same.

use std::path::Path;
use std::time::SystemTime;

use rayon::prelude::*;

use super::{Walked, excluded};
use crate::cache::stamp::{Stamps, old_row};
use crate::look::{Look, View};

/// Looks at the directories whose looks are not known yet; those that are too young stay unknown.
pub(crate) fn look(root: &Path, walked: &mut Walked, first_look: SystemTime) {
    let Walked { directories, rows, .. } = walked;
    let view = View::from(root);
    directories.par_iter().zip(rows).for_each(|(directory, row)| {
        if row.is_none() {
            *row = old_row(&view, directory, first_look);
        }
    });
}

/// Stamps the directories, the files that get a reader, and the files whose rules were honoured; `None` where
/// something could not be looked at or is too young. To be called after [`look`] and before the files are read; `seen`
/// is how they look.
pub(crate) fn stamps(root: &Path, walked: &Walked, seen: &[Option<Look>], first_look: SystemTime) -> Option<Stamps> {
    if walked.failed {
        return None;
    }
    // What is not there yet cannot come without a change of its directory.
    let mut rules = walked.rules.clone();
    rules.extend(excluded::decided_by(root));
    let mut stamps = Stamps::take(root, &rules, first_look)?;
    let view = View::from(root);
    for (directory, row) in walked.directories.iter().zip(&walked.rows) {
        stamps.push(directory, (*row)?);
    }
    for (entry, seen) in walked.entries.iter().zip(seen) {
        let path = entry.raw.as_deref().unwrap_or(Path::new(&*entry.path));
        match seen {
            Some(seen) => stamps.add_seen(path, seen, first_look)?,
            None => stamps.add(&view, path, first_look)?,
        }
    }
    Some(stamps)
}
