//! Applies extractors to one text.
//!
//! In: the extractors whose globs meant the file, and its text. Out: facts with their places, and flaws where a find
//! had no value that its signal can take: what a team asked for is never dropped in silence.

use std::ops::Range;

use super::fact::kind;
use super::{Extractor, Find, From, Given, Of, Unit};
use crate::detect::Facts;
use crate::fact::Binding;
use crate::parse::config;
use crate::parse::jsonpath::Datum;
use crate::parse::{Kind, go};
use crate::policy::unit;
use crate::signal::{FieldSpec, Value, ValueType};
use crate::source::Text;

/// Finds of one extractor in one file; more add nothing that a person would read.
const FINDS: usize = 1000;
/// Lines longer than this are no text that people write.
const LINE: usize = 10_000;

/// Runs extractors over one text.
pub fn run(extractors: &[&Extractor], text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    let documents = documents(extractors, text, facts);
    for extractor in extractors {
        let mut finder = Finder { extractor, text, facts, found: 0 };
        match &extractor.find {
            Find::JsonPath(path) => {
                for document in &documents {
                    let (found, whole) = path.find(document);
                    finder.seen(whole, document.range.clone());
                    found.into_iter().for_each(|datum| finder.take(&Hit::Datum(datum)));
                }
            }
            Find::Regex(regex) => finder.lines(regex),
            Find::GoQuery(query) => finder.go(query),
        }
    }
}

/// The documents of a configuration file, where an extractor asks for them.
fn documents(extractors: &[&Extractor], text: &Text<'_>, facts: &mut Facts<'_, '_>) -> Vec<Datum> {
    if !extractors.iter().any(|extractor| matches!(extractor.find, Find::JsonPath(_))) {
        return Vec::new();
    }
    // A name that says nothing may still be one of these: YAML reads JSON too.
    let kind = Kind::of(text.path).filter(|kind| is_tree(*kind)).unwrap_or(Kind::Yaml);
    let Some((view, flaws)) = config::view(kind, text) else { return Vec::new() };
    // Its own reader has told of these already.
    if Kind::of(text.path) != Some(kind) {
        facts.flaws.extend(flaws);
    }
    let mut documents = Vec::new();
    for node in &view.documents {
        match Datum::of(node) {
            Some(document) => documents.push(document),
            None => facts.flaw(node.range.clone(), "too large for a JSONPath: not looked at by extractors"),
        }
    }
    documents
}

fn is_tree(kind: Kind) -> bool {
    matches!(kind, Kind::Yaml | Kind::Json | Kind::Toml | Kind::CargoToml | Kind::CargoConfig)
}

/// Something that was found.
enum Hit<'a> {
    Datum(&'a Datum),
    /// Its named parts, and all of it.
    Parts(Vec<(String, Range<usize>)>, Range<usize>),
}

struct Finder<'a, 'f, 't, 's> {
    extractor: &'a Extractor,
    text: &'a Text<'a>,
    facts: &'f mut Facts<'t, 's>,
    found: usize,
}

impl Finder<'_, '_, '_, '_> {
    fn lines(&mut self, regex: &regex::Regex) {
        let mut start = 0;
        for line in self.text.text.split_inclusive('\n') {
            let from = start;
            start += line.len();
            let line = line.trim_end_matches(['\n', '\r']);
            if line.len() > LINE {
                self.flaw(from..from + LINE, "a line is too long for a pattern".to_owned());
                continue;
            }
            for found in regex.captures_iter(line) {
                let place = |part: regex::Match<'_>| from + part.start()..from + part.end();
                let named = regex.capture_names().flatten();
                let parts = named.filter_map(|name| Some((name.to_owned(), place(found.name(name)?)))).collect();
                let whole = found.get(0).map_or(from..from, place);
                self.take(&Hit::Parts(parts, whole));
            }
        }
    }

    fn go(&mut self, query: &go::query::Query) {
        let (found, whole) = query.find(self.text.text, FINDS + 1);
        self.seen(whole, 0..0);
        for captures in found {
            let start = captures.iter().map(|(_, range)| range.start).min().unwrap_or(0);
            let end = captures.iter().map(|(_, range)| range.end).max().unwrap_or(0);
            self.take(&Hit::Parts(captures, start..end));
        }
    }

    fn seen(&mut self, whole: bool, range: Range<usize>) {
        if !whole {
            self.flaw(range.start..range.start, "asks for too much of this file: not all was looked at".to_owned());
        }
    }

    fn flaw(&mut self, range: Range<usize>, reason: String) {
        self.facts.flaw(range, format!("extractor {}: {reason}", self.extractor.id));
    }

