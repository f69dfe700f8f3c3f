//! Python modules written in Rust.
//!
//! *Looks for*: `#[pymodule]`, `#[pyclass]`, `#[pyfunction]`, `#[pymethods]` of PyO3.
//! *Emits*: `Ffi` export `pyo3`, one per file, with the functions and classes offered.
//! *Misses*: modules of the older `cpython` crate; programs that embed Python.
//! *Example*: `#[pymodule] fn fast(m: &Bound<PyModule>)` → export, `pyo3`.

use super::Facts;
use crate::fact::Direction;
use crate::parse::rust::RustView;
use crate::parse::rust::tree::{Item, ItemKind};

pub(crate) fn detect(view: &RustView<'_, '_>, facts: &mut Facts<'_, '_>) {
    let is_module = |item: &&Item| item.attribute(&["pymodule"]).is_some();
    let offered: Vec<&Item> = view.items.iter().filter(|item| symbols(item) > 0).collect();
    let Some(first) = view.items.iter().find(is_module).or(offered.first().copied()) else { return };
    let count: u32 = offered.iter().map(|item| symbols(item)).sum();
    super::add_ffi(view, facts, first, Direction::Export, "pyo3", count.max(1));
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
        let cases: [(&str, &[&str]); 4] = [
            (
                "#[pymodule] fn m() {} #[pyfunction] fn f() {} #[pyclass] struct S; #[pymethods] impl S { fn a() {} fn b() {} }",
                &["export pyo3 4"],
            ),
            ("#[cfg_attr(feature = \"python\", pyo3::pyclass)] struct S;", &["export pyo3 1"]),
            ("fn f() { Python::with_gil(|py| 1) } // pyclass", &[]),
            ("#[derive(Clone)] struct S; fn pyfunction() {}", &[]),
        ];
        for (source, expected) in cases {
            assert_eq!(test_ffi(source), expected, "{source}");
        }
    }
}
