//! Makes the classes and methods of a load.
//!
//! Runs nothing itself: what has to be evaluated on the way (compositions of traits, `initialize`) is
//! handed out in steps, so that a load can be driven from Rust and from Smalltalk.

use super::model::{File, Kind, Method, Part};
use super::order::{initialization_order, order};
use super::report::{Report, Skipped};
use super::sources::Sources;
use crate::formats::selector::selector_of;
use crate::loader::compile;
use crate::memory::ClassIndex;
use crate::primitives::behavior_define;
use crate::vm::classes::{Overridden, Source};
use crate::vm::define::ClassSpec;
use crate::vm::known::Known;
use crate::vm::{CompileFailure, PrimError, Vm};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// A load in progress.
pub struct Load {
    pub(super) parts: Vec<Part>,
    pub report: Report,
    /// Files to be run before anything is defined, and behind everything else.
    pub files_before: Vec<File>,
    pub files_after: Vec<File>,
    /// The baselines that were defined ahead of everything else.
    #[cfg(feature = "packages")]
    pub(super) baselines: Vec<Step>,
    /// The classes that this load has defined, superclasses first.
    classes: Vec<(usize, ClassIndex)>,
    /// Classes and traits of the load that are not there.
    missing: FxHashSet<String>,
    /// Numbers of parts that define a class once more: they count for nothing. There are few, if any.
    doubles: Vec<usize>,
    /// Pools that were not there when the class of a part was defined.
    pools: Vec<(usize, String)>,
    /// Methods that were refused, by part and number: a variable may come from a trait.
    refused: Vec<(usize, usize)>,
    /// Classes that packages define as well, and that stay the library's. There are few, if any.
    staying: Vec<String>,
    /// Look for mistakes in what is left out as well.
    thorough: bool,
}

/// Something that has to be evaluated, with its place.
pub struct Step {
    pub code: String,
    pub file: Arc<str>,
    pub line: u32,
}

impl Load {
    /// Nothing is done yet.
    pub fn new(sources: Sources) -> Load {
        Load {
            parts: sources.parts,
            files_before: sources.files_before,
            files_after: sources.files_after,
            report: Report {
                packages: sources.packages,
                skipped: sources.skipped,
                unreadable: sources.unreadable,
                failures: sources.failures,
                ..Report::default()
            },
            #[cfg(feature = "packages")]
            baselines: Vec::new(),
            classes: Vec::new(),
            missing: FxHashSet::default(),
            doubles: Vec::new(),
            pools: Vec::new(),
            refused: Vec::new(),
            staying: Vec::new(),
            thorough: sources.thorough,
        }
    }

    /// Defines traits and classes, and compiles what can be compiled. Answers what classes take from traits.
    pub fn begin(&mut self, vm: &mut Vm) -> Vec<Step> {
        self.define_traits(vm);
        self.define_classes(vm);
        self.extend_classes(vm);
        self.install_methods(vm);
        self.compositions(vm)
    }

    /// Compiles the rest, after everything that `begin` answered was evaluated. Answers which classes are to
    /// be initialized, and what baselines want done at the end.
    pub fn finish(&mut self, vm: &mut Vm) -> Vec<Step> {
        for (part, number) in std::mem::take(&mut self.refused) {
            if vm.stop_reason().is_some() && !self.report.failures.is_empty() {
                break;
            }
            let method = &self.parts[part].methods[number];
            let side = side_of(vm, method);
            if let Some(Err(failure)) = side.map(|side| add(vm, side, method)) {
                self.report.failures.push(failure);
            } else {
                self.report.methods += 1;
            }
        }
        vm.methods_changed();
        #[allow(unused_mut)]
        let mut steps = self.initializations(vm);
        #[cfg(feature = "packages")]
        steps.extend(self.ask_baselines(vm, "afterLoading:"));
        steps
    }

    /// Other parts come in the place of those that are loaded.
    #[cfg(feature = "packages")]
    pub(super) fn forget_parts(&mut self) {
        self.classes.clear();
        self.doubles.clear();
        self.pools.clear();
    }

    fn define_traits(&mut self, vm: &mut Vm) {
        for number in 0..self.parts.len() {
            if self.parts[number].kind != Kind::Trait {
                continue;
            }
            match self.define(vm, number) {
                Ok(_) => self.report.traits.push(self.parts[number].name.clone()),
                Err(reason) => self.skip_class(number, reason),
            }
        }
    }

