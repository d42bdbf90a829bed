//! The host program's own data in a machine: one value of each type.
//!
//! Owns nothing but the way to it. Smalltalk cannot see these values; closures can.

use super::context::{AsCtx, Ctx};
use super::error::{Error, ErrorKind, Result};
use super::smalltalk::Smalltalk;
use std::any::{Any, TypeId, type_name};

fn missing<T>() -> Error {
    let what = format!(
        "host data of type {}: `set_data` puts it there",
        type_name::<T>()
    );
    Error::new(ErrorKind::NotFound { what })
}

impl Ctx<'_> {
    /// The host program's value of this type, which [`set_data`](Ctx::set_data) has put there.
    ///
    /// ```
    /// use chirp::{Ctx, Smalltalk};
    ///
    /// struct Log(Vec<String>);
    ///
    /// let mut st = Smalltalk::new();
    /// st.set_data(Log(Vec::new()));
    /// let log = st.block(|ctx: &mut Ctx<'_>, line: String| -> chirp::Result<usize> {
    ///     ctx.data_mut::<Log>()?.0.push(line);
    ///     Ok(ctx.data::<Log>()?.0.len())
    /// })?;
    /// st.set_global("Log", log)?;
    /// assert_eq!(st.eval::<usize>("Log value: 'one'. Log value: 'two'")?, 2);
    /// assert_eq!(st.data::<Log>()?.0, ["one", "two"]);
    /// assert!(st.take_data::<Log>().is_some());
    /// assert!(st.data::<Log>().is_err());
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn data<T: Any + Send>(&self) -> Result<&T> {
        let found = self.vm.host_data.get(&TypeId::of::<T>());
        found
            .and_then(|d| d.downcast_ref())
            .ok_or_else(missing::<T>)
    }

    /// The same to be changed.
    pub fn data_mut<T: Any + Send>(&mut self) -> Result<&mut T> {
        let found = self.vm.host_data.get_mut(&TypeId::of::<T>());
        found
            .and_then(|d| d.downcast_mut())
            .ok_or_else(missing::<T>)
    }

    /// Keeps a value in the machine, for closures; answers the earlier one of its type.
    pub fn set_data<T: Any + Send>(&mut self, value: T) -> Option<T> {
        let earlier = self
            .vm
            .host_data
            .insert(TypeId::of::<T>(), Box::new(value))?;
        earlier.downcast().ok().map(|v: Box<T>| *v)
    }

    /// Takes the value of this type out again.
    pub fn take_data<T: Any + Send>(&mut self) -> Option<T> {
        let value = self.vm.host_data.remove(&TypeId::of::<T>())?;
        value.downcast().ok().map(|v: Box<T>| *v)
    }
}

impl Smalltalk {
    /// The host program's value of this type: see [`Ctx::data`].
    pub fn data<T: Any + Send>(&self) -> Result<&T> {
        let found = self.vm().host_data.get(&TypeId::of::<T>());
        found
            .and_then(|d| d.downcast_ref())
            .ok_or_else(missing::<T>)
    }

    /// The same to be changed.
    pub fn data_mut<T: Any + Send>(&mut self) -> Result<&mut T> {
        let found = self.as_ctx().vm.host_data.get_mut(&TypeId::of::<T>());
        found
            .and_then(|d| d.downcast_mut())
            .ok_or_else(missing::<T>)
    }

    /// Keeps a value in the machine, for closures; answers the earlier one of its type.
    pub fn set_data<T: Any + Send>(&mut self, value: T) -> Option<T> {
        self.as_ctx().set_data(value)
    }

    /// Takes the value of this type out again.
    pub fn take_data<T: Any + Send>(&mut self) -> Option<T> {
        self.as_ctx().take_data()
    }
}
