//! Values of Rust types inside objects: making them, and looking into them.
//!
//! Owns every borrow of such a value. None outlasts the Rust code that asked for it, and Smalltalk does not run
//! meanwhile.

use super::context::{AsCtx, Ctx};
use super::convert::{FromSmalltalk, IntoSmalltalk, mismatch, with_article};
use super::error::{Error, ErrorKind, Result};
use super::host_class::{HostClass, class_of};
use super::key::{KEY, Key};
use super::object::Obj;
use crate::memory::Value;
use crate::vm::PrimError;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

/// A Rust value on its way to Smalltalk, where it becomes an instance of its [`HostClass`]. Answered by a method of
/// the class side, it becomes one of the class that got the message, which may be a subclass written in Smalltalk.
///
/// ```
/// use chirp::{ClassDef, HostClass, New, Smalltalk};
///
/// struct Counter(i64);
///
/// impl HostClass for Counter {
///     const NAME: &'static str = "Counter";
///     fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
///         c.class_method("startingAt:", |n: i64| New(Counter(n)))
///             .method("next", |counter: &mut Counter| { counter.0 += 1; counter.0 });
///         Ok(())
///     }
/// }
///
/// let mut st = Smalltalk::new();
/// st.register::<Counter>()?;
/// st.set_global("Tickets", New(Counter(99)))?;
/// assert_eq!(st.eval::<i64>("Tickets next")?, 100);
/// assert_eq!(st.eval::<i64>("(Counter startingAt: 6) next")?, 7);
/// # Ok::<(), chirp::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct New<T>(pub T);

impl<T: HostClass> IntoSmalltalk for New<T> {
    fn into_smalltalk(self, ctx: &mut Ctx<'_>) -> Result<Obj> {
        let value = self.into_value(ctx, KEY)?;
        Ok(Obj::new(ctx.vm, value))
    }

    fn into_value(self, ctx: &mut Ctx<'_>, _: Key) -> Result<Value> {
        let bytes = bytes_of(&self.0);
        make_room(ctx, bytes)?;
        let class = class_of::<T>(ctx)?;
        let object = ctx.vm.new_object(class, 0).map_err(no_object)?;
        hold(ctx, object, self.0, bytes);
        Ok(object)
    }
}

fn no_object(error: PrimError) -> Error {
    match error {
        PrimError::NoMemory => Error::no_memory(),
        _ => Error::new(ErrorKind::NotFound {
            what: "way to make instances of this class".into(),
        }),
    }
}

/// What a value counts for.
fn bytes_of<T: HostClass>(value: &T) -> usize {
    size_of::<RefCell<T>>().saturating_add(value.heap_size())
}

/// May collect: no object may be in a variable.
fn make_room(ctx: &mut Ctx<'_>, bytes: usize) -> Result<()> {
    match ctx.vm.has_room_for_host(bytes.saturating_add(64)) {
        true => Ok(()),
        false => Err(Error::no_memory()),
    }
}

fn hold<T: HostClass>(ctx: &mut Ctx<'_>, object: Value, value: T, bytes: usize) {
    ctx.vm
        .hold_instance(object, Rc::new(RefCell::new(value)), bytes);
}

/// The Rust value of an object.
pub(super) fn cell<T: HostClass>(ctx: &mut Ctx<'_>, object: Value) -> Result<Rc<RefCell<T>>> {
    let expected = with_article(T::NAME);
    if let Some(value) = ctx.vm.host_instance(object) {
        let cell = value.clone().downcast::<RefCell<T>>();
        return cell.map_err(|_| mismatch(ctx, &expected, object));
    }
    let class = ctx.vm.heap.class_of(object);
    let of_this = class_of::<T>(ctx).is_ok_and(|c| ctx.vm.classes.inherits(class, c));
    if of_this {
        let found = "one without its Rust value: basicNew and basic copies make such";
        return Err(Error::conversion(expected, found));
    }
    Err(mismatch(ctx, &expected, object))
}

