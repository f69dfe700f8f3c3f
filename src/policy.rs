//! Policies: situations, the language that the documents favour in them, and how they are judged.
//!
//! A policy is a TOML file (`policies/<id>.toml`, or a user's own). [`raw`] reads its shape with spans, [`check`]
//! resolves names and types against [`crate::signal::SIGNALS`], [`eval`] asks it about the signals of one
//! service. A policy describes a situation whatever the language; a service of the other language in that
//! situation is *questioned*, one of the favoured language is *supported*. No policy sees source text.

pub mod builtin;
#[cfg(test)]
mod cases;
pub mod check;
pub mod eval;
pub mod manual;
pub mod raw;
pub mod sense;
pub mod story;
pub mod trial;
pub mod unit;

use std::ops::Range;
use std::sync::Arc;

use crate::finding::{Cite, Strength};
use crate::service::Language;
use crate::signal::{FieldSpec, SignalSpec, Value};

/// Everything that judges one run, in the order in which arguments are listed.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    /// Shared: nearly every run judges by most of them as they are shipped.
    pub policies: Vec<Arc<Policy>>,
}

impl PolicySet {
    pub fn get(&self, id: &str) -> Option<&Policy> {
        self.policies.iter().map(|policy| &**policy).find(|policy| policy.id == id)
    }

    /// Whether a context policy that shapes the advice in this way is at work.
    pub fn shapes(&self, shape: Shape) -> Option<&Policy> {
        let mut policies = self.policies.iter().map(|policy| &**policy);
        policies.find(|policy| policy.shapes == Some(shape) && policy.level != Level::Off)
    }
}

#[derive(Clone, Debug)]
pub struct Policy {
    pub id: String,
    pub title: String,
    pub scope: Scope,
    pub favors: Favors,
    pub strength: Strength,
    pub statement: String,
    pub why: String,
    pub fix: String,
    /// A template: `{service}`, `{language}`, `{signal.field}` of what matched, `{parameter}`.
    pub message: String,
    pub cites: Vec<Cite>,
    pub parameters: Vec<Parameter>,
    pub when: Condition,
    pub remedy: Remedy,
    pub lowers: Option<Lowers>,
    pub shapes: Option<Shape>,
    /// How findings of it are reported; set by the configuration.
    pub level: Level,
    /// The file it was read from and, for its own policies, whether it is the user's.
    pub path: Arc<str>,
    pub shipped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Service,
    Repository,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Favors {
    Language(Language),
    /// The documents disagree.
    Contested,
    /// Shapes other policies or the advice; flags nothing by itself.
    Context,
}

impl Favors {
    pub fn word(self) -> &'static str {
        match self {
            Favors::Language(language) => language.word(),
            Favors::Contested => "contested",
            Favors::Context => "context",
        }
    }
}

/// What its findings advise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Remedy {
    /// What its `fix` says.
    #[default]
    Own,
    /// Move the packages that hold the evidence, and keep the service.
    Split,
}

/// What a context policy does to other policies where it matches.
#[derive(Clone, Debug, PartialEq)]
pub struct Lowers {
    pub policies: Vec<String>,
    /// Ranks taken away; below `weak` nothing is left.
    pub by: u8,
    /// Only where they question the service.
    pub questions_only: bool,
}

/// How a context policy shapes the advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Upgrade the toolchain first.
    Upgrade,
    /// Split the hot path before changing a language.
    Split,
    /// State the cost.
    Cost,
}

/// The level at which a policy's findings are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// As the verdict says.
    #[default]
    Default,
    Off,
    Note,
    Warning,
    Error,
}

/// A named figure of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub value: Value,
    pub default: Value,
    pub about: String,
    /// The document the default comes from, if one gives it.
    pub document: Option<String>,
    pub min: Option<Value>,
    pub max: Option<Value>,
    /// Where it was set, if it was: `fitcheck.toml:12`.
    pub origin: Option<String>,
}

/// A condition over the signals of one service.
#[derive(Clone, Debug)]
pub enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// None of these holds.
    Not(Vec<Condition>),
    Test(Test),
}

/// Asks whether signals of one kind are there, with these fields.
#[derive(Clone, Debug)]
pub struct Test {
    pub signal: &'static SignalSpec,
    pub fields: Vec<FieldTest>,
    pub at_least: Operand,
    /// Counts the different values of this field instead of the signals.
    pub distinct: Option<&'static str>,
    /// What the evidence shows, for people: a template over the signal's fields.
    pub label: Option<String>,
    pub range: Range<usize>,
}

#[derive(Clone, Debug)]
pub struct FieldTest {
    pub field: &'static FieldSpec,
    /// Holds also where the signal does not say.
    pub or_absent: bool,
    pub bounds: Vec<Bound>,
}

#[derive(Clone, Debug)]
pub enum Bound {
    OneOf(Vec<String>),
    Compare(Compare, Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

impl Compare {
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Compare::Less => ordering.is_lt(),
            Compare::AtMost => ordering.is_le(),
            Compare::Equal => ordering.is_eq(),
            Compare::AtLeast => ordering.is_ge(),
            Compare::More => ordering.is_gt(),
        }
    }

    pub fn sign(self) -> &'static str {
        match self {
            Compare::Less => "<",
            Compare::AtMost => "<=",
            Compare::Equal => "=",
            Compare::AtLeast => ">=",
            Compare::More => ">",
        }
    }
}

#[derive(Clone, Debug)]
pub enum Operand {
    Literal(Value),
    Parameter(String),
}

impl Policy {
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// Days by which every age that it compares with is told from a greater one.
    pub fn age_days(&self) -> u32 {
        let mut most = 0.0_f64;
        self.when.visit(true, &mut |test, _| {
            let ages = test.fields.iter().filter(|field| field.field.name == "age-days");
            for bound in ages.flat_map(|field| &field.bounds) {
                if let Bound::Compare(_, operand) = bound
                    && let Some(Value::Number(days)) = self.value(operand)
                {
                    most = most.max(days + 1.0);
                }
            }
        });
        most as u32
    }

    /// The value behind an operand; the loader has checked that parameters exist.
    pub fn value<'a>(&'a self, operand: &'a Operand) -> Option<&'a Value> {
        match operand {
            Operand::Literal(value) => Some(value),
            Operand::Parameter(name) => self.parameter(name).map(|parameter| &parameter.value),
        }
    }
}

impl Condition {
    /// Calls `visit` for every test, telling whether it must hold (`true`) or must not.
    pub fn visit<'a>(&'a self, positive: bool, visit: &mut dyn FnMut(&'a Test, bool)) {
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().for_each(|part| part.visit(positive, visit));
            }
            Condition::Not(parts) => parts.iter().for_each(|part| part.visit(!positive, visit)),
            Condition::Test(test) => visit(test, positive),
        }
    }
}
