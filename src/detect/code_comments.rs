//! Latency targets stated in comments of Go, Rust and protocol buffers.
//!
//! *Looks for*: line comments (runs of them are one) and block comments that oblige: `must respond within 40ms`.
//! *Emits*: [`FactKind::Latency`](crate::fact::FactKind::Latency) from a comment, for the services that reach the
//! package, or that lie at or near the definition.
//! *Misses*: targets in identifiers, comments behind code on a line with a string that holds `//`.
//! *Example*: `/// Applications must respond to requests within a certain time (~40ms)`: within 40 ms.

use std::ops::Range;

use memchr::{memchr, memmem, memrchr};

use super::Facts;
use super::latency::{self, Budget};
use super::prose;
use crate::fact::{Binding, LatencySource, Subject};
use crate::source::Text;

const TESTS: &str = "#[cfg(test)]";

pub(super) fn detect(text: &Text<'_>, facts: &mut Facts<'_, '_>) {
    // Inline tests of Rust stand at the end of the file.
    let is_module = |at: &usize| {
        let rest = &text.text[at + TESTS.len()..];
        rest.strip_prefix('\r').unwrap_or(rest).starts_with("\nmod ")
    };
    let tests = memmem::find_iter(text.text.as_bytes(), TESTS).find(is_module);
    let end = tests.unwrap_or(text.text.len());
    let code = &text.text[..end];
    if code.starts_with("// Code generated") || !prose::may_hold_figure(code) {
        return;
    }
    let binding = if text.path.ends_with(".proto") { Binding::Here } else { Binding::Package };
    for range in comments(code) {
        let comment = &code[range.clone()];
        if !may_oblige(comment) {
            continue;
        }
        for target in prose::comment_targets(comment, range.start) {
            let budget = Budget {
                limit: target.limit,
                percentile: target.percentile,
                source: LatencySource::Comment,
                subject: Subject::Answering,
                binding: binding.clone(),
            };
            latency::add(facts, target.range, budget);
        }
    }
}

/// A figure and a word that obliges: cheap, and true of few comments.
fn may_oblige(comment: &str) -> bool {
    prose::may_hold_figure(comment) && prose::duty(comment)
}

/// Finds comments: runs of lines that begin with `//`, what follows `//` behind code, and `/* … */`.
fn comments(code: &str) -> Vec<Range<usize>> {
    let (bytes, mut found): (_, Vec<Range<usize>>) = (code.as_bytes(), Vec::new());
    let mut at = 0;
    let mut run = false;
    let mut block: Option<usize> = None;
    // Most lines hold no comment, and nothing that ends one: from slash to slash they are passed over.
    while let Some(slash) = memchr(b'/', &bytes[at..]).map(|offset| at + offset) {
        let start = memrchr(b'\n', &bytes[at..slash]).map_or(at, |offset| at + offset + 1);
        run &= start == at;
        at = memchr(b'\n', &bytes[slash..]).map_or(code.len(), |offset| slash + offset + 1);
        let line = &code[start..at];
        let body = line.trim_start();
        if let Some(opened) = block {
            if line.contains("*/") {
                found.push(opened..at);
                block = None;
            }
        } else if body.starts_with("//") {
            match found.last_mut().filter(|_| run) {
                Some(last) => last.end = at,
                None => found.push(start..at),
            }
            run = true;
            continue;
        } else if body.starts_with("/*") {
            if line.contains("*/") { found.push(start..at) } else { block = Some(start) }
        } else if let Some(offset) = memmem::find(line.as_bytes(), b" // ") {
            found.push(start + offset + 1..at);
        }
        run = false;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str) -> Vec<String> {
        latency::test::text(detect, "a.go", source)
    }

    #[test]
    fn runs_blocks_and_trailing_comments() {
        let run = "x\n    /// It must respond to requests within a certain time frame (~40ms)\n    /// or send an extension.\n";
        assert_eq!(check(run), ["- 40000us Comment [Package] @2"]);
        assert_eq!(check("/*\n p99 latency must be below 2 ms\n*/\n"), ["p99 2000us Comment [Package] @2"]);
        assert_eq!(check("x = 1 // response deadline of 5ms\n"), ["- 5000us Comment [Package] @1"]);
    }

    #[test]
    fn inline_tests_promise_nothing_however_lines_end() {
        let source = "fn a() {}\n#[cfg(test)]\nmod tests {\n    // The deadline must be below 5 ms.\n}\n";
        for source in [source.to_owned(), source.replace('\n', "\r\n")] {
            assert!(latency::test::text(detect, "a.rs", &source).is_empty(), "{source:?}");
        }
    }

    #[test]
    fn definitions_of_an_interface() {
        let source = "service Shop {\n  // Must respond within 20ms at p99.\n  rpc Buy(Order) returns (Receipt);\n}\n";
        assert_eq!(latency::test::text(detect, "shop.proto", source), ["p99 20000us Comment [Here] @2"]);
    }

    #[test]
    fn code_strings_and_waits_are_none() {
        for source in [
            "x := \"must respond within 5 ms\"\n",
            "// must wait 5 ms for the response\n",
            "// Code generated by x. DO NOT EDIT.\n// must respond within 5 ms\n",
            "#[cfg(test)]\nmod tests {\n// must respond within 5 ms\n}\n",
            "// The budget is 5 apples; requests\n",
        ] {
            assert!(check(source).is_empty(), "{source}");
        }
    }
}
