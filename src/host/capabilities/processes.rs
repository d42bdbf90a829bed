//! Which programs a program may start. A program that was started is outside of everything said here: it
//! may do what the user may do. Must never start one.

use super::Denied;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The other programs that a program may start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProcessAccess {
    /// None.
    #[default]
    Deny,
    /// All.
    Any,
    /// Those at these absolute paths.
    Only(Vec<PathBuf>),
}

impl ProcessAccess {
    /// Only these programs: absolute paths, or names, which are looked for in PATH now and not when the
    /// program is started.
    ///
    /// ```
    /// use chirp::{ProcessAccess, Smalltalk};
    ///
    /// let mut st = Smalltalk::builder().process(ProcessAccess::only(["/bin/echo"])).build()?;
    /// # #[cfg(feature = "programs")]
    /// assert_eq!(st.eval::<String>("LibC resultOfCommand: 'echo a'").unwrap_err().to_string(),
    ///     "PermissionDenied: no permission to run /bin/sh (--allow-run=/bin/sh)");
    /// # Ok::<(), chirp::Error>(())
    /// ```
    pub fn only<P: AsRef<Path>>(programs: impl IntoIterator<Item = P>) -> Self {
        let places = programs.into_iter().map(|p| in_path(p.as_ref()));
        ProcessAccess::Only(places.collect())
    }

    /// The path of the program that `name` means when it is started from `directory`. A name without
    /// `/` means the permitted program that is called so, whatever PATH says by then.
    pub(crate) fn check(&self, name: &OsStr, directory: Option<&Path>) -> Result<PathBuf, Denied> {
        let path = Path::new(name);
        let permitted = match self {
            ProcessAccess::Any => return Ok(path.into()),
            ProcessAccess::Deny => None,
            ProcessAccess::Only(programs) if is_plain(path) => {
                programs.iter().find(|p| p.file_name() == Some(name))
            }
            ProcessAccess::Only(programs) => {
                let base = directory.map_or_else(|| path.into(), |d| d.join(path));
                let wanted = place(&base);
                programs.iter().find(|p| place(p) == wanted)
            }
        };
        permitted.cloned().ok_or_else(|| {
            let name = name.to_string_lossy();
            Denied::new(format!("run {name}"), format!("--allow-run={name}"))
        })
    }

    /// Fails for a variable that has the system load code of the program's own into a permitted one.
    pub(crate) fn check_variable(&self, name: &OsStr) -> Result<(), Denied> {
        let bytes = name.as_bytes();
        let loads = [b"LD_".as_slice(), b"DYLD_", b"GCONV_PATH"];
        if *self == ProcessAccess::Any || !loads.iter().any(|l| bytes.starts_with(l)) {
            return Ok(());
        }
        let what = format!("set {} for other programs", name.to_string_lossy());
        Err(Denied::new(what, "--allow-run"))
    }
}

fn is_plain(path: &Path) -> bool {
    !path.as_os_str().as_bytes().contains(&b'/')
}

/// Where a program lies: the last name is not followed, for one file may be many programs by its names.
fn place(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?;
    Some(path.parent()?.canonicalize().ok()?.join(name))
}

fn in_path(program: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    if !is_plain(program) {
        return std::path::absolute(program).unwrap_or_else(|_| program.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    let places: Vec<PathBuf> = folders.map(|folder| folder.join(program)).collect();
    let runs = |place: &&PathBuf| {
        let data = place.metadata();
        data.is_ok_and(|d| d.is_file() && d.permissions().mode() & 0o111 != 0)
    };
    // One that is nowhere is told when it is started: it has a place where it is not.
    let place = places.iter().find(runs).or(places.first()).cloned();
    place.unwrap_or_else(|| Path::new("/").join(program))
}
