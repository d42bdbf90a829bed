//! The machine behind a `Smalltalk`. Owns how it ends: as the Processes that are left do, whose clean-up blocks run.

use crate::vm::{Outlined, Vm};
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A machine that ends when this is dropped.
pub(super) struct Machine(Option<Outlined<Vm>>);

impl Machine {
    pub(super) fn new(vm: Outlined<Vm>) -> Machine {
        Machine(Some(vm))
    }

    /// Gives it back, to go on with.
    #[cfg(feature = "cli")]
    pub(super) fn into_vm(mut self) -> Outlined<Vm> {
        self.0.take().expect(HERE)
    }
}

/// Only `into_vm` takes it away, which nobody survives.
const HERE: &str = "the machine is here until the end";

impl Deref for Machine {
    type Target = Vm;

    fn deref(&self) -> &Vm {
        self.0.as_deref().expect(HERE)
    }
}

impl DerefMut for Machine {
    fn deref_mut(&mut self) -> &mut Vm {
        self.0.as_deref_mut().expect(HERE)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let Some(vm) = &mut self.0 else { return };
        if vm.panic.is_none() && !std::thread::panicking() {
            // Nobody is left who could be told of a panic: the panic hook was.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                vm.end_processes();
                vm.host.stdio.flush();
            }));
        }
        vm.drop_host_things();
    }
}
