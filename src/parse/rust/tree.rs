//! Items with a foreign side, from a syntax tree: the only place that names syn.
//!
//! In: a file whose text hints at such an item (a byte filter, about a quarter of all Rust). Out: [`Item`]s that own
//! their text. A file that is too large, nested too deeply, or that syn refuses yields none and a flaw; everything
//! else that is known of it comes from its tokens.

mod guard;

use std::ops::Range;
use std::sync::LazyLock;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::tokens::Tokens;
use crate::detect::Facts;
use crate::parse::any_of::AnyOf;
use crate::source::Text;

/// Larger files are generated or data.
const LARGEST: usize = 1 << 20;

/// Address space for parsing, visiting and dropping one tree; pages are used only when touched.
const STACK: usize = 256 << 20;

/// What makes a file worth a tree.
const HINTS: [&str; 30] = [
    "extern \"",
    "extern {",
    "no_mangle",
    "export_name",
    "#[link",
    "pyclass",
    "pymodule",
    "pyfunction",
    "pymethods",
    "napi",
    "neon::",
    "wasm_bindgen",
    "uniffi",
    "JNIEnv",
    "jni_fn",
    "cxx::bridge",
    "magnus::",
    "rutie",
    "rb_sys",
    "rustler",
    "extendr",
    "ffi_export",
    "php_function",
    "php_module",
    "flutter_rust_bridge",
    "frb(",
    "diplomat::bridge",
    "swift_bridge",
    "plugin_fn",
    "py_module_initializer",
];

static FILTER: LazyLock<AnyOf> = LazyLock::new(|| AnyOf::new(&HINTS));

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ItemKind {
    Function,
    /// A function of an `impl` block.
    Method,
    /// `extern "…" { … }`; `count` is the number of its functions.
    Foreign,
    /// A struct or enum.
    Type,
    Impl,
    Trait,
    Module,
    Static,
    /// A macro call at the place of an item; `name` is its path.
    Macro,
}

/// An item that has an attribute, an ABI or a name of interest.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) kind: ItemKind,
    pub(crate) name: String,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) public: bool,
    /// The ABI, `C` where `extern` stands alone.
    pub(crate) abi: Option<String>,
    pub(crate) count: u32,
    /// Type of a static, tokens of a macro: as written.
    pub(crate) detail: String,
    /// From the item's name or keyword, for display.
    pub(crate) range: Range<usize>,
    /// For a bridge module: foreign blocks by ABI, in order.
    pub(crate) blocks: Vec<(String, u32)>,
}

/// One attribute; `cfg_attr(c, a, b)` counts as `a` and `b`, `unsafe(a)` as `a`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attribute {
    /// Without spaces: `pyo3::pyclass`.
    pub(crate) path: String,
    /// What follows the path, without spaces: `(js_name=x)`, `="x"`.
    pub(crate) rest: String,
}

impl Attribute {
    fn last_segment(&self) -> &str {
        self.path.rsplit("::").next().unwrap_or("")
    }
}

impl Item {
    /// Whether Java finds it: by its own name, or by the one under which it is exported.
    pub(crate) fn is_java_method(&self) -> bool {
        let exported = self.attribute(&["export_name"]).is_some_and(|attribute| attribute.rest.starts_with("=\"Java_"));
        (exported || self.name.starts_with("Java_")) && self.abi.is_some()
    }

    /// Whether the ABI is one that other languages speak; `Rust` and those of interrupts are not.
    pub(crate) fn has_foreign_abi(&self) -> bool {
        const ABIS: [&str; 9] = ["C", "system", "cdecl", "stdcall", "fastcall", "win64", "sysv64", "aapcs", "efiapi"];
        self.abi.as_deref().is_some_and(|abi| ABIS.contains(&abi.trim_end_matches("-unwind")))
    }

    /// Returns the first attribute whose path ends in one of these names; `a::b` asks for two segments.
    pub(crate) fn attribute(&self, names: &[&str]) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| {
            names.iter().any(|name| {
                attribute.last_segment() == *name || (name.contains("::") && attribute.path.ends_with(name))
            })
        })
    }
}

