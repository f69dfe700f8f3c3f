//! One policy file: from TOML with spans to a [`Policy`], with every mistake in it.

use std::ops::Range;

use crate::finding::{Cite, Lean, Strength};
use crate::policy::unit;
use crate::policy::{Condition, Favors, Level, Lowers, Parameter, Policy, Remedy, Scope, Shape};
use crate::policy::{check, sense};
use crate::service::Language;
use crate::signal::Value;
use crate::spanned::{Item, Mistake, Node, Reader, Table};

const KEYS: &[&str] = &[
    "id",
    "title",
    "scope",
    "favors",
    "strength",
    "statement",
    "why",
    "fix",
    "message",
    "cites",
    "parameters",
    "when",
    "lowers",
    "remedy",
    "shapes",
];

/// Reads one policy; `None` where mistakes leave nothing to judge with. The mistakes say everything at once.
pub fn read(path: &str, text: &str, shipped: bool) -> (Option<Policy>, Vec<Mistake>) {
    let (reader, document) = Reader::parse(path, text);
    read_tree(reader, text, &document, shipped)
}

/// The same for a file that is parsed already.
pub fn read_tree(mut reader: Reader, text: &str, document: &Item, shipped: bool) -> (Option<Policy>, Vec<Mistake>) {
    let Node::Table(table) = &document.node else { return (None, reader.mistakes) };
    // Mistakes about what is missing point at the first line: the whole file would be no help.
    let head = 0..text.find('\n').unwrap_or(text.len());
    let policy = policy(&mut reader, table, &head, shipped);
    if let Some(policy) = &policy {
        sense::sense(&mut reader, policy, &head);
    }
    let sound = reader.mistakes.iter().all(|mistake| mistake.warning);
    (policy.filter(|_| sound), reader.mistakes)
}

fn policy(reader: &mut Reader, table: &Table, head: &Range<usize>, shipped: bool) -> Option<Policy> {
    reader.only_keys(table, KEYS);
    let id = reader.required(table, head, "id").map(|(id, range)| {
        if !is_id(id) {
            reader.wrong(range, format!("`{id}` is no id"), Some("small letters, digits and `-`".to_owned()));
        }
        id.to_owned()
    });
    let mut prose = |key: &str| reader.required(table, head, key).map(|(text, _)| text.trim().to_owned());
    let (title, statement, why) = (prose("title"), prose("statement"), prose("why"));
    let (fix, message) = (prose("fix"), prose("message"));
    let favors = favors(reader, table, head);
    let strength = strength(reader, table, head);
    let scope = scope(reader, table);
    let cites = cites(reader, table, head);
    let parameters = parameters(reader, table);
    let when = when(reader, table, head, &parameters);
    let remedy = remedy(reader, table);
    let lowers = lowers(reader, table);
    let shapes = shapes(reader, table);
    Some(Policy {
        id: id?,
        title: title?,
        scope,
        favors: favors?,
        strength: strength?,
        statement: statement?,
        why: why?,
        fix: fix?,
        message: message?,
        cites,
        parameters,
        when: when?,
        remedy,
        lowers,
        shapes,
        level: Level::Default,
        path: reader.path.clone(),
        shipped,
    })
}

