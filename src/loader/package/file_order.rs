//! In which order the chunk files and bracketed classes of one folder are to be run: one that defines a class before
//! those that inherit from it or extend it.
//!
//! Looks at texts only. What cannot be read, its own loading will say.

use super::model::{File, Kind, Part};
use crate::formats::chunk::{self, Item};
use crate::formats::class_body;
use crate::formats::detect::{Format, format_of};
use crate::loader::chunks::DEFINITION;
use crate::loader::definitions::definition_of;
use chirp_grammar::ast::Statement;
use rustc_hash::FxHashSet;

/// Names of classes that a file defines, and of those that it needs.
#[derive(Default)]
struct Names {
    defines: FxHashSet<String>,
    needs: FxHashSet<String>,
}

/// The files, each behind those it needs, otherwise as they were.
pub fn sorted(files: Vec<File>) -> Vec<File> {
    let mut waiting: Vec<(File, Names)> = files
        .into_iter()
        .map(|file| {
            let names = names_in(&file);
            (file, names)
        })
        .collect();
    let mut sorted = Vec::new();
    while !waiting.is_empty() {
        let needs = |n: usize, other: usize| {
            let (needs, defines) = (&waiting[n].1.needs, &waiting[other].1.defines);
            n != other && needs.iter().any(|name| defines.contains(name))
        };
        let free = (0..waiting.len()).find(|&n| (0..waiting.len()).all(|other| !needs(n, other)));
        // In a circle, the first one is as good as any.
        sorted.push(waiting.remove(free.unwrap_or(0)).0);
    }
    sorted
}

fn names_in(file: &File) -> Names {
    let mut names = Names::default();
    if format_of(&file.text) == Format::ClassBody {
        for definition in class_body::parse(&file.text, 0).definitions {
            match definition.superclass {
                Some((superclass, _)) => {
                    names.defines.insert(definition.name.to_string());
                    names.needs.insert(superclass.to_string());
                }
                None => drop(names.needs.insert(definition.name.to_string())),
            }
        }
    }
    for item in chunk::parse(&file.text) {
        match item {
            Item::DoIt(chunk) => {
                for part in definitions_in(&chunk.text(&file.text), file) {
                    names.needs.extend(part.superclass);
                    names.defines.insert(part.name);
                }
            }
            Item::Method { owner, .. } => drop(names.needs.insert(owner.name.to_string())),
            Item::Comment { .. } => {}
        }
    }
    let own: Vec<String> = names.needs.intersection(&names.defines).cloned().collect();
    for name in own {
        names.needs.remove(&name);
    }
    names
}

/// The classes and traits that a do-it defines.
fn definitions_in(text: &str, file: &File) -> Vec<Part> {
    let Some(tree) = chirp_grammar::parse_do_it_with(text, DEFINITION).tree else {
        return Vec::new();
    };
    let statements = tree.body.statements.iter();
    let parts = statements.filter_map(|s| match s {
        Statement::Expr(e) => definition_of(e, file),
        _ => None,
    });
    parts.filter(|p| p.kind != Kind::Extension).collect()
}
