//! One self-contained page: no network, no fonts, readable without its script.
//!
//! Every value passes [`inert::html`] where it is written. Style and script are files beside this one; the policy in
//! the page's head names their hashes, so nothing else can run or be loaded.

mod budgets;
mod ledger;
mod people;

use std::fmt::Write as _;
use std::io::{self, Write};

use sha2::{Digest, Sha256};

use super::{Context, fleet, inert, words};
use crate::finding::{Judged, Report, Status, Strength};
use crate::path::base;
use crate::service::Language;

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

/// Writes the page.
pub(super) fn write(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let mut services: Vec<&Judged> = words::shown(report, context.all).collect();
    services.sort_by_key(|judged| judged.verdict);
    let mut page = String::new();
    head(&mut page);
    overview(&mut page, report);
    repositories(&mut page, report);
    findings(&mut page, report, &services);
    filter(&mut page);
    fit_map(&mut page, &services);
    matrix(&mut page, &services);
    budgets::write(&mut page, report, &services);
    people::write(&mut page, &services);
    ledger::write(&mut page, report, &services, context);
    skipped(&mut page, report);
    page.push_str(
        "<p class=\"dim\">000 to 004 are the five documents that the policies cite; <code>fitcheck explain POLICY</code> \
         says what each of them holds on its point.</p>",
    );
    push(&mut page, format_args!("</main><script>{SCRIPT}</script></body></html>\n"));
    out.write_all(page.as_bytes())
}

fn push(page: &mut String, text: std::fmt::Arguments) {
    page.write_fmt(text).expect("because writing to a string cannot fail");
}

fn head(page: &mut String) {
    push(
        page,
        format_args!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action \
             'none'; style-src 'sha256-{}'; script-src 'sha256-{}'\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"referrer\" content=\"no-referrer\"><title>fitcheck report</title><style>{STYLE}</style>\
             </head><body><a class=\"skip\" href=\"#services\">Skip to the services</a><main>",
            digest(STYLE),
            digest(SCRIPT),
        ),
    );
}

