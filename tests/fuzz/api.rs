//! Sequences of calls of the embedding API, each chosen by a byte of the input.
//!
//! Whatever the order, no call may panic or hang, no machine may break, and a handle may not work in a machine that
//! is not its own. Numbers come back as they were given, and when all handles are gone the machine knows of none.

use super::panics::{Finding, PLANNED, watched};
use chirp::{Block, Buffer, Class, Ctx, Error, ErrorKind, FromSmalltalk, Obj, Smalltalk, Symbol};
use choices::Choices;
use std::collections::{HashMap, HashSet};
use std::thread;
use std::time::Duration;

#[path = "choices.rs"]
mod choices;
#[path = "api/code.rs"]
mod code;
#[path = "api/control.rs"]
mod control;
#[path = "api/host.rs"]
mod host;
#[path = "api/objects.rs"]
mod objects;
#[path = "api/runs.rs"]
mod runs;
#[cfg(feature = "serde")]
#[path = "api/serial.rs"]
mod serial;
#[path = "api/texts.rs"]
mod texts;

use texts::*;

/// Nothing takes longer, whatever it is.
const TIME: Duration = Duration::from_millis(200);
const MACHINES: usize = 3;
const HANDLES: usize = 40;

struct Machine {
    st: Smalltalk,
    /// Tells it from all others, also from those that are gone.
    number: usize,
    /// Handles that it had when it was new.
    handles: usize,
    /// A closure holds a handle, for as long as somebody knows the closure.
    keeps: bool,
    /// It has classes of Rust types.
    registers: bool,
}

struct Handle {
    object: Obj,
    machine: usize,
    /// What it is, if that can never change.
    number: Option<i64>,
}

struct World<'a> {
    choices: Choices<'a>,
    machines: Vec<Machine>,
    made: usize,
    handles: Vec<Handle>,
    blocks: Vec<(Block<(i64,), i64>, usize)>,
    classes: Vec<(Class, usize)>,
    errors: Vec<Error>,
    programs: runs::Programs,
    /// Of values of Rust types.
    census: host::Census,
}

pub fn run(data: &[u8]) -> Finding {
    let mut world = World {
        choices: Choices(data),
        machines: Vec::new(),
        made: 0,
        handles: Vec::new(),
        blocks: Vec::new(),
        classes: Vec::new(),
        errors: Vec::new(),
        programs: runs::Programs::default(),
        census: host::Census::default(),
    };
    world.new_machine()?;
    while let Some(what) = world.choices.byte() {
        world.step(what)?;
    }
    world.end()
}

fn require(condition: bool, what: impl FnOnce() -> String) -> Finding {
    if condition { Ok(()) } else { Err(what()) }
}

