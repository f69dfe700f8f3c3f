//! Figures of a commit that were told before.
//!
//! In: what the figures depend on (the commit, how much of its history the clone holds, the window, the layout). Out:
//! a name for them in the cache, and their stored form: numbers, as everywhere outside this module.

use gix::ObjectId;

use super::{LeftOut, Told};
use crate::cache::{Cache, Key};
use crate::finding::{HistoryStatus, HistorySummary};
use crate::git::Git;
use crate::service::{Spec, Team};
use crate::source::Location;

/// Names a history: the same name, the same commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    text: String,
    /// What it says of the clone, whatever the commit and the window.
    clone: String,
}

impl Name {
    pub(super) fn of(git: &Git, commit: ObjectId, window_days: u32) -> Name {
        // Fetching more of a shallow clone changes this file and no commit.
        let shallow = std::fs::read(git.common_dir().join("shallow")).unwrap_or_default();
        let shallow = blake3::hash(&shallow).to_hex();
        let replaced: Vec<(ObjectId, ObjectId)> = git.handle().objects.store_ref().replacements().collect();
        let clone = format!("{shallow} {:?} {} {} {replaced:?}", git.partial, git.grafted, git.prefix);
        Name { text: format!("{commit} {window_days} {clone}"), clone }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Where decoded commits are kept.
    pub(super) fn commits(&self) -> Key {
        Key::of_note(&format!("commits {}", self.clone))
    }

    /// Where it is kept what was asked about older trees.
    pub(super) fn answers(&self) -> Key {
        Key::of_note(&format!("answers {}", self.clone))
    }

    /// Where it is kept what changes of contract files do.
    pub(super) fn effects(&self) -> Key {
        Key::of_note(&format!("effects {}", self.clone))
    }

    /// Where it is kept what commits changed.
    pub(super) fn touches(&self, layout: &str) -> Key {
        Key::of_note(&format!("touches {} {layout}", self.clone))
    }

    /// Where the layout is kept that commits were compared under last.
    pub(super) fn layout(&self) -> Key {
        Key::of_note(&format!("layout {}", self.clone))
    }

    /// Where it is noted that figures of this history were told, for whatever layout.
    fn mark(&self) -> Key {
        Key::of_note(&format!("history {}", self.text))
    }

    fn figures(&self, layout: &str, left_out: &LeftOut) -> Key {
        Key::of_note(&format!("figures {} {left_out:?} {layout}", self.text))
    }
}

pub(super) fn is_known(cache: &Cache, name: &Name) -> bool {
    cache.noted(&name.mark()).is_some()
}

type TeamRow = ([u32; 9], [f64; 6], bool, Vec<String>, Vec<(u32, u32)>);
type SpecRow = ([u32; 3], (f64, Option<f64>), bool, Vec<String>, Vec<u32>);
type Row = (Option<TeamRow>, Option<SpecRow>);
type Stored = (u8, u32, u64, Option<String>, Option<String>, Vec<Row>);

pub(super) fn recall(cache: &Cache, name: &Name, layout: &str, left_out: &LeftOut) -> Option<Told> {
    decoded(&cache.noted(&name.figures(layout, left_out))?)
}

pub(super) fn decoded(bytes: &[u8]) -> Option<Told> {
    let (status, window_days, commits, remedy, revision, rows): Stored = postcard::from_bytes(bytes).ok()?;
    let status = STATUSES.into_iter().nth(usize::from(status))?;
    let summary = HistorySummary { status, window_days, commits, remedy };
    let units = rows.into_iter().map(|(team, spec)| (team.map(team_of), spec.map(spec_of))).collect();
    Some(Told { summary, revision, units })
}

pub(super) fn keep(cache: &Cache, name: &Name, layout: &str, left_out: &LeftOut, told: &Told) {
    // What is missing today may be fetched tomorrow, and nothing in the name would tell.
    let lacks_contents = super::lacks_contents(&told.summary);
    if !matches!(told.summary.status, HistoryStatus::Full | HistoryStatus::Shallow) || lacks_contents {
        return;
    }
    if let Some(bytes) = encoded(told) {
        cache.note(name.figures(layout, left_out), bytes);
        cache.note(name.mark(), vec![1]);
    }
}

pub(super) fn encoded(told: &Told) -> Option<Vec<u8>> {
    let status = STATUSES.iter().position(|status| *status == told.summary.status)?;
    let rows: Vec<Row> =
        told.units.iter().map(|(team, spec)| (team.as_ref().map(row), spec.as_ref().map(spec_row))).collect();
    let summary = &told.summary;
    let stored: Stored =
        (status as u8, summary.window_days, summary.commits, summary.remedy.clone(), told.revision.clone(), rows);
    postcard::to_stdvec(&stored).ok()
}

const STATUSES: [HistoryStatus; 4] =
    [HistoryStatus::Full, HistoryStatus::Shallow, HistoryStatus::Partial, HistoryStatus::Absent];

fn row(team: &Team) -> TeamRow {
    let counts = [
        team.contributors,
        team.newcomers,
        team.departed,
        team.bus_factor,
        team.owners,
        team.owners_active,
        team.owners_gone,
        team.commits,
        team.age_days,
    ];
    let shares =
        [team.rotation, team.newcomer_share, team.attrition, team.ownership, team.changes_per_week, team.agent_share];
    (counts, shares, team.age_at_least, team.former.clone(), team.months.clone())
}

fn team_of((counts, shares, age_at_least, former, months): TeamRow) -> Team {
    let [contributors, newcomers, departed, bus_factor, owners, owners_active, owners_gone, commits, age_days] = counts;
    let [rotation, newcomer_share, attrition, ownership, changes_per_week, agent_share] = shares;
    Team {
        contributors,
        newcomers,
        departed,
        rotation,
        bus_factor,
        owners,
        owners_active,
        owners_gone,
        newcomer_share,
        attrition,
        ownership,
        commits,
        changes_per_week,
        age_days,
        age_at_least,
        agent_share,
        former,
        months,
    }
}

fn spec_row(spec: &Spec) -> SpecRow {
    let evidence = spec.evidence.iter().map(|location| location.path.to_string()).collect();
    (
        [spec.active_weeks, spec.files, spec.age_days],
        (spec.changes_per_week, spec.breaking_share),
        spec.age_at_least,
        evidence,
        spec.months.clone(),
    )
}

fn spec_of((counts, rates, age_at_least, evidence, months): SpecRow) -> Spec {
    let [active_weeks, files, age_days] = counts;
    let (changes_per_week, breaking_share) = rates;
    let evidence = evidence.iter().map(|path| Location::of_file(path)).collect();
    Spec { changes_per_week, active_weeks, files, age_days, age_at_least, breaking_share, months, evidence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_come_back_as_they_were() {
        let team = Team {
            contributors: 1,
            departed: 3,
            owners_gone: 2,
            age_at_least: true,
            rotation: 0.1 + 0.2,
            agent_share: 0.5,
            former: vec!["cmd/old".into()],
            months: vec![(3, 2), (0, 0)],
            ..Team::default()
        };
        let spec = Spec {
            files: 2,
            months: vec![1, 0],
            breaking_share: Some(1.0 / 3.0),
            evidence: vec![Location::of_file("a.proto")],
            ..Spec::default()
        };
        let summary =
            HistorySummary { status: HistoryStatus::Full, window_days: 365, commits: 9, remedy: Some("x".into()) };
        let told = Told { summary, revision: Some("ab".into()), units: vec![(Some(team), Some(spec)), (None, None)] };
        let (cache, name, layout) = (Cache::in_memory(), Name { text: "n".into(), clone: String::new() }, "l");
        let counted = LeftOut::default();
        assert!(recall(&cache, &name, layout, &counted).is_none() && !is_known(&cache, &name));
        keep(&cache, &name, layout, &counted, &told);
        assert!(is_known(&cache, &name));
        let back = recall(&cache, &name, layout, &counted).unwrap();
        assert_eq!((back.summary, back.revision, back.units), (told.summary, told.revision, told.units));
        let other = LeftOut { bots: vec!["bot".into()], ..LeftOut::default() };
        assert!(recall(&cache, &name, layout, &other).is_none());
    }
}
