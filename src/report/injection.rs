//! No text of a repository changes what the reader of a report sees it made of.
//!
//! Every field of a report that holds text is set to a payload, and every format is written twice: with the payload,
//! and with a plain word in its place. A model of the format's reader takes both apart. What they are made of (tags
//! and attributes, rows and fields, commands, Markdown's elements, keys of JSON) must be the same: whatever the payload
//! says, it is only text. The same holds for what `history` prints, for a report about several repositories, and for
//! reports made from a facts document that somebody else wrote.

mod documents;

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::sample;
use super::{Context, Format, Page, Pages, Sources, Terminal};
use crate::finding::{Argument, Label, Report, Severity};
use crate::fleet;
use crate::service::{Declared, Evidenced, Owner, Service, Use};
use crate::signal::Value;
use crate::source::Location;

/// Says nothing to anybody.
const PLAIN: &str = "zq";

#[path = "../../tests/it/hostile/payloads.rs"]
mod payloads;

fn set(field: &mut String, text: &str) {
    text.clone_into(field);
}

fn place(location: &mut Location, text: &str) {
    location.path = text.into();
}

fn places<T>(list: &mut [Evidenced<T>], text: &str, value: impl Fn(&mut T)) {
    for item in list {
        value(&mut item.value);
        item.evidence.iter_mut().for_each(|location| place(location, text));
    }
}

fn labels(list: &mut [Label], text: &str) {
    for label in list {
        set(&mut label.text, text);
        place(&mut label.location, text);
    }
}

fn argument(argument: &mut Argument, text: &str) {
    set(&mut argument.policy, text);
    set(&mut argument.statement, text);
    argument.lowered_by = Some(text.to_owned());
    labels(&mut argument.labels, text);
    for cite in &mut argument.cites {
        set(&mut cite.document, text);
        set(&mut cite.at, text);
    }
}

fn service(service: &mut Service, text: &str) {
    let here = || Location::of_file(text);
    let shown = |value: &str| vec![Evidenced { value: value.to_owned(), evidence: vec![here()] }];
    set(&mut service.name, text);
    // Never the name: whether a directory is shown beside it must not depend on what it holds.
    service.root = format!("{text}/directory").into();
    service.role_because = vec![(text.to_owned(), here())];
    service.binaries = vec![text.to_owned()];
    service.packages = vec![text.into()];
    service.traits = shown(text);
    service.deploy = shown(text);
    service.checks = shown(text);
    service.contracts = shown(text);
    let used = Use { capability: text.to_owned(), symbol: text.to_owned() };
    service.uses = vec![Evidenced { value: used, evidence: vec![here()] }];
    service.marks = vec![Evidenced { value: (text.to_owned(), text.to_owned()), evidence: vec![here()] }];
    places(&mut service.ffi, text, |ffi| {
        set(&mut ffi.mechanism, text);
        ffi.consumers = vec![text.to_owned()];
    });
    places(&mut service.tuning, text, |tuning| {
        set(&mut tuning.what, text);
        tuning.value = Some(text.to_owned());
    });
    places(&mut service.latency, text, |_| ());
    places(&mut service.timeouts, text, |_| ());
    places(&mut service.memory, text, |_| ());
    service.toolchain.go = Some((text.to_owned(), here()));
    service.toolchain.edition = Some((text.to_owned(), here()));
    service.toolchain.msrv = Some((text.to_owned(), here()));
    service.declared = vec![Declared { key: text.to_owned(), value: Value::Word(text.to_owned()), location: here() }];
    service.owner = Some(Owner { team: text.to_owned(), at: here(), declared: true });
    service.locations_mut().into_iter().for_each(|location| place(location, text));
}

