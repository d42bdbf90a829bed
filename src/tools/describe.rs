//! Classes and methods as text for a person: comments, definitions, sources, lists of what there is.
//!
//! Lays out what the machine's tables say, in plain text of a given width. Never sends anything, writes nothing.

use super::lookup::{implementors, method_name};
use crate::formats::selector::pattern_at;
use crate::memory::ClassIndex;
use crate::primitives::method::source_text;
use crate::vm::Vm;
use crate::vm::classes::{ClassInfo, MethodId};
use crate::vm::symbols::SymbolId;
use chirp_grammar::{TokenKind, tokens};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A class in a few lines: its family, its package, its comment.
pub fn class_summary(vm: &mut Vm, class: ClassIndex, width: usize) -> String {
    let mut text = headline(vm, class);
    let base = base(vm, class);
    let info = vm.classes.get(base);
    let comment = info.map_or("", |i| i.comment.as_str()).replace('\r', "\n");
    match comment.trim_matches('\n').trim_end() {
        "" => text.push_str("\n(no comment)\n"),
        comment => {
            let _ = writeln!(text, "\n{comment}");
        }
    }
    let mut below: Vec<String> = info
        .iter()
        .flat_map(|i| &i.subclasses)
        .map(|&c| vm.classes.name(c))
        .collect();
    below.sort();
    if !below.is_empty() {
        text.push_str("\nsubclasses\n");
        text.push_str(&columns(below.iter().map(String::as_str), width));
    }
    text
}

/// What a class consists of: variables, and its own messages by protocol, those of the class side behind them.
pub fn class_outline(vm: &mut Vm, class: ClassIndex, width: usize) -> String {
    let mut text = headline(vm, class);
    let base = base(vm, class);
    let meta = vm.classes.get(base).map_or(base, |i| i.meta);
    let sides: &[ClassIndex] = if class == base {
        &[base, meta]
    } else {
        &[meta]
    };
    for &side in sides {
        vm.list_methods(side);
        let Some(info) = vm.classes.get(side) else {
            continue;
        };
        let mut variables = info.inst_vars.join(" ");
        if side == base && !info.class_vars.is_empty() {
            let shared: Vec<&str> = info.class_vars.iter().map(|(n, _)| n.as_str()).collect();
            let shared = shared.join(" ");
            let _ = match variables.is_empty() {
                true => write!(variables, "(shared) {shared}"),
                false => write!(variables, "   (shared) {shared}"),
            };
        }
        if side != base && (info.methods.selectors().next().is_some() || !variables.is_empty()) {
            let _ = writeln!(text, "\n{}", vm.classes.name(side));
        }
        if !variables.is_empty() {
            let _ = writeln!(text, "variables: {variables}");
        }
        for (protocol, selectors) in protocols(vm, side) {
            let _ = writeln!(text, "\n{protocol}");
            text.push_str(&columns(selectors.iter().map(String::as_str), width));
        }
    }
    text
}

/// A class's own selectors by protocol, both in alphabetical order.
pub fn protocols(vm: &mut Vm, class: ClassIndex) -> BTreeMap<String, Vec<String>> {
    vm.list_methods(class);
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (selector, method) in vm.classes.get(class).iter().flat_map(|i| i.methods.iter()) {
        let protocol = match &*vm.classes.methods[method as usize].protocol {
            "" => "as yet unclassified",
            protocol => protocol,
        };
        let selector = vm.symbols.text(selector).to_string();
        all.entry(protocol.to_string()).or_default().push(selector);
    }
    all.values_mut().for_each(|selectors| selectors.sort());
    all
}

