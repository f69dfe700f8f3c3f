//! Checks one test of a policy: names and types against the signals there are.

use std::ops::Range;

use crate::policy::sense::placeholders;
use crate::policy::unit;
use crate::policy::{Bound, Compare, FieldTest, Operand, Parameter, Test};
use crate::signal::{FieldSpec, SIGNALS, SignalSpec, Value, ValueType, spec};
use crate::spanned::{Item, Node, Reader, Table, nearest};

/// Keys of a test that are no field names.
const TEST_KEYS: &[&str] = &["signal", "at-least", "distinct", "label"];

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
