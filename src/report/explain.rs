//! `fitcheck explain SERVICE`: the whole ledger of one service.
//!
//! Every signal with its evidence, every policy that matched and which way it speaks, why the verdict is what it
//! is, what could not be judged, and what would change the verdict.

use std::io::{self, Write};

use super::text::{BOLD, DIM, pad, paint, verdict_style, wrap};
use super::{Context, excerpt, inert, words};
use crate::fact::Direction;
use crate::finding::{Argument, Judged};
use crate::service::{Evidenced, Service, Team};
use crate::signal::Value;
use crate::source::Location;

/// Places shown per signal before the rest is counted.
const MOST_PLACES: usize = 4;

/// Writes the ledger of one service.
pub fn write(judged: &Judged, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { context, out };
    page.head(judged)?;
    page.role(&judged.service)?;
    page.signals(&judged.service)?;
    page.people(&judged.service)?;
    page.arguments(judged)?;
    page.list("could not be judged", judged.unknown.iter().map(|(policy, why)| format!("{policy}: {why}")))?;
    page.list("would change the verdict", judged.counterfactuals.iter().cloned())
}

struct Page<'a, 'b> {
    context: &'a Context<'b>,
    out: &'a mut dyn Write,
}

impl Page<'_, '_> {
    fn color(&self) -> bool {
        self.context.terminal.color
    }

    fn head(&mut self, judged: &Judged) -> io::Result<()> {
        let service = &judged.service;
        let name = paint(self.color(), BOLD, &inert::terminal(&service.name));
        let verdict = paint(self.color(), verdict_style(judged.verdict), judged.verdict.word());
        let root = inert::terminal(&service.root);
        let (language, role) = (service.language.name(), service.role.word());
        writeln!(self.out, "{name}: {verdict}\n  {language} {role} in {root}")?;
        self.text(2, &judged.reasoning)
    }

    fn role(&mut self, service: &Service) -> io::Result<()> {
        self.heading("role")?;
        for (reason, location) in &service.role_because {
            self.row(service.role.word(), reason, std::slice::from_ref(location))?;
        }
        Ok(())
    }

    fn signals(&mut self, service: &Service) -> io::Result<()> {
        self.heading("signals")?;
        self.each("trait", &service.traits, String::clone)?;
        self.each("deploy", &service.deploy, String::clone)?;
        self.each("ffi", &service.ffi, ffi)?;
        self.each("latency", &service.latency, words::latency)?;
        self.each("timeout", &service.timeouts, |limit| format!("{} (a ceiling, no budget)", words::duration(*limit)))?;
        self.each("tuning", &service.tuning, |tuning| match &tuning.value {
            Some(value) => format!("{} = {value}", tuning.what),
            None => tuning.what.clone(),
        })?;
        self.each("memory", &service.memory, |memory| {
            format!("{} {}", words::memory(memory.what), words::bytes(memory.bytes))
        })?;
        self.each(
            "replicas",
            &service.replicas,
            |(min, max)| {
                if min == max { min.to_string() } else { format!("{min} to {max}") }
            },
        )?;
        self.each("counts", &service.counts, |(what, n)| format!("{n} {}", words::count(*what)))?;
        self.each("check", &service.checks, String::clone)?;
        self.each("contract", &service.contracts, String::clone)?;
        self.each("mark", &service.marks, |(name, detail)| format!("{name}: {detail}"))?;
        self.each("artifact-budget", &service.artifact_budget, |bytes| words::bytes(*bytes))?;
        let toolchain = &service.toolchain;
        for (what, entry) in [("go", &toolchain.go), ("edition", &toolchain.edition), ("msrv", &toolchain.msrv)] {
            if let Some((version, location)) = entry {
                self.row("toolchain", &format!("{what} {version}"), std::slice::from_ref(location))?;
            }
        }
        for declared in &service.declared {
            let text = format!("{} = {}", declared.key, value(&declared.value));
            self.row("declared", &text, std::slice::from_ref(&declared.location))?;
        }
        if let Some(owner) = &service.owner {
            let how = if owner.declared { " (declared)" } else { "" };
            self.row("owner", &format!("{}{how}", owner.team), std::slice::from_ref(&owner.at))?;
        }
        self.each("uses", &service.uses, |used| format!("{} ({})", used.capability, used.symbol))?;
        let size =
            format!("{} lines, {} files, {} packages", service.size.lines, service.size.files, service.packages.len());
        self.row("size", &size, &[])
    }

    fn people(&mut self, service: &Service) -> io::Result<()> {
        match &service.team {
            None => self.row("team", "unknown: history cannot tell", &[])?,
            Some(team) => {
                let text = format!(
                    "{} contributors, {} newcomers, {} departed, rotation {}, half of the changes by {}, {}, \
                     {} changes a week, {}",
                    team.contributors,
                    team.newcomers,
                    team.departed,
                    words::figure(team.rotation),
                    team.bus_factor,
                    owners(team),
                    words::figure(team.changes_per_week),
                    age(team.age_days, team.age_at_least),
                );
                self.row("team", &text, &[])?;
            }
        }
        let Some(spec) = &service.spec else { return Ok(()) };
        let text = format!(
            "{} contract files, {}, {} changes a week, changed in {} of 52 weeks",
            spec.files,
            age(spec.age_days, spec.age_at_least),
            words::figure(spec.changes_per_week),
            spec.active_weeks,
        );
        self.row("spec", &text, &spec.evidence)
    }

