//! The two dispatch forms, both made from the one list of opcodes.
//!
//! `run_loop` is a loop around a match: every build has it. The threaded form is one function an
//! opcode, each ending in a jump to the next through the table in the machine. It relies on
//! the optimiser turning `return next(…)` into a jump, so it is compiled in only where that was
//! verified (see `build.rs`), and a canary at start-up looks whether the native stack stays put.

use super::{Fp, Pc, Vm, ops, slow};
use crate::compiler::opcode::Op;
use crate::memory::Value;

/// Whether the threaded form is in this build.
pub const THREADED: bool = cfg!(chirp_threaded);

/// One instruction of the threaded form. Unlike in `ops`, the `Pc` it gets is its own, not the one behind
/// it: then one addition leads from each instruction to the next, and loops wait for just these.
#[cfg(target_arch = "x86_64")]
pub type Handler = unsafe extern "sysv64-unwind" fn(*mut Vm, Pc, Fp, u32);
/// One instruction of the threaded form.
#[cfg(not(target_arch = "x86_64"))]
pub type Handler = unsafe extern "C-unwind" fn(*mut Vm, Pc, Fp, u32);

macro_rules! forms {
    ($($name:ident),*) => {
        /// Executes until an instruction ends the run.
        ///
        /// # Safety
        /// `pc` and `fp` are those of a live frame of `vm`'s active stack.
        pub unsafe fn run_loop(vm: *mut Vm, mut pc: Pc, mut fp: Fp) {
            // SAFETY: see `ops`.
            unsafe {
                loop {
                    let insn = *pc;
                    pc = pc.add(1);
                    let done = match OPCODE[(insn & 0xff) as usize] {
                        $(Op::$name => ops::$name(vm, &mut pc, &mut fp, insn),)*
                    };
                    if !done {
                        (pc, fp) = slow::step(&mut *vm, pc, fp, insn);
                        if pc.is_null() {
                            return;
                        }
                    }
                }
            }
        }

        #[cfg(chirp_threaded)]
        mod threaded {
            use super::*;
            $(handler!($name);)*

            pub const HANDLERS: &[Handler] = &[$($name),*];
        }
    };
}

/// Bytes to opcodes; the compiler and its verifier make no others.
static OPCODE: [Op; 256] = {
    let ops = crate::compiler::opcode::OPS;
    let mut table = [Op::PROBE; 256];
    let mut i = 0;
    while i < ops.len() {
        table[i] = ops[i];
        i += 1;
    }
    table
};

#[cfg(chirp_threaded)]
macro_rules! handler {
    ($name:ident) => {
        #[cfg(target_arch = "x86_64")]
        #[allow(non_snake_case)]
        unsafe extern "sysv64-unwind" fn $name(vm: *mut Vm, pc: Pc, fp: Fp, insn: u32) {
            // SAFETY: see `ops`.
            unsafe { body!($name, vm, pc, fp, insn) }
        }
        #[cfg(not(target_arch = "x86_64"))]
        #[allow(non_snake_case)]
        unsafe extern "C-unwind" fn $name(vm: *mut Vm, pc: Pc, fp: Fp, insn: u32) {
            // SAFETY: see `ops`.
            unsafe { body!($name, vm, pc, fp, insn) }
        }
    };
}

#[cfg(chirp_threaded)]
macro_rules! body {
    ($name:ident, $vm:ident, $pc:ident, $fp:ident, $insn:ident) => {{
        let mut pc = $pc.add(1);
        let mut fp = $fp;
        if ops::$name($vm, &mut pc, &mut fp, $insn) {
            let insn = *pc;
            return ((*$vm).table[(insn & 0xff) as usize])($vm, pc, fp, insn);
        }
        return slow_handler($vm, $pc, $fp, $insn);
    }};
}

crate::compiler::opcode::for_each_op!(forms);

/// Does an instruction the long way, then goes on.
#[cfg(all(chirp_threaded, target_arch = "x86_64"))]
#[cold]
#[inline(never)]
unsafe extern "sysv64-unwind" fn slow_handler(vm: *mut Vm, pc: Pc, fp: Fp, insn: u32) {
    // SAFETY: see `ops`.
    unsafe {
        let (pc, fp) = slow::step(&mut *vm, pc.add(1), fp, insn);
        if !pc.is_null() {
            let insn = *pc;
            ((*vm).table[(insn & 0xff) as usize])(vm, pc, fp, insn)
        }
    }
}

/// Does an instruction the long way, then goes on.
#[cfg(all(chirp_threaded, not(target_arch = "x86_64")))]
#[cold]
#[inline(never)]
unsafe extern "C-unwind" fn slow_handler(vm: *mut Vm, pc: Pc, fp: Fp, insn: u32) {
    // SAFETY: see `ops`.
    unsafe {
        let (pc, fp) = slow::step(&mut *vm, pc.add(1), fp, insn);
        if !pc.is_null() {
            let insn = *pc;
            ((*vm).table[(insn & 0xff) as usize])(vm, pc, fp, insn)
        }
    }
}

