//! Every primitive with arguments that it does not expect: none may panic, hang, or leave the heap in disorder.
//!
//! `CHIRP_FUZZ=1000000` makes as many calls instead of the few of an ordinary run; `CHIRP_FUZZ_SEED=7` other
//! ones; `CHIRP_FUZZ_TRACE=1` tells each call before it is made, and checks the heap behind each.
//! With `CHIRP_STRESS=1` there is a collection at every allocation.
//!
//! Those of sockets are called twice: without the permission to make any like all the others, and with it among
//! living sockets, which are counted.

#![cfg(feature = "tools")]

use chirp::host::stdio::Stdio;
use chirp::host::{Capabilities, Host};
use chirp::loader::boot;
use chirp::loader::image::Image;
use chirp::memory::{HeapOptions, Value};
use chirp::vm::handles::Root;
use chirp::vm::{Outlined, Vm};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls of an ordinary run, and calls after which a new machine is made: some leave little of the library.
const CALLS: u64 = 20_000;
const BATCH: u64 = 2_000;

/// They wait for time to pass, as they should.
const LEFT_OUT: &[&str] = &["delayWait", "semaphoreWaitTimeout"];

/// Receivers and arguments of the primitives of sockets, more likely than others; the first ones are handles.
#[cfg(feature = "net")]
const SOCKETS: &[&str] = &[
    "Fuzz keep: (Socket newTCP listenOn: 0 backlogSize: 5 interface: #[127 0 0 1]; yourself)",
    "Fuzz keep: (Socket newTCP listenOn: 0 backlogSize: 1 interface: #[127 0 0 1]; yourself)",
    "| l | l := Socket newTCP listenOn: 0 backlogSize: 5 interface: #[127 0 0 1]; yourself. Fuzz keep: l.
        Fuzz keep: (Socket newTCP connectTo: #[127 0 0 1] port: l localPort; yourself)",
    "Fuzz keep: Socket socketPair first",
    "| p | p := Socket socketPair. Fuzz keep: p first. Fuzz keep: p last",
    "| p | p := Socket socketPair: 3. Fuzz keep: p first. Fuzz keep: p last",
    "| p | p := Socket socketPair: 1. Fuzz keep: p first. Fuzz keep: p last",
    "Fuzz keep: (Socket newUDP setPort: 0 interface: #[127 0 0 1]; yourself)",
    "Fuzz keep: Socket newUDP",
    "Fuzz keep: (Socket newTCP: 3)",
    "Fuzz keep: Socket newIPC",
    "Fuzz keep: (Socket newIPC bindTo: SocketAddress unnamed; listenWithBacklog: 3; yourself)",
    "Fuzz keep: Socket newIPCDatagram",
    "| h | h := Fuzz keep: Socket newTCP. h copy at: 13 put: 99; yourself",
    "| s h | s := Socket newTCP. h := s socketHandle copy. s destroy. h",
    "#[127 0 0 1]",
    "SocketAddress loopback",
    "SocketAddress ip: #[127 0 0 1] port: 0",
    "SocketAddress ip: #[0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1] port: 0",
    "SocketAddress localPath: '/no/such/place'",
    "SocketAddress abstract: 'chirp fuzz'",
    "SocketAddress unnamed",
    "ByteArray new: 4",
    "ByteArray new: 16",
    "SocketAddress new: 24",
    "SocketAddress new: 118",
    "'SO_SNDBUF'",
    "'SO_LINGER'",
    "'TCP_NODELAY'",
    "'IP_ADD_MEMBERSHIP'",
    "'localhost'",
    "'127.0.0.1'",
    "'80'",
    "#(0 0 0)",
    "0",
    "1",
    "2",
    "3",
    "4",
    "65536",
    "ByteArray new: 3000",
    "WordArray new: 300",
];

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
    // Instances that nobody has initialised, or that are none.
    "Socket basicNew",
    "File basicNew",
    "Delay basicNew",
    "Semaphore basicNew",
    "Mutex basicNew",
    "MethodDictionary basicNew",
    "LargePositiveInteger basicNew: 4",
    "LargeNegativeInteger basicNew: 0",
    "Fraction basicNew",
    "Interval basicNew",
    "OrderedCollection basicNew",
    "Dictionary basicNew",
    "WriteStream basicNew",
    "Exception basicNew",
    "Random basicNew",
    "SocketAddress basicNew: 3",
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

/// How many of the first values are handles.
const HANDLES: usize = 15;

struct Player {
    vm: Outlined<Vm>,
    values: Vec<(Root, String)>,
    /// Module and name.
    names: Vec<(&'static str, &'static str)>,
    installed: HashSet<(usize, usize)>,
    /// Number of values that are more likely than the others, from the first one on.
    favoured: usize,
}

impl Player {
    fn new() -> Player {
        Player::with(Capabilities::none(), &[], |_| true)
    }

    /// Plays with the primitives that are wanted, and these values before all others.
    fn with(
        allowed: Capabilities,
        values: &'static [&'static str],
        wanted: fn(&str) -> bool,
    ) -> Player {
        let host = Host::new(allowed, Stdio::none()).expect("a host");
        let mut vm = boot(&Image::embedded(), HeapOptions::default(), host).expect("the library");
        vm.limits.memory = 256 << 20;
        vm.limits.stack = 100_000;
        let mut names: Vec<_> = vm
            .primitives
            .names()
            .filter(|(_, name)| !LEFT_OUT.contains(name) && wanted(name))
            .collect();
        names.sort_unstable();
        let mut player = Player {
            vm,
            values: Vec::new(),
            names,
            installed: HashSet::new(),
            favoured: values.len(),
        };
        player.run("Object subclass: #Fuzz instanceVariableNames: 'a b c d' classVariableNames: 'V' package: 'Fuzz'.
            Fuzz compile: 'escaping ^ [ :x | ^ x ]'. Fuzz compile: 'context ^ thisContext'. Fuzz compile: 'a: x a := x'.
            Fuzz class compile: 'keep: s V ifNil: [ V := OrderedCollection new ]. V add: s. ^ s socketHandle'");
        for text in values.iter().chain(VALUES) {
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
        let (module, name) = self.names[primitive];
        let call = match count {
            0 => format!("call{primitive}zero: r"),
            _ => format!("{} r: r", pattern("call")),
        };
        self.run(&format!(
            "Object compile: '{} <primitive: ''{name}'' module: ''{module}'' error: code> ^ code'. Object compile: '{call} ^ r {}'",
            pattern("prim"),
            pattern("prim")
        ));
    }

    fn pick(&self, dice: &mut Dice) -> usize {
        if self.favoured > 0 && dice.below(4) > 0 {
            return dice.below(self.favoured);
        }
        dice.below(self.values.len())
    }

    /// Whether a socket could take this for the address of another machine: no test needs one.
    fn leads_outside(&self, pick: usize) -> bool {
        if self.favoured == 0 {
            return false;
        }
        let value = self.vm.rooted(&self.values[pick].0).expect("a root");
        match self.vm.heap.bytes(value) {
            [first, _, _, _] => *first != 127 && *first != 0,
            address if address.len() == 16 => pick >= HANDLES && address[..15] != [0; 15],
            _ => false,
        }
    }

    fn play(&mut self, dice: &mut Dice) {
        let primitive = dice.below(self.names.len());
        let count = match dice.below(10) {
            n if self.favoured > 0 => n.min(8),
            0 => 0,
            9 => 7,
            n => n.div_ceil(2),
        };
        self.install(primitive, count);
        let mut picks: Vec<usize> = (0..=count).map(|_| self.pick(dice)).collect();
        if self.favoured > 0 && count > 0 && dice.below(3) > 0 {
            // A handle, since nearly all begin with one.
            picks[1] = dice.below(HANDLES);
        }
        if picks.iter().any(|&pick| self.leads_outside(pick)) {
            return;
        }
        let value = |p: &Player, i: usize| p.vm.rooted(&p.values[i].0).expect("a root");
        let told = || {
            let args: Vec<_> = picks.iter().map(|&i| self.values[i].1.as_str()).collect();
            format!("{}: {}", self.names[primitive].1, args.join(", "))
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
                if at >= self.favoured.max(1) && at < self.values.len() {
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

/// Descriptors of this process that are sockets.
#[cfg(feature = "net")]
fn open_sockets() -> usize {
    let entries = std::fs::read_dir("/proc/self/fd").expect("descriptors");
    let links = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    links
        .filter(|link| link.to_string_lossy().starts_with("socket:"))
        .count()
}

/// T-20: handles that are living, stale, forged or no handles at all; addresses, buffers and nonsense. Nothing panics
/// or hangs, and when the machine ends, no socket is left.
#[cfg(feature = "net")]
#[test]
fn primitives_of_sockets_take_anything_and_leak_nothing() {
    use chirp::host::net::resolver::{Answer, Question};
    let calls = setting("CHIRP_FUZZ").unwrap_or(CALLS);
    let seed = setting("CHIRP_FUZZ_SEED").unwrap_or(1);
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    // Names that an address is made for may become files.
    let folder = std::env::temp_dir().join(format!("chirp-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::env::set_current_dir(&folder).expect("a folder");
    let before = open_sockets();
    let mut made = 0;
    while made < calls {
        let allowed = Capabilities {
            net: chirp::Net::all(),
            ..Capabilities::none()
        };
        let mut player = Player::with(allowed, SOCKETS, |name| {
            name.starts_with("primitive") && name != "primitiveDisableSocketAccess"
        });
        let (resolver, _) = player.vm.host.net.resolver().expect("the permission");
        resolver.ask_instead(std::sync::Arc::new(|question: &Question| match question {
            Question::Addresses { .. } => Answer::Addresses(Err(libc::EAI_NONAME)),
            Question::Names { .. } => Answer::Names(Err(libc::EAI_NONAME)),
        }));
        for _ in 0..BATCH.min(calls - made) {
            player.play(&mut dice);
            made += 1;
        }
        player.vm.collect_garbage();
        player.vm.check_heap().expect("a heap in order");
        assert!(player.vm.host.net.open_count() > 0, "there were sockets");
        drop(player);
        assert_eq!(open_sockets(), before, "sockets are left open");
    }
    let _ = std::fs::remove_dir_all(&folder);
}