impl World<'_> {
    fn new_machine(&mut self) -> Finding {
        let options = self.choices.below(64);
        let mut builder = Smalltalk::builder()
            .fuel(50_000)
            .timeout(TIME)
            .memory(32 << 20);
        if options & 1 != 0 {
            builder = builder.depth(options);
        }
        if options & 2 != 0 {
            builder = builder.stdout(Buffer::new()).arguments(["a", "é"]);
        }
        if options & 12 == 12 {
            builder = builder.memory(options << 17);
        }
        if options & 48 == 48 {
            builder = builder.stress(true);
        }
        if self.choices.below(4) != 0 {
            builder = builder.image(host::image());
        }
        let Ok(mut st) = builder.build() else {
            return require(options & 12 == 12, || {
                "a machine with enough memory was not made".into()
            });
        };
        let handles = st.handle_count();
        self.made += 1;
        self.machines.push(Machine {
            st,
            number: self.made,
            handles,
            keeps: false,
            registers: false,
        });
        match self.choices.below(4) {
            0 => Ok(()),
            _ => self.furnish(self.machines.len() - 1),
        }
    }

    fn step(&mut self, what: usize) -> Finding {
        if self.machines.is_empty() {
            return self.new_machine();
        }
        let at = self.choices.below(self.machines.len());
        match what % 40 {
            0..=3 => {
                let source = *self.choices.pick(SOURCES);
                self.kept(at, |st| st.eval::<Obj>(source))
            }
            4 => self.number(at),
            5 => self.get(at),
            6 | 7 => self.send(at),
            8 => self.rust_block(at),
            9 => self.call_block(at),
            10 => self.globals(at),
            11 => self.class(at),
            12 => self.drop_or_copy(),
            13 => self.signal(at),
            14 => self.limits(at),
            15 => {
                let result = self.machines[at].st.run_processes();
                self.told(result).map(drop)
            }
            16 => {
                let failures = self.machines[at].st.take_failures();
                failures
                    .into_iter()
                    .try_for_each(|error| self.told(Err::<(), _>(error)).map(drop))
            }
            17 => {
                let machine = &mut self.machines[at];
                machine.st.set_arguments(["x", "", "日本"]);
                require(machine.st.arguments().len() == 3, || {
                    "arguments got lost".into()
                })
            }
            18 => self.elsewhere(at),
            19 if self.machines.len() < MACHINES => self.new_machine(),
            19 => {
                self.machines.remove(at);
                Ok(())
            }
            20 => self.look(at),
            21 => {
                let text = *self.choices.pick(FILES);
                self.kept(at, |st| st.run_source::<Obj>("fuzz.st", text))
            }
            22 => self.convert(at),
            23 => self.register(at),
            24 | 25 => self.instance(at),
            26..=28 => self.tanks(at),
            29 => self.start(at),
            30..=32 => self.slice(at),
            33 => self.pending(at),
            34 => self.give_up(at),
            35 => self.collections(at),
            #[cfg(feature = "serde")]
            36 => self.serial(at),
            #[cfg(feature = "serde")]
            37 => self.misread(at),
            38 => self.hammered(at),
            _ => {
                self.errors.clear();
                Ok(())
            }
        }
    }

    /// What a call has led to: errors are looked at from all sides, and a few stay.
    fn told<T>(&mut self, result: chirp::Result<T>) -> Result<Option<T>, String> {
        let error = match result {
            Ok(value) => return Ok(Some(value)),
            Err(error) => error,
        };
        let text = format!("{error} {error:#} {error:?} {:?}", error.place());
        require(!matches!(error.kind(), ErrorKind::Broken { .. }), || text)?;
        if self.errors.len() < 5 {
            self.errors.push(error);
        }
        Ok(None)
    }

    fn keep(&mut self, at: usize, object: Obj, number: Option<i64>) {
        let machine = self.machines[at].number;
        if self.handles.len() < HANDLES {
            self.handles.push(Handle {
                object,
                machine,
                number,
            });
        }
    }

    fn kept(
        &mut self,
        at: usize,
        work: impl FnOnce(&mut Smalltalk) -> chirp::Result<Obj>,
    ) -> Finding {
        let result = work(&mut self.machines[at].st);
        if let Some(object) = self.told(result)? {
            self.keep(at, object, None);
        }
        Ok(())
    }

    /// A handle, whether it is this machine's, and what it is if that is known.
    fn any(&mut self, at: usize) -> Option<(Obj, bool, Option<i64>)> {
        if self.handles.is_empty() {
            return None;
        }
        let handle = self.choices.below(self.handles.len());
        let handle = &self.handles[handle];
        Some((
            handle.object.clone(),
            handle.machine == self.machines[at].number,
            handle.number,
        ))
    }

    /// When nobody holds anything any more, the machines do not either; and no value outlives its machine.
    fn end(self) -> Finding {
        let World {
            machines,
            handles,
            blocks,
            classes,
            errors,
            programs,
            census,
            ..
        } = self;
        drop((handles, blocks, classes, errors, programs));
        for mut machine in machines {
            machine.st.interrupt_handle().clear();
            machine.st.set_fuel(None);
            machine.st.set_timeout(Some(TIME));
            drop(machine.st.take_failures());
            // Errors that went through Smalltalk live as long as their exceptions. A machine that has no memory left,
            // or whose library was redefined, need not clean up.
            if machine
                .st
                .eval::<()>("Rust := Kept := x := y := nil. Smalltalk garbageCollect")
                .is_err()
            {
                continue;
            }
            let keeps = machine.keeps || census.holds();
            let count = machine.st.handle_count();
            // The machine keeps a handle of each class that it registers.
            let most = machine.handles + if machine.registers { 2 } else { 0 };
            require(keeps || (machine.handles..=most).contains(&count), || {
                format!("{count} handles are left of {}", machine.handles)
            })?;
        }
        require(census.count() == 0, || {
            format!("{} values outlived their machines", census.count())
        })
    }
}