/// The sample with `text` wherever a repository, a policy or a configuration could put one.
fn poisoned(text: &str) -> Report {
    let mut report = sample::report();
    for judged in &mut report.services {
        service(&mut judged.service, text);
        set(&mut judged.reasoning, text);
        judged.arguments.iter_mut().for_each(|one| argument(one, text));
        for list in [&mut judged.questions, &mut judged.supports, &mut judged.counterfactuals] {
            list.iter_mut().for_each(|item| set(item, text));
        }
        judged.unknown = vec![(text.to_owned(), text.to_owned())];
    }
    for finding in &mut report.findings {
        set(&mut finding.policy, text);
        set(&mut finding.message, text);
        set(&mut finding.advice.text, text);
        if let Some((root, _)) = &mut finding.service {
            *root = text.into();
        }
        set(&mut finding.fingerprint, text);
        finding.former = vec![(text.to_owned(), text.to_owned())];
        if let Some(cost) = &mut finding.advice.cost {
            set(&mut cost.basis, text);
            set(&mut cost.document, text);
        }
        labels(&mut finding.labels, text);
        for cite in &mut finding.cites {
            set(&mut cite.document, text);
            set(&mut cite.at, text);
        }
    }
    for problem in &mut report.skipped {
        problem.path = text.into();
        set(&mut problem.reason, text);
    }
    places(&mut report.unbound, text, |_| ());
    report.revision = Some(text.to_owned());
    report.history.remedy = Some(text.to_owned());
    if let Some(comparison) = &mut report.comparison {
        set(&mut comparison.base, text);
        for change in &mut comparison.changes {
            set(&mut change.name, text);
            set(&mut change.why, text);
            change.root = text.into();
            labels(&mut change.because, text);
        }
        for gone in &mut comparison.resolved {
            set(&mut gone.policy, text);
            set(&mut gone.name, text);
            set(&mut gone.message, text);
            gone.root = text.into();
        }
    }
    report
}

/// Source lines that hold the text, for excerpts.
struct Lines(String);

impl Sources for Lines {
    fn read(&self, _path: &str) -> Option<String> {
        Some(format!("{}\n", self.0.replace(['\n', '\r'], " ")).repeat(12))
    }
}

/// The same as a report about repositories of such a name.
fn fleet(text: &str) -> Report {
    fleet::merge(vec![(text.to_owned(), poisoned(text)), (format!("{text} too"), poisoned(text))])
}

fn written(format: &Format, text: &str) -> Vec<u8> {
    write(format, &poisoned(text), text)
}

fn write(format: &Format, report: &Report, text: &str) -> Vec<u8> {
    let page = Page {
        id: text.to_owned(),
        title: text.to_owned(),
        severity: Severity::Warning,
        markdown: format!("# {PLAIN}\n"),
        url: None,
    };
    let sources = Lines(text.to_owned());
    let terminal = Terminal { width: 100, ..Terminal::default() };
    let context = Context { sources: &sources, policies: Pages::new(|| vec![page]), all: true, verbosity: 1, terminal };
    let mut bytes = Vec::new();
    format.write(report, &context, &mut bytes).unwrap();
    bytes
}

/// What a reader takes the bytes to be made of.
fn parts(format: &str, bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).expect("because every format is UTF-8");
    // JSON says what the repository says; its readers show it in their own way.
    let is_data = matches!(format, "json" | "history json" | "ndjson" | "sarif" | "gitlab");
    let through =
        text.chars().find(|c| if is_data { c.is_ascii_control() && *c < ' ' && *c != '\n' } else { is_deceptive(*c) });
    assert_eq!(through, None, "{format} lets it through");
    match format {
        "human" | "history" | "github" => text.lines().filter_map(command).collect(),
        "json" | "history json" | "sarif" | "gitlab" => keys(&serde_json::from_str(text).expect("because it is JSON")),
        "ndjson" => {
            text.lines().flat_map(|line| keys(&serde_json::from_str(line).expect("because it is JSON"))).collect()
        }
        "junit" | "html" => tags(text),
        "csv" => rows(text),
        "summary" | "comment" | "markdown" => elements(text),
        "outputs" => text.lines().map(|line| line.split('=').next().unwrap_or("").to_owned()).collect(),
        other => panic!("no model reads {other}"),
    }
}

fn is_deceptive(c: char) -> bool {
    let unseen = ['\u{ad}', '\u{61c}', '\u{180e}', '\u{feff}'];
    // A word joiner is ours: it breaks mentions and addresses.
    let ranges = ['\u{200b}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2061}'..='\u{206f}', '\u{fff9}'..='\u{fffb}'];
    (c.is_control() && !matches!(c, '\n' | '\r'))
        || unseen.contains(&c)
        || ranges.iter().any(|range| range.contains(&c))
        || ('\u{e0000}'..='\u{e007f}').contains(&c)
}