/// The hash of an inline block as a content-security policy writes it.
fn digest(text: &str) -> String {
    base64(&Sha256::digest(text.as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let group = (0..3).fold(0_u32, |group, at| group << 8 | u32::from(*chunk.get(at).unwrap_or(&0)));
        for digit in 0..4 {
            let index = (group >> (18 - 6 * digit)) & 63;
            out.push(if digit > chunk.len() { '=' } else { DIGITS[index as usize] as char });
        }
    }
    out
}

fn overview(page: &mut String, report: &Report) {
    page.push_str("<h1>fitcheck</h1><p class=\"counts\">");
    if !report.repositories.is_empty() {
        page.push_str(&words::counted(report.repositories.len(), "repository", "repositories"));
    }
    for verdict in words::VERDICTS {
        let n = words::verdict_count(report, verdict);
        if n > 0 {
            let class = verdict.word();
            push(page, format_args!(" <span class=\"tag {class}\">{}</span>", words::verdicts_of(verdict, n)));
        }
    }
    if words::shown(report, false).next().is_none() {
        page.push_str(" No Go or Rust services found.");
    }
    page.push_str("</p>");
    if let Some(revision) = &report.revision {
        push(page, format_args!("<p class=\"dim\">Revision <code>{}</code></p>", inert::html(revision)));
    }
    if let Some(remedy) = &report.history.remedy {
        push(page, format_args!("<p>{}</p>", inert::html(remedy)));
    }
    let Some(comparison) = &report.comparison else { return };
    push(page, format_args!("<h2>Changed since <code>{}</code></h2>", inert::html(&comparison.base)));
    if comparison.changes.is_empty() {
        page.push_str("<p>No verdict changed.</p>");
    }
    page.push_str("<ul>");
    for change in &comparison.changes {
        push(
            page,
            format_args!(
                "<li><b>{}</b>: {}{}.</li>",
                inert::html(&change.name),
                words::change(change.before, change.after),
                inert::html(&words::because(change))
            ),
        );
    }
    for gone in &comparison.resolved {
        push(
            page,
            format_args!("<li>Resolved <b>{}</b>: {}</li>", inert::html(&gone.policy), inert::html(&gone.message)),
        );
    }
    if comparison.kept > 0 {
        let kept = words::counted(comparison.kept as usize, "finding was", "findings were");
        push(page, format_args!("<li>{kept} there before</li>"));
    }
    page.push_str("</ul>");
}

/// The repositories of a merged report, worst first.
fn repositories(page: &mut String, report: &Report) {
    if report.repositories.is_empty() {
        return;
    }
    page.push_str(
        "<h2 id=\"repositories\">Repositories</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-labelledby=\"repositories\"><table><thead><tr><th scope=\"col\">repository</th>",
    );
    for column in fleet::COLUMNS {
        push(page, format_args!("<th scope=\"col\">{column}</th>"));
    }
    page.push_str("<th scope=\"col\">history</th><th scope=\"col\">revision</th></tr></thead><tbody>");
    for member in fleet::worst_first(report) {
        push(page, format_args!("<tr><th scope=\"row\">{}</th>", inert::html(&member.name)));
        for number in fleet::numbers(member) {
            push(page, format_args!("<td>{number}</td>"));
        }
        let revision: String = member.revision.iter().flat_map(|revision| revision.chars()).take(12).collect();
        push(
            page,
            format_args!("<td>{}</td><td><code>{}</code></td></tr>", fleet::history(member), inert::html(&revision)),
        );
    }
    page.push_str("</tbody></table></div>");
}

/// What to look at first: every open finding in a line, with a link to its evidence.
fn findings(page: &mut String, report: &Report, services: &[&Judged]) {
    let mut open = report.findings.iter().filter(|finding| finding.status == Status::New).peekable();
    if open.peek().is_none() {
        return;
    }
    page.push_str(
        "<h2 id=\"findings\">Findings</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-labelledby=\"findings\"><table><thead><tr><th scope=\"col\">service</th><th scope=\"col\">policy</th>\
         <th scope=\"col\">what</th></tr></thead><tbody>",
    );
    let places = ledger::Places::of(services);
    for finding in open {
        let about = places.service(finding).map(|index| (index, services[index]));
        let mark = about.map(|(_, judged)| marks(judged)).unwrap_or_default();
        let name = about.map_or("the repository".to_owned(), |(index, judged)| link(index, judged));
        let policy = match about.and_then(|(index, judged)| ledger::anchor(index, judged, &finding.policy)) {
            Some(anchor) => format!("<a href=\"#{anchor}\">{}</a>", inert::html(&finding.policy)),
            None => inert::html(&finding.policy),
        };
        push(
            page,
            format_args!(
                "<tr{mark}><th scope=\"row\">{name}</th><td>{} {policy}</td><td>{}</td></tr>",
                finding.severity.word(),
                inert::html_text(&finding.message)
            ),
        );
    }
    page.push_str("</tbody></table></div>");
}

/// Hidden until the script that serves it runs.
fn filter(page: &mut String) {
    page.push_str(
        "<form id=\"filter\" hidden role=\"search\"><label>Search <input name=\"text\" type=\"search\" \
         autocomplete=\"off\"></label><label>Verdict <select name=\"verdict\"><option value=\"\">all</option>",
    );
    for verdict in words::VERDICTS {
        push(page, format_args!("<option>{}</option>", verdict.word()));
    }
    page.push_str(
        "</select></label><label>Language <select name=\"language\"><option value=\"\">both</option>\
         <option value=\"go\">Go</option><option value=\"rust\">Rust</option></select></label>\
         <output id=\"count\" aria-live=\"polite\"></output></form>",
    );
}

/// The attributes by which the script finds what belongs to a service.
fn marks(judged: &Judged) -> String {
    let service = &judged.service;
    let search = format!(
        "{} {} {} {} {} {}",
        service.name,
        service.root,
        service.role.word(),
        judged.verdict.word(),
        judged.questions.join(" "),
        judged.supports.join(" ")
    );
    format!(
        " data-service data-verdict=\"{}\" data-language=\"{}\" data-search=\"{}\"",
        judged.verdict.word(),
        service.language.word(),
        inert::html(&search)
    )
}

/// The address of a service's section: its place in the list, since names may repeat.
fn link(index: usize, judged: &Judged) -> String {
    let service = &judged.service;
    // Where the name is not the directory's, several may have it.
    let is_told = *service.root == *"." || base(&service.root) == service.name;
    let root = if is_told { String::new() } else { format!(" <small>{}</small>", inert::html(&service.root)) };
    format!("<a href=\"#s{index}\">{}</a>{root}", inert::html(&service.name))
}

fn tag(judged: &Judged) -> String {
    let word = judged.verdict.word();
    format!("<span class=\"tag {word}\">{word}</span>")
}

/// Strongest evidence for Go against strongest evidence for Rust.
fn fit_map(page: &mut String, services: &[&Judged]) {
    let steps = [None, Some(Strength::Weak), Some(Strength::Strong), Some(Strength::Decisive)];
    let name = |step: Option<Strength>| step.map_or("none", Strength::word);
    page.push_str(
        "<h2 id=\"map\">Fit map</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"map\">\
         <table class=\"map\"><caption>Strongest argument for Rust (rows) against strongest argument for Go \
         (columns)</caption><thead><tr><th scope=\"col\">for Rust</th>",
    );
    for step in steps {
        push(page, format_args!("<th scope=\"col\" class=\"go\">Go: {}</th>", name(step)));
    }
    page.push_str("</tr></thead><tbody>");
    for rust in steps.into_iter().rev() {
        push(page, format_args!("<tr><th scope=\"row\" class=\"rust\">Rust: {}</th>", name(rust)));
        for go in steps {
            page.push_str("<td><ul>");
            for (index, judged) in services.iter().enumerate() {
                if (strongest(judged, Language::Rust), strongest(judged, Language::Go)) == (rust, go) {
                    push(page, format_args!("<li{}>{} {}</li>", marks(judged), link(index, judged), tag(judged)));
                }
            }
            page.push_str("</ul></td>");
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div>");
}

fn strongest(judged: &Judged, language: Language) -> Option<Strength> {
    let favors = judged.arguments.iter().filter(|argument| argument.favors == Some(language));
    favors.map(|argument| argument.strength).max()
}

/// Which policy speaks for or against which service.
fn matrix(page: &mut String, services: &[&Judged]) {
    let mut policies: Vec<&str> =
        services.iter().flat_map(|judged| judged.arguments.iter().map(|argument| argument.policy.as_str())).collect();
    policies.sort_unstable();
    policies.dedup();
    if policies.is_empty() {
        return;
    }
    page.push_str(
        "<h2 id=\"matrix\">Services and policies</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-labelledby=\"matrix\"><table class=\"matrix\"><caption>+ speaks for the service’s language, − against \
         it, ± contested, · context</caption><thead><tr><th scope=\"col\">service</th>",
    );
    for policy in &policies {
        push(page, format_args!("<th scope=\"col\">{}</th>", inert::html(policy)));
    }
    page.push_str("</tr></thead><tbody>");
    for (index, judged) in services.iter().enumerate() {
        push(page, format_args!("<tr{}><th scope=\"row\">{}</th>", marks(judged), link(index, judged)));
        for policy in &policies {
            push(page, format_args!("<td>{}</td>", cell(index, judged, policy)));
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div>");
}

fn cell(index: usize, judged: &Judged, policy: &str) -> String {
    let found = judged.arguments.iter().find(|argument| argument.policy == policy);
    let Some((argument, anchor)) = found.zip(ledger::anchor(index, judged, policy)) else { return String::new() };
    let (sign, class, words) = match argument.favors {
        _ if argument.contested => ("±", "dim", "contested"),
        None => ("·", "dim", "context"),
        Some(language) if language == judged.service.language => ("+", "pro", "for"),
        Some(_) => ("−", "con", "against"),
    };
    let strength = argument.strength.word();
    format!(
        "<a class=\"{class}\" href=\"#{anchor}\" aria-label=\"{words}, {strength}\" \
         title=\"{words}, {strength}\">{sign}</a>"
    )
}

fn skipped(page: &mut String, report: &Report) {
    if report.skipped.is_empty() {
        return;
    }
    let count = words::counted(report.skipped.len(), "input", "inputs");
    push(page, format_args!("<h2>Not read</h2><details><summary>{count}</summary><ul>"));
    for problem in &report.skipped {
        push(
            page,
            format_args!("<li><code>{}</code>: {}</li>", inert::html(&problem.path), inert::html(&problem.reason)),
        );
    }
    page.push_str("</ul></details>");
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn rendered() -> String {
        let mut out = Vec::new();
        write(&sample::report(), &sample::context(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn hashes_are_those_that_browsers_compute() {
        assert_eq!(digest("alert('Hello, world.');"), "qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
        assert_eq!(base64(b"a"), "YQ==");
        assert_eq!(base64(b"ab"), "YWI=");
    }

    #[test]
    fn nothing_from_the_repository_is_markup() {
        let page = rendered();
        assert_eq!(page.matches("<script").count(), 1);
        assert!(!page.contains("alert(1)</script>") && !page.contains("http://") && !page.contains("https://"));
        assert!(!page.contains(" style=") && !page.contains("onclick"));
        assert!(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"));
        assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
    }

    #[test]
    fn evidence_stands_behind_each_cell() {
        let page = rendered();
        assert!(page.contains("href=\"#s0-0\" aria-label=\"against, strong\""), "{page}");
        assert!(page.contains("id=\"s0-0\""), "{page}");
        assert!(page.contains("<code>ops/slo.yaml:3</code>"), "{page}");
    }

    #[test]
    fn writes_a_page_for_the_browser_test() {
        // The browser test opens what this leaves; it is told where.
        if let Some(path) = std::env::var_os("FITCHECK_HTML") {
            std::fs::write(path, rendered()).unwrap();
        }
    }
}
