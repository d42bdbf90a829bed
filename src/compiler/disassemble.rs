//! Listings of compiled code, for `chirp dis` and for the snapshot tests.
//!
//! Reads templates only; must never change or run them.

use std::fmt::Write;

use chirp_grammar::ast::{Literal as Constant, Span};

use super::opcode::{Op, Shape};
use super::template::{CodeTemplate, Literal, Place, SendSite, Variable};
use super::verify::{Stub, stub_of};

/// One line an instruction: word index, instruction, operands, what they stand for.
pub fn disassemble(code: &CodeTemplate) -> String {
    let mut listing = Listing {
        out: String::new(),
        lines: None,
    };
    listing.function(code, 0);
    listing.out
}

/// Likewise, with the source line wherever it changes.
pub fn disassemble_with_source(code: &CodeTemplate, source: &str) -> String {
    let starts = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1));
    let mut listing = Listing {
        out: String::new(),
        lines: Some(starts.collect()),
    };
    listing.function(code, 0);
    listing.out
}

struct Listing {
    out: String,
    /// Offsets at which the source lines start.
    lines: Option<Vec<usize>>,
}

impl Listing {
    fn function(&mut self, code: &CodeTemplate, indent: usize) {
        let pad = "    ".repeat(indent);
        let kind = if code.is_block { "block in " } else { "" };
        let _ = write!(
            self.out,
            "{pad}{kind}{}: {} args, frame {}",
            code.selector, code.num_args, code.frame_size
        );
        if let Some(home) = code.home {
            let _ = write!(self.out, ", home r{home}");
        }
        if let Some(primitive) = &code.primitive {
            let _ = write!(self.out, ", primitive {}", primitive.number);
            let texts = [primitive.name.as_deref(), primitive.module.as_deref()];
            for text in texts.into_iter().flatten() {
                let _ = write!(self.out, " '{text}'");
            }
            if let Some(error) = primitive.error {
                let _ = write!(self.out, " error r{error}");
            }
        }
        let places: Vec<String> = code
            .temps
            .iter()
            .map(|temp| format!("{}={}", temp.name, place(temp.place)))
            .collect();
        let _ = writeln!(
            self.out,
            "{}{}",
            if places.is_empty() { "" } else { "; " },
            places.join(" ")
        );
        self.instructions(code, &pad, indent);
    }

    fn instructions(&mut self, code: &CodeTemplate, pad: &str, indent: usize) {
        let mut at = 0;
        let mut stub_end = 0;
        let mut last_line = None;
        while let Some(&word) = code.words.get(at) {
            let Some(op) = Op::of(word) else {
                let _ = writeln!(self.out, "{pad}{at:5}  ?? {word:08x}");
                at += 1;
                continue;
            };
            let extra = code.words.get(at + 1).copied().unwrap_or(0);
            let (operands, note) = describe(code, op, word, extra, at);
            let mark = if at < stub_end { "  " } else { "" };
            let text = format!("{mark}{:<10} {operands}", op.name());
            let mut line = format!("{pad}{at:5}  {:<26}{note}", text.trim_end());
            if let Some(here) = self.line(code, at)
                && last_line != Some(here)
            {
                last_line = Some(here);
                let _ = write!(line, "  ; line {here}");
            }
            let _ = writeln!(self.out, "{}", line.trim_end());
            if op == Op::CLOSURE
                && let Some(Literal::Block(block)) = code.literals.get(extra as usize)
            {
                self.function(block, indent + 1);
            }
            at += op.length();
            match stub_of(op) {
                Stub::None => {}
                Stub::Send | Stub::Jump => stub_end = at + 1,
                _ => stub_end = at + 2,
            }
        }
    }

    /// The source line to which the word belongs, from 1.
    fn line(&self, code: &CodeTemplate, at: usize) -> Option<usize> {
        let lines = self.lines.as_ref()?;
        let span = place_of(code, at as u32)?;
        Some(lines.partition_point(|&start| start <= span.start as usize))
    }
}

/// The place in the source to which a word of the code belongs.
pub fn place_of(code: &CodeTemplate, word: u32) -> Option<Span> {
    let after = code.source_map.partition_point(|&(start, _)| start <= word);
    Some(code.source_map[after.checked_sub(1)?].1)
}