/// The definition of a class, as Smalltalk that would define it.
pub fn class_definition(vm: &Vm, class: ClassIndex) -> String {
    let base = base(vm, class);
    let Some(info) = vm.classes.get(base) else {
        return String::new();
    };
    let superclass = info.superclass.map_or("nil".into(), |s| vm.classes.name(s));
    let keyword = match info.layout {
        "variable" => "variableSubclass:",
        "bytes" => "variableByteSubclass:",
        "words" => "variableWordSubclass:",
        "weak" => "weakSubclass:",
        "ephemeron" => "ephemeronSubclass:",
        "immediate" => "immediateSubclass:",
        _ => "subclass:",
    };
    let shared: Vec<&str> = info.class_vars.iter().map(|(n, _)| n.as_str()).collect();
    let mut text = format!("{superclass} {keyword} #{}\n", info.name);
    let _ = writeln!(
        text,
        "\tinstanceVariableNames: '{}'",
        info.inst_vars.join(" ")
    );
    let _ = writeln!(text, "\tclassVariableNames: '{}'", shared.join(" "));
    if !info.pools.is_empty() {
        let pools: Vec<String> = info.pools.iter().map(|&p| vm.classes.name(p)).collect();
        let _ = writeln!(text, "\tpoolDictionaries: '{}'", pools.join(" "));
    }
    let _ = writeln!(text, "\tpackage: '{}'", info.package);
    text
}

/// A method in a few lines: its name, its protocol, its comment, or that of the method it overrides.
pub fn method_summary(vm: &mut Vm, method: MethodId) -> String {
    let Some(m) = vm.classes.methods.get(method as usize) else {
        return String::new();
    };
    let (class, selector, protocol) = (m.class, m.selector, m.protocol.clone());
    let text = source_text(vm, m);
    let pattern = pattern_at(&text, 0).ok().flatten();
    let head = pattern.map_or(text.as_str(), |p| text[..p.end].trim());
    let mut summary = format!("{} >> {head}", vm.classes.name(class));
    if !protocol.is_empty() {
        let _ = write!(summary, "    ({protocol})");
    }
    summary.push('\n');
    if let Some(comment) = method_comment(vm, method) {
        let _ = writeln!(summary, "\n{comment}");
    } else if let Some((above, comment)) = inherited_comment(vm, class, selector) {
        let _ = writeln!(summary, "\n{}", borrowed(vm, &comment, above));
    } else {
        summary.push_str("\n(no comment)\n");
    }
    summary
}

/// A message without a class: what it is for, and whose methods there are.
pub fn selector_summary(vm: &mut Vm, selector: SymbolId, width: usize) -> String {
    let all = implementors(vm, selector);
    let mut text = vm.symbols.text(selector).to_string();
    text.push('\n');
    // What another one says may hold for its own class only.
    if let Some(method) = most_general(vm, &all)
        && let Some(comment) = method_comment(vm, method)
    {
        let _ = writeln!(text, "\n{}", borrowed(vm, &comment, method));
    }
    let classes: Vec<String> = all
        .iter()
        .map(|&m| vm.classes.name(vm.classes.methods[m as usize].class))
        .collect();
    text.push_str("\nimplemented by\n");
    text + &columns(classes.iter().map(String::as_str), width)
}

/// A method's source text, pattern and body.
pub fn method_source(vm: &Vm, method: MethodId) -> String {
    let m = vm.classes.methods.get(method as usize);
    m.map_or_else(String::new, |m| source_text(vm, m))
}

/// The comment at a method's beginning, without its quotes and its indentation.
pub fn method_comment(vm: &Vm, method: MethodId) -> Option<String> {
    let source = &vm.classes.methods.get(method as usize)?.source;
    leading_comment(source.text.as_str())
}

fn leading_comment(text: &str) -> Option<String> {
    let end = pattern_at(text, 0).ok().flatten()?.end;
    let body = &text[end..];
    let mut place: Option<(usize, usize)> = None;
    for token in tokens(body).filter(|t| t.kind != TokenKind::Unknown) {
        let (start, end) = (token.span.start as usize, token.span.end as usize);
        match (token.kind, &mut place) {
            (TokenKind::Comment, None) => place = Some((start, end)),
            // A doubled quote inside a comment: to the lexer, two comments that touch.
            (TokenKind::Comment, Some(place)) if place.1 == start => place.1 = end,
            _ => break,
        }
    }
    let (start, end) = place?;
    let inside = body[start + 1..end - 1].replace("\"\"", "\"");
    let lines: Vec<&str> = inside.trim().lines().map(str::trim_end).collect();
    let text = lines.join("\n").replace("\n\t", "\n");
    (!text.is_empty()).then_some(text)
}

