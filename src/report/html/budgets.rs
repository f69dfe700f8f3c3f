//! The page's chart: latency budgets on a logarithmic scale against the pause figures of the documents.

use super::ledger::place;
use super::{link, marks, push};
use crate::fact::Subject;
use crate::finding::{Judged, Report};
use crate::report::{inert, words};
use crate::service::Latency;

/// Pauses that the documents report for garbage collection, in microseconds, with their source.
const PAUSES: &[(f64, &str)] =
    &[(500.0, "typical pause (001)"), (2_000.0, "pause that hurts (004)"), (30_000.0, "seen in a hot path (000)")];
const WIDTH: f64 = 900.0;
const LEFT: f64 = 170.0;
const LANE: f64 = 26.0;
const TOP: f64 = 58.0;
/// Ends of the scale: 10 µs and 10 s.
const SCALE: (f64, f64) = (10.0, 1e7);

pub(super) fn write(page: &mut String, report: &Report, services: &[&Judged]) {
    let mut budgets: Vec<(usize, &Judged, &Latency)> = Vec::new();
    for (index, judged) in services.iter().enumerate() {
        for item in judged.service.latency.iter().filter(|item| item.value.subject == Subject::Answering) {
            budgets.push((index, judged, &item.value));
        }
    }
    if budgets.is_empty() && report.unbound.is_empty() {
        return;
    }
    page.push_str("<h2 id=\"budgets\">Latency budgets</h2>");
    if !budgets.is_empty() {
        budgets.sort_by(|a, b| a.2.limit_us.total_cmp(&b.2.limit_us));
        chart(page, &budgets);
        table(page, &budgets);
    }
    unbound(page, report);
}

fn x(micros: f64) -> f64 {
    let position = (micros / SCALE.0).log10() / (SCALE.1 / SCALE.0).log10();
    LEFT + position.clamp(0.0, 1.0) * (WIDTH - LEFT - 70.0)
}

/// The tightest thirty; the table has all.
fn chart(page: &mut String, budgets: &[(usize, &Judged, &Latency)]) {
    let lanes = budgets.len().min(30);
    let bottom = TOP + lanes as f64 * LANE;
    push(
        page,
        format_args!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"budgets\"><svg role=\"img\" \
             aria-label=\"Latency budgets on a logarithmic scale; the table below has the same figures\" \
             viewBox=\"0 0 {WIDTH} {}\">",
            bottom + 30.0
        ),
    );
    let mut tick = SCALE.0;
    while tick <= SCALE.1 {
        let at = x(tick);
        push(
            page,
            format_args!(
                "<line class=\"axis\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
                 <text class=\"dim\" x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                bottom + 20.0,
                words::duration(tick)
            ),
        );
        tick *= 10.0;
    }
    for (row, (micros, words)) in PAUSES.iter().enumerate() {
        let at = x(*micros);
        push(
            page,
            format_args!(
                "<line class=\"pause\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{}\" y2=\"{bottom}\"/>\
                 <text class=\"pausetext\" x=\"{:.1}\" y=\"{}\">{} {words}</text>",
                6 + row * 16,
                at + 4.0,
                16 + row * 16,
                words::duration(*micros)
            ),
        );
    }
    for (lane, (_, judged, latency)) in budgets.iter().take(lanes).enumerate() {
        let y = TOP + (lane as f64 + 0.5) * LANE;
        let name: String = judged.service.name.chars().take(22).collect();
        push(
            page,
            format_args!(
                "<g><line class=\"lane\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/><text x=\"4\" \
                 y=\"{}\">{}</text><circle class=\"dot\" cx=\"{:.1}\" cy=\"{y}\" r=\"6\"/><text x=\"{:.1}\" \
                 y=\"{}\">{}</text></g>",
                y + 4.0,
                inert::html(&name),
                x(latency.limit_us),
                x(latency.limit_us) + 10.0,
                y - 2.0,
                words::duration(latency.limit_us)
            ),
        );
    }
    page.push_str("</svg></div>");
}

fn table(page: &mut String, budgets: &[(usize, &Judged, &Latency)]) {
    page.push_str(
        "<details><summary>The same as a table</summary><div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Latency budgets as a table\"><table><thead><tr><th scope=\"col\">service</th>\
         <th scope=\"col\">budget</th><th scope=\"col\">percentile</th><th scope=\"col\">source</th></tr></thead><tbody>",
    );
    for (index, judged, latency) in budgets {
        let percentile = latency.percentile.map(|p| format!("p{}", words::figure(p))).unwrap_or_default();
        push(
            page,
            format_args!(
                "<tr{}><th scope=\"row\">{}</th><td>{}</td><td>{percentile}</td><td>{}</td></tr>",
                marks(judged),
                link(*index, judged),
                words::duration(latency.limit_us),
                words::latency_source(latency.source)
            ),
        );
    }
    page.push_str("</tbody></table></div></details>");
}

/// Figures that are about none of the services: stated here so that nobody looks for them in vain.
fn unbound(page: &mut String, report: &Report) {
    if report.unbound.is_empty() {
        return;
    }
    let count = words::counted(report.unbound.len(), "figure", "figures");
    push(page, format_args!("<details><summary>{count} of no service here, on which no verdict rests</summary><ul>"));
    for figure in &report.unbound {
        let places: Vec<String> =
            figure.evidence.iter().map(|location| format!("<code>{}</code>", place(location))).collect();
        push(page, format_args!("<li>{}: {}</li>", inert::html(&words::latency(&figure.value)), places.join(", ")));
    }
    page.push_str("</ul></details>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_no_service_are_told() {
        let mut page = String::new();
        write(&mut page, &crate::report::sample::report(), &[]);
        assert!(page.contains("2 figures of no service here"), "{page}");
        assert!(page.contains("900 µs at p99.9, slo: <code>ops/other.yaml:7</code>"), "{page}");
    }

    #[test]
    fn the_scale_is_logarithmic_and_ends() {
        assert!((x(1e4) - x(1e3) - (x(1e6) - x(1e5))).abs() < 1e-6);
        assert_eq!(x(1.0), x(10.0));
        assert_eq!(x(1e12), x(1e7));
    }
}
