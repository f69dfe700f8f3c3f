//! Checks what only a whole policy tells: its templates, parameters that nothing uses, and whether it can ever match.

use std::ops::Range;

use crate::policy::unit;
use crate::policy::{Bound, Compare, Condition, Favors, Operand, Policy, Test};
use crate::signal::{Value, spec};
use crate::spanned::Reader;

/// Signals of which a service has at most one, so that two tests of one field must agree.
const SINGLE: &[&str] = &["language", "role", "size", "team", "spec", "toolchain", "repository"];

/// Checks what only the whole policy tells: its templates, unused parameters, and whether it can ever match.
pub fn sense(reader: &mut Reader, policy: &Policy, head: &Range<usize>) {
    template_names(reader, policy, head);
    unused_parameters(reader, policy, head);
    if matches!(policy.favors, Favors::Language(_)) && (policy.lowers.is_some() || policy.shapes.is_some()) {
        reader.wrong(head.clone(), "a policy that favours a language cannot lower others or shape advice", None);
    }
    if let Some((range, reason)) = impossible(policy, &policy.when) {
        reader.warn(range, format!("this policy can never match: {reason}"), None);
    }
}

/// The names in a template's braces, in order.
pub fn placeholders(template: &str) -> Vec<&str> {
    let mut rest = template;
    let mut names = Vec::new();
    while let Some(open) = rest.find('{') {
        let Some(length) = rest[open..].find('}') else { break };
        names.push(&rest[open + 1..open + length]);
        rest = &rest[open + length + 1..];
    }
    names
}

fn template_names(reader: &mut Reader, policy: &Policy, head: &Range<usize>) {
    let mut signals: Vec<&str> = Vec::new();
    policy.when.visit(true, &mut |test, positive| {
        if positive {
            signals.push(test.signal.name);
        }
    });
    for name in placeholders(&policy.message) {
        let known = match name.split_once('.') {
            Some((signal, field)) => {
                signals.contains(&signal)
                    && spec(signal).is_some_and(|spec| spec.fields.iter().any(|f| f.name == field))
            }
            None => matches!(name, "service" | "language" | "other") || policy.parameter(name).is_some(),
        };
        if !known {
            let hint =
                Some("{service}, {language}, {other}, {parameter}, or {signal.field} of a tested signal".to_owned());
            reader.wrong(head.clone(), format!("the message names `{{{name}}}`, which nothing gives"), hint);
        }
    }
}

fn unused_parameters(reader: &mut Reader, policy: &Policy, head: &Range<usize>) {
    let mut used: Vec<&str> = placeholders(&policy.message);
    policy.when.visit(true, &mut |test, _| {
        if let Operand::Parameter(name) = &test.at_least {
            used.push(name);
        }
        let bounds = test.fields.iter().flat_map(|field| &field.bounds);
        used.extend(bounds.filter_map(|bound| match bound {
            Bound::Compare(_, Operand::Parameter(name)) => Some(name.as_str()),
            _ => None,
        }));
    });
    for parameter in &policy.parameters {
        if !used.contains(&parameter.name.as_str()) {
            reader.warn(head.clone(), format!("the parameter `{}` is used nowhere", parameter.name), None);
        }
    }
}

/// Finds bounds that contradict each other, in one test or between tests that must all hold.
fn impossible(policy: &Policy, condition: &Condition) -> Option<(Range<usize>, String)> {
    match condition {
        Condition::Test(test) => test
            .fields
            .iter()
            .find_map(|field| contradiction(policy, &field.bounds).map(|reason| (test.range.clone(), reason))),
        Condition::All(parts) => {
            parts.iter().find_map(|part| impossible(policy, part)).or_else(|| clash(policy, parts))
        }
        Condition::Any(parts) => {
            let mut reasons = parts.iter().map(|part| impossible(policy, part));
            let first = reasons.next()??;
            reasons.all(|reason| reason.is_some()).then_some(first)
        }
        Condition::Not(_) => None,
    }
}

fn clash(policy: &Policy, parts: &[Condition]) -> Option<(Range<usize>, String)> {
    let mut tests: Vec<&Test> = Vec::new();
    let mut stack: Vec<&Condition> = parts.iter().collect();
    while let Some(part) = stack.pop() {
        match part {
            Condition::All(parts) => stack.extend(parts),
            Condition::Test(test) if SINGLE.contains(&test.signal.name) => tests.push(test),
            _ => {}
        }
    }
    for (index, test) in tests.iter().enumerate() {
        for other in &tests[index + 1..] {
            for field in &test.fields {
                let same = other
                    .fields
                    .iter()
                    .find(|f| test.signal.name == other.signal.name && f.field.name == field.field.name);
                let Some(same) = same else { continue };
                let bounds: Vec<Bound> = field.bounds.iter().chain(&same.bounds).cloned().collect();
                if let Some(reason) = contradiction(policy, &bounds) {
                    return Some((other.range.clone(), format!("{} {}: {reason}", test.signal.name, field.field.name)));
                }
            }
        }
    }
    None
}

fn contradiction(policy: &Policy, bounds: &[Bound]) -> Option<String> {
    for (index, bound) in bounds.iter().enumerate() {
        for other in &bounds[index + 1..] {
            let conflict = match (bound, other) {
                (Bound::OneOf(left), Bound::OneOf(right)) => !left.iter().any(|word| right.contains(word)),
                (Bound::Compare(left, left_value), Bound::Compare(right, right_value)) => {
                    let (left_value, right_value) = (policy.value(left_value)?, policy.value(right_value)?);
                    exclude(*left, left_value, *right, right_value) || exclude(*right, right_value, *left, left_value)
                }
                _ => false,
            };
            if conflict {
                return Some("its bounds exclude each other".to_owned());
            }
        }
    }
    None
}

/// Whether an upper bound (left) and a lower bound (right) leave nothing between them.
fn exclude(left: Compare, left_value: &Value, right: Compare, right_value: &Value) -> bool {
    let upper = matches!(left, Compare::Less | Compare::AtMost | Compare::Equal);
    let lower = matches!(right, Compare::More | Compare::AtLeast | Compare::Equal);
    let Some(order) = unit::compare(left_value, right_value) else { return false };
    let open = left == Compare::Less || right == Compare::More;
    upper && lower && (order.is_lt() || (order.is_eq() && open))
}
