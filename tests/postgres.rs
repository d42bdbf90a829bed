//! The PostgreSQL example against a real server on a Unix socket.

#![cfg(feature = "cli")]

mod peers;

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use peers::{Peer, Scratch, chirp, chirp_script, program, run, server};

/// The server refuses to run as root, and as somebody who has no name: Debian's user of that number
/// is nobody.
const NOBODY: u32 = 65534;

/// A server with a database cluster of its own, and the path of its socket.
fn postgres(scratch: &Scratch) -> (Peer, String) {
    let (data, socket) = (scratch.path("data"), scratch.path(".s.PGSQL.5432"));
    let folder = scratch.path("");
    let as_ordinary_user = |name: &str, arguments: &[&str]| -> Command {
        let mut command = program(name);
        command.current_dir(&folder).args(["-D", &data]);
        command.args(arguments);
        if nix::unistd::Uid::effective().is_root() {
            chown(&folder, Some(NOBODY), Some(NOBODY)).expect("a folder of nobody's");
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    };
    let settings = ["-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C"];
    let mut initdb = as_ordinary_user("initdb", &settings);
    initdb.arg("--no-sync");
    let made = run(initdb, "");
    assert_eq!(made.code, Some(0), "{}{}", made.output, made.error);
    // The first line that fits counts.
    let rules = "local all stranger scram-sha-256\nlocal all all trust\n";
    std::fs::write(scratch.path("data/pg_hba.conf"), rules).expect("the rules");
    // Without a TCP port, and without caring about a power failure.
    let settings = ["-k", &folder, "-h", "", "-F", "-c", "logging_collector=off"];
    let mut command = as_ordinary_user("postgres", &settings);
    let log = std::fs::File::create(scratch.path("log")).expect("a log");
    command.stderr(log);
    let server = server(command, &socket);
    // It takes connections before it is willing to answer.
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_ready(&folder) {
        assert!(Instant::now() < deadline, "the server does not get ready");
        std::thread::sleep(Duration::from_millis(10));
    }
    (server, socket)
}

fn is_ready(folder: &str) -> bool {
    let mut command = program("pg_isready");
    command.args(["-q", "-h", folder]);
    run(command, "").code == Some(0)
}

#[test]
fn the_example_asks_a_real_server() {
    let scratch = Scratch::new("postgres");
    let (_server, socket) = postgres(&scratch);
    let ask =
        |user: &str, sql: &str| chirp(&["examples/postgres.st", &socket, user, "postgres", sql]);

    let run = ask(
        "tester",
        "select n, 'grüße №' || n as text, null as nothing, '' as empty from generate_series(1, 2) n",
    );
    assert_eq!(
        run.output, "n\ttext\tnothing\tempty\n1\tgrüße №1\t(null)\t\n2\tgrüße №2\t(null)\t\n",
        "{}",
        run.error
    );

    let run = ask("tester", "select * from nowhere");
    assert_eq!(
        run.output, "ERROR 42P01: relation \"nowhere\" does not exist\n",
        "{}",
        run.error
    );

    let run = ask("nobody_known", "select 1");
    assert_eq!(
        run.output, "FATAL 28000: role \"nobody_known\" does not exist\n",
        "{}",
        run.error
    );

    let run = ask("stranger", "select 1");
    assert_eq!(run.code, Some(1));
    assert!(
        run.error
            .contains("the server wants a proof of who you are (10)"),
        "{}",
        run.error
    );

    its_classes_keep_a_connection_usable(&socket);
}

/// Without the example's own last chunk: a refused query between others, a large answer, and the server
/// that goes away in the middle.
fn its_classes_keep_a_connection_usable(socket: &str) {
    let (classes, _) = include_str!("../examples/postgres.st")
        .split_once("| arguments database")
        .expect("the example's last chunk");
    let script = format!(
        "{classes}
| database say |
say := [ :each | Transcript show: each printString; cr ].
database := Postgres path: '{socket}' user: 'tester' database: 'postgres'.
say value: (database query: 'create table words (word text)') size.
say value: ([ database query: 'select 1/0' ] on: PostgresError do: [ :e | e messageText ]).
say value: (database query: 'insert into words values (''one''), (''two'')') size.
say value: (database query: 'select * from words; select count(*) from words') asArray.
say value: (database query: '') size.
say value: (database query: 'select repeat(''x'', 3000000)') first first size.
say value: ([ database query: 'select pg_terminate_backend(pg_backend_pid())' ]
	on: PostgresError do: [ :e | e messageText ]).
say value: ([ database query: 'select 1' ] on: ConnectionClosed do: [ :e | #closed ])!
"
    );
    let run = chirp_script("postgres", &script);
    let expected = "0
'ERROR 22012: division by zero'
0
#(#('one') #('two') #('2'))
0
3000000
'FATAL 57P01: terminating connection due to administrator command'
#closed
";
    assert_eq!(run.output, expected, "{}", run.error);
}
