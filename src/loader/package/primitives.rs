//! What `PackageLoader` asks of the machine: the steps of a load, and methods that packages have overridden.

use super::find;
use super::install::{Load, Step};
use super::model::File;
use super::read;
use super::report::Report;
use crate::memory::{ClassIndex, Value};
use crate::primitives::names;
use crate::vm::primitive_table::{Table, table};
use crate::vm::{PrimError, PrimResult, Vm};
use std::path::PathBuf;

/// The primitives of this file.
pub const TABLE: Table = table![
    ("packageRead", read_paths),
    ("packagePrepare", prepare),
    ("packageBegin", begin),
    ("packageFinish", finish),
    ("packagePaths", paths_of),
    ("packageReport", report),
    ("methodsOverridden", overridden),
    ("methodRestore", restore),
];

/// Paths; answers the load's number, and the files to be run before it begins.
fn read_paths(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [_, paths] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    let paths = names(vm, paths)?.into_iter().map(PathBuf::from);
    let paths: Vec<PathBuf> = paths.collect();
    let room = vm.room();
    let opened = vm.host.files().with_room(room);
    let sources = read(&opened, &paths);
    let bytes = room.saturating_sub(opened.room());
    vm.charge(sources.parts.iter().map(|p| 100 * p.methods.len()).sum());
    let load = Load::new(sources);
    let before = files(vm, &load.files_before);
    let number = vm.keep_load(Box::new(load), bytes)?;
    Ok(vm.new_array_from(&[Value::int(number as i64), before]))
}

/// A load's number; answers what is to be evaluated before anything else, and then what baselines are to be asked.
fn prepare(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let mut load = take(vm, args)?;
    let steps = load.prepare(vm);
    let questions = load.questions(vm);
    put(vm, args, load)?;
    let both = [codes(vm, &steps), codes(vm, &questions)];
    Ok(vm.new_array_from(&both))
}

/// A load's number, and what baselines have answered; answers what is to be evaluated.
fn begin(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let answers = *args.get(2).ok_or(PrimError::BadNumArgs)?;
    if !answers.is_object() || !vm.heap.is_pointers(answers) {
        return Err(PrimError::BadArgument);
    }
    let mut load = take(vm, args)?;
    for &answer in vm.heap.pointer_slots(answers) {
        load.leave_out(vm, answer);
    }
    let steps = load.begin(vm);
    put(vm, args, load)?;
    Ok(codes(vm, &steps))
}

/// A path; answers name and path of each package there.
fn paths_of(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let path = args.get(1).and_then(|&p| vm.string_value(p));
    let path = PathBuf::from(path.ok_or(PrimError::BadArgument)?);
    let packages = find::packages(&vm.host.files(), &path).unwrap_or_default();
    let mut pairs = Vec::new();
    for package in packages {
        let name = vm.new_string(&package.name);
        let path = vm.new_string(&package.path.to_string_lossy());
        pairs.push(vm.new_array_from(&[name, path]));
    }
    Ok(vm.new_array_from(&pairs))
}

/// A load's number; answers what is to be evaluated, and the files to be run then.
fn finish(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let mut load = take(vm, args)?;
    let steps = load.finish(vm);
    let after = files(vm, &load.files_after);
    put(vm, args, load)?;
    let steps = codes(vm, &steps);
    Ok(vm.new_array_from(&[steps, after]))
}

/// A load's number; answers packages, traits, classes, number of methods, what was left out, what is wrong and what
/// became of classes of the library. The load is over.
fn report(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let load = take(vm, args)?;
    let taken_over = strings(vm, &load.report.taken_over());
    let Report {
        packages,
        traits,
        classes,
        methods,
        skipped,
        unreadable,
        failures,
        errors: _,
        ..
    } = load.report;
    let mut left_out = Vec::new();
    for s in &skipped {
        let texts = [&*s.what, &*s.reason, &*s.file].map(|t| vm.new_string(t));
        let place = [s.line, s.column].map(|n| Value::int(i64::from(n)));
        left_out.push(vm.new_array_from(&[texts[0], texts[1], texts[2], place[0], place[1]]));
    }
    let mut wrong: Vec<Value> = unreadable.iter().map(|text| vm.new_string(text)).collect();
    wrong.extend(
        failures
            .iter()
            .map(|f| vm.new_string(f.rendered.trim_end())),
    );
    let parts = [
        strings(vm, &packages),
        strings(vm, &traits),
        strings(vm, &classes),
        Value::int(methods as i64),
        vm.new_array_from(&left_out),
        vm.new_array_from(&wrong),
        taken_over,
    ];
    Ok(vm.new_array_from(&parts))
}

/// Class or class side; answers selector, source and file of each method that a package has overridden,
/// the latest last.
fn overridden(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let side = behavior(vm, args)?;
    let all = vm
        .classes
        .get(side)
        .map_or_else(Vec::new, |i| i.overridden.clone());
    let mut found = Vec::new();
    for m in all {
        let selector = vm.symbols.object(m.selector);
        let source = vm.new_string(m.source.text.as_str());
        let file = match &m.source.file {
            Some(file) => vm.new_string(file),
            None => Value::NIL,
        };
        found.push(vm.new_array_from(&[selector, source, file]));
    }
    Ok(vm.new_array_from(&found))
}

/// Class or class side, and a selector: the method that a package has overridden last is in its place again.
fn restore(vm: &mut Vm, args: &[Value]) -> PrimResult {
    let [_, _, selector] = *args else {
        return Err(PrimError::BadNumArgs);
    };
    let side = behavior(vm, args)?;
    let selector = vm
        .symbols
        .id_of(&vm.heap, selector)
        .ok_or(PrimError::BadArgument)?;
    let info = vm.classes.get_mut(side).ok_or(PrimError::BadArgument)?;
    let last = info.overridden.iter().rposition(|m| m.selector == selector);
    let method = info.overridden.remove(last.ok_or(PrimError::NotFound)?);
    vm.add_method(side, selector, method.source, method.protocol);
    vm.method_changed(selector);
    Ok(args[0])
}

fn behavior(vm: &Vm, args: &[Value]) -> Result<ClassIndex, PrimError> {
    let class = args.get(1).and_then(|&v| vm.classes.index_of(v));
    class.ok_or(PrimError::BadArgument)
}

fn number(args: &[Value]) -> Result<Value, PrimError> {
    args.get(1).copied().ok_or(PrimError::BadNumArgs)
}

fn take(vm: &mut Vm, args: &[Value]) -> Result<Box<Load>, PrimError> {
    vm.take_load(number(args)?)
}

fn put(vm: &mut Vm, args: &[Value], load: Box<Load>) -> Result<(), PrimError> {
    vm.put_load(number(args)?, load)
}

fn codes(vm: &mut Vm, steps: &[Step]) -> Value {
    let texts: Vec<String> = steps.iter().map(|s| s.code.clone()).collect();
    strings(vm, &texts)
}

/// Name and text of each file.
fn files(vm: &mut Vm, files: &[File]) -> Value {
    let mut pairs = Vec::new();
    for file in files {
        let pair = [&*file.name, &*file.text].map(|t| vm.new_string(t));
        pairs.push(vm.new_array_from(&pair));
    }
    vm.new_array_from(&pairs)
}

fn strings(vm: &mut Vm, texts: &[String]) -> Value {
    let strings: Vec<Value> = texts.iter().map(|t| vm.new_string(t)).collect();
    vm.new_array_from(&strings)
}
