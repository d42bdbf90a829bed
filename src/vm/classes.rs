//! The class table: what the machine knows of each class, indexed by class index.
//!
//! Owns superclass links, method dictionaries and layouts. The class objects in the heap
//! hold nothing that stands here; Smalltalk asks by primitives.

use super::code::Code;
use super::known::Known;
use super::method_dict::MethodDict;
use super::symbols::SymbolId;
use crate::memory::{ClassIndex, Format, Value, Visitor, WordMap};
use std::borrow::Cow;
use std::iter::Flatten;
use std::slice::Iter;
use std::sync::Arc;

/// Number of a method in the method table.
pub type MethodId = u32;

/// One class or metaclass.
#[derive(Clone)]
pub struct ClassInfo {
    /// The class object.
    pub object: Value,
    pub superclass: Option<ClassIndex>,
    /// Own class of the class object: the metaclass; of a metaclass, Metaclass.
    pub meta: ClassIndex,
    /// For a metaclass, its one class.
    pub instance_side: Option<ClassIndex>,
    pub name: String,
    pub format: Format,
    /// Names of the variables that this class adds.
    pub inst_vars: Vec<String>,
    /// Named variables in all, inherited ones included.
    pub inst_size: usize,
    pub methods: MethodDict,
    /// Class variables (kept on the class, not on its metaclass): name and Association.
    pub class_vars: Vec<(String, Value)>,
    /// Classes whose class variables are visible as pools.
    pub pools: Vec<ClassIndex>,
    pub package: String,
    /// The part of the package; empty for none.
    pub tag: String,
    /// As it is in the sources, where it is read late: `ClassInfo::comment` gives what it says.
    pub comment: SourceText,
    pub subclasses: Vec<ClassIndex>,
    /// Tonel's name of the layout: `normal`, `variable`, `bytes`, …
    pub layout: &'static str,
    /// An old Array with what the library keeps with it, or nil.
    pub properties: Value,
    /// What it takes from traits.
    pub traits: Option<Box<super::traits::Composed>>,
    /// Methods in whose place a package has put its own, the latest last.
    pub overridden: Vec<Overridden>,
}

impl ClassInfo {
    /// What is known of a class without variables, methods and relatives.
    pub fn new(object: Value, name: &str) -> ClassInfo {
        ClassInfo {
            object,
            superclass: None,
            meta: 0,
            instance_side: None,
            name: name.to_string(),
            format: Format::Fixed,
            inst_vars: Vec::new(),
            inst_size: 0,
            methods: MethodDict::default(),
            class_vars: Vec::new(),
            pools: Vec::new(),
            package: String::new(),
            tag: String::new(),
            comment: SourceText::Static(""),
            subclasses: Vec::new(),
            layout: "normal",
            properties: Value::NIL,
            traits: None,
            overridden: Vec::new(),
        }
    }

    /// Shows its values.
    pub(super) fn visit(&mut self, visitor: &mut dyn Visitor) {
        visitor.value(&mut self.object);
        for (_, v) in &mut self.class_vars {
            visitor.value(v);
        }
        visitor.value(&mut self.properties);
        if let Some(composed) = &mut self.traits {
            visitor.value(&mut composed.holder);
        }
    }

    /// What its texts take that are longer than usual.
    fn text_bytes(&self) -> usize {
        let texts = [self.comment.owned(), self.package.len(), self.tag.len()];
        texts.iter().map(|n| n.saturating_sub(USUAL_TEXT)).sum()
    }

    /// Its comment. Read late, it comes from the sources, which double the quotes inside it.
    pub fn comment(&self) -> Cow<'_, str> {
        let text = self.comment.as_str();
        match self.comment {
            SourceText::Late { .. } => text.replace("\"\"", "\"").into(),
            _ => text.into(),
        }
    }
}

/// Texts beside the sources that are no longer count as part of their class or method.
const USUAL_TEXT: usize = 100;

/// A method that is not in its class any more, because a package was loaded.
#[derive(Clone)]
pub struct Overridden {
    pub selector: SymbolId,
    pub source: Source,
    pub protocol: Arc<str>,
}

/// Where a method's source text is.
#[derive(Clone)]
pub struct Source {
    /// Pattern and body.
    pub text: SourceText,
    /// What to call the place in traces; none for text typed in.
    pub file: Option<Arc<str>>,
    /// Line of the text's first line in that file, from 1.
    pub line: u32,
    /// Column of the text's first character in that line, from 1.
    pub column: u32,
    /// Whether it belongs to the library: traces fold such frames.
    pub library: bool,
    /// The byte of the text that is a bracket in the file and a blank here; 0 for none.
    pub bracket: u32,
}

