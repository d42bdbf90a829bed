//! Changes texts as a careless or a wicked author would: by characters, by tokens, by pieces.
//!
//! Knows tokens and nothing else of the language.

use super::corpus::floor;
use super::random::Random;
use chirp_grammar::{TokenKind, tokens};
use std::ops::Range;

/// What is put where nobody expects it.
const PIECES: &[&str] = &[
    "nil",
    "self",
    "super",
    "thisContext",
    "true",
    "x",
    "at:",
    "put:",
    "ifTrue:",
    "_",
    "3",
    "16r1F",
    "1.5e3",
    "3.14s2",
    "2r1.1",
    "1e-2",
    "1e400",
    "1e99999",
    "36rZZ",
    "-",
    "'a'",
    "'",
    "\"c\"",
    "\"",
    "$a",
    "$",
    "$'",
    "#foo",
    "#at:put:",
    "#+",
    "#",
    "##(",
    "#(",
    "#[",
    "#{",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "[:a",
    "|",
    "||",
    ":",
    ":=",
    "^",
    ";",
    ".",
    "<",
    ">",
    "<primitive: 1>",
    "--",
    "//",
    "=",
    "!",
    "! !",
    "!!",
    "!Foo methodsFor: 'x'!",
    "&&",
    ",",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "\0",
    "é",
    "日本",
    "←",
    "↑",
    "\u{FEFF}",
    "\u{2028}",
    "\u{10FFFF}",
    "Class {",
    "Extension {",
    "Trait {",
    "#name :",
    "Object subclass: Foo [",
    "Foo class >> bar [",
    "Foo extend [",
    "Eval [",
    "| a |",
    "<shape: #byte>",
    "#!/bin/x\n",
    "{\"a\":",
    "\\u00",
    "\\uD800",
    "Foo {",
    "@1",
    "16r",
    "r",
];

/// Numbers at which machines break.
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "7",
    "63",
    "64",
    "255",
    "256",
    "65535",
    "65536",
    "1073741823",
    "4294967296",
    "1152921504606846975",
    "1152921504606846976",
    "-1152921504606846976",
    "-1152921504606846977",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1e100",
    "0.0",
    "-0.5",
    "1.0e308",
    "1/0",
    "(1/3)",
    "100000000000000000000000000000",
    "1.5",
    "3.7s2",
    "16r3FFFFFFFFFFFFFFF",
];

/// Changes a text; what comes of it need not be text.
pub fn bytes(random: &mut Random, text: String, other: &str) -> Vec<u8> {
    let mut text = text;
    for _ in 0..1 + random.below(6) {
        text = match random.below(3) {
            0 => characters(random, text, other),
            _ => a_token(random, &text, other, random_kind),
        };
    }
    let mut bytes = text.into_bytes();
    if random.once_in(8) {
        for _ in 0..1 + random.below(4) {
            if !bytes.is_empty() {
                let at = random.below(bytes.len());
                bytes[at] = random.next() as u8;
            }
        }
    }
    bytes
}

/// Changes a program so that it mostly stays one.
pub fn program(random: &mut Random, text: String, other: &str) -> String {
    let mut text = text;
    for _ in 0..1 + random.below(8) {
        text = a_token(random, &text, other, |random| !random.once_in(10));
    }
    text
}

fn random_kind(random: &mut Random) -> bool {
    random.once_in(2)
}

fn range(random: &mut Random, text: &str, longest: usize) -> Range<usize> {
    let start = floor(text, random.below(text.len() + 1));
    let end = floor(text, start + random.below(longest));
    start..end.max(start)
}

fn characters(random: &mut Random, mut text: String, other: &str) -> String {
    let place = range(random, &text, 200);
    match random.below(7) {
        0 => text.replace_range(place, ""),
        1 => text.insert_str(place.start, random.pick::<&str>(PIECES)),
        2 => {
            let copy = text[place.clone()].to_string();
            text.insert_str(place.end, &copy);
        }
        3 => text.truncate(place.start),
        4 => {
            let theirs = range(random, other, 400);
            text.replace_range(place, &other[theirs]);
        }
        5 => {
            // Deep or long, in the machine's own units: a frame, a word, a byte.
            let piece = random.pick(PIECES);
            let times = *random.pick(&[3, 17, 63, 64, 65, 255, 256, 257, 1000, 5000]);
            text.insert_str(place.start, &piece.repeat(times));
        }
        _ => text.drain(..place.start).for_each(drop),
    }
    text
}

/// Changes one token; to one of the same kind where `same` says so.
fn a_token(
    random: &mut Random,
    text: &str,
    other: &str,
    mut same: impl FnMut(&mut Random) -> bool,
) -> String {
    let mine: Vec<_> = tokens(text)
        .filter(|t| t.kind != TokenKind::Comment)
        .collect();
    if mine.is_empty() {
        return text.to_string() + random.pick::<&str>(PIECES);
    }
    let token = *random.pick(&mine);
    let place = token.span.start as usize..token.span.end as usize;
    let from = if random.once_in(2) { text } else { other };
    let theirs: Vec<_> = tokens(from)
        .filter(|t| t.kind != TokenKind::Comment && (t.kind == token.kind || !same(random)))
        .collect();
    let mut changed = text.to_string();
    match random.below(10) {
        0 => changed.replace_range(place, ""),
        1 => changed.insert_str(place.start, &format!("{} ", &text[place.clone()])),
        2 => changed.insert_str(place.end, &format!(" {} ", random.pick(PIECES))),
        3 | 4 if token.kind == TokenKind::Number => {
            changed.replace_range(place, random.pick::<&str>(NUMBERS))
        }
        3 => {
            // Statements change places.
            let ends: Vec<usize> = mine
                .iter()
                .filter(|t| t.kind == TokenKind::Dot)
                .map(|t| t.span.end as usize)
                .collect();
            if ends.len() >= 3 {
                let at = random.below(ends.len() - 2);
                let (a, b, c) = (ends[at], ends[at + 1], ends[at + 2]);
                changed = [&text[..a], &text[b..c], &text[a..b], &text[c..]].concat();
            }
        }
        4 => {
            // A piece between two brackets, or whatever there is, is copied over the token.
            let start = random.pick(&mine).span.start as usize;
            let end = random.pick(&mine).span.end as usize;
            if start < end && end - start < 300 {
                changed.replace_range(place, &text[start..end]);
            }
        }
        _ if !theirs.is_empty() => {
            let theirs = random.pick(&theirs).span;
            changed.replace_range(place, &from[theirs.start as usize..theirs.end as usize]);
        }
        _ => {}
    }
    changed
}
