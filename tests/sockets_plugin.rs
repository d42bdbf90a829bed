//! The socket plugin as code from elsewhere sees it: every primitive under its name and module, on a
//! class that knows nothing of ours, with a body of its own for failures.

#![cfg(feature = "cli")]

mod peers;

use peers::{Scratch, chirp_script};

/// Selector with arguments, and primitive. The receiver is ignored by all of them.
const METHODS: &str = "
network: i | primitiveInitializeNetwork
hasAccess | primitiveHasSocketAccess
disableAccess | primitiveDisableSocketAccess
create: dom type: t receive: r send: s sema: i read: j write: k | primitiveSocketCreate3Semaphores
create: dom type: t receive: r send: s sema: i | primitiveSocketCreate
createRaw: dom protocol: p receive: r send: s sema: i read: j write: k | primitiveSocketCreateRAW
pair: t semas: a and: b | primitiveSocketPair
accept: h receive: r send: s sema: i | primitiveSocketAccept
accept: h receive: r send: s sema: i read: j write: k | primitiveSocketAccept3Semaphores
lastError | primitiveSocketLastError
sock: h listenOn: p | primitiveSocketListenWithOrWithoutBacklog
sock: h listenEither: p backlog: n | primitiveSocketListenWithOrWithoutBacklog
sock: h setPort: p | primitiveSocketListenOnPort
sock: h listenOn: p backlog: n | primitiveSocketListenOnPortBacklog
sock: h listenOn: p backlog: n interface: a | primitiveSocketListenOnPortBacklogInterface
sock: h bindTo: a port: p | primitiveSocketBindToPort
sock: h bindTo: sa | primitiveSocketBindTo
sock: h bindTo: sa mode: m | primitiveSocketBindWithMode
sock: h listenWithBacklog: n | primitiveSocketListenWithBacklog
sock: h connectTo: a port: p | primitiveSocketConnectToPort
sock: h connectTo: sa | primitiveSocketConnectTo
status: h | primitiveSocketConnectionStatus
error: h | primitiveSocketError
localAddress: h | primitiveSocketLocalAddress
remoteAddress: h | primitiveSocketRemoteAddress
localPort: h | primitiveSocketLocalPort
remotePort: h | primitiveSocketRemotePort
localSize: h | primitiveSocketLocalAddressSize
sock: h localResult: sa | primitiveSocketLocalAddressResult
remoteSize: h | primitiveSocketRemoteAddressSize
sock: h remoteResult: sa | primitiveSocketRemoteAddressResult
acceptAddress: h | primitiveSocketAcceptAddress
available: h | primitiveSocketReceiveDataAvailable
sock: h into: b at: i count: n | primitiveSocketReceiveDataBufCount
sendDone: h | primitiveSocketSendDone
sock: h send: b at: i count: n | primitiveSocketSendDataBufCount
sock: h datagramInto: b at: i count: n | primitiveSocketReceiveUDPDataBufCount
sock: h send: b to: a port: p at: i count: n | primitiveSocketSendUDPDataBufCount
sock: h send: b to: sa at: i count: n | primitiveSocketSendDatagram
sock: h messageInto: b at: i count: n | primitiveSocketReceiveDatagram
sock: h option: name | primitiveSocketGetOptions
sock: h option: name put: v | primitiveSocketSetOptions
sock: h shutdown: d | primitiveSocketShutdown
credentials: h | primitiveSocketPeerCredentials
sock: h unlink: b | primitiveSocketUnlinkOnClose
removeStale: sa | primitiveSocketRemoveStale
inputClosed: h | primitiveSocketIsInputClosed
outputClosed: h | primitiveSocketIsOutputClosed
close: h | primitiveSocketCloseConnection
abort: h | primitiveSocketAbortConnection
destroy: h | primitiveSocketDestroy
errorName: n | primitiveSocketErrorName
errorText: n | primitiveSocketErrorString
fd: h | primitiveSocketFd
inherited | primitiveSocketInherited
adopt: n sema: i read: j write: k | primitiveSocketAdoptFd
sock: h sema: i read: j write: k | primitiveSocketSetSemaphores
sock: h send: b at: i count: n handles: a | primitiveSocketSendDescriptors
sock: h handlesInto: b at: i count: n | primitiveSocketReceiveDescriptors
resolverStatus | primitiveResolverStatus
resolverError | primitiveResolverError
abortLookup | primitiveResolverAbortLookup
lookUpName: s | primitiveResolverStartNameLookup
foundAddress | primitiveResolverNameLookupResult
lookUpAddress: a | primitiveResolverStartAddressLookup
foundName | primitiveResolverAddressLookupResult
ownAddress | primitiveResolverLocalAddress
hostNameSize | primitiveResolverHostNameSize
hostNameInto: s | primitiveResolverHostNameResult
info: h service: s flags: f family: m type: t protocol: p | primitiveResolverGetAddressInfo
infoSize | primitiveResolverGetAddressInfoSize
infoInto: sa | primitiveResolverGetAddressInfoResult
infoFamily | primitiveResolverGetAddressInfoFamily
infoType | primitiveResolverGetAddressInfoType
infoProtocol | primitiveResolverGetAddressInfoProtocol
infoNext | primitiveResolverGetAddressInfoNext
names: sa flags: f | primitiveResolverGetNameInfo
hostSize | primitiveResolverGetNameInfoHostSize
hostInto: s | primitiveResolverGetNameInfoHostResult
serviceSize | primitiveResolverGetNameInfoServiceSize
serviceInto: s | primitiveResolverGetNameInfoServiceResult
";

