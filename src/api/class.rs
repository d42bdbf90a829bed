//! Classes, to which a host program adds methods.

use super::arguments::Arguments;
use super::context::{AsCtx, Ctx};
use super::convert::FromSmalltalk;
use super::error::{Error, ErrorKind, Result};
use super::function::RustFn;
use super::key::KEY;
use super::object::{Obj, takes};
use crate::memory::ClassIndex;
use crate::vm::HostFn;

/// A class of a machine.
///
/// ```
/// use chirp::Smalltalk;
///
/// let mut st = Smalltalk::new();
/// let integer = st.class("Integer")?;
/// integer
///     .method(&mut st, "isPerfect", |n: i64| n > 1 && (1..n).filter(|d| n % d == 0).sum::<i64>() == n)?
///     .class_method(&mut st, "answer", |_class: chirp::Obj| 42)?
///     .compile(&mut st, "thrice ^ self * 3")?;
/// assert_eq!(st.eval::<Vec<i64>>("(1 to: 500) asArray select: [:n | n isPerfect]")?, [6, 28, 496]);
/// assert_eq!(st.eval::<i64>("Integer answer thrice")?, 126);
///
/// // Messages to the class itself.
/// let set = st.class("Set")?;
/// set.send::<chirp::Obj>(&mut st, "new", ())?;
/// assert_eq!(st.print_string(set.as_obj())?, "Set");
///
/// // A selector with another number of arguments than the closure is refused.
/// assert!(integer.method(&mut st, "foo:", |n: i64| n).is_err());
/// # Ok::<(), chirp::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Class {
    object: Obj,
}

impl Class {
    pub(super) fn new(object: Obj) -> Class {
        Class { object }
    }

    /// The class as an object: what class-side messages are sent to.
    pub fn as_obj(&self) -> &Obj {
        &self.object
    }

    /// Sends a message to the class, for instance `new`.
    pub fn send<R: FromSmalltalk>(
        &self,
        on: &mut impl AsCtx,
        selector: &str,
        args: impl Arguments,
    ) -> Result<R> {
        self.object.send(on, selector, args)
    }

    /// Makes a Rust closure a method of the class's instances. Its first parameter is the receiver. An error
    /// that it answers becomes an exception, of class HostError unless it came out of Smalltalk.
    pub fn method<M, F: RustFn<M>>(
        &self,
        on: &mut impl AsCtx,
        selector: &str,
        closure: F,
    ) -> Result<&Class> {
        let mut ctx = on.as_ctx();
        let class = self.index(&ctx)?;
        self.install(&mut ctx, class, selector, closure)
    }

    /// Makes a Rust closure a method of the class itself.
    pub fn class_method<M, F: RustFn<M>>(
        &self,
        on: &mut impl AsCtx,
        selector: &str,
        closure: F,
    ) -> Result<&Class> {
        let mut ctx = on.as_ctx();
        let meta = self.side(&ctx, true)?;
        self.install(&mut ctx, meta, selector, closure)
    }

    /// Compiles Smalltalk source as a method of the class's instances.
    pub fn compile(&self, on: &mut impl AsCtx, source: &str) -> Result<&Class> {
        let mut ctx = on.as_ctx();
        let class = self.index(&ctx)?;
        self.compile_on(&mut ctx, class, source)?;
        Ok(self)
    }

    pub(super) fn compile_on(
        &self,
        ctx: &mut Ctx<'_>,
        class: ClassIndex,
        source: &str,
    ) -> Result<()> {
        let compile = ctx.vm.hooks.compile_source;
        compile(ctx.vm, class, source, "as yet unclassified")
            .map_err(|e| Error::of_source(vec![e]).locate_mistakes(source))?;
        Ok(())
    }

    /// The class, or its metaclass.
    pub(super) fn side(&self, ctx: &Ctx<'_>, class_side: bool) -> Result<ClassIndex> {
        let class = self.index(ctx)?;
        let meta = ctx.vm.classes.get(class).map(|c| c.meta);
        Ok(meta.filter(|_| class_side).unwrap_or(class))
    }

    pub(super) fn index(&self, ctx: &Ctx<'_>) -> Result<ClassIndex> {
        let value = self.object.value(ctx.vm)?;
        ctx.vm.classes.index_of(value).ok_or_else(|| {
            Error::new(ErrorKind::NotFound {
                what: "such class any more".into(),
            })
        })
    }

    fn install<M, F: RustFn<M>>(
        &self,
        ctx: &mut Ctx<'_>,
        class: ClassIndex,
        selector: &str,
        closure: F,
    ) -> Result<&Class> {
        check_takes(selector, F::COUNT)?;
        self.install_fn(ctx, class, selector, closure.into_host(true, KEY).0)?;
        Ok(self)
    }

    pub(super) fn install_fn(
        &self,
        ctx: &mut Ctx<'_>,
        class: ClassIndex,
        selector: &str,
        function: HostFn,
    ) -> Result<()> {
        let installed = ctx.vm.install_host_method(class, selector, function);
        installed.map_err(|e| Error::of_source(vec![e]))
    }
}

/// Whether a selector takes, with its receiver, as many values as a closure.
pub(super) fn check_takes(selector: &str, given: usize) -> Result<()> {
    let takes = takes(selector)? + 1;
    if takes == given {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Arity {
        what: format!("#{selector}, with its receiver,"),
        takes,
        given,
    }))
}
