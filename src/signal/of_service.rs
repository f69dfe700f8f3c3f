//! From a [`Service`] to the [`Signal`]s that policies ask about.
//!
//! One function per kind of signal, in the order of [`super::SIGNALS`]. What is measured comes tightest first, so
//! that the first signal of a kind is the one that decides. A latency figure that is not about answering (a
//! scheduling alert, say) is listed in the report and becomes no signal. Declared beats detected: a declared
//! budget replaces the detected ones, a declared team plan what history says of rotation.

use crate::fact::{Count, Direction, LatencySource, MemoryWhat, Subject};
use crate::service::{Evidenced, Ffi, Latency, Memory, Service, Spec, Team};
use crate::signal::{Signal, Value};
use crate::source::Location;

/// Builds the signals of one service.
pub fn signals(service: &Service) -> Vec<Signal> {
    let mut all = vec![language(service), role(service)];
    all.extend(words("trait", "name", &service.traits).map(|signal| stated(service, signal)));
    all.extend(service.uses.iter().map(|used| {
        let fields = vec![text("capability", &used.value.capability), text("symbol", &used.value.symbol)];
        signal("uses", fields, &used.evidence)
    }));
    all.extend(words("deploy", "target", &service.deploy).map(|signal| stated(service, signal)));
    all.extend(service.ffi.iter().map(ffi));
    all.extend(latencies(&service.latency));
    all.extend(
        service.timeouts.iter().map(|t| signal("timeout", vec![("limit", Value::Duration(t.value))], &t.evidence)),
    );
    all.extend(service.tuning.iter().map(|t| signal("tuning", vec![text("what", &t.value.what)], &t.evidence)));
    all.extend(memories(&service.memory));
    all.extend(service.replicas.iter().map(|copies| {
        let fields = vec![count("min", copies.value.0), count("max", copies.value.1)];
        let declared = service.declared.iter().any(|fact| fact.key == "replicas");
        Signal { declared, ..signal("replicas", fields, &copies.evidence) }
    }));
    all.extend(service.counts.iter().map(|counted| counts(counted, service.size.lines)));
    all.extend(words("check", "what", &service.checks));
    all.extend(words("contract", "format", &service.contracts));
    all.extend(service.marks.iter().map(|mark| {
        let mut fields = vec![text("name", &mark.value.0), text("detail", &mark.value.1)];
        let number = mark.value.1.parse::<f64>().ok().filter(|number| number.is_finite());
        fields.extend(number.map(|number| ("value", Value::Number(number))));
        signal("mark", fields, &mark.evidence)
    }));
    all.extend(
        service
            .artifact_budget
            .iter()
            .map(|b| signal("artifact-budget", vec![("bytes", Value::Bytes(b.value))], &b.evidence))
            .map(|budget| Signal {
                declared: service.declared.iter().any(|fact| fact.key == "artifact-budget"),
                ..budget
            }),
    );
    all.push(toolchain(service));
    all.push(size(service));
    let declares = |key: &str| service.declared.iter().any(|fact| fact.key == key);
    all.extend(service.team.as_ref().map(|known| team(known, declares("team-plan"))));
    all.extend(service.spec.as_ref().filter(|_| !declares("spec-stability")).map(spec));
    // Traits, targets and the like are signals of their own.
    let fields = super::spec("declared").map_or(&[][..], |spec| spec.fields);
    let own = service.declared.iter().filter(|fact| fields.iter().any(|field| field.name == fact.key));
    all.extend(own.map(|fact| Signal {
        declared: true,
        ..signal("declared", vec![(fact.key.as_str(), fact.value.clone())], std::slice::from_ref(&fact.location))
    }));
    all
}

/// Says whether a signal of one word is declared.
fn stated(service: &Service, signal: Signal) -> Signal {
    let declared =
        matches!(signal.fields.first(), Some((_, Value::Word(word))) if service.declares(&signal.name, word));
    Signal { declared, ..signal }
}

/// Builds a signal by hand: for the repository's, for `pick`, and for tests.
pub fn signal(name: &str, fields: Vec<(&str, Value)>, evidence: &[Location]) -> Signal {
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Signal { name: name.to_owned(), fields, evidence: evidence.to_vec(), declared: false }
}

fn text<'a>(field: &'a str, word: &str) -> (&'a str, Value) {
    (field, Value::Word(word.to_owned()))
}

fn count(field: &str, n: impl Into<u64>) -> (&str, Value) {
    (field, Value::Number(n.into() as f64))
}

fn words<'a>(name: &'a str, field: &'a str, values: &'a [Evidenced<String>]) -> impl Iterator<Item = Signal> + 'a {
    values.iter().map(move |value| signal(name, vec![text(field, &value.value)], &value.evidence))
}

/// The language shows nothing by itself, so it brings no evidence into an argument.
fn language(service: &Service) -> Signal {
    signal("language", vec![text("name", service.language.word())], &[])
}

fn role(service: &Service) -> Signal {
    let evidence: Vec<Location> = service.role_because.iter().map(|(_, location)| location.clone()).collect();
    signal("role", vec![text("name", service.role.word())], &evidence)
}