    fn define_classes(&mut self, vm: &mut Vm) {
        let order = order(&self.parts, |name| class(vm, name).is_some());
        for (number, reason) in order.refused {
            self.skip_class(number, reason);
        }
        for (number, reason) in order.doubles {
            self.doubles.push(number);
            self.note(number, reason);
        }
        for number in order.classes {
            match self.define(vm, number) {
                Ok(_) if self.staying.contains(&self.parts[number].name) => {}
                Ok(class) => {
                    self.report.classes.push(self.parts[number].name.clone());
                    self.classes.push((number, class));
                }
                Err(reason) => self.skip_class(number, reason),
            }
        }
        for (number, pool) in std::mem::take(&mut self.pools) {
            let part = &self.parts[number];
            let Some(user) = class(vm, &part.name) else {
                continue;
            };
            match (class(vm, &pool), vm.classes.get_mut(user)) {
                (Some(pool), Some(user)) => user.pools.push(pool),
                _ => {
                    let what = format!("the pool {pool} of {}", part.name);
                    let reason = "there is no such class".to_string();
                    self.report.skipped.push(Skipped::at(part, what, reason));
                }
            }
        }
    }

    fn skip_class(&mut self, number: usize, reason: String) {
        let name = self.parts[number].name.clone();
        self.missing.insert(name);
        self.note(number, reason);
    }

    /// Tells that a part was left out.
    fn note(&mut self, number: usize, reason: String) {
        let part = &self.parts[number];
        self.report
            .skipped
            .push(Skipped::at(part, part.name.clone(), reason));
    }

    fn define(&mut self, vm: &mut Vm, number: usize) -> Result<ClassIndex, String> {
        let part = &self.parts[number];
        let of_library = clear_library_class(vm, &part.name);
        if let Some((index, true)) = of_library {
            let pair = (part.package.clone(), part.name.clone());
            self.report.joined.push(pair);
            self.staying.push(part.name.clone());
            return Ok(index);
        }
        let superclass = match part.superclass.as_deref() {
            None => None,
            Some(name) => Some(class(vm, name).ok_or_else(
                || match self.missing.contains(name) {
                    true => format!("its superclass {name} was skipped"),
                    false => format!("there is no class {name} to inherit from"),
                },
            )?),
        };
        let mut pools = Vec::new();
        for pool in &part.pools {
            match class(vm, pool) {
                Some(class) => pools.push(class),
                // It may come later in this load.
                None => self.pools.push((number, pool.clone())),
            }
        }
        let kind = match part.kind {
            Kind::Trait => {
                Some(class(vm, "Trait").ok_or_else(|| "there are no traits here".to_string())?)
            }
            _ => None,
        };
        let spec = ClassSpec {
            name: part.name.clone(),
            superclass,
            inst_vars: part.inst_vars.clone(),
            class_vars: part.class_vars.clone(),
            class_inst_vars: part.class_inst_vars.clone(),
            pools,
            layout: match part.layout.as_str() {
                "normal" => String::new(),
                layout => layout.to_string(),
            },
            package: part.package.clone(),
            tag: part.tag.clone(),
            comment: part.comment.clone(),
            kind,
            ..ClassSpec::default()
        };
        let defined = behavior_define::define(vm, &spec).map_err(|error| reason(vm, &spec, error));
        if of_library.is_some() && defined.is_ok() {
            let pair = (part.package.clone(), part.name.clone());
            self.report.replaced.push(pair);
        }
        defined
    }

    /// Variables that extensions add: only bracketed classes can do that.
    fn extend_classes(&mut self, vm: &mut Vm) {
        for number in 0..self.parts.len() {
            let part = &self.parts[number];
            let adds = !(part.inst_vars.is_empty()
                && part.class_vars.is_empty()
                && part.class_inst_vars.is_empty());
            if part.kind != Kind::Extension || !adds {
                continue;
            }
            if let Some(index) = class(vm, &part.name)
                && let Err(reason) = extend(vm, index, part)
            {
                self.note(number, reason);
            }
        }
    }

    /// Compiles all methods: those of classes, then those of extensions.
    fn install_methods(&mut self, vm: &mut Vm) {
        for extensions in [false, true] {
            for number in 0..self.parts.len() {
                let part = &self.parts[number];
                if (part.kind == Kind::Extension) != extensions || self.doubles.contains(&number) {
                    continue;
                }
                for method in 0..part.methods.len() {
                    self.install(vm, number, method);
                    if vm.stop_reason().is_some() {
                        return;
                    }
                }
            }
        }
        vm.methods_changed();
    }

    fn install(&mut self, vm: &mut Vm, part: usize, number: usize) {
        let method = &self.parts[part].methods[number];
        let side = match self.missing.contains(&*method.owner) {
            true => None,
            false => side_of(vm, method),
        };
        let stays =
            self.parts[part].kind == Kind::Class && self.staying.contains(&self.parts[part].name);
        if stays && side.is_some_and(|side| understands(vm, side, method)) {
            return;
        }
        match side.map(|side| add(vm, side, method)) {
            None => self.skip_method(part, number),
            Some(Ok(())) => self.report.methods += 1,
            // It speaks of variables that the library's class has not.
            Some(Err(_)) if stays => {}
            Some(Err(_)) => self.refused.push((part, number)),
        }
    }

