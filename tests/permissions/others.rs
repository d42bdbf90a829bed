//! What is denied at all, programs and variables, and how the options read.

use super::*;

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
