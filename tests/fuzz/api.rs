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

/// Nothing takes longer, whatever it is.
const TIME: Duration = Duration::from_millis(200);
const MACHINES: usize = 3;
const HANDLES: usize = 40;

const SOURCES: &[&str] = &[
    "3 + 4",
    "Object new",
    "[:a :b | a -> b ]",
    "[ nil foo ]",
    "OrderedCollection new",
    "Dictionary new at: 1 put: 2; yourself",
    "'abc' copy",
    "(1 to: 50) asOrderedCollection",
    "[ true ] whileTrue: [ ]",
    "[ [ true ] whileTrue: [ ] ] ensure: [ [ true ] whileTrue ]",
    "Error signal: 'late'",
    "[ Error signal: 'late' ] fork",
    "[ [ Processor yield ] repeat ] fork",
    "[ (Delay forMilliseconds: 1) wait. Kept := 3 ] fork",
    "(Delay forMilliseconds: 1) wait",
    "Semaphore new wait",
    "Semaphore new",
    "^ 3",
    "Kept := OrderedCollection new",
    "Kept add: Rust; size",
    "Rust value",
    "Rust value: 3",
    "Rust value: 3 value: 4",
    "[ Rust value: 3 ] on: Error do: [:e | e return: 7 ]",
    "[ Rust value ] ensure: [ Rust value: 3 ]",
    "[ Rust value: 1 ] fork",
    "Smalltalk garbageCollect",
    "1 fuzz",
    "'abc' fuzz: 4",
    "Integer fuzz",
    "x := 3. y := x. z",
    "x := ",
    "'open",
    "Smalltalk exit: 3",
    "Rust become: Kept",
    "Kept become: Object new",
    "Array new: 100000000",
    "| s | s := 'a'. [ s := s , s ] repeat",
    "| b | b := nil. b := [:n | b value: n + 1 ]. b value: 1",
    "thisContext",
    "[ ^ 3 ]",
    "Object subclass: #Fuzz",
    "Object subclass: #Fuzz instanceVariableNames: 'a b c' classVariableNames: '' package: 'Fuzz'",
    "(Smalltalk at: #Fuzz ifAbsent: [ Object ]) new",
    "Processor activeProcess terminate",
    "Processor activeProcess suspend",
    "[ Processor activeProcess terminate ] ensure: [ Rust value ]",
    "Error new signal: 3",
    "[ 1 / 0 ] on: ZeroDivide do: [:e | e retryUsing: [ 5 ] ]",
    "2 raisedTo: 200",
    "1.5",
    "#(1 $a 'b' #c (1 2) nil true)",
    "WeakArray new: 3",
    "(1 to: 1000) inject: 0 into: [:a :b | a + b ]",
    "Smalltalk arguments",
    "Transcript show: 'hello'; cr; flush",
    "Object compile: 'fuzz ^ self printString'",
    "[:a | a fuzz: a ]",
    "[:x :y :z | ]",
    "Rust",
    "Kept",
    "nil",
];

const FILES: &[&str] = &[
    "3 + 4! !Object methodsFor: 'fuzz'! fuzz ^ 5! ! 3 fuzz!",
    "Class { #name : #Fuzz, #superclass : #Object, #instVars : [ 'a' ] }\nFuzz >> foo [ ^ a ]",
    "Object subclass: Fuzz [ |a b| foo [ ^ a ] ] Fuzz new foo",
    "Fuzz subclass: Fuzz [ ]",
    "#!/bin/x\n^ 3",
    "x := 3. [:k | k ] value: x",
    "!Fuzz methodsFor: 'x'!",
];

const SELECTORS: &[&str] = &[
    "yourself",
    "printString",
    "size",
    "foo",
    "value",
    "copy",
    "hash",
    "class",
    "fuzz",
    "deepCopy",
    "first",
    "asString",
    "+",
    "=",
    "value:",
    "add:",
    "at:",
    "become:",
    ",",
    "fuzz:",
    "perform:",
    "at:put:",
    "value:value:",
    "with:with:",
    "on:do:",
    "",
    "a b",
    "é",
    ":",
    "at::",
    "instVarAt:put:",
    "ensure:",
    "fork",
    "valueWithArguments:",
];