fn ffi(ffi: &Evidenced<Ffi>) -> Signal {
    let direction = match ffi.value.direction {
        Direction::Export => "export",
        Direction::Import => "import",
    };
    let fields = vec![
        text("direction", direction),
        text("mechanism", &ffi.value.mechanism),
        count("symbols", ffi.value.symbols),
        count("consumers", ffi.value.consumers.len() as u64),
    ];
    signal("ffi", fields, &ffi.evidence)
}

fn latencies(all: &[Evidenced<Latency>]) -> Vec<Signal> {
    let mut judged: Vec<&Evidenced<Latency>> =
        all.iter().filter(|latency| latency.value.subject == Subject::Answering).collect();
    if judged.iter().any(|latency| latency.value.source == LatencySource::Declared) {
        judged.retain(|latency| latency.value.source == LatencySource::Declared);
    }
    judged.sort_by(|one, other| one.value.limit_us.total_cmp(&other.value.limit_us));
    judged.into_iter().map(latency).collect()
}

fn latency(latency: &Evidenced<Latency>) -> Signal {
    let mut fields = vec![("limit", Value::Duration(latency.value.limit_us))];
    fields.extend(latency.value.percentile.map(|percentile| ("percentile", Value::Percent(percentile))));
    fields.push(text("source", source_word(latency.value.source)));
    let declared = latency.value.source == LatencySource::Declared;
    Signal { declared, ..signal("latency", fields, &latency.evidence) }
}

/// The contract's `latency.source`.
pub fn source_word(source: LatencySource) -> &'static str {
    match source {
        LatencySource::Slo => "slo",
        LatencySource::Alert => "alert",
        LatencySource::LoadTest => "load-test",
        LatencySource::Deadline => "deadline",
        LatencySource::Derived => "derived",
        LatencySource::Doc => "doc",
        LatencySource::Comment => "comment",
        LatencySource::Declared => "declared",
    }
}

fn memories(all: &[Evidenced<Memory>]) -> Vec<Signal> {
    let mut sorted: Vec<&Evidenced<Memory>> = all.iter().collect();
    sorted.sort_by_key(|memory| memory.value.bytes);
    let memory = |memory: &Evidenced<Memory>| {
        let what = match memory.value.what {
            MemoryWhat::Limit => "limit",
            MemoryWhat::Request => "request",
        };
        signal("memory", vec![text("what", what), ("bytes", Value::Bytes(memory.value.bytes))], &memory.evidence)
    };
    sorted.into_iter().map(memory).collect()
}

fn counts(counted: &Evidenced<(Count, u32)>, lines: u64) -> Signal {
    let (what, n) = counted.value;
    let density = f64::from(n) * 1000.0 / (lines.max(1) as f64);
    let fields = vec![text("what", count_word(what)), count("n", n), ("per-kloc", Value::Number(density))];
    signal("counts", fields, &counted.evidence)
}

/// The word by which policies name a count.
pub fn count_word(count: Count) -> &'static str {
    match count {
        Count::DiscardedErrors => "discarded-errors",
        Count::Goroutines => "goroutines",
        Count::Channels => "channels",
        Count::Panics => "panics",
        Count::Unsafe => "unsafe",
        Count::Locks => "locks",
        Count::Benchmarks => "benchmarks",
        Count::Pools => "pools",
        Count::CLines => "c-lines",
        Count::Routes => "routes",
        Count::GrpcServices => "grpc-services",
    }
}

fn toolchain(service: &Service) -> Signal {
    let stated =
        [("go", &service.toolchain.go), ("edition", &service.toolchain.edition), ("msrv", &service.toolchain.msrv)];
    let mut fields = Vec::new();
    let mut evidence = Vec::new();
    for (field, version) in stated {
        if let Some((version, location)) = version {
            fields.push((field, Value::Version(version.clone())));
            evidence.push(location.clone());
        }
    }
    signal("toolchain", fields, &evidence)
}

fn size(service: &Service) -> Signal {
    let size = service.size;
    let fields = vec![count("lines", size.lines), count("files", size.files), count("packages", size.packages)];
    signal("size", fields, &[])
}

/// What history says of rotation, where no plan overrules it.
const ROTATION: &[&str] = &["newcomers", "departed", "rotation", "bus-factor", "newcomer-share", "attrition"];

fn team(team: &Team, planned: bool) -> Signal {
    let share = |field, share: f64| (field, Value::Number(share));
    let mut fields = vec![
        count("contributors", team.contributors),
        count("newcomers", team.newcomers),
        count("departed", team.departed),
        share("rotation", team.rotation),
        count("bus-factor", team.bus_factor),
        count("owners", team.owners),
        count("owners-active", team.owners_active),
        count("owners-gone", team.owners_gone),
        share("newcomer-share", team.newcomer_share),
        share("attrition", team.attrition),
        share("ownership", team.ownership),
        count("commits", team.commits),
        share("changes-per-week", team.changes_per_week),
        count("age-days", team.age_days),
        share("agent-share", team.agent_share),
    ];
    fields.retain(|(name, _)| !planned || !ROTATION.contains(name));
    signal("team", fields, &[])
}

fn spec(spec: &Spec) -> Signal {
    let mut fields = vec![
        ("changes-per-week", Value::Number(spec.changes_per_week)),
        count("active-weeks", spec.active_weeks),
        count("files", spec.files),
        count("age-days", spec.age_days),
    ];
    fields.extend(spec.breaking_share.map(|share| ("breaking-share", Value::Number(share))));
    signal("spec", fields, &spec.evidence)
}
