//! What `--sandbox` and the `--allow-…` options permit and deny: the real command with real files, links,
//! sockets and programs.

#![cfg(feature = "cli")]

mod peers;

use peers::{Scratch, chirp};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

/// What each expression answers, printed; what was denied, with the option; or the class of another error.
fn answers(options: &[&str], expressions: &[&str]) -> Vec<String> {
    let code: String = expressions
        .iter()
        .map(|each| {
            format!(
                "Transcript show: ([ [ [ {each} ] value printString ] on: PermissionDenied
                    do: [ :e | 'denied: ' , e what , ' | ' , e option ] ]
                    on: Error do: [ :e | e class name asString ]); cr.\n"
            )
        })
        .collect();
    let arguments: Vec<&str> = ["--timeout", "60"]
        .iter()
        .chain(options)
        .copied()
        .chain(["-e", &code])
        .collect();
    let run = chirp(&arguments);
    assert_eq!(run.code, Some(0), "{}", run.error);
    let lines: Vec<String> = run.output.lines().map(String::from).collect();
    assert_eq!(lines.len(), expressions.len(), "{}", run.output);
    lines
}

/// A folder with `data` (a file, links in it and out of it), `out` and `secret`; and its path without links.
fn folders(name: &str) -> (Scratch, String) {
    let scratch = Scratch::new(name);
    for folder in ["data/sub", "out", "secret"] {
        std::fs::create_dir_all(scratch.path(folder)).expect("a folder");
    }
    std::fs::write(scratch.path("data/a.txt"), "hello").expect("a file");
    std::fs::write(scratch.path("secret/s.txt"), "secret").expect("a file");
    let links = [
        ("a.txt", "data/inner"),
        ("../secret/s.txt", "data/file"),
        ("../secret", "data/folder"),
        ("nowhere", "data/dangling"),
        ("loop", "data/loop"),
        ("../secret/new.txt", "data/new"),
    ];
    for (target, path) in links {
        symlink(target, scratch.path(path)).expect("a link");
    }
    let root = std::fs::canonicalize(scratch.path("")).expect("a folder");
    let root = root.to_string_lossy().trim_end_matches('/').to_string();
    symlink(format!("{root}/data/a.txt"), scratch.path("data/absolute")).expect("a link");
    symlink(format!("{root}/data"), scratch.path("alias")).expect("a link");
    (scratch, root)
}

/// The expressions with the root in place of `@`.
fn at(root: &str, expressions: &[&str]) -> Vec<String> {
    expressions.iter().map(|e| e.replace('@', root)).collect()
}

/// Checks expressions (with the root in place of `@`) and their answers.
fn check(root: &str, options: &[String], pairs: &[(&str, &str)]) {
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let (expressions, wanted): (Vec<&str>, Vec<&str>) = pairs.iter().copied().unzip();
    let expressions = at(root, &expressions);
    let expressions: Vec<&str> = expressions.iter().map(String::as_str).collect();
    let told = answers(&options, &expressions);
    for ((expression, told), wanted) in expressions.iter().zip(told).zip(wanted) {
        assert_eq!(told, wanted.replace('@', root), "{expression}");
    }
}

