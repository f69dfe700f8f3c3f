//! What service discovery needs of a Go file: a [`GoFile`] from a view.

use crate::fact::{GoFile, GoImports, spaced};
use crate::parse::go::{Function, GoView, Import};
use crate::source::{Place, Text};

const FRAMEWORK: &str = "github.com/GoogleCloudPlatform/functions-framework-go";

/// Registrations of the functions framework, of its package `functions` and of `funcframework`.
const REGISTRATIONS: &[&str] = &[
    "HTTP",
    "CloudEvent",
    "Typed",
    "RegisterHTTPFunctionContext",
    "RegisterEventFunctionContext",
    "RegisterCloudEventFunctionContext",
];

pub fn structure(view: &GoView<'_>, text: &Text<'_>) -> GoFile {
    let main = view.functions.iter().find(|function| is_main(view, function));
    GoFile {
        package: view.package.to_owned(),
        imports: imports(view, text),
        constraint: view.constraint.clone(),
        generated: view.generated,
        main: main.map(|function| text.place(function.signature(view))),
        function: cloud_function(view, text),
        called: called(view),
    }
}

fn is_main(view: &GoView<'_>, function: &Function) -> bool {
    view.package == "main" && !function.receiver && function.parameters.is_empty() && function.name(view) == "main"
}

fn imports<'a>(view: &GoView<'a>, text: &Text<'_>) -> GoImports {
    let selectors = if is_test(view) { &[][..] } else { &view.selectors };
    let mut selected: Vec<(u16, &'a str)> =
        selectors.iter().map(|selector| (selector.import, view.token(selector.name()))).collect();
    selected.sort_unstable();
    selected.dedup();
    let import = |(at, import): (usize, &Import<'a>)| {
        let first = selected.partition_point(|(of, _)| usize::from(*of) < at);
        let names = selected[first..].iter().take_while(move |(of, _)| usize::from(*of) == at).map(|(_, name)| *name);
        (import.path, names, text.place(view.range(import.token..import.token + 1)))
    };
    GoImports::new(view.imports.iter().enumerate().map(import))
}

fn is_test(view: &GoView<'_>) -> bool {
    view.path.ends_with("_test.go")
}

/// Exported functions that are called by their bare name: those of the own package.
fn called(view: &GoView<'_>) -> String {
    if is_test(view) {
        return String::new();
    }
    let calls = view.calls().filter(|&at| {
        at > 0
            && !view.is(at - 1, b'.')
            && view.token(at).starts_with(|first: char| first.is_ascii_uppercase())
            && !view.is_word(at - 1, "func")
    });
    let mut names: Vec<&str> = calls.map(|at| view.token(at)).collect();
    names.sort_unstable();
    names.dedup();
    spaced(names.into_iter())
}

/// Finds a registration with the functions framework, or else the one thing that a platform without such a
/// registration can call: a lone exported handler in a package that is no program.
///
/// The second is also how an ordinary handler looks, so it is no more than a candidate: it makes a function only
/// together with a deployment file beside it.
fn cloud_function(view: &GoView<'_>, text: &Text<'_>) -> Option<Place> {
    if is_test(view) || view.generated {
        return None;
    }
    let registration = view.selectors.iter().find(|selector| {
        view.import_of(selector).path.starts_with(FRAMEWORK) && REGISTRATIONS.contains(&view.token(selector.name()))
    });
    if let Some(selector) = registration {
        return Some(text.place(view.range(selector.tokens())));
    }
    lone_handler(view).map(|function| text.place(function.signature(view)))
}

/// Returns the handler of a file whose only exported function it is and that uses the standard library's HTTP.
fn lone_handler<'v>(view: &'v GoView<'_>) -> Option<&'v Function> {
    if view.package == "main" || view.imports_path("net/http").is_none() {
        return None;
    }
    let mut exported = view.functions.iter().filter(|function| function.is_exported(view));
    let only = exported.next().filter(|function| !function.receiver && function.results.is_empty())?;
    (exported.next().is_none() && is_handler(view, only)).then_some(only)
}

/// `(w http.ResponseWriter, r *http.Request)`
fn is_handler(view: &GoView<'_>, function: &Function) -> bool {
    let words: String = function.parameters.clone().map(|index| view.token(index)).collect::<Vec<_>>().join(" ");
    let mut parameters = words.split(" , ");
    parameters.next().is_some_and(|first| first.ends_with(" http . ResponseWriter"))
        && parameters.next().is_some_and(|second| second.ends_with(" * http . Request"))
        && parameters.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> GoFile {
        let text = Text::new("x/a.go", source);
        structure(&GoView::new(&text), &text)
    }

    #[test]
    fn main_is_found_in_package_main_alone() {
        assert!(read("package main\nfunc main() {}").main.is_some());
        assert!(read("package p\nfunc main() {}").main.is_none());
        assert!(read("package main\nfunc (m M) main() {}\nfunc main2() {}").main.is_none());
    }

    #[test]
    fn functions_of_a_platform() {
        let handler = "package p\nimport \"net/http\"\nfunc Hello(w http.ResponseWriter, r *http.Request) {}\n";
        assert_eq!(read(handler).function.map(|place| place.line), Some(3));
        assert!(read(&format!("{handler}func New() {{}}")).function.is_none());
        assert!(read(&format!("{handler}func help(w http.ResponseWriter, r *http.Request) {{}}")).function.is_some());
        assert!(read(&handler.replace("package p", "package main")).function.is_none());
        assert!(read(&handler.replace("func Hello", "func (s S) Hello")).function.is_none());
        let registered = "package p\nimport \"github.com/GoogleCloudPlatform/functions-framework-go/functions\"\nfunc init() { functions.HTTP(\"x\", x) }";
        assert_eq!(read(registered).function.map(|place| place.column), Some(15));
    }

    #[test]
    fn names_are_sorted_and_each_once() {
        let file =
            read("package p\nimport (\"b\"; \"c\"; \"a\")\nvar _, _, _, _ = a.Z, b.Y, a.Z, a.A\nvar _ = G(F(G(1)))");
        let selected: Vec<String> = file.imports.iter().map(|import| spaced(import.selected())).collect();
        assert_eq!(selected, ["Y", "", "A Z"]);
        assert_eq!(file.called, "F G");
    }
}
