//! The environment variables of one interpreter, and of the programs that it starts: a copy of the
//! process's own, made when somebody first looks. Must never change the process's: that would
//! change it for everybody in the process.

use super::capabilities::{Denied, EnvironmentAccess, ProcessAccess};
use chirp_grammar::sorting::sort_by;
use rustc_hash::FxHashMap;
use std::ffi::{OsStr, OsString};

/// What a variable takes beside its name and its value.
const OVERHEAD: usize = 100;

/// Names and values.
pub struct Environment {
    access: EnvironmentAccess,
    processes: ProcessAccess,
    variables: Option<FxHashMap<OsString, Variable>>,
    /// Bytes of the variables that the program has set.
    set: usize,
}

#[derive(Default)]
struct Variable {
    /// None where it was removed.
    value: Option<OsString>,
    /// Whether the program has set it: then what it holds is no secret to it.
    own: bool,
}

impl Environment {
    /// The process's variables, to be seen as far as that is permitted.
    pub fn new(access: EnvironmentAccess, processes: ProcessAccess) -> Self {
        Environment {
            access,
            processes,
            variables: None,
            set: 0,
        }
    }

    fn all(&mut self) -> &mut FxHashMap<OsString, Variable> {
        let of_process = |(name, value)| {
            let value = Some(value);
            (name, Variable { value, own: false })
        };
        self.variables
            .get_or_insert_with(|| std::env::vars_os().map(of_process).collect())
    }

    fn check(&self, name: &OsStr) -> Result<(), Denied> {
        let all = self.variables.as_ref();
        match all.and_then(|all| all.get(name)).is_some_and(|v| v.own) {
            true => Ok(()),
            false => self.access.check(name),
        }
    }

    /// The value of a variable.
    pub fn get(&mut self, name: &OsStr) -> Result<Option<&OsStr>, Denied> {
        self.check(name)?;
        let variable = self.all().get(name);
        Ok(variable.and_then(|v| v.value.as_deref()))
    }

    /// Gives a variable a value.
    pub fn set(&mut self, name: OsString, value: OsString) -> Result<(), Denied> {
        self.processes.check_variable(&name)?;
        let added = name.len() + value.len() + OVERHEAD;
        let size = name.len() + OVERHEAD;
        let variable = self.all().entry(name).or_default();
        let before = variable.value.replace(value);
        let own = std::mem::replace(&mut variable.own, true);
        // What it replaces goes, and the name was there already.
        let gone = before.map_or(0, |v| v.len()) + size;
        self.set = self.set + added - if own { gone } else { 0 };
        Ok(())
    }

    /// About the bytes of the variables that the program has set.
    pub fn bytes_used(&self) -> usize {
        self.set
    }

    /// Removes a variable.
    pub fn remove(&mut self, name: &OsStr) -> Result<(), Denied> {
        self.check(name)?;
        if let Some(variable) = self.all().get_mut(name) {
            let gone = variable.value.take().map_or(0, |v| v.len());
            if variable.own {
                self.set -= gone;
            }
        }
        Ok(())
    }

    /// The names of the variables that may be read, sorted.
    pub fn names(&mut self) -> Vec<OsString> {
        self.all();
        let all = self.changed().into_iter().flatten().map(|(name, _)| name);
        let mut names: Vec<OsString> = all
            .filter(|name| self.check(name).is_ok())
            .cloned()
            .collect();
        sort_by(&mut names, Ord::cmp);
        names
    }

    /// What somebody has looked at, and perhaps changed: nothing else needs to be told to a child. A child
    /// has all of it, whatever its parent may see: it can do what the user can.
    pub fn changed(&self) -> Option<impl Iterator<Item = (&OsString, &OsString)>> {
        let all = self.variables.as_ref()?.iter();
        Some(all.filter_map(|(name, variable)| Some((name, variable.value.as_ref()?))))
    }
}