impl Source {
    /// Source text from a file, where it begins at this line and column. Those of one reading of a file share its name:
    /// that tells them from those of another one.
    #[inline(never)]
    pub fn of_file(name: impl Into<Arc<str>>, text: &str, (line, column): (u32, u32)) -> Source {
        Source {
            text: SourceText::Shared(text.into()),
            file: Some(name.into()),
            line,
            column,
            library: false,
            bracket: 0,
        }
    }

    /// Source text that stands in no file.
    pub fn typed(text: &str) -> Source {
        Source {
            text: SourceText::Shared(text.into()),
            file: None,
            line: 1,
            column: 1,
            library: false,
            bracket: 0,
        }
    }

    /// No text, of code that the machine makes itself.
    pub fn none() -> Source {
        Source {
            text: SourceText::Static(""),
            file: None,
            line: 0,
            column: 1,
            library: true,
            bracket: 0,
        }
    }
}

/// Text that is part of the binary, or owned.
#[derive(Clone)]
pub enum SourceText {
    Static(&'static str),
    Shared(Arc<str>),
    /// The same, of so many methods that were made of it together.
    Part(Arc<str>, u32),
    /// A text of the library's that `read` knows by its number: it is unpacked when somebody looks.
    Late {
        read: fn(u32) -> &'static str,
        number: u32,
    },
}

impl SourceText {
    pub fn as_str(&self) -> &str {
        match self {
            SourceText::Static(s) => s,
            SourceText::Shared(s) | SourceText::Part(s, _) => s,
            SourceText::Late { read, number } => read(*number),
        }
    }

    /// The text for so many methods, at least one, which count it as one.
    pub fn in_parts(&self, parts: usize) -> SourceText {
        match self {
            SourceText::Shared(text) => SourceText::Part(text.clone(), parts as u32),
            other => other.clone(),
        }
    }

    /// Bytes that are the machine's own.
    pub(super) fn owned(&self) -> usize {
        match self {
            SourceText::Shared(text) => text.len(),
            SourceText::Part(text, parts) => text.len() / *parts as usize,
            SourceText::Static(_) | SourceText::Late { .. } => 0,
        }
    }

    /// Whether it is the same text, not just an equal one.
    pub fn is(&self, other: &SourceText) -> bool {
        match (self, other) {
            (
                SourceText::Shared(a) | SourceText::Part(a, _),
                SourceText::Shared(b) | SourceText::Part(b, _),
            ) => Arc::ptr_eq(a, b),
            (SourceText::Static(a), SourceText::Static(b)) => std::ptr::eq(*a, *b),
            // They are all of one library.
            (SourceText::Late { number: a, .. }, SourceText::Late { number: b, .. }) => a == b,
            _ => false,
        }
    }
}

/// One method, compiled or not.
#[derive(Clone)]
pub struct Method {
    pub selector: SymbolId,
    pub class: ClassIndex,
    pub source: Source,
    pub protocol: Arc<str>,
    /// Of a trait's method in a class that uses the trait: where it was written, and under which selector.
    pub origin: Option<(ClassIndex, SymbolId)>,
    /// Null until the method is first sent or asked for.
    pub(crate) code: *const Code,
    /// The CompiledMethod, once somebody asked for it.
    pub object: Value,
    /// In no method dictionary, and nobody in Rust waits to run it: goes when nothing refers to it.
    pub loose: bool,
}

/// All that keeps a table in its thread is the code of its methods, and `snapshot` counts on that: here the compiler looks
/// at everything else, also at what is added one day.
const _: fn(ClassTable, Method) = |table, method| {
    fn shared<T: Send + Sync>(_: T) {}
    let ClassTable {
        classes,
        methods: _,
        free_methods,
        no_protocol,
        free,
        by_object,
        composed,
        texts,
    } = table;
    let Method {
        selector,
        class,
        source,
        protocol,
        origin,
        code: _,
        object,
        loose,
    } = method;
    shared((classes, free_methods, no_protocol, free));
    shared((by_object, composed, texts));
    shared((selector, class, source, protocol, origin, object, loose));
};

impl Method {
    pub fn new(
        selector: SymbolId,
        class: ClassIndex,
        source: Source,
        protocol: Arc<str>,
    ) -> Method {
        Method {
            selector,
            class,
            source,
            protocol,
            origin: None,
            code: std::ptr::null(),
            object: Value::NIL,
            loose: false,
        }
    }

    /// Whether it has code, as once it was sent.
    pub fn is_compiled(&self) -> bool {
        !self.code.is_null()
    }