/// Reads the items of a file that may have some.
pub(crate) fn items(text: &Text<'_>, tokens: &Tokens<'_>, facts: &mut Facts<'_, '_>) -> Vec<Item> {
    if !FILTER.is_in(text.text) {
        return Vec::new();
    }
    if text.text.len() > LARGEST {
        facts.flaw(0..0, "larger than 1 MiB: items with a foreign side are not looked for");
        return Vec::new();
    }
    if let Some((at, reason)) = guard::refusal(text.text) {
        facts.flaw(at..at, reason);
        return Vec::new();
    }
    let read = stacker::maybe_grow(STACK, STACK, || parse(text.text));
    proc_macro2::extra::invalidate_current_thread_spans();
    match read {
        Ok(mut items) => {
            items.retain(|item| !tokens.is_test(item.range.start));
            items
        }
        Err((range, reason)) => {
            facts.flaw(range, format!("not Rust as syn knows it: {reason}"));
            Vec::new()
        }
    }
}

/// Parses, visits and drops the tree; spans become byte ranges before it goes.
fn parse(text: &str) -> Result<Vec<Item>, (Range<usize>, String)> {
    // syn leaves out a byte-order mark and a `#!` line and would count from after them.
    let blank = super::lex::preamble(text);
    let source = if blank == 0 { text.to_owned() } else { format!("{}{}", " ".repeat(blank), &text[blank..]) };
    // What an attribute macro takes away: `#[ext] pub impl T { … }`.
    let bared = || source.replace("pub impl", "    impl").replace("pub(crate) impl", "           impl");
    let file = syn::parse_file(&source)
        .or_else(|error| {
            if source.contains(") impl") || source.contains("pub impl") {
                syn::parse_file(&bared()).map_err(|_| error)
            } else {
                Err(error)
            }
        })
        .map_err(|error| (error.span().byte_range(), error.to_string()))?;
    let mut visitor = Visitor { source: &source, items: Vec::new() };
    visitor.visit_file(&file);
    Ok(visitor.items)
}

struct Visitor<'s> {
    source: &'s str,
    items: Vec<Item>,
}

impl Visitor<'_> {
    fn written(&self, spanned: &impl Spanned) -> String {
        let text = self.source.get(spanned.span().byte_range()).unwrap_or("");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn attributes(&self, list: &[syn::Attribute]) -> Vec<Attribute> {
        let mut found = Vec::new();
        for attribute in list.iter().filter(|attribute| !attribute.path().is_ident("doc")) {
            let written: String = self.written(&attribute.meta).split_whitespace().collect();
            flatten(&written, 0, &mut found);
        }
        found
    }

    fn item(&self, kind: ItemKind, name: String, attributes: &[syn::Attribute], range: Range<usize>) -> Item {
        Item {
            kind,
            name,
            attributes: self.attributes(attributes),
            public: false,
            abi: None,
            count: 1,
            detail: String::new(),
            range,
            blocks: Vec::new(),
        }
    }

    fn push_if_attributed(&mut self, item: Item) {
        if !item.attributes.is_empty() {
            self.items.push(item);
        }
    }

    fn function(
        &mut self,
        kind: ItemKind,
        attributes: &[syn::Attribute],
        visibility: &syn::Visibility,
        signature: &syn::Signature,
    ) {
        let name = signature.ident.to_string();
        let mut item = self.item(kind, name, attributes, signature.ident.span().byte_range());
        item.public = matches!(visibility, syn::Visibility::Public(_));
        item.abi = signature.abi.as_ref().map(abi);
        if item.abi.is_some() || !item.attributes.is_empty() {
            self.items.push(item);
        }
    }
}

fn abi(abi: &syn::Abi) -> String {
    abi.name.as_ref().map_or_else(|| "C".to_owned(), syn::LitStr::value)
}

/// Takes `cfg_attr` and `unsafe` apart; deeper nesting than anybody writes is left.
fn flatten(written: &str, depth: usize, found: &mut Vec<Attribute>) {
    let end = written.find(['(', '=', '[', '{']).unwrap_or(written.len());
    let (path, rest) = written.split_at(end);
    let inner = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    match (path, inner) {
        ("unsafe", Some(inner)) if depth < 4 => flatten(inner, depth + 1, found),
        ("cfg_attr", Some(inner)) if depth < 4 => {
            split_commas(inner).into_iter().skip(1).for_each(|part| flatten(part, depth + 1, found));
        }
        _ => found.push(Attribute { path: path.to_owned(), rest: rest.to_owned() }),
    }
}

