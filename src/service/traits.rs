//! From what a unit uses to what kind of work it does.
//!
//! In: the facts of one unit. Out: traits with their evidence. An import alone says little (a client is no server,
//! a library reached by way of a helper is no trade), so each rule says how near and how often it must be seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::fact::{Count, FactKind};
use crate::scope::Scope;
use crate::source::Location;

use super::attribute::{Collected, Seen, Ties};
use super::repository::{Repository, base, parent};
use super::unit::Unit;
use super::{Evidenced, Language, Role};

/// What a unit uses, by capability, with the places.
#[derive(Debug, Default)]
pub struct Uses<'r> {
    by_capability: BTreeMap<&'r str, Vec<Seen<'r>>>,
}

impl<'r> Uses<'r> {
    pub fn new(collected: &Collected<'r>) -> Uses<'r> {
        let mut by_capability: BTreeMap<&'r str, Vec<Seen<'r>>> = BTreeMap::new();
        for seen in &collected.facts {
            if let FactKind::Uses { capability, .. } = &seen.fact.kind {
                by_capability.entry(capability).or_default().push(*seen);
            }
        }
        Uses { by_capability }
    }

    /// Places anywhere in the closure.
    pub fn all(&self, capability: &str) -> Vec<Location> {
        self.by_capability.get(capability).into_iter().flatten().map(|seen| seen.file.at(seen.fact.place)).collect()
    }

    pub fn has(&self, capability: &str) -> bool {
        self.by_capability.contains_key(capability)
    }

    /// Places in code that is this unit's more than others'.
    pub fn near(&self, capability: &str) -> Vec<Location> {
        let seen = self.by_capability.get(capability).into_iter().flatten();
        seen.filter(|seen| seen.near).map(|seen| seen.file.at(seen.fact.place)).collect()
    }

    /// How many files, anywhere in the closure, use one of these.
    fn files(&self, capabilities: &[&str]) -> usize {
        let seen = capabilities.iter().filter_map(|capability| self.by_capability.get(capability)).flatten();
        seen.map(|seen| &seen.file.path).collect::<BTreeSet<_>>().len()
    }

    /// How many different symbols of a capability are used near.
    fn near_symbols(&self, capability: &str) -> usize {
        let seen = self.by_capability.get(capability).into_iter().flatten().filter(|seen| seen.near);
        let symbols = seen.filter_map(|seen| match &seen.fact.kind {
            FactKind::Uses { symbol, .. } => Some(symbol.as_str()),
            _ => None,
        });
        symbols.collect::<BTreeSet<_>>().len()
    }

    /// Places, in such code, where a symbol that ends so is used.
    pub fn near_symbol(&self, capability: &str, end: &str) -> Vec<Location> {
        let seen = self.by_capability.get(capability).into_iter().flatten().filter(|seen| seen.near);
        let named =
            seen.filter(|seen| matches!(&seen.fact.kind, FactKind::Uses { symbol, .. } if symbol.ends_with(end)));
        named.map(|seen| seen.file.at(seen.fact.place)).collect()
    }

    fn any_near(&self, capabilities: &[&str]) -> Vec<Location> {
        capabilities.iter().flat_map(|capability| self.near(capability)).collect()
    }

    fn any(&self, capabilities: &[&str]) -> Vec<Location> {
        capabilities.iter().flat_map(|capability| self.all(capability)).collect()
    }
}

/// Everything a trait rule looks at.
pub struct Context<'a, 'r> {
    pub repository: &'a Repository,
    pub unit: &'a Unit,
    pub uses: &'a Uses<'r>,
    pub collected: &'a Collected<'r>,
    pub ties: &'a Ties<'r>,
    pub role: Role,
}

impl Context<'_, '_> {
    fn count(&self, what: Count) -> (u32, Vec<Location>) {
        let mut total = 0;
        let mut places = Vec::new();
        for seen in &self.collected.facts {
            if let FactKind::Count { what: counted, n } = &seen.fact.kind
                && *counted == what
            {
                total += n;
                places.push(seen.file.at(seen.fact.place));
            }
        }
        (total, places)
    }

    fn events(&self, kinds: &[&str]) -> Vec<Location> {
        self.workloads()
            .filter(|(running, _)| running.workload.events.iter().any(|event| kinds.contains(&event_kind(event))))
            .map(|(_, location)| location)
            .collect()
    }

