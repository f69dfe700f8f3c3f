//! What the user decided, in `fitcheck.toml`: from TOML with spans to a [`Config`].

use std::borrow::Cow;

use crate::policy::{PolicySet, builtin};
use crate::service::Service;

/// The effective configuration of one run.
#[derive(Clone, Debug)]
pub struct Config {
    /// The policies that judge, with levels and parameters as set for the whole repository.
    pub policies: PolicySet,
}

impl Default for Config {
    fn default() -> Config {
        Config { policies: builtin::shipped() }
    }
}

impl Config {
    /// The policies as they apply to one service.
    pub fn policies_for(&self, _service: &Service) -> Cow<'_, PolicySet> {
        Cow::Borrowed(&self.policies)
    }
}