    fn arguments(&mut self, judged: &Judged) -> io::Result<()> {
        self.heading("policies that matched")?;
        if judged.arguments.is_empty() {
            self.text(2, "none")?;
        }
        for argument in &judged.arguments {
            self.argument(argument)?;
        }
        Ok(())
    }

    fn argument(&mut self, argument: &Argument) -> io::Result<()> {
        let side = match argument.favors {
            Some(language) if argument.contested => format!("favours {}, contested", language.name()),
            Some(language) => format!("favours {}", language.name()),
            None if argument.contested => "contested: the documents disagree".to_owned(),
            None => "context".to_owned(),
        };
        let lowered = match &argument.lowered_by {
            Some(by) => format!(", lowered by {by}"),
            None => String::new(),
        };
        let policy = paint(self.color(), BOLD, &inert::terminal(&argument.policy));
        let rest = format!("{side}, {}{lowered}", argument.strength.word());
        writeln!(self.out, "  {policy}  {}", inert::terminal(&rest))?;
        self.text(4, &argument.statement)?;
        for label in &argument.labels {
            let at = place(&label.location, self.context);
            writeln!(self.out, "    {} {}", paint(self.color(), DIM, &at), inert::terminal(&label.text))?;
        }
        if !argument.cites.is_empty() {
            self.text(4, &words::leanings(&argument.cites))?;
        }
        Ok(())
    }

    fn each<T>(&mut self, name: &str, items: &[Evidenced<T>], text: impl Fn(&T) -> String) -> io::Result<()> {
        for item in items {
            self.row(name, &text(&item.value), &item.evidence)?;
        }
        Ok(())
    }

    /// `  trait            stream-pipeline  a.go:3, b.go:9 and 4 more`.
    fn row(&mut self, name: &str, text: &str, evidence: &[Location]) -> io::Result<()> {
        let places: Vec<String> =
            evidence.iter().take(MOST_PLACES).map(|location| place(location, self.context)).collect();
        let more = evidence.len().saturating_sub(MOST_PLACES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let places = paint(self.color(), DIM, &format!("{}{more}", places.join(", ")));
        let line = format!("  {}  {}  {places}", pad(name, 15), inert::terminal(text));
        writeln!(self.out, "{}", line.trim_end())
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "\n{}", paint(self.color(), BOLD, text))
    }

    fn text(&mut self, indent: usize, text: &str) -> io::Result<()> {
        let margin = " ".repeat(indent);
        for line in wrap(&inert::prose(text), self.context.terminal.prose(indent)) {
            writeln!(self.out, "{margin}{line}")?;
        }
        Ok(())
    }

    fn list(&mut self, heading: &str, items: impl Iterator<Item = String>) -> io::Result<()> {
        for (index, item) in items.enumerate() {
            if index == 0 {
                self.heading(heading)?;
            }
            self.text(2, &item)?;
        }
        Ok(())
    }
}

fn place(location: &Location, context: &Context) -> String {
    format!("{}:{}", excerpt::name(&location.path, Some(&location.place), context), location.place.line)
}

fn ffi(ffi: &crate::service::Ffi) -> String {
    let what = match ffi.direction {
        Direction::Export => "functions",
        Direction::Import => "crossings",
    };
    let consumers =
        if ffi.consumers.is_empty() { String::new() } else { format!(", used from {}", ffi.consumers.join(", ")) };
    format!("{} {}, {} {what}{consumers}", words::direction(ffi.direction), ffi.mechanism, ffi.symbols)
}

fn value(value: &Value) -> String {
    match value {
        Value::Word(text) | Value::Version(text) => text.clone(),
        Value::Number(n) => words::figure(*n),
        Value::Duration(micros) => words::duration(*micros),
        Value::Bytes(bytes) => words::bytes(*bytes),
        Value::Percent(p) => format!("{} %", words::figure(*p)),
        Value::Flag(flag) => flag.to_string(),
    }
}

fn age(days: u32, at_least: bool) -> String {
    format!("{}{days} days old", if at_least { "at least " } else { "" })
}

/// Owners by what is known of them; teams and unknown logins are neither here nor gone.
fn owners(team: &Team) -> String {
    let unknown = team.owners.saturating_sub(team.owners_active + team.owners_gone);
    let known = [(team.owners_active, "active"), (team.owners_gone, "gone"), (unknown, "unknown")];
    let known: Vec<String> =
        known.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if known.is_empty() { "0 owners".to_owned() } else { format!("{} owners ({})", team.owners, known.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_ledger_holds_everything() {
        let report = sample::report();
        let mut out = Vec::new();
        write(&report.services[0], &sample::context(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for piece in [
            "ingest: questioned\n  Go service in cmd/ingest\n",
            "  latency          900 µs at p99.9, slo  ops/slo.yaml:3",
            "  ffi              import cgo, 61 crossings",
            "  tuning           set-gc-percent = 400",
            "  timeout          5 s (a ceiling, no budget)",
            "  cloud-native-service  favours Go, weak, lowered by io-bound-narrows",
            "  team-rotation: only 1 commit is here",
            "  would fit again with a budget of 2 ms or more",
            "half of the changes by 1",
        ] {
            assert!(text.contains(piece), "missing {piece:?} in\n{text}");
        }
    }
}