    fn workloads(&self) -> impl Iterator<Item = (&super::workload::Running<'_>, Location)> {
        self.collected.workloads.iter().map(|&index| {
            let running = &self.ties.workloads[index];
            (running, running.file.at(running.fact.place))
        })
    }

    fn workload_kind(&self, kind: &str) -> Vec<Location> {
        self.workloads().filter(|(running, _)| running.workload.kind == kind).map(|(_, location)| location).collect()
    }

    /// Details and places of near marks of this name.
    fn marked(&self, name: &str) -> Vec<(&str, Location)> {
        let near = self.collected.facts.iter().filter(|seen| seen.near);
        near.filter_map(|seen| match &seen.fact.kind {
            FactKind::Mark { name: found, detail } if found == name => {
                Some((detail.as_str(), seen.file.at(seen.fact.place)))
            }
            _ => None,
        })
        .collect()
    }

    /// Places for which the unit itself answers: a tool is not about everything that its libraries can do.
    fn own_if_tool(&self, places: Vec<Location>) -> Vec<Location> {
        if self.role != Role::Cli || self.unit.language != Language::Rust {
            return places;
        }
        let cargo = &self.repository.cargo;
        let own =
            |place: &Location| cargo.package_of(&place.path).is_none_or(|package| package.directory == self.unit.root);
        places.into_iter().filter(own).collect()
    }

    /// Places in both folders of a program that joins exchangeable inputs to exchangeable outputs.
    fn exchangeable_ends(&self) -> Vec<Location> {
        let end = |words: &[&str]| {
            let near = self.collected.facts.iter().filter(|seen| seen.near);
            near.filter(|seen| matches!(seen.fact.kind, FactKind::Uses { .. }))
                .filter(|seen| parent(&seen.file.path).split('/').any(|part| words.contains(&part)))
                .map(|seen| seen.file.at(seen.fact.place))
                .collect::<Vec<_>>()
        };
        let (inputs, outputs) = (end(INPUTS), end(OUTPUTS));
        if inputs.len() < 3 || outputs.len() < 3 { Vec::new() } else { [inputs, outputs].concat() }
    }

    fn named(&self, words: &[&str]) -> bool {
        let name = format!("{} {}", self.unit.name, base(&self.unit.root)).to_ascii_lowercase();
        name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| words.contains(&word))
    }

    /// Packages of the closure, its own module's, whose last part is one of these words.
    fn packages_named(&self, words: &[&str]) -> usize {
        self.unit.closure.iter().filter(|package| words.contains(&base(package))).count()
    }
}

impl Context<'_, '_> {
    /// Whether other code of the closure opens what a package of such a name keeps. Rust has no record of such calls.
    fn opens_packages_named(&self, words: &[&str]) -> bool {
        if self.unit.language == Language::Rust {
            return true;
        }
        let opens = |name: &str| {
            name.contains("Open") || ["NewDB", "NewStorage", "NewStore", "NewEngine", "NewTable"].contains(&name)
        };
        let callers = self.unit.closure.iter().filter(|package| !words.contains(&base(package)));
        let mut calls = callers
            .filter_map(|package| self.repository.go.packages.get(package))
            .flat_map(|package| &package.selected);
        calls.any(|(package, name)| words.contains(&base(package)) && opens(name))
    }
}

/// Folders of exchangeable inputs, and of outputs.
const INPUTS: &[&str] = &["sources", "inputs", "receivers"];
const OUTPUTS: &[&str] = &["sinks", "outputs", "exporters"];

type Rule = fn(&Context<'_, '_>) -> Vec<Location>;

/// One rule a trait, in the order of the contract. A rule returns the places that show the trait, none if it is not shown.
const RULES: &[(&str, Rule)] = &[
    ("http-api", http_api),
    ("grpc-api", grpc_api),
    ("crud", crud),
    ("proxy", proxy),
    ("gateway", gateway),
    ("storage-engine", storage_engine),
    ("stream-pipeline", stream_pipeline),
    ("queue-worker", queue_worker),
    ("codec", codec),
    ("operator", operator),
    ("node-agent", node_agent),
    ("security-critical", security_critical),
    ("cpu-bound", cpu_bound),
    ("io-bound", io_bound),
    ("realtime", realtime),
];

/// Applies all rules.
pub fn traits(context: &Context<'_, '_>) -> Vec<Evidenced<String>> {
    RULES
        .iter()
        .filter_map(|(name, rule)| {
            let evidence = super::assemble::tidy(rule(context));
            (!evidence.is_empty()).then(|| Evidenced { value: (*name).to_owned(), evidence })
        })
        .collect()
}

