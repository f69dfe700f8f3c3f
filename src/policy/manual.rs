//! The manual page of a policy, as Markdown: what it flags, why, whose argument, what to do.

use std::fmt::Write as _;

use crate::finding::{Lean, Strength};
use crate::policy::unit;
use crate::policy::{Bound, Condition, Favors, Operand, Policy, Scope, Test};

/// Writes the manual page.
pub fn manual(policy: &Policy) -> String {
    let mut page = String::new();
    // Writing to a string cannot fail.
    let _ = write(policy, &mut page);
    page
}

fn write(policy: &Policy, page: &mut String) -> std::fmt::Result {
    writeln!(page, "# {}\n", policy.id)?;
    writeln!(page, "{}\n", policy.title)?;
    writeln!(page, "*{}*\n", standing(policy))?;
    writeln!(page, "## What it says\n\n{}\n", policy.statement)?;
    writeln!(page, "## Why\n\n{}\n", policy.why)?;
    writeln!(page, "## When\n")?;
    conditions(&policy.when, 0, page)?;
    if let Some(lowers) = &policy.lowers {
        let ids: Vec<String> = lowers.policies.iter().map(|id| format!("`{id}`")).collect();
        writeln!(page, "\nThere it lowers {} by {} rank(s).", ids.join(", "), lowers.by)?;
    }
    writeln!(page, "\n## What to do\n\n{}\n", policy.fix)?;
    parameters(policy, page)?;
    documents(policy, page)?;
    if policy.favors != Favors::Context && policy.scope == Scope::Service {
        writeln!(
            page,
            "## Exceptions\n\n`fitcheck allow SERVICE {} --reason \"…\" --owner TEAM --until DATE` writes the entry:\n",
            policy.id
        )?;
        writeln!(
            page,
            "```toml\n[[allow]]\npolicy = \"{}\"\nservice = \"…\"\nreason = \"…\"\nowner = \"…\"\n```",
            policy.id
        )?;
    }
    Ok(())
}

fn standing(policy: &Policy) -> String {
    let strength = strength_word(policy.strength);
    match policy.favors {
        Favors::Language(language) => format!("Favours {}, {strength}.", language.name()),
        Favors::Contested => format!("The documents disagree ({strength}): it never questions a service alone."),
        Favors::Context => "Context: it shapes other arguments or the advice, and flags no language.".to_owned(),
    }
}

/// The word for a strength.
pub fn strength_word(strength: Strength) -> &'static str {
    match strength {
        Strength::Decisive => "decisive",
        Strength::Strong => "strong",
        Strength::Weak => "weak",
    }
}

fn conditions(condition: &Condition, depth: usize, page: &mut String) -> std::fmt::Result {
    let (heading, parts) = match condition {
        Condition::Test(test) => return writeln!(page, "{}- {}", "  ".repeat(depth), question(test)),
        Condition::All(parts) => ("all of", parts),
        Condition::Any(parts) => ("any of", parts),
        Condition::Not(parts) => ("none of", parts),
    };
    writeln!(page, "{}- {heading}", "  ".repeat(depth))?;
    parts.iter().try_for_each(|part| conditions(part, depth + 1, page))
}

fn question(test: &Test) -> String {
    let mut text = format!("signal `{}`", test.signal.name);
    for field in &test.fields {
        let bounds: Vec<String> = field.bounds.iter().map(bound).collect();
        let absent = if field.or_absent { " or not stated" } else { "" };
        let _ = write!(text, ", {} {}{absent}", field.field.name, bounds.join(" and "));
    }
    let count = match &test.at_least {
        Operand::Literal(value) => unit::show(value),
        Operand::Parameter(name) => format!("`{name}`"),
    };
    if count != "1" {
        let what = test.distinct.map_or(String::new(), |field| format!(" different {field}"));
        let _ = write!(text, ", at least {count}{what}");
    }
    text
}

fn bound(bound: &Bound) -> String {
    match bound {
        Bound::OneOf(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
        Bound::Compare(compare, Operand::Literal(value)) => format!("{} {}", compare.sign(), unit::show(value)),
        Bound::Compare(compare, Operand::Parameter(name)) => format!("{} `{name}`", compare.sign()),
    }
}

fn parameters(policy: &Policy, page: &mut String) -> std::fmt::Result {
    if policy.parameters.is_empty() {
        return Ok(());
    }
    writeln!(page, "## Parameters\n\n| name | default | what | from |\n|---|---|---|---|")?;
    for parameter in &policy.parameters {
        let (default, from) = (unit::show(&parameter.default), parameter.document.as_deref().unwrap_or("our reading"));
        writeln!(page, "| `{}` | {default} | {} | {from} |", parameter.name, parameter.about)?;
    }
    writeln!(page)
}

fn documents(policy: &Policy, page: &mut String) -> std::fmt::Result {
    writeln!(page, "## Documents\n\n| document | leans | at |\n|---|---|---|")?;
    for cite in &policy.cites {
        let leans = match cite.leans {
            Lean::Rust => "Rust",
            Lean::Go => "Go",
            Lean::Tie => "neither",
        };
        writeln!(page, "| {} | {leans} | {} |", cite.document, cite.at)?;
    }
    writeln!(page)
}
