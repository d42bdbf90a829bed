//! Rust types as Smalltalk classes.
//!
//! Owns the definition of such a class, and which class of a machine belongs to which type.

use super::class::{Class, check_takes};
use super::context::{AsCtx, Ctx, sealed};
use super::convert::with_article;
use super::error::{Error, ErrorKind, Result};
use super::function::{RustFn, class_fn, host_method};
use super::host_method::HostMethod;
use super::instance::{self, This};
use super::object::Obj;
use crate::memory::{ClassIndex, Value};
use crate::vm::HostFn;
use crate::vm::define::ClassSpec;
use std::any::TypeId;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// A Rust type that is a class in Smalltalk, once it is [registered](crate::Smalltalk::register). Its instances hold
/// a value of the type, which is dropped when the object is collected, or with its machine.
///
/// The class is one like any other: programs may subclass it, add methods to it, and send `become:` to its
/// instances, whose values then change places with the other contents. An instance without a value (from `basicNew`)
/// and one of another class refuse the Rust methods with an error. `copy` is refused unless
/// [`shallow_copy`](HostClass::shallow_copy) says how.
///
/// ```
/// use chirp::{Block, ClassDef, Ctx, HostClass, New, Obj, Smalltalk, This};
///
/// #[derive(Clone)]
/// struct Point3 { x: f64, y: f64, z: f64 }
///
/// impl HostClass for Point3 {
///     const NAME: &'static str = "Point3";
///
///     fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
///         c.class_method("x:y:z:", |x: f64, y: f64, z: f64| New(Point3 { x, y, z }))
///             .method("x", |p: &Point3| p.x)
///             .method("x:", |p: &mut Point3, x: f64| p.x = x)
///             .method("dot:", |p: &Point3, q: &Point3| p.x * q.x + p.y * q.y + p.z * q.z)
///             .method("do:", |ctx: &mut Ctx<'_>, this: This<Point3>, each: Block<(f64,), Obj>| -> chirp::Result<()> {
///                 let p = this.get(ctx)?;
///                 [p.x, p.y, p.z].into_iter().try_for_each(|n| each.call(ctx, (n,)).map(drop))
///             })
///             .source("isOrigin ^ (self dot: self) = 0")
///             .print(|p| format!("({} {} {})", p.x, p.y, p.z));
///         Ok(())
///     }
///
///     fn shallow_copy(&self) -> Option<Self> {
///         Some(self.clone())
///     }
/// }
///
/// let mut st = Smalltalk::new();
/// st.register::<Point3>()?;
/// assert_eq!(st.eval::<String>("((Point3 x: 1 y: 2 z: 3) x: 9; yourself) printString")?, "(9 2 3)");
/// assert!(st.eval::<bool>("(Point3 x: 0 y: 0 z: 0) copy isOrigin")?);
///
/// let p: Obj = st.eval("Point3 x: 3 y: 4 z: 0")?;
/// assert_eq!(p.with_host(&mut st, |p: &Point3| p.x.hypot(p.y))?, 5.0);
/// # Ok::<(), chirp::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no class of Smalltalk",
    label = "does not implement `HostClass`",
    note = "implement `HostClass` for your type, and `register` it"
)]
pub trait HostClass: Sized + Send + 'static {
    /// Name of the class.
    const NAME: &'static str;
    /// Name of its superclass: one of Smalltalk's own. An object holds a value of one Rust type.
    const SUPERCLASS: &'static str = "Object";
    /// Package that it is in.
    const PACKAGE: &'static str = "Host";
    /// What the class says of itself.
    const COMMENT: &'static str = "";

    /// Gives the class its methods. Called once for each machine that has the class, also where it comes with an
    /// [image](crate::Image): then the closures are taken, and the rest is there already. So it must always say the same.
    fn define(c: &mut ClassDef<'_, Self>) -> Result<()>;

    /// Bytes of memory behind the value, beyond its own size. They count against the machine's limit: asked when
    /// the value goes to Smalltalk, and after each time that it was lent out for changes.
    fn heap_size(&self) -> usize {
        0
    }

    /// The value of a copy of the object. None refuses `copy` and the like.
    fn shallow_copy(&self) -> Option<Self> {
        None
    }
}