fn place(place: Place) -> String {
    match place {
        Place::Register(register) => format!("r{register}"),
        Place::Box { register, index } => format!("r{register}[{index}]"),
    }
}

fn describe(code: &CodeTemplate, op: Op, word: u32, extra: u32, at: usize) -> (String, String) {
    let [_, a, b, c] = word.to_le_bytes();
    let d = word >> 16;
    let plain = |operands: String| (operands, String::new());
    match op.shape() {
        Shape::None => plain(String::new()),
        Shape::A => plain(format!("{a}")),
        Shape::AB if is_number(op) => plain(format!("{a} #{}", b as i8)),
        Shape::AB => plain(format!("{a} {b}")),
        Shape::ABC if matches!(op, Op::ADDI | Op::SUBI | Op::UPTO | Op::DOWNTO) => {
            plain(format!("{a} {b} #{c}"))
        }
        Shape::ABC => plain(format!("{a} {b} {c}")),
        Shape::AInt => plain(format!("{a} #{}", d as u16 as i16)),
        Shape::AImm => (format!("{a}"), immediate(d)),
        Shape::ALit => (format!("{a}"), literal(code.literals.get(d as usize))),
        Shape::ASite => (format!("{a}"), site(code.sends.get(d as usize))),
        Shape::AJump => plain(format!(
            "{a} -> {}",
            at as i64 + 1 + i64::from(word as i32 >> 16)
        )),
        Shape::Jump => plain(format!(
            "-> {}",
            at as i64 + 1 + i64::from(word as i32 >> 8)
        )),
        Shape::ABCLit => plain(format!("{a} {b} {c}")),
        Shape::ABWord => plain(format!("{a} {b} [{extra}]")),
    }
}

/// Field B is a number.
fn is_number(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        JLTI | JLEI | JGTI | JGEI | JEQI | JNEI | JNLTI | JNLEI | JNGTI | JNGEI | JNEQI | JNNEI
    )
}

fn immediate(bits: u32) -> String {
    match bits {
        0x09 => "nil".to_string(),
        0x11 => "false".to_string(),
        0x19 => "true".to_string(),
        _ => match char::from_u32(bits >> 8) {
            Some(c) if !c.is_control() && c != ' ' => format!("${c}"),
            _ => format!("Character {}", bits >> 8),
        },
    }
}

fn site(site: Option<&SendSite>) -> String {
    match site {
        Some(site) => format!("#{}", site.selector),
        None => "?".to_string(),
    }
}

fn literal(literal: Option<&Literal>) -> String {
    match literal {
        Some(Literal::Constant(literal)) => constant(literal),
        Some(Literal::Variable(Variable::Global(name))) => name.clone(),
        Some(Literal::Variable(Variable::Class { class, name })) => {
            format!("{name} of class {class}")
        }
        Some(Literal::Variable(Variable::Session(name))) => format!("{name} of the session"),
        Some(Literal::Block(_)) => "a block".to_string(),
        Some(Literal::Computed(_)) => "a computed constant".to_string(),
        None => "?".to_string(),
    }
}

fn constant(literal: &Constant) -> String {
    match literal {
        Constant::Int(n) => n.to_string(),
        Constant::LargeInt(digits) => digits.clone(),
        Constant::Float(x) => format!("{x:?}"),
        Constant::Fraction {
            numerator,
            denominator,
        } => format!("{numerator}/{denominator}"),
        Constant::Scaled {
            numerator,
            denominator,
            scale,
        } => format!("{numerator}/{denominator}s{scale}"),
        Constant::Char(c) => format!("${c}"),
        Constant::String(text) => format!("'{}'", text.escape_debug()),
        Constant::Symbol(text) => format!("#{text}"),
        Constant::Array(elements) => {
            format!(
                "#({})",
                elements.iter().map(constant).collect::<Vec<_>>().join(" ")
            )
        }
        Constant::ByteArray(bytes) => {
            format!(
                "#[{}]",
                bytes
                    .iter()
                    .map(u8::to_string)
                    .collect::<Vec<_>>()
                    .join(" ")
            )
        }
        Constant::True => "true".to_string(),
        Constant::False => "false".to_string(),
        Constant::Nil => "nil".to_string(),
    }
}
