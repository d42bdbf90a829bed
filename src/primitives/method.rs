//! CompiledMethod: what is known of a method, and methods made from texts.
//!
//! Owns the reading of the method table. Must never run a method: the machine does that.

use super::object::arg;
use crate::memory::Value;
use crate::vm::classes::Method;
use crate::vm::{PrimError, PrimFn, PrimResult, Vm};

/// The primitives of this file.
pub const TABLE: &[(&str, PrimFn)] = &[
    ("methodSelector", selector),
    ("methodClass", class),
    ("methodNumArgs", num_args),
    ("methodSource", source),
    ("methodCategory", category),
    ("methodPragmas", pragmas),
    ("compileDoIt", compile_do_it),
    ("closureIsDead", closure_is_dead),
    ("contextProcess", context_process),
];

/// What the machine knows of the receiver.
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

fn class(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let class = method(vm, args)?.class;
    Ok(vm.classes.get(class).map_or(Value::NIL, |i| i.object))
}

fn num_args(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = vm.symbols.text(method(vm, args)?.selector);
    let word = text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    Ok(Value::int(if word {
        text.matches(':').count() as i64
    } else {
        1
    }))
}

/// Pattern and body. Of a library method, the blank that stands for Tonel's bracket is dropped.
fn source(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let source = &method(vm, args)?.source;
    let text = source.text.as_str();
    let text = match text.split_once('\n') {
        Some((first, rest)) if source.library => format!("{}\n{rest}", first.trim_end()),
        _ => text.to_string(),
    };
    Ok(vm.new_string(text.trim_end()))
}

fn category(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let protocol = method(vm, args)?.protocol.clone();
    Ok(vm.symbol(&protocol))
}

/// For each pragma an Array of its selector and its arguments.
fn pragmas(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = method(vm, args)?.source.text.clone();
    let parsed = chirp_grammar::parse_method(text.as_str());
    let pragmas = parsed.tree.map_or_else(Vec::new, |tree| tree.pragmas);
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

/// On any receiver, with a text: a method without a class that does what the text says, in the session.
/// Fails with {message. line. column} when the text is refused.
fn compile_do_it(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let text = vm
        .string_value(arg(args, 1)?)
        .ok_or(PrimError::BadArgument)?;
    vm.charge(text.len());
    match (vm.hooks.compile_do_it)(vm, &text) {
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
