//! Facts: what one reader saw in one file. They state, they never judge.
//!
//! A file gives [`FileFacts`]: its *structure* (what service discovery and the import graph need) and its
//! *facts* (what signals are made of). Both are plain values that own their text, so they can be cached by
//! the content of the file and built by hand in tests. Serde is derived for the cache, and
//! for what the facts document says of services.

mod imports;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::Flaw;
use crate::source::Place;

pub use imports::{GoImport, GoImports, spaced};

/// Everything read from one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    pub structure: Structure,
    pub facts: Vec<Fact>,
    pub flaws: Vec<Flaw>,
    pub lines: u32,
}

/// One thing seen in one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    pub kind: FactKind,
    pub place: Place,
    pub binding: Binding,
    /// The build constraint under which the place counts (`linux && cgo`, `feature = "x"`), if any.
    pub constraint: Option<String>,
}

/// How a fact finds the services it is about; resolved by `service::bind`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Binding {
    /// The Go package or Cargo package that holds the file; reaches services by their import closure.
    #[default]
    Package,
    /// Counts only if something in the closure calls this exported function of the file's package.
    Called(String),
    /// The fact at this index of the same file (a [`FactKind::Workload`]) says whom it is about.
    Workload(u32),
    /// Names found beside it (a job label, a metric prefix, an SLO's service): matched against service names.
    Names(Vec<String>),
    /// The directory of the file: the services at or below it, or the nearest above.
    Here,
    /// The whole repository.
    Repository,
    /// A contract: whoever builds in the Go package that is generated from it (its import path, where it names one), or
    /// the crate around it; else as [`Binding::Here`].
    Contract(Option<String>),
}

/// The whole vocabulary of facts. Matches over it have no `_` arm outside tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FactKind {
    /// Code uses something the catalogue knows: `capability` is the catalogue's word, `symbol` what was written.
    Uses { capability: String, symbol: String },
    /// A surface to or from another language. `symbols` counts functions or crossings seen at this place.
    Ffi { direction: Direction, mechanism: String, symbols: u32 },
    /// Code of another language loads a native library called `library`.
    Consumer { language: String, library: String },
    /// The runtime or the memory manager is adjusted.
    Tuning { what: String, value: Option<String> },
    /// A stated figure for how fast something must be. `percentile` is 0–100; `None` where none is given.
    Latency { limit_us: f64, percentile: Option<f64>, source: LatencySource, subject: Subject },
    /// A ceiling after which waiting ends: never a budget.
    Timeout { limit_us: f64 },
    /// A command or build definition that builds a service.
    Build(Box<Build>),
    /// A container image definition (one per Dockerfile, or image rule).
    Image(Box<Image>),
    /// Something that runs a service: a Kubernetes object, a compose service, a function, a unit file …
    Workload(Box<Workload>),
    /// Memory given to a workload.
    Memory { what: MemoryWhat, bytes: u64 },
    /// Copies of a workload: fixed, or autoscaler bounds.
    Replicas { min: u32, max: u32 },
    /// Countable things of code, for densities. See [`Count`].
    Count { what: Count, n: u32 },
    /// A version of a toolchain: `go`, `go-toolchain`, `edition`, `msrv`, `rust-toolchain`, `go-image`, `rust-image`.
    Toolchain { what: String, version: String },
    /// A check that CI or a linter configuration runs: `race-detector`, `errcheck`, `gosec`, `clippy`, `miri` …
    Check { what: String },
    /// A contract file: `proto`, `openapi`, `graphql`, `crd`, `avro`, `json-schema`, `thrift`, `wit`, `udl`.
    Contract { format: String },
    /// Something that generates code from a contract (`protoc`, `tonic-build`, `oapi-codegen` …).
    Generates { format: String, with: String },
    /// A declared limit for the size of what is shipped.
    ArtifactBudget { bytes: u64 },
    /// Money and domain words or agent instruction files and the like: a named observation of the catalogue.
    Mark { name: String, detail: String },
    /// A user's extractor says what kind of work is done here: the contract's word for a trait.
    Trait { name: String },
    /// A user's extractor says where it runs: the contract's word for a target.
    Deploy { target: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Foreign code calls ours.
    Export,
    /// Our code calls foreign code.
    Import,
}

/// Where a latency figure stands; the contract's `latency.source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LatencySource {
    Slo,
    Alert,
    LoadTest,
    Deadline,
    Derived,
    Doc,
    Comment,
    Declared,
}

