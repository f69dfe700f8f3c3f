//! A report built by hand for the renderers' tests: every verdict, several files, and text that attacks each sink.

use std::sync::Arc;

use super::{Context, Page, Pages, Sources, Terminal};
use crate::fact::{Direction, LatencySource, MemoryWhat, Subject};
use crate::finding::{
    Advice, Argument, Change, Cite, Comparison, Cost, Finding, HistoryStatus, HistorySummary, Judged, Label, Lean,
    Report, Resolved, Severity, Stats, Status, Strength, Verdict,
};
use crate::problem::{Class, Problem};
use crate::service::{self, Evidenced, Language, Latency, Role, Service};
use crate::source::{Location, Place};

/// A file name and a text that no format may act on.
pub(crate) const HOSTILE: &str = "a\n::stop-commands::t ##[error] \u{1b}[31m\u{202e} </script><script>alert(1)</script> ]]> `x` |y| @team \"q'\" =1+1";

pub(crate) struct Files;

impl Sources for Files {
    fn read(&self, path: &str) -> Option<String> {
        match path {
            "ops/slo.yaml" => {
                Some("slo:\n  name: ingest\n  threshold: 0.0009   # seconds\n  target: 0.999\n".to_owned())
            }
            "cmd/ingest/main.go" => Some("package main\n\nfunc main() {\n\tdebug.SetGCPercent(400)\n}\n".to_owned()),
            "internal/codec/codec.go" => Some("package codec\n\nimport \"C\"\n".to_owned()),
            "min.js" => Some(format!("{}TARGET{}\n", "x".repeat(5000), "\u{1b}]0;evil\u{7}y".repeat(500))),
            _ => None,
        }
    }
}

pub(crate) fn context() -> Context<'static> {
    Context { sources: &Files, policies: Pages::new(pages), all: false, verbosity: 0, terminal: Terminal::default() }
}

fn pages() -> Vec<Page> {
    let page = |id: &str, title: &str| Page {
        id: id.to_owned(),
        title: title.to_owned(),
        severity: Severity::Warning,
        markdown: format!("# {id}\n\n{title}\n"),
        url: None,
    };
    vec![
        page("tail-latency", "A tail budget inside a collector's reach."),
        page("crud-service", "A service that moves rows."),
    ]
}

pub(crate) fn at(path: &str, line: u32, column: u32, length: u32) -> Location {
    let place = Place { line, column, end_line: line, end_column: column + length, ..Place::default() };
    Location { path: path.into(), place }
}

fn label(path: &str, line: u32, column: u32, length: u32, text: &str) -> Label {
    Label { location: at(path, line, column, length), text: text.to_owned() }
}

fn cite(document: &str, leans: Lean) -> Cite {
    Cite { document: document.to_owned(), leans, at: "table row 2".to_owned() }
}

fn shows<T>(value: T, location: Location) -> Evidenced<T> {
    Evidenced { value, evidence: vec![location] }
}

pub(crate) fn service(name: &str, root: &str, language: Language, role: Role) -> Service {
    Service {
        name: name.to_owned(),
        root: root.into(),
        language,
        role,
        role_because: vec![("built by a Dockerfile that starts it".to_owned(), Location::of_file("Dockerfile"))],
        binaries: vec![name.to_owned()],
        packages: vec![root.into()],
        traits: Vec::new(),
        uses: Vec::new(),
        deploy: Vec::new(),
        ffi: Vec::new(),
        latency: Vec::new(),
        timeouts: Vec::new(),
        tuning: Vec::new(),
        memory: Vec::new(),
        replicas: Vec::new(),
        counts: Vec::new(),
        checks: Vec::new(),
        contracts: Vec::new(),
        marks: Vec::new(),
        artifact_budget: Vec::new(),
        toolchain: service::Toolchain::default(),
        size: service::Size { lines: 4100, files: 31, packages: 4 },
        team: None,
        spec: None,
        declared: Vec::new(),
        owner: None,
    }
}