    /// Once for each class, since an extension may have hundreds of methods.
    fn skip_method(&mut self, part: usize, number: usize) {
        let method = &self.parts[part].methods[number];
        if self.thorough
            && let Some(failure) = compile::syntax(&method.source, &method.origin)
        {
            self.report.failures.push(failure);
        }
        // Each method may have a file of its own.
        let file = &self.parts[part].file;
        let what = format!("{} (extension)", method.owner);
        let told = |s: &Skipped| s.file == *file && (s.what == method.owner || s.what == what);
        if self.report.skipped.iter().any(told) {
            return;
        }
        let reason = match self.missing.contains(&*method.owner) {
            true => format!("{} was skipped", method.owner),
            false => format!("there is no class {}", method.owner),
        };
        let part = &self.parts[part];
        self.report.skipped.push(Skipped::at(part, what, reason));
    }

    /// What traits and classes are composed of: traits behind those they use, classes behind their superclasses.
    fn compositions(&self, vm: &mut Vm) -> Vec<Step> {
        let of_kind = |kind: Kind| {
            self.parts.iter().enumerate().filter_map(move |(n, p)| {
                let composes = !p.traits.is_empty() || !p.class_traits.is_empty();
                (p.kind == kind && composes).then_some(n)
            })
        };
        let mut waiting: Vec<usize> = of_kind(Kind::Trait).collect();
        let mut numbers = Vec::new();
        while !waiting.is_empty() {
            let uses = |n: usize, other: usize| {
                let (part, name) = (&self.parts[n], &self.parts[other].name);
                n != other && (mentions(&part.traits, name) || mentions(&part.class_traits, name))
            };
            let free = waiting
                .iter()
                .position(|&n| !waiting.iter().any(|&other| uses(n, other)))
                // A circle: whoever sets the composition will say so.
                .unwrap_or(0);
            numbers.push(waiting.remove(free));
        }
        numbers.extend(self.classes.iter().map(|(n, _)| *n).filter(|n| {
            !(self.parts[*n].traits.is_empty() && self.parts[*n].class_traits.is_empty())
        }));
        let mut steps = Vec::new();
        for number in numbers {
            let part = &self.parts[number];
            if class(vm, &part.name).is_none() {
                continue;
            }
            let sides = [("", &part.traits), (" class", &part.class_traits)];
            for (side, composition) in sides.iter().filter(|(_, c)| !c.trim().is_empty()) {
                let code = format!("{}{side} setTraitComposition: ({composition})", part.name);
                steps.push(self.step(number, code));
            }
        }
        steps
    }

    pub(super) fn step(&self, number: usize, code: String) -> Step {
        let part = &self.parts[number];
        Step {
            code,
            file: part.file.clone(),
            line: part.place.line,
        }
    }

    /// `initialize` for the classes that define it themselves.
    fn initializations(&mut self, vm: &mut Vm) -> Vec<Step> {
        let selector = vm.intern("initialize");
        let mut defines: FxHashSet<String> = FxHashSet::default();
        for method in self.parts.iter().flat_map(|p| &p.methods) {
            if method.class_side && method.selector == "initialize" {
                defines.insert(method.owner.clone());
            }
        }
        let mut steps = Vec::new();
        for (number, index) in initialization_order(&self.parts, &self.classes) {
            if let Some(meta) = vm.classes.get(index).map(|i| i.meta) {
                vm.list_methods(meta);
            }
            let listed = vm
                .classes
                .get(index)
                .and_then(|c| vm.classes.get(c.meta))
                .is_some_and(|m| m.methods.contains(selector));
            if listed && defines.contains(&self.parts[number].name) {
                let code = format!("{} initialize", self.parts[number].name);
                steps.push(self.step(number, code));
            }
        }
        steps
    }
}

/// The class of this name.
#[inline(never)]
pub(super) fn class(vm: &mut Vm, name: &str) -> Option<ClassIndex> {
    let value = vm.find_global(name)?;
    vm.classes.index_of(value)
}

/// The class or class side that a method belongs to.
fn side_of(vm: &mut Vm, method: &Method) -> Option<ClassIndex> {
    let class = class(vm, &method.owner)?;
    match method.class_side {
        true => vm.classes.get(class).map(|i| i.meta),
        false => Some(class),
    }
}

/// Whether instances of a class understand what a method is for.
fn understands(vm: &mut Vm, side: ClassIndex, method: &Method) -> bool {
    let selector = vm.intern(&method.selector);
    vm.lookup(side, selector).is_some()
}

