//! `allow` and `baseline`: findings that are accepted, one by one or as a line to start from.

use anyhow::{Context as _, bail, ensure};
use fitcheck::cli;
use fitcheck::config::allow::{Granted, entry, today};
use fitcheck::config::baseline::{Baseline, Entry};
use fitcheck::config::load::Loaded;
use fitcheck::config::{FILE, layer};
use fitcheck::exit::Exit;
use fitcheck::find;
use fitcheck::finding::{Finding, Report, Status};

/// Where `baseline` writes if the configuration names no file.
const BASELINE: &str = "fitcheck-baseline.json";

/// Appends the exception to the configuration.
pub(crate) fn allow(args: &cli::Allow) -> anyhow::Result<Exit> {
    if let Some(until) = args.until {
        ensure!(until.to_string() >= today(), "`--until {until}` is in the past: the exception would already be over");
    }
    let (report, loaded) = crate::scan(&args.scan, false)?;
    let (name, finding) = wanted(args, &report, &loaded)?;
    let standing = |allow: &&layer::Allow| allow.policy == args.policy && allow.service == name;
    if let Some(known) = loaded.config.allows.iter().find(standing) {
        let place = format!("{}:{}", known.location.path, known.location.place.line);
        bail!("an exception stands at {place}: decide there; today's evidence is \"{}\"", finding.fingerprint);
    }
    let granted = Granted { reason: &args.reason, owner: &args.owner, until: args.until, adr: args.adr.as_deref() };
    let entry = entry(finding, &name, &granted);
    let path = args.scan.config.clone().unwrap_or_else(|| args.scan.path.join(FILE));
    let old = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.with_context(|| format!("cannot read `{}`", path.display()))?,
    };
    let gap = if old.is_empty() {
        ""
    } else if old.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    };
    let new = format!("{old}{gap}{entry}");
    // A list written as `allow = [...]` takes no further table.
    ensure!(
        layer::read(FILE, ".", &new).1.is_empty(),
        "cannot append to `{}`; write it there:\n\n{entry}",
        path.display()
    );
    super::write(&path, &new)?;
    crate::print(|out| write!(out, "{} now has:\n\n{entry}", path.display()))
}

/// The finding meant, and what the entry calls its service.
fn wanted<'a>(args: &cli::Allow, report: &'a Report, loaded: &Loaded) -> anyhow::Result<(String, &'a Finding)> {
    let ids = loaded.config.policies.policies.iter().map(|policy| policy.id.as_str());
    if loaded.config.policies.get(&args.policy).is_none() {
        let near = fitcheck::spanned::nearest(&args.policy, ids);
        let hint = near.map_or(String::new(), |near| format!(": did you mean `{near}`?"));
        bail!("no policy is called `{}`{hint}", args.policy);
    }
    let about = |finding: &&Finding| finding.policy == args.policy && finding.status != Status::Allowed;
    let mut findings = report.findings.iter().filter(about);
    if args.service == "."
        && let Some(found) = findings.clone().find(|finding| finding.service.is_none())
    {
        return Ok((".".to_owned(), found));
    }
    let service = &find::service(report, &args.service)?.service;
    let own = |finding: &&Finding| finding.service.as_ref() == Some(&(service.root.clone(), service.language));
    let found = findings.find(own);
    let found = found.with_context(|| format!("{} has no open finding about `{}`", args.policy, service.name))?;
    // A name says more than a directory, and a directory stands for all below it.
    let namesakes = report.services.iter().filter(|judged| judged.service.name == service.name).count();
    let name = if namesakes == 1 { service.name.clone() } else { service.root.to_string() };
    Ok((name, found))
}

/// Writes the baseline; it grows only where that is asked for.
pub(crate) fn baseline(args: &cli::Baseline) -> anyhow::Result<Exit> {
    let (report, loaded) = crate::scan(&args.scan, false)?;
    let name = loaded.config.baseline.as_deref().unwrap_or(BASELINE);
    let path = args.scan.path.join(name);
    let next = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Baseline::of(&report.findings),
        read => {
            let text = read.with_context(|| format!("cannot read `{}`", path.display()))?;
            let old = Baseline::read(&text).map_err(anyhow::Error::msg);
            let old = old.with_context(|| format!("`{}` is no baseline", path.display()))?;
            let (next, refused) = old.next(&report.findings, args.grow);
            ensure!(args.grow || refused.is_empty(), "the baseline would grow; `--grow` lets it:{}", listed(&refused));
            next
        }
    };
    super::write(&path, &next.write())?;
    crate::print(|out| {
        writeln!(out, "{} holds {} finding(s)", path.display(), next.findings.len())?;
        match &loaded.config.baseline {
            Some(_) => Ok(()),
            None => writeln!(out, "put `baseline = \"{name}\"` at the top of {FILE} so that it counts"),
        }
    })
}

fn listed(entries: &[Entry]) -> String {
    entries.iter().map(|entry| format!("\n  {} about `{}`", entry.policy, entry.service)).collect()
}
