//! Every primitive with arguments that it does not expect: none may panic, hang, or leave the heap in disorder.
//!
//! `CHIRP_FUZZ=1000000` makes as many calls instead of the few of an ordinary run; `CHIRP_FUZZ_SEED=7` other
//! ones; `CHIRP_FUZZ_TRACE=1` tells each call before it is made, and checks the heap behind each.
//! With `CHIRP_STRESS=1` there is a collection at every allocation.

use chirp::host::stdio::Stdio;
use chirp::host::{Capabilities, Host};
use chirp::loader::boot;
use chirp::loader::image::Image;
use chirp::memory::{HeapOptions, Value};
use chirp::vm::Vm;
use chirp::vm::handles::Root;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls of an ordinary run, and calls after which a new machine is made: some leave little of the library.
const CALLS: u64 = 20_000;
const BATCH: u64 = 2_000;

/// They wait for time to pass, as they should.
const LEFT_OUT: &[&str] = &["delayWait", "semaphoreWaitTimeout"];

/// What receivers and arguments are made from.
const VALUES: &[&str] = &[
    "nil",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "64",
    "103",
    "255",
    "256",
    "1000",
    "16r7FFFFFFF",
    "1 << 40",
    "SmallInteger maxVal",
    "SmallInteger minVal",
    "1 << 60",
    "(1 << 60) negated",
    "1 << 64",
    "(1 << 200) + 1",
    "(1 << 5000) - 1",
    "0.0",
    "-1.5",
    "1.0e100",
    "1.0e300",
    "1.0e-200",
    "Float nan",
    "Float infinity",
    "0.1",
    "1 / 3",
    "3.14s2",
    "$a",
    "$é",
    "Character value: 16r10FFFF",
    "''",
    "'abc' copy",
    "'añb' copy",
    "'αβγ' copy",
    "'123'",
    "'3.5e2'",
    "'foo bar, baz' copy",
    "String new: 300",
    "#foo",
    "#+",
    "#at:put:",
    "#value",
    "'äöλ' asSymbol",
    "#()",
    "Array new: 3",
    "{ 1. 2. 3 }",
    "{ 'a'. #b. nil. { 2.5 } }",
    "| a | a := Array new: 2. a at: 1 put: a. a",
    "#(1 2 3)",
    "Array new: 300",
    "#[1 2 3]",
    "ByteArray new: 40",
    "WordArray new: 3",
    "WideString new: 3",
    "1 -> 2",
    "OrderedCollection withAll: #(1 2)",
    "Dictionary new at: 1 put: 2; yourself",
    "Set withAll: #(1 a)",
    "IdentityDictionary new at: #a put: 2; yourself",
    "IdentitySet new",
    "WeakArray new: 2",
    "1 to: 5",
    "3 @ 4",
    "ReadStream on: #(1 2 3)",
    "WriteStream on: String new",
    "WriteStream on: (Array new: 2)",
    "Semaphore new",
    "[ 3 ] newProcess",
    "Processor activeProcess",
    "Processor",
    "[ 3 ] fork",
    "Object",
    "Array",
    "ByteString",
    "Fuzz",
    "Fuzz class",
    "Metaclass",
    "SmallInteger",
    "Float",
    "BlockClosure",
    "Process",
    "[ 3 ]",
    "[ :x | x ]",
    "[ :x :y | y ]",
    "[ :x | thisContext ]",
    "Fuzz new escaping",
    "thisContext",
    "Fuzz new context",
    "Array >> #isArray",
    "Object >> #printString",
    "Message selector: #foo arguments: #(1)",
    "Error new",
    "Smalltalk",
    "Random new",
    "Fuzz new",
    "Object new",
    "Association new",
    "Exception",
    "Symbol",
    "'Fuzz'",
    "'a'",
    "'foo ^ 3'",
    "'3 + 4'",
    // Handles of TLS sessions, fresh and in the middle of a handshake.
    "[ ZdcPluginSSLSession basicNew primitiveSSLCreate ] on: Error do: [ :e | nil ]",
    "[ | s h | s := ZdcPluginSSLSession basicNew. h := s primitiveSSLCreate.
        s primitiveSSL: h setIntProperty: 100 toValue: 0.
        s primitiveSSL: h connect: '' startingAt: 1 count: 0 into: (ByteArray new: 1000). h ]
        on: Error do: [ :e | nil ]",
];

/// A small generator of numbers; the same seed gives the same calls.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

struct Player {
    vm: Box<Vm>,
    values: Vec<(Root, String)>,
    names: Vec<&'static str>,
    installed: HashSet<(usize, usize)>,
}