/// Stands in the table of builds without the threaded form.
#[cfg(all(not(chirp_threaded), target_arch = "x86_64"))]
unsafe extern "sysv64-unwind" fn unused(_: *mut Vm, _: Pc, _: Fp, _: u32) {}
/// Stands in the table of builds without the threaded form.
#[cfg(all(not(chirp_threaded), not(target_arch = "x86_64")))]
unsafe extern "C-unwind" fn unused(_: *mut Vm, _: Pc, _: Fp, _: u32) {}

/// The dispatch table of a new machine.
pub fn table() -> [Handler; 256] {
    #[cfg(chirp_threaded)]
    {
        let mut table = [threaded::HANDLERS[Op::PROBE as usize]; 256];
        table[..threaded::HANDLERS.len()].copy_from_slice(threaded::HANDLERS);
        table
    }
    #[cfg(not(chirp_threaded))]
    {
        [unused; 256]
    }
}

/// Runs in the form that this build and this machine use.
///
/// # Safety
/// As for `run_loop`.
pub unsafe fn run(vm: *mut Vm, pc: Pc, fp: *mut Value) {
    // SAFETY: the caller's promise.
    unsafe {
        if THREADED && !(*vm).portable {
            let insn = *pc;
            ((*vm).table[(insn & 0xff) as usize])(vm, pc, fp, insn);
        } else {
            run_loop(vm, pc, fp);
        }
    }
}

