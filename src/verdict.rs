//! From arguments to a verdict: one procedure, and one line that says how it went.
//!
//! A service of the other language in a policy's situation is *questioned* by it, one of the favoured language
//! *supported*. With the strongest question Q and the strongest support S (decisive > strong > weak):
//!
//! 1. Q outranks S and is more than weak: **questioned**.
//! 2. Q and S are level: **contested**.
//! 3. S outranks Q: **fits**, also when S is weak and nothing speaks against it.
//! 4. A weak question alone is not enough: **unjudged**.
//! 5. Nothing speaks at all: **unjudged**.
//!
//! Where the documents disagree on the criterion itself (a contested one matched), weak arguments decide nothing:
//! **contested**, unless something stronger than weak outranks the other side.
//!
//! Context policies have lowered what they apply to before; they are named in the line.

use crate::finding::{Argument, Strength, Verdict};
use crate::service::Language;

/// A verdict with its reasoning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub verdict: Verdict,
    pub reasoning: String,
    /// Ids, strongest first.
    pub questions: Vec<String>,
    pub supports: Vec<String>,
}

/// Decides over the arguments about a service of `language`; they come strongest first.
pub fn decide<'a>(arguments: impl Iterator<Item = &'a Argument>, language: Language) -> Decision {
    let arguments: Vec<&Argument> = arguments.collect();
    let speaking = |favored: Language| -> Vec<&Argument> {
        arguments.iter().copied().filter(|argument| argument.favors == Some(favored)).collect()
    };
    let (questions, supports) = (speaking(language.other()), speaking(language));
    let disputed: Vec<&Argument> = arguments.iter().copied().filter(|argument| argument.contested).collect();
    let strongest = |list: &[&Argument]| list.iter().map(|argument| argument.strength).max();
    let verdict = verdict(strongest(&questions), strongest(&supports), !disputed.is_empty());
    let reasoning = reasoning(verdict, &questions, &supports, &disputed, &arguments);
    let ids = |list: &[&Argument]| list.iter().map(|argument| argument.policy.clone()).collect();
    Decision { verdict, reasoning, questions: ids(&questions), supports: ids(&supports) }
}

fn verdict(question: Option<Strength>, support: Option<Strength>, disputed: bool) -> Verdict {
    use Strength::{Decisive, Strong, Weak};
    if disputed {
        return match (question, support) {
            (Some(question), support) if question > Weak && Some(question) > support => Verdict::Questioned,
            (question, Some(support)) if support > Weak && question < Some(support) => Verdict::Fits,
            _ => Verdict::Contested,
        };
    }
    match (question, support) {
        (None, None) | (Some(Weak), None) => Verdict::Unjudged,
        (Some(Strong | Decisive), None) => Verdict::Questioned,
        (None, Some(_)) => Verdict::Fits,
        (Some(question), Some(support)) => match question.cmp(&support) {
            std::cmp::Ordering::Greater => Verdict::Questioned,
            std::cmp::Ordering::Equal => Verdict::Contested,
            std::cmp::Ordering::Less => Verdict::Fits,
        },
    }
}

fn reasoning(
    verdict: Verdict,
    questions: &[&Argument],
    supports: &[&Argument],
    disputed: &[&Argument],
    all: &[&Argument],
) -> String {
    let against = questions.first().map(|argument| named(argument));
    let favorable = supports.first().map(|argument| named(argument));
    let dispute = disputed.first().map(|argument| argument.policy.as_str());
    let mut line = match (verdict, against, favorable) {
        (Verdict::Questioned, Some(against), Some(favorable)) => format!("{against} outranks {favorable}"),
        (Verdict::Questioned, Some(against), None) => format!("{against}, and nothing speaks for it"),
        (Verdict::Fits, Some(against), Some(favorable)) => format!("{favorable} outranks {against}"),
        (Verdict::Fits, None, Some(favorable)) => format!("{favorable}, and nothing speaks against it"),
        (Verdict::Contested, against, favorable) => contested(against, favorable, dispute),
        (Verdict::Unjudged, Some(against), _) => format!("{against} alone is not enough to question it"),
        _ => "no policy speaks for or against it".to_owned(),
    };
    if verdict != Verdict::Contested
        && let Some(dispute) = dispute
    {
        line.push_str(&format!("; the documents disagree on {dispute}"));
    }
    let mut lowered: Vec<String> =
        all.iter().filter_map(|a| a.lowered_by.as_ref().map(|by| format!("{by} lowers {}", a.policy))).collect();
    lowered.dedup();
    for lowering in lowered {
        line.push_str("; ");
        line.push_str(&lowering);
    }
    line
}

