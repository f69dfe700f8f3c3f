//! Go source: from text to a [`GoView`], by a lexer of our own over the whole file.
//!
//! The view holds what can be told from tokens: package, imports, build constraint, selectors on imported
//! packages, functions with their bodies, comments. It needs no syntax tree, so that even a large repository
//! costs little; [`tree`] adds one for the few files in which arguments have to be evaluated. Shadowing of an
//! import by a local name is not followed: in practice it hides a package only where the package is not used.

mod broken;
mod constraint;
mod function;
mod import;
pub mod lexer;
pub mod query;
mod shape;
mod structure;
pub mod tree;
pub mod value;

use std::ops::Range;

pub use function::Function;
pub use import::{Import, MAX_IMPORTS, Selector, package_name};
pub use structure::structure;

use lexer::{Comment, Token, TokenKind};
use shape::Shape;

use crate::scope::Scope;
use crate::source::Text;

/// One Go file, read; every detector for Go looks at this.
#[derive(Debug)]
pub struct GoView<'a> {
    pub text: &'a str,
    pub path: &'a str,
    pub scope: Scope,
    pub tokens: Vec<Token>,
    pub comments: Vec<Comment>,
    /// Empty where there is no package clause.
    pub package: &'a str,
    pub imports: Vec<Import<'a>>,
    /// Uses of imported packages in order of the text.
    pub selectors: Vec<Selector>,
    /// Functions and methods declared at the top level, in order of the text.
    pub functions: Vec<Function>,
    pub constraint: Option<String>,
    pub generated: bool,
    shape: Shape,
}

impl<'a> GoView<'a> {
    pub fn new(text: &Text<'a>) -> GoView<'a> {
        let (tokens, comments) = lexer::lex(text.text);
        let shape = Shape::new(text.text, &tokens);
        let mut view = GoView {
            text: text.text,
            path: text.path,
            scope: Scope::of(text.path),
            tokens,
            comments,
            package: "",
            imports: Vec::new(),
            selectors: Vec::new(),
            functions: Vec::new(),
            constraint: None,
            generated: false,
            shape,
        };
        let Some(body) = view.read_header() else { return view };
        view.selectors = import::selectors(&view, body);
        view.functions = function::functions(&view, body);
        view
    }

    /// Reads package clause, constraint, marker and imports; returns the index of the first token after them.
    fn read_header(&mut self) -> Option<usize> {
        let clause = import::package_clause(self)?;
        self.package = self.token(clause + 1);
        let generated = self.comments_before(clause).any(is_generated_marker);
        self.generated = generated;
        self.constraint = constraint::of_file(self.path, self.comments_before(clause));
        let (imports, body) = import::imports(self, clause + 2);
        self.imports = imports;
        Some(body)
    }

    /// Returns the text of a token; empty past the end.
    pub fn token(&self, index: usize) -> &'a str {
        self.tokens.get(index).map_or("", |token| &self.text[token.start as usize..token.end as usize])
    }

    pub fn kind(&self, index: usize) -> Option<TokenKind> {
        self.tokens.get(index).map(|token| token.kind)
    }

    pub fn is(&self, index: usize, punct: u8) -> bool {
        self.kind(index) == Some(TokenKind::Punct(punct))
    }

    pub fn is_word(&self, index: usize, word: &str) -> bool {
        self.kind(index) == Some(TokenKind::Word) && self.token(index) == word
    }

    /// Whether the token starts a line; true past the end.
    pub fn is_first(&self, index: usize) -> bool {
        self.tokens.get(index).is_none_or(|token| token.first)
    }

    /// Returns the byte range of some tokens.
    pub fn range(&self, tokens: Range<usize>) -> Range<usize> {
        let start = self.tokens.get(tokens.start).map_or(self.text.len(), |token| token.start as usize);
        let last = tokens.end.max(tokens.start + 1) - 1;
        let end = self.tokens.get(last).map_or(self.text.len(), |token| token.end as usize);
        start..end.max(start)
    }

    /// Returns the index of the bracket that closes the one at `open`; the number of tokens where none does.
    pub fn closing(&self, open: usize) -> usize {
        self.shape.pairs.get(open).map_or(self.tokens.len(), |&close| close as usize)
    }

    /// Returns the tokens that are one of these words, in order.
    pub(crate) fn places(&self, words: &[&str]) -> Vec<usize> {
        let Some(wanted) = lexer::WORDS.wanted(words) else {
            return (0..self.tokens.len()).filter(|&at| words.contains(&self.token(at))).collect();
        };
        self.marked().filter(|&at| wanted.has(self.tokens[at].word)).collect()
    }