impl Vm {
    /// Whether the threaded form leaves the native stack where it was, over some thousand instructions
    /// of the fast and the slow kind. Where it does not, this build falls back to the portable loop.
    pub(crate) fn canary(&mut self) -> bool {
        use crate::compiler::opcode::{abc, ad};
        let probe = ad(Op::PROBE, 0, 0);
        let mut words = vec![probe];
        for i in 0..2_000u32 {
            words.push(match i % 4 {
                0 => abc(Op::MOVE, 2, 1, 0),
                1 => ad(Op::LOADI, 1, i as u16),
                2 => ad(Op::JMP, 0, 0),
                _ => probe,
            });
        }
        words.push(ad(Op::PROBE, 0, 1));
        let mut frame = [Value::NIL; 8];
        let (pc, fp) = (self.pc, self.fp);
        // SAFETY: the instructions touch registers 0 to 2 of the frame, and the last one ends the run.
        unsafe { run(self, words.as_ptr(), frame.as_mut_ptr()) };
        (self.pc, self.fp) = (pc, fp);
        let probes = std::mem::take(&mut self.probes);
        probes.len() > 500 && probes.iter().all(|&p| p == probes[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::stdio::Stdio;
    use crate::host::{Capabilities, Host};
    use crate::loader::image::Image;
    use crate::memory::HeapOptions;
    use crate::vm::Outlined;
    #[cfg(all(chirp_threaded, target_arch = "x86_64"))]
    use std::sync::atomic::{AtomicBool, Ordering};

    fn machine() -> Outlined<Vm> {
        let host = Host::new(Capabilities::none(), Stdio::none()).expect("descriptors");
        crate::loader::boot(&Image::embedded(), HeapOptions::default(), host)
            .expect("a sound library")
    }

    #[test]
    fn the_native_stack_stays_put() {
        assert!(machine().canary());
    }

    /// Notes the native stack's address in front of every instruction of real programs.
    #[cfg(all(chirp_threaded, target_arch = "x86_64"))]
    #[test]
    fn no_instruction_grows_the_native_stack() {
        #[inline(never)]
        fn note(vm: &mut Vm) {
            let here = 0u8;
            let here = &raw const here as usize;
            if vm.probes.last() != Some(&here) {
                vm.probes.push(here);
            }
        }
        static SEEN: [AtomicBool; 256] = [const { AtomicBool::new(false) }; 256];
        unsafe extern "sysv64-unwind" fn traced(vm: *mut Vm, pc: Pc, fp: Fp, insn: u32) {
            // SAFETY: see `ops`.
            unsafe {
                SEEN[(insn & 0xff) as usize].store(true, Ordering::Relaxed);
                note(&mut *vm);
                threaded::HANDLERS[(insn & 0xff) as usize](vm, pc, fp, insn)
            }
        }
        let mut vm = machine();
        vm.table = [traced; 256];
        for program in [
            "100 factorial printString size",
            "(1 to: 300) asArray shuffled asSortedCollection asArray = (1 to: 300) asArray",
            "[ 1 / 0 ] on: ZeroDivide do: [ :e | e return: 3 ]",
            "| s | s := Semaphore new. [ s signal ] fork. s wait. #(1 $a #b 'c' 2.5) printString",
            "(1.5 + (1 / 3)) > 1 and: [ (#(3 1 2) inject: 0 into: [ :a :b | a max: b ]) = 3 ]",
            "[ nil foo: 3 ] on: MessageNotUnderstood do: [ :e | e resume: 4 ]",
            "Object subclass: #Probe instanceVariableNames: 'a b' classVariableNames: '' package: 'Tests'.
            Probe compile: 'a ^ a'. Probe compile: 'a: x a := x'. Probe compile: 'three ^ 3'.
            Probe compile: 'return: x [ :y | ^ y ] value: x'. Probe compile: 'printOn: s super printOn: s. s << ''!'''.
            p := Probe new. p a: 3. p return: 4. p printString.
            1 to: 9 do: [ :i | p a. p three. Probe new. i printString. p printString. p yourself ].
            #(1 $a #b 'c' 2.5 nil true (1) 1000000000000000000000 2) do: [ :e | e printString. e isNil. e hash. e class ].
            { 1. nil. #(1). 'a'. p. 3 / 4. 2.5. $a. #a. 1 -> 2 } do: [ :e | e printString. e isString. e = 3 ]",
            "| n t | n := 5. t := 2. { n // t. n \\\\ t. n bitAnd: t. n bitOr: t. n bitXor: t. n bitShift: t. n - t. n * t. n - 1. n / t }.
            { n < t. n <= t. n > t. n >= t. n = t. n ~= t. n == t }.
            [ n < 9 ] whileTrue: [ n := n + 1 ]. [ n <= 19 ] whileTrue: [ n := n + t ]. [ n > 9 ] whileTrue: [ n := n - 1 ].
            [ n >= 2 ] whileTrue: [ n := n - 1 ]. [ n = 5 ] whileTrue: [ n := 6 ]. [ n ~= 5 ] whileTrue: [ n := 5 ].
            [ n < t ] whileTrue: [ n := n + 1 ]. [ n <= t ] whileTrue: [ n := n + 1 ]. [ n > t ] whileTrue: [ n := n - 1 ].
            [ n >= t ] whileTrue: [ n := n - 1 ]. [ n = t ] whileTrue: [ n := n + 1 ]. [ n ~= t ] whileTrue: [ n := t ].
            n < t ifTrue: [ 1 ]. n <= t ifTrue: [ 1 ]. n > t ifTrue: [ 1 ]. n >= t ifTrue: [ 1 ]. n = t ifTrue: [ 1 ]. n ~= t ifTrue: [ 1 ].
            n < 1 ifTrue: [ 1 ]. n <= 1 ifTrue: [ 1 ]. n > 1 ifTrue: [ 1 ]. n >= 1 ifTrue: [ 1 ]. n = 1 ifTrue: [ 1 ]. n ~= 1 ifTrue: [ 1 ].
            [ n < t ] whileFalse: [ n := n - 1 ]. [ n <= t ] whileFalse: [ n := n - 1 ]. [ n > t ] whileFalse: [ n := n + 1 ].
            [ n >= t ] whileFalse: [ n := n + 1 ]. [ n = t ] whileFalse: [ n := t ]. [ n ~= t ] whileFalse: [ n := n + 1 ].
            n == t ifTrue: [ 1 ]. n ~~ t ifTrue: [ 1 ]. n isNil ifTrue: [ 1 ]. n notNil ifTrue: [ 1 ]. n ifNil: [ 1 ]. n ifNotNil: [ 1 ]. n isNil | n notNil.
            [ n == t ] whileTrue: [ n := n + 1 ]. [ n ~~ t ] whileTrue: [ n := t ]. 3 timesRepeat: [ thisContext ]. n timesRepeat: [ 3 ]",
            "| a b s w | a := Array new: 3. b := ByteArray new: 3. s := String new: 3. w := WideString new: 3.
            1 to: 3 do: [ :i | { a. b } do: [ :e | (e at: i) == (e at: i put: i) ]. { b. a } do: [ :e | e at: i put: (e at: i) ]. s at: i put: $a. s at: i. w at: i. { s. a. b } do: [ :e | e at: i. e size ] ].
            b at: 1 put: 2. a at: 1 put: 2. a at: 1. b at: 1. a size",
        ]
        .into_iter()
        .map(String::from)
        .chain([
            format!("{{ {} }} size", "3. ".repeat(150)),
            String::from("ProbeGlobal := 3. ProbeGlobal := ProbeGlobal + 1. Undeclared := ProbeGlobal. [ Undeclared := 3 ] value"),
        ]) {
            let program = program.as_str();
            vm.probes.clear();
            vm.evaluate("probe", program).expect(program);
            assert_eq!(vm.probes.len(), 1, "{program}: {:x?}", vm.probes);
        }
        // Every instruction was among them, but for the canary's.
        let missing: Vec<&str> = crate::compiler::opcode::OPS
            .iter()
            .filter(|&&op| op != Op::PROBE && !SEEN[op as usize].load(Ordering::Relaxed))
            .map(|op| op.name())
            .collect();
        assert!(missing.is_empty(), "not probed: {missing:?}");
    }
}