/// What a latency figure is about. Only `Answering` can be held against a language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    Answering,
    /// Scheduling, garbage collection, queue age …: listed, never judged.
    Other(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryWhat {
    Limit,
    Request,
}

/// What a [`FactKind::Count`] counts, outside tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Count {
    /// Go: an error result that is dropped (`_ = f()`, `v, _ := f()`, a call as a statement where it is known to return an error).
    DiscardedErrors,
    /// Go `go` statements.
    Goroutines,
    /// Channel constructions.
    Channels,
    /// `panic(`, `unwrap()`, `expect(`, `panic!` … outside tests.
    Panics,
    /// Rust `unsafe` blocks, functions and impls.
    Unsafe,
    /// Locks: `sync.Mutex`, `Mutex`, `RwLock`.
    Locks,
    /// Benchmarks (Go `Benchmark…`, criterion, divan).
    Benchmarks,
    /// Go `sync.Pool` values.
    Pools,
    /// Lines of C or C++ source built into a package.
    CLines,
    /// HTTP routes registered.
    Routes,
    /// gRPC services registered.
    GrpcServices,
}

/// A command that builds a Go or Rust program, from a Dockerfile, Makefile, script, workflow or build file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// `go`, `cargo`, `tinygo`, `gomobile`, `maturin`, `wasm-pack`, `napi`, `goreleaser`, `cargo-dist`, `ko`, `cross`, `trunk`, `bazel`, `nix` …
    pub tool: String,
    /// Directory in which the command runs, relative to the file's directory, where it is known (`cd x && go build`).
    pub directory: Option<String>,
    /// What is built, as written: `./cmd/x`, `github.com/a/b/cmd/x`, a Cargo package after `-p`, a `--manifest-path`.
    pub packages: Vec<String>,
    /// Cargo `--bin` names.
    pub bins: Vec<String>,
    /// The file written (`-o`), as written; without directories it is a binary's name.
    pub output: Option<String>,
    /// `-buildmode`, `--crate-type`.
    pub mode: Option<String>,
    /// `GOOS/GOARCH`, `--target` triple, tinygo target.
    pub target: Option<String>,
    /// Features or build tags asked for.
    pub features: Vec<String>,
    /// Where the command stands: `dockerfile`, `makefile`, `script`, `workflow`, `release` (goreleaser, dist, release workflow), `build-file`.
    pub source: String,
    /// The artefact is published by the same file (uploaded to a release, pushed to an index): the deploy target, e.g. `binary-release`, `pypi`.
    pub publishes: Vec<String>,
    /// A CI job keeps the result for another workflow, which may publish it (a `Workload` with the event `kept-artifacts`).
    pub kept: bool,
    /// The recipe of a Makefile, justfile or magefile in which the command stands.
    pub recipe: Option<String>,
    /// The profile that guides the optimiser (`-pgo=cpu.pprof`), where one is named.
    pub profile: Option<String>,
    /// Variables given to the command (`make app APP_NAME=x`, matrix values): what names like `$(APP_NAME)` stand for.
    pub variables: Vec<(String, String)>,
}

/// A container image definition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// Names this image is known by (tags, artifact names), as written, without registry credentials.
    pub names: Vec<String>,
    /// Words of the last stage's ENTRYPOINT followed by CMD.
    pub command: Vec<String>,
    /// `COPY`/`ADD` sources of the last stage (and of stages it is built from), as written.
    pub copies: Vec<String>,
    /// Build context relative to the repository root, where another file tells it.
    pub context: Option<String>,
    /// Base image of each stage, as written.
    pub bases: Vec<String>,
    /// It says that it listens on a port.
    pub exposes: bool,
    /// Default values of `ARG`s, for `${X}` in the above.
    pub args: Vec<(String, String)>,
    /// The stage that is meant, where it is not the last one.
    pub stage: Option<String>,
    /// The Dockerfile, as written, where another file (a script, a workflow, a bake file) tells how the image is built.
    pub dockerfile: Option<String>,
    /// Where its files are written to instead of an image (`type=local,dest=out`), as written.
    pub writes: String,
    /// The written files are published by the same file: the deploy target.
    pub publishes: Vec<String>,
    /// A CI job keeps the written files for another workflow, which may publish them.
    pub kept: bool,
}

/// Something that runs a service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// The contract's deploy target: `kubernetes`, `helm`, `compose`, `lambda`, `systemd`, `nomad` …
    pub target: String,
    /// `Deployment`, `DaemonSet`, `StatefulSet`, `Job`, `CronJob`, `service`, `function`, `timer` …
    pub kind: String,
    /// Its own name, as written (`{{ }}` parts of a template left out).
    pub name: Option<String>,
    /// Other names it goes by: its container, the function's own name, the package that holds it.
    pub aliases: Vec<String>,
    /// Images it runs, as written, in order of containers.
    pub images: Vec<String>,
    /// A build it names: context directory, Dockerfile, both relative to the repository root, and stage.
    pub build: Option<ImageBuild>,
    /// Command and arguments of its containers, as written.
    pub command: Vec<String>,
    /// Files or directories that it ships (`CodeUri`, `handler`, `package.artifact`), relative to the file's directory.
    pub artifacts: Vec<String>,
    /// Event kinds of a function: `http`, `schedule`, `queue`, `stream` …
    pub events: Vec<String>,
    /// Runtime of a function (`go1.x`, `provided.al2023`, `rust`).
    pub runtime: Option<String>,
}