    /// Returns the words that begin as [`lexer::STARTS`] say and are not listed themselves, in order.
    pub(crate) fn starting(&self) -> impl Iterator<Item = usize> + '_ {
        self.marked().filter(|&at| self.tokens[at].word == lexer::STARTING)
    }

    fn marked(&self) -> impl Iterator<Item = usize> + '_ {
        self.shape.marked.iter().map(|&at| at as usize)
    }

    /// Returns the words with `(` behind them, in order.
    pub(crate) fn calls(&self) -> impl Iterator<Item = usize> + '_ {
        self.shape.calls.iter().map(|&at| at as usize)
    }

    pub fn comment(&self, comment: &Comment) -> &'a str {
        &self.text[comment.start as usize..comment.end as usize]
    }

    fn comments_before(&self, token: usize) -> impl Iterator<Item = &'a str> + '_ {
        let before = self.comments.iter().take_while(move |comment| comment.before as usize <= token);
        before.map(|comment| self.comment(comment))
    }

    /// Returns the `//name` directives that stand on the lines directly above a token that starts a line.
    pub fn directives_above(&self, token: usize) -> impl Iterator<Item = &Comment> {
        let end = self.comments.partition_point(|comment| comment.before as usize <= token);
        let start = self.comments.partition_point(|comment| (comment.before as usize) < token);
        let mut below = self.tokens.get(token).map_or(0, |token| token.start as usize);
        let block = self.comments[start..end].iter().rev().take_while(move |comment| {
            let gap = &self.text.as_bytes()[comment.end as usize..below];
            below = comment.start as usize;
            gap.iter().filter(|&&byte| byte == b'\n').count() <= 1
        });
        block.filter(|comment| self.comment(comment).strip_prefix("//").is_some_and(starts_lower))
    }

    /// Returns the top-level function whose body holds the token.
    pub fn function_at(&self, token: usize) -> Option<&Function> {
        let after = self.functions.partition_point(|function| function.name <= token);
        let function = self.functions.get(after.checked_sub(1)?)?;
        function.body.as_ref().is_some_and(|body| body.contains(&token)).then_some(function)
    }

    pub fn imports_path(&self, path: &str) -> Option<&Import<'a>> {
        self.imports.iter().find(|import| import.path == path)
    }

    pub fn import_of(&self, selector: &Selector) -> &Import<'a> {
        &self.imports[usize::from(selector.import)]
    }

    /// Returns the uses of one name of an imported package.
    pub fn uses_of<'v>(&'v self, path: &'v str, name: &'v str) -> impl Iterator<Item = &'v Selector> {
        self.selectors
            .iter()
            .filter(move |selector| self.import_of(selector).path == path && self.token(selector.name()) == name)
    }

    /// Whether the file can say something about a service: not a test, not vendored, not generated.
    pub fn is_own_code(&self) -> bool {
        !self.generated && matches!(self.scope, Scope::Shipped | Scope::Example) && !self.path.ends_with("_test.go")
    }
}

fn starts_lower(text: &str) -> bool {
    text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
}

fn is_generated_marker(comment: &str) -> bool {
    comment.starts_with("// Code generated ") && comment.trim_end().ends_with("DO NOT EDIT.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_header_functions_and_selectors() {
        let source = "// Code generated by x. DO NOT EDIT.\n\n//go:build linux\n\npackage main\n\nimport (\n\t\"fmt\"\n\tq \"example.org/a-b/v2\"\n\t_ \"x\"\n)\n\n//export F\n// doc\nfunc (s *S[T]) M() interface{} { fmt.Println(\"os.Exit\") }\nfunc main() { q.Do(); a.q.No() }\n";
        let text = Text::new("a_arm64.go", source);
        let view = GoView::new(&text);
        assert_eq!(view.package, "main");
        assert!(view.generated);
        assert_eq!(view.constraint.as_deref(), Some("arm64 && linux"));
        let names: Vec<_> =
            view.functions.iter().map(|function| (view.token(function.name), function.receiver)).collect();
        assert_eq!(names, [("M", true), ("main", false)]);
        let selectors: Vec<_> = view.selectors.iter().map(|selector| view.token(selector.name())).collect();
        assert_eq!(selectors, ["Println", "Do"]);
        let directives: Vec<_> = view.directives_above(view.functions[0].start).map(|c| view.comment(c)).collect();
        assert_eq!(directives, ["//export F"]);
    }

    #[test]
    fn a_template_or_a_fragment_gives_an_empty_view() {
        for source in ["", "{{ .Package }}", "func main() {", "package", "/* x"] {
            let text = Text::new("a.go", source);
            assert!(GoView::new(&text).imports.is_empty());
        }
    }
}