/// A workflow command as the runner reads it: its name and the names of its properties.
fn command(line: &str) -> Option<String> {
    assert!(!line.contains("##["), "the old form of a command: {line}");
    let rest = line.trim_start().strip_prefix("::")?;
    let (head, _) = rest.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let names = properties.split(',').map(|pair| pair.split('=').next().unwrap_or(""));
    Some(format!("{name} {}", names.collect::<Vec<_>>().join(" ")))
}

fn keys(value: &serde_json::Value) -> Vec<String> {
    match value {
        serde_json::Value::Object(map) => {
            map.iter().flat_map(|(key, value)| [vec![format!("{key}:")], keys(value)].concat()).collect()
        }
        serde_json::Value::Array(items) => {
            items.iter().flat_map(|item| [vec!["-".to_owned()], keys(item)].concat()).collect()
        }
        serde_json::Value::String(_) => vec!["text".to_owned()],
        _ => vec!["value".to_owned()],
    }
}

/// Tags with the names of their attributes; what stands between them must hold no raw markup.
fn tags(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->").expect("because comments end").1;
            found.push("comment".to_owned());
            continue;
        }
        let (tag, after) = tag(rest);
        rest = after;
        // What a browser does not take apart, up to its end.
        for raw in ["script", "style"] {
            if tag.starts_with(raw) {
                rest = &rest[rest.find(&format!("</{raw}")).expect("because it ends")..];
            }
        }
        // Code spans are text of ours or theirs that is shown as code.
        if tag != "code" && tag != "/code" {
            found.push(tag);
        }
    }
    found
}

/// One tag as a tokenizer reads it, and what stands behind it.
fn tag(text: &str) -> (String, &str) {
    let mut names = String::new();
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return (names.split_whitespace().collect::<Vec<_>>().join(" "), &text[at + 1..]),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '=') => names.push(' '),
            (None, c) => names.push(c),
            _ => {}
        }
    }
    panic!("an open tag: {}", &text[..text.len().min(80)]);
}

/// The number of fields of each row, by the rules of the format; no field begins a formula.
fn rows(text: &str) -> Vec<String> {
    let (mut rows, mut fields, mut field, mut quoted) = (Vec::new(), 0, String::new(), false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' | '\n' if !quoted => {
                assert!(!field.trim_start().starts_with(['=', '+', '-', '@', '\t']), "a formula: {field}");
                field.clear();
                fields += 1;
                if c == '\n' {
                    rows.push(fields.to_string());
                    fields = 0;
                }
            }
            '\r' => {}
            c => field.push(c),
        }
    }
    rows
}

/// Markdown's elements without text and code; text must hold nothing that a code host turns into a link or mention.
fn elements(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut in_code, mut shown) = (false, String::new());
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Text(text) if !in_code => shown.push_str(&text),
            Event::Code(_) => shown.push(' '),
            Event::Text(_) | Event::SoftBreak => {}
            Event::Start(Tag::CodeBlock(kind)) => {
                in_code = true;
                found.push(format!("code block {kind:?}"));
            }
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => in_code = false,
            Event::Html(html) | Event::InlineHtml(html) => found.extend(tags(&html)),
            Event::Start(tag) => found.push(format!("{tag:?}").split(['(', '{', ' ']).next().unwrap_or("").to_owned()),
            Event::End(_) => {
                shown.push(' ');
            }
            other => found.push(format!("{other:?}")),
        }
    }
    let acted_on = |sign: char, next: fn(&char) -> bool| {
        shown.match_indices(sign).any(|(at, _)| shown[at + 1..].chars().next().is_some_and(|c| next(&c)))
    };
    assert!(!acted_on('@', char::is_ascii_alphanumeric), "a mention: {shown}");
    assert!(!acted_on('#', char::is_ascii_digit), "an issue: {shown}");
    for address in ["http://", "https://", "www."] {
        let own = shown.matches(address).count() - shown.matches("https://github.com/").count();
        assert!(own == 0 || address == "https://", "an address: {shown}");
    }
    found
}

