//! One tree for YAML, JSON, TOML and HCL: scalars, lists and maps in order of writing, each with its byte range.
//!
//! In: nothing; the readers of each format build it. Out: [`Node`], which answers the few questions detectors
//! ask. Aliases stay references (one shared node), so a bomb of aliases costs what it is long, not what it means.

use std::ops::Range;
use std::rc::Rc;

use crate::parse::cut;
use crate::problem::Class;

/// A value somewhere in a configuration file.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub range: Range<usize>,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    /// A scalar that was written without quotes, or a number or truth value: `text` is what was written.
    Plain(String),
    /// A scalar that was quoted, after escapes.
    Quoted(String),
    /// A scalar that holds a template action or an expression: its source, never compared by value.
    Templated(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    /// An alias, and an anchored node: the same node seen from several places.
    Shared(Rc<Node>),
}

/// How many aliases a question follows before it gives up.
const MAX_HOPS: usize = 32;
/// Levels of merge keys that quartering [`MAX_HOPS`] allows.
const MERGES: usize = 3;

impl Node {
    pub fn new(range: Range<usize>, value: Value) -> Node {
        Node { range, value }
    }

    /// Returns the node itself, or what an alias stands for.
    pub fn resolved(&self) -> &Node {
        let mut node = self;
        for _ in 0..MAX_HOPS {
            match &node.value {
                Value::Shared(inner) => node = inner,
                _ => return node,
            }
        }
        cut::met("aliases of aliases", MAX_HOPS, Class::Lost);
        node
    }

    /// Returns the value of a key of a map; merge keys (`<<`) are looked through last.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.get_within(key, MAX_HOPS)
    }

    fn get_within(&self, key: &str, hops: usize) -> Option<&Node> {
        let pairs = self.pairs();
        if let Some((_, value)) = pairs.iter().find(|(name, _)| name.as_str() == Some(key)) {
            return Some(value);
        }
        if !pairs.iter().any(|(name, _)| name.as_str() == Some("<<")) {
            return None;
        }
        if hops == 0 {
            cut::met("maps merged into one another", MERGES, Class::Lost);
            return None;
        }
        let merged = pairs.iter().filter(|(name, _)| name.as_str() == Some("<<")).map(|(_, value)| value.resolved());
        merged.take(MAX_HOPS).find_map(|base| match &base.value {
            Value::List(bases) => {
                if bases.len() > MAX_HOPS {
                    cut::met("maps merged into one", MAX_HOPS, Class::Lost);
                }
                bases.iter().take(MAX_HOPS).find_map(|base| base.get_within(key, hops / 4))
            }
            _ => base.get_within(key, hops / 4),
        })
    }

    /// Follows keys from map to map.
    pub fn path(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the text of a scalar; `None` for templated ones, whose value nobody knows.
    pub fn as_str(&self) -> Option<&str> {
        match &self.resolved().value {
            Value::Plain(text) | Value::Quoted(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the text of a scalar as it is written, templates and all.
    pub fn written(&self) -> Option<&str> {
        match &self.resolved().value {
            Value::Plain(text) | Value::Quoted(text) | Value::Templated(text) => Some(text),
            _ => None,
        }
    }

    /// Follows keys to a scalar's text.
    pub fn str_at(&self, keys: &[&str]) -> Option<&str> {
        self.path(keys)?.as_str()
    }

    pub fn as_f64(&self) -> Option<f64> {
        self.as_str()?.replace('_', "").parse().ok()
    }

    pub fn as_u64(&self) -> Option<u64> {
        self.as_str()?.replace('_', "").parse().ok()
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.as_str()? {
            "true" | "True" | "yes" | "on" => Some(true),
            "false" | "False" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    pub fn is_map(&self) -> bool {
        matches!(self.resolved().value, Value::Map(_))
    }

    /// Returns the elements of a list; empty for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.resolved().value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// Returns a list's elements, or the node itself where one value stands for a list of one.
    pub fn one_or_many(&self) -> &[Node] {
        match &self.resolved().value {
            Value::List(items) => items,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// Returns the pairs of a map as nodes; empty for anything else.
    pub fn pairs(&self) -> &[(Node, Node)] {
        match &self.resolved().value {
            Value::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// Walks the pairs of a map whose key is a scalar, in order of writing.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.pairs().iter().filter_map(|(key, value)| Some((key.written()?, value)))
    }

    /// Calls `visit` for this node and all below it, with the keys that lead there. Aliases are not entered.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&[&'a str], &'a Node)) {
        self.walk_from(&mut Vec::new(), visit);
    }

    fn walk_from<'a>(&'a self, path: &mut Vec<&'a str>, visit: &mut dyn FnMut(&[&'a str], &'a Node)) {
        visit(path, self);
        let node = match &self.value {
            // The place of an anchor has its node's range, the place of an alias has not.
            Value::Shared(inner) if inner.range == self.range => inner,
            _ => self,
        };
        for item in node.items_here() {
            item.walk_from(path, visit);
        }
        if let Value::Map(pairs) = &node.value {
            for (key, value) in pairs {
                path.push(key.written().unwrap_or(""));
                value.walk_from(path, visit);
                path.pop();
            }
        }
    }

    fn items_here(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Node {
        Node::new(0..text.len(), Value::Plain(text.to_owned()))
    }

    #[test]
    fn a_merge_key_gives_what_the_map_itself_lacks() {
        let base = Rc::new(Node::new(0..1, Value::Map(vec![(plain("a"), plain("1")), (plain("b"), plain("2"))])));
        let alias = Node::new(5..6, Value::Shared(base));
        let node = Node::new(0..9, Value::Map(vec![(plain("<<"), alias), (plain("b"), plain("3"))]));
        assert_eq!(node.str_at(&["a"]), Some("1"));
        assert_eq!(node.get("b").and_then(Node::as_u64), Some(3));
        assert_eq!(node.get("c"), None);
    }

    #[test]
    fn walking_does_not_enter_aliases() {
        let shared = Rc::new(Node::new(0..3, Value::List(vec![plain("x"), plain("y")])));
        let anchor = Node::new(0..3, Value::Shared(Rc::clone(&shared)));
        let alias = Node::new(4..6, Value::Shared(shared));
        let mut seen = 0;
        Node::new(0..9, Value::List(vec![anchor, alias])).walk(&mut |_, _| seen += 1);
        assert_eq!(seen, 5);
    }
}
