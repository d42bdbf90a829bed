//! What the compiler makes: code without a single reference into the heap.
//!
//! Plain data between the compiler and the machine. The machine's loader turns a
//! template into a code block; nothing here may know of values, classes or caches.

use chirp_grammar::ast::{self, Span};

/// The code of one method, do-it or block.
#[derive(Clone, Debug)]
pub struct CodeTemplate {
    /// Selector of the method; of the enclosing method for a block.
    pub selector: String,
    pub is_block: bool,
    pub num_args: u8,
    /// Registers in all: receiver, arguments, temporaries, operands, windows.
    pub frame_size: u16,
    pub words: Vec<u32>,
    pub literals: Vec<Literal>,
    pub sends: Vec<SendSite>,
    /// `<primitive: …>`, for methods.
    pub primitive: Option<Primitive>,
    /// The register that holds the method's Home, if it has blocks that return from it.
    pub home: Option<u8>,
    /// Whether it or a block in it says `^`, and whether it names the receiver or one of its variables.
    pub returns: bool,
    pub names_self: bool,
    /// Word index of each send (and each instruction that can fail) with the place of its selector,
    /// ascending. An instruction belongs to the last entry at or before it.
    pub source_map: Vec<(u32, Span)>,
    /// Named temporaries and parameters, for Context and the debugger.
    pub temps: Vec<Temp>,
    pub pragmas: Vec<ast::Pragma>,
    /// The whole method or block in its source.
    pub span: Span,
}

/// Where a named variable lives while the frame is active.
#[derive(Clone, Debug)]
pub struct Temp {
    pub name: String,
    pub place: Place,
    /// The words in which `place` belongs to this variable: inlined blocks that follow
    /// one another share registers. The whole code for variables of the method or block itself.
    pub visible: std::ops::Range<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Register(u8),
    /// Element `index` of the temp vector in `register`.
    Box {
        register: u8,
        index: u8,
    },
}

/// One send: what is sent with how many arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct SendSite {
    pub selector: String,
    pub num_args: u8,
    pub to_super: bool,
}

#[derive(Clone, Debug)]
pub enum Literal {
    /// A constant that never changes: numbers, characters, strings, symbols, literal arrays.
    Constant(ast::Literal),
    /// A variable that lives in an Association.
    Variable(Variable),
    /// The code of a block, for CLOSURE.
    Block(Box<CodeTemplate>),
    /// A do-it of the class side, whose value is computed once: an object that answers it to `value`.
    Computed(Box<CodeTemplate>),
}

/// A variable outside the frame and outside the receiver.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Variable {
    /// Looked up by name when the code is loaded; a name nobody has defined yet is found when it is used.
    Global(String),
    /// The class variable `name` of the class with index `class`.
    Class { class: u32, name: String },
    /// A variable of the session: of the REPL, of an embedder, or of a script split into parts.
    Session(String),
}

/// `<primitive: 60>`, `<primitive: 'name' module: 'M' error: code>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Primitive {
    pub number: u16,
    /// The name, when it is a named primitive.
    pub name: Option<String>,
    pub module: Option<String>,
    /// The register that receives the error code when the primitive fails.
    pub error: Option<u8>,
}

/// Resolves the names that are neither parameters nor temporaries.
pub trait Scope {
    /// What `name` means in the class (or session) being compiled for; none if it is unknown here.
    /// A capitalised name that is unknown becomes `Variable::Global` in any case.
    fn resolve(&self, name: &str) -> Option<Name>;
    /// Whether a global of this name, as `resolve` answers it, holds the class of that name: nobody assigns it.
    fn is_class(&self, _name: &str) -> bool {
        false
    }
    /// A name that is known here and is spelled almost like `name`.
    fn suggest(&self, name: &str) -> Option<String>;
    /// Levels of nesting that the compiler may follow from here, of so many that it would: the native stack is finite.
    fn levels(&self, most: u32) -> u32 {
        most
    }
    /// Whether to go on: asked now and then.
    fn goes_on(&self) -> bool {
        true
    }
    /// Names visible where the class is the receiver: none if that is no other scope.
    fn class_side(&self) -> Option<Box<dyn Scope + '_>> {
        None
    }
}

/// What a name stands for outside the method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// Instance variable with this index from 0.
    Instance(u16),
    Variable(Variable),
}