/// What every script here begins with: the methods on `Foreign`, which has one instance `it`, and the
/// port of an address on a class of bytes.
fn foreign(script: &str) -> String {
    let mut text = String::from(
        "Object subclass: #Foreign instanceVariableNames: '' classVariableNames: '' package: 'Foreign'.
ByteArray variableByteSubclass: #ForeignAddress instanceVariableNames: '' classVariableNames: '' package: 'Foreign'.
ForeignAddress compile: 'port <primitive: ''primitiveSocketAddressGetPort'' module: ''SocketPlugin'' error: ec> ^ ec'.
ForeignAddress compile: 'port: n <primitive: ''primitiveSocketAddressSetPort'' module: ''SocketPlugin'' error: ec> ^ ec'.\n",
    );
    for line in METHODS.trim().lines() {
        let (selector, primitive) = line.split_once(" | ").expect("two parts");
        text.push_str(&format!(
            "Foreign compile: '{selector} <primitive: ''{primitive}'' module: ''SocketPlugin'' error: ec> ^ {{ #failed. ec }}'.\n"
        ));
    }
    text.push_str(
        "| it say sema await |
it := Foreign new.
say := [ :what | Transcript show: what printString; cr ].
sema := Smalltalk registerExternalObject: Semaphore new.
await := [ :block | [ block value ] whileFalse: [ (Delay forMilliseconds: 1) wait ] ].\n",
    );
    text + script
}

fn prints(name: &str, script: &str, expected: &str) {
    let run = chirp_script(name, &foreign(script));
    assert_eq!(run.output, expected, "{}", run.error);
    assert_eq!(run.code, Some(0), "{}", run.error);
}

