//! Protobuf: fields by number, values, methods.

use super::Shape;
use super::lexis::Lexis;

/// Messages within messages beyond this are nobody's.
pub(super) const DEPTH: usize = 64;

pub(super) fn shape(text: &str) -> Option<Shape> {
    let tokens = Lexis { line_comment: "//", block: ("/*", "*/"), quotes: b"\"'" }.tokens(text)?;
    let mut shape = Shape::default();
    let mut open: Vec<Block> = Vec::new();
    let mut statement: Vec<&str> = Vec::new();
    for token in tokens {
        match token {
            "{" => {
                if open.len() > DEPTH {
                    return None;
                }
                let block = Block::of(&statement, open.last(), &mut shape);
                statement.clear();
                open.push(block);
            }
            "}" => {
                open.pop()?;
                statement.clear();
            }
            ";" => {
                say(&statement, open.last(), &mut shape);
                statement.clear();
            }
            word => statement.push(word),
        }
    }
    open.is_empty().then_some(shape)
}

/// What braces hold.
#[derive(Clone, Debug)]
struct Block {
    kind: Kind,
    /// `Order.Line`.
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fields,
    Values,
    Methods,
    Nothing,
}

impl Block {
    fn of(statement: &[&str], outer: Option<&Block>, shape: &mut Shape) -> Block {
        let within = outer.map_or("", |outer| &outer.name);
        let named = |kind, name: &str| Block { kind, name: join(within, name) };
        let block = match statement {
            ["message", name] => named(Kind::Fields, name),
            ["extend", name] => named(Kind::Fields, &format!("extend {name}")),
            ["enum", name] => named(Kind::Values, name),
            ["service", name] => named(Kind::Methods, name),
            // Its fields are the message's own.
            ["oneof", _] => return Block { kind: Kind::Fields, name: within.to_owned() },
            ["rpc", ..] => {
                say(statement, outer, shape);
                return Block { kind: Kind::Nothing, name: String::new() };
            }
            [.., "group", name, "=", _] => {
                say(statement, outer, shape);
                named(Kind::Fields, name)
            }
            _ => return Block { kind: Kind::Nothing, name: String::new() },
        };
        shape.says(block.name.clone(), format!("{:?}", block.kind));
        block
    }
}

fn join(within: &str, name: &str) -> String {
    if within.is_empty() { name.to_owned() } else { format!("{within}.{name}") }
}

fn say(statement: &[&str], within: Option<&Block>, shape: &mut Shape) {
    let Some(block) = within else {
        if let ["package", name] = statement {
            shape.says("package", *name);
        }
        return;
    };
    match (block.kind, statement) {
        (_, ["option" | "reserved" | "extensions", ..]) | (Kind::Nothing, _) => {}
        (Kind::Methods, ["rpc", name, rest @ ..]) => shape.says(format!("{}.{name}", block.name), rest.join(" ")),
        (Kind::Values, [name, "=", number @ ..]) => {
            shape.says(
                format!("{}.{name}", block.name),
                number.iter().take_while(|word| **word != "[").copied().collect::<String>(),
            );
        }
        (Kind::Fields, [kind @ .., name, "=", number]) => field(block, kind, name, number, shape),
        (Kind::Fields, words) => {
            // Options follow the number.
            if let Some(end) = words.iter().position(|word| *word == "[")
                && let [kind @ .., name, "=", number] = &words[..end]
            {
                field(block, kind, name, number, shape);
            }
        }
        _ => {}
    }
}

fn field(block: &Block, kind: &[&str], name: &str, number: &str, shape: &mut Shape) {
    let key = format!("{}#{number}", block.name);
    if kind.first() == Some(&"required") {
        shape.demands(key.clone(), block.name.clone());
    }
    // Whether an absent value can be told from an empty one changes no byte on the wire.
    let kind: String = kind.iter().copied().filter(|word| *word != "optional").collect();
    shape.says(key, format!("{kind} {name}"));
}