/// What a class of a Rust type is to have. The first mistake made here is what `register` answers.
///
/// ```
/// use chirp::{ClassDef, HostClass, New, Smalltalk};
///
/// struct Dice(u32);
///
/// impl HostClass for Dice {
///     const NAME: &'static str = "Dice";
///     fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
///         c.variable("owner")
///             .class_method("sides:", |n: u32| New(Dice(n)))
///             .class_source("cube ^ self sides: 6")
///             .method("sides", |dice: &Dice| dice.0)
///             .source("owner ^ owner ifNil: [ 'nobody' ]")
///             .print(|dice| format!("D{}", dice.0));
///         Ok(())
///     }
/// }
///
/// let mut st = Smalltalk::new();
/// let dice = st.register::<Dice>()?;
/// assert_eq!(st.eval::<String>("Dice cube printString , ' of ' , Dice cube owner")?, "D6 of nobody");
/// assert_eq!(st.print_string(dice.as_obj())?, "Dice");
/// # Ok::<(), chirp::Error>(())
/// ```
pub struct ClassDef<'a, T> {
    ctx: Ctx<'a>,
    variables: Vec<String>,
    parts: Vec<Part>,
    /// Selectors of the class side's closures.
    makers: Vec<String>,
    error: Option<Error>,
    of: PhantomData<fn() -> T>,
}

struct Part {
    class_side: bool,
    code: Code,
}

enum Code {
    Rust(String, HostFn),
    Source(String),
}

impl<T: HostClass> ClassDef<'_, T> {
    /// Makes a Rust closure a method of the instances. The selector must take as many arguments as the closure has
    /// parameters beside the receiver. As `=`, a closure of two references answers false where the argument holds no such
    /// value.
    pub fn method<M, F: HostMethod<T, M>>(&mut self, selector: &str, closure: F) -> &mut Self {
        let function = host_method::<T, M, F>(closure, selector == "=");
        self.rust(false, selector, F::COUNT, function)
    }

    /// Makes a Rust closure a method of the class itself. Its parameters are the arguments, and a `&mut Ctx<'_>` in
    /// front of them if it wants one. See [`New`](crate::New) for instances.
    pub fn class_method<M, F: RustFn<M>>(&mut self, selector: &str, closure: F) -> &mut Self {
        self.makers.push(selector.into());
        self.rust(true, selector, F::COUNT + 1, class_fn(closure))
    }

    /// Smalltalk source of a method of the instances.
    pub fn source(&mut self, text: &str) -> &mut Self {
        self.part(false, Code::Source(text.into()))
    }

    /// Smalltalk source of a method of the class itself.
    pub fn class_source(&mut self, text: &str) -> &mut Self {
        self.part(true, Code::Source(text.into()))
    }

    /// An instance variable for methods in Smalltalk.
    pub fn variable(&mut self, name: &str) -> &mut Self {
        self.variables.push(name.into());
        self
    }

    /// How an instance prints itself, everywhere.
    pub fn print(&mut self, text: impl Fn(&T) -> String + Send + 'static) -> &mut Self {
        self.method("textFromRust", move |this: &T| text(this))
            .source("printOn: aStream\n\taStream nextPutAll: self textFromRust")
    }

    fn rust(&mut self, class_side: bool, selector: &str, count: usize, f: HostFn) -> &mut Self {
        match check_takes(selector, count) {
            Ok(()) => self.part(class_side, Code::Rust(selector.into(), f)),
            Err(error) => {
                self.error.get_or_insert(error);
                self
            }
        }
    }

    fn part(&mut self, class_side: bool, code: Code) -> &mut Self {
        self.parts.push(Part { class_side, code });
        self
    }
}

