//! YAML to [`Node`]s, several documents to a file, with recovery at the next document.
//!
//! In: text, and the mask if it was a template. Out: the documents that could be read and a flaw for each that
//! could not. What was read of a broken document before the break is kept.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span};

use super::helm::Masked;
use super::tree::{Node, Value};

/// Nodes kept of one file; the rest is reported, not read.
const MAX_NODES: usize = 200_000;
/// Documents tried after errors, so that a hostile file cannot make recovery its own work.
const MAX_RECOVERIES: usize = 200;
/// Bytes read again for lines of quoted text that begin too far left, and how often at most. The parser stops at the
/// first such line, so each costs a reading: a manifest can pay that, the description of a large API cannot.
const REREAD: usize = 256 << 10;
const REREADINGS: usize = 200;
/// What the parser says of such a line, which other readers of YAML take.
const TOO_FAR_LEFT: &str = "invalid indentation in multiline quoted scalar";

/// What a YAML file gave.
#[derive(Debug, Default)]
pub struct Yaml {
    pub documents: Vec<Node>,
    /// Range and reason of what could not be read.
    pub errors: Vec<(Range<usize>, String)>,
}

/// Reads plain YAML.
pub fn parse(text: &str) -> Yaml {
    read(text, text, None)
}

/// Reads a masked template; `source` is the text before masking.
pub fn parse_masked(source: &str, masked: &Masked) -> Yaml {
    read(&masked.text, source, Some(masked))
}

/// Reads, and where lines of quoted text begin too far left, puts them on the line before and reads again: quoted text
/// takes a line break and blanks for one blank, and every offset stays true.
fn read(text: &str, source: &str, masked: Option<&Masked>) -> Yaml {
    let mut yaml = read_once(text, source, masked);
    let mut folded = text.to_owned();
    for _ in 0..REREADINGS.min(REREAD / text.len().max(1)) {
        let lines =
            yaml.errors.iter().filter(|(_, reason)| reason.contains(TOO_FAR_LEFT)).map(|(range, _)| range.start);
        let Some(next) = fold(&folded, lines) else { break };
        folded = next;
        yaml = read_once(&folded, source, masked);
    }
    yaml
}

/// Takes away the line breaks before these places; `None` where there are none.
fn fold(text: &str, places: impl Iterator<Item = usize>) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let mut changed = false;
    for place in places {
        let blanks = bytes[..place].iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
        for byte in bytes[place - blanks..place].iter_mut().filter(|byte| matches!(**byte, b'\n' | b'\r')) {
            *byte = b' ';
            changed = true;
        }
    }
    // Only line breaks became blanks.
    changed.then(|| String::from_utf8(bytes).unwrap_or_default())
}

fn read_once(text: &str, source: &str, masked: Option<&Masked>) -> Yaml {
    let mut options = Options::default();
    options.set_emit_comments(false);
    options.emit_unresolved_aliases = true;
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder { source, masked, ..Builder::default() };
    let mut recoveries = 0;
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => {
                if !builder.event(event, &span) {
                    break;
                }
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
                builder.fail(at, error.to_string());
                recoveries += 1;
                if recoveries > MAX_RECOVERIES || !matches!(parser.proceed_next_document(), Ok(true)) {
                    break;
                }
            }
        }
    }
    builder.out
}

/// An open list or map.
struct Open {
    start: usize,
    anchor: usize,
    is_map: bool,
    items: Vec<Node>,
}

#[derive(Default)]
struct Builder<'a> {
    source: &'a str,
    masked: Option<&'a Masked>,
    stack: Vec<Open>,
    anchors: HashMap<usize, Rc<Node>>,
    nodes: usize,
    last_end: usize,
    out: Yaml,
}

impl Builder<'_> {
    /// Takes one event; `false` when the limit is reached.
    fn event(&mut self, event: Event<'_>, span: &Span) -> bool {
        let range = span.byte_range().unwrap_or(self.last_end..self.last_end);
        match event {
            Event::DocumentStart(..) => self.anchors.clear(),
            Event::MappingStart(_, anchor, _) => self.open(range.start, anchor, true),
            Event::SequenceStart(_, anchor, _) => self.open(range.start, anchor, false),
            Event::MappingEnd | Event::SequenceEnd => self.close(range.end),
            Event::Scalar(text, style, anchor, _) => {
                let node = self.scalar(&text, style, &range);
                self.put(node, anchor);
            }
            Event::Alias(id) => {
                let value = match self.anchors.get(&id) {
                    Some(node) => Value::Shared(Rc::clone(node)),
                    None => Value::Null,
                };
                self.put(Node::new(range.clone(), value), 0);
            }
            Event::UnresolvedAlias(_) => self.put(Node::new(range.clone(), Value::Null), 0),
            _ => return true,
        }
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            self.fail(range.start, format!("more than {MAX_NODES} values"));
            return false;
        }
        true
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, range: &Range<usize>) -> Node {
        self.last_end = range.end;
        let value = if self.masked.is_some_and(|masked| masked.touches(range)) {
            Value::Templated(unquoted(self.source.get(range.clone()).unwrap_or(text)).to_owned())
        } else if !matches!(style, ScalarStyle::Plain) {
            Value::Quoted(text.to_owned())
        } else if matches!(text, "" | "~" | "null") {
            Value::Null
        } else {
            Value::Plain(text.to_owned())
        };
        Node::new(range.clone(), value)
    }

    fn open(&mut self, start: usize, anchor: usize, is_map: bool) {
        self.stack.push(Open { start, anchor, is_map, items: Vec::new() });
    }

    fn close(&mut self, at: usize) {
        let Some(open) = self.stack.pop() else { return };
        // A block collection "ends" where the next thing starts: its last value is the better end.
        let end = open.items.last().map_or(at, |last| last.range.end).max(open.start);
        // A comment behind a block may end with a bracket as well.
        let rest = self.source.get(end..at).unwrap_or_default();
        let is_comment = rest.rsplit('\n').next().is_some_and(|line| line.contains('#'));
        let flow_end = if rest.ends_with(['}', ']']) && !is_comment { at } else { end };
        let value = if open.is_map { Value::Map(pairs(open.items)) } else { Value::List(open.items) };
        self.put(Node::new(open.start..flow_end.max(end), value), open.anchor);
    }

    fn put(&mut self, node: Node, anchor: usize) {
        let node = if anchor == 0 {
            node
        } else {
            let range = node.range.clone();
            let shared = Rc::new(node);
            self.anchors.insert(anchor, Rc::clone(&shared));
            Node::new(range, Value::Shared(shared))
        };
        match self.stack.last_mut() {
            Some(open) => open.items.push(node),
            None => self.out.documents.push(node),
        }
    }

    /// Closes what is open so that its finished parts stay, and records the break.
    fn fail(&mut self, at: usize, reason: String) {
        while !self.stack.is_empty() {
            self.close(at);
        }
        self.out.errors.push((at..at, reason));
    }
}

