//! The primitives that a machine knows, by module and name.
//!
//! Owns which tables there are. They lie in the executable as they are and are searched when a method that names a
//! primitive is compiled: a machine that starts does nothing for them. Never runs one.

use super::code::Primitive;
use super::{Machine, PrimFn, host_methods, machine_primitives, process_primitives};

/// Functions of their arguments.
#[derive(Clone, Copy)]
pub struct Table {
    /// A space, and each name with a space behind it: a pointer and a length for each took 40 bytes more in every program,
    /// most of them relocations.
    pub names: &'static str,
    pub functions: &'static [PrimFn],
}

/// A table of `("name", function)`.
macro_rules! table {
    ($(($name:literal, $function:expr $(,)?)),* $(,)?) => {
        $crate::vm::primitive_table::Table {
            names: concat!(" ", $($name, " "),*),
            functions: &[$($function),*],
        }
    };
}
pub(crate) use table;

impl Table {
    fn names(self) -> impl Iterator<Item = &'static str> {
        self.names.split_ascii_whitespace()
    }

    /// The function of the name between these spaces.
    fn find(self, spaced: &str) -> Option<PrimFn> {
        let at = memchr::memmem::find(self.names.as_bytes(), spaced.as_bytes())?;
        let before = self.names.as_bytes()[..at].iter();
        let place = before.filter(|&&byte| byte == b' ').count();
        self.functions.get(place).copied()
    }
}
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
        if name.contains(' ') {
            return None;
        }
        let spaced = format!(" {name} ");
        let mut of_module = self.tables.iter().filter(|(of, _)| *of == module);
        let plain = of_module.find_map(|(_, table)| table.find(&spaced));
        plain.map(Primitive::Plain).or_else(|| {
            let mut machine = MACHINE.iter().copied().flatten();
            let found = machine.find(|(n, ..)| module.is_empty() && *n == name);
            found.map(|&(_, args, function)| Primitive::Machine(function, args))
        })
    }

    /// Module and name of each.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let plain = self.tables.iter();
        let plain =
            plain.flat_map(|&(module, table)| table.names().map(move |name| (module, name)));
        let machine = MACHINE.iter().copied().flatten();
        plain.chain(machine.map(|&(name, ..)| ("", name)))
    }
}
