//! What one pass over the tokens of a file tells: brackets and their halves, calls, selections, listed words.
//!
//! In: the text and its tokens. Out: [`Shape`], so that no detector goes over all tokens for one of these again.

use super::lexer::{Token, TokenKind};

#[derive(Debug, Default)]
pub(super) struct Shape {
    /// For an opening bracket, the index of what closes it; the number of tokens where nothing does.
    pub(super) pairs: Vec<u32>,
    /// The first bracket without its other half.
    pub(super) unmatched: Option<u32>,
    /// The first string or rune that never ends.
    pub(super) endless: Option<u32>,
    /// Words with `.` and a word behind them that are not themselves behind a dot.
    pub(super) selections: Vec<u32>,
    /// Words with `(` behind them.
    pub(super) calls: Vec<u32>,
    /// Words that are listed.
    pub(super) marked: Vec<u32>,
}

impl Shape {
    pub(super) fn new(text: &str, tokens: &[Token]) -> Shape {
        let mut shape = Shape { pairs: vec![tokens.len() as u32; tokens.len()], ..Shape::default() };
        let is_word = |at: usize| tokens.get(at).is_some_and(|token| token.kind == TokenKind::Word);
        let mut open: Vec<(usize, u8)> = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            match token.kind {
                TokenKind::Word if token.word != 0 => shape.marked.push(index as u32),
                TokenKind::Punct(byte @ (b'(' | b'[' | b'{')) => {
                    open.push((index, byte));
                    if byte == b'(' && index > 0 && is_word(index - 1) {
                        shape.calls.push(index as u32 - 1);
                    }
                }
                TokenKind::Punct(byte @ (b')' | b']' | b'}')) => {
                    let start = open.pop();
                    if let Some((start, _)) = start {
                        shape.pairs[start] = index as u32;
                    }
                    let fits = start
                        .is_some_and(|(_, start)| matches!((start, byte), (b'(', b')') | (b'[', b']') | (b'{', b'}')));
                    if !fits && shape.unmatched.is_none() {
                        shape.unmatched = Some(index as u32);
                    }
                }
                TokenKind::Punct(b'.')
                    if index > 0
                        && is_word(index - 1)
                        && is_word(index + 1)
                        && (index < 2 || tokens[index - 2].kind != TokenKind::Punct(b'.')) =>
                {
                    shape.selections.push(index as u32 - 1);
                }
                TokenKind::String | TokenKind::Rune if shape.endless.is_none() => {
                    let literal = &text.as_bytes()[token.start as usize..token.end as usize];
                    if literal.len() < 2 || literal.first() != literal.last() {
                        shape.endless = Some(index as u32);
                    }
                }
                _ => {}
            }
        }
        shape.unmatched = shape.unmatched.or(open.last().map(|&(index, _)| index as u32));
        shape
    }
}
