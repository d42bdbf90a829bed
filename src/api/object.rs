//! Handles: objects that a host program holds on to.

use super::arguments::Arguments;
use super::context::AsCtx;
use super::convert::FromSmalltalk;
use super::error::{Error, ErrorKind, Result};
use crate::memory::Value;
use crate::vm::Vm;
use crate::vm::handles::Root;
use std::sync::Arc;

/// An object of a machine, kept alive while the handle or a clone of it lives.
///
/// A handle may go to any thread and may outlive its machine. Used with another machine than its own,
/// it is refused with [`ErrorKind::ForeignHandle`].
///
/// ```
/// use chirp::{Obj, Smalltalk};
///
/// let mut st = Smalltalk::new();
/// let dictionary: Obj = st.eval("Dictionary new")?;
/// dictionary.send::<()>(&mut st, "at:put:", ("answer", 42))?;
/// assert_eq!(dictionary.send::<i64>(&mut st, "at:", ("answer",))?, 42);
/// assert_eq!(st.print_string(&dictionary)?, "a Dictionary('answer'->42 )");
/// # Ok::<(), chirp::Error>(())
/// ```
///
/// It is of use only together with its machine, or with the context of a closure:
///
/// ```compile_fail,E0061
/// let mut st = chirp::Smalltalk::new();
/// let text: chirp::Obj = st.eval("'text'").unwrap();
/// let size: i64 = text.send("size", ()).unwrap();
/// ```
///
/// which cannot be asked from within a closure that it runs itself:
///
/// ```compile_fail
/// let mut st = chirp::Smalltalk::new();
/// let mut inner = || st.eval::<i64>("3");
/// st.eval::<i64>("4").unwrap();
/// inner().unwrap();
/// ```
#[derive(Clone)]
pub struct Obj(Arc<Root>);

impl Obj {
    pub(super) fn new(vm: &mut Vm, value: Value) -> Obj {
        Obj(Arc::new(vm.root(value)))
    }

    /// The object, in its own machine.
    pub(super) fn value(&self, vm: &Vm) -> Result<Value> {
        vm.rooted(&self.0)
            .ok_or_else(|| Error::new(ErrorKind::ForeignHandle))
    }

    /// Sends a message and converts the answer. The arguments are a tuple, as many as the selector takes.
    pub fn send<R: FromSmalltalk>(
        &self,
        on: &mut impl AsCtx,
        selector: &str,
        args: impl Arguments,
    ) -> Result<R> {
        check_arity(selector, &args)?;
        on.as_ctx().send_message(self, selector, args)
    }

    /// Converts the object to a Rust value.
    pub fn get<T: FromSmalltalk>(&self, on: &mut impl AsCtx) -> Result<T> {
        on.as_ctx().get(self)
    }

    /// Name of the object's class.
    ///
    /// ```
    /// let mut st = chirp::Smalltalk::new();
    /// let three: chirp::Obj = st.eval("3")?;
    /// assert_eq!(three.class_name(&mut st)?, "SmallInteger");
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn class_name(&self, on: &mut impl AsCtx) -> Result<String> {
        let ctx = on.as_ctx();
        let value = self.value(ctx.vm)?;
        Ok(ctx.vm.classes.name(ctx.vm.heap.class_of(value)))
    }

    /// Whether it is nil.
    ///
    /// ```
    /// let mut st = chirp::Smalltalk::new();
    /// let found: chirp::Obj = st.eval("#(1 2) detect: [ :n | n > 2 ] ifNone: [ nil ]")?;
    /// assert!(found.is_nil(&mut st)?);
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn is_nil(&self, on: &mut impl AsCtx) -> Result<bool> {
        Ok(self.value(on.as_ctx().vm)?.is_nil())
    }

    /// Whether both handles stand for the very same object of the same machine.
    ///
    /// ```
    /// let mut st = chirp::Smalltalk::new();
    /// let (a, b): (chirp::Obj, chirp::Obj) = (st.eval("'x' copy")?, st.eval("'x' copy")?);
    /// assert!(a.is_same(&a.clone(), &mut st)? && !a.is_same(&b, &mut st)?);
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn is_same(&self, other: &Obj, on: &mut impl AsCtx) -> Result<bool> {
        let ctx = on.as_ctx();
        Ok(self.value(ctx.vm)? == other.value(ctx.vm)?)
    }
}

/// Without its machine nobody knows what it is.
impl std::fmt::Debug for Obj {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }
}

/// Arguments that a selector takes.
pub(super) fn takes(selector: &str) -> Result<usize> {
    arity(selector).ok_or_else(|| {
        Error::new(ErrorKind::NotFound {
            what: format!("selector `{selector}`: that is no message name"),
        })
    })
}

fn check_arity<A: Arguments>(selector: &str, _args: &A) -> Result<()> {
    let takes = takes(selector)?;
    if takes == A::COUNT {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Arity {
        what: format!("#{selector}"),
        takes,
        given: A::COUNT,
    }))
}

/// Arguments that a selector takes; none when it is no selector.
fn arity(selector: &str) -> Option<usize> {
    let first = selector.chars().next()?;
    if !first.is_alphabetic() && first != '_' {
        return selector
            .chars()
            .all(|c| "+-*/\\~<>=@%|&?,!".contains(c))
            .then_some(1);
    }
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    if !selector.contains(':') {
        return is_name(selector).then_some(0);
    }
    let parts: Vec<&str> = selector.strip_suffix(':')?.split(':').collect();
    parts.iter().all(|p| is_name(p)).then_some(parts.len())
}

#[cfg(test)]
mod tests {
    use super::arity;

    #[test]
    fn selectors_tell_their_arguments() {
        for (selector, takes) in [
            ("size", 0),
            ("at:", 1),
            ("at:put:", 2),
            ("+", 1),
            (">=", 1),
            ("_a1", 0),
        ] {
            assert_eq!(arity(selector), Some(takes), "{selector}");
        }
        for wrong in ["", "at:put", "foo bar", "1st", "at::", ":", "+a", "a+"] {
            assert_eq!(arity(wrong), None, "{wrong}");
        }
    }
}
