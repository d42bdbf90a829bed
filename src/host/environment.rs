//! The environment variables of one interpreter, and of the programs that it starts: a copy of the
//! process's own, made when somebody first looks. Must never change the process's: that would
//! change it for everybody in the process.

use super::capabilities::{Denied, EnvironmentAccess, ProcessAccess};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};

/// Names and values.
pub struct Environment {
    access: EnvironmentAccess,
    processes: ProcessAccess,
    variables: Option<BTreeMap<OsString, OsString>>,
    /// Those that the program has set: what they hold is no secret to it.
    own: BTreeSet<OsString>,
}

impl Environment {
    /// The process's variables, to be seen as far as that is permitted.
    pub fn new(access: EnvironmentAccess, processes: ProcessAccess) -> Self {
        Environment {
            access,
            processes,
            variables: None,
            own: BTreeSet::new(),
        }
    }

    fn all(&mut self) -> &mut BTreeMap<OsString, OsString> {
        self.variables
            .get_or_insert_with(|| std::env::vars_os().collect())
    }

    fn check(&self, name: &OsStr) -> Result<(), Denied> {
        match self.own.contains(name) {
            true => Ok(()),
            false => self.access.check(name),
        }
    }

    /// The value of a variable.
    pub fn get(&mut self, name: &OsStr) -> Result<Option<&OsStr>, Denied> {
        self.check(name)?;
        Ok(self.all().get(name).map(OsString::as_os_str))
    }

    /// Gives a variable a value.
    pub fn set(&mut self, name: OsString, value: OsString) -> Result<(), Denied> {
        self.processes.check_variable(&name)?;
        self.own.insert(name.clone());
        self.all().insert(name, value);
        Ok(())
    }

    /// Removes a variable.
    pub fn remove(&mut self, name: &OsStr) -> Result<(), Denied> {
        self.check(name)?;
        self.all().remove(name);
        Ok(())
    }

    /// The names of the variables that may be read.
    pub fn names(&mut self) -> Vec<OsString> {
        let names: Vec<OsString> = self.all().keys().cloned().collect();
        let seen = names.into_iter().filter(|n| self.check(n).is_ok());
        seen.collect()
    }

    /// What somebody has looked at, and perhaps changed: nothing else needs to be told to a child. A child
    /// has all of it, whatever its parent may see: it can do what the user can.
    pub fn changed(&self) -> Option<&BTreeMap<OsString, OsString>> {
        self.variables.as_ref()
    }
}
