//! Signals: facts of one kind, attributed to a service, in the shape policies ask about.
//!
//! [`SIGNALS`] is the whole vocabulary that a policy may use: a name, and typed fields. The loader checks
//! policies against it, `explain` prints from it, and the docs are generated from it.

pub mod of_service;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::source::Location;

/// One signal of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    pub name: String,
    /// In the order of the signal's specification; fields that are unknown are left out.
    pub fields: Vec<(String, Value)>,
    pub evidence: Vec<Location>,
    /// Stated in `fitcheck.toml` rather than seen.
    pub declared: bool,
}

impl Signal {
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    Word(String),
    Number(f64),
    /// Microseconds.
    Duration(f64),
    Bytes(u64),
    /// 0–100.
    Percent(f64),
    /// Dotted numbers, compared part by part.
    Version(String),
    Flag(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    Word,
    Number,
    Duration,
    Bytes,
    Percent,
    Version,
    Flag,
}

/// What a policy may ask of one signal.
#[derive(Debug)]
pub struct SignalSpec {
    pub name: &'static str,
    pub about: &'static str,
    pub fields: &'static [FieldSpec],
}

#[derive(Debug)]
pub struct FieldSpec {
    pub name: &'static str,
    pub value: ValueType,
    pub about: &'static str,
    /// The words it can have, where they are a closed list.
    pub words: &'static [&'static str],
}

const fn field(name: &'static str, value: ValueType, about: &'static str) -> FieldSpec {
    FieldSpec { name, value, about, words: &[] }
}

const fn words(name: &'static str, about: &'static str, words: &'static [&'static str]) -> FieldSpec {
    FieldSpec { name, value: ValueType::Word, about, words }
}

use ValueType::{Bytes, Duration, Flag, Number, Percent, Version, Word};

pub const TRAITS: &[&str] = &[
    "http-api",
    "grpc-api",
    "crud",
    "proxy",
    "gateway",
    "storage-engine",
    "stream-pipeline",
    "queue-worker",
    "codec",
    "operator",
    "node-agent",
    "security-critical",
    "cpu-bound",
    "io-bound",
    "realtime",
];

pub const TARGETS: &[&str] = &[
    "kubernetes",
    "helm",
    "compose",
    "docker",
    "lambda",
    "cloud-function",
    "cloud-run",
    "edge",
    "wasm-browser",
    "wasm-wasi",
    "wasm-plugin",
    "embedded",
    "systemd",
    "package",
    "binary-release",
    "kernel-module",
    "mobile",
    "nomad",
    "paas",
    "pypi",
    "npm",
    "maven",
    "gem",
    "nuget",
    "cocoapods",
    "ecs",
];

pub const MECHANISMS: &[&str] = &[
    "cgo",
    "go-c-shared",
    "go-c-archive",
    "purego",
    "extern-c",
    "rust-extern-block",
    "bindgen",
    "cbindgen",
    "pyo3",
    "napi",
    "neon",
    "wasm-bindgen",
    "wasm-export",
    "jni",
    "uniffi",
    "magnus",
    "cxx",
    "rustler",
    "extendr",
    "ext-php-rs",
    "flutter-rust-bridge",
    "swift-bridge",
    "diplomat",
    "dlopen",
    "gomobile",
];

pub const TUNINGS: &[&str] = &[
    "gogc",
    "gomemlimit",
    "set-gc-percent",
    "set-memory-limit",
    "free-os-memory",
    "ballast",
    "arena",
    "off-heap",
    "sync-pool",
    "assembly",
    "linkname",
    "lock-os-thread",
    "pgo",
    "custom-allocator",
    "no-std",
    "unsafe",
    "godebug",
    "allocator-settings",
];

pub const SOURCES: &[&str] = &["slo", "alert", "load-test", "deadline", "derived", "doc", "comment", "declared"];