fn pairs(items: Vec<Node>) -> Vec<(Node, Node)> {
    let mut pairs = Vec::with_capacity(items.len() / 2);
    let mut items = items.into_iter();
    while let Some(key) = items.next() {
        let value = items.next().unwrap_or_else(|| Node::new(key.range.end..key.range.end, Value::Null));
        pairs.push((key, value));
    }
    pairs
}

fn unquoted(source: &str) -> &str {
    let source = source.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = source.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    source
}

#[cfg(test)]
mod tests {
    use super::super::helm;
    use super::*;

    #[test]
    fn a_comment_that_ends_in_a_bracket_closes_nothing() {
        let texts = ["a:\n  b: 1\n  # [END x]\n", "a:\n  b: 1\n  # [END x]", "a: {b: 1}\n"];
        let said = texts.map(|text| {
            let documents = parse(text).documents;
            let range = documents[0].get("a").expect("it has the key").range.clone();
            text[range].to_owned()
        });
        assert_eq!(said, ["b: 1", "b: 1", "{b: 1}"]);
    }

    #[test]
    fn ranges_point_at_what_was_written() {
        let text = "a:\n  - b: \"x\"\n    c: {d: 1}\n";
        let yaml = parse(text);
        let first = &yaml.documents[0].get("a").unwrap().items()[0];
        assert_eq!(&text[first.get("b").unwrap().range.clone()], "\"x\"");
        assert_eq!(&text[first.get("c").unwrap().range.clone()], "{d: 1}");
        assert_eq!(&text[first.range.clone()], "b: \"x\"\n    c: {d: 1}");
    }

    #[test]
    fn quoted_text_may_begin_anywhere_on_its_next_lines() {
        let text = "- alert: a\n  annotations:\n    text: \"one\n  two\n\n  'three'\"\n    more: 'é\n  x'\n  expr: b\n- alert: c\n";
        let yaml = parse(text);
        assert!(yaml.errors.is_empty(), "{:?}", yaml.errors);
        let items = yaml.documents[0].items();
        assert_eq!(items[0].str_at(&["expr"]), Some("b"));
        assert_eq!(&text[items[1].get("alert").unwrap().range.clone()], "c");
        assert_eq!(parse("a: \"b\nc").errors.len(), 1);
    }

    #[test]
    fn a_broken_document_does_not_hide_the_others() {
        let yaml = parse("a: 1\n---\nb: [1\nc: }\n---\nd: 2\n");
        assert_eq!(yaml.documents.first().unwrap().str_at(&["a"]), Some("1"));
        assert_eq!(yaml.documents.last().unwrap().str_at(&["d"]), Some("2"));
        assert_eq!(yaml.errors.len(), 1);
    }

    #[test]
    fn anchors_aliases_and_merges_are_seen_through() {
        let yaml = parse("x: &base\n  image: i\ny:\n  <<: *base\n  b: *base\nz: *nowhere\n");
        let document = &yaml.documents[0];
        assert_eq!(document.str_at(&["y", "image"]), Some("i"));
        assert_eq!(document.str_at(&["y", "b", "image"]), Some("i"));
        assert!(yaml.errors.is_empty());
    }

    #[test]
    fn an_alias_bomb_stays_small() {
        let mut text = "a0: &a0 [x, x]\n".to_owned();
        for level in 1..60 {
            let below = level - 1;
            text.push_str(&format!("a{level}: &a{level} [*a{below}, *a{below}, *a{below}]\n"));
        }
        let mut seen = 0;
        parse(&text).documents[0].walk(&mut |_, _| seen += 1);
        assert!(seen < 1_000);
    }

    #[test]
    fn templated_scalars_have_no_value() {
        let text = "kind: {{ .Values.kind }}\nimage: \"{{ .Values.repo }}/app:v1\"\nreplicas: 2\n";
        let yaml = parse_masked(text, &helm::mask(text));
        let document = &yaml.documents[0];
        assert_eq!(document.get("kind").unwrap().as_str(), None);
        assert_eq!(document.get("image").unwrap().written(), Some("{{ .Values.repo }}/app:v1"));
        assert_eq!(document.get("replicas").unwrap().as_u64(), Some(2));
    }

    #[test]
    fn deep_nesting_is_an_error_not_a_crash() {
        let yaml = parse(&"- ".repeat(100_000));
        assert_eq!(yaml.errors.len(), 1);
        let yaml = parse(&"[".repeat(100_000));
        assert_eq!(yaml.errors.len(), 1);
    }
}
