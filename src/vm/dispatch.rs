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

/// One instruction of the threaded form.
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
        let mut pc = $pc;
        let mut fp = $fp;
        if ops::$name($vm, &mut pc, &mut fp, $insn) {
            let insn = *pc;
            return ((*$vm).table[(insn & 0xff) as usize])($vm, pc.add(1), fp, insn);
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
        let (pc, fp) = slow::step(&mut *vm, pc, fp, insn);
        if !pc.is_null() {
            let insn = *pc;
            return ((*vm).table[(insn & 0xff) as usize])(vm, pc.add(1), fp, insn);
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
        let (pc, fp) = slow::step(&mut *vm, pc, fp, insn);
        if !pc.is_null() {
            let insn = *pc;
            return ((*vm).table[(insn & 0xff) as usize])(vm, pc.add(1), fp, insn);
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
            ((*vm).table[(insn & 0xff) as usize])(vm, pc.add(1), fp, insn);
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

    fn machine() -> Box<Vm> {
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
        unsafe extern "sysv64-unwind" fn traced(vm: *mut Vm, pc: Pc, fp: Fp, insn: u32) {
            // SAFETY: see `ops`.
            unsafe {
                note(&mut *vm);
                return threaded::HANDLERS[(insn & 0xff) as usize](vm, pc, fp, insn);
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
        ] {
            vm.probes.clear();
            vm.evaluate("probe", program).expect(program);
            assert_eq!(vm.probes.len(), 1, "{program}: {:x?}", vm.probes);
        }
    }
}