fn serves(context: &Context<'_, '_>) -> bool {
    matches!(context.role, Role::Service | Role::Function | Role::Library)
}

/// What a platform calls its events, by what they are for a service.
fn event_kind(event: &str) -> &str {
    match event {
        "http" | "httpApi" | "alb" | "url" | "Api" | "HttpApi" | "apigw" => "http",
        "stream" | "kinesis" | "dynamodb" | "Kinesis" | "DynamoDB" | "kafka" | "msk" | "MSK" | "eventHub" => "stream",
        "sqs" | "sns" | "SQS" | "SNS" | "queue" | "pubsub" | "activemq" | "rabbitmq" | "serviceBus" => "queue",
        other => other,
    }
}

fn http_api(context: &Context<'_, '_>) -> Vec<Location> {
    let events = [context.events(&["http"]), context.uses.near("http-event")].concat();
    if context.role == Role::Function && !events.is_empty() {
        return events;
    }
    if context.role != Role::Service {
        return Vec::new();
    }
    let generated = context.uses.near("openapi-server");
    if !generated.is_empty() {
        return generated;
    }
    let (routes, places) = context.count(Count::Routes);
    let servers = context.uses.any(&["http-server", "graphql-server"]);
    let forwards = !proxy(context).is_empty();
    if servers.is_empty() || (forwards && routes < 3) {
        return Vec::new();
    }
    if routes >= 2 || (!context.uses.near("http-server").is_empty() && routes >= 1) {
        return [servers, places].concat();
    }
    Vec::new()
}

fn grpc_api(context: &Context<'_, '_>) -> Vec<Location> {
    if !serves(context) {
        return Vec::new();
    }
    let (services, places) = context.count(Count::GrpcServices);
    let servers = context.uses.all("grpc-server");
    if services == 0 || servers.is_empty() { Vec::new() } else { [servers, places].concat() }
}

fn crud(context: &Context<'_, '_>) -> Vec<Location> {
    let data = context.uses.any_near(&["sql", "document-db"]);
    let answers = !http_api(context).is_empty() || !grpc_api(context).is_empty();
    if !context.exchangeable_ends().is_empty() {
        return Vec::new();
    }
    // One file of many that asks a database is a corner of something else.
    let kinds = ["sql", "document-db"];
    let own_files = context.repository.files_below(&context.unit.root).take(CORNER_OF).count();
    let corner = own_files == CORNER_OF && context.uses.files(&kinds) < 3;
    if answers && !corner && storage_engine(context).is_empty() { data } else { Vec::new() }
}

/// So many files make a program big.
const CORNER_OF: usize = 150;

/// Names of things that forward.
const FORWARDERS: &[&str] =
    &["proxy", "gateway", "gw", "lb", "balancer", "loadbalancer", "ingress", "router", "edge", "relay", "auth"];

fn proxy(context: &Context<'_, '_>) -> Vec<Location> {
    if context.role != Role::Service {
        return Vec::new();
    }
    let mut core = context.uses.any_near(&["proxy-core"]);
    if !context.exchangeable_ends().is_empty() {
        core.clear();
    }
    // Carrying packets for others is a gateway's work; a client carries its own.
    if context.named(FORWARDERS) {
        core.extend(context.uses.all("tunnel"));
    }
    let forwards = context.uses.any_near(&["reverse-proxy"]);
    // One forwarding handler among many routes makes an API with a convenience.
    let (routes, _) = context.count(Count::Routes);
    let name = context.unit.name.to_ascii_lowercase();
    let named = context.named(FORWARDERS) || FORWARDERS.iter().any(|word| word.len() > 3 && name.ends_with(word));
    if forwards.is_empty() || named || routes < 3 { [forwards, core].concat() } else { core }
}

fn gateway(context: &Context<'_, '_>) -> Vec<Location> {
    let own = context.uses.near("api-gateway");
    if !own.is_empty() && context.role == Role::Service {
        return own;
    }
    if context.named(&["gateway", "gw", "apigateway"]) { proxy(context) } else { Vec::new() }
}

