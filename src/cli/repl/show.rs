//! How values look as a tree of their variables.
//!
//! Asks objects to print themselves, which may fail: then there is a word for them all the same.

use super::super::session::{Ending, Session};
use crate::memory::Value;
use crate::vm::handles::Root;
use crate::vm::known::Known;
use std::fmt::Write;

/// Characters of a value in a tree.
const LEAF: usize = 70;
/// Levels of a tree below its root.
const DEPTH: usize = 3;
/// Elements of an indexed object in a tree.
const ELEMENTS: usize = 10;
/// Lines of a tree.
const TREE: usize = 200;

/// Which tree is being drawn.
struct Tree {
    text: String,
    lines: usize,
    /// What is being drawn, from the root down.
    path: Vec<Root>,
}

/// A value with its instance variables and elements, and theirs.
pub fn tree(session: &mut Session, value: Value) -> Result<String, Ending> {
    let root = session.vm.root(value);
    let mut tree = Tree {
        text: String::new(),
        lines: 0,
        path: Vec::new(),
    };
    tree.node(session, root, "")?;
    Ok(tree.text)
}

impl Tree {
    fn node(&mut self, session: &mut Session, root: Root, label: &str) -> Result<(), Ending> {
        let depth = self.path.len();
        let vm = &session.vm;
        let Some(value) = vm.rooted(&root) else {
            return Ok(());
        };
        let class = vm.heap.class_of(value);
        let class_name = vm.classes.name(class);
        let _ = write!(self.text, "{}{label}", "  ".repeat(depth));
        self.lines += 1;
        if self.path.iter().any(|p| vm.rooted(p) == Some(value)) {
            let _ = writeln!(self.text, "{class_name}, the one above");
            return Ok(());
        }
        let printed = session.print_quietly(value)?;
        let line: String = printed
            .chars()
            .take(LEAF)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let cut = if printed.chars().count() > LEAF {
            "…"
        } else {
            ""
        };
        let _ = writeln!(self.text, "{class_name}: {line}{cut}");
        let Some(value) = session.vm.rooted(&root) else {
            return Ok(());
        };
        if depth > 0 && is_leaf(session, value) {
            return Ok(());
        }
        let children = children(session, value);
        if children.is_empty() {
            return Ok(());
        }
        if depth >= DEPTH {
            let _ = writeln!(self.text, "{}…", "  ".repeat(depth + 1));
            self.lines += 1;
            return Ok(());
        }
        self.path.push(root);
        for (label, child) in children {
            if self.lines >= TREE {
                let _ = writeln!(self.text, "{}…", "  ".repeat(depth + 1));
                break;
            }
            match child {
                Some(child) => self.node(session, child, &label)?,
                None => {
                    let _ = writeln!(self.text, "{}{label}", "  ".repeat(depth + 1));
                    self.lines += 1;
                }
            }
        }
        self.path.pop();
        Ok(())
    }
}

/// Whether printing says everything there is to say.
fn is_leaf(session: &Session, value: Value) -> bool {
    let vm = &session.vm;
    let class = vm.heap.class_of(value);
    let opaque = [
        Known::Context,
        Known::Process,
        Known::BlockClosure,
        Known::CompiledMethod,
    ];
    !value.is_object()
        || vm.classes.index_of(value).is_some()
        || opaque.iter().any(|k| k.index() == class)
}

/// Named variables, then the first elements; a child without a value is a remark.
fn children(session: &mut Session, value: Value) -> Vec<(String, Option<Root>)> {
    let vm = &mut session.vm;
    if !value.is_object() || !vm.heap.is_pointers(value) {
        return Vec::new();
    }
    let names = vm.classes.all_inst_vars(vm.heap.class_of(value));
    let slots = vm.heap.slots(value);
    let elements = slots.saturating_sub(names.len());
    let mut found = Vec::new();
    for i in 0..slots.min(names.len() + ELEMENTS) {
        let label = match names.get(i) {
            Some(name) => format!("{name}: "),
            None => format!("{}: ", i - names.len() + 1),
        };
        let child = vm.heap.slot(value, i);
        found.push((label, Some(vm.root(child))));
    }
    if elements > ELEMENTS {
        found.push((format!("… {} more", elements - ELEMENTS), None));
    }
    found
}
