//! T1: what a fuzzer found, each as small as it could be made; the bytes stand in `fuzz/corpus` too.

use super::{Case, calm_service, put, run_all};

/// What was wrong, the path, the text.
const FOUND: &[(&str, &str, &str)] = &[
    ("a compared path with too few tokens before it", "pkg/a.go", "pr.URL.Path ,\n case"),
    ("a compared path in the first bracket of a file", "pkg/a.go", "(r.URL.Path, \"/a\")"),
];

#[test]
fn what_a_fuzzer_found_breaks_no_reader_again() {
    let case = |(what, path, text): &(&'static str, &'static str, &'static str)| {
        let (path, text) = (*path, *text);
        Case::new("T1", *what, move |root| {
            calm_service(root);
            put(root, path, text);
        })
        // A file that is no Go is told of, and fails a strict run; a reader that failed would be told of as ours.
        .exits(&[0, 2])
        .skips("not Go")
    };
    run_all(&FOUND.iter().map(case).collect::<Vec<_>>());
}

#[test]
fn a_query_that_the_library_trips_over_is_refused_with_its_place() {
    let case = |query: &'static str| {
        Case::new("T1", query, move |root| {
            calm_service(root);
            let extractor = format!(
                "id = \"x\"\nabout = \"x\"\nfiles = [\"**\"]\ngo-query = '''{query}'''\n[fact]\nsignal = \"latency\"\n\
                 source = \"slo\"\nlimit = {{ from = \"x\", unit = \"ms\" }}\n"
            );
            put(root, "own/x.toml", extractor);
            put(root, "fitcheck.toml", "extractors = [\"own\"]\n");
        })
        .exits(&[2])
    };
    run_all(&["((int_literal) @x ((#a? @x \"b\")))", "[(#a? b)] @x", "(_ name: (#a? b)) @x"].map(case));
}
