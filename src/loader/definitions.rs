//! Classes that are defined by messages: what can be told from the text, before anything runs.

use super::package::model::{File, Kind, Part};
use crate::formats::Place;
use chirp_grammar::ast::{Expr, ExprKind, Literal};

/// What an expression defines that does nothing else: a class, or further variables of one. Only where
/// everything about it stands in the text.
pub fn definition_of(expr: &Expr, file: &File) -> Option<Part> {
    let ExprKind::Send { receiver, message } = &expr.kind else {
        return None;
    };
    let (receiver, class_side) = match &receiver.kind {
        ExprKind::Var(name) => (name, false),
        ExprKind::Send { receiver, message } if message.selector == "class" => {
            match &receiver.kind {
                ExprKind::Var(name) => (name, true),
                _ => return None,
            }
        }
        _ => return None,
    };
    let texts: Option<Vec<&str>> = message
        .args
        .iter()
        .map(|arg| match &arg.kind {
            ExprKind::Literal(Literal::String(s) | Literal::Symbol(s)) => Some(s.as_str()),
            _ => None,
        })
        .collect();
    let texts = texts?;
    let mut keys = message.selector.split_terminator(':').zip(texts);
    let (first, name) = keys.next()?;
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_string)
            .collect::<Vec<_>>()
    };
    let place = Place { line: 1, column: 1 };
    let mut part = match layout_of(first) {
        _ if first == "named" && receiver == "Trait" => {
            Part::new(Kind::Trait, name, "Unpackaged", file, place)
        }
        Some(layout) if !class_side => {
            let mut part = Part::new(Kind::Class, name, "Unpackaged", file, place);
            part.superclass = (receiver != "nil").then(|| receiver.clone());
            part.layout = layout.to_string();
            part
        }
        _ => {
            let mut part = Part::new(Kind::Extension, receiver, "", file, place);
            match (first, class_side) {
                ("instanceVariableNames" | "addInstVarName", true) => {
                    part.class_inst_vars = words(name);
                }
                ("addInstVarName", false) => part.inst_vars = words(name),
                ("addClassVarName", false) => part.class_vars = words(name),
                _ => return None,
            }
            part
        }
    };
    for (key, text) in keys {
        match key {
            "instanceVariableNames" => part.inst_vars = words(text),
            "classVariableNames" => part.class_vars = words(text),
            "classInstanceVariableNames" => part.class_inst_vars = words(text),
            "poolDictionaries" => part.pools = words(text),
            "category" | "package" => part.package = text.to_string(),
            _ => return None,
        }
    }
    Some(part)
}

/// The layout that the first word of a definition asks for.
fn layout_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "subclass" => "",
        "variableSubclass" => "variable",
        "variableByteSubclass" => "bytes",
        "variableWordSubclass" => "words",
        "weakSubclass" => "weak",
        "ephemeronSubclass" => "ephemeron",
        "immediateSubclass" => "immediate",
        _ => return None,
    })
}