fn storage_engine(context: &Context<'_, '_>) -> Vec<Location> {
    if context.role != Role::Service && context.role != Role::Library {
        return Vec::new();
    }
    // Daemons of hosts keep their state in such engines, and are something else.
    if !context.uses.near("container-runtime").is_empty() {
        return Vec::new();
    }
    let words = [
        "storage",
        "mergeset",
        "lsm",
        "wal",
        "memtable",
        "sstable",
        "tsdb",
        "btree",
        "kvstore",
        "mvcc",
        "raftstore",
        "pagestore",
    ];
    let engine = context.packages_named(&words);
    let mapped = context.uses.all("mmap");
    let embedded = context.uses.any(&["embedded-storage", "search-index"]);
    let replicated = context.uses.all("consensus");
    if engine >= 2 && !mapped.is_empty() && context.opens_packages_named(&words) {
        return mapped;
    }
    let parts = engine_parts(context);
    if parts.len() >= 3 {
        return parts;
    }
    if !embedded.is_empty() && !replicated.is_empty() {
        return [embedded, replicated].concat();
    }
    // A store that is opened in a few files is used; one that a dozen files work on is what the service is made of.
    let made_of_it = context.uses.files(&["embedded-storage", "search-index"]) >= 12;
    if engine >= 1 || made_of_it { embedded } else { Vec::new() }
}

/// Files of a Rust crate that are called after the parts of a storage engine, one for each part.
fn engine_parts(context: &Context<'_, '_>) -> Vec<Location> {
    const PARTS: &[&str] = &[
        "btree",
        "lsm",
        "memtable",
        "sstable",
        "mvcc",
        "compaction",
        "page_cache",
        "block_cache",
        "layer_map",
        "write_ahead",
        "wal_storage",
        "raft_log",
    ];
    if context.unit.language != Language::Rust {
        return Vec::new();
    }
    let mut found = BTreeMap::new();
    for file in context.repository.files_below(&context.unit.root).filter(|file| file.scope == Scope::Shipped) {
        let Some(stem) = base(&file.path).strip_suffix(".rs") else { continue };
        if let Some(part) = PARTS.iter().find(|part| stem.contains(**part)) {
            found.entry(*part).or_insert_with(|| Location::of_file(&file.path));
        }
    }
    found.into_values().collect()
}

fn stream_pipeline(context: &Context<'_, '_>) -> Vec<Location> {
    let events = context.events(&["stream"]);
    if !events.is_empty() {
        return events;
    }
    if !matches!(context.role, Role::Service | Role::Job) {
        return Vec::new();
    }
    let engine = context.uses.any_near(&["stream-engine"]);
    if !engine.is_empty() {
        return engine;
    }
    let ends = context.exchangeable_ends();
    if !ends.is_empty() {
        return ends;
    }
    let (reads, writes) = (context.uses.any_near(&["queue-consumer"]), context.uses.any_near(&["queue-producer"]));
    if !reads.is_empty() && !writes.is_empty() {
        return [reads, writes].concat();
    }
    let words = [
        "ingest",
        "ingestion",
        "remotewrite",
        "protoparser",
        "pipeline",
        "pipelines",
        "streamaggr",
        "stream",
        "promscrape",
        "scrape",
        "forwarder",
    ];
    let named = context.named(&["forwarder", "shipper", "ingester", "ingest", "pipeline", "collector"]);
    if context.packages_named(&words) >= 2 || named {
        return vec![context.unit.at.clone()];
    }
    Vec::new()
}

fn queue_worker(context: &Context<'_, '_>) -> Vec<Location> {
    let events = context.events(&["queue"]);
    if !events.is_empty() {
        return events;
    }
    let carries = operator(context).is_empty() && context.exchangeable_ends().is_empty();
    if matches!(context.role, Role::Service | Role::Job) && carries {
        context.uses.any_near(&["queue-consumer", "workflow-worker"])
    } else {
        Vec::new()
    }
}

/// Where the unit works on pictures, sound or film: one file of a big program draws an icon.
fn media(context: &Context<'_, '_>) -> Vec<Location> {
    let kinds = ["media-codec", "image-codec"];
    let big = context.unit.closure.len() > 4;
    if big && context.uses.files(&kinds) < 2 { Vec::new() } else { context.own_if_tool(context.uses.any_near(&kinds)) }
}

fn codec(context: &Context<'_, '_>) -> Vec<Location> {
    let media = media(context);
    if !media.is_empty() {
        return media;
    }
    let words = ["codec", "codecs", "encoder", "decoder", "lexer", "parser"];
    if context.role == Role::Library && context.packages_named(&words) > 0 {
        context.uses.near("parser-kit")
    } else {
        Vec::new()
    }
}

