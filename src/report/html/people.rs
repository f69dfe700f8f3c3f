//! The page's table of team and specification: figures, and how they came about month by month.

use super::{link, marks, push};
use crate::finding::Judged;
use crate::report::words;
use crate::service::{Spec, Team};

const HEIGHT: u32 = 26;
const STEP: usize = 6;

pub(super) fn write(page: &mut String, services: &[&Judged]) {
    if services.iter().all(|judged| judged.service.team.is_none() && judged.service.spec.is_none()) {
        return;
    }
    page.push_str(
        "<h2 id=\"people\">Team and specification</h2><p class=\"dim\">Bars are twelfths of a window, oldest first: \
         commits of the window before, then of this one; the line is how many people made them. Changes of the \
         specification are those of the last year.</p>\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"people\"><table><thead><tr>\
         <th scope=\"col\">service</th><th scope=\"col\">commits and people</th>\
         <th scope=\"col\">people</th><th scope=\"col\">new</th><th scope=\"col\">left</th>\
         <th scope=\"col\">rotation</th><th scope=\"col\">half of changes by</th>\
         <th scope=\"col\">changes a week</th><th scope=\"col\">specification</th>\
         <th scope=\"col\">its changes a week</th></tr></thead><tbody>",
    );
    for (index, judged) in services.iter().enumerate() {
        push(page, format_args!("<tr{}><th scope=\"row\">{}</th>", marks(judged), link(index, judged)));
        match &judged.service.team {
            Some(known) => team(page, known),
            None => page.push_str("<td colspan=\"7\" class=\"dim\">unknown: history cannot tell</td>"),
        }
        match &judged.service.spec {
            Some(known) => spec(page, known),
            None => page.push_str("<td colspan=\"2\" class=\"dim\">unknown, or none found</td>"),
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div>");
}

fn team(page: &mut String, team: &Team) {
    let commits: Vec<u32> = team.months.iter().map(|month| month.0).collect();
    let people: Vec<u32> = team.months.iter().map(|month| month.1).collect();
    page.push_str("<td>");
    chart(page, "commits a month, then people a month", &commits, &people);
    push(
        page,
        format_args!(
            "</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>",
            team.contributors,
            team.newcomers,
            team.departed,
            words::figure(team.rotation),
            team.bus_factor,
            words::figure(team.changes_per_week)
        ),
    );
}

fn spec(page: &mut String, spec: &Spec) {
    page.push_str("<td>");
    chart(page, "changes a month", &spec.months, &[]);
    push(page, format_args!("</td><td>{}</td>", words::figure(spec.changes_per_week)));
}

/// Bars, and a line on the same scale of its own; the numbers are its label.
fn chart(page: &mut String, what: &str, bars: &[u32], line: &[u32]) {
    if bars.iter().all(|n| *n == 0) {
        page.push_str("<span class=\"dim\">none</span>");
        return;
    }
    let told = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
    let numbers = if line.is_empty() { told(bars) } else { format!("{}; {}", told(bars), told(line)) };
    let width = bars.len() * STEP;
    push(
        page,
        format_args!(
            "<svg class=\"months\" role=\"img\" aria-label=\"{what}, oldest first: {numbers}\" width=\"{width}\" \
             height=\"{HEIGHT}\" viewBox=\"0 0 {width} {HEIGHT}\"><title>{what}: {numbers}</title>"
        ),
    );
    let height = scale(bars);
    for (at, n) in bars.iter().enumerate().filter(|(_, n)| **n > 0) {
        let class = if line.is_empty() || at >= bars.len() / 2 { "now" } else { "before" };
        let high = height(*n);
        push(
            page,
            format_args!(
                "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{high}\"/>",
                at * STEP,
                HEIGHT - high,
                STEP - 1
            ),
        );
    }
    if !line.is_empty() {
        let height = scale(line);
        let points: Vec<String> = line
            .iter()
            .enumerate()
            .map(|(at, n)| format!("{},{}", at * STEP + STEP / 2, HEIGHT - height(*n)))
            .collect();
        push(page, format_args!("<polyline points=\"{}\"/>", points.join(" ")));
    }
    page.push_str("</svg>");
}

/// The largest takes the whole height, whatever is there at least a sliver.
fn scale(numbers: &[u32]) -> impl Fn(u32) -> u32 {
    let most = u64::from(numbers.iter().copied().max().unwrap_or(0).max(1));
    move |n| (u64::from(n) * u64::from(HEIGHT - 1) / most) as u32 + u32::from(n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_keep_to_their_box_and_say_their_numbers() {
        let mut page = String::new();
        chart(&mut page, "changes a month", &[0, 1, 4_000_000_000], &[]);
        assert!(page.contains("oldest first: 0 1 4000000000\""), "{page}");
        assert!(
            page.contains("y=\"25\" width=\"5\" height=\"1\"") && page.contains("y=\"0\" width=\"5\" height=\"26\"")
        );
        page.clear();
        chart(&mut page, "x", &[0, 0], &[]);
        assert_eq!(page, "<span class=\"dim\">none</span>");
    }
}
