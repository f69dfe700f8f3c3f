//! The page's section per service: reasoning, arguments with their evidence, findings with advice.

use super::{marks, push, tag};
use crate::finding::{Argument, Finding, Judged, Label, Report, Status};
use crate::report::{Context, inert, words};
use crate::source::{Location, Text};

/// Longest piece of a source line that is shown.
const MOST_CHARS: usize = 160;

pub(super) fn write(page: &mut String, report: &Report, services: &[&Judged], context: &Context) {
    page.push_str("<h2 id=\"services\">Services</h2>");
    for (index, judged) in services.iter().enumerate() {
        article(page, report, index, judged, context);
    }
    let general: Vec<&Finding> = report.findings.iter().filter(|finding| finding.service.is_none()).collect();
    if !general.is_empty() {
        page.push_str("<h2>The repository</h2>");
        for item in general {
            finding(page, item, context);
        }
    }
}

fn article(page: &mut String, report: &Report, index: usize, judged: &Judged, context: &Context) {
    let service = &judged.service;
    push(
        page,
        format_args!(
            "<article id=\"s{index}\"{}><details><summary><b>{}</b> {} <span class=\"{}\">{}</span> {} <code>{}</code>\
             </summary><p>{}</p>",
            marks(judged),
            inert::html(&service.name),
            tag(judged),
            service.language.word(),
            service.language.name(),
            service.role.word(),
            inert::html(&service.root),
            inert::html_text(&judged.reasoning),
        ),
    );
    let concerns = |finding: &&Finding| {
        finding.service.as_ref().is_some_and(|(root, language)| *root == service.root && *language == service.language)
    };
    for item in report.findings.iter().filter(concerns) {
        finding(page, item, context);
    }
    if !judged.arguments.is_empty() {
        page.push_str("<h3>Policies that matched</h3>");
    }
    for (at, item) in judged.arguments.iter().enumerate() {
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

fn finding(page: &mut String, finding: &Finding, context: &Context) {
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
    push(
        page,
        format_args!(
            "<p>{}</p><p class=\"dim\">{}</p>",
            inert::html_text(&format!("{}{cost}", finding.advice.text.trim_end_matches('.'))),
            inert::html(&words::leanings(&finding.cites))
        ),
    );
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
