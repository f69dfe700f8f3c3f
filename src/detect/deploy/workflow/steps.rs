//! The commands of a job and the steps that use an action, with the variables and directories that hold there.

use std::borrow::Cow;

use crate::parse::config::ConfigView;
use crate::parse::shell::{self, Command, Variables};
use crate::parse::tree::{Node, Value};

const COMMAND_KEYS: &[&str] =
    &["run", "script", "before_script", "after_script", "command", "commands", "cmd", "cmds", "install", "bash"];

#[derive(Default)]
pub(super) struct Found<'a> {
    pub(super) commands: Vec<Command>,
    /// Steps that use an action.
    pub(super) steps: Vec<&'a Node>,
}

pub(super) fn collect<'a>(view: &ConfigView<'_>, document: &'a Node, known: &Variables) -> Found<'a> {
    let mut found = Found::default();
    let mut variables = known.clone();
    document.walk(&mut |_, node| {
        if !node.is_map() {
            return;
        }
        set_variables(node, &mut variables);
        if node.get("uses").is_some() {
            found.steps.push(node);
        }
        found.commands.extend(cloud_step(node));
        let directory = ["working-directory", "workingDirectory", "working_directory", "dir"];
        let directory = directory.iter().find_map(|key| node.get(key)).and_then(Node::as_str);
        for (_, value) in node.entries().filter(|(key, _)| COMMAND_KEYS.contains(key)) {
            for line in value.one_or_many().iter().filter(|line| line.written().is_some()) {
                read_commands(view, line, directory, &variables, &mut found.commands);
            }
        }
    });
    found
}

pub(super) fn set_variables(node: &Node, variables: &mut Variables) {
    for (name, value) in node.get("env").into_iter().flat_map(Node::entries) {
        if let Some(value) = value.as_str() {
            variables.set(name, value);
        }
    }
}

/// A step of Cloud Build: an image whose entry point is the program, and its arguments.
fn cloud_step(node: &Node) -> Option<Command> {
    let (image, args) = (node.str_at(&["name"])?, node.get("args").filter(|args| !args.items().is_empty())?);
    let name = image.rsplit('/').next()?.split([':', '@']).next()?;
    let program =
        match node.str_at(&["entrypoint"]) {
            Some(program) => program,
            None if image.contains("cloud-builders/") || image.contains("cloud-sdk") => {
                if name.starts_with("cloud-sdk") { "gcloud" } else { name }
            }
            None if matches!(name, "docker" | "golang" | "go" | "cargo") => name,
            None => return None,
        };
    let words = std::iter::once(program).chain(args.items().iter().filter_map(Node::written));
    let directory = node.str_at(&["dir"]).map(str::to_owned);
    Some(Command {
        range: args.range.clone(),
        directory,
        words: words.map(str::to_owned).collect(),
        ..Command::default()
    })
}

fn read_commands(
    view: &ConfigView<'_>,
    line: &Node,
    directory: Option<&str>,
    variables: &Variables,
    out: &mut Vec<Command>,
) {
    let mut own = variables.clone();
    let source = view.source(line);
    let is_block = source.starts_with(['|', '>']);
    let mut commands = match (&line.resolved().value, source.find('\n')) {
        // The text of a block is read where it stands, so that each command keeps its place.
        (_, Some(header)) if source.starts_with('|') => {
            shell::commands(&source[header..], line.range.start + header, &mut own)
        }
        (_, Some(header)) if is_block => {
            shell::commands(&folded(&source[header..]), line.range.start + header, &mut own)
        }
        (Value::Plain(_), _) if line.resolved().range == line.range => {
            shell::commands(&folded(source), line.range.start, &mut own)
        }
        _ => {
            let mut commands = shell::commands(line.written().unwrap_or(""), 0, &mut own);
            commands.iter_mut().for_each(|command| command.range = line.range.clone());
            commands
        }
    };
    if let Some(directory) = directory {
        for command in &mut commands {
            command.directory = Some(match &command.directory {
                Some(inner) => shell::join(Some(directory), inner),
                None => directory.to_owned(),
            });
        }
    }
    out.append(&mut commands);
}

/// Text over several lines as YAML joins it: only an empty line ends one. Every byte keeps its place.
fn folded(source: &str) -> Cow<'_, str> {
    if !source.contains('\n') {
        return Cow::Borrowed(source);
    }
    let mut out = String::with_capacity(source.len());
    let mut lines = source.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let is_blank = |line: &str| line.trim().is_empty();
        let goes_on = lines.peek().is_some_and(|next| !is_blank(next)) && !is_blank(line);
        match line.strip_suffix('\n').filter(|_| goes_on) {
            // A shell's own sign that the line goes on joins it as well.
            Some(text) if text.trim_end().ends_with('\\') => out.push_str(line),
            Some(text) => {
                out.push_str(text);
                out.push(' ');
            }
            None => out.push_str(line),
        }
    }
    Cow::Owned(out)
}
