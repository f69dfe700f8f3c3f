//! Which commits a timeline shows: the tags or the ends of months, and what to say about those it cannot.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{Point, State, TimelineError};
use crate::git::Git;
use crate::git::line::{self, Dated, Line};

/// What the points are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Tag,
    Month,
}

impl By {
    pub fn word(self) -> &'static str {
        match self {
            By::Tag => "tag",
            By::Month => "month",
        }
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Name or directory.
    pub service: String,
    pub by: By,
    /// Nothing before that day.
    pub since: Option<Date>,
    /// The newest so many points.
    pub count: usize,
}

/// The day of a commit, in UTC.
pub fn day(time: i64) -> Date {
    let then = Timestamp::from_second(time).unwrap_or(Timestamp::UNIX_EPOCH);
    then.to_zoned(TimeZone::UTC).date()
}

/// Chooses the points, oldest first.
pub(super) fn choose(git: &Git, line: &Line, wish: &Wish) -> Result<Vec<(String, Dated)>, TimelineError> {
    let mut points = match wish.by {
        By::Tag => {
            let newest = line.commits.first().map_or(i64::MAX, |commit| commit.time);
            line::tags(git).into_iter().filter(|(_, commit)| commit.time <= newest).collect()
        }
        By::Month => months(line, wish),
    };
    if let Some(since) = wish.since {
        points.retain(|(_, commit)| day(commit.time) >= since);
    }
    let left = points.len().saturating_sub(wish.count.max(1));
    points.drain(..left);
    if points.is_empty() {
        return Err(match wish.by {
            By::Tag => TimelineError::NoPoints("tag", "fetch them with `git fetch --tags`, or use `--by month`"),
            By::Month => TimelineError::NoPoints("commit", "give an earlier `--since`"),
        });
    }
    Ok(points)
}

/// The last commit of each month, whether or not it brought one: a month without commits ends where the last did.
fn months(line: &Line, wish: &Wish) -> Vec<(String, Dated)> {
    let Some(newest) = line.commits.first() else { return Vec::new() };
    let mut points = Vec::new();
    let mut month = day(newest.time).first_of_month();
    let mut rest = line.commits.iter().peekable();
    while points.len() < wish.count.max(1) {
        while rest.peek().is_some_and(|commit| day(commit.time).first_of_month() > month) {
            rest.next();
        }
        let Some(commit) = rest.peek() else { break };
        points.push((format!("{:04}-{:02}", month.year(), month.month()), **commit));
        let Ok(before) = month.checked_sub(jiff::Span::new().months(1)) else { break };
        month = before;
    }
    points.reverse();
    points
}

/// What must be said about the ends of what is shown.
pub(super) fn notes(git: &Git, line: &Line, wish: &Wish, points: &[Point]) -> Vec<String> {
    let mut notes = Vec::new();
    if points.iter().any(|point| matches!(point.state, State::Unknown(_))) {
        let partial = git.partial.as_deref().map_or(String::new(), |filter| format!(" (cloned with `{filter}`)"));
        notes.push(format!("this clone{partial} does not hold the files of every point"));
    }
    if let Some(oldest) = line.commits.last().filter(|_| !line.from_root && points.len() < wish.count) {
        notes.push(format!(
            "the clone ends at {}: `git fetch --unshallow`, or `fetch-depth: 0` in CI, shows what came before",
            day(oldest.time)
        ));
    }
    if let Some(first) = points.iter().position(|point| matches!(point.state, State::Judged { .. }))
        && first > 0
        && points[..first].iter().all(|point| point.state == State::Absent)
    {
        notes.push(format!("the service is first seen at {}", points[first].at));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_with_their_last_commit_and_empty_ones_with_the_one_before() {
        let commit = |date: &str, n: u8| {
            let date: Date = date.parse().unwrap();
            let time = date.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second();
            let mut id = [0; 20];
            id[0] = n;
            Dated { commit: gix::ObjectId::from_bytes_or_panic(&id), time }
        };
        let commits = vec![commit("2026-04-02", 4), commit("2026-02-20", 3), commit("2026-02-01", 2)];
        let line = Line { commits, from_root: true };
        let wish = Wish { service: "x".into(), by: By::Month, since: None, count: 12 };
        let found: Vec<(String, u8)> =
            months(&line, &wish).into_iter().map(|(at, commit)| (at, commit.commit.as_bytes()[0])).collect();
        assert_eq!(found, [("2026-02".into(), 3), ("2026-03".into(), 3), ("2026-04".into(), 4)]);
        assert_eq!(months(&line, &Wish { count: 1, ..wish }).len(), 1);
    }
}
