//! CompiledMethod: what is known of a method, and methods made from texts.
//!
//! Owns the reading of the method table. Must never run a method: the machine does that.

use super::object::arg;
use crate::formats::pragma::pragmas_of;
use crate::formats::selector::pattern_at;
use crate::memory::Value;
use crate::vm::classes::Method;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use chirp_grammar::Options;

/// The primitives of this file.
pub const TABLE: Table = table![
    ("methodSelector", selector),
    ("methodClass", class),
    ("methodNumArgs", num_args),
    ("methodSource", source),
    ("methodFile", file),
    ("methodCategory", category),
    ("methodCategoryPut", category_put),
    ("methodTempNames", temp_names),
    ("methodPragmas", pragmas),
    ("compileDoIt", compile_do_it),
    ("closureIsDead", closure_is_dead),
    ("contextProcess", context_process),
];

/// What the machine knows of the receiver.
#[inline(never)]
pub(super) fn method<'a>(vm: &'a Vm, args: &[Value]) -> Result<&'a Method, PrimError> {
    let id = vm.method_id(args[0]).ok_or(PrimError::BadReceiver)?;
    vm.classes
        .methods
        .get(id as usize)
        .ok_or(PrimError::BadReceiver)
}

fn selector(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let id = method(vm, args)?.selector;
    Ok(vm.symbols.object(id))
}

/// The name of the file that the method comes from; nil if it comes from none.
fn file(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let file = method(vm, args)?.source.file.clone();
    Ok(file.map_or(Value::NIL, |name| vm.new_string(&name)))
}

fn class(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = method(vm, args)?.class;
    Ok(vm.classes.get(class).map_or(Value::NIL, |i| i.object))
}

fn num_args(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let selector = method(vm, args)?.selector;
    Ok(Value::int(arity(vm, selector) as i64))
}

/// How many arguments a message of this selector has.
pub(super) fn arity(vm: &Vm, selector: crate::vm::symbols::SymbolId) -> usize {
    let text = vm.symbols.text(selector);
    match text.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        true => text.matches(':').count(),
        false => 1,
    }
}

/// The names of the arguments and of the temporaries, without those of blocks.
fn temp_names(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let id = vm.method_id(args[0]).ok_or(PrimError::BadReceiver)?;
    let text = vm.classes.methods[id as usize].source.text.clone();
    vm.charge(text.as_str().len());
    let names = temp_names_in(text.as_str(), vm.dialect());
    let strings: Vec<Value> = names.iter().map(|n| vm.new_string(n)).collect();
    Ok(vm.new_array_from(&strings))
}

fn temp_names_in(text: &str, dialect: Options) -> Vec<String> {
    let Some(tree) = chirp_grammar::parse_method_with(text, dialect).tree else {
        return Vec::new();
    };
    let idents = tree.params.iter().chain(&tree.body.temps);
    idents.map(|i| i.name.clone()).collect()
}

fn source(vm: &mut Vm, args: &[Value]) -> PrimResult {
    // Copied twice on the way.
    let length = method(vm, args)?.source.text.as_str().len();
    vm.ask_for(3 * length)?;
    vm.charge(length >> 4);
    let text = source_text(vm, method(vm, args)?);
    Ok(vm.new_string(&text))
}

/// Pattern and body, as a reader expects them. Of a library method, the blank that stands for Tonel's bracket is
/// dropped; of a trait's method that has another name here, the pattern says this name.
pub(crate) fn source_text(vm: &Vm, m: &Method) -> String {
    let source = &m.source;
    let text = source.text.as_str();
    let text = match text.split_once('\n') {
        Some((first, rest)) if source.library => format!("{}\n{rest}", first.trim_end()),
        _ => text.to_string(),
    };
    let text = match m.origin {
        Some((_, first)) if first != m.selector => {
            renamed(&text, vm.symbols.text(first), vm.symbols.text(m.selector))
        }
        _ => text,
    };
    text.trim_end().to_string()
}

/// The text of a method with another selector in its pattern.
fn renamed(text: &str, old: &str, new: &str) -> String {
    let (mut result, mut rest) = (String::new(), text);
    for (old, new) in old.split_inclusive(':').zip(new.split_inclusive(':')) {
        let Some(at) = rest.find(old) else { break };
        result.push_str(&rest[..at]);
        result.push_str(new);
        rest = &rest[at + old.len()..];
    }
    result + rest
}

fn category(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let protocol = method(vm, args)?.protocol.clone();
    Ok(vm.symbol(&protocol))
}

fn category_put(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let id = vm.method_id(args[0]).ok_or(PrimError::BadReceiver)?;
    let name = arg(args, 1)?;
    let name = vm.string_value(name).ok_or(PrimError::BadArgument)?;
    vm.classify_method(id, name.into());
    Ok(args[0])
}

/// For each pragma an Array of its selector and its arguments.
fn pragmas(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = method(vm, args)?.source.text.clone();
    let mut pragmas = Vec::new();
    vm.charge(text.as_str().len() >> 3);
    if has_pragmas(text.as_str()) {
        let parsed = chirp_grammar::parse_method_with(text.as_str(), vm.dialect());
        pragmas = parsed.tree.map_or_else(Vec::new, |tree| tree.pragmas);
    }
    let mut found = Vec::new();
    for pragma in &pragmas {
        let mut parts = vec![vm.symbol(&pragma.selector)];
        for argument in &pragma.args {
            parts.push(vm.literal_value(argument));
        }
        found.push(vm.new_array_from(&parts));
    }
    Ok(vm.new_array_from(&found))
}

/// A scanner's answer, so that whoever asks all methods for their pragmas does not parse them all.
fn has_pragmas(text: &str) -> bool {
    let head = pattern_at(text, 0).ok().flatten();
    head.is_some_and(|pattern| !pragmas_of(text, pattern.end).is_empty())
}

/// On any receiver, with a text and perhaps a class: a method in no dictionary that does what the text says, in the
/// session, for nil or an instance of the class.
/// Fails with {message. line. column} when the text is refused.
fn compile_do_it(vm: &mut Vm, args: &[Value]) -> PrimResult {
    vm.ask_to_compile(arg(args, 1)?)?;
    let text = vm
        .string_value(arg(args, 1)?)
        .ok_or(PrimError::BadArgument)?;
    let class = match args.get(2) {
        None | Some(&Value::NIL) => crate::vm::known::Known::UndefinedObject.index(),
        Some(&class) => vm.classes.index_of(class).ok_or(PrimError::BadArgument)?,
    };
    match (vm.hooks.compile_do_it)(vm, class, &text) {
        Ok(id) => Ok(vm.method_object(id)),
        Err(failure) => Err(super::behavior_define::refusal(vm, &failure)),
    }
}

/// Whether a block can no longer return from the method that it was written in.
fn closure_is_dead(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let closure = args[0];
    if vm.heap.class_of(closure) != crate::vm::known::Known::BlockClosure.index() {
        return Err(PrimError::BadReceiver);
    }
    // Slot 1 is the Home, if the block has a `^`; a Home whose frame has ended holds nil.
    let home = vm.heap.slot(closure, 1);
    let dead = home.is_object() && vm.heap.is_pointers(home) && vm.heap.slot(home, 0).is_nil();
    Ok(Value::bool(dead))
}

/// The Process whose stack a Context's frame is or was on.
fn context_process(vm: &mut Vm, args: &[Value]) -> PrimResult {
    if vm.heap.class_of(args[0]) != crate::vm::known::Known::Context.index() {
        return Err(PrimError::BadReceiver);
    }
    Ok(vm.heap.slot(args[0], crate::vm::context::field::PROCESS))
}
