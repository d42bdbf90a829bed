//! Which files a program may read and change, and where a path really leads. Looks at nothing outside of
//! what is permitted and the way to it, so that not even its existence is told.
//!
//! A path is walked name by name: `..` and links are followed here and not by the system, and what they lead to
//! is what counts. The answer has no links in it; whoever uses it makes sure that none came into it since
//! (`files::place`).

use super::Denied;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Links that are followed before a path counts as a circle: as many as Linux does.
const MOST_LINKS: usize = 40;

/// A folder with everything in it, or a single file, that a program may use.
///
/// ```
/// use chirp::{Dir, Smalltalk};
///
/// let folder = std::env::temp_dir().join(format!("chirp-dir-{}", std::process::id()));
/// std::fs::create_dir_all(&folder).unwrap();
/// std::fs::write(folder.join("a.txt"), "hello").unwrap();
///
/// let mut st = Smalltalk::builder().files(Dir::read_only(&folder)).build()?;
/// st.set_global("Folder", folder.to_str())?;
/// assert_eq!(st.eval::<String>("(Folder asFileReference / 'a.txt') contents")?, "hello");
/// assert!(st.eval::<()>("(Folder asFileReference / 'a.txt') delete").is_err());
/// assert!(st.eval::<()>("'/etc/passwd' asFileReference contents").is_err());
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), chirp::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dir {
    /// The path that was given, made absolute.
    named: PathBuf,
    /// Where that leads.
    real: PathBuf,
    read: bool,
    write: bool,
}

impl Dir {
    /// What is there may be read.
    pub fn read_only(path: impl AsRef<Path>) -> Dir {
        Dir::of(path.as_ref(), true, false)
    }

    /// What is there may be made, changed and removed, but not read.
    pub fn write_only(path: impl AsRef<Path>) -> Dir {
        Dir::of(path.as_ref(), false, true)
    }

    /// What is there may be read, made, changed and removed.
    pub fn read_write(path: impl AsRef<Path>) -> Dir {
        Dir::of(path.as_ref(), true, true)
    }

    /// A relative path means what it means now, wherever the process goes later.
    fn of(path: &Path, read: bool, write: bool) -> Dir {
        let named = std::path::absolute(path).unwrap_or_else(|_| path.into());
        let real = real(&named);
        Dir {
            named,
            real,
            read,
            write,
        }
    }

    fn knows(&self, path: &Path) -> bool {
        let on_the_way = |root: &Path| root.starts_with(path) || path.starts_with(root);
        on_the_way(&self.named) || on_the_way(&self.real)
    }
}

/// Where a path leads. What does not exist yet lies where the part that does leads.
fn real(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => real(parent).join(name),
        // It ends in `..`, and what is before that does not exist: nothing can be there.
        _ => path.into(),
    }
}

/// What somebody wants to do with a file.
///
/// ```
/// use chirp::{Capabilities, Want};
///
/// let mut reader = Capabilities::default();
/// reader.files.add_all(Want::Read);
/// assert!(reader.files.is_all(Want::Read) && !reader.files.is_all(Want::Write));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Look at it.
    Read,
    /// Make, change or remove it.
    Write,
}

/// Where a path that may be used leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permitted {
    /// Everywhere is permitted: the path as it is.
    Anywhere,
    /// Here; there is no link in this path.
    At(PathBuf),
}

/// Why a path is not used.
#[derive(Debug)]
pub enum Refused {
    /// It is not permitted.
    Denied(Denied),
    /// It leads nowhere.
    Os(io::Error),
}

/// The files that a program may use: none until some are added.
///
/// ```
/// use chirp::{Capabilities, Dir, FileAccess};
///
/// let mut some = Capabilities::default();
/// assert_eq!(some.files, FileAccess::none());
/// some.files.add(Dir::read_only("/usr/share"));
/// assert!(!some.files.is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileAccess {
    read_all: bool,
    write_all: bool,
    dirs: Vec<Dir>,
}

impl FileAccess {
    /// All files.
    pub fn all() -> Self {
        FileAccess {
            read_all: true,
            write_all: true,
            dirs: Vec::new(),
        }
    }

    /// No files.
    pub fn none() -> Self {
        FileAccess::default()
    }

    /// One more folder or file.
    pub fn add(&mut self, dir: Dir) {
        self.dirs.push(dir);
    }

    /// All files may be read, or changed.
    pub fn add_all(&mut self, want: Want) {
        match want {
            Want::Read => self.read_all = true,
            Want::Write => self.write_all = true,
        }
    }

    /// Whether all files may be used so.
    pub fn is_all(&self, want: Want) -> bool {
        match want {
            Want::Read => self.read_all,
            Want::Write => self.write_all,
        }
    }

    /// Whether there is no file that may be used in any way.
    pub fn is_none(&self) -> bool {
        !self.read_all && !self.write_all && self.dirs.is_empty()
    }

