//! The facts document: everything known before judgement, to be judged later, elsewhere, or beside other repositories.
//!
//! In: what a scan gathered, and the configuration it was made by. Out: one JSON document with a version, and from such
//! a document the same report that the scan would have led to. It holds places and words of the vocabulary, numbers
//! about people, and the configuration as it is written; no line of source.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::{CheckError, Gathered, Options, configured};
use crate::config::apply::apply;
use crate::config::inline::{self, Accepted};
use crate::config::is_fatal;
use crate::config::load::{Loaded, load, load_from, load_services};
use crate::config::shelf::Kept;
use crate::finding::{HistorySummary, Report, Stats};
use crate::problem::Problem;
use crate::report::Sources;
use crate::service::{Evidenced, Latency, Service};
use crate::signal::of_service::signals;
use crate::source::Location;

/// Adding a key is allowed; renaming, dropping or giving one another meaning is a new version.
pub const FACTS_VERSION: u32 = 1;

/// What `fitcheck facts` writes.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "fitcheck facts")]
pub struct Facts {
    pub facts_version: u32,
    pub tool: Tool,
    /// What the repository is called in a report about several.
    pub repository: String,
    /// The commit analysed, in hexadecimal, where there is one.
    pub revision: Option<String>,
    pub history: HistorySummary,
    /// Tools as well: they are listed, and not judged.
    pub services: Vec<Service>,
    /// Latency figures that are about none of the services.
    pub unbound: Vec<Evidenced<Latency>>,
    pub configuration: Configuration,
    /// Places at which a comment in the code accepts a policy's finding.
    pub accepted: Vec<Accepted>,
    /// Every input that was seen and not, or not fully, read, and why.
    pub skipped: Vec<Problem>,
    /// The only part that may differ between two runs on the same input.
    pub stats: Stats,
}

/// The program that gathered the facts.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

/// The configuration in force, as far as judging needs it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Configuration {
    /// The file that it begins with; null where nothing is configured.
    pub entry: Option<String>,
    /// Directories of services with a file of their own.
    pub services: Vec<String>,
    /// Text of each file, by path.
    pub files: BTreeMap<String, String>,
    /// Text of the baseline.
    pub baseline: Option<String>,
}

/// A document that cannot be judged: whoever wrote it is at fault, or its version is not ours.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    #[error("it is no facts document: {0}")]
    Shape(serde_json::Error),
    #[error(
        "its facts are of version {0}, and this fitcheck knows version {FACTS_VERSION}: use the fitcheck that wrote them, or a newer one"
    )]
    Version(u32),
}