fn operator(context: &Context<'_, '_>) -> Vec<Location> {
    if context.role != Role::Service {
        return Vec::new();
    }
    context.uses.all("k8s-controller")
}

fn node_agent(context: &Context<'_, '_>) -> Vec<Location> {
    if !matches!(context.role, Role::Service | Role::Job) {
        return Vec::new();
    }
    let sets = context.workload_kind("DaemonSet");
    let node = context.uses.any_near(&["container-runtime", "ebpf", "vmm"]);
    if !sets.is_empty() || !node.is_empty() {
        return [sets, node].concat();
    }
    Vec::new()
}

/// Words for what must not go wrong; each alone is enough when the unit's own code uses it.
const CRITICAL: &[&str] = &[
    "crypto-primitive",
    "key-store",
    "certificate-authority",
    "password-hash",
    "token-issue",
    "identity-server",
    "authorization",
    "waf",
    "payments",
    "blockchain",
];

fn security_critical(context: &Context<'_, '_>) -> Vec<Location> {
    // A command-line program touches keys in passing; only one that does little else is about them.
    if context.role == Role::Cli {
        let own = context.own_if_tool(context.uses.any_near(&["crypto-primitive", "key-store", "blockchain"]));
        return if own.len() >= 3 && context.unit.closure.len() <= 20 { own } else { Vec::new() };
    }
    let mut direct = context.uses.any_near(CRITICAL);
    if !context.exchangeable_ends().is_empty() {
        direct.clear();
    }
    if !direct.is_empty() {
        return direct;
    }
    // One such word is everywhere; three different ones are a business with money.
    let money = context.marked("money-type");
    if money.iter().map(|(detail, _)| detail).collect::<std::collections::BTreeSet<_>>().len() >= 3 {
        return money.into_iter().map(|(_, at)| at).collect();
    }
    // Who is called after it, and holds the code for it, lets people in or keeps them out.
    let name = context.unit.name.to_ascii_lowercase();
    let gate = ["auth", "authn", "authz", "oauth", "oidc", "sso", "iam"].iter().any(|word| name.ends_with(word));
    let code = ["jwt", "oidc", "oauth", "oauth2", "auth", "authn", "authz"];
    if gate && context.packages_named(&code) > 0 { vec![context.unit.at.clone()] } else { Vec::new() }
}

fn cpu_bound(context: &Context<'_, '_>) -> Vec<Location> {
    let mut computing = context.uses.any_near(&["numeric", "ml-inference"]);
    // In Go it is a library's business: a fast hash of somebody else.
    if context.unit.language == Language::Rust {
        computing.extend(context.uses.near("simd"));
    }
    let places = [context.own_if_tool(computing), media(context)].concat();
    // A statistic in one corner of a big program does not make it compute.
    let files: BTreeSet<_> = places.iter().map(|at| &at.path).collect();
    if files.len() >= 2 || context.unit.closure.len() <= 8 { places } else { Vec::new() }
}

fn io_bound(context: &Context<'_, '_>) -> Vec<Location> {
    if !matches!(context.role, Role::Service | Role::Job | Role::Function) {
        return Vec::new();
    }
    if !cpu_bound(context).is_empty() || !storage_engine(context).is_empty() {
        return Vec::new();
    }
    // What drives containers or devices on a host waits for the kernel, not for other services; controllers reconcile.
    let elsewhere = !context.uses.near("container-runtime").is_empty()
        && http_api(context).is_empty()
        && grpc_api(context).is_empty();
    if elsewhere || (!operator(context).is_empty() && proxy(context).is_empty()) {
        return Vec::new();
    }
    let waits = ["http-client", "grpc-client", "sql", "document-db", "kv-client", "object-storage", "search-client"];
    let mut places = context.uses.any_near(&waits);
    if operator(context).is_empty() {
        places.extend(context.uses.near("k8s-client"));
    }
    places
}

fn realtime(context: &Context<'_, '_>) -> Vec<Location> {
    let direct = context.own_if_tool(context.uses.any_near(&["audio-realtime", "game-loop", "market-data"]));
    let pinned = context.uses.near("realtime-scheduling");
    // A pinned thread alone is housekeeping; on a microcontroller one word for priorities of interrupts is enough.
    let scheduled = context.role == Role::Firmware || context.uses.near_symbols("realtime-scheduling") >= 2;
    if scheduled { [direct, pinned].concat() } else { direct }
}