#[test]
fn a_sandbox_denies_everything_and_says_what() {
    check(
        "",
        &["--sandbox".into()],
        &[
            (
                "'/etc/passwd' asFileReference contents",
                "denied: read /etc/passwd | --allow-read=/etc/passwd",
            ),
            (
                "'/no/such' asFileReference exists",
                "denied: read /no/such | --allow-read=/no/such",
            ),
            (
                "'x' asFileReference contents",
                "denied: read x | --allow-read=x",
            ),
            (
                "'x' asFileReference writeStream",
                "denied: write x | --allow-write=x",
            ),
            (
                "'/tmp' asFileReference children",
                "denied: read /tmp | --allow-read=/tmp",
            ),
            (
                "FileSystem workingDirectory",
                "denied: learn the working directory | --allow-read",
            ),
            ("Socket newTCP", "denied: use the network | --allow-net"),
            (
                "Socket connectToPath: '/x'",
                "denied: use the network | --allow-net",
            ),
            (
                "NetNameResolver addressForName: 'localhost'",
                "denied: use the network | --allow-net",
            ),
            (
                "LibC runCommand: 'true'",
                "denied: run /bin/sh | --allow-run=/bin/sh",
            ),
            (
                "Smalltalk os environment at: 'HOME'",
                "denied: read the environment variable HOME | --allow-env=HOME",
            ),
            ("Smalltalk os environment keys", "#()"),
            (
                "Smalltalk os environment at: 'MINE' put: 'x'; at: 'MINE'",
                "'x'",
            ),
            ("3 + 4", "7"),
        ],
    );
}

#[test]
fn an_unhandled_denial_names_the_option() {
    let run = chirp(&["--sandbox", "-e", "'/etc/passwd' asFileReference contents"]);
    assert_eq!(run.code, Some(1));
    let line =
        "error: PermissionDenied: no permission to read /etc/passwd (--allow-read=/etc/passwd)";
    assert_eq!(run.error.lines().next(), Some(line));
}

#[test]
fn reading_stays_in_the_folder() {
    let (_scratch, root) = folders("permissions-read");
    check(
        &root,
        &[format!("--allow-read={root}/data")],
        &[
            ("'@/data/a.txt' asFileReference contents", "'hello'"),
            ("'@/data/inner' asFileReference contents", "'hello'"),
            ("'@/data/absolute' asFileReference contents", "'hello'"),
            ("'@/data/sub/../a.txt' asFileReference contents", "'hello'"),
            (
                "'@/data/none' asFileReference contents",
                "FileDoesNotExistException",
            ),
            (
                "'@/data/dangling' asFileReference contents",
                "FileDoesNotExistException",
            ),
            (
                "'@/data/none/../a.txt' asFileReference contents",
                "FileDoesNotExistException",
            ),
            ("'@/data/loop' asFileReference contents", "FileException"),
            ("'@/data/a.txt' asFileReference isWritable", "false"),
            ("'@/data/a.txt' asFileReference isReadable", "true"),
            (
                "'@/data/file' asFileReference contents",
                "denied: read @/data/file, which leads to @/secret/s.txt | --allow-read=@/secret/s.txt",
            ),
            (
                "'@/data/folder/s.txt' asFileReference contents",
                "denied: read @/data/folder/s.txt, which leads to @/secret/s.txt | --allow-read=@/secret/s.txt",
            ),
            (
                "'@/data/folder/none' asFileReference exists",
                "denied: read @/data/folder/none, which leads to @/secret/none | --allow-read=@/secret/none",
            ),
            (
                "'@/data/../secret/s.txt' asFileReference contents",
                "denied: read @/data/../secret/s.txt, which leads to @/secret/s.txt | --allow-read=@/secret/s.txt",
            ),
            // Not even whether there is such a folder on the way is told.
            (
                "'@/secret/../data/a.txt' asFileReference contents",
                "denied: read @/secret/../data/a.txt, which leads to @/secret | --allow-read=@/secret",
            ),
            (
                "'@/none/../data/a.txt' asFileReference contents",
                "denied: read @/none/../data/a.txt, which leads to @/none | --allow-read=@/none",
            ),
            (
                "'@' asFileReference children",
                "denied: read @ | --allow-read=@",
            ),
            (
                "'@/data2' asFileReference exists",
                "denied: read @/data2 | --allow-read=@/data2",
            ),
            (
                "'/proc/self/environ' asFileReference contents",
                "denied: read /proc/self/environ | --allow-read=/proc/self/environ",
            ),
            (
                "'@/data/a.txt' asFileReference delete",
                "denied: write @/data/a.txt | --allow-write=@/data/a.txt",
            ),
            (
                "'@/data/b' asFileReference writeStream",
                "denied: write @/data/b | --allow-write=@/data/b",
            ),
            (
                "'@/data/a.txt' asFileReference copyTo: '@/data/b' asFileReference",
                "denied: write @/data/b | --allow-write=@/data/b",
            ),
        ],
    );
}

