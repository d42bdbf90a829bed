//! Which environment variables a program may read. Must never read one itself.

use super::Denied;
use std::ffi::{OsStr, OsString};

/// The environment variables that a program may read. Those that it sets itself it always may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EnvironmentAccess {
    /// None.
    #[default]
    Deny,
    /// All.
    All,
    /// Those with these names.
    Only(Vec<OsString>),
}

impl EnvironmentAccess {
    /// Variables with these names.
    ///
    /// ```
    /// use chirp::{EnvironmentAccess, Smalltalk};
    ///
    /// let mut st = Smalltalk::builder().environment(EnvironmentAccess::only(["PATH"])).build()?;
    /// assert_eq!(st.eval::<String>("Smalltalk os environment at: 'PATH'")?, std::env::var("PATH").unwrap());
    /// assert!(st.eval::<String>("Smalltalk os environment at: 'HOME'").is_err());
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn only<S: Into<OsString>>(names: impl IntoIterator<Item = S>) -> Self {
        EnvironmentAccess::Only(names.into_iter().map(Into::into).collect())
    }

    /// Whether the variable may be read.
    pub(crate) fn includes(&self, name: &OsStr) -> bool {
        match self {
            EnvironmentAccess::Deny => false,
            EnvironmentAccess::All => true,
            EnvironmentAccess::Only(names) => names.iter().any(|each| each == name),
        }
    }

    /// Fails where the variable may not be read.
    pub(crate) fn check(&self, name: &OsStr) -> Result<(), Denied> {
        if self.includes(name) {
            return Ok(());
        }
        let name = name.to_string_lossy();
        Err(Denied::new(
            format!("read the environment variable {name}"),
            format!("--allow-env={name}"),
        ))
    }
}