/// A comment, and whose it is.
fn borrowed(vm: &Vm, comment: &str, method: MethodId) -> String {
    // Behind an example it would look like a part of that.
    let gap = if comment.contains('\n') { "\n" } else { "  " };
    format!("{comment}{gap}(from {})", method_name(vm, method))
}

fn inherited_comment(
    vm: &mut Vm,
    class: ClassIndex,
    selector: SymbolId,
) -> Option<(MethodId, String)> {
    vm.list_chain(class);
    let above = vm.classes.chain(class).skip(1);
    let mut methods = above.filter_map(|c| vm.classes.get(c)?.methods.get(selector));
    methods.find_map(|m| Some((m, method_comment(vm, m)?)))
}

/// The method that most of the others override; among equals the one with more classes below it, and then the one whose
/// class the machine has known for longer.
fn most_general(vm: &Vm, methods: &[MethodId]) -> Option<MethodId> {
    let class = |m: &MethodId| vm.classes.methods[*m as usize].class;
    let overrides = |above: ClassIndex| {
        let classes = methods.iter().map(class);
        let below = classes.filter(|&c| vm.classes.chain(c).any(|c| c == above));
        below.count()
    };
    let rank = |m: &MethodId| {
        let class = class(m);
        let below = subclasses_in_all(vm, class);
        (overrides(class), below, std::cmp::Reverse(class))
    };
    methods.iter().copied().max_by_key(rank)
}

fn subclasses_in_all(vm: &Vm, class: ClassIndex) -> usize {
    let mut all = vec![class];
    let mut next = 0;
    while let Some(info) = all.get(next).map(|&c| vm.classes.get(c)) {
        all.extend(info.iter().flat_map(|i| &i.subclasses));
        next += 1;
    }
    next
}

/// `OrderedCollection < SequenceableCollection < … < Object    package Collections`.
fn headline(vm: &Vm, class: ClassIndex) -> String {
    let side = base(vm, class);
    let chain: Vec<String> = vm
        .classes
        .chain(class)
        .map(|c| vm.classes.name(c))
        .collect();
    let mut text = match class == side {
        true => chain.join(" < "),
        false => chain[0].clone(),
    };
    if let Some(info) = vm.classes.get(side) {
        if !info.package.is_empty() {
            let _ = write!(text, "    package {}", info.package);
        }
        if let Some(uses) = uses(vm, info) {
            let _ = write!(text, "    uses {uses}");
        }
    }
    text.push('\n');
    text
}

fn uses(vm: &Vm, info: &ClassInfo) -> Option<String> {
    let mut traits = Vec::new();
    info.traits.as_ref()?.of.traits(&mut traits);
    let names: Vec<String> = traits.iter().map(|&t| vm.classes.name(t)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The class itself, also of a class side.
fn base(vm: &Vm, class: ClassIndex) -> ClassIndex {
    let info = vm.classes.get(class);
    info.and_then(|i| i.instance_side).unwrap_or(class)
}

/// Words in lines of at most `width` characters, indented by two.
pub fn columns<'w>(words: impl Iterator<Item = &'w str>, width: usize) -> String {
    let mut text = String::new();
    let mut used = 0;
    for word in words {
        let length = word.chars().count() + 2;
        if used > 0 && used + length > width {
            text.push('\n');
            used = 0;
        }
        text.push_str("  ");
        text.push_str(word);
        used += length;
    }
    if used > 0 {
        text.push('\n');
    }
    text
}
