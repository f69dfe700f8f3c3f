//! Prints the history figures of directories of a repository, for comparison with `tests/oracle/team.py`.
//!
//! `history_figures ROOT WINDOW_DAYS UNIT…` with UNIT = `[deep:]directory,directory…[;contract,contract…]`.

use std::io::Write;
use std::path::PathBuf;

use fitcheck::git::Options;
use fitcheck::history::{Layout, LeftOut, Unit, start};

fn main() -> anyhow::Result<()> {
    let mut words = std::env::args().skip(1);
    let root = PathBuf::from(words.next().unwrap_or_else(|| ".".into()));
    let window = words.next().map_or(Ok(365), |word| word.parse())?;
    let units: Vec<Unit> = words.map(|word| unit(&word)).collect();
    let layout = Layout { units, packages: Vec::new() };
    let told = start(root, window, Options { foreign_alternates: true }).finish(&layout, &LeftOut::default());
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:?}", told.summary)?;
    for (unit, (team, spec)) in layout.units.iter().zip(&told.units) {
        let Some(team) = team else { continue };
        write!(
            out,
            "{} contributors={} newcomers={} departed={} rotation={:.6} bus_factor={} newcomer_share={:.6} attrition={:.6} ownership={:.6} commits={} agent_share={:.6} owners={} age={}",
            unit.directories[0],
            team.contributors,
            team.newcomers,
            team.departed,
            team.rotation,
            team.bus_factor,
            team.newcomer_share,
            team.attrition,
            team.ownership,
            team.commits,
            team.agent_share,
            team.owners,
            team.age_days,
        )?;
        if let Some(spec) = spec {
            write!(out, " weeks={}", spec.active_weeks)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn unit(word: &str) -> Unit {
    let (deep, word) = word.strip_prefix("deep:").map_or((false, word), |rest| (true, rest));
    let (directories, contracts) = word.split_once(';').unwrap_or((word, ""));
    let list = |text: &str| text.split(',').filter(|part| !part.is_empty()).map(Into::into).collect::<Vec<_>>();
    let directories = list(directories);
    let root = directories.first().cloned().unwrap_or_else(|| ".".into());
    Unit { directories, deep, contracts: list(contracts), root }
}