#[test]
fn writing_stays_in_the_folder() {
    let (scratch, root) = folders("permissions-write");
    check(
        &root,
        &[
            format!("--allow-read={root}/data,{root}/out"),
            format!("--allow-write={root}/data"),
        ],
        &[
            (
                "'@/data/w' asFileReference writeStreamDo: [ :s | s << 'new' ]. '@/data/w' asFileReference contents",
                "'new'",
            ),
            (
                "'@/data/inner' asFileReference writeStreamDo: [ :s | s << 'over' ]. '@/data/a.txt' asFileReference contents",
                "'overo'",
            ),
            ("'@/data/n' asFileReference createDirectory exists", "true"),
            (
                "'@/data/w' asFileReference moveTo: '@/data/n/w' asFileReference. '@/data/n/w' asFileReference contents",
                "'new'",
            ),
            (
                "'@/data/n' asFileReference deleteAll. '@/data/n' asFileReference exists",
                "false",
            ),
            (
                "'@/data/file' asFileReference writeStream",
                "denied: write @/data/file, which leads to @/secret/s.txt | --allow-write=@/secret/s.txt",
            ),
            (
                "'@/data/new' asFileReference writeStream",
                "denied: write @/data/new, which leads to @/secret/new.txt | --allow-write=@/secret/new.txt",
            ),
            (
                "'@/data/folder/x' asFileReference createDirectory",
                "denied: write @/data/folder/x, which leads to @/secret/x | --allow-write=@/secret/x",
            ),
            (
                "'@/data/a.txt' asFileReference moveTo: '@/out/a' asFileReference",
                "denied: write @/out/a | --allow-write=@/out/a",
            ),
            (
                "'@/out' asFileReference delete",
                "denied: write @/out | --allow-write=@/out",
            ),
            (
                "File createSymlink: '@/data/l' to: '../secret'",
                "denied: read @/data/../secret, which leads to @/secret | --allow-read=@/secret",
            ),
            // A link that leads out can be removed; what it leads to stays.
            (
                "'@/data/file' asFileReference delete. '@/data/folder' asFileReference delete. 1",
                "1",
            ),
        ],
    );
    assert_eq!(
        std::fs::read(scratch.path("secret/s.txt")).expect("it is there"),
        b"secret"
    );
    assert!(!std::path::Path::new(&scratch.path("secret/new.txt")).exists());
}

#[test]
fn what_may_not_be_read_does_not_go_where_it_may() {
    let (_scratch, root) = folders("permissions-move");
    check(
        &root,
        &[
            format!("--allow-read={root}/data"),
            format!("--allow-write={root}/data,{root}/secret"),
        ],
        &[
            (
                "'@/secret/s.txt' asFileReference moveTo: '@/data/s' asFileReference",
                "denied: read @/secret/s.txt | --allow-read=@/secret/s.txt",
            ),
            (
                "'@/secret/s.txt' asFileReference copyTo: '@/data/s' asFileReference",
                "denied: read @/secret/s.txt | --allow-read=@/secret/s.txt",
            ),
            (
                "'@/secret/n' asFileReference writeStreamDo: [ :s | s << 'x' ]. '@/secret/n' asFileReference exists",
                "true",
            ),
            (
                "'@/secret/n' asFileReference contents",
                "denied: read @/secret/n | --allow-read=@/secret/n",
            ),
            (
                "'@/secret/n' asFileReference delete. '@/secret/n' asFileReference exists",
                "false",
            ),
        ],
    );
}