    fn take(&mut self, hit: &Hit<'_>) {
        self.found += 1;
        if self.found > FINDS {
            if self.found == FINDS + 1 {
                self.flaw(0..0, format!("more than {FINDS} finds: the rest is left out"));
            }
            return;
        }
        let mut values: Vec<(&str, Value)> = Vec::new();
        let mut at = None;
        for field in &self.extractor.fields {
            let value = match &field.given {
                Given::Constant(value) => value.clone(),
                Given::Found { from, unit } => {
                    let Some((text, range)) = hit.part(from, self.text.text) else { continue };
                    match read(&text, field.spec, unit.as_ref()) {
                        Ok(value) => {
                            at.get_or_insert(range);
                            value
                        }
                        Err(reason) => return self.flaw(range, reason),
                    }
                }
            };
            values.push((field.spec.name, value));
        }
        let range = at.unwrap_or_else(|| hit.range());
        let Some(binding) = self.binding(hit) else {
            return self.flaw(range, "whom it is about is not said here".to_owned());
        };
        match kind(self.extractor.signal.name, &values) {
            Some(kind) => {
                self.facts.add_bound(range, kind, binding);
            }
            None => self.flaw(range, format!("not all that a `{}` needs is here", self.extractor.signal.name)),
        }
    }

    fn binding(&self, hit: &Hit<'_>) -> Option<Binding> {
        match &self.extractor.of {
            Of::Repository => Some(Binding::Repository),
            Of::Place if matches!(Kind::of(self.text.path), Some(Kind::Go | Kind::Rust | Kind::C)) => {
                Some(Binding::Package)
            }
            Of::Place => Some(Binding::Here),
            Of::Named(from) => hit.part(from, self.text.text).map(|(name, _)| Binding::Names(vec![name])),
        }
    }
}

impl Hit<'_> {
    fn range(&self) -> Range<usize> {
        match self {
            Hit::Datum(datum) => datum.range.clone(),
            Hit::Parts(_, range) => range.clone(),
        }
    }

    /// The text of a part and its place; strings of code without their quotes.
    fn part(&self, from: &From, text: &str) -> Option<(String, Range<usize>)> {
        match (self, from) {
            (Hit::Datum(datum), From::Path(path)) => {
                path.find(datum).0.into_iter().find_map(|found| Some((found.text()?, found.range.clone())))
            }
            (Hit::Parts(parts, _), From::Name(name)) => {
                let (_, range) = parts.iter().find(|(known, _)| known == name)?;
                let part = text.get(range.clone())?.trim();
                Some((unquoted(part).to_owned(), range.clone()))
            }
            _ => None,
        }
    }
}

fn unquoted(text: &str) -> &str {
    let quoted = ['"', '`', '\''].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    quoted.unwrap_or(text)
}

/// Reads a value: with its own unit where it has one, else with the extractor's.
fn read(text: &str, spec: &FieldSpec, unit: Option<&Unit>) -> Result<Value, String> {
    let wrong = || format!("`{}`: `{}` is not {}", spec.name, shortened(text), unit::expected(spec.value));
    if spec.value == ValueType::Word {
        let known = spec.words.is_empty() || spec.words.contains(&text);
        return if known && !text.is_empty() { Ok(Value::Word(text.to_owned())) } else { Err(wrong()) };
    }
    if spec.value == ValueType::Duration
        && let Some(duration) = go_duration(text)
    {
        return Ok(duration);
    }
    let number = text.replace('_', "").parse::<f64>().ok();
    let read = match (unit, number) {
        (Some(Unit::Ratio), Some(ratio)) => unit::read(&(ratio * 100.0).to_string(), spec.value),
        (Some(Unit::Named(unit)), Some(number)) => unit::read(&format!("{number}{unit}"), spec.value),
        _ if spec.value == ValueType::Percent => unit::read(text.trim_start_matches(['p', 'P']), spec.value),
        _ => unit::read(text, spec.value),
    };
    read.map_err(|_| wrong())
}