pub(crate) fn is_id(id: &str) -> bool {
    id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn favors(reader: &mut Reader, table: &Table, head: &Range<usize>) -> Option<Favors> {
    let (word, range) = reader.required(table, head, "favors")?;
    reader.one_of("direction", word, &range, &["rust", "go", "contested", "context"]);
    match word {
        "rust" => Some(Favors::Language(Language::Rust)),
        "go" => Some(Favors::Language(Language::Go)),
        "contested" => Some(Favors::Contested),
        "context" => Some(Favors::Context),
        _ => None,
    }
}

fn strength(reader: &mut Reader, table: &Table, head: &Range<usize>) -> Option<Strength> {
    let (word, range) = reader.required(table, head, "strength")?;
    reader.one_of("strength", word, &range, &["decisive", "strong", "weak"]);
    strength_word(word)
}

/// Reads the word for a strength.
pub fn strength_word(word: &str) -> Option<Strength> {
    match word {
        "decisive" => Some(Strength::Decisive),
        "strong" => Some(Strength::Strong),
        "weak" => Some(Strength::Weak),
        _ => None,
    }
}

fn scope(reader: &mut Reader, table: &Table) -> Scope {
    let Some((word, range)) = reader.text(table, "scope") else { return Scope::Service };
    reader.one_of("scope", word, &range, &["service", "repository"]);
    if word == "repository" { Scope::Repository } else { Scope::Service }
}

fn shapes(reader: &mut Reader, table: &Table) -> Option<Shape> {
    let (word, range) = reader.text(table, "shapes")?;
    reader.one_of("shape of advice", word, &range, &["upgrade", "split", "cost"]);
    match word {
        "upgrade" => Some(Shape::Upgrade),
        "split" => Some(Shape::Split),
        "cost" => Some(Shape::Cost),
        _ => None,
    }
}

fn remedy(reader: &mut Reader, table: &Table) -> Remedy {
    let Some((word, range)) = reader.text(table, "remedy") else { return Remedy::Own };
    reader.one_of("remedy", word, &range, &["own", "split"]);
    if word == "split" { Remedy::Split } else { Remedy::Own }
}

fn lowers(reader: &mut Reader, table: &Table) -> Option<Lowers> {
    let (lowers, range) = reader.table(table, "lowers")?;
    reader.only_keys(lowers, &["policies", "by", "questions-only"]);
    let policies = match lowers.get("policies") {
        Some(item) => reader.texts(item, "policies").into_iter().map(|(id, _)| id).collect(),
        None => {
            reader.wrong(range, "missing key `policies`", None);
            Vec::new()
        }
    };
    let by = reader.number(lowers, "by").map_or(1.0, |(by, _)| by).clamp(1.0, 3.0) as u8;
    let questions_only = reader.flag(lowers, "questions-only").unwrap_or(false);
    Some(Lowers { policies, by, questions_only })
}

fn cites(reader: &mut Reader, table: &Table, head: &Range<usize>) -> Vec<Cite> {
    let Some((list, range)) = reader.list(table, "cites") else {
        if table.get("cites").is_none() {
            let hint = Some("each policy says whose argument it is: [[cites]] document, leans, at".to_owned());
            reader.wrong(head.clone(), "missing `cites`", hint);
        }
        return Vec::new();
    };
    if list.is_empty() {
        reader.wrong(range, "`cites` is empty", None);
    }
    list.iter().filter_map(|item| cite(reader, item)).collect()
}

fn cite(reader: &mut Reader, item: &Item) -> Option<Cite> {
    let table = reader.as_table(item, "cites")?;
    reader.only_keys(table, &["document", "leans", "at"]);
    let (document, _) = reader.required(table, &item.range, "document")?;
    let (leans, range) = reader.required(table, &item.range, "leans")?;
    let (at, _) = reader.required(table, &item.range, "at")?;
    reader.one_of("leaning", leans, &range, &["rust", "go", "tie"]);
    let leans = match leans {
        "rust" => Lean::Rust,
        "go" => Lean::Go,
        _ => Lean::Tie,
    };
    Some(Cite { document: document.to_owned(), leans, at: at.to_owned() })
}

fn parameters(reader: &mut Reader, table: &Table) -> Vec<Parameter> {
    let Some((parameters, _)) = reader.table(table, "parameters") else { return Vec::new() };
    parameters.entries.iter().filter_map(|entry| parameter(reader, &entry.key, &entry.item)).collect()
}

fn parameter(reader: &mut Reader, name: &str, item: &Item) -> Option<Parameter> {
    let table = reader.as_table(item, name)?;
    reader.only_keys(table, &["default", "about", "document", "min", "max"]);
    let Some(default_item) = table.get("default") else {
        reader.wrong(item.range.clone(), "missing key `default`", None);
        return None;
    };
    let default = value(reader, default_item, name)?;
    let (about, _) = reader.required(table, &item.range, "about")?;
    let document = reader.text(table, "document").map(|(document, _)| document.to_owned());
    let min = table.get("min").and_then(|item| value(reader, item, "min"));
    let max = table.get("max").and_then(|item| value(reader, item, "max"));
    let parameter = Parameter {
        name: name.to_owned(),
        value: default.clone(),
        default,
        about: about.to_owned(),
        document,
        min,
        max,
        origin: None,
    };
    if let Err(reason) = in_range(&parameter, &parameter.default) {
        reader.wrong(default_item.range.clone(), reason, None);
    }
    Some(parameter)
}

/// Says why a value is none for this parameter.
pub fn in_range(parameter: &Parameter, value: &Value) -> Result<(), String> {
    let name = &parameter.name;
    if unit::type_of(value) != unit::type_of(&parameter.default) {
        return Err(format!("`{name}` must be {}", unit::expected(unit::type_of(&parameter.default))));
    }
    let below = parameter.min.as_ref().is_some_and(|min| unit::compare(value, min).is_none_or(|order| order.is_lt()));
    let above = parameter.max.as_ref().is_some_and(|max| unit::compare(value, max).is_none_or(|order| order.is_gt()));
    if below || above {
        let show = |bound: &Option<Value>, none: &str| bound.as_ref().map_or(none.to_owned(), unit::show);
        let (min, max) = (show(&parameter.min, "anything"), show(&parameter.max, "anything"));
        return Err(format!("`{name}` is out of range: {} is not between {min} and {max}", unit::show(value)));
    }
    Ok(())
}

/// Reads a parameter's value; its unit tells the type.
pub fn value(reader: &mut Reader, item: &Item, what: &str) -> Option<Value> {
    match &item.node {
        Node::Number(number) => Some(Value::Number(*number)),
        Node::Flag(flag) => Some(Value::Flag(*flag)),
        Node::Text(text) => check::guess(text).or_else(|| {
            let hint = Some("units: ns, us, ms, s, min, h; B, kB, MB, GB, KiB, MiB, GiB; %".to_owned());
            reader.wrong(item.range.clone(), format!("`{what}`: `{text}` is no value with a known unit"), hint);
            None
        }),
        other => {
            reader.wrong(item.range.clone(), format!("`{what}` must be a value, not {}", other.kind()), None);
            None
        }
    }
}

fn when(reader: &mut Reader, table: &Table, head: &Range<usize>, parameters: &[Parameter]) -> Option<Condition> {
    let Some(item) = table.get("when") else {
        reader.wrong(head.clone(), "missing `when`", Some("[when] with `all`, `any` or `none`".to_owned()));
        return None;
    };
    let when = reader.as_table(item, "when")?;
    // A table header's own span is its first line at best; the mistakes inside have spans of their own.
    group(reader, when, &item.range, parameters)
}

/// Reads `all`, `any` and `none` lists; several of them in one table must all hold.
fn group(reader: &mut Reader, table: &Table, range: &Range<usize>, parameters: &[Parameter]) -> Option<Condition> {
    reader.only_keys(table, &["all", "any", "none"]);
    let mut parts = Vec::new();
    for key in ["all", "any", "none"] {
        let Some((list, list_range)) = reader.list(table, key) else { continue };
        if list.is_empty() {
            reader.wrong(list_range, format!("`{key}` is empty: it would say nothing"), None);
            continue;
        }
        let conditions: Vec<Condition> = list.iter().filter_map(|item| condition(reader, item, parameters)).collect();
        parts.push(match key {
            "all" => Condition::All(conditions),
            "any" => Condition::Any(conditions),
            _ => Condition::Not(conditions),
        });
    }
    if parts.is_empty() {
        if table.entries.is_empty() {
            reader.wrong(range.clone(), "a condition with nothing in it", None);
        }
        return None;
    }
    Some(if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) })
}