/// Every signal, in the order in which `explain` shows them.
pub const SIGNALS: &[SignalSpec] = &[
    SignalSpec {
        name: "language",
        about: "the language it is written in, for what only one of them can show",
        fields: &[words("name", "the language", &["go", "rust"])],
    },
    SignalSpec {
        name: "role",
        about: "what the service mainly is",
        fields: &[words("name", "the role", &["service", "job", "function", "cli", "library", "wasm", "firmware"])],
    },
    SignalSpec { name: "trait", about: "what kind of work it does", fields: &[words("name", "the trait", TRAITS)] },
    SignalSpec {
        name: "uses",
        about: "a known module, crate or symbol in its closure",
        fields: &[field("capability", Word, "the catalogue's word"), field("symbol", Word, "what the code names")],
    },
    SignalSpec {
        name: "deploy",
        about: "where it runs or is published",
        fields: &[words("target", "the target", TARGETS)],
    },
    SignalSpec {
        name: "ffi",
        about: "a surface to or from another language",
        fields: &[
            words("direction", "who calls", &["export", "import"]),
            words("mechanism", "how", MECHANISMS),
            field("symbols", Number, "functions exported, or crossings seen"),
            field("consumers", Number, "languages found to load it"),
        ],
    },
    SignalSpec {
        name: "latency",
        about: "a stated figure for how fast it must answer",
        fields: &[
            field("limit", Duration, "the figure"),
            field("percentile", Percent, "of requests; absent where none is given"),
            words("source", "what states it", SOURCES),
        ],
    },
    SignalSpec {
        name: "timeout",
        about: "a ceiling for waiting: never a budget",
        fields: &[field("limit", Duration, "the ceiling")],
    },
    SignalSpec {
        name: "tuning",
        about: "an adjustment of the runtime or the memory manager",
        fields: &[words("what", "what is adjusted", TUNINGS)],
    },
    SignalSpec {
        name: "memory",
        about: "memory that a deployment gives it",
        fields: &[words("what", "a limit or a request", &["limit", "request"]), field("bytes", Bytes, "how much")],
    },
    SignalSpec {
        name: "replicas",
        about: "copies that a deployment runs",
        fields: &[field("min", Number, "fewest"), field("max", Number, "most")],
    },
    SignalSpec {
        name: "counts",
        about: "things counted in its code, outside tests",
        fields: &[
            words(
                "what",
                "what is counted",
                &[
                    "discarded-errors",
                    "goroutines",
                    "channels",
                    "panics",
                    "unsafe",
                    "locks",
                    "benchmarks",
                    "pools",
                    "c-lines",
                    "routes",
                    "grpc-services",
                ],
            ),
            field("n", Number, "how many"),
            field("per-kloc", Number, "per thousand lines of the closure"),
        ],
    },
    SignalSpec {
        name: "check",
        about: "a check that CI or a linter configuration runs",
        fields: &[field("what", Word, "the check")],
    },
    SignalSpec {
        name: "contract",
        about: "a schema that the service shares",
        fields: &[field("format", Word, "its format")],
    },
    SignalSpec {
        name: "mark",
        about: "a named observation of the catalogue",
        fields: &[
            field("name", Word, "its name"),
            field("detail", Word, "what was seen"),
            field("value", Number, "what was seen, where it is a number"),
        ],
    },
    SignalSpec {
        name: "artifact-budget",
        about: "a limit for the size of what is shipped",
        fields: &[field("bytes", Bytes, "the limit")],
    },
    SignalSpec {
        name: "toolchain",
        about: "the language version it is built with",
        fields: &[
            field("go", Version, "the go directive"),
            field("edition", Version, "the Rust edition"),
            field("msrv", Version, "the oldest Rust it promises"),
        ],
    },
    SignalSpec {
        name: "size",
        about: "its closure, without tests, generated and vendored code",
        fields: &[
            field("lines", Number, "lines"),
            field("files", Number, "files"),
            field("packages", Number, "packages"),
        ],
    },
    SignalSpec {
        name: "team",
        about: "the people who change it, in numbers; absent where history cannot tell",
        fields: &[
            field("contributors", Number, "people who changed it in the window"),
            field("newcomers", Number, "of these, first seen in the window"),
            field("departed", Number, "regulars of the window before who made no change in this one"),
            field("rotation", Number, "0–1, one minus the weighted overlap between the windows"),
            field("bus-factor", Number, "fewest people who made half of the changes"),
            field("owners", Number, "owners in CODEOWNERS"),
            field("owners-active", Number, "of these, known to have committed to the repository in the window"),
            field("owners-gone", Number, "of these, known to have committed in the window before and not in this one"),
            field("newcomer-share", Number, "0–1, newcomers' share of commits"),
            field("attrition", Number, "0–1, departed regulars"),
            field("ownership", Number, "0–1, the top contributor's share"),
            field("commits", Number, "commits in the window"),
            field("changes-per-week", Number, "commits a week"),
            field(
                "age-days",
                Number,
                "days since its first commit, up to five years or what a policy asks for; fewer where the clone ends earlier",
            ),
            field("agent-share", Number, "0–1, commits with a coding agent's trailer"),
        ],
    },
    SignalSpec {
        name: "spec",
        about: "how its contract files change; absent where history cannot tell",
        fields: &[
            field("changes-per-week", Number, "changes a week"),
            field("active-weeks", Number, "weeks of the last 52 with a change"),
            field("files", Number, "contract files"),
            field(
                "age-days",
                Number,
                "days since the first, up to five years or what a policy asks for; fewer where the clone ends earlier",
            ),
            field(
                "breaking-share",
                Number,
                "0–1, changes that look breaking; absent where there are too few, unknown where contents are missing",
            ),
        ],
    },
    SignalSpec {
        name: "declared",
        about: "what the team states in fitcheck.toml",
        fields: &[
            words("panic-cost", "what a crash costs", &["none", "low", "money", "trust", "safety"]),
            field("horizon-years", Number, "years it must stay correct"),
            words("spec-stability", "how often the specification changes", &["weekly", "monthly", "rarely", "frozen"]),
            words(
                "team-plan",
                "who will maintain it",
                &["same-people", "rotating", "contractors", "hiring", "unknown"],
            ),
            field("spans-repositories", Flag, "parts of it live elsewhere"),
            field("memory-ceiling", Bytes, "the most memory it may use"),
            field("allocations-per-second", Number, "small allocations that its work makes"),
            field("hard-to-redeploy", Flag, "it cannot be fixed in place once it is shipped"),
            field("edit-build-loop", Flag, "how fast an edit builds matters most"),
        ],
    },
    SignalSpec {
        name: "repository",
        about: "the repository as a whole",
        fields: &[
            field("go-services", Number, "judged services in Go"),
            field("rust-services", Number, "judged services in Rust"),
            field("languages", Number, "different languages among its judged services"),
            field("questioned", Number, "judged services whose language is questioned"),
            field("go-apis", Number, "Go services that answer HTTP or gRPC"),
            field("rust-apis", Number, "Rust services that answer HTTP or gRPC"),
            field("contracts", Number, "contracts that its services share"),
        ],
    },
];

/// Finds a signal's specification by name.
pub fn spec(name: &str) -> Option<&'static SignalSpec> {
    SIGNALS.iter().find(|spec| spec.name == name)
}
