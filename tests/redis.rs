//! The Redis example against a real server, over its Unix socket and over TCP.

#![cfg(feature = "cli")]

mod peers;

use peers::{Peer, Scratch, chirp, chirp_script, program, server_at_free_port};

/// A server that keeps nothing, with the path and the port that it listens at.
fn redis(scratch: &Scratch) -> (Peer, [String; 2]) {
    let path = scratch.path("s");
    let mut server = server_at_free_port(|port| {
        let mut command = program("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--unixsocket", &path, "--dir", &scratch.path("")])
            .args(["--save", "", "--appendonly", "no"]);
        command
    });
    server
        .until_it_takes_connections_at(&path)
        .expect("a Unix socket");
    let port = server.place.clone();
    (server, [path, port])
}

#[test]
fn the_example_works_over_a_unix_socket_and_over_tcp() {
    let scratch = Scratch::new("redis");
    let (_server, places) = redis(&scratch);
    for place in places {
        let run = chirp(&["examples/redis.st", &place]);
        let begin = "OK
grüße, Redis
nil
#(0 3 #('a' 'b' 'c'))
refused: ERR value is not an integer or out of range
";
        let end = "heard: work is done\nno more news\n";
        assert!(
            run.output.starts_with(begin) && run.output.ends_with(end),
            "{}{}",
            run.output,
            run.error
        );
        // Two Processes: which of them prints first is their affair.
        let mut between: Vec<&str> = run.output[begin.len()..run.output.len() - end.len()]
            .lines()
            .collect();
        between.sort_unstable();
        assert_eq!(between, ["10000", "heard: work begins"]);
        assert_eq!(run.code, Some(0));
    }
}

/// The example's classes, without its last chunk, and another one.
fn with_its_classes(name: &str, script: &str) -> String {
    let (classes, _) = include_str!("../examples/redis.st")
        .split_once("| place redis")
        .expect("the example's last chunk");
    let run = chirp_script(name, &format!("{classes}\n{script}!\n"));
    assert_eq!(run.code, Some(0), "{}", run.error);
    run.output
}

#[test]
fn replies_of_every_kind_and_a_server_that_goes_away() {
    let scratch = Scratch::new("redis-replies");
    let (_server, [path, _]) = redis(&scratch);
    let output = with_its_classes(
        "redis-replies",
        &format!(
            "| redis say |
say := [ :each | Transcript show: each printString; cr ].
redis := Redis connectTo: '{path}'.
say value: (redis execute: #(PING)).
say value: (redis execute: {{ 'SET'. 'empty'. '' }}); value: (redis execute: #(GET empty)).
say value: (redis execute: {{ 'ECHO'. String crlf , '$5' , String crlf }}) size.
say value: (redis execute: {{ 'ECHO'. String new: 2000000 withAll: $x }}) size.
say value: (redis execute: #(LRANGE nothing 0 -1)).
say value: (redis execute: #(BLPOP nothing 0.01)).
say value: ((redis pipeline: #((PING) (NONSENSE) (INCR n) (INCR empty) (INCR n)))
	collect: [ :each | (each isKindOf: RedisError) ifTrue: [ #error ] ifFalse: [ each ] ]).
say value: ([ redis execute: #(NONSENSE) ] on: RedisError do: [ :e | e messageText first: 19 ]).
say value: (redis execute: #(EVAL 'return {{1, {{2, false}}, {{}}, ''three''}}' 0)).
say value: ([ redis execute: #(SHUTDOWN NOSAVE) ] on: ConnectionClosed do: [ :e | #closed ])"
        ),
    );
    let expected = "'PONG'
'OK'
''
6
2000000
#()
nil
#('PONG' #error 1 #error 2)
'ERR unknown command'
#(1 #(2 nil) #() 'three')
#closed
";
    assert_eq!(output, expected);
}