fn condition(reader: &mut Reader, item: &Item, parameters: &[Parameter]) -> Option<Condition> {
    let table = reader.as_table(item, "condition")?;
    if table.get("signal").is_some() {
        return check::test(reader, table, &item.range, parameters).map(Condition::Test);
    }
    if !["all", "any", "none"].iter().any(|key| table.get(key).is_some()) {
        let hint = Some("{ signal = \"…\", … } or { all = […] }, { any = […] }, { none = […] }".to_owned());
        reader.wrong(item.range.clone(), "a condition needs `signal`, `all`, `any` or `none`", hint);
        return None;
    }
    group(reader, table, &item.range, parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
id = "budget"
title = "A budget"
favors = "rust"
strength = "strong"
statement = "s"
why = "w"
fix = "f"
message = "`{service}` promises {latency.limit}, border {budget}"
[[cites]]
document = "000"
leans = "rust"
at = "case 1"
[parameters.budget]
default = "1ms"
about = "the border"
min = "1us"
max = "1s"
[when]
all = [{ signal = "latency", limit = "<= $budget", source = ["slo"], at-least = 1, label = "{limit}" }]
none = [{ any = [{ signal = "role", name = "cli" }] }]
"#;

    #[test]
    fn a_good_policy_has_no_mistakes() {
        let (policy, mistakes) = read("p.toml", GOOD, false);
        assert_eq!(mistakes, Vec::new());
        assert_eq!(policy.map(|policy| policy.parameters.len()), Some(1));
    }

    /// Each row breaks the good policy once: what is replaced, by what, the message, the text the span covers.
    #[test]
    fn each_mistake_has_its_place_and_its_reason() {
        let cases = [
            ("title = ", "titel = ", "unknown key `titel`", "titel"),
            ("favors = \"rust\"", "favors = \"rsut\"", "unknown direction `rsut`", "\"rsut\""),
            ("strength = \"strong\"", "strength = 3", "`strength` must be a string, not a number", "3"),
            ("signal = \"latency\"", "signal = \"latancy\"", "unknown signal `latancy`", "\"latancy\""),
            ("limit = \"<=", "limt = \"<=", "unknown key `limt`", "limt"),
            ("source = [\"slo\"]", "source = [\"sol\"]", "unknown source `sol`", "\"sol\""),
            ("\"<= $budget\"", "\"<= 3 parsec\"", "`limit`: `3 parsec` is not a duration", "\"<= 3 parsec\""),
            ("\"<= $budget\"", "\"<= $bugdet\"", "unknown parameter `$bugdet`", "\"<= $bugdet\""),
            ("\"<= $budget\"", "7", "`limit` must be compared with a duration", "7"),
            ("default = \"1ms\"", "default = \"2s\"", "`budget` is out of range", "\"2s\""),
            ("default = \"1ms\"", "default = \"1mss\"", "`budget`: `1mss` is no value", "\"1mss\""),
            ("at-least = 1", "at-least = 0", "`at-least` must be a whole number", "0"),
            ("[{ any = [{ signal = \"role\", name = \"cli\" }] }]", "[]", "`none` is empty", "[]"),
            (
                "{ any = [{ signal = \"role\", name = \"cli\" }] }",
                "{ name = \"cli\" }",
                "a condition needs `signal`",
                "{ name",
            ),
            ("leans = \"rust\"", "leans = \"zig\"", "unknown leaning `zig`", "\"zig\""),
            ("{latency.limit}", "{memory.bytes}", "the message names `{memory.bytes}`", ""),
            ("label = \"{limit}\"", "label = \"{limti}\"", "`{limti}` is no field of the signal", "\"{limti}\""),
            ("id = \"budget\"", "id = \"Bud get\"", "`Bud get` is no id", "\"Bud get\""),
        ];
        for (from, to, message, covers) in cases {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            let (policy, mistakes) = read("p.toml", &text, false);
            assert!(policy.is_none(), "{to}");
            let found = mistakes.iter().find(|mistake| mistake.message.starts_with(message));
            let found = found.unwrap_or_else(|| panic!("{to}: {mistakes:#?}"));
            assert!(text[found.range()].starts_with(covers), "{to}: covers `{}`", &text[found.range()]);
        }
    }

    #[test]
    fn all_mistakes_come_at_once() {
        let text = GOOD.replacen("favors = \"rust\"", "favors = \"x\"", 1).replacen("[[cites]]", "[[sites]]", 1);
        let text = text.replacen("name = \"cli\"", "name = \"clii\"", 1);
        let (_, mistakes) = read("p.toml", &text, false);
        let messages: Vec<&str> = mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
        for wanted in ["unknown direction", "unknown key `sites`", "missing `cites`", "unknown name `clii`"] {
            assert!(messages.iter().any(|message| message.starts_with(wanted)), "{wanted}: {messages:?}");
        }
    }

    #[test]
    fn what_can_never_match_is_a_warning() {
        for (from, to) in [
            ("\"<= $budget\"", "\"< $budget, > 2ms\""),
            ("all = [", "all = [{ signal = \"role\", name = \"job\" }, { signal = \"role\", name = \"cli\" }, "),
            ("all = [", "all = [{ signal = \"size\", lines = \"> 5\" }, { signal = \"size\", lines = \"<= 5\" }, "),
        ] {
            let (policy, mistakes) = read("p.toml", &GOOD.replacen(from, to, 1), false);
            assert!(policy.is_some(), "{mistakes:?}");
            assert!(mistakes.iter().any(|m| m.warning && m.message.contains("never match")), "{to}: {mistakes:?}");
        }
        // Two signals of one kind can differ where a service may have several.
        let two = "all = [{ signal = \"trait\", name = \"crud\" }, { signal = \"trait\", name = \"proxy\" }, ";
        assert_eq!(read("p.toml", &GOOD.replacen("all = [", two, 1), false).1, Vec::new());
    }

    #[test]
    fn no_text_makes_it_panic() {
        for end in 0..GOOD.len() {
            if GOOD.is_char_boundary(end) {
                let _ = read("p.toml", &GOOD[..end], false);
            }
        }
    }
}
