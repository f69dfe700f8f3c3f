//! The page's section per service: reasoning, arguments with their evidence, findings with advice.

use std::collections::{BTreeMap, BTreeSet};

use super::{marks, push, tag};
use crate::finding::{Argument, Finding, Judged, Label, Report, Status, Verdict};
use crate::report::{Context, inert, words};
use crate::service::Language;
use crate::source::{Location, Text};

/// Longest piece of a source line that is shown.
const MOST_CHARS: usize = 160;

/// At most so many questioned services stand open; of more, the list of findings leads to each.
const MOST_OPEN: usize = 10;

/// Which section tells about a finding.
pub(super) struct Places<'a>(BTreeMap<(&'a str, Language), usize>);

impl<'a> Places<'a> {
    pub(super) fn of(services: &[&'a Judged]) -> Places<'a> {
        let key = |judged: &'a Judged| (&*judged.service.root, judged.service.language);
        Places(services.iter().enumerate().map(|(index, judged)| (key(judged), index)).collect())
    }

    /// The number of the service that a finding is about, where it is shown.
    pub(super) fn service(&self, finding: &Finding) -> Option<usize> {
        let (root, language) = finding.service.as_ref()?;
        self.0.get(&(&**root, *language)).copied()
    }
}

/// The address of what a section says about a policy.
pub(super) fn anchor(index: usize, judged: &Judged, policy: &str) -> Option<String> {
    let at = judged.arguments.iter().position(|argument| argument.policy == policy)?;
    Some(format!("s{index}-{at}"))
}

pub(super) fn write(page: &mut String, report: &Report, services: &[&Judged], context: &Context) {
    page.push_str("<h2 id=\"services\">Services</h2>");
    let places = Places::of(services);
    let mut found: Vec<Vec<&Finding>> = vec![Vec::new(); services.len()];
    let mut general = Vec::new();
    for finding in &report.findings {
        match places.service(finding) {
            Some(index) => found[index].push(finding),
            None => general.push(finding),
        }
    }
    let questioned = services.iter().filter(|judged| judged.verdict == Verdict::Questioned).count();
    for (index, judged) in services.iter().enumerate() {
        let is_open = judged.verdict == Verdict::Questioned && questioned <= MOST_OPEN;
        article(page, index, judged, &found[index], is_open, context);
    }
    if !general.is_empty() {
        page.push_str("<h2>The repository</h2>");
        for item in general {
            finding(page, item, true, context);
        }
    }
}

fn article(page: &mut String, index: usize, judged: &Judged, findings: &[&Finding], is_open: bool, context: &Context) {
    let service = &judged.service;
    push(
        page,
        format_args!(
            "<article id=\"s{index}\"{}><details{}><summary><b>{}</b> {} <span class=\"{}\">{}</span> {} <code>{}</code>\
             </summary><p>{}</p>",
            marks(judged),
            if is_open { " open" } else { "" },
            inert::html(&service.name),
            tag(judged),
            service.language.word(),
            service.language.name(),
            service.role.word(),
            inert::html(&service.root),
            inert::html_text(&judged.reasoning),
        ),
    );
    let mut advised = BTreeSet::new();
    let mut told = BTreeSet::new();
    for item in findings {
        let id = anchor(index, judged, &item.policy).filter(|_| told.insert(&*item.policy));
        push(page, format_args!("<div{}>", id.map(|id| format!(" id=\"{id}\"")).unwrap_or_default()));
        finding(page, item, advised.insert(&item.advice.text), context);
        page.push_str("</div>");
    }
    // What a finding has told stands there.
    let rest = judged.arguments.iter().enumerate().filter(|(_, item)| !told.contains(&*item.policy));
    for (row, (at, item)) in rest.enumerate() {
        if row == 0 {
            page.push_str(if told.is_empty() {
                "<h3>Policies that matched</h3>"
            } else {
                "<h3>Other policies that matched</h3>"
            });
        }
        argument(page, &format!("s{index}-{at}"), item, context);
    }
    list(page, "Would change the verdict", judged.counterfactuals.iter().map(|text| inert::html_text(text)));
    let unknown = judged.unknown.iter().map(|(policy, why)| format!("{}: {}", inert::html(policy), inert::html(why)));
    list(page, "Could not be judged", unknown);
    let role = service
        .role_because
        .iter()
        .map(|(why, location)| format!("{} (<code>{}</code>)", inert::html(why), place(location)));
    list(page, "Why it has its role", role);
    page.push_str("</details></article>");
}

/// A finding with its evidence; its advice unless another about the same service gave the very same.
fn finding(page: &mut String, finding: &Finding, advises: bool, context: &Context) {
    let status = match finding.status {
        Status::New => "",
        Status::Baseline => ", in the baseline",
        Status::Allowed => ", allowed",
    };
    push(
        page,
        format_args!(
            "<h3>{}: {}{status}</h3><p>{}</p>",
            finding.severity.word(),
            inert::html(&finding.policy),
            inert::html_text(&finding.message)
        ),
    );
    labels(page, &finding.labels, context);
    let cost = finding.advice.cost.as_ref().map(|cost| format!(" ({})", words::cost(cost))).unwrap_or_default();
    let advice = format!("{}{cost}", finding.advice.text.trim_end_matches('.'));
    if advises && !advice.is_empty() {
        push(page, format_args!("<p>{}.</p>", inert::html_text(&advice)));
    }
    if !finding.cites.is_empty() {
        push(page, format_args!("<p class=\"dim\">{}</p>", inert::html(&words::leanings(&finding.cites))));
    }
}

fn argument(page: &mut String, id: &str, argument: &Argument, context: &Context) {
    let side = argument.favors.map_or("context".to_owned(), |language| format!("favours {}", language.name()));
    let contested = if argument.contested { ", contested" } else { "" };
    let lowered = argument.lowered_by.as_ref().map(|by| format!(", lowered by {by}")).unwrap_or_default();
    push(
        page,
        format_args!(
            "<div id=\"{id}\"><p><b>{}</b> {} <span class=\"dim\">{}</span></p>",
            inert::html(&argument.policy),
            inert::html_text(&argument.statement),
            inert::html(&format!("{side}, {}{contested}{lowered}", argument.strength.word())),
        ),
    );
    labels(page, &argument.labels, context);
    page.push_str("</div>");
}

fn labels(page: &mut String, labels: &[Label], context: &Context) {
    page.push_str("<ul>");
    for label in labels {
        push(page, format_args!("<li><code>{}</code> {}", place(&label.location), inert::html_text(&label.text)));
        if let Some(line) = source_line(&label.location, context) {
            push(page, format_args!("<pre tabindex=\"0\">{}</pre>", inert::html(&line)));
        }
        page.push_str("</li>");
    }
    page.push_str("</ul>");
}

fn source_line(location: &Location, context: &Context) -> Option<String> {
    let source = context.sources.read(&location.path)?;
    let line = Text::new(&location.path, &source).line(location.place.line).trim().to_owned();
    let cut: String = line.chars().take(MOST_CHARS).collect();
    let more = if cut.len() < line.len() { "…" } else { "" };
    (!line.is_empty()).then(|| format!("{cut}{more}"))
}

fn list(page: &mut String, title: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.map(|item| format!("<li>{item}</li>")).collect();
    if !items.is_empty() {
        push(page, format_args!("<h3>{title}</h3><ul>{}</ul>", items.join("")));
    }
}

pub(super) fn place(location: &Location) -> String {
    inert::html(&format!("{}:{}", location.path, location.place.line))
}