/// No name is misspelt: a primitive that is not there fails with #'not found'.
#[test]
fn every_name_is_known() {
    prints(
        "names",
        "(Foreign methods reject: [ :each | each selector = #disableAccess ]) do: [ :each | | result |
	result := it perform: each selector withArguments: (Array new: each numArgs).
	(result = #(failed #'not found') and: [ #(foundAddress infoInto: infoFamily infoType infoProtocol hostSize hostInto: serviceSize serviceInto:) includes: each selector ]) ifFalse: [
		(result isArray and: [ result size = 2 and: [ result last = #'not found' ] ]) ifTrue: [ say value: each selector ] ] ].
say value: Foreign methods size > 75",
        "true\n",
    );
}

#[test]
fn the_old_interface_over_tcp() {
    prints(
        "old-tcp",
        "| listener client server buffer |
say value: (it network: sema) == it.
listener := it create: 0 type: 0 receive: 8000 send: 8000 sema: sema read: sema write: sema.
say value: { listener size. it status: listener. it localPort: listener. it localAddress: listener }.
say value: (it sock: listener listenOn: 0 backlog: 5 interface: #[127 0 0 1]) == it.
say value: { it status: listener. (it localPort: listener) > 0. it localAddress: listener }.
client := it create: 2 type: 0 receive: 8000 send: 8000 sema: sema.
it sock: client connectTo: #[127 0 0 1] port: (it localPort: listener).
await value: [ (it status: client) = 2 ]. await value: [ (it status: listener) = 2 ].
say value: (it acceptAddress: listener) class.
server := it accept: listener receive: 8000 send: 8000 sema: sema.
say value: { it status: server. it status: listener. (it remotePort: server) = (it localPort: client). it remoteAddress: server }.
say value: (it accept: listener receive: 8000 send: 8000 sema: sema read: sema write: sema).
say value: { it sendDone: client. it available: server. it sock: client send: #hello at: 1 count: 5 }.
await value: [ it available: server ].
buffer := ByteArray new: 16.
say value: { it sock: server into: buffer at: 3 count: 14. buffer first: 8 }.
say value: { it sock: client shutdown: 1. it outputClosed: client. it inputClosed: client } last.
await value: [ (it available: server) not and: [ (it status: server) = 3 ] ].
say value: { it inputClosed: server. it sock: server send: 'bye' at: 1 count: 3 }.
await value: [ it available: client ].
it close: server. it abort: client.
say value: { it status: server. it status: client. it error: client }.
{ listener. client. server } do: [ :each | say value: { (it destroy: each) == it. (it destroy: each) == it. it status: each. it error: each } ].",
        "true
#(16 0 0 #[0 0 0 0])
true
#(1 true #[127 0 0 1])
SocketAddress
#(2 1 true #[127 0 0 1])
#(#failed 11)
#(true false 5)
#(5 #[0 0 104 101 108 108 111 0])
false
#(true 3)
#(0 0 0)
#(true true -1 #(#failed 9))
#(true true -1 #(#failed 9))
#(true true -1 #(#failed 9))
",
    );
}

#[test]
fn the_old_interface_over_udp_and_the_options() {
    prints(
        "old-udp",
        "| server client buffer port |
server := it create: 0 type: 1 receive: 0 send: 0 sema: sema read: sema write: sema.
client := it create: 0 type: 1 receive: 0 send: 0 sema: 0.
say value: { it status: server. (it sock: server setPort: 0) == it }.
port := it localPort: server.
say value: (it sock: client send: 'ping' to: #[127 0 0 1] port: port at: 2 count: 3).
await value: [ it available: server ].
buffer := String new: 2.
say value: ((it sock: server datagramInto: buffer at: 1 count: 2) at: 3 put: #port; yourself).
say value: { buffer. it sock: server datagramInto: buffer at: 1 count: 2 }.
say value: { it sock: server send: 'pong' at: 1 count: 4. [ await value: [ it available: client ] ] value.
	(it sock: client messageInto: (ByteArray new: 9) at: 1 count: 9) first }.
say value: { it sock: client send: (ByteArray new: 70000) to: #[127 0 0 1] port: 9 at: 1 count: 70000. it errorName: 90 }.
say value: (it sock: client send: 'x' to: #[127 255 255 255] port: 9 at: 1 count: 1).
say value: (it sock: client connectTo: #[127 0 0 1] port: port) == it.
say value: (it sock: client listenOn: 0 backlog: 2).
say value: { it sock: client option: 'SO_BROADCAST' put: true. it sock: client option: 'SO_BROADCAST' }.
say value: { it sock: client option: 'SO_RCVBUF' put: '65536'. it sock: client option: 'SO_RCVBUF' put: 65536 }.
say value: (it sock: client option: 'SO_NONSENSE').
say value: (it sock: client option: 'SO_SNDTIMEO' put: 5).
say value: (it sock: client option: 'SO_RCVBUF' put: #[0 0]).
say value: { it errorName: 111. it errorText: 111. it errorName: -5 }",
        "#(2 true)
3
#(2 #[127 0 0 1] #port true)
#('in' #(0 #[0 0 0 0] 0 false))
#(4 nil 4)
#(#(#failed 90) 'EMSGSIZE')
#(#failed 13)
true
#(#failed #'bad argument')
#(#(0 1) #(0 1))
#(#(0 131072) #(0 131072))
#(#failed 92)
#(0 5)
#(#failed 22)
#('ECONNREFUSED' 'Connection refused' 'errno -5')
",
    );
}

#[test]
fn the_new_interface_with_addresses() {
    let scratch = Scratch::new("plugin");
    let path = scratch.path("s");
    prints(
        "new",
        &format!(
            "| address of listener client server buffer |
of := [ :query |
	say value: (it info: query first service: query second flags: query third family: query fourth type: query fifth protocol: 0) == it.
	address := ForeignAddress new: (it infoSize max: 0).
	it infoInto: address.
	say value: {{ it infoSize. it infoFamily. it infoType. it infoProtocol. it infoNext }}.
	address ].
of value: #('' '{path}' 0 1 0).
listener := it create: 1 type: 0 receive: 0 send: 0 sema: sema read: sema write: sema.
say value: (it sock: listener bindTo: address) == it; value: (it sock: listener listenWithBacklog: 5) == it.
say value: (it sock: listener unlink: true) == it; value: (it removeStale: address); value: address port.
client := it create: 1 type: 0 receive: 0 send: 0 sema: sema read: sema write: sema.
say value: (it sock: client connectTo: address) == it; value: (it status: client).
say value: {{ (it remoteSize: client) - 11 - '{path}' size. it localSize: client. it localAddress: client. it remotePort: client }}.
buffer := ByteArray new: (it remoteSize: client).
say value: (it sock: client remoteResult: buffer) == it; value: (buffer copyFrom: 11 to: buffer size - 1) asString = '{path}'.
say value: (it sock: client remoteResult: (ByteArray new: 4)); value: (it sock: client localResult: (ByteArray new: 10)) == it.
server := it accept: listener receive: 0 send: 0 sema: sema.
say value: (it credentials: server) size; value: (it sock: client send: 'x' at: 1 count: 1 handles: {{ listener }}).
await value: [ it available: server ].
buffer := it sock: server handlesInto: (ByteArray new: 3) at: 1 count: 3.
say value: {{ buffer first. it status: buffer second first. (it fd: buffer second first) > 2 }}.
say value: (it sock: buffer second first sema: sema read: sema write: sema) == it.
(of value: #('127.0.0.1' '80' 1 0 1)) port: 8080.
say value: address port; value: (it names: address flags: 1) == it; value: it hostSize; value: it serviceSize.
buffer := String new: it hostSize + 1. it hostInto: buffer.
say value: (buffer first: 9); value: (it serviceInto: (String new: 3)); value: (it serviceInto: (buffer := String new: 4)) == it; value: buffer.
of value: #('::1' '' 1 3 2).
say value: (it info: 'no' service: 'names' flags: 1 family: 0 type: 0 protocol: 0) == it; value: it infoSize; value: it infoFamily.
say value: (it info: 'x' service: '' flags: 0 family: 4 type: 0 protocol: 0); value: (it info: '' service: (String new: 108 withAll: $p) flags: 0 family: 1 type: 0 protocol: 0).
say value: (it sock: client bindTo: #[1 2 3]); value: (it sock: (it create: 0 type: 0 receive: 0 send: 0 sema: 0) bindTo: address) == it.
say value: (it pair: 3 semas: #(0 0 0) and: #(0 0 0)) size; value: (it pair: 9 semas: #(0 0 0) and: #(0 0 0))."
        ),
        "true
#(118 1 1 0 false)
true\ntrue\ntrue\nfalse\n#'bad receiver'\ntrue\n2
#(0 10 #[0 0 0 0] 0)
true\ntrue\n#(#failed #'bad argument')\ntrue\n3\n1
#(1 1 true)
true\ntrue
#(24 2 1 1 false)
8080\ntrue\n9\n4\n'127.0.0.1'\n#(#failed #'bad argument')\ntrue\n'8080'
true
#(36 3 2 2 false)
true\n-1\n#(#failed #'not found')\n#(#failed #'bad argument')\n#(#failed 36)\n#(#failed #'bad argument')\ntrue\n2\n#(#failed #'bad argument')
",
    );
}

/// The primitive of the new interface answers only when the result is there; the rest of the program goes on.
#[test]
fn looking_up_by_the_old_and_the_new_interface() {
    prints(
        "lookups",
        "| ticks name done |
ticks := 0. done := false.
[ [ done ] whileFalse: [ ticks := ticks + 1. Processor yield ] ] fork.
say value: (it info: 'localhost' service: '' flags: 0 family: 2 type: 1 protocol: 0) == it; value: it infoSize; value: ticks > 0.
say value: (it lookUpName: 'localhost') == it.
await value: [ it resolverStatus ~= 2 ].
say value: { it resolverStatus. it resolverError. it foundAddress }.
it lookUpAddress: #[127 0 0 1]. await value: [ it resolverStatus ~= 2 ].
say value: it foundName notEmpty; value: (it names: (SocketAddress ip: #[127 0 0 1] port: 80) flags: 0) == it; value: it hostSize > 0.
it abortLookup.
say value: it resolverStatus; value: it ownAddress size.
name := String new: it hostNameSize. say value: (it hostNameInto: name) == it; value: name notEmpty.
done := true.
[ say value: it infoSize; value: it resolverStatus; value: it hostSize ] fork. Processor yield.
say value: it inherited; value: (it adopt: 3 sema: 0 read: 0 write: 0); value: (it create: 0 type: 65536 receive: 0 send: 0 sema: 0); value: it lastError.
say value: it hasAccess; value: it disableAccess == it; value: it hasAccess; value: (it create: 0 type: 0 receive: 0 send: 0 sema: 0); value: it resolverStatus.",
        "true\n24\ntrue\ntrue\n#(1 0 #[127 0 0 1])\ntrue\ntrue\ntrue\n1\n4\ntrue\ntrue
-1\n1\n#(#failed #'not found')\n#()\n#(#failed 9)\n#(#failed 9)\n9\ntrue\ntrue\nfalse\n#(#failed #denied)\n#(#failed #denied)
",
    );
}