    /// What it takes beside its code, of a program's method. One that a trait brought shares the text of the trait's.
    fn text_bytes(&self) -> usize {
        let protocol = self.protocol.len().saturating_sub(USUAL_TEXT);
        match self.source.library || self.origin.is_some() {
            true => protocol,
            false => self.source.text.owned() + protocol + size_of::<Method>(),
        }
    }
}

/// All classes and methods of one machine.
#[derive(Clone, Default)]
pub struct ClassTable {
    pub classes: Vec<Option<Box<ClassInfo>>>,
    pub methods: Vec<Method>,
    /// Places in `methods` whose method has gone.
    free_methods: Vec<MethodId>,
    /// What stands in such places for a protocol.
    no_protocol: Arc<str>,
    /// Indices of classes that have gone: no object and no cache knows them any more.
    free: Vec<ClassIndex>,
    by_object: WordMap<Value, ClassIndex>,
    /// How many classes and class sides take something from traits.
    pub composed: usize,
    /// Bytes of the program's texts that are kept here. Those that have gone since they were last counted still are
    /// among them.
    pub texts: usize,
}

/// A class and its superclasses, upwards.
pub struct Chain<'a> {
    table: &'a ClassTable,
    next: Option<ClassIndex>,
}

impl Iterator for Chain<'_> {
    type Item = ClassIndex;

    fn next(&mut self) -> Option<ClassIndex> {
        let class = self.next?;
        self.next = self.table.get(class).and_then(|info| info.superclass);
        Some(class)
    }
}

impl ClassTable {
    /// A table with room for the known classes.
    pub fn new(known: usize) -> ClassTable {
        let mut table = ClassTable::default();
        table.classes.resize_with(known, || None);
        table
    }

    #[inline]
    pub fn get(&self, index: ClassIndex) -> Option<&ClassInfo> {
        self.classes.get(index as usize)?.as_deref()
    }

    #[inline]
    pub fn get_mut(&mut self, index: ClassIndex) -> Option<&mut ClassInfo> {
        self.classes.get_mut(index as usize)?.as_deref_mut()
    }

    /// A free index.
    pub fn next_index(&mut self) -> ClassIndex {
        self.free.pop().unwrap_or_else(|| {
            self.classes.push(None);
            self.classes.len() as ClassIndex - 1
        })
    }

    /// Counts anew what texts take.
    pub(super) fn count_texts(&mut self) {
        let classes: usize = self.all().map(|info| info.text_bytes()).sum();
        let methods: usize = self.methods.iter().map(Method::text_bytes).sum();
        self.texts = classes + methods;
    }

    /// How many indices are taken.
    pub fn in_use(&self) -> usize {
        self.classes.len() - self.free.len()
    }

    /// Takes classes out of the table that nothing refers to. The caller sees to it that no instance is left,
    /// and no cache, before one of their indices is used again.
    pub(crate) fn forget(&mut self, dead: &[ClassIndex]) {
        for &index in dead {
            let Some(info) = self.classes[index as usize].take() else {
                continue;
            };
            self.by_object.remove(info.object);
            if let Some(parent) = info.superclass.and_then(|s| self.get_mut(s)) {
                parent.subclasses.retain(|&c| c != index);
            }
        }
        for m in &mut self.methods {
            if self.classes[m.class as usize].is_none() {
                m.loose = true;
                m.object = Value::NIL;
            }
        }
        self.free.extend_from_slice(dead);
    }

    pub fn set(&mut self, index: ClassIndex, info: ClassInfo) {
        self.by_object.insert(info.object, index);
        if let Some(s) = info.superclass
            && let Some(parent) = self.get_mut(s)
            && !parent.subclasses.contains(&index)
        {
            parent.subclasses.push(index);
        }
        self.classes[index as usize] = Some(Box::new(info));
    }

    /// The index of a class object; none when `v` is no class.
    #[inline(never)]
    pub fn index_of(&self, v: Value) -> Option<ClassIndex> {
        self.by_object.get(v)
    }

    /// Puts a method into the table.
    pub fn add_method(&mut self, method: Method) -> MethodId {
        self.texts += method.text_bytes();
        match self.free_methods.pop() {
            Some(id) => {
                self.methods[id as usize] = method;
                id
            }
            None => {
                self.methods.push(method);
                self.methods.len() as MethodId - 1
            }
        }
    }

    /// Gives back the places of methods that nothing refers to: loose ones whose CompiledMethod has gone, and which
    /// no code block in use belongs to. What stands there then belongs to no class that may go, and is not loose,
    /// so that a place is given back once.
    pub(crate) fn free_loose_methods(&mut self, in_use: impl Fn(MethodId) -> bool) {
        for (id, m) in self.methods.iter_mut().enumerate() {
            let id = id as MethodId;
            if m.loose && m.object == Value::NIL && !in_use(id) {
                let owner = Known::UndefinedObject.index();
                *m = Method::new(0, owner, Source::none(), self.no_protocol.clone());
                self.free_methods.push(id);
            }
        }
    }