pub(crate) fn judged(service: Service, verdict: Verdict) -> Judged {
    Judged {
        service,
        verdict,
        reasoning: "a strong question outranks weak support".to_owned(),
        arguments: Vec::new(),
        questions: Vec::new(),
        supports: Vec::new(),
        unknown: Vec::new(),
        counterfactuals: Vec::new(),
    }
}

fn ingest() -> Judged {
    let mut service = service("ingest", "cmd/ingest", Language::Go, Role::Service);
    service.traits = vec![shows("stream-pipeline".to_owned(), at("cmd/ingest/main.go", 3, 1, 4))];
    service.deploy = vec![shows("kubernetes".to_owned(), at("deploy/ingest.yaml", 1, 1, 4))];
    service.ffi = vec![shows(
        service::Ffi { direction: Direction::Import, mechanism: "cgo".to_owned(), consumers: Vec::new(), symbols: 61 },
        at("internal/codec/codec.go", 3, 8, 3),
    )];
    service.latency = vec![shows(
        Latency { limit_us: 900.0, percentile: Some(99.9), source: LatencySource::Slo, subject: Subject::Answering },
        at("ops/slo.yaml", 3, 14, 6),
    )];
    service.timeouts = vec![shows(5e6, at("cmd/ingest/main.go", 3, 1, 4))];
    service.tuning = vec![shows(
        service::Tuning { what: "set-gc-percent".to_owned(), value: Some("400".to_owned()) },
        at("cmd/ingest/main.go", 4, 2, 23),
    )];
    service.memory =
        vec![shows(service::Memory { what: MemoryWhat::Limit, bytes: 64 << 20 }, at("deploy/ingest.yaml", 9, 1, 4))];
    service.team = Some(service::Team {
        contributors: 4,
        bus_factor: 1,
        rotation: 0.25,
        months: (0..24).map(|month| (month * 3 % 11, 1 + month % 4)).collect(),
        ..Default::default()
    });
    service.toolchain.go = Some(("1.21".to_owned(), at("go.mod", 3, 1, 7)));
    let mut judged = judged(service, Verdict::Questioned);
    judged.arguments = vec![
        argument("tail-latency", Language::Rust, Strength::Strong),
        argument("cloud-native-service", Language::Go, Strength::Weak),
    ];
    judged.questions = vec!["tail-latency".to_owned(), "tuning-exhausted".to_owned()];
    judged.supports = vec!["cloud-native-service".to_owned()];
    judged.counterfactuals = vec!["would fit again with a budget of 2 ms or more".to_owned()];
    judged.unknown = vec![("team-rotation".to_owned(), "only 1 commit is here".to_owned())];
    judged
}

fn argument(policy: &str, favors: Language, strength: Strength) -> Argument {
    Argument {
        policy: policy.to_owned(),
        favors: Some(favors),
        contested: false,
        strength,
        lowered_by: (strength == Strength::Weak).then(|| "io-bound-narrows".to_owned()),
        statement: "p99.9 of 900 µs is inside a collector's reach".to_owned(),
        labels: vec![label("ops/slo.yaml", 3, 14, 6, "objective, 99.9 % of requests")],
        cites: vec![cite("000", if favors == Language::Rust { Lean::Rust } else { Lean::Go })],
    }
}

fn tail_latency() -> Finding {
    Finding {
        policy: "tail-latency".to_owned(),
        service: Some(("cmd/ingest".into(), Language::Go)),
        severity: Severity::Warning,
        strength: Strength::Strong,
        message: "`ingest` promises 900 µs at p99.9, inside a collector's reach".to_owned(),
        labels: vec![
            label("ops/slo.yaml", 3, 14, 6, "objective, 99.9 % of requests"),
            label("cmd/ingest/main.go", 4, 2, 23, "already tuning the collector"),
            label("internal/codec/codec.go", 3, 8, 3, "61 calls into C on the request path"),
        ],
        cites: vec![cite("000", Lean::Rust), cite("001", Lean::Rust), cite("002", Lean::Tie)],
        advice: Advice {
            text: "Move internal/codec behind a library or sidecar and keep the service; measure first with the \
                   current toolchain, which alone may give 15–40 % on maps."
                .to_owned(),
            cost: Some(Cost {
                engineer_months: (1.0, 3.0),
                basis: "hot path as a library".to_owned(),
                document: "002".to_owned(),
            }),
        },
        fingerprint: "3f2a9c0d11aa22bb".to_owned(),
        former: Vec::new(),
        status: Status::New,
    }
}

