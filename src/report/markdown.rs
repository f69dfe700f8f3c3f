//! The whole report in Markdown.

use std::io::{self, Write};

use super::{Context, blocks, fleet, inert, words};
use crate::finding::{Report, Status};

/// Writes everything, without a limit.
pub(super) fn write(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let is_fleet = !report.repositories.is_empty();
    let verdicts = if is_fleet { fleet::headline(report) } else { words::verdicts(report) };
    writeln!(out, "# fitcheck\n\n{verdicts}.\n")?;
    if is_fleet {
        section("Repositories", &fleet::blocks(report), out)?;
    }
    let changes: Vec<String> = blocks::changes(report).into_iter().chain(blocks::resolved(report)).collect();
    section("Changes", &changes, out)?;
    section("Findings", &blocks::findings(report, Status::New), out)?;
    section("Services", &blocks::services(report, context.all), out)?;
    section("Allowed", &blocks::findings(report, Status::Allowed), out)?;
    section("In the baseline", &blocks::findings(report, Status::Baseline), out)?;
    let unbound: Vec<String> = report
        .unbound
        .iter()
        .flat_map(|figure| figure.evidence.first().map(|at| (&figure.value, at)))
        .map(|(figure, at)| {
            format!("- {}: {}", inert::markdown_code(&at.path), inert::markdown(&words::latency(figure)))
        })
        .collect();
    if context.all && !unbound.is_empty() {
        section("Latency figures of no service here", &[unbound.join("\n")], out)?;
    }
    let skipped: Vec<String> = report
        .skipped
        .iter()
        .map(|problem| format!("- {}: {}", inert::markdown_code(&problem.path), inert::markdown(&problem.reason)))
        .collect();
    if !skipped.is_empty() {
        section("Not read", &[skipped.join("\n")], out)?;
    }
    if let Some(remedy) = &report.history.remedy {
        section("History", &[inert::markdown(remedy)], out)?;
    }
    Ok(())
}

fn section(title: &str, blocks: &[String], out: &mut dyn Write) -> io::Result<()> {
    if blocks.is_empty() {
        return Ok(());
    }
    writeln!(out, "## {title}\n\n{}\n", blocks.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn values_stay_values() {
        let mut out = Vec::new();
        write(&sample::report(), &sample::context(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("- `ops/slo.yaml:3` objective, 99.9 % of requests"), "{text}");
        assert!(
            text.contains("| `ingest` | Go | service | **questioned** | `tail-latency` `tuning-exhausted` |"),
            "{text}"
        );
    }

    #[test]
    fn a_markdown_parser_finds_no_link_image_or_markup_from_the_repository() {
        use pulldown_cmark::{Event, Options, Parser, Tag};
        for name in ["markdown", "summary", "comment"] {
            let mut out = Vec::new();
            let format = super::super::Format::named(name).unwrap();
            format.write(&sample::report(), &sample::context(), &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            for event in Parser::new_ext(&text, Options::all()) {
                match event {
                    Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("a link in {name}: {text}"),
                    Event::Html(html) | Event::InlineHtml(html) => {
                        let ours =
                            ["<!-- fitcheck:report -->", "<details><summary>All services</summary>", "</details>"];
                        assert!(ours.contains(&html.trim()), "{html:?} in {name}");
                    }
                    Event::Text(text) => assert!(!text.contains("@team"), "{text}"),
                    _ => (),
                }
            }
        }
    }
}