/// Payloads as they are, in the middle of text, doubled, after what opens something, and in a word that no line holds.
fn all_payloads() -> Vec<String> {
    let forms: [fn(&str) -> String; 4] =
        [str::to_owned, |text| format!("a {text} b"), |text| format!("{text}{text}"), |text| format!("`{text}\"")];
    let broken = ["::", "a::", "##[", "a##[b", "@a", "#1,"].map(|text| text.repeat(90));
    payloads::PAYLOADS.iter().flat_map(|payload| forms.iter().map(move |form| form(payload))).chain(broken).collect()
}

/// What got through of each payload, where a writer's output is taken apart as `name`.
fn got_through(name: &str, payloads: &[String], write: &dyn Fn(&str) -> Vec<u8>) -> Vec<String> {
    let plain = parts(name, &write(PLAIN));
    let wrong = payloads.iter().filter_map(|payload| {
        let bytes = write(payload);
        let Ok(parts) = std::panic::catch_unwind(|| parts(name, &bytes)) else {
            return Some(format!("{name} {payload:?}: see above"));
        };
        let at = parts.iter().zip(&plain).position(|(one, other)| one != other);
        let at = at.unwrap_or(parts.len().min(plain.len()));
        (parts != plain).then(|| format!("{name} {payload:?}: {:?} instead of {:?}", parts.get(at), plain.get(at)))
    });
    wrong.collect()
}

fn nothing_got_through(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} got through:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_payload_in_any_field_is_more_than_text() {
    let payloads = all_payloads();
    assert!(payloads.len() >= 200, "{}", payloads.len());
    let wrong: Vec<String> = Format::ALL
        .iter()
        .flat_map(|format| got_through(format.name, &payloads, &|text| written(format, text)))
        .collect();
    nothing_got_through(&wrong);
}

#[test]
fn no_name_of_a_repository_is_more_than_text() {
    // Each payload in one of its forms: the fields are those of a report about one.
    let payloads: Vec<String> = all_payloads().into_iter().step_by(5).collect();
    let wrong: Vec<String> = Format::ALL
        .iter()
        .flat_map(|format| got_through(format.name, &payloads, &|text| write(format, &fleet(text), text)))
        .collect();
    nothing_got_through(&wrong);
}

#[test]
fn json_gives_every_payload_back() {
    for payload in all_payloads() {
        for name in ["json", "gitlab"] {
            let format = Format::named(name).unwrap();
            let value: serde_json::Value = serde_json::from_slice(&written(&format, &payload)).unwrap();
            assert!(name != "json" || value["services"][0]["name"] == payload.as_str(), "{payload:?}");
        }
    }
}

/// Findings of a report that is too large for every place it is sent to; `FITCHECK_FINDINGS` asks for more.
#[test]
fn what_is_sent_stays_within_what_is_taken() {
    let count = std::env::var("FITCHECK_FINDINGS").ok().and_then(|count| count.parse().ok()).unwrap_or(12_000);
    let mut report = sample::report();
    let one = report.findings[0].clone();
    report.findings =
        (0..count).map(|n| crate::finding::Finding { fingerprint: format!("{n:016x}"), ..one.clone() }).collect();
    for format in Format::ALL {
        let mut bytes = Vec::new();
        format.write(&report, &sample::context(), &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        match format.name {
            "summary" => assert!(text.len() < 1 << 20, "{} bytes", text.len()),
            "comment" => assert!(text.chars().count() < 65_536, "{}", text.chars().count()),
            "github" => {
                let count = |word: &str| text.lines().filter(|line| line.starts_with(word)).count();
                assert!(count("::error") <= 10 && count("::warning") <= 10 && count("::notice") <= 10);
            }
            "sarif" => {
                let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert!(value["runs"].as_array().unwrap().len() <= 20);
                let results = value["runs"][0]["results"].as_array().unwrap();
                assert!(results.len() <= 25_000, "{}", results.len());
                // Ten million bytes after compression: text like this shrinks to a tenth at worst.
                assert!(text.len() < 100_000_000, "{} bytes", text.len());
            }
            "json" | "gitlab" => drop(serde_json::from_str::<serde_json::Value>(&text).unwrap()),
            _ => {}
        }
    }
}
