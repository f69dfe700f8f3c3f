//! The sense of a policy: names and types of its tests against the signals there are, and whether it can match.

use std::ops::Range;

use crate::policy::unit;
use crate::policy::{Bound, Compare, Condition, Favors, FieldTest, Operand, Parameter, Policy, Test};
use crate::signal::{FieldSpec, SIGNALS, SignalSpec, Value, ValueType, spec};
use crate::spanned::{Item, Node, Reader, Table, nearest};

/// Keys of a test that are no field names.
const TEST_KEYS: &[&str] = &["signal", "at-least", "distinct", "label"];

/// Signals of which a service has at most one, so that two tests of one field must agree.
const SINGLE: &[&str] = &["language", "role", "size", "team", "spec", "toolchain", "repository"];

/// Reads a value whose unit tells its type: `1ms`, `64MiB`, `99%`, `1.24`.
pub fn guess(text: &str) -> Option<Value> {
    let percent = text.trim_end().ends_with('%').then_some(ValueType::Percent);
    percent
        .into_iter()
        .chain([ValueType::Duration, ValueType::Bytes, ValueType::Version])
        .find_map(|wanted| unit::read(text, wanted).ok())
}

/// Reads `{ signal = "…", field = …, at-least = 2, distinct = "field", label = "…" }`.
pub fn test(reader: &mut Reader, table: &Table, range: &Range<usize>, parameters: &[Parameter]) -> Option<Test> {
    let (name, name_range) = reader.text(table, "signal")?;
    let Some(signal) = spec(name) else {
        let names: Vec<&str> = SIGNALS.iter().map(|signal| signal.name).collect();
        reader.one_of("signal", name, &name_range, &names);
        return None;
    };
    let known: Vec<&str> = signal.fields.iter().map(|field| field.name).chain(TEST_KEYS.iter().copied()).collect();
    reader.only_keys(table, &known);
    let mut fields = Vec::new();
    for field in signal.fields {
        if let Some(item) = table.get(field.name) {
            fields.extend(field_test(reader, field, item, parameters));
        }
    }
    let at_least = at_least(reader, table, parameters);
    let distinct = distinct(reader, table, signal);
    let label = reader.text(table, "label").map(|(label, range)| {
        label_names(reader, label, &range, signal);
        label.to_owned()
    });
    Some(Test { signal, fields, at_least, distinct, label, range: range.clone() })
}

/// Reads a count: a whole number, or a parameter that holds one.
fn at_least(reader: &mut Reader, table: &Table, parameters: &[Parameter]) -> Operand {
    let one = Operand::Literal(Value::Number(1.0));
    let Some(item) = table.get("at-least") else { return one };
    let name = match &item.node {
        Node::Number(count) if *count >= 1.0 && count.fract() == 0.0 => {
            return Operand::Literal(Value::Number(*count));
        }
        Node::Text(text) => text.strip_prefix('$').unwrap_or_default(),
        _ => "",
    };
    let known = parameters.iter().find(|parameter| parameter.name == name);
    if known.is_some_and(|parameter| matches!(parameter.default, Value::Number(_))) {
        return Operand::Parameter(name.to_owned());
    }
    reader.wrong(item.range.clone(), "`at-least` must be a whole number, 1 or more, or a parameter that is one", None);
    one
}