fn contested(against: Option<String>, favorable: Option<String>, dispute: Option<&str>) -> String {
    match (against, favorable, dispute) {
        (Some(against), Some(favorable), None) => format!("{against} and {favorable} are level"),
        (against, favorable, Some(dispute)) => {
            let sides: Vec<String> =
                [against.map(|a| format!("{a} against it")), favorable.map(|f| format!("{f} for it"))]
                    .into_iter()
                    .flatten()
                    .collect();
            let sides = if sides.is_empty() { String::new() } else { format!(", with {}", sides.join(" and ")) };
            format!("the documents disagree on {dispute}{sides}")
        }
        _ => "arguments are level".to_owned(),
    }
}

fn named(argument: &Argument) -> String {
    let strength = match argument.strength {
        Strength::Decisive => "decisive",
        Strength::Strong => "strong",
        Strength::Weak => "weak",
    };
    format!("{} ({strength})", argument.policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Strength::{Decisive, Strong, Weak};

    #[test]
    fn the_procedure_is_a_table() {
        let cases = [
            (None, None, false, Verdict::Unjudged),
            (Some(Weak), None, false, Verdict::Unjudged),
            (Some(Strong), None, false, Verdict::Questioned),
            (Some(Decisive), Some(Strong), false, Verdict::Questioned),
            (Some(Strong), Some(Weak), false, Verdict::Questioned),
            (Some(Strong), Some(Strong), false, Verdict::Contested),
            (Some(Weak), Some(Weak), false, Verdict::Contested),
            (Some(Weak), Some(Strong), false, Verdict::Fits),
            (None, Some(Weak), false, Verdict::Fits),
            (None, None, true, Verdict::Contested),
            (None, Some(Weak), true, Verdict::Contested),
            (None, Some(Strong), true, Verdict::Fits),
            (Some(Strong), None, true, Verdict::Questioned),
            (Some(Weak), None, true, Verdict::Contested),
            (Some(Strong), Some(Strong), true, Verdict::Contested),
            (Some(Weak), Some(Strong), true, Verdict::Fits),
            (Some(Decisive), None, true, Verdict::Questioned),
            (Some(Decisive), Some(Decisive), true, Verdict::Contested),
        ];
        for (question, support, disputed, expected) in cases {
            assert_eq!(verdict(question, support, disputed), expected, "{question:?} {support:?} {disputed}");
        }
    }

    #[test]
    fn the_line_names_both_sides() {
        let argument = |policy: &str, favors, strength| Argument {
            policy: policy.to_owned(),
            favors: Some(favors),
            contested: false,
            strength,
            lowered_by: None,
            statement: String::new(),
            labels: Vec::new(),
            cites: Vec::new(),
        };
        let arguments = [argument("tail-latency", Language::Rust, Strong), argument("boring-glue", Language::Go, Weak)];
        let decision = decide(arguments.iter(), Language::Go);
        assert_eq!(decision.verdict, Verdict::Questioned);
        assert_eq!(decision.reasoning, "tail-latency (strong) outranks boring-glue (weak)");
        assert_eq!((decision.questions.len(), decision.supports.len()), (1, 1));
    }
}
