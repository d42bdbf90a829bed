//! What a program may do outside: the network, files, other programs, environment variables. Owns the
//! rules that say yes or no, and what is said with a no; must never do what it permits. There are rules only for what there
//! is: the features `files` and `net`.

#[cfg(feature = "files")]
mod environment;
#[cfg(feature = "files")]
mod files;
#[cfg(feature = "net")]
mod network;
#[cfg(feature = "files")]
mod processes;

#[cfg(feature = "files")]
pub use environment::EnvironmentAccess;
#[cfg(feature = "files")]
pub use files::{Dir, FileAccess, Permitted, Refused, Want};
#[cfg(feature = "net")]
pub use network::{Net, Target};
#[cfg(feature = "files")]
pub use processes::ProcessAccess;

use std::fmt;

/// Everything that a program may do outside.
///
/// ```
/// use chirp::{Capabilities, Dir, Net};
///
/// let nothing = Capabilities::none();
/// let some = Capabilities {
///     net: Net::new().connect("api.example.com:443"),
///     ..Capabilities::none().with_files(Dir::read_only("/usr/share"))
/// };
/// assert!(nothing.net.is_none() && !some.net.is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Capabilities {
    /// Whom it may connect to, and where it may listen.
    #[cfg(feature = "net")]
    pub net: Net,
    /// Which files it may read and change.
    #[cfg(feature = "files")]
    pub files: FileAccess,
    /// Which programs it may start.
    #[cfg(feature = "files")]
    pub process: ProcessAccess,
    /// Which environment variables it may read.
    #[cfg(feature = "files")]
    pub environment: EnvironmentAccess,
}

impl Capabilities {
    /// Everything: the default of the command line.
    pub fn all() -> Self {
        Capabilities {
            #[cfg(feature = "net")]
            net: Net::all(),
            #[cfg(feature = "files")]
            files: FileAccess::all(),
            #[cfg(feature = "files")]
            process: ProcessAccess::Any,
            #[cfg(feature = "files")]
            environment: EnvironmentAccess::All,
        }
    }

    /// Nothing: the default of the library.
    pub fn none() -> Self {
        Capabilities::default()
    }

    /// The same with one more folder, or file. The feature `files`.
    #[cfg(feature = "files")]
    pub fn with_files(mut self, dir: Dir) -> Self {
        self.files.add(dir);
        self
    }
}

/// The host gave no permission for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// What was to be done: `read /etc/passwd`.
    pub what: String,
    /// The option of the command line that permits it: `--allow-read=/etc/passwd`.
    pub option: String,
}

#[cfg(feature = "files")]
impl Denied {
    pub(in crate::host) fn new(what: impl Into<String>, option: impl Into<String>) -> Denied {
        Denied {
            what: what.into(),
            option: option.into(),
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no permission to {} ({})", self.what, self.option)
    }
}

impl std::error::Error for Denied {}