/// Compiles a method. What was there before is remembered.
fn add(vm: &mut Vm, side: ClassIndex, method: &Method) -> Result<(), CompileFailure> {
    let before = overridden_by(vm, side, &method.source);
    let protocol = method.protocol.as_deref().unwrap_or("as yet unclassified");
    compile::add_from(vm, side, method.source.clone(), protocol, &method.origin)?;
    remember(vm, side, before);
    Ok(())
}

/// The method of a class in whose place this source would be: not a copy of a trait's.
pub fn overridden_by(vm: &mut Vm, side: ClassIndex, source: &Source) -> Option<Overridden> {
    let selector = vm.intern(&selector_of(source.text.as_str())?);
    vm.list_methods(side);
    let id = vm.classes.get(side)?.methods.get(selector)?;
    let method = vm.classes.methods.get(id as usize)?;
    method.origin.is_none().then(|| Overridden {
        selector,
        source: method.source.clone(),
        protocol: method.protocol.clone(),
    })
}

/// Keeps a method that was replaced, so that it can be asked for and put back.
pub fn remember(vm: &mut Vm, side: ClassIndex, method: Option<Overridden>) {
    if let Some(info) = vm.classes.get_mut(side) {
        info.overridden.extend(method);
    }
}

/// A class of the library that a package defines as well becomes the package's: none of its methods stays. Not those
/// that other packages of the library have added, and not in classes that the machine needs, or their superclasses.
/// Answers such a class, if there is one, and whether it stays the library's.
fn clear_library_class(vm: &mut Vm, name: &str) -> Option<(ClassIndex, bool)> {
    let index = class(vm, name)?;
    let stays = (0..Known::Count as u32).any(|known| vm.classes.inherits(known, index));
    let meta = vm.classes.get(index).map_or(index, |i| i.meta);
    let mut found = false;
    for side in [index, meta] {
        vm.list_methods(side);
        let listed = vm.classes.get(side).map(|i| i.methods.iter().collect());
        let ids: Vec<_> = listed.unwrap_or_default();
        for (selector, id) in ids {
            let own = vm
                .classes
                .methods
                .get(id as usize)
                .is_some_and(|m| m.source.library && !m.protocol.starts_with('*'));
            found |= own;
            if own && !stays {
                vm.remove_method(side, selector);
            }
        }
    }
    found.then_some((index, stays))
}

/// Gives a class the variables that an extension adds.
fn extend(vm: &mut Vm, index: ClassIndex, part: &Part) -> Result<(), String> {
    let Some(info) = vm.classes.get(index) else {
        return Ok(());
    };
    let join = |old: Vec<String>, new: &[String]| {
        let mut all = old;
        let fresh: Vec<String> = new.iter().filter(|n| !all.contains(n)).cloned().collect();
        all.extend(fresh);
        all
    };
    let class_inst_vars = vm
        .classes
        .get(info.meta)
        .map_or_else(Vec::new, |m| m.inst_vars.clone());
    let spec = ClassSpec {
        name: info.name.clone(),
        superclass: info.superclass,
        inst_vars: join(info.inst_vars.clone(), &part.inst_vars),
        class_vars: join(
            info.class_vars.iter().map(|(n, _)| n.clone()).collect(),
            &part.class_vars,
        ),
        class_inst_vars: join(class_inst_vars, &part.class_inst_vars),
        pools: info.pools.clone(),
        layout: match info.layout {
            "normal" => String::new(),
            layout => layout.to_string(),
        },
        package: info.package.clone(),
        existing: Some(index),
        ..ClassSpec::default()
    };
    behavior_define::define(vm, &spec)
        .map(drop)
        .map_err(|error| reason(vm, &spec, error))
}

/// Whether an expression names this trait.
fn mentions(expression: &str, name: &str) -> bool {
    expression
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word == name)
}

/// Why the machine refuses a definition.
fn reason(vm: &Vm, spec: &ClassSpec, error: PrimError) -> String {
    let inherited = spec
        .superclass
        .map_or_else(Vec::new, |s| vm.classes.all_inst_vars(s));
    let doubled = spec
        .inst_vars
        .iter()
        .enumerate()
        .find(|(i, n)| spec.inst_vars[..*i].contains(n) || inherited.contains(n));
    if let Some((_, name)) = doubled {
        return format!("its instance variable {name} is there already");
    }
    match error {
        PrimError::NoMemory => "there is no room for another class".to_string(),
        PrimError::Value(v) => match vm.classes.index_of(v) {
            Some(fixed) => format!(
                "it would change the shape of {}, which the machine relies on",
                vm.classes.name(fixed)
            ),
            None => "its definition is not possible".to_string(),
        },
        _ => behavior_define::objection(vm, spec),
    }
}
