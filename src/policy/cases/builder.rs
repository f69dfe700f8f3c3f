//! A service from one line: language and role, then facts, as [`super::situations`] writes them.

use crate::fact::{Count, Direction, LatencySource, MemoryWhat, Subject};
use crate::policy::{check, unit};
use crate::service::{Declared, Evidenced, Ffi, Language, Latency, Memory, Role, Service, Spec, Team, Tuning, Use};
use crate::signal::of_service::{count_word, source_word};
use crate::signal::{Value, ValueType};
use crate::source::Location;

/// Builds a service from one line.
pub(super) fn service(situation: &str) -> Service {
    let mut facts = situation.split(", ");
    let (language, role) = facts.next().and_then(|head| head.split_once(' ')).expect("a language and a role");
    let language = if language == "go" { Language::Go } else { Language::Rust };
    let mut service = Service::named("svc", language);
    service.role = *Role::ALL.iter().find(|known| known.word() == role).expect("a role");
    service.size.lines = 2000;
    for fact in facts {
        let words: Vec<&str> = fact.split(' ').collect();
        add(&mut service, words[0], &words[1..]);
    }
    service
}

fn add(service: &mut Service, kind: &str, words: &[&str]) {
    let number = |at: usize| words[at].parse().expect("a number");
    match (kind, words) {
        ("trait", [name]) => service.traits.push(shown((*name).to_owned())),
        ("deploy", [target]) => service.deploy.push(shown((*target).to_owned())),
        ("check", [what]) => service.checks.push(shown((*what).to_owned())),
        ("contract", [format]) => service.contracts.push(shown((*format).to_owned())),
        ("uses", [capability, symbol]) => {
            service.uses.push(shown(Use { capability: (*capability).to_owned(), symbol: (*symbol).to_owned() }));
        }
        ("tuning", [what]) => service.tuning.push(shown(Tuning { what: (*what).to_owned(), value: None })),
        ("timeout", [limit]) => service.timeouts.push(shown(micros(limit))),
        ("scheduling", [limit, percentile]) => {
            service.latency.push(latency(limit, percentile, "alert", Subject::Other("scheduling".to_owned())));
        }
        ("latency", [limit, percentile, source]) => {
            service.latency.push(latency(limit, percentile, source, Subject::Answering));
        }
        ("memory", [what, bytes]) => {
            let what = if *what == "limit" { MemoryWhat::Limit } else { MemoryWhat::Request };
            service.memory.push(shown(Memory { what, bytes: size(bytes) }));
        }
        ("ffi", [direction, mechanism, _, rest @ ..]) => {
            let languages = rest.first().map_or(0, |count| count.parse::<usize>().expect("a number"));
            let consumers = (0..languages).map(|n| format!("language {n}")).collect();
            let direction = if *direction == "export" { Direction::Export } else { Direction::Import };
            let mechanism = (*mechanism).to_owned();
            service.ffi.push(shown(Ffi { direction, mechanism, consumers, symbols: number(2) }));
        }
        ("counts", [what, _]) => {
            let all = [Count::DiscardedErrors, Count::Goroutines, Count::CLines];
            let what = all.into_iter().find(|count| count_word(*count) == *what).expect("a count");
            service.counts.push(shown((what, number(1))));
        }
        ("replicas", [_]) => service.replicas.push(shown((1, number(0)))),
        ("artifact", [bytes]) => service.artifact_budget.push(shown(size(bytes))),
        ("lines", [_]) => service.size.lines = u64::from(number(0)),
        ("go", [version]) => service.toolchain.go = Some(((*version).to_owned(), location())),
        ("declared", [key, value]) => {
            let value = check::guess(value)
                .filter(|value| matches!(value, Value::Bytes(_)))
                .or_else(|| unit::read(value, ValueType::Number).ok())
                .or_else(|| unit::read(value, ValueType::Flag).ok())
                .unwrap_or_else(|| Value::Word((*value).to_owned()));
            service.declared.push(Declared { key: (*key).to_owned(), value, location: location() });
        }
        ("team", fields) => service.team = Some(team(fields)),
        ("spec", fields) => service.spec = Some(spec(fields)),
        _ => panic!("no fact: {kind} {words:?}"),
    }
}

fn team(fields: &[&str]) -> Team {
    let mut team = Team::default();
    for (name, value) in fields.iter().filter_map(|field| field.split_once('=')) {
        let number: f64 = value.parse().expect("a number");
        match name {
            "rotation" => team.rotation = number,
            "attrition" => team.attrition = number,
            "newcomer-share" => team.newcomer_share = number,
            "agent-share" => team.agent_share = number,
            "changes-per-week" => team.changes_per_week = number,
            "contributors" => team.contributors = number as u32,
            "commits" => team.commits = number as u32,
            "departed" => team.departed = number as u32,
            "owners" => team.owners = number as u32,
            "owners-active" => team.owners_active = number as u32,
            "owners-gone" => team.owners_gone = number as u32,
            "bus-factor" => team.bus_factor = number as u32,
            "age-days" => team.age_days = number as u32,
            _ => panic!("no field of a team: {name}"),
        }
    }
    // A team that says nothing of its rotation is no stable one.
    if !fields.iter().any(|field| field.starts_with("rotation")) {
        team.rotation = 0.5;
    }
    team
}

fn spec(fields: &[&str]) -> Spec {
    let mut spec = Spec::default();
    for (name, value) in fields.iter().filter_map(|field| field.split_once('=')) {
        match name {
            "active-weeks" => spec.active_weeks = value.parse().expect("weeks"),
            "breaking-share" => spec.breaking_share = Some(value.parse().expect("a share")),
            _ => panic!("no field of a specification: {name}"),
        }
    }
    spec
}

fn latency(limit: &str, percentile: &str, source: &str, subject: Subject) -> Evidenced<Latency> {
    use LatencySource::{Alert, Comment, Deadline, Derived, Doc, LoadTest, Slo};
    let all = [Slo, Alert, LoadTest, Deadline, Derived, Doc, Comment, LatencySource::Declared];
    let source = all.into_iter().find(|known| source_word(*known) == source).expect("a source");
    shown(Latency { limit_us: micros(limit), percentile: percentile.parse().ok(), source, subject })
}

fn micros(text: &str) -> f64 {
    let Ok(Value::Duration(micros)) = unit::read(text, ValueType::Duration) else { panic!("no duration: {text}") };
    micros
}

fn size(text: &str) -> u64 {
    let Ok(Value::Bytes(bytes)) = unit::read(text, ValueType::Bytes) else { panic!("no size: {text}") };
    bytes
}

fn shown<T>(value: T) -> Evidenced<T> {
    Evidenced { value, evidence: vec![location()] }
}

fn location() -> Location {
    Location::of_file("svc/main")
}