fn hostile() -> Finding {
    Finding {
        policy: "crud-service".to_owned(),
        service: Some((HOSTILE.into(), Language::Rust)),
        severity: Severity::Error,
        strength: Strength::Weak,
        message: HOSTILE.to_owned(),
        labels: vec![
            Label { location: at(HOSTILE, 7, 1, 3), text: HOSTILE.to_owned() },
            label("min.js", 1, 5001, 6, HOSTILE),
        ],
        cites: vec![cite("003", Lean::Go)],
        advice: Advice { text: HOSTILE.to_owned(), cost: None },
        fingerprint: "00ff".to_owned(),
        former: Vec::new(),
        status: Status::New,
    }
}

/// A figure that is about none of the services.
fn nobodys(limit_us: f64, subject: Subject, path: &str) -> Evidenced<Latency> {
    shows(Latency { limit_us, percentile: Some(99.9), source: LatencySource::Slo, subject }, at(path, 7, 3, 5))
}

pub(crate) fn report() -> Report {
    let mut ledger = judged(service("ledger", "ledger", Language::Rust, Role::Service), Verdict::Contested);
    ledger.questions = vec!["crud-service".to_owned()];
    ledger.supports = vec!["failure-cost".to_owned()];
    let mut gateway = judged(service("gateway", "cmd/gateway", Language::Go, Role::Service), Verdict::Fits);
    gateway.supports = vec!["cloud-native-service".to_owned()];
    let repository = Finding {
        policy: "third-language".to_owned(),
        service: None,
        severity: Severity::Note,
        labels: vec![Label { location: Location::of_file("go.mod"), text: String::new() }],
        status: Status::Allowed,
        fingerprint: "aa".to_owned(),
        former: Vec::new(),
        ..tail_latency()
    };
    let change = Change {
        name: "ingest".to_owned(),
        root: Arc::from("cmd/ingest"),
        language: Language::Go,
        before: Some(Verdict::Fits),
        after: Some(Verdict::Questioned),
        why: "the budget in ops/slo.yaml:3 went from 20 ms to 900 µs".to_owned(),
        because: vec![label("ops/slo.yaml", 3, 14, 6, "budget 20 ms → 900 µs")],
    };
    let gone = Resolved {
        policy: "operator".to_owned(),
        name: HOSTILE.to_owned(),
        root: Arc::from(HOSTILE),
        message: HOSTILE.to_owned(),
    };
    Report {
        revision: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
        history: HistorySummary { status: HistoryStatus::Full, window_days: 365, commits: 1200, remedy: None },
        services: vec![
            ingest(),
            gateway,
            judged(service("gen", "tools/gen", Language::Go, Role::Tool), Verdict::Unjudged),
            ledger,
            judged(service(HOSTILE, HOSTILE, Language::Rust, Role::Cli), Verdict::Unjudged),
        ],
        findings: vec![tail_latency(), hostile(), repository],
        unbound: vec![
            nobodys(900.0, Subject::Answering, "ops/other.yaml"),
            nobodys(5.0, Subject::Other(HOSTILE.into()), HOSTILE),
        ],
        skipped: vec![Problem::new(HOSTILE, "not UTF-8", Class::Lost)],
        comparison: Some(Comparison { base: "main".to_owned(), changes: vec![change], resolved: vec![gone], kept: 1 }),
        stats: Stats { files: 120, bytes: 1_000_000, elapsed_ms: 12 },
        repositories: Vec::new(),
    }
}