#[test]
fn a_folder_may_be_named_by_a_link_and_a_file_by_itself() {
    let (_scratch, root) = folders("permissions-names");
    check(
        &root,
        &[
            format!("--allow-read={root}/alias"),
            format!("--allow-write={root}/out/new.txt"),
        ],
        &[
            ("'@/alias/a.txt' asFileReference contents", "'hello'"),
            ("'@/data/a.txt' asFileReference contents", "'hello'"),
            (
                "'@/out/new.txt' asFileReference writeStreamDo: [ :s | s << 'x' ]. '@/out/new.txt' asFileReference exists",
                "true",
            ),
            (
                "'@/out/other' asFileReference writeStream",
                "denied: write @/out/other | --allow-write=@/out/other",
            ),
            (
                "'@/out/new.txt2' asFileReference writeStream",
                "denied: write @/out/new.txt2 | --allow-write=@/out/new.txt2",
            ),
        ],
    );
}

#[test]
fn without_a_value_everything_of_the_kind_is_permitted() {
    let (_scratch, root) = folders("permissions-all");
    check(
        &root,
        &["--allow-read".into(), "--allow-env".into()],
        &[
            ("'@/data/file' asFileReference contents", "'secret'"),
            (
                "'@/out/x' asFileReference writeStream",
                "denied: write @/out/x | --allow-write=@/out/x",
            ),
            ("Smalltalk os environment keys notEmpty", "true"),
        ],
    );
    check(
        &root,
        &["--allow-write".into(), "--allow-run".into()],
        &[
            (
                "'@/out/x' asFileReference writeStreamDo: [ :s | s << 'x' ]. '@/out/x' asFileReference exists",
                "true",
            ),
            (
                "'@/out/x' asFileReference contents",
                "denied: read @/out/x | --allow-read=@/out/x",
            ),
            (
                "(OSSUnixSubprocess new command: '/bin/sh'; arguments: #('-c' 'exit 3'); runAndWait; exitStatus)",
                "768",
            ),
        ],
    );
}

#[test]
fn only_some_programs_and_variables() {
    check(
        "",
        &[
            "--allow-run=true,/bin/sh".into(),
            "--allow-env=PATH,HOME".into(),
        ],
        &[
            (
                "(OSSUnixSubprocess new command: 'true'; runAndWait; isSuccess)",
                "true",
            ),
            (
                "(OSSUnixSubprocess new command: 'sh'; arguments: #('-c' 'exit 3'); runAndWait; exitStatus)",
                "768",
            ),
            (
                "(OSSUnixSubprocess new command: '/bin/../bin/sh'; arguments: #('-c' 'exit 3'); runAndWait; exitStatus)",
                "768",
            ),
            (
                "(OSSUnixSubprocess new command: './sh'; workingDirectory: '/bin'; arguments: #('-c' 'exit 3'); runAndWait; exitStatus)",
                "768",
            ),
            (
                "(OSSUnixSubprocess new command: 'ls'; runAndWait)",
                "denied: run ls | --allow-run=ls",
            ),
            (
                "(OSSUnixSubprocess new command: '/tmp/sh'; runAndWait)",
                "denied: run /tmp/sh | --allow-run=/tmp/sh",
            ),
            // PATH is the program's to change, but what a name means was decided before.
            (
                "Smalltalk os environment at: 'PATH' put: '/nowhere'. (OSSUnixSubprocess new command: 'true'; runAndWait; isSuccess)",
                "true",
            ),
            (
                "Smalltalk os environment at: 'LD_PRELOAD' put: 'x'",
                "denied: set LD_PRELOAD for other programs | --allow-run",
            ),
            (
                "Smalltalk os environment at: 'USER'",
                "denied: read the environment variable USER | --allow-env=USER",
            ),
            (
                "(Smalltalk os environment keys asArray sort: [ :a :b | a < b ]) includes: 'USER'",
                "false",
            ),
            ("FileLocator home isString", "false"),
        ],
    );
    let run = chirp(&[
        "--allow-run=no-such-program",
        "-e",
        "OSSUnixSubprocess new command: 'no-such-program'; run",
    ]);
    assert!(
        run.error.contains("No such file or directory (ENOENT)"),
        "{}",
        run.error
    );
}

