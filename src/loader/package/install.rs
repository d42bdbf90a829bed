//! Makes the classes and methods of a load.

use super::model::{Kind, Method, Part};
use super::order::order;
use super::report::{Report, Skipped};
use crate::loader::compile;
use crate::memory::ClassIndex;
use crate::primitives::behavior_define;
use crate::vm::define::ClassSpec;
use crate::vm::{PrimError, Vm};
use chirp_grammar::Options;
use rustc_hash::{FxHashMap, FxHashSet};

/// A load in progress.
pub struct Load<'a> {
    vm: &'a mut Vm,
    parts: &'a [Part],
    report: &'a mut Report,
    /// The classes that this load has defined, superclasses first.
    classes: Vec<(usize, ClassIndex)>,
    /// Why a class of the load is not there.
    missing: FxHashMap<&'a str, String>,
    /// Numbers of parts that define a class once more: they count for nothing.
    doubles: FxHashSet<usize>,
}

impl<'a> Load<'a> {
    pub fn new(vm: &'a mut Vm, parts: &'a [Part], report: &'a mut Report) -> Load<'a> {
        Load {
            vm,
            parts,
            report,
            classes: Vec::new(),
            missing: FxHashMap::default(),
            doubles: FxHashSet::default(),
        }
    }

    /// Defines the classes of the load.
    pub fn define_classes(&mut self) {
        let vm = &mut *self.vm;
        let order = order(self.parts, |name| {
            vm.find_global(name)
                .is_some_and(|v| vm.classes.index_of(v).is_some())
        });
        for (number, reason) in order.refused {
            self.skip_class(number, reason);
        }
        for (number, reason) in order.doubles {
            self.doubles.insert(number);
            self.note(number, reason);
        }
        for number in order.classes {
            match self.define(number) {
                Ok(class) => {
                    self.report.classes.push(self.parts[number].name.clone());
                    self.classes.push((number, class));
                }
                Err(reason) => self.skip_class(number, reason),
            }
        }
        for (number, part) in self.parts.iter().enumerate() {
            if part.kind == Kind::Trait {
                self.skip_class(number, "traits cannot be loaded yet".to_string());
            }
        }
    }

    fn skip_class(&mut self, number: usize, reason: String) {
        let part = &self.parts[number];
        self.missing
            .entry(&part.name)
            .or_insert_with(|| reason.clone());
        self.note(number, reason);
    }

    /// Tells that a part was left out.
    fn note(&mut self, number: usize, reason: String) {
        let part = &self.parts[number];
        self.report.skipped.push(Skipped {
            what: part.name.clone(),
            reason,
            file: part.file.clone(),
            line: part.place.line,
            column: part.place.column,
        });
    }

    fn define(&mut self, number: usize) -> Result<ClassIndex, String> {
        let part = &self.parts[number];
        let superclass = match part.superclass.as_deref() {
            None => None,
            Some(name) => Some(
                self.class(name)
                    .ok_or_else(|| match self.missing.get(name) {
                        Some(_) => format!("its superclass {name} was skipped"),
                        None => format!("there is no class {name} to inherit from"),
                    })?,
            ),
        };
        let mut pools = Vec::new();
        for pool in &part.pools {
            match self.class(pool) {
                Some(class) => pools.push(class),
                None => self.skip_pool(part, pool),
            }
        }
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
            comment: part.comment.clone(),
            ..ClassSpec::default()
        };
        behavior_define::define(self.vm, &spec).map_err(|error| reason(self.vm, &spec, error))
    }

    fn skip_pool(&mut self, part: &Part, pool: &str) {
        self.report.skipped.push(Skipped {
            what: format!("the pool {pool} of {}", part.name),
            reason: "there is no such class".to_string(),
            file: part.file.clone(),
            line: part.place.line,
            column: part.place.column,
        });
    }

    fn class(&mut self, name: &str) -> Option<ClassIndex> {
        let value = self.vm.find_global(name)?;
        self.vm.classes.index_of(value)
    }

    /// Compiles all methods: those of classes, then those of extensions.
    pub fn install_methods(&mut self) {
        for extensions in [false, true] {
            for (number, part) in self.parts.iter().enumerate() {
                if (part.kind == Kind::Extension) != extensions || self.doubles.contains(&number) {
                    continue;
                }
                for method in &part.methods {
                    self.install(method);
                }
            }
        }
        self.vm.methods_changed();
    }

    fn install(&mut self, method: &Method) {
        let known = (!self.missing.contains_key(&*method.owner))
            .then(|| self.class(&method.owner))
            .flatten();
        let Some(class) = known else {
            return self.skip_method(method);
        };
        let side = match method.class_side {
            true => self.vm.classes.get(class).map_or(class, |i| i.meta),
            false => class,
        };
        let protocol = method.protocol.as_deref().unwrap_or("as yet unclassified");
        match compile::add(
            self.vm,
            side,
            method.source.clone(),
            protocol,
            Options::default(),
        ) {
            Ok(_) => self.report.methods += 1,
            Err(failure) => self.report.failures.push(failure),
        }
    }

    /// Once for each class, since an extension may have hundreds of methods.
    fn skip_method(&mut self, method: &Method) {
        let file = method.source.file.clone().unwrap_or_default();
        let told = self.report.skipped.iter().any(|s| {
            s.file == file
                && (s.what == method.owner || s.what.starts_with(&(method.owner.clone() + " ")))
        });
        if told {
            return;
        }
        let reason = match self.missing.get(&*method.owner) {
            Some(_) => format!("{} was skipped", method.owner),
            None => format!("there is no class {}", method.owner),
        };
        self.report.skipped.push(Skipped {
            what: format!("{} (extension)", method.owner),
            reason,
            file,
            line: method.source.line,
            column: method.source.column,
        });
    }

    /// Sends `initialize` to the classes that define it themselves.
    pub fn initialize_classes(&mut self) {
        let selector = self.vm.intern("initialize");
        let defines: FxHashSet<&str> = self
            .parts
            .iter()
            .flat_map(|p| &p.methods)
            .filter(|m| m.class_side && m.selector == "initialize")
            .map(|m| m.owner.as_str())
            .collect();
        for (number, class) in std::mem::take(&mut self.classes) {
            let part = &self.parts[number];
            let Some(info) = self.vm.classes.get(class) else {
                continue;
            };
            let listed = self
                .vm
                .classes
                .get(info.meta)
                .is_some_and(|m| m.methods.contains_key(&selector));
            if !listed || !defines.contains(part.name.as_str()) {
                continue;
            }
            let object = info.object;
            if let Err(error) = self.vm.send_message(selector, &[object]) {
                self.report.errors.push((part.name.clone(), error));
            }
        }
    }
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
        _ => format!(
            "its definition is not possible: layout {}",
            if spec.layout.is_empty() {
                "normal"
            } else {
                &spec.layout
            }
        ),
    }
}
