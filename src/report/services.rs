//! `fitcheck services`: what was found, and why each thing has its role.

use std::io::{self, Write};

use super::text::{BOLD, DIM, pad, paint, width};
use super::{Context, excerpt, inert, words};
use crate::finding::{Judged, Report};
use crate::source::Location;

/// Writes one block per service.
pub fn write(report: &Report, context: &Context, out: &mut dyn Write) -> io::Result<()> {
    let color = context.terminal.color;
    let services: Vec<&Judged> = words::shown(report, context.all).collect();
    let longest = services.iter().map(|judged| width(&judged.service.name)).max().unwrap_or(0).min(40);
    for judged in &services {
        let service = &judged.service;
        let name = pad(&inert::terminal(&service.name), longest);
        let kind = format!("{} {}", service.language.name(), service.role.word());
        writeln!(out, "{}  {}  {}", paint(color, BOLD, &name), pad(&kind, 13), inert::terminal(&service.root))?;
        for (reason, location) in &service.role_because {
            let reason = inert::terminal(reason);
            writeln!(out, "    {reason} {}", paint(color, DIM, &at(location, context)))?;
        }
        let size = format!(
            "    {}, {}, {}",
            words::counted(service.size.lines as usize, "line", "lines"),
            words::counted(service.size.files as usize, "file", "files"),
            words::counted(service.packages.len(), "package", "packages"),
        );
        writeln!(out, "{}", paint(color, DIM, &size))?;
    }
    let tools = report.services.len() - words::shown(report, false).count();
    let listed = words::counted(services.len(), "service", "services");
    if context.all || tools == 0 {
        writeln!(out, "{listed}")
    } else {
        writeln!(out, "{listed}, {} more (--all)", words::counted(tools, "tool", "tools"))
    }
}

/// `(path:line)`, a link where the terminal has them.
fn at(location: &Location, context: &Context) -> String {
    format!("({}:{})", excerpt::name(&location.path, Some(&location.place), context), location.place.line)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn each_role_has_its_reason() {
        let mut out = Vec::new();
        write(&sample::report(), &sample::context(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("built by a Dockerfile that starts it (Dockerfile:1)"), "{text}");
        assert!(text.contains("Go service"), "{text}");
        assert!(text.ends_with("4 services, 1 tool more (--all)\n"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}