impl<T> sealed::Sealed for ClassDef<'_, T> {}
impl<T> AsCtx for ClassDef<'_, T> {
    fn as_ctx(&mut self) -> Ctx<'_> {
        self.ctx.as_ctx()
    }
}

impl<T: HostClass> std::fmt::Debug for ClassDef<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClassDef")
            .field("name", &T::NAME)
            .finish_non_exhaustive()
    }
}

/// The types that are classes of a machine, as its images remember them.
#[derive(Clone, Default)]
pub(super) struct HostTypes(Vec<HostType>);

/// A type without its type.
#[derive(Clone)]
struct HostType {
    name: &'static str,
    class: ClassIndex,
    /// The numbers of its methods' closures, in the order of the definition.
    functions: Vec<u32>,
    /// Its class, while it has one.
    registered: fn(&Ctx<'_>) -> Option<(Class, ClassIndex)>,
    enter: fn(&mut Ctx<'_>, &HostType),
    adopt: fn(&mut Ctx<'_>, &HostType) -> Result<()>,
}

impl HostTypes {
    /// Whether a closure belongs to one of them.
    pub(super) fn define(&self, function: u32) -> bool {
        self.0.iter().any(|t| t.functions.contains(&function))
    }

    /// Gives a machine that was made from an image the closures of its classes.
    pub(super) fn adopt(&self, ctx: &mut Ctx<'_>) -> Result<()> {
        // One's definition may want another, which is there already.
        self.0.iter().for_each(|t| (t.enter)(ctx, t));
        self.0.iter().try_for_each(|t| (t.adopt)(ctx, t))
    }
}

fn enter<T: HostClass>(ctx: &mut Ctx<'_>, from: &HostType) {
    let object = ctx.vm.classes.get(from.class).map(|c| c.object);
    let class = Class::new(Obj::new(ctx.vm, object.unwrap_or(Value::NIL)));
    ctx.remember::<T>(class, from.class, from.functions.clone());
}

fn adopt<T: HostClass>(ctx: &mut Ctx<'_>, from: &HostType) -> Result<()> {
    let (_, parts) = ctx.definition::<T>()?;
    let functions: Vec<HostFn> = parts
        .into_iter()
        .filter_map(|part| match part.code {
            Code::Rust(_, function) => Some(function),
            Code::Source(_) => None,
        })
        .collect();
    if functions.len() != from.functions.len() {
        let what = format!("{} is defined otherwise than in the image", T::NAME);
        return Err(Error::new(ErrorKind::Definition { what }));
    }
    for (&number, function) in from.functions.iter().zip(functions) {
        ctx.vm.set_host_function(number, function);
    }
    Ok(())
}

/// The class of a type in one machine, among the machine's host data.
struct Registered<T>(Class, PhantomData<fn() -> T>);

fn registered<T: HostClass>(ctx: &Ctx<'_>) -> Option<(Class, ClassIndex)> {
    let found = ctx.vm.host_data.get(&TypeId::of::<Registered<T>>())?;
    let class = &found.downcast_ref::<Registered<T>>()?.0;
    Some((class.clone(), class.index(ctx).ok()?))
}

/// The class that a new instance gets.
pub(super) fn class_of<T: HostClass>(ctx: &Ctx<'_>) -> Result<ClassIndex> {
    let Some((_, own)) = registered::<T>(ctx) else {
        let what = format!(
            "class of this machine for {}: it needs `register`",
            std::any::type_name::<T>()
        );
        return Err(Error::new(ErrorKind::NotFound { what }));
    };
    let asked = ctx.maker.and_then(|place| {
        let receiver = ctx.pinned(place);
        ctx.vm.classes.index_of(receiver)
    });
    Ok(asked
        .filter(|&c| ctx.vm.classes.inherits(c, own))
        .unwrap_or(own))
}

impl Ctx<'_> {
    /// Makes a Rust type a class of this machine; answers the class that it is already, if so.
    pub fn register<T: HostClass>(&mut self) -> Result<Class> {
        if let Some((class, index)) = registered::<T>(self) {
            let name = self.vm.classes.name(index);
            if self.vm.find_global(&name) == Some(class.as_obj().value(self.vm)?) {
                return Ok(class);
            }
            // It was removed.
        }
        let superclass = self.superclass::<T>()?;
        let class = self.new_class::<T>(superclass, Vec::new())?;
        let index = class.index(self)?;
        // Types that the definition registers may register this one.
        self.remember::<T>(class.clone(), index, Vec::new());
        let filled = catch_unwind(AssertUnwindSafe(|| self.fill::<T>(&class, superclass)));
        if let Ok(Ok(functions)) = filled {
            self.remember::<T>(class.clone(), index, functions);
            return Ok(class);
        }
        self.forget::<T>();
        // Not in Smalltalk, which may have used up its limits.
        self.vm.set_name(T::NAME, Value::NIL);
        self.vm.forget_global(T::NAME);
        filled.unwrap_or_else(|panic| resume_unwind(panic))?;
        Ok(class)
    }

    /// Gives the class all that the type says of it; answers the numbers of its closures.
    fn fill<T: HostClass>(&mut self, class: &Class, superclass: ClassIndex) -> Result<Vec<u32>> {
        let (variables, parts) = self.definition::<T>()?;
        if !variables.is_empty() {
            self.check_variables::<T>(superclass, &variables)?;
            self.new_class::<T>(superclass, variables)?;
        }
        let mut functions = Vec::new();
        for part in parts {
            if matches!(part.code, Code::Rust(..)) {
                functions.push(self.vm.host_function_count());
            }
            self.install(class, part)?;
        }
        Ok(functions)
    }

    /// What the type says of its class: variables, and methods.
    fn definition<T: HostClass>(&mut self) -> Result<(Vec<String>, Vec<Part>)> {
        let mut def = ClassDef::<T> {
            ctx: self.as_ctx(),
            variables: Vec::new(),
            parts: Vec::new(),
            makers: Vec::new(),
            error: None,
            of: PhantomData,
        };
        T::define(&mut def)?;
        let ClassDef {
            variables,
            mut parts,
            makers,
            error,
            ..
        } = def;
        if let Some(error) = error {
            return Err(error);
        }
        own_ways::<T>(&mut parts, &makers);
        Ok((variables, parts))
    }

    fn remember<T: HostClass>(&mut self, class: Class, index: ClassIndex, functions: Vec<u32>) {
        let entry = Registered::<T>(class, PhantomData);
        let key = TypeId::of::<Registered<T>>();
        self.vm.host_data.insert(key, Box::new(entry));
        let types = self.vm.host_data.entry(TypeId::of::<HostTypes>());
        let types = types.or_insert_with(|| Box::new(HostTypes::default()));
        if let Some(HostTypes(types)) = types.downcast_mut() {
            types.retain(|t: &HostType| t.name != T::NAME);
            types.push(HostType {
                name: T::NAME,
                class: index,
                functions,
                registered: registered::<T>,
                enter: enter::<T>,
                adopt: adopt::<T>,
            });
        }
    }

    fn forget<T: HostClass>(&mut self) {
        let data = &mut self.vm.host_data;
        data.remove(&TypeId::of::<Registered<T>>());
        let types = data.get_mut(&TypeId::of::<HostTypes>());
        if let Some(HostTypes(types)) = types.and_then(|t| t.downcast_mut()) {
            types.retain(|t| t.name != T::NAME);
        }
    }

    /// The types that are classes of this machine.
    pub(super) fn host_types(&self) -> HostTypes {
        let found = self.vm.host_data.get(&TypeId::of::<HostTypes>());
        let mut types: HostTypes = found
            .and_then(|t| t.downcast_ref())
            .cloned()
            .unwrap_or_default();
        types
            .0
            .retain(|t| (t.registered)(self).is_some_and(|(_, class)| class == t.class));
        types
    }

    fn install(&mut self, class: &Class, part: Part) -> Result<()> {
        let index = class.side(self, part.class_side)?;
        match part.code {
            Code::Rust(selector, f) => class.install_fn(self, index, &selector, f),
            Code::Source(text) => class.compile_on(self, index, &text),
        }
    }

    /// The superclass, if such a class may be.
    fn superclass<T: HostClass>(&mut self) -> Result<ClassIndex> {
        let name = T::NAME;
        if !name.starts_with(char::is_uppercase) || !is_name(name) {
            return Err(refused(format!("`{name}` is no name for a class")));
        }
        if self.vm.find_global(name).is_some() {
            return Err(refused(format!("the name `{name}` is taken")));
        }
        let superclass = self.class(T::SUPERCLASS)?.index(self)?;
        if !self.vm.has_ordinary_instances(superclass) {
            return Err(no_subclass::<T>());
        }
        let mut types = self.host_types().0.into_iter();
        if let Some(other) = types.find(|t| self.vm.classes.inherits(superclass, t.class)) {
            let what = format!(
                "{name} cannot inherit from {}: methods of {1} want the Rust value of {1}",
                T::SUPERCLASS,
                with_article(other.name)
            );
            return Err(refused(what));
        }
        Ok(superclass)
    }

    fn check_variables<T: HostClass>(&self, superclass: ClassIndex, new: &[String]) -> Result<()> {
        let mut all = self.vm.classes.all_inst_vars(superclass);
        for variable in new {
            if !is_variable(variable) {
                return Err(refused(format!("`{variable}` is no name for a variable")));
            }
            if all.contains(variable) {
                let what = format!("{} would have two variables `{variable}`", T::NAME);
                return Err(refused(what));
            }
            all.push(variable.clone());
        }
        Ok(())
    }

    /// The class, without methods if it is new.
    fn new_class<T: HostClass>(
        &mut self,
        superclass: ClassIndex,
        inst_vars: Vec<String>,
    ) -> Result<Class> {
        let spec = ClassSpec {
            name: T::NAME.into(),
            superclass: Some(superclass),
            inst_vars,
            package: T::PACKAGE.into(),
            comment: T::COMMENT.into(),
            ..ClassSpec::default()
        };
        let index = self.vm.define_class(&spec);
        let index = index.map_err(|_| no_subclass::<T>())?;
        self.vm.methods_changed();
        let object = self.vm.classes.get(index).map(|c| c.object);
        Ok(Class::new(Obj::new(self.vm, object.unwrap_or(Value::NIL))))
    }
}

fn refused(what: String) -> Error {
    Error::new(ErrorKind::Definition { what })
}

fn no_subclass<T: HostClass>() -> Error {
    refused(format!("{} cannot have such a subclass", T::SUPERCLASS))
}

/// Words that are no variables.
const RESERVED: [&str; 6] = ["self", "super", "true", "false", "nil", "thisContext"];

/// Whether code can name a variable, or a global, like that.
pub(super) fn is_variable(name: &str) -> bool {
    is_name(name) && !RESERVED.contains(&name)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// What every class of a Rust type has unless it brings its own: copies, and a word for those who send `new`.
fn own_ways<T: HostClass>(parts: &mut Vec<Part>, makers: &[String]) {
    let copy = |ctx: &mut Ctx<'_>, this: This<T>| instance::copy(ctx, this);
    let own = Part {
        class_side: false,
        code: Code::Rust("shallowCopy".into(), host_method::<T, _, _>(copy, false)),
    };
    parts.insert(0, own);
    let how = match makers {
        [] => "only Rust makes them".to_string(),
        _ => format!("send {}", makers.join(" or ")),
    };
    let text = format!(
        "new\n\t\"My instances hold a Rust value.\"\n\n\t^ HostError signal: self name , ' cannot be made by new: {how}'"
    );
    let own = Part {
        class_side: true,
        code: Code::Source(text),
    };
    parts.insert(0, own);
}
