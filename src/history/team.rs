//! Figures about the people who change a service, and about its contracts.
//!
//! In: who changed which service when. Out: [`Team`] and [`Spec`]: numbers only. Definitions:
//!
//! - *Contribution*: one person's part in one commit; authors and human co-authors count alike.
//! - *Contributors*: people with a contribution in the window.
//! - *Newcomers* (CHAOSS, New Contributors): of these, those without one in the window before; someone back after
//!   more than a whole window counts as new again.
//! - *Departed, attrition* (after CHAOSS, Inactive Contributors): people with at least twelve contributions a year in
//!   the window before and none in this one; as a share of all who had so many.
//! - *Rotation*: one minus the sum over people of the smaller of their two shares of contributions, in the window
//!   and in the one before.
//! - *Bus factor* (CHAOSS, Contributor Absence Factor): fewest people who made half of the contributions.
//! - *Ownership* (Bird et al., "Don't Touch My Code!", ESEC/FSE 2011): the top contributor's share.
//! - *Active weeks*: of the last 52, those with at least one change to a contract file.

use std::collections::BTreeSet;

use super::contract::Effect;
use crate::service::{Spec, Team};
use crate::source::Location;

pub(super) const DAY: i64 = 86_400;
const WEEKS: i64 = 52;

/// One commit to one service.
#[derive(Clone, Debug)]
pub(super) struct Contribution<'a> {
    /// Seconds before `HEAD`.
    pub(super) ago: i64,
    /// Who made it, each person once; empty for an agent's own commit.
    pub(super) people: &'a [u32],
    pub(super) agent: bool,
}

/// How old a service is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Age {
    pub(super) days: u32,
    /// The clone ends there, or ages are told no further, and the service may be older.
    pub(super) at_least: bool,
}

/// How many owners CODEOWNERS names, and what is known of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) owners: u32,
    /// With a contribution to the repository in the window.
    pub(super) active: u32,
    /// With one in the window before and none in this one. Of the rest nothing can be told.
    pub(super) gone: u32,
}

