//! Models of those who read our output: a terminal, a CI runner, parsers of JSON, XML, CSV, Markdown and HTML.

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::Ran;

/// Says what is wrong with the outputs of a run.
pub(crate) fn look(ran: &Ran) -> Vec<String> {
    let mut wrong = Vec::new();
    let stderr = String::from_utf8_lossy(&ran.stderr);
    for word in ["panicked", "stack overflow", "RUST_BACKTRACE", "memory allocation", "fatal runtime"] {
        if stderr.contains(word) {
            wrong.push(format!("standard error says `{word}`: {}", &stderr[..stderr.len().min(300)]));
        }
    }
    wrong.extend(terminal(&ran.stderr).map(|reason| format!("stderr: {reason}")));
    wrong.extend(terminal(&ran.stdout).map(|reason| format!("stdout: {reason}")));
    if matches!(ran.code, Some(0 | 1)) && ran.outputs.len() != fitcheck::report::Format::ALL.len() {
        wrong.push(format!("{} formats were written", ran.outputs.len()));
    }
    for (format, bytes) in &ran.outputs {
        let reason = match *format {
            "human" => terminal(bytes),
            "github" => runner(bytes),
            "json" | "sarif" | "gitlab" => json(bytes),
            "ndjson" => bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).find_map(json),
            "junit" => xml(bytes),
            "csv" => csv(bytes),
            "html" => html(bytes),
            "summary" | "comment" | "markdown" => markdown(bytes),
            "outputs" => outputs(bytes),
            other => Some(format!("no model reads {other}")),
        };
        wrong.extend(reason.map(|reason| format!("{format}: {reason}")));
    }
    wrong
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| format!("not UTF-8: {error}"))
}

/// Controls, reordering marks and what has no width; line breaks and tabs are the writer's own.
fn deceptive(text: &str) -> Option<String> {
    let is_bad = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().find(|c| is_bad(*c)).map(|c| format!("the character U+{:04X} got through", c as u32))
}

fn terminal(bytes: &[u8]) -> Option<String> {
    let text = match text(bytes) {
        Ok(text) => text,
        Err(reason) => return Some(reason),
    };
    let command = text.lines().find(|line| line.trim_start().starts_with("::") || line.contains("##["));
    deceptive(text).or_else(|| command.map(|line| format!("a runner would obey `{line}`")))
}

/// A runner obeys lines that start with `::`; ours are annotations alone, each with a file of the repository.
fn runner(bytes: &[u8]) -> Option<String> {
    let text = match text(bytes) {
        Ok(text) => text,
        Err(reason) => return Some(reason),
    };
    let obeyed = text.lines().filter(|line| line.trim_start().starts_with("::") || line.contains("##["));
    let mut foreign = obeyed.filter(|line| {
        let own = ["::error ", "::warning ", "::notice ", "::error::", "::warning::", "::notice::"];
        !own.iter().any(|start| line.starts_with(start)) || line.contains("##[")
    });
    deceptive(text).or_else(|| foreign.next().map(|line| format!("a runner would obey `{line}`")))
}

fn json(bytes: &[u8]) -> Option<String> {
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    }
}

/// Tags in pairs, known entities, no characters that XML forbids.
fn xml(bytes: &[u8]) -> Option<String> {
    let text = match text(bytes) {
        Ok(text) => text,
        Err(reason) => return Some(reason),
    };
    if let Some(reason) = deceptive(text) {
        return Some(reason);
    }
    let mut open = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        if !entities(&rest[..at]) || rest[..at].contains("]]>") {
            return Some(format!("raw text `{}`", &rest[..at.min(80)]));
        }
        let Some(end) = tag_end(&rest[at..]) else { return Some("an open tag".into()) };
        let tag = &rest[at + 1..at + end];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name.trim()) {
                return Some(format!("`</{name}>` closes something else"));
            }
        } else if !tag.ends_with('/') && !tag.starts_with('?') {
            open.push(tag.split_whitespace().next().unwrap_or(""));
        }
        if !entities(tag) {
            return Some(format!("raw text in `{tag}`"));
        }
        rest = &rest[at + end + 1..];
    }
    (!open.is_empty()).then(|| format!("open at the end: {open:?}"))
}

fn tag_end(tag: &str) -> Option<usize> {
    let mut quoted = false;
    tag.bytes()
        .enumerate()
        .skip(1)
        .find_map(|(at, byte)| match byte {
            b'"' => {
                quoted = !quoted;
                None
            }
            b'<' => Some(usize::MAX),
            b'>' if !quoted => Some(at),
            _ => None,
        })
        .filter(|&at| at != usize::MAX)
}

fn entities(text: &str) -> bool {
    text.split('&')
        .skip(1)
        .all(|part| ["amp;", "lt;", "gt;", "quot;", "apos;", "#"].iter().any(|entity| part.starts_with(entity)))
}

/// All fields quoted or plain words, as many in each row, none a formula.
fn csv(bytes: &[u8]) -> Option<String> {
    let text = match text(bytes) {
        // Rows end as the standard says.
        Ok(text) => text.replace("\r\n", "\n"),
        Err(reason) => return Some(reason),
    };
    let mut widths = Vec::new();
    for row in text.lines() {
        let (mut fields, mut quoted) = (vec![String::new()], false);
        for c in row.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(String::new()),
                c => fields.last_mut().unwrap().push(c),
            }
        }
        let is_formula = |field: &String| field.trim_start().starts_with(['=', '+', '@']);
        if let Some(field) = fields.iter().find(|field| is_formula(field)) {
            return Some(format!("the formula `{field}`"));
        }
        widths.push(fields.len());
    }
    widths.dedup();
    deceptive(&text).or_else(|| (widths.len() != 1).then(|| format!("rows of {widths:?} fields")))
}

/// No element or address out of a payload; the page's own come from its template.
fn html(bytes: &[u8]) -> Option<String> {
    let text = match text(bytes) {
        Ok(text) => text,
        Err(reason) => return Some(reason),
    };
    let payloads = [
        "<img",
        "<svg onload",
        "<script>alert",
        "<iframe",
        "href=\"javascript:",
        "src=\"javascript:",
        "\" onmouseover",
        "<!--x",
    ];
    let found = payloads.iter().find(|payload| text.contains(*payload));
    deceptive(text).or_else(|| found.map(|payload| format!("`{payload}` got through")))
}

/// No element, link, image or mention out of a payload.
fn markdown(bytes: &[u8]) -> Option<String> {
    let text = match text(bytes) {
        Ok(text) => text,
        Err(reason) => return Some(reason),
    };
    for event in Parser::new_ext(text, Options::all()) {
        let wrong = match &event {
            Event::Html(html) | Event::InlineHtml(html) => html.contains("alert") || html.contains("<img"),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                dest_url.contains("evil.example") || dest_url.contains("javascript:")
            }
            Event::Text(text) => text.contains("@everyone"),
            _ => false,
        };
        if wrong {
            return Some(format!("{event:?}"));
        }
    }
    None
}

/// Lines of the runner's own file format.
fn outputs(bytes: &[u8]) -> Option<String> {
    let text = match text(bytes) {
        Ok(text) => text,
        Err(reason) => return Some(reason),
    };
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || b"-_".contains(&byte));
    let bad = text.lines().find(|line| !line.split_once('=').is_some_and(|(name, _)| is_name(name)));
    bad.map(|line| format!("the line `{line}`"))
}
