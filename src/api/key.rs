//! What only this crate has.
//!
//! The traits of conversions and closures have methods that deal in bare values: objects that no handle keeps alive and
//! that no machine owns. They are public because the traits are, so each of them wants to see a key.

/// Shown by whoever calls a method that deals in bare values. Nobody outside can make one, or name its type.
///
/// ```compile_fail,E0061
/// use chirp::{IntoSmalltalk, Smalltalk, AsCtx};
/// let mut st = Smalltalk::new();
/// let _ = "text".into_value(&mut st.as_ctx());
/// ```
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Key(());

/// The one there is.
pub(super) const KEY: Key = Key(());
