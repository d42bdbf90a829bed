//! Looking names up while the name server takes its time: whoever asks waits, nobody else. The test itself is the
//! name server, and decides when it answers.

#![cfg(feature = "net")]

use chirp::host::net::Address;
use chirp::host::net::resolver::{Answer, Question};
use chirp::host::stdio::Stdio;
use chirp::host::sys::resolve::RawInfo;
use chirp::host::{Capabilities, Host};
use chirp::loader::boot;
use chirp::loader::image::Image;
use chirp::memory::HeapOptions;
use chirp::vm::{Outlined, Vm};
use std::net::TcpListener;
use std::sync::{Arc, Condvar, Mutex};

/// What keeps the name server from answering until somebody connects to its port.
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    /// A closed gate and the port that opens it.
    fn new() -> (Arc<Gate>, u16) {
        let gate = Arc::new(Gate {
            is_open: Mutex::new(false),
            opened: Condvar::new(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = gate.clone();
        std::thread::spawn(move || {
            listener.accept().expect("somebody");
            *shared.is_open.lock().expect("the lock") = true;
            shared.opened.notify_all();
        });
        (gate, port)
    }

    fn wait(&self) {
        let is_open = self.is_open.lock().expect("the lock");
        drop(self.opened.wait_while(is_open, |is_open| !*is_open));
    }
}

/// What a name server knows: hosts `a` to `z` are 10.0.0.1 to 10.0.0.26.
fn answer(question: &Question) -> Answer {
    match question {
        Question::Addresses { host, .. } => {
            let number = match host.as_slice() {
                [letter @ b'a'..=b'z'] => letter - b'a' + 1,
                _ => return Answer::Addresses(Err(libc::EAI_NONAME)),
            };
            let address = Address::inet4([10, 0, 0, number].into(), 0);
            Answer::Addresses(Ok(vec![RawInfo {
                address: address.to_raw(),
                socket_type: libc::SOCK_STREAM,
                protocol: libc::IPPROTO_TCP,
            }]))
        }
        Question::Names { .. } => Answer::Names(Ok((b"host".to_vec(), b"http".to_vec()))),
    }
}

fn machine(look_up: impl Fn(&Question) -> Answer + Send + Sync + 'static) -> Outlined<Vm> {
    let host = Host::new(Capabilities::all(), Stdio::none()).expect("a host");
    let mut vm = boot(&Image::embedded(), HeapOptions::default(), host).expect("the library");
    let (resolver, _) = vm.host.net.resolver().expect("the permission");
    resolver.ask_instead(Arc::new(look_up));
    vm.limits.deadline = Some(vm.now() + 60_000_000);
    vm
}

/// The value of the script, which must be a String.
fn evaluate(vm: &mut Vm, script: &str) -> String {
    let methods = "Object subclass: #Foreign instanceVariableNames: '' classVariableNames: '' package: 'Foreign'.
Foreign class compile: 'info: h service: s flags: f family: m type: t protocol: p
	<primitive: ''primitiveResolverGetAddressInfo'' module: ''SocketPlugin'' error: ec> ^ ec'.
Foreign class compile: 'names: a flags: f <primitive: ''primitiveResolverGetNameInfo'' module: ''SocketPlugin'' error: ec> ^ ec'.
Foreign class compile: 'addressOf: name
	self info: name service: '''' flags: 0 family: 0 type: 1 protocol: 0.
	^ NetNameResolver nextSocketAddressInformation socketAddress printString'.\n";
    let value = vm
        .evaluate("script", &format!("{methods}{script}"))
        .unwrap_or_else(|problem| panic!("{problem:?}"));
    String::from_utf8_lossy(vm.heap.bytes(value)).into_owned()
}

/// T-16: the others tick on, whichever way somebody asks.
#[test]
fn a_slow_name_server_keeps_only_those_waiting_who_ask() {
    let (gate, port) = Gate::new();
    let mut vm = machine(move |question| {
        gate.wait();
        answer(question)
    });
    let order = evaluate(
        &mut vm,
        &format!(
            "| done order said |
done := Semaphore new. order := OrderedCollection new.
said := [ :what | order add: what. done signal ].
[ said value: (NetNameResolver addressForName: 'a') printString ] fork.
[ said value: (Foreign addressOf: 'b') ] fork.
[ said value: (Foreign names: (SocketAddress ip: #[10 0 0 3] port: 80) flags: 0) printString , NetNameResolver primGetNameInfoHostSize printString ] fork.
[ NetNameResolver primStartLookupOfName: 'd'. [ NetNameResolver primNameResolverStatus = 2 ] whileTrue: [ (Delay forMilliseconds: 2) wait ].
	said value: NetNameResolver primNameLookupResult printString ] fork.
[ [ NetNameResolver addressForName: 'e' timeout: 0.02 ] on: NameLookupFailure do: [ :e | said value: 'too late' ] ] fork.
20 timesRepeat: [ (Delay forMilliseconds: 2) wait ].
done wait.
order add: 'twenty ticks'.
(Socket newTCP connectTo: #[127 0 0 1] port: {port}) destroy.
4 timesRepeat: [ done wait ].
(order first: 2) printString , (order allButFirst: 2) asSet size printString , (order allButFirst: 2) asSortedCollection asArray printString"
        ),
    );
    let rest = "#('#[10 0 0 4]' '10.0.0.1' '10.0.0.2:0' 'Foreign4')";
    assert!(
        order.contains("'too late' 'twenty ticks'") && order.ends_with(&format!("4{rest}")),
        "{order}"
    );
}

/// The Process that waits within the primitive is terminated, interrupted, or asks anew: nothing is left of its wait.
#[test]
fn waiting_for_a_name_server_ends_with_the_process() {
    let (gate, port) = Gate::new();
    let mut vm = machine(move |question| {
        gate.wait();
        answer(question)
    });
    let result = evaluate(
        &mut vm,
        &format!(
            "| processes unwound done again |
unwound := 0.
done := Semaphore new.
\"More than there are threads: some are asked, some wait for their turn.\"
processes := (1 to: 20) collect: [ :i | [ [ Foreign addressOf: 'a' ] ensure: [ unwound := unwound + 1 ] ] fork ].
again := [ Foreign addressOf: 'z'. done signal ] fork.
Processor yield.
processes do: [ :each | each terminate ].
(Socket newTCP connectTo: #[127 0 0 1] port: {port}) destroy.
done wait.
\"A late signal for a socket that is gone wakes nobody who waits for a name.\"
300 timesRepeat: [ | process |
	process := [ Foreign addressOf: 'b' ] fork. Processor yield. process terminate.
	Socket newTCP destroy.
	Foreign addressOf: 'c' ].
(Foreign addressOf: 'x') , ' ' , unwound printString"
        ),
    );
    assert_eq!(result, "10.0.0.24:0 20");
}

/// T-17, R-24: each Process has results of its own, however their look-ups interleave.
#[test]
fn processes_that_look_up_at_once_get_their_own_results() {
    let mut vm = machine(answer);
    let result = evaluate(
        &mut vm,
        "| done wrong |
done := Semaphore new. wrong := OrderedCollection new.
'abcdefghij' doWithIndex: [ :letter :number |
	[ 20 timesRepeat: [ | found |
		Foreign info: letter asString service: '' flags: 0 family: 0 type: 0 protocol: 0.
		Processor yield.
		found := NetNameResolver nextSocketAddressInformation socketAddress printString.
		found = ('10.0.0.' , number printString , ':0') ifFalse: [ wrong add: letter -> found ] ].
	done signal ] fork ].
10 timesRepeat: [ done wait ].
wrong asArray printString , ([ NetNameResolver addressForName: 'unknown' ] on: NameLookupFailure do: [ :e | e messageText ])",
    );
    assert!(
        result.starts_with("#()") && result.contains("unknown"),
        "{result}"
    );
}