/// How a manifest asks for an image to be built; paths are from the root, as far as they can be told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageBuild {
    pub context: String,
    pub dockerfile: Option<String>,
    pub stage: Option<String>,
    pub args: Vec<(String, String)>,
}

/// What service discovery and the import graph need from a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Structure {
    #[default]
    None,
    Go(GoFile),
    Rust(RustFile),
    GoModule(GoModule),
    Cargo(Box<CargoManifest>),
}

/// One Go source file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GoFile {
    /// The name in the `package` clause.
    pub package: String,
    pub imports: GoImports,
    /// The `//go:build` expression, or the one that the file name implies (`_linux`, `_windows_amd64`), both if both.
    pub constraint: Option<String>,
    /// `// Code generated … DO NOT EDIT.`
    pub generated: bool,
    /// Place of `func main()` where the package is `main`.
    pub main: Option<Place>,
    /// Registers a cloud function (`functions.HTTP`, an exported `func F(w http.ResponseWriter, r *http.Request)` of a package without main …).
    pub function: Option<Place>,
    /// Exported functions of the own package that are called without a qualifier, sorted, each once, with spaces between.
    /// Of tests neither these nor selected names are noted: nobody is called by them.
    pub called: String,
}

/// One Rust source file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RustFile {
    /// Place of `fn main()` at the top level, or of what an attribute makes the entry of a bare program.
    pub main: Option<Place>,
    /// Place of `#![no_main]` where it holds in what is shipped.
    pub no_main: Option<Place>,
    /// `@generated` and the like.
    pub generated: bool,
    /// What may be code where nothing is read.
    pub takes: Vec<Taken>,
}

/// A module or an `include!` whose name says that it may lie where nothing is read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// The path as written, or the name of the module.
    pub what: String,
    /// Whether a path was written.
    pub named: bool,
    pub place: Place,
}

/// A go.mod: the module's path, its versions as written, its replacements.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GoModule {
    pub module: String,
    pub go: Option<(String, Place)>,
    pub toolchain: Option<(String, Place)>,
    /// `replace old => new`: old module path, and the new path where it is a local directory.
    pub replaces: Vec<(String, Option<String>)>,
}

/// One Cargo manifest, as written; inheritance is resolved later, with the workspace at hand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CargoManifest {
    pub package: Option<CargoPackage>,
    pub lib: Option<CargoTarget>,
    pub bins: Vec<CargoTarget>,
    pub dependencies: Vec<CargoDependency>,
    /// Feature name → what it switches on.
    pub features: Vec<(String, Vec<String>)>,
    pub workspace: Option<CargoWorkspace>,
}

/// `[package]` of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CargoPackage {
    pub name: String,
    /// Place of the package's name.
    pub place: Place,
    /// `None` where it says `edition.workspace = true`.
    pub edition: Option<String>,
    pub rust_version: Option<String>,
    /// Whether programs are found by their place, as where nothing is said.
    pub autobins: bool,
    /// Whether the library is found by its place.
    pub autolib: bool,
    /// `edition.workspace`, `rust-version.workspace` asked for.
    pub inherits: Vec<String>,
}

/// `[lib]` or one `[[bin]]`; `None` where the manifest leaves it to convention.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CargoTarget {
    pub name: Option<String>,
    pub path: Option<String>,
    pub crate_types: Vec<String>,
    pub required_features: Vec<String>,
    pub proc_macro: bool,
    pub place: Place,
}

/// One dependency, of whichever table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CargoDependency {
    /// The name in code (the key).
    pub name: String,
    /// The package's name where it differs (`package = "…"`).
    pub package: Option<String>,
    /// As written: relative to the manifest.
    pub path: Option<String>,
    pub git: bool,
    /// Taken from the workspace.
    pub workspace: bool,
    pub optional: bool,
    pub default_features: bool,
    pub features: Vec<String>,
    pub kind: DependencyKind,
    /// `cfg(…)` or a triple.
    pub target: Option<String>,
    pub place: Place,
}

/// The table that a dependency stands in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DependencyKind {
    #[default]
    Normal,
    Build,
    Dev,
}

/// `[workspace]` of a manifest: what members take from it, and which directories are none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CargoWorkspace {
    pub exclude: Vec<String>,
    pub dependencies: Vec<CargoDependency>,
    pub edition: Option<String>,
    pub rust_version: Option<String>,
}
