//! Python modules written in Rust, and Python run inside a Rust program.
//!
//! *Looks for*: `#[pymodule]`, `#[pyclass]`, `#[pyfunction]`, `#[pymethods]` of PyO3, and the older
//! `py_module_initializer!`; an interpreter started by hand (`prepare_freethreaded_python`, `append_to_inittab!` …). The
//! feature `auto-initialize` is read in the manifest.
//! *Emits*: `Ffi` export `pyo3`, one per file, with the functions and classes offered; `Ffi` import `pyo3` for an
//! interpreter inside.
//! *Misses*: interpreters started through `pyo3::ffi`.
//! *Example*: `#[pymodule] fn fast(m: &Bound<PyModule>)` → export, `pyo3`.

use super::Facts;
use crate::fact::{Direction, FactKind};
use crate::parse::rust::RustView;
use crate::parse::rust::tree::{Item, ItemKind};

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    embedded(view, facts);
    let is_module = |item: &&Item| {
        item.attribute(&["pymodule"]).is_some()
            || item.kind == ItemKind::Macro && item.name.ends_with("py_module_initializer")
    };
    let offered: Vec<&Item> = view.items.iter().filter(|item| symbols(item) > 0).collect();
    let Some(first) = view.items.iter().find(is_module).or(offered.first().copied()) else { return };
    let count: u32 = offered.iter().map(|item| symbols(item)).sum();
    super::add_ffi(view, facts, first, Direction::Export, "pyo3", count.max(1));
}

/// An interpreter that the program starts itself: whoever is loaded by Python has one already.
fn embedded(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    const STARTS: [&str; 3] = ["prepare_freethreaded_python", "with_embedded_python_interpreter", "append_to_inittab"];
    let tokens = &view.tokens;
    if !tokens.has_any(&STARTS) {
        return;
    }
    let starts = |at: usize| {
        let called = tokens.is(at + 1, b'(') || tokens.is(at + 1, b'!');
        tokens.is_ident(at) && STARTS.contains(&tokens.at(at)) && called && tokens.at(at.wrapping_sub(1)) != "fn"
    };
    let found: Vec<usize> = (0..tokens.len()).filter(|&at| starts(at)).collect();
    let Some(first) = tokens.best(found.iter().copied()) else { return };
    let kind =
        FactKind::Ffi { direction: Direction::Import, mechanism: "pyo3".to_owned(), symbols: found.len() as u32 };
    view.add(facts, first, first, kind);
}

fn symbols(item: &Item) -> u32 {
    match item.kind {
        ItemKind::Impl if item.attribute(&["pymethods"]).is_some() => item.count,
        _ => u32::from(item.attribute(&["pyclass", "pyfunction"]).is_some()),
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::testing::test_ffi;

    #[test]
    fn exports_are_counted_and_look_alikes_are_silent() {
        let cases: [(&str, &[&str]); 7] = [
            (
                "#[pymodule] fn m() {} #[pyfunction] fn f() {} #[pyclass] struct S; #[pymethods] impl S { fn a() {} fn b() {} }",
                &["export pyo3 4"],
            ),
            ("#[cfg_attr(feature = \"python\", pyo3::pyclass)] struct S;", &["export pyo3 1"]),
            ("fn f() { Python::with_gil(|py| 1) } // pyclass", &[]),
            ("#[derive(Clone)] struct S; fn pyfunction() {}", &[]),
            ("fn main() { pyo3::prepare_freethreaded_python(); }", &["import pyo3 1"]),
            ("fn prepare_freethreaded_python() {} // pyo3::prepare_freethreaded_python()", &[]),
            ("cpython::py_module_initializer!(m, |py, m| { Ok(()) });", &["export pyo3 1"]),
        ];
        for (source, expected) in cases {
            assert_eq!(test_ffi(source), expected, "{source}");
        }
    }
}