fn in_use<T: HostClass>() -> Error {
    Error::new(ErrorKind::InUse {
        class: T::NAME.into(),
    })
}

/// Lends a value out.
pub(super) fn read<T: HostClass, R>(cell: &RefCell<T>, work: impl FnOnce(&T) -> R) -> Result<R> {
    let value = cell.try_borrow().map_err(|_| in_use::<T>())?;
    Ok(work(&value))
}

/// Lends a value out for changes, and counts afterwards what it takes. The object is the pinned value at `place`.
pub(super) fn write<T: HostClass, R>(
    ctx: &mut Ctx<'_>,
    place: usize,
    cell: &RefCell<T>,
    work: impl FnOnce(&mut T) -> R,
) -> Result<R> {
    let mut value = cell.try_borrow_mut().map_err(|_| in_use::<T>())?;
    let result = work(&mut value);
    let bytes = bytes_of(&*value);
    drop(value);
    let object = ctx.pinned(place);
    ctx.vm.set_host_bytes(object, bytes);
    Ok(result)
}

/// `shallowCopy` of an instance.
pub(super) fn copy<T: HostClass>(ctx: &mut Ctx<'_>, this: This<T>) -> Result<Obj> {
    let Some(value) = this.with(ctx, T::shallow_copy)? else {
        return Err(Error::new(ErrorKind::Uncopyable {
            class: T::NAME.into(),
        }));
    };
    let bytes = bytes_of(&value);
    make_room(ctx, bytes)?;
    let object = this.object.value(ctx.vm)?;
    let copy = ctx.vm.heap.shallow_copy(object);
    hold(ctx, copy, value, bytes);
    Ok(Obj::new(ctx.vm, copy))
}

/// An object that holds a Rust value of type `T`: the receiver of a method that also takes a [`Ctx`], or any other
/// parameter, answer or result. Like [`Obj`] it is a handle, which may be cloned, sent to other threads and kept.
///
/// Its value is seen through [`with`](This::with), for as long as a closure runs. Smalltalk cannot run meanwhile; so
/// nobody finds the value in use.
///
/// A value that keeps a handle of its own object, or of one that refers to it, keeps itself alive as long as the
/// machine lives: handles are no references that the collector follows.
///
/// ```
/// use chirp::{Block, ClassDef, Ctx, HostClass, New, Smalltalk, This};
///
/// struct Queue(Vec<i64>);
///
/// impl HostClass for Queue {
///     const NAME: &'static str = "Queue";
///     fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
///         c.class_method("upTo:", |n: i64| New(Queue((1..=n).collect())))
///             .method("drain:", |ctx: &mut Ctx<'_>, this: This<Queue>, each: Block<(i64,), ()>| -> chirp::Result<()> {
///                 while let Some(item) = this.with_mut(ctx, |queue| queue.0.pop())? {
///                     each.call(ctx, (item,))?; // may send messages to the queue itself
///                 }
///                 Ok(())
///             });
///         Ok(())
///     }
/// }
///
/// let mut st = Smalltalk::new();
/// st.register::<Queue>()?;
/// assert_eq!(st.eval::<i64>("| sum | sum := 0. (Queue upTo: 4) drain: [:n | sum := sum + n]. sum")?, 10);
///
/// let queue: This<Queue> = st.eval("Queue upTo: 3")?;
/// assert_eq!(queue.with(&mut st, |q| q.0.len())?, 3);
/// # Ok::<(), chirp::Error>(())
/// ```
///
/// What is lent out does not get away:
///
/// ```compile_fail
/// # use chirp::{ClassDef, HostClass, Smalltalk, This};
/// # struct Name(String);
/// # impl HostClass for Name {
/// #     const NAME: &'static str = "Name";
/// #     fn define(_: &mut ClassDef<'_, Self>) -> chirp::Result<()> { Ok(()) }
/// # }
/// fn text(st: &mut Smalltalk, name: This<Name>) -> String {
///     let text: &str = name.with(st, |n| n.0.as_str()).unwrap();
///     text.to_string()
/// }
/// ```
pub struct This<T> {
    object: Obj,
    of: PhantomData<fn() -> T>,
}