#[test]
fn only_some_addresses() {
    check(
        "",
        &["--allow-net=127.0.0.1:0,127.0.0.1:9,10.0.0.0/8:9,localhost:11".into()],
        &[
            (
                "Socket newTCP connectTo: #[127 0 0 1] port: 10",
                "denied: connect to 127.0.0.1:10 | --allow-net=127.0.0.1:10",
            ),
            (
                "Socket newTCP connectTo: (SocketAddress fromString: '127.0.0.1:10')",
                "denied: connect to 127.0.0.1:10 | --allow-net=127.0.0.1:10",
            ),
            (
                "Socket newTCP connectTo: #[127 0 0 1] port: 9",
                "ConnectionRefused",
            ),
            (
                "Socket newTCP connectTo: #[11 0 0 1] port: 9",
                "denied: connect to 11.0.0.1:9 | --allow-net=11.0.0.1:9",
            ),
            (
                "Socket newTCP connectTo: #[0 0 0 0] port: 9",
                "denied: connect to 0.0.0.0:9 | --allow-net=0.0.0.0:9",
            ),
            (
                "Socket newTCP connectTo: #[0 0 0 0 0 0 0 0 0 0 255 255 127 0 0 1] port: 10",
                "denied: connect to 127.0.0.1:10 | --allow-net=127.0.0.1:10",
            ),
            (
                "Socket newUDP sendData: 'x' toHost: #[127 0 0 1] port: 53",
                "denied: connect to 127.0.0.1:53 | --allow-net=127.0.0.1:53",
            ),
            (
                "Socket newUDP setPeer: #[127 0 0 1] port: 53",
                "denied: connect to 127.0.0.1:53 | --allow-net=127.0.0.1:53",
            ),
            (
                "Socket newTCP listenOn: 8080 backlogSize: 5",
                "denied: listen at 0.0.0.0:8080 | --allow-net=0.0.0.0:8080",
            ),
            (
                "Socket newTCP listenWithBacklog: 5",
                "denied: listen at 0.0.0.0:0 | --allow-net=0.0.0.0:0",
            ),
            (
                "Socket newUDP bindTo: #[127 0 0 1] port: 53",
                "denied: listen at 127.0.0.1:53 | --allow-net=127.0.0.1:53",
            ),
            (
                "Socket connectToPath: '/tmp/x'",
                "denied: connect to unix:/tmp/x | --allow-net=unix:/tmp/x",
            ),
            (
                "NetNameResolver addressForName: 'example.com'",
                "denied: look up example.com | --allow-net=example.com",
            ),
            (
                "NetNameResolver nameForAddress: #[8 8 8 8]",
                "denied: look up the name of 8.8.8.8 | --allow-net=8.8.8.8",
            ),
            (
                "ZnClient new get: 'http://example.com/'",
                "denied: look up example.com | --allow-net=example.com",
            ),
            // A name is checked before it is looked up, and its addresses count from then on.
            (
                "(NetNameResolver addressForName: 'localhost') asByteArray",
                "#[127 0 0 1]",
            ),
            (
                "ZnClient new get: 'http://localhost:11/'",
                "ConnectionRefused",
            ),
            (
                "ZnClient new get: 'http://localhost:12/'",
                "denied: connect to 127.0.0.1:12 | --allow-net=127.0.0.1:12",
            ),
        ],
    );
}