    /// Whether a method is in the dictionary of its class.
    pub fn is_listed(&self, id: MethodId) -> bool {
        let Some(m) = self.methods.get(id as usize) else {
            return false;
        };
        self.get(m.class)
            .is_some_and(|c| c.methods.holds(m.selector, id))
    }

    /// A method that is in no dictionary any more, or never was.
    pub fn let_go(&mut self, id: Option<MethodId>) {
        if let Some(m) = id.and_then(|id| self.methods.get_mut(id as usize)) {
            m.loose = true;
        }
    }

    /// The method that a send of `selector` to an instance of `class` finds. The methods of the class and of those
    /// above it must have been listed; `Vm::lookup` sees to that.
    pub fn lookup(&self, class: ClassIndex, selector: SymbolId) -> Option<MethodId> {
        let mut at = Some(class);
        while let Some(info) = at.and_then(|c| self.get(c)) {
            if let Some(m) = info.methods.get(selector) {
                return Some(m);
            }
            at = info.superclass;
        }
        None
    }

    /// `class` and its superclasses, upwards.
    pub fn chain(&self, class: ClassIndex) -> Chain<'_> {
        Chain {
            table: self,
            next: Some(class),
        }
    }

    /// All classes and class sides.
    pub fn all(&self) -> Flatten<Iter<'_, Option<Box<ClassInfo>>>> {
        self.classes.iter().flatten()
    }

    #[inline(never)]
    pub fn inherits(&self, class: ClassIndex, ancestor: ClassIndex) -> bool {
        self.chain(class).any(|c| c == ancestor)
    }

    /// Name of a class as it prints itself: `Array`, `Array class`.
    pub fn name(&self, class: ClassIndex) -> String {
        match self.get(class) {
            Some(ClassInfo {
                instance_side: Some(i),
                ..
            }) => format!("{} class", self.name(*i)),
            Some(info) => info.name.clone(),
            None => String::from("a lost class"),
        }
    }

    /// All variable names of instances, the root's first.
    pub fn all_inst_vars(&self, class: ClassIndex) -> Vec<String> {
        let mut chain: Vec<_> = self.chain(class).collect();
        chain.reverse();
        chain
            .iter()
            .filter_map(|&c| self.get(c))
            .flat_map(|i| i.inst_vars.iter().cloned())
            .collect()
    }

    /// The Association of a class variable or pool variable visible in `class`.
    pub fn class_var(&self, class: ClassIndex, name: &str) -> Option<(ClassIndex, Value)> {
        let base = self.get(class)?.instance_side.unwrap_or(class);
        let own = |c: ClassIndex| {
            self.get(c)?
                .class_vars
                .iter()
                .find(|(n, _)| n == name)
                .map(|&(_, v)| (c, v))
        };
        self.chain(base).find_map(|c| {
            own(c).or_else(|| {
                self.get(c)?
                    .pools
                    .iter()
                    .find_map(|&p| self.chain(p).find_map(own))
            })
        })
    }

    pub(crate) fn visit(&mut self, visitor: &mut dyn Visitor) {
        for info in self.classes.iter_mut().flatten() {
            info.visit(visitor);
        }
        self.visit_methods(visitor);
    }

    /// Those that are in a dictionary.
    pub(super) fn visit_methods(&mut self, visitor: &mut dyn Visitor) {
        for m in self.methods.iter_mut().filter(|m| !m.loose) {
            visitor.value(&mut m.object);
        }
    }

    /// After a full collection or become: CompiledMethods of methods in no dictionary are held weakly.
    pub(crate) fn sweep(&mut self, alive: &dyn Fn(Value) -> Option<Value>) {
        for m in self
            .methods
            .iter_mut()
            .filter(|m| m.loose && m.object != Value::NIL)
        {
            m.object = alive(m.object).unwrap_or(Value::NIL);
        }
        self.rehash();
    }

    /// After objects moved: the way from class object to index is made anew.
    pub(crate) fn rehash(&mut self) {
        self.by_object.clear();
        for (i, info) in self.classes.iter().enumerate() {
            if let Some(info) = info {
                self.by_object.insert(info.object, i as ClassIndex);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(object: i64) -> ClassInfo {
        ClassInfo::new(Value::int(object), "")
    }

    #[test]
    fn the_place_of_a_method_is_given_back_once() {
        let mut table = ClassTable::new(Known::Count.index() as usize);
        table.set(Known::UndefinedObject.index(), class(1));
        // The index of the first class that goes is still free, and then taken again, when others go.
        for object in 2..5 {
            let index = table.next_index();
            table.set(index, class(object));
            let other = table.next_index();
            table.set(other, class(-object));
            table.add_method(Method::new(1, index, Source::none(), "".into()));
            for dead in [index, other] {
                table.forget(&[dead]);
                table.free_loose_methods(|_| false);
            }
            assert_eq!(table.free_methods, [0]);
        }
    }
}
