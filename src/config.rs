//! What the user decided, in `fitcheck.toml`: from TOML with spans to an effective [`Config`].
//!
//! A root file, the files it extends and one in a service's directory are *layers*: [`layer`] reads one,
//! [`load`] finds and merges them, `resolve` sets levels and parameters of policies. [`apply`] brings declared
//! facts to services, [`allow`] and [`baseline`] settle findings, [`print`](mod@print) shows what is in force
//! and where each value comes from. A mistake anywhere stops the run: nothing is judged by half a configuration.

pub mod allow;
pub mod apply;
mod archive;
pub mod baseline;
pub mod inline;
pub mod layer;
pub mod load;
pub(crate) mod place;
pub mod print;
mod resolve;
pub mod shelf;
pub mod vendored;

use std::borrow::Cow;

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::extract::Extractor;
use crate::finding::Severity;
use crate::history::AGE_DAYS;
use crate::limits;
use crate::pattern;
use crate::policy::{PolicySet, builtin};
use crate::report::Format;
use crate::service::Service;
use crate::spanned::{Mistake, Reader};

pub use archive::entries as files_of_archive;
use layer::{Allow, PolicySetting, ServiceRule};

/// The name of a configuration file.
pub const FILE: &str = "fitcheck.toml";

/// The effective configuration of one run.
#[derive(Clone, Debug)]
pub struct Config {
    /// The policies that judge, with levels and parameters as set for the whole repository.
    pub policies: PolicySet,
    /// Globs of what is scanned, and of what is not; empty: everything.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Length of the history window.
    pub window_days: Option<u32>,
    /// Names and addresses of programs whose commits count for nobody, beside those that are known.
    pub bots: Vec<String>,
    /// Files of services in one commit above which it is an import; `None`: the default.
    pub bulk_files: Option<u32>,
    /// What is written to standard output; `None`: the command line or the default decides.
    pub format: Option<Format>,
    /// `None`: the command line or the default decides.
    pub fail_on: Option<Severity>,
    /// Whether ages are told whatever the policies ask for: who judges later may ask for more.
    pub all_ages: bool,
    /// What was set in `[limits]`, in order.
    pub limits: Vec<limits::Setting>,
    /// Path of the baseline file, relative to the root.
    pub baseline: Option<String>,
    pub services: Vec<ServiceRule>,
    pub allows: Vec<Allow>,
    /// What adds facts from the team's own conventions.
    pub extractors: Vec<Extractor>,
    /// Settings of policies for some paths alone, in order.
    narrowed: Vec<PolicySetting>,
    /// Every value that a file set: key, value, `file:line`.
    pub origins: Vec<Origin>,
}

/// A value that was set, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub key: String,
    pub value: String,
    /// `fitcheck.toml:12`.
    pub place: String,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            policies: builtin::shipped(),
            include: Vec::new(),
            exclude: Vec::new(),
            window_days: None,
            bots: Vec::new(),
            bulk_files: None,
            all_ages: false,
            format: None,
            fail_on: None,
            limits: Vec::new(),
            baseline: None,
            services: Vec::new(),
            allows: Vec::new(),
            extractors: Vec::new(),
            narrowed: Vec::new(),
            origins: Vec::new(),
        }
    }
}

impl Config {
    /// The policies as they apply to one service.
    pub fn policies_for(&self, service: &Service) -> Cow<'_, PolicySet> {
        let mine: Vec<&PolicySetting> =
            self.narrowed.iter().filter(|setting| matches_path(&setting.paths, &service.root)).collect();
        if mine.is_empty() {
            return Cow::Borrowed(&self.policies);
        }
        let mut set = self.policies.clone();
        for setting in mine {
            // Checked when the configuration was loaded, so that nothing is left to report.
            let mut reader = Reader { path: setting.file.clone(), mistakes: Vec::new() };
            resolve::set(&mut reader, &mut set, setting);
        }
        Cow::Owned(set)
    }

    /// Days up to which ages are told: those that policies compare with are told from greater ones.
    pub fn age_days(&self) -> u32 {
        let most = |set: &PolicySet| set.policies.iter().map(|policy| policy.age_days()).max().unwrap_or(0);
        let narrowed = self.narrowed.iter().map(|setting| {
            let mut set = self.policies.clone();
            let mut reader = Reader { path: setting.file.clone(), mistakes: Vec::new() };
            resolve::set(&mut reader, &mut set, setting);
            most(&set)
        });
        narrowed.fold(most(&self.policies), u32::max).max(AGE_DAYS)
    }
}

/// Whether a service's root, or a path, is meant by one of the globs; a directory means all below it.
pub(crate) fn matches_path(globs: &[String], path: &str) -> bool {
    globs.iter().any(|glob| {
        let under = path.strip_prefix(glob.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        under || glob == "." && path == "." || glob_set(std::slice::from_ref(glob)).is_ok_and(|set| set.is_match(path))
    })
}

/// Compiles globs; `build` returns errors where `compile_matcher` panics.
pub fn glob_set(globs: &[String]) -> Result<GlobSet, String> {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        if !pattern::is_bounded(glob.as_bytes()) {
            return Err("it is too long or nested too deeply".into());
        }
        builder.add(Glob::new(glob).map_err(|error| error.kind().to_string())?);
    }
    builder.build().map_err(|error| error.kind().to_string())
}

/// Whether mistakes stop the run.
pub fn is_fatal(mistakes: &[Mistake]) -> bool {
    mistakes.iter().any(|mistake| !mistake.warning)
}
