//! The primitives that a machine knows, by module and name.
//!
//! Owns which tables there are. They lie in the executable as they are and are searched when a method that names a
//! primitive is compiled: a machine that starts does nothing for them. Never runs one.

use super::code::Primitive;
use super::{Machine, PrimFn, host_methods, machine_primitives, process_primitives};

/// Functions of their arguments.
pub type Table = &'static [(&'static str, PrimFn)];
/// What changes what runs next, with the number of arguments that it needs at least.
pub(super) type MachineTable = &'static [(&'static str, usize, Machine)];

const MACHINE: [MachineTable; 3] = [
    machine_primitives::MACHINE,
    process_primitives::MACHINE,
    host_methods::MACHINE,
];

/// All tables of one machine. Its own have no module, that is an empty one.
#[derive(Clone)]
pub struct Primitives {
    tables: Vec<(&'static str, Table)>,
}

impl Default for Primitives {
    fn default() -> Primitives {
        Primitives {
            tables: vec![
                ("", machine_primitives::TABLE),
                ("", process_primitives::TABLE),
            ],
        }
    }
}

impl Primitives {
    /// Adds a table of a module.
    pub fn add(&mut self, module: &'static str, table: Table) {
        self.tables.push((module, table));
    }

    pub(super) fn find(&self, module: &str, name: &str) -> Option<Primitive> {
        let plain = self.tables.iter().filter(|(of, _)| *of == module);
        let plain = plain
            .flat_map(|(_, table)| *table)
            .find(|(n, _)| *n == name)
            .map(|&(_, function)| Primitive::Plain(function));
        plain.or_else(|| {
            let mut machine = MACHINE.iter().copied().flatten();
            let found = machine.find(|(n, ..)| module.is_empty() && *n == name);
            found.map(|&(_, args, function)| Primitive::Machine(function, args))
        })
    }

    /// Module and name of each.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let plain = self.tables.iter();
        let plain = plain.flat_map(|&(module, table)| table.iter().map(move |&(n, _)| (module, n)));
        let machine = MACHINE.iter().copied().flatten();
        plain.chain(machine.map(|&(name, ..)| ("", name)))
    }
}