impl<T: HostClass> This<T> {
    /// The object without its type.
    pub fn as_obj(&self) -> &Obj {
        &self.object
    }

    /// Looks at the value.
    pub fn with<R>(&self, on: &mut impl AsCtx, work: impl FnOnce(&T) -> R) -> Result<R> {
        let mut ctx = on.as_ctx();
        let object = self.object.value(ctx.vm)?;
        read(&*cell(&mut ctx, object)?, work)
    }

    /// Changes the value.
    pub fn with_mut<R>(&self, on: &mut impl AsCtx, work: impl FnOnce(&mut T) -> R) -> Result<R> {
        let mut ctx = on.as_ctx();
        let object = self.object.value(ctx.vm)?;
        let cell = cell(&mut ctx, object)?;
        let place = ctx.pin(object);
        let result = write(&mut ctx, place, &cell, work);
        ctx.unpin(place);
        result
    }

    /// A copy of the value.
    pub fn get(&self, on: &mut impl AsCtx) -> Result<T>
    where
        T: Clone,
    {
        self.with(on, T::clone)
    }
}

impl<T> Clone for This<T> {
    fn clone(&self) -> Self {
        This {
            object: self.object.clone(),
            of: PhantomData,
        }
    }
}

impl<T> std::fmt::Debug for This<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("This").field(&self.object).finish()
    }
}

impl<T: HostClass> FromSmalltalk for This<T> {
    fn from_smalltalk(ctx: &mut Ctx<'_>, object: &Obj) -> Result<Self> {
        let value = object.value(ctx.vm)?;
        cell::<T>(ctx, value)?;
        Ok(This {
            object: object.clone(),
            of: PhantomData,
        })
    }
}

impl<T: HostClass> IntoSmalltalk for This<T> {
    fn into_smalltalk(self, _ctx: &mut Ctx<'_>) -> Result<Obj> {
        Ok(self.object)
    }
}

impl<T: HostClass> IntoSmalltalk for &This<T> {
    fn into_smalltalk(self, _ctx: &mut Ctx<'_>) -> Result<Obj> {
        Ok(self.object.clone())
    }
}

impl Obj {
    /// Looks at the Rust value that the object holds: an instance of a [`HostClass`].
    ///
    /// ```
    /// use chirp::{ClassDef, HostClass, New, Obj, Smalltalk};
    ///
    /// struct Note(String);
    ///
    /// impl HostClass for Note {
    ///     const NAME: &'static str = "Note";
    ///     fn define(c: &mut ClassDef<'_, Self>) -> chirp::Result<()> {
    ///         c.class_method("with:", |text: String| New(Note(text)));
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let mut st = Smalltalk::new();
    /// st.register::<Note>()?;
    /// let note: Obj = st.eval("Note with: 'buy milk'")?;
    /// note.with_host_mut(&mut st, |n: &mut Note| n.0.push('!'))?;
    /// assert_eq!(note.with_host(&mut st, |n: &Note| n.0.clone())?, "buy milk!");
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn with_host<T: HostClass, R>(
        &self,
        on: &mut impl AsCtx,
        work: impl FnOnce(&T) -> R,
    ) -> Result<R> {
        let this = This::from_smalltalk(&mut on.as_ctx(), self)?;
        this.with(on, work)
    }

    /// Changes the Rust value that the object holds.
    pub fn with_host_mut<T: HostClass, R>(
        &self,
        on: &mut impl AsCtx,
        work: impl FnOnce(&mut T) -> R,
    ) -> Result<R> {
        let this = This::from_smalltalk(&mut on.as_ctx(), self)?;
        this.with_mut(on, work)
    }
}