impl Player {
    fn new() -> Player {
        let host = Host::new(Capabilities::none(), Stdio::none()).expect("a host");
        let mut vm = boot(&Image::embedded(), HeapOptions::default(), host).expect("the library");
        vm.limits.memory = 256 << 20;
        vm.limits.stack = 100_000;
        let mut names: Vec<_> = vm
            .primitive_names()
            .filter(|n| !LEFT_OUT.contains(n))
            .collect();
        names.sort_unstable();
        let mut player = Player {
            vm,
            values: Vec::new(),
            names,
            installed: HashSet::new(),
        };
        player.run("Object subclass: #Fuzz instanceVariableNames: 'a b c d' classVariableNames: 'V' package: 'Fuzz'.
            Fuzz compile: 'escaping ^ [ :x | ^ x ]'. Fuzz compile: 'context ^ thisContext'. Fuzz compile: 'a: x a := x'");
        for text in VALUES {
            let v = player
                .vm
                .evaluate("value", text)
                .unwrap_or_else(|e| panic!("{text}: {e:?}"));
            player.values.push((player.vm.root(v), text.to_string()));
        }
        if std::env::var_os("CHIRP_STRESS").is_some() {
            player.vm.heap.set_stress(true);
        }
        player
    }

    fn run(&mut self, text: &str) {
        self.vm.limits.deadline = Some(self.vm.now() + 60_000_000);
        // What the calls have done to the library may make it fail.
        let _whatever = self.vm.evaluate("fuzz", text);
    }

    /// A method with `count` arguments whose primitive it is, and one that sends it.
    fn install(&mut self, primitive: usize, count: usize) {
        if !self.installed.insert((primitive, count)) {
            return;
        }
        let pattern = |name: &str| match count {
            0 => format!("{name}{primitive}"),
            _ => (0..count)
                .map(|i| match i {
                    0 => format!("{name}{primitive}: a0"),
                    i => format!(" a{i}: a{i}"),
                })
                .collect(),
        };
        let name = self.names[primitive];
        let call = match count {
            0 => format!("call{primitive}zero: r"),
            _ => format!("{} r: r", pattern("call")),
        };
        self.run(&format!(
            "Object compile: '{} <primitive: ''{name}'' error: code> ^ code'. Object compile: '{call} ^ r {}'",
            pattern("prim"),
            pattern("prim")
        ));
    }

    fn play(&mut self, dice: &mut Dice) {
        let primitive = dice.below(self.names.len());
        let count = match dice.below(10) {
            0 => 0,
            9 => 7,
            n => n.div_ceil(2),
        };
        self.install(primitive, count);
        let picks: Vec<usize> = (0..=count).map(|_| dice.below(self.values.len())).collect();
        let value = |p: &Player, i: usize| p.vm.rooted(&p.values[i].0).expect("a root");
        let told = || {
            let args: Vec<_> = picks.iter().map(|&i| self.values[i].1.as_str()).collect();
            format!("{}: {}", self.names[primitive], args.join(", "))
        };
        let told = told();
        if std::env::var_os("CHIRP_FUZZ_TRACE").is_some() {
            eprintln!("{told}");
        }
        // Receiver of the primitive last; whoever sends it is of no interest.
        let mut args: Vec<Value> = vec![value(self, 0)];
        args.extend(picks[1..].iter().map(|&i| value(self, i)));
        args.push(value(self, picks[0]));
        let selector = match count {
            0 => format!("call{primitive}zero:"),
            _ => {
                let rest: String = (1..count).map(|i| format!("a{i}:")).collect();
                format!("call{primitive}:{rest}r:")
            }
        };
        let selector = self.vm.intern(&selector);
        self.vm.limits.deadline = Some(self.vm.now() + 2_000_000);
        let result = catch_unwind(AssertUnwindSafe(|| self.vm.send_message(selector, &args)));
        match result {
            Ok(Ok(v)) => {
                let at = dice.below(self.values.len() * 4);
                if at > 0 && at < self.values.len() {
                    let name = format!("({told})");
                    let name = name.chars().take(300).collect();
                    self.values[at] = (self.vm.root(v), name);
                }
            }
            // Exceptions and stops are right answers to wrong questions.
            Ok(Err(_)) => {}
            Err(_) => panic!("{told}: panicked"),
        }
        let due = dice.below(200) == 0;
        if due {
            self.vm.collect_garbage();
        }
        if (due || std::env::var_os("CHIRP_FUZZ_TRACE").is_some())
            && let Err(problem) = self.vm.check_heap()
        {
            panic!("{told}: {problem}");
        }
    }
}

#[test]
fn primitives_take_anything() {
    let calls = setting("CHIRP_FUZZ").unwrap_or(CALLS);
    let seed = setting("CHIRP_FUZZ_SEED").unwrap_or(1);
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut made = 0;
    while made < calls {
        let mut player = Player::new();
        for _ in 0..BATCH.min(calls - made) {
            player.play(&mut dice);
            made += 1;
        }
        player.vm.collect_garbage();
        player.vm.check_heap().expect("a heap in order");
    }
}
