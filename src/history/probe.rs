//! What strangers write into a history, read by itself: for those who try to break it.
//!
//! In: bytes of a file, a message or a tree. Out: counts and ranges, nobody's name. Nothing else calls this.

use super::compare::{Entries, differing};
use super::identities::{Identities, Names};
use super::memo;
use super::owners::Owners;
use super::people::{Who, trailers};

/// CODEOWNERS: how many own each directory, and the line that names a team.
pub fn owners(text: &str, directories: &[&str]) -> Vec<(usize, Option<u32>)> {
    let owners = Owners::read(text);
    directories.iter().map(|directory| (owners.of(directory).len(), line_of_team(&owners, directory))).collect()
}

fn line_of_team(owners: &Owners, directory: &str) -> Option<u32> {
    owners.team_of(directory).map(|(_, line)| line)
}

/// Names and addresses of commits under a `.mailmap`: for each its person, `None` where it is none.
pub fn people(mailmap: &[u8], written: &[(&[u8], &[u8])], bots: &[String]) -> Vec<Option<u32>> {
    let mut identities = Identities::default();
    let numbers: Vec<u32> = written.iter().map(|(name, address)| identities.number(name, address)).collect();
    let met = vec![true; identities.len() as usize];
    let resolved = identities.resolve(&met, Some(mailmap), bots, &mut Names::new(&identities, None));
    let who = resolved.map(|(who, _)| who).unwrap_or_default();
    let person = |number: &u32| match who.get(*number as usize) {
        Some(Who::Person(person)) => Some(*person),
        Some(Who::Bot | Who::Agent) | None => None,
    };
    numbers.iter().map(person).collect()
}

/// A commit's message: how many further authors it names, and whether it names a tool.
pub fn message(message: &[u8]) -> (usize, bool) {
    let found = trailers(message);
    (found.co_authors.len(), found.assisted)
}

/// Two trees as git stores them: how many entries each has, and which of them differ, before and after.
pub fn trees(before: &[u8], after: &[u8], hash_len: usize) -> ([usize; 2], [usize; 2]) {
    let entries = |tree| Entries::new(tree, hash_len);
    let mut differ = [0; 2];
    differing(entries(before), entries(after), |old, new| {
        for (count, entry) in differ.iter_mut().zip([old, new]) {
            *count += usize::from(entry.is_some_and(|entry| entry.id().as_slice().len() == hash_len));
        }
    });
    ([entries(before).count(), entries(after).count()], differ)
}

/// Figures as they are kept: what is written again after reading, if they can be read.
pub fn figures(bytes: &[u8]) -> Option<Vec<u8>> {
    memo::encoded(&memo::decoded(bytes)?)
}