/// Figures for one service from its commits in the window and the one before.
pub(super) fn team(window_days: u32, age: Age, owned: Owned, commits: &[Contribution<'_>]) -> Team {
    let window = i64::from(window_days) * DAY;
    // By person: contributions in the window, and in the one before.
    let most = commits.iter().flat_map(|commit| commit.people).max().map_or(0, |&last| last as usize + 1);
    let mut people = vec![[0_u32; 2]; most];
    let (mut count, mut by_agents, mut any) = (0_u32, 0_u32, 0_u32);
    for commit in commits {
        let current = commit.ago < window;
        if current {
            any += 1;
            by_agents += u32::from(commit.agent);
            count += u32::from(!commit.people.is_empty());
        }
        commit.people.iter().for_each(|&person| people[person as usize][usize::from(!current)] += 1);
    }
    let (total, total_before) = (people.iter().map(|[now, _]| now).sum(), people.iter().map(|[_, n]| n).sum::<u32>());
    // Without a window before there is nobody to be new against.
    let compared = total_before > 0;
    let new = || people.iter().filter(|[now, before]| *now > 0 && *before == 0);
    let is_regular = |n: u32| n > 0 && i64::from(n) * 365 >= 12 * i64::from(window_days);
    let regulars = || people.iter().filter(|[_, before]| is_regular(*before));
    let departed = regulars().filter(|[now, _]| *now == 0).count() as u32;
    let weeks = f64::from(window_days.min(age.days).max(7)) / 7.0;
    Team {
        contributors: people.iter().filter(|[now, _]| *now > 0).count() as u32,
        newcomers: new().count() as u32,
        departed,
        rotation: if compared && total > 0 { round(1.0 - overlap(&people, total, total_before)) } else { 0.0 },
        bus_factor: bus_factor(&people, total),
        owners: owned.owners,
        owners_active: owned.active,
        owners_gone: owned.gone,
        newcomer_share: if compared { share(new().map(|[now, _]| now).sum(), total) } else { 0.0 },
        attrition: share(departed, regulars().count() as u32),
        ownership: share(people.iter().map(|[now, _]| *now).max().unwrap_or(0), total),
        commits: count,
        changes_per_week: round(f64::from(count) / weeks),
        age_days: age.days,
        age_at_least: age.at_least,
        agent_share: share(by_agents, any),
        former: Vec::new(),
        months: months(window, commits, most),
    }
}

/// Commits and people by twelfths of both windows, oldest first.
fn months(window: i64, commits: &[Contribution<'_>], people: usize) -> Vec<(u32, u32)> {
    let mut months = vec![(0, 0); 24];
    // By person: in which of them they were met.
    let mut met = vec![0_u32; people];
    for commit in commits.iter().filter(|commit| !commit.people.is_empty()) {
        let Some(at) = bucket(commit.ago, window, 24) else { continue };
        months[at].0 += 1;
        for &person in commit.people {
            let met = &mut met[person as usize];
            months[at].1 += u32::from(*met >> at & 1 == 0);
            *met |= 1 << at;
        }
    }
    months
}

/// Which of `count` twelfths of a window, oldest first, something so long ago falls into.
fn bucket(ago: i64, window: i64, count: usize) -> Option<usize> {
    let back = usize::try_from(ago.max(0).checked_mul(12)? / window.max(1)).ok()?;
    (count - 1).checked_sub(back)
}

fn share(part: u32, whole: u32) -> f64 {
    if whole == 0 { 0.0 } else { round(f64::from(part) / f64::from(whole)) }
}

/// Six digits: figures are compared and printed, and the last bits of a sum depend on its order.
fn round(figure: f64) -> f64 {
    (figure * 1e6).round() / 1e6
}

fn overlap(people: &[[u32; 2]], total: u32, total_before: u32) -> f64 {
    let both = people.iter().filter(|[now, before]| *now > 0 && *before > 0);
    let shares = both.map(|[now, before]| {
        let earlier = f64::from(*before) / f64::from(total_before);
        earlier.min(f64::from(*now) / f64::from(total))
    });
    round(shares.sum::<f64>()).clamp(0.0, 1.0)
}

fn bus_factor(people: &[[u32; 2]], total: u32) -> u32 {
    let mut sizes: Vec<u32> = people.iter().map(|[now, _]| *now).filter(|now| *now > 0).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let mut made = 0;
    for (number, size) in sizes.iter().enumerate() {
        made += size;
        if 2 * made >= total {
            return number as u32 + 1;
        }
    }
    0
}

/// One commit that changed contract files.
#[derive(Clone, Debug)]
pub(super) struct ContractChange {
    pub(super) ago: i64,
    pub(super) changes: Vec<Effect>,
}

/// In so many weeks contracts have to change before anything is said of how: a quarter of the year.
pub(super) const TOLD_FROM: usize = 13;

/// Whether something so many seconds ago counts for contracts.
pub(super) fn is_recent(ago: i64) -> bool {
    ago < WEEKS * 7 * DAY
}

/// The weeks of the last 52 in which something changed; `ago` in seconds.
pub(super) fn active_weeks(ago: impl Iterator<Item = i64>) -> usize {
    ago.filter(|ago| is_recent(*ago)).map(|ago| ago / (7 * DAY)).collect::<BTreeSet<i64>>().len()
}

/// Figures about the contracts of one service; `files` are those of today, sorted.
pub(super) fn spec(files: &[std::sync::Arc<str>], age: Age, commits: &[ContractChange]) -> Spec {
    let recent: Vec<&ContractChange> = commits.iter().filter(|commit| is_recent(commit.ago)).collect();
    let weeks = active_weeks(recent.iter().map(|commit| commit.ago));
    let changes = || recent.iter().flat_map(|commit| &commit.changes);
    let breaking = changes().filter(|effect| **effect == Effect::Breaks).count() as u32;
    let is_told = weeks >= TOLD_FROM && changes().all(|effect| *effect != Effect::Untold);
    let lived = (f64::from(age.days) / 7.0).clamp(1.0, WEEKS as f64);
    Spec {
        changes_per_week: round(recent.len() as f64 / lived),
        active_weeks: weeks as u32,
        files: files.len() as u32,
        age_days: age.days,
        age_at_least: age.at_least,
        breaking_share: is_told.then(|| share(breaking, changes().count() as u32)),
        months: {
            let mut months = vec![0; 12];
            recent.iter().filter_map(|commit| bucket(commit.ago, WEEKS * 7 * DAY, 12)).for_each(|at| months[at] += 1);
            months
        },
        evidence: files.iter().take(5).map(|path| Location::of_file(path)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGE: Age = Age { days: 730, at_least: false };
    const NOBODY: Owned = Owned { owners: 0, active: 0, gone: 0 };

    fn commits(list: &[(i64, &'static [u32])]) -> Vec<Contribution<'static>> {
        list.iter().map(|&(days, people)| Contribution { ago: days * DAY, people, agent: people.is_empty() }).collect()
    }

    #[test]
    fn a_team_that_stays_has_no_rotation() {
        let list = commits(&[(1, &[1]), (2, &[2]), (400, &[1]), (401, &[2])]);
        let owned = Owned { owners: 2, active: 1, gone: 0 };
        let team = team(365, AGE, owned, &list);
        assert_eq!((team.contributors, team.newcomers, team.departed), (2, 0, 0));
        assert_eq!((team.rotation, team.newcomer_share, team.bus_factor), (0.0, 0.0, 1));
        assert_eq!((team.commits, team.owners, team.ownership), (2, 2, 0.5));
    }

    #[test]
    fn regulars_who_left_and_people_who_came() {
        let mut list = commits(&[(1, &[3]), (2, &[3]), (3, &[3, 4])]);
        list.extend(commits(&vec![(400, &[1_u32][..]); 12]));
        list.extend(commits(&vec![(400, &[2_u32][..]); 11]));
        let team = team(365, AGE, NOBODY, &list);
        assert_eq!((team.contributors, team.newcomers, team.departed), (2, 2, 1));
        assert_eq!((team.rotation, team.attrition, team.newcomer_share), (1.0, 1.0, 1.0));
        assert_eq!(team.bus_factor, 1);
    }

    #[test]
    fn rotation_weighs_by_share() {
        let list = commits(&[(1, &[1]), (1, &[1]), (1, &[1]), (1, &[2]), (400, &[1]), (400, &[3])]);
        assert_eq!(team(365, AGE, NOBODY, &list).rotation, 0.5);
    }

    #[test]
    fn nobody_is_new_without_a_window_before() {
        let team = team(365, Age { days: 100, ..AGE }, NOBODY, &commits(&[(1, &[1]), (2, &[2])]));
        assert_eq!((team.newcomers, team.newcomer_share, team.rotation), (2, 0.0, 0.0));
    }

    #[test]
    fn agents_are_a_share_and_no_contributors() {
        let team = team(365, AGE, NOBODY, &commits(&[(1, &[]), (2, &[1]), (3, &[1]), (4, &[1])]));
        assert_eq!((team.contributors, team.commits, team.agent_share), (1, 3, 0.25));
    }

    #[test]
    fn contracts_change_by_weeks() {
        let change = |days: i64, changes: &[Effect]| ContractChange { ago: days * DAY, changes: changes.to_vec() };
        let mut list = vec![
            change(1, &[Effect::Breaks]),
            change(2, &[Effect::Adds, Effect::Breaks]),
            change(8, &[Effect::Adds]),
            change(500, &[Effect::Breaks]),
        ];
        let of = |list: &[ContractChange]| {
            let spec = spec(&["a.proto".into()], AGE, list);
            (spec.active_weeks, spec.files, spec.breaking_share, spec.evidence.len())
        };
        assert_eq!(of(&list), (2, 1, None, 1), "two weeks tell nothing of how");
        list.extend((2..12).map(|week| change(week * 7, &[Effect::Adds])));
        assert_eq!(of(&list).2, None);
        list.push(change(12 * 7, &[Effect::Breaks, Effect::Breaks]));
        assert_eq!(of(&list), (13, 1, Some(0.25), 1));
        list.push(change(12 * 7, &[Effect::Untold]));
        assert_eq!(of(&list).2, None, "an unknown change is neither");
    }
}