/// `5 * time.Millisecond`, as Go writes durations.
fn go_duration(text: &str) -> Option<Value> {
    let (one, other) = text.split_once('*')?;
    let (number, unit) = if one.contains("time.") { (other, one) } else { (one, other) };
    let unit = match unit.trim() {
        "time.Nanosecond" => "ns",
        "time.Microsecond" => "us",
        "time.Millisecond" => "ms",
        "time.Second" => "s",
        "time.Minute" => "min",
        "time.Hour" => "h",
        _ => return None,
    };
    unit::read(&format!("{}{unit}", number.trim()), ValueType::Duration).ok()
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::raw;
    use crate::fact::FactKind;

    /// Facts in words with the text they stand at, and flaws.
    fn extracted(extractor: &str, path: &str, source: &str) -> (Vec<String>, Vec<String>) {
        let (extractor, mistakes) = raw::read("e.toml", extractor);
        assert_eq!(mistakes, Vec::new());
        let extractor = extractor.unwrap();
        assert!(extractor.matcher.is_match(path), "{path}");
        let text = Text::new(path, source);
        let mut facts = Facts::new(&text);
        run(&[&extractor], &text, &mut facts);
        let shown = |fact: &crate::fact::Fact| {
            let at = &source[fact.place.start as usize..fact.place.end as usize];
            let what = match &fact.kind {
                FactKind::Latency { limit_us, percentile, .. } => format!("latency {limit_us} {percentile:?}"),
                FactKind::Memory { bytes, .. } => format!("memory {bytes}"),
                FactKind::Mark { name, detail } => format!("mark {name} {detail}"),
                FactKind::Count { n, .. } => format!("count {n}"),
                FactKind::Trait { name } => format!("trait {name}"),
                other => format!("{other:?}"),
            };
            format!("{what} at {at} of {:?}", fact.binding)
        };
        let flaws = facts.flaws.iter().map(|flaw| flaw.reason.clone()).collect();
        (facts.list.iter().map(shown).collect(), flaws)
    }

    const OBJECTIVE: &str = "id = \"objective\"\nabout = \"a\"\nfiles = [\"**/slo.*\"]\njsonpath = \"$.objectives[?@.kind == 'latency']\"\n\
        of = { from = \"$.service\" }\n[fact]\nsignal = \"latency\"\nsource = \"slo\"\n\
        limit = { from = \"$.target\", unit = \"ms\" }\npercentile = { from = \"$.quantile\", unit = \"ratio\" }\n";

    #[test]
    fn a_path_reads_yaml_json_and_toml_with_units() {
        let yaml = "objectives:\n- kind: latency\n  service: pay\n  target: 5\n  quantile: 0.999\n- kind: errors\n  target: 1\n";
        let wanted = ["latency 5000 Some(99.9) at 5 of Names([\"pay\"])"];
        assert_eq!(extracted(OBJECTIVE, "a/slo.yaml", yaml), (wanted.map(str::to_owned).to_vec(), Vec::new()));
        let toml = "[[objectives]]\nkind = \"latency\"\nservice = \"pay\"\ntarget = \"900us\"\n";
        let wanted = ["latency 900 None at \"900us\" of Names([\"pay\"])"];
        assert_eq!(extracted(OBJECTIVE, "slo.toml", toml).0, wanted);
        let json = "{\"objectives\": [{\"kind\": \"latency\", \"service\": \"pay\", \"target\": 0.5}]}";
        assert_eq!(extracted(OBJECTIVE, "slo.json", json).0, ["latency 500 None at 0.5 of Names([\"pay\"])"]);
    }

    #[test]
    fn what_has_no_value_is_a_flaw_and_no_fact() {
        for (objective, why) in [
            ("{kind: latency, service: pay, target: soon}", "`limit`: `soon` is not a duration"),
            ("{kind: latency, service: pay}", "not all that a `latency` needs"),
            ("{kind: latency, target: 5}", "whom it is about is not said"),
            ("{kind: latency, service: pay, target: 5, quantile: 99}", "`percentile`: `99` is not"),
        ] {
            let (facts, flaws) = extracted(OBJECTIVE, "slo.yaml", &format!("objectives: [{objective}]\n"));
            assert!(facts.is_empty() && flaws.len() == 1 && flaws[0].contains(why), "{objective}: {facts:?} {flaws:?}");
            assert!(flaws[0].starts_with("extractor objective: "), "{flaws:?}");
        }
        for silent in ["", "objectives: []\n", "other: {kind: latency}\n"] {
            assert_eq!(extracted(OBJECTIVE, "slo.yaml", silent), (Vec::new(), Vec::new()), "{silent}");
        }
    }

    const CONF: &str = "id = \"heap\"\nabout = \"a\"\nfiles = [\"*.conf\"]\nregex = '^heap_mb\\s*=\\s*(?<mb>\\S+)'\n\
        [fact]\nsignal = \"memory\"\nwhat = \"limit\"\nbytes = { from = \"mb\", unit = \"MiB\" }\n";

    #[test]
    fn a_pattern_reads_lines_of_any_text() {
        let text = "# heap_mb = 1\r\nheap_mb = 32\r\nHeap_mb = 9\n";
        assert_eq!(extracted(CONF, "app.conf", text), (vec!["memory 33554432 at 32 of Here".to_owned()], Vec::new()));
        let many = "heap_mb = 1\n".repeat(1500);
        let (facts, flaws) = extracted(CONF, "app.conf", &many);
        assert_eq!((facts.len(), flaws.len()), (1000, 1), "{flaws:?}");
        let long = format!("heap_mb = {}\n", "1".repeat(20_000));
        assert!(extracted(CONF, "app.conf", &long).1[0].contains("too long"));
    }

    const CALLS: &str = r#"
id = "promise"
about = "a"
files = ["**/*.go"]
go-query = '''
(call_expression
  function: (selector_expression field: (field_identifier) @name)
  arguments: (argument_list . (_) @limit)
  (#eq? @name "Promise"))'''
[fact]
signal = "latency"
source = "deadline"
limit = { from = "limit" }
"#;

    #[test]
    fn a_query_reads_go_and_its_durations() {
        let text = "package a\n// slo.Promise(time.Second)\nfunc f() {\n\tslo.Promise(5*time.Millisecond)\n\tslo.Promise(\"2ms\")\n\tslo.Keep(1*time.Second)\n}\n";
        let wanted = ["latency 5000 None at 5*time.Millisecond of Package", "latency 2000 None at \"2ms\" of Package"];
        assert_eq!(extracted(CALLS, "pkg/a.go", text), (wanted.map(str::to_owned).to_vec(), Vec::new()));
    }
}
