//! The environment variables of one interpreter, and of the programs that it starts: a copy of the
//! process's own, made when somebody first looks. Must never change the process's: that would
//! change it for everybody in the process.

use super::Capabilities;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Names and values.
pub struct Environment {
    visible: bool,
    variables: Option<BTreeMap<OsString, OsString>>,
}

impl Environment {
    /// The process's variables; none for a program that may neither read files nor start programs.
    pub fn new(capabilities: &Capabilities) -> Self {
        Environment {
            visible: capabilities.read_files || capabilities.processes,
            variables: None,
        }
    }

    fn all(&mut self) -> &mut BTreeMap<OsString, OsString> {
        let visible = self.visible;
        self.variables.get_or_insert_with(|| match visible {
            true => std::env::vars_os().collect(),
            false => BTreeMap::new(),
        })
    }

    /// The value of a variable.
    pub fn get(&mut self, name: &OsStr) -> Option<&OsStr> {
        self.all().get(name).map(OsString::as_os_str)
    }

    /// Gives a variable a value.
    pub fn set(&mut self, name: OsString, value: OsString) {
        self.all().insert(name, value);
    }

    /// Removes a variable.
    pub fn remove(&mut self, name: &OsStr) {
        self.all().remove(name);
    }

    /// All variables, by name.
    pub fn variables(&mut self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.all().iter()
    }

    /// What somebody has looked at, and perhaps changed: nothing else needs to be told to a child.
    pub fn changed(&self) -> Option<&BTreeMap<OsString, OsString>> {
        self.variables.as_ref()
    }
}