#[test]
fn a_listener_may_answer_whoever_comes() {
    let code = "| s c a u v |
        s := Socket newTCP. s bindTo: #[127 0 0 1] port: 0. s listenWithBacklog: 5.
        Transcript show: s localPort printString; cr.
        a := s waitForAcceptFor: 30.
        a sendData: 'served'; close";
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_chirp"))
        .args(["--timeout", "60", "--allow-net=127.0.0.1:0", "-e"])
        .arg(code.replace("cr.", "cr. Stdio stdout flush."))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("chirp runs");
    let mut line = String::new();
    let output = child.stdout.take().expect("a pipe");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).expect("a port");
    let port: u16 = line.trim().parse().expect("a port");
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut stream, &mut text).expect("an answer");
    assert_eq!(text, "served");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn local_sockets_by_path_and_by_folder() {
    let (scratch, root) = folders("permissions-unix");
    let _one = UnixListener::bind(scratch.path("data/one")).expect("a socket");
    let _two = UnixListener::bind(scratch.path("secret/two")).expect("a socket");
    symlink("../secret/two", scratch.path("data/sly")).expect("a link");
    check(
        &root,
        &[format!(
            "--allow-net=unix:{root}/data,unix:{root}/out/own,unix:@chirp-permitted"
        )],
        &[
            ("(Socket connectToPath: '@/data/one') isConnected", "true"),
            (
                "Socket connectToPath: '@/data/sly'",
                "denied: connect to unix:@/data/sly | --allow-net=unix:@/data/sly",
            ),
            (
                "Socket connectToPath: '@/secret/two'",
                "denied: connect to unix:@/secret/two | --allow-net=unix:@/secret/two",
            ),
            (
                "Socket connectToPath: '@/data/../secret/two'",
                "denied: connect to unix:@/data/../secret/two | --allow-net=unix:@/data/../secret/two",
            ),
            (
                "(Socket listenOnPath: '@/out/own' backlogSize: 5) isValid",
                "true",
            ),
            (
                "Socket listenOnPath: '@/out/other' backlogSize: 5",
                "denied: listen at unix:@/out/other | --allow-net=unix:@/out/other",
            ),
            (
                "Socket newTCP connectTo: #[127 0 0 1] port: 9",
                "denied: connect to 127.0.0.1:9 | --allow-net=127.0.0.1:9",
            ),
        ],
    );
    assert!(std::path::Path::new(&scratch.path("secret/two")).exists());
}

#[test]
fn options_that_name_nothing_or_something_wrong() {
    for option in [
        "--allow-net=",
        "--allow-read=",
        "--allow-write=",
        "--allow-run=",
        "--allow-env=",
        "--allow-read=a,",
    ] {
        let run = chirp(&[option, "-p", "3 + 4"]);
        assert_eq!(run.code, Some(2), "{option}");
        assert!(run.error.contains("nothing is named"), "{}", run.error);
    }
    for option in [
        "--allow-net=http://a.b",
        "--allow-net=a:b",
        "--allow-net=a:70000",
        "--allow-net=10.0.0.0/40",
    ] {
        let run = chirp(&[option, "-p", "3 + 4"]);
        assert_eq!(run.code, Some(2), "{option}");
        assert!(
            run.error.contains("expected HOST:PORT, HOST or unix:PATH"),
            "{}",
            run.error
        );
    }
}

#[test]
fn an_option_behind_the_file_is_the_programs_and_is_warned_of() {
    let scratch = Scratch::new("permissions-behind");
    let file = scratch.path("a.st");
    std::fs::write(&file, "Transcript show: Smalltalk arguments printString").expect("a file");
    let run = chirp(&[&file, "--allow-net=a:1", "x"]);
    assert_eq!(run.output, "#('--allow-net=a:1' 'x')");
    let said = format!(
        "warning: --allow-net=a:1 stands behind the program's file, so it is an argument of the program and \
         permits nothing; write chirp --allow-net=a:1 {file}\n"
    );
    assert_eq!(run.error, said);
    let run = chirp(&[&file, "x", "--", "--allow-net=a:1"]);
    assert_eq!(run.error, "");
}