fn split_commas(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0i32, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn foreign_count(block: &syn::ItemForeignMod) -> u32 {
    let functions = block.items.iter().filter(|item| matches!(item, syn::ForeignItem::Fn(_)));
    functions.count() as u32
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item_fn(&mut self, node: &'ast syn::ItemFn) {
        self.function(ItemKind::Function, &node.attrs, &node.vis, &node.sig);
        visit::visit_item_fn(self, node);
    }

    fn visit_impl_item_fn(&mut self, node: &'ast syn::ImplItemFn) {
        self.function(ItemKind::Method, &node.attrs, &node.vis, &node.sig);
        visit::visit_impl_item_fn(self, node);
    }

    fn visit_item_foreign_mod(&mut self, node: &'ast syn::ItemForeignMod) {
        let mut item = self.item(ItemKind::Foreign, String::new(), &node.attrs, node.abi.span().byte_range());
        item.abi = Some(abi(&node.abi));
        item.count = foreign_count(node);
        self.items.push(item);
    }

    fn visit_item_static(&mut self, node: &'ast syn::ItemStatic) {
        let mut item = self.item(ItemKind::Static, node.ident.to_string(), &node.attrs, node.ident.span().byte_range());
        item.detail = self.written(&node.ty);
        item.public = matches!(node.vis, syn::Visibility::Public(_));
        self.push_if_attributed(item);
    }

    fn visit_item_struct(&mut self, node: &'ast syn::ItemStruct) {
        let item = self.item(ItemKind::Type, node.ident.to_string(), &node.attrs, node.ident.span().byte_range());
        self.push_if_attributed(item);
    }

    fn visit_item_enum(&mut self, node: &'ast syn::ItemEnum) {
        let item = self.item(ItemKind::Type, node.ident.to_string(), &node.attrs, node.ident.span().byte_range());
        self.push_if_attributed(item);
    }

    fn visit_item_trait(&mut self, node: &'ast syn::ItemTrait) {
        let mut item = self.item(ItemKind::Trait, node.ident.to_string(), &node.attrs, node.ident.span().byte_range());
        item.count = node.items.iter().filter(|item| matches!(item, syn::TraitItem::Fn(_))).count() as u32;
        self.push_if_attributed(item);
        visit::visit_item_trait(self, node);
    }

    fn visit_item_impl(&mut self, node: &'ast syn::ItemImpl) {
        let range = node.impl_token.span().byte_range();
        let mut item = self.item(ItemKind::Impl, self.written(&node.self_ty), &node.attrs, range);
        item.count = node.items.iter().filter(|item| matches!(item, syn::ImplItem::Fn(_))).count() as u32;
        self.push_if_attributed(item);
        visit::visit_item_impl(self, node);
    }

    fn visit_item_mod(&mut self, node: &'ast syn::ItemMod) {
        let mut item = self.item(ItemKind::Module, node.ident.to_string(), &node.attrs, node.ident.span().byte_range());
        let bridge = item.attribute(&["cxx::bridge", "diplomat::bridge", "swift_bridge::bridge", "bridge"]).is_some();
        if let (true, Some((_, content))) = (bridge, &node.content) {
            let blocks = content.iter().filter_map(|item| match item {
                syn::Item::ForeignMod(block) => Some((abi(&block.abi), foreign_count(block))),
                _ => None,
            });
            item.blocks = blocks.collect();
        }
        self.push_if_attributed(item);
        if !bridge {
            visit::visit_item_mod(self, node);
        }
    }

    fn visit_item_macro(&mut self, node: &'ast syn::ItemMacro) {
        let range = node.mac.path.span().byte_range();
        let path: String = self.written(&node.mac.path).split_whitespace().collect();
        let mut item = self.item(ItemKind::Macro, path, &node.attrs, range);
        // The start is enough for every macro that is looked at.
        item.detail = node.mac.tokens.to_string().chars().take(200).collect();
        self.items.push(item);
    }
}