fn distinct(reader: &mut Reader, table: &Table, signal: &'static SignalSpec) -> Option<&'static str> {
    let (name, range) = reader.text(table, "distinct")?;
    let names: Vec<&str> = signal.fields.iter().map(|field| field.name).collect();
    reader.one_of("field", name, &range, &names);
    names.into_iter().find(|field| *field == name)
}

fn label_names(reader: &mut Reader, label: &str, range: &Range<usize>, signal: &SignalSpec) {
    for name in placeholders(label) {
        if !signal.fields.iter().any(|field| field.name == name) {
            reader.wrong(range.clone(), format!("`{{{name}}}` is no field of the signal `{}`", signal.name), None);
        }
    }
}

fn field_test(
    reader: &mut Reader,
    field: &'static FieldSpec,
    item: &Item,
    parameters: &[Parameter],
) -> Option<FieldTest> {
    match (field.value, &item.node) {
        (ValueType::Word, _) => {
            let words = reader.texts(item, field.name);
            if words.is_empty() && matches!(item.node, Node::List(_)) {
                reader.wrong(item.range.clone(), format!("`{}` names no word: it can never hold", field.name), None);
            }
            if !field.words.is_empty() {
                words.iter().for_each(|(word, range)| {
                    reader.one_of(field.name, word, range, field.words);
                });
            }
            let words = words.into_iter().map(|(word, _)| word).collect();
            Some(FieldTest { field, or_absent: false, bounds: vec![Bound::OneOf(words)] })
        }
        (ValueType::Flag, Node::Flag(flag)) => Some(equal(field, Value::Flag(*flag))),
        (ValueType::Number, Node::Number(number)) => Some(equal(field, Value::Number(*number))),
        (ValueType::Flag, _)
        | (_, Node::List(_) | Node::Table(_) | Node::Date(_) | Node::Flag(_) | Node::Number(_)) => {
            let message = format!("`{}` must be compared with {}", field.name, unit::expected(field.value));
            let hint = (field.value != ValueType::Flag).then(|| format!("for example `{} = \">= …\"`", field.name));
            reader.wrong(item.range.clone(), message, hint);
            None
        }
        (_, Node::Text(text)) => comparisons(reader, field, text, &item.range, parameters),
    }
}

fn equal(field: &'static FieldSpec, value: Value) -> FieldTest {
    let bounds = vec![Bound::Compare(Compare::Equal, Operand::Literal(value))];
    FieldTest { field, or_absent: false, bounds }
}

/// Reads `">= 1ms, < $budget or absent"`.
fn comparisons(
    reader: &mut Reader,
    field: &'static FieldSpec,
    text: &str,
    range: &Range<usize>,
    parameters: &[Parameter],
) -> Option<FieldTest> {
    let (text, or_absent) = text.strip_suffix(" or absent").map_or((text, false), |text| (text, true));
    let mut bounds = Vec::new();
    for part in text.split(',') {
        let (compare, operand) = operator(part.trim())?;
        bounds.push(Bound::Compare(compare, self::operand(reader, field, operand, range, parameters)?));
    }
    Some(FieldTest { field, or_absent, bounds })
}

fn operator(text: &str) -> Option<(Compare, &str)> {
    let signs = [
        ("<=", Compare::AtMost),
        (">=", Compare::AtLeast),
        ("==", Compare::Equal),
        ("<", Compare::Less),
        (">", Compare::More),
        ("=", Compare::Equal),
    ];
    let found = signs.iter().find_map(|(sign, compare)| text.strip_prefix(sign).map(|rest| (*compare, rest.trim())));
    Some(found.unwrap_or((Compare::Equal, text)))
}

fn operand(
    reader: &mut Reader,
    field: &FieldSpec,
    text: &str,
    range: &Range<usize>,
    parameters: &[Parameter],
) -> Option<Operand> {
    let Some(name) = text.strip_prefix('$') else {
        return match unit::read(text, field.value) {
            Ok(value) => Some(Operand::Literal(value)),
            Err(expected) => {
                reader.wrong(range.clone(), format!("`{}`: `{text}` is not {expected}", field.name), None);
                None
            }
        };
    };
    let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
        let hint = nearest(name, parameters.iter().map(|parameter| parameter.name.as_str()))
            .map(|near| format!("did you mean `${near}`?"));
        reader.wrong(range.clone(), format!("unknown parameter `${name}`"), hint);
        return None;
    };
    if unit::type_of(&parameter.default) != field.value {
        let message =
            format!("`{}` must be compared with {}, and `${name}` is none", field.name, unit::expected(field.value));
        reader.wrong(range.clone(), message, None);
        return None;
    }
    Some(Operand::Parameter(name.to_owned()))
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