const NAMES: &[&str] = &[
    "Rust",
    "Kept",
    "x",
    "Object",
    "Fuzz",
    "nil",
    "self",
    "Smalltalk",
    "",
    "a b",
    "é",
];
const CLASSES: &[&str] = &[
    "Object",
    "Integer",
    "String",
    "Fuzz",
    "Array",
    "BlockClosure",
    "Metaclass",
    "nothing",
    "",
];
const METHODS: &[&str] = &[
    "fuzz ^ 3",
    "fuzz: a ^ a",
    "fuzz",
    "+ a ^ a",
    "x := ",
    "fuzz ^ self fuzz",
    "value ^ 1",
];

struct Machine {
    st: Smalltalk,
    /// Tells it from all others, also from those that are gone.
    number: usize,
    /// Handles that it had when it was new.
    handles: usize,
    /// A closure holds a handle, for as long as somebody knows the closure.
    keeps: bool,
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
        });
        Ok(())
    }

    fn step(&mut self, what: usize) -> Finding {
        if self.machines.is_empty() {
            return self.new_machine();
        }
        let at = self.choices.below(self.machines.len());
        match what % 24 {
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

    fn number(&mut self, at: usize) -> Finding {
        let number = self.choices.integer();
        let object = self.machines[at].st.object(number);
        let Some(object) = self.told(object)? else {
            return Ok(());
        };
        self.keep(at, object, Some(number));
        Ok(())
    }

    fn get(&mut self, at: usize) -> Finding {
        let Some((object, own, number)) = self.any(at) else {
            return Ok(());
        };
        let kind = self.choices.below(12);
        let st = &mut self.machines[at].st;
        if kind == 0 || number.is_some() {
            let got = object.get::<i64>(st);
            return match got {
                Ok(got) => require(own && number.is_none_or(|n| n == got), || {
                    format!("{number:?} came back as {got}")
                }),
                Err(error) => {
                    let foreign = matches!(error.kind(), ErrorKind::ForeignHandle);
                    require(foreign != own, || {
                        format!("{error} of a handle that is own: {own}")
                    })?;
                    require(!own || number.is_none(), || {
                        format!("{number:?} did not come back: {error}")
                    })
                }
            };
        }
        fn ignore<T: FromSmalltalk>(object: &Obj, st: &mut Smalltalk) -> chirp::Result<()> {
            object.get::<T>(st).map(drop)
        }
        let result = match kind {
            1 => ignore::<String>(&object, st),
            2 => ignore::<Vec<i64>>(&object, st),
            3 => ignore::<Vec<Obj>>(&object, st),
            4 => ignore::<HashMap<i64, Obj>>(&object, st),
            5 => ignore::<HashSet<String>>(&object, st),
            6 => ignore::<Option<f64>>(&object, st),
            7 => ignore::<(i64, Obj)>(&object, st),
            8 => ignore::<Symbol>(&object, st),
            9 => ignore::<Block<(i64,), i64>>(&object, st),
            10 => ignore::<u8>(&object, st),
            _ => ignore::<[char; 3]>(&object, st),
        };
        require(own || result.is_err(), || {
            "a handle of another machine was converted".into()
        })?;
        self.told(result).map(drop)
    }

    fn send(&mut self, at: usize) -> Finding {
        let Some((object, own, _)) = self.any(at) else {
            return Ok(());
        };
        let selector = *self.choices.pick(SELECTORS);
        let count = self.choices.below(3);
        let one = self.any(at);
        let number = self.choices.integer();
        let st = &mut self.machines[at].st;
        let result = match (count, one) {
            (0, _) => object.send::<Obj>(st, selector, ()),
            (1, Some((one, ..))) => object.send::<Obj>(st, selector, (&one,)),
            (1, None) => object.send::<Obj>(st, selector, (number,)),
            (_, Some((one, ..))) => object.send::<Obj>(st, selector, (number, &one)),
            (_, None) => object.send::<Obj>(st, selector, ("text", Some(number))),
        };
        require(own || result.is_err(), || {
            format!("a handle of another machine was sent {selector}")
        })?;
        if let Some(object) = self.told(result)? {
            self.keep(at, object, None);
        }
        Ok(())
    }

    /// A closure that does what it should not, as the global `Rust`.
    fn rust_block(&mut self, at: usize) -> Finding {
        let kind = self.choices.below(12);
        let source = *self.choices.pick(SOURCES);
        let held = self.any(at).map(|(object, ..)| object);
        let machine = &mut self.machines[at];
        let interrupt = machine.st.interrupt_handle();
        let st = &mut machine.st;
        let holds = held.is_some() && (kind == 4 || kind == 8);
        let block = match kind {
            0 => st
                .block(|n: i64| n.wrapping_add(1))
                .map(|b| b.as_obj().clone()),
            1 => st
                .block(|_: i64| -> i64 { panic!("{PLANNED}") })
                .map(|b| b.as_obj().clone()),
            2 => st
                .block(move |ctx: &mut Ctx<'_>| ctx.eval::<Obj>(source))
                .map(|b| b.as_obj().clone()),
            3 => st
                .block(|n: i64| Err::<i64, _>(format!("no {n}")))
                .map(|b| b.as_obj().clone()),
            4 => st
                .block(move |_: Obj| held.clone())
                .map(|b| b.as_obj().clone()),
            5 => st
                .block(move || interrupt.stop())
                .map(|b| b.as_obj().clone()),
            6 => st
                .block(move |_: Obj| interrupt.interrupt())
                .map(|b| b.as_obj().clone()),
            7 => st
                .block(|ctx: &mut Ctx<'_>, n: i64| {
                    ctx.block(move |m: i64| m.wrapping_mul(n))
                        .map(|b| b.as_obj().clone())
                })
                .map(|b| b.as_obj().clone()),
            8 => st
                .block(move |ctx: &mut Ctx<'_>, a: Obj, b: Obj| {
                    let held = held.clone().unwrap_or(b);
                    held.send::<Obj>(ctx, "value:", (&a,))
                        .or_else(|_| ctx.object(vec![a, held]))
                })
                .map(|b| b.as_obj().clone()),
            9 => st
                .block(move |ctx: &mut Ctx<'_>| -> chirp::Result<i64> {
                    let _ = ctx.run_source::<Obj>("inner.st", source);
                    Err(ctx.exception("ZeroDivide", "from Rust"))
                })
                .map(|b| b.as_obj().clone()),
            10 => st
                .block(|ctx: &mut Ctx<'_>| -> chirp::Result<i64> {
                    ctx.set_global("Kept", 3)?;
                    let _ = ctx.eval::<Obj>("Rust value");
                    panic!("{PLANNED}")
                })
                .map(|b| b.as_obj().clone()),
            _ => st
                .block(|a: Option<i64>, b: Vec<Obj>| a.map_or(b.len() as i64, |a| -(a % 7)))
                .map(|b| b.as_obj().clone()),
        };
        // The handle may be one of another machine.
        for machine in &mut self.machines {
            machine.keeps |= holds;
        }
        let Some(block) = self.told(block)? else {
            return Ok(());
        };
        let result = self.machines[at].st.set_global("Rust", &block);
        self.told(result)?;
        let typed = block.get::<Block<(i64,), i64>>(&mut self.machines[at].st);
        if let Some(typed) = self.told(typed)? {
            self.blocks.push((typed, self.machines[at].number));
        }
        self.keep(at, block, None);
        Ok(())
    }

    fn call_block(&mut self, at: usize) -> Finding {
        if self.blocks.is_empty() {
            return Ok(());
        }
        let block = self.choices.below(self.blocks.len());
        let number = self.choices.integer();
        let own = self.blocks[block].1 == self.machines[at].number;
        let result = self.blocks[block]
            .0
            .call(&mut self.machines[at].st, (number,));
        require(own || result.is_err(), || {
            "a block of another machine was called".into()
        })?;
        self.told(result).map(drop)
    }

    fn globals(&mut self, at: usize) -> Finding {
        let name = *self.choices.pick(NAMES);
        let Some((object, own, number)) = self.any(at) else {
            return self.kept(at, |st| st.global::<Obj>(name));
        };
        // Whoever redefines Object has no library any more.
        let name = if name == "Object" || name == "Smalltalk" {
            "Kept"
        } else {
            name
        };
        let result = self.machines[at].st.set_global(name, &object);
        require(own || result.is_err(), || {
            "a handle of another machine became a global".into()
        })?;
        if self.told(result)?.is_some()
            && let Some(number) = number
        {
            let got = self.machines[at].st.global::<i64>(name);
            let got = self.told(got)?;
            require(got == Some(number), || {
                format!("{number} came back from global {name:?} as {got:?}")
            })?;
        }
        Ok(())
    }

    fn class(&mut self, at: usize) -> Finding {
        let name = *self.choices.pick(CLASSES);
        let class = self.machines[at].st.class(name);
        if let Some(class) = self.told(class)? {
            self.classes.push((class, self.machines[at].number));
        }
        if self.classes.is_empty() {
            return Ok(());
        }
        let class = self.choices.below(self.classes.len());
        let own = self.classes[class].1 == self.machines[at].number;
        let class = self.classes[class].0.clone();
        let kind = self.choices.below(8);
        let source = *self.choices.pick(SOURCES);
        let text = *self.choices.pick(METHODS);
        let st = &mut self.machines[at].st;
        let result = match kind {
            0 => class.method(st, "fuzz", |_: Obj| 3).map(drop),
            1 => class
                .method(st, "fuzz:", |ctx: &mut Ctx<'_>, me: Obj, n: i64| {
                    me.send::<Obj>(ctx, "+", (n,))
                })
                .map(drop),
            2 => class
                .method(st, "fuzz", move |ctx: &mut Ctx<'_>, _: Obj| {
                    ctx.eval::<Obj>(source)
                })
                .map(drop),
            3 => class
                .class_method(st, "fuzz", |_: Obj| -> i64 { panic!("{PLANNED}") })
                .map(drop),
            4 => class.method(st, "fuzz:", |_: Obj| 3).map(drop),
            5 => class.send::<Obj>(st, "new", ()).map(drop),
            _ => class.compile(st, text).map(drop),
        };
        require(own || result.is_err(), || {
            "a class of another machine was used".into()
        })?;
        self.told(result).map(drop)
    }

    fn drop_or_copy(&mut self) -> Finding {
        let kind = self.choices.below(6);
        if kind == 0 && !self.classes.is_empty() {
            self.classes.pop();
        } else if kind == 1 && !self.blocks.is_empty() {
            self.blocks.pop();
        } else if !self.handles.is_empty() {
            let handle = self.choices.below(self.handles.len());
            let handle = self.handles.swap_remove(handle);
            match kind {
                2 => thread::spawn(move || drop(handle))
                    .join()
                    .map_err(|_| "a dropped handle panicked")?,
                3 => self.handles.push(Handle {
                    object: handle.object.clone(),
                    ..handle
                }),
                _ => {}
            }
        }
        Ok(())
    }

    fn signal(&mut self, at: usize) -> Finding {
        let kind = self.choices.below(5);
        let pause = Duration::from_micros(self.choices.below(256) as u64 * 20);
        let handle = self.machines[at].st.interrupt_handle();
        match kind {
            0 => handle.interrupt(),
            1 => handle.stop(),
            2 | 3 => {
                let source = *self.choices.pick(SOURCES);
                let other = handle.clone();
                let thread = thread::spawn(move || {
                    thread::sleep(pause);
                    if kind == 2 {
                        other.stop()
                    } else {
                        other.interrupt()
                    }
                });
                self.kept(at, |st| st.eval::<Obj>(source))?;
                thread.join().map_err(|_| "an interrupt panicked")?;
                handle.clear();
            }
            _ => handle.clear(),
        }
        Ok(())
    }

    fn limits(&mut self, at: usize) -> Finding {
        let kind = self.choices.below(6);
        let small = self.choices.below(256) as u64;
        let st = &mut self.machines[at].st;
        match kind {
            0 => st.set_fuel(Some(small)),
            1 => st.set_fuel(Some(small * 1000)),
            2 => st.set_fuel(None),
            3 => st.set_timeout(Some(Duration::from_micros(small * 10))),
            4 => st.set_timeout(Some(TIME)),
            _ => {
                st.set_fuel(Some(50_000));
                st.set_timeout(Some(TIME));
            }
        }
        let _ = (st.fuel_used(), st.memory_used(), format!("{st:?}"));
        Ok(())
    }

    /// The machine goes to another thread, works there, and comes back.
    fn elsewhere(&mut self, at: usize) -> Finding {
        let source = *self.choices.pick(SOURCES);
        let Machine {
            mut st,
            number,
            handles,
            keeps,
        } = self.machines.swap_remove(at);
        let work = move || {
            let mut answer = None;
            let found = watched(|| {
                answer = Some(st.eval::<Obj>(source));
                Ok(())
            });
            (st, answer, found)
        };
        let (st, answer, found) = thread::spawn(work)
            .join()
            .map_err(|_| "a thread panicked")?;
        found?;
        self.machines.push(Machine {
            st,
            number,
            handles,
            keeps,
        });
        let at = self.machines.len() - 1;
        match answer {
            Some(answer) => self.kept(at, |_| answer),
            None => Ok(()),
        }
    }

    fn look(&mut self, at: usize) -> Finding {
        let (Some((one, own, number)), Some((other, ..))) = (self.any(at), self.any(at)) else {
            return Ok(());
        };
        let kind = self.choices.below(3);
        let st = &mut self.machines[at].st;
        let result = match kind {
            0 => st.print_string(&one).map(drop),
            1 => one.is_same(&other, st).map(drop),
            _ => match one.class_name(st) {
                Ok(name)
                    if number.is_some() && name != "SmallInteger" && !name.starts_with("Large") =>
                {
                    return Err(format!("{number:?} is a {name}"));
                }
                result => result.map(drop),
            },
        };
        require(own || result.is_err(), || {
            "a handle of another machine was looked at".into()
        })?;
        self.told(result).map(drop)
    }

    /// What goes in comes out.
    fn convert(&mut self, at: usize) -> Finding {
        let number = self.choices.integer();
        let list: Vec<i64> = (0..self.choices.below(20))
            .map(|_| self.choices.integer())
            .collect();
        let text: String = list
            .iter()
            .filter_map(|&n| char::from_u32(n as u32))
            .collect();
        let map: HashMap<String, i64> = list.iter().map(|n| (format!("k{n}"), *n)).collect();
        let float = f64::from_bits(number as u64);
        let value = (text, list, Some(number), float.is_finite().then_some(float));
        let st = &mut self.machines[at].st;
        let Ok(object) = st.object(value.clone()) else {
            return Ok(());
        };
        let got = object.get::<(String, Vec<i64>, Option<i64>, Option<f64>)>(st);
        require(got.as_ref().is_ok_and(|got| *got == value), || {
            format!("{value:?} came back as {got:?}")
        })?;
        // Dictionaries are made and read by Smalltalk: what stops the machine stops that as well.
        let back = st
            .object(map.clone())
            .and_then(|object| object.get::<HashMap<String, i64>>(st));
        if let Some(got) = self.told(back)? {
            require(got == map, || format!("{map:?} came back as {got:?}"))?;
        }
        Ok(())
    }

    /// When nobody holds anything any more, the machines do not either.
    fn end(self) -> Finding {
        let World {
            machines,
            handles,
            blocks,
            classes,
            errors,
            ..
        } = self;
        drop((handles, blocks, classes, errors));
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
            let count = machine.st.handle_count();
            require(machine.keeps || count == machine.handles, || {
                format!("{count} handles are left of {}", machine.handles)
            })?;
        }
        Ok(())
    }
}