impl Facts {
    /// Puts the document together.
    pub fn new(gathered: Gathered, loaded: &Loaded, options: &Options, sources: &dyn Sources) -> Facts {
        let baseline = loaded.config.baseline.as_ref().and_then(|path| configured::baseline(options, path).ok());
        let places: Vec<Location> = gathered.services.iter().flat_map(places).collect();
        Facts {
            facts_version: FACTS_VERSION,
            tool: Tool { name: "fitcheck".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            repository: String::new(),
            revision: gathered.revision,
            history: gathered.history,
            configuration: Configuration {
                entry: loaded.entry.clone(),
                services: loaded.laid.clone(),
                files: loaded.texts.iter().cloned().collect(),
                baseline,
            },
            accepted: inline::accepted(sources, &places),
            services: gathered.services,
            unbound: gathered.unbound,
            skipped: gathered.skipped,
            stats: gathered.stats,
        }
    }

    /// Reads a document; the version is looked at first, so that a newer one is named as such.
    pub fn read(text: &str) -> Result<Facts, FactsError> {
        #[derive(Deserialize)]
        struct Versioned {
            facts_version: u32,
        }
        let found: Versioned = serde_json::from_str(text).map_err(FactsError::Shape)?;
        if found.facts_version != FACTS_VERSION {
            return Err(FactsError::Version(found.facts_version));
        }
        serde_json::from_str(text).map_err(FactsError::Shape)
    }

    /// Writes the document; the same facts give the same bytes.
    pub fn write(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("because strings and finite numbers serialise");
        text.push('\n');
        text
    }

    /// The configuration to judge by: a given file, or the repository's own as it was.
    pub fn configuration(&self, given: Option<&Path>) -> Result<Loaded, CheckError> {
        let loaded = match given {
            Some(path) => load(Path::new("."), Some(path)),
            None => self.own_configuration(),
        };
        if is_fatal(&loaded.mistakes) { Err(CheckError::Configuration(Box::new(loaded))) } else { Ok(loaded) }
    }

    fn own_configuration(&self) -> Loaded {
        let shelf = Kept(self.configuration.files.clone());
        let mut loaded = load_from(&shelf, self.configuration.entry.as_deref());
        load_services(&mut loaded, &shelf, self.configuration.services.iter().map(String::as_str));
        loaded
    }

    /// Judges the facts. By the repository's own configuration the report is the one that the scan would have made.
    pub fn judge(&self, loaded: &Loaded, is_own: bool, exceptions: bool) -> Report {
        let mut gathered = Gathered {
            services: self.services.clone(),
            unbound: self.unbound.clone(),
            revision: self.revision.clone(),
            history: self.history.clone(),
            skipped: self.skipped.clone(),
            stats: self.stats.clone(),
            comments: Vec::new(),
        };
        let most_days = loaded.config.age_days().max(self.history.window_days.saturating_mul(2));
        gathered.services.iter_mut().for_each(|service| service.tell_ages_up_to(most_days));
        if !is_own {
            // What the repository declares of itself is among the facts; another configuration adds to it.
            let unmatched = apply(&loaded.config, &mut gathered.services);
            // A configuration for many repositories speaks of services that this one need not have.
            drop(unmatched);
        }
        let baseline = |_: &str| match (is_own, &self.configuration.baseline) {
            (true, Some(text)) => Ok(text.clone()),
            _ => Err("it is not part of the facts".to_owned()),
        };
        let mut report = configured::judged(gathered, loaded, exceptions, &baseline);
        if exceptions {
            inline::settle_accepted(&self.accepted, &mut report.findings);
        }
        report
    }
}

/// Every place that a finding about the service can point at.
fn places(service: &Service) -> Vec<Location> {
    let seen = signals(service).into_iter().flat_map(|signal| signal.evidence);
    let role = service.role_because.iter().map(|(_, location)| location.clone());
    seen.chain(role).collect()
}

/// Returns the JSON Schema of what [`Facts::write`] writes.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Facts).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn document() -> Facts {
        let services: Vec<Service> = sample::report().services.into_iter().map(|judged| judged.service).collect();
        let gathered = Gathered {
            services,
            unbound: Vec::new(),
            revision: None,
            history: HistorySummary::default(),
            skipped: sample::report().skipped,
            stats: Stats::default(),
            comments: Vec::new(),
        };
        let options = Options::new(".");
        Facts::new(gathered, &Loaded::default(), &options, &crate::report::NoSources)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut facts = document();
        // Awkward numbers come back to the last bit: thresholds are compared with them.
        facts.services[0].latency[0].value.limit_us = 0.1 + 0.2;
        facts.services[0].timeouts[0].value = 123_456.789_012_345_67;
        let again = Facts::read(&facts.write()).unwrap();
        assert_eq!(format!("{again:?}"), format!("{facts:?}"));
        assert_eq!(again.write(), facts.write());
    }

    #[test]
    fn another_version_is_named_and_anything_else_refused() {
        let newer = document().write().replacen("\"facts_version\": 1", "\"facts_version\": 7", 1);
        assert!(matches!(Facts::read(&newer), Err(FactsError::Version(7))));
        for text in ["", "{}", "[]", "null", "{\"facts_version\": 1}", &"[".repeat(100_000)] {
            assert!(matches!(Facts::read(text), Err(FactsError::Shape(_))), "{text:.20}");
        }
        let more = document().write().replacen("\"facts_version\": 1", "\"facts_version\": 1, \"later\": [1]", 1);
        assert!(Facts::read(&more).is_ok(), "a key that a later version added is no mistake");
    }

    #[test]
    fn output_is_valid_by_the_published_schema() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/facts-v1.json");
        let current = format!("{:#}\n", schema());
        if std::env::var_os("FITCHECK_BLESS").is_some() {
            std::fs::write(&path, &current).unwrap();
        }
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(published == current, "docs/schema/facts-v1.json is not current: run with FITCHECK_BLESS=1");
        let validator = jsonschema::validator_for(&serde_json::from_str(&published).unwrap()).unwrap();
        let written = serde_json::from_str(&document().write()).unwrap();
        let errors: Vec<String> = validator.iter_errors(&written).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}