    /// Whether a path without links may be used so.
    pub(crate) fn includes(&self, real: &Path, want: Want) -> bool {
        let allows = |dir: &Dir| match want {
            Want::Read => dir.read,
            Want::Write => dir.write,
        };
        self.is_all(want)
            || self
                .dirs
                .iter()
                .any(|dir| allows(dir) && real.starts_with(&dir.real))
    }

    /// Where the path leads, if it may be used in all these ways. A link at its end is followed if `follow`.
    pub(crate) fn find(
        &self,
        path: &Path,
        follow: bool,
        wants: &[Want],
    ) -> Result<Permitted, Refused> {
        if wants.iter().all(|want| self.is_all(*want)) {
            return Ok(Permitted::Anywhere);
        }
        let first = wants.first().copied().unwrap_or(Want::Read);
        if self.is_none() {
            // Not even where the process works is told.
            return Err(Refused::Denied(denied(path, path, first)));
        }
        let real = match self.walk(path, follow) {
            Ok(real) => real,
            Err(Ended::Outside(place)) => {
                return Err(Refused::Denied(denied(path, &place, first)));
            }
            Err(Ended::Os(error)) => return Err(Refused::Os(error)),
        };
        match wants.iter().find(|want| !self.includes(&real, **want)) {
            Some(want) => Err(Refused::Denied(denied(path, &real, *want))),
            None => Ok(Permitted::At(real)),
        }
    }

    fn knows(&self, path: &Path) -> bool {
        self.read_all || self.dirs.iter().any(|dir| dir.knows(path))
    }

    fn walk(&self, path: &Path, follow: bool) -> Result<PathBuf, Ended> {
        let path = match path.is_absolute() {
            true => path.to_path_buf(),
            // An empty path leads nowhere, as the system has it.
            false if path.as_os_str().is_empty() => {
                return Err(Ended::Os(io::Error::from_raw_os_error(libc::ENOENT)));
            }
            false => std::env::current_dir().map_err(Ended::Os)?.join(path),
        };
        let mut at = PathBuf::from("/");
        let mut names = VecDeque::new();
        push_names(&mut names, &self.renamed(path));
        let (mut links, mut missing) = (0, false);
        while let Some(name) = names.pop_front() {
            if missing {
                return Err(Ended::Os(io::Error::from_raw_os_error(libc::ENOENT)));
            }
            if name == ".." {
                at.pop();
                continue;
            }
            let next = at.join(&name);
            if !self.knows(&next) {
                // The rest as it is written, since nobody may look at what is there.
                let rest = names.iter().take_while(|name| *name != "..");
                return Err(Ended::Outside(rest.fold(next, |at, name| at.join(name))));
            }
            let is_last = names.is_empty();
            match std::fs::symlink_metadata(&next) {
                Ok(data) if data.is_symlink() && (follow || !is_last) => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(Ended::Os(io::Error::from_raw_os_error(libc::ELOOP)));
                    }
                    let target = std::fs::read_link(&next).map_err(Ended::Os)?;
                    if target.is_absolute() {
                        at = PathBuf::from("/");
                    }
                    push_names(&mut names, &target);
                }
                Ok(data) if !is_last && !data.is_dir() => {
                    return Err(Ended::Os(io::Error::from_raw_os_error(libc::ENOTDIR)));
                }
                Ok(_) => at = next,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    missing = true;
                    at = next;
                }
                Err(error) => return Err(Ended::Os(error)),
            }
        }
        Ok(at)
    }

    /// A path by the name that a folder was given here, by its real name.
    fn renamed(&self, path: PathBuf) -> PathBuf {
        for dir in &self.dirs {
            if let Ok(rest) = path.strip_prefix(&dir.named) {
                return dir.real.join(rest);
            }
        }
        path
    }
}

/// Why a walk has no end.
enum Ended {
    Outside(PathBuf),
    Os(io::Error),
}

/// Puts the names in a path before the others.
fn push_names(names: &mut VecDeque<OsString>, path: &Path) {
    for part in path.components().rev() {
        match part {
            Component::Normal(name) => names.push_front(name.into()),
            Component::ParentDir => names.push_front("..".into()),
            _ => {}
        }
    }
}

fn denied(given: &Path, real: &Path, want: Want) -> Denied {
    let (verb, option) = match want {
        Want::Read => ("read", "--allow-read"),
        Want::Write => ("write", "--allow-write"),
    };
    let straight = given == real || std::path::absolute(given).is_ok_and(|path| path == real);
    let (given, real) = (given.display(), real.display());
    let what = match straight {
        true => format!("{verb} {given}"),
        false => format!("{verb} {given}, which leads to {real}"),
    };
    Denied::new(what, format!("{option}={real}"))
}
