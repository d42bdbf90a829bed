//! Files, standard streams and other programs, through the command line: real pipes, a real terminal, real
//! processes.

#![cfg(feature = "cli")]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A guard against hanging, not a measure of speed.
const GUARD: Duration = Duration::from_secs(60);

/// A folder of the test's own.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("chirp-files-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Chirp evaluating `code`, in `folder`, with pipes.
fn command(folder: &Path, code: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chirp"));
    command
        .args(["--timeout", "60", "-e", code])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn output(folder: &Path, code: &str, input: &[u8]) -> Output {
    let mut child = command(folder, code).spawn().expect("chirp starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // Whoever does not read it may have ended.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().expect("chirp ends")
}

/// What the code writes to standard output; it has to end well.
fn out(folder: &Path, code: &str, input: &[u8]) -> String {
    let output = output(folder, code, input);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {err}", output.status);
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A running chirp, and what goes in and out of it.
struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(folder: &Path, code: &str) -> Running {
        let mut child = command(folder, code).spawn().expect("chirp starts");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        Running {
            child,
            input,
            output,
        }
    }

    fn say(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).expect("it reads");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("text");
        line
    }
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + GUARD;
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn lines_of_standard_input_come_while_others_run() {
    let folder = Folder::new();
    let code = "| beats |
        beats := 0.
        [ [ beats := beats + 1. (Delay forMilliseconds: 1) wait ] repeat ] fork.
        [ | line |
          [ (line := Stdio stdin nextLine) == nil ] whileFalse: [
              Stdio stdout << line asUppercase; lf.
              beats > 5 ifFalse: [ (Delay forMilliseconds: 50) wait ] ].
          Stdio stdout << (beats > 5) asString; lf ] value";
    let mut chirp = Running::start(&folder.0, code);
    chirp.say("zoë\n");
    assert_eq!(chirp.line(), "ZOË\n");
    chirp.say("two\r\nthr");
    assert_eq!(chirp.line(), "TWO\n");
    chirp.say("ee");
    let Running {
        mut child,
        input,
        mut output,
    } = chirp;
    drop(input);
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "THREE\ntrue\n");
    assert!(child.wait().expect("an end").success());
}

#[test]
fn standard_input_is_text_or_bytes() {
    let folder = Folder::new();
    let code = "Stdio stdout
        print: Stdio stdin next; space;
        print: Stdio stdin peek; space;
        print: (Stdio stdin next: 2); space;
        print: (Stdio stdin binary next: 2); space;
        print: Stdio stdin upToEnd; space;
        print: Stdio stdin atEnd; space;
        print: Stdio stdin next; lf";
    assert_eq!(
        out(&folder.0, code, "äöüßrest".as_bytes()),
        "$ä $ö 'öü' #[195 159] 'rest' true nil\n"
    );
}

#[test]
fn what_is_written_keeps_its_order_and_its_bytes() {
    let folder = Folder::new();
    let code = "Transcript show: 'a'; cr.
        Stdio stdout << 'b'; cr; << 'c'; crlf.
        Transcript show: 'd'; cr.
        Stdio stdout binary nextPutAll: #[13 10 255]; nextPut: 0.
        Stdio stderr << 'err'; lf.
        Stdio stdout nextPut: $e; print: 3; tab";
    let output = output(&folder.0, code, b"");
    assert_eq!(output.stdout, b"a\nb\nc\nd\n\r\n\xff\0e3\t");
    assert_eq!(output.stderr, b"err\n");
}

#[test]
fn a_slow_reader_of_standard_output_keeps_only_its_writer_waiting() {
    let folder = Folder::new();
    let code = "[ Stdio stdout nextPutAll: (String new: 1000000 withAll: $x). Transcript show: 'end' ] fork.
        (Delay forMilliseconds: 50) wait.
        'alive' asFileReference ensureCreateFile.
        [ 'go' asFileReference exists ] whileFalse: [ (Delay forMilliseconds: 5) wait ]";
    let mut chirp = Running::start(&folder.0, code);
    wait_until("the others run", || folder.path("alive").exists());
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        chirp.output.read_to_end(&mut text).expect("bytes");
        (text.len(), chirp.child.wait().expect("an end"))
    });
    std::thread::sleep(Duration::from_millis(50));
    std::fs::write(folder.path("go"), "").expect("a file");
    let (size, status) = reader.join().expect("a reader");
    assert!(status.success());
    assert_eq!(size, 1_000_003);
}

#[test]
fn a_terminal_is_known_as_one() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chirp"));
    let code = "Stdio stdout << 'Name? '; flush.
        Stdio stdout << 'Hello, ' << Stdio stdin nextLine; lf; print: Stdio stdin isTerminal; lf";
    command.args(["-e", code]);
    let mut session = rexpect::session::spawn_command(command, Some(GUARD.as_millis() as u64))
        .expect("a session");
    session.exp_string("Name? ").expect("a question");
    session.send_line("Zoe").expect("an answer");
    session.exp_string("Hello, Zoe").expect("a greeting");
    session.exp_string("true").expect("a terminal");
    session.exp_eof().expect("the end");
    let folder = Folder::new();
    let code = "Stdio stdout print: Stdio stdin isTerminal; print: Stdio stdout isTerminal";
    assert_eq!(out(&folder.0, code, b""), "falsefalse");
}

#[test]
fn programs_leave_no_descriptor_and_no_zombie() {
    let folder = Folder::new();
    let code = "| before count |
        count := [ '/proc/self/fd' asFileReference childNames size ].
        LibC resultOfCommand: 'true'.
        before := count value.
        1 to: 30 do: [ :i |
            (OSSUnixSubprocess new command: 'cat'; stdin: 'abc'; redirectStdout; redirectStderr; runAndWait; stdoutContents) = 'abc'
                ifFalse: [ Stdio stdout << 'wrong'; lf ].
            [ OSSUnixSubprocess new command: '/no/such'; redirectStdin; redirectStdout; run ] on: OSSubprocessError do: [ :e | ].
            OSSUnixSubprocess new command: 'sleep'; arguments: #('9'); runAndWaitFor: 1 milliSeconds onTimeout: [ ] ].
        Stdio stdout print: count value - before; space; print: File openCount; space.
        OSSUnixSubprocess new command: 'true'; run.
        (Delay forMilliseconds: 300) wait.
        Stdio stdout << ('/proc/self/task/' , OSPlatform current processId asString , '/children') asFileReference contents";
    assert_eq!(out(&folder.0, code, b""), "0 0 ");
}

#[test]
fn forgotten_files_are_closed() {
    let folder = Folder::new();
    let code = "| before |
        'a' asFileReference ensureCreateFile.
        before := '/proc/self/fd' asFileReference childNames size.
        20 timesRepeat: [ 'a' asFileReference readStream ].
        5 timesRepeat: [ Smalltalk garbageCollect. (Delay forMilliseconds: 5) wait ].
        Stdio stdout print: '/proc/self/fd' asFileReference childNames size - before";
    assert_eq!(out(&folder.0, code, b""), "0");
}

#[test]
fn what_was_written_to_forgotten_streams_is_not_lost() {
    let folder = Folder::new();
    let code = "| open |
        ('forgotten' asFileReference writeStream) << 'one'.
        5 timesRepeat: [ Smalltalk garbageCollect. (Delay forMilliseconds: 5) wait ].
        Stdio stdout << 'forgotten' asFileReference contents.
        open := 'open' asFileReference writeStream.
        open << 'two'";
    assert_eq!(out(&folder.0, code, b""), "one");
    let exits = "('exit' asFileReference writeStream) << 'three'. Smalltalk exit: 4";
    assert_eq!(output(&folder.0, exits, b"").status.code(), Some(4));
    for (name, contents) in [("forgotten", "one"), ("open", "two"), ("exit", "three")] {
        let found = std::fs::read_to_string(folder.path(name)).expect("a file");
        assert_eq!(found, contents);
    }
}

#[test]
fn a_fifo_keeps_only_its_own_process_waiting() {
    let folder = Folder::new();
    let code = "| beats lines |
        OSSUnixSubprocess new command: 'mkfifo'; arguments: #('pipe'); runAndWait.
        beats := 0.
        [ [ beats := beats + 1. (Delay forMilliseconds: 1) wait ] repeat ] fork.
        [ 'pipe' asFileReference writeStreamDo: [ :out |
            out << 'one'; lf; flush.
            (Delay forMilliseconds: 20) wait.
            out << 'two'; lf ] ] fork.
        (Delay forMilliseconds: 20) wait.
        lines := 'pipe' asFileReference readStreamDo: [ :in | in lines asArray ].
        Stdio stdout print: lines; space; print: beats > 5; space; print: 'pipe' asFileReference isFIFO";
    assert_eq!(out(&folder.0, code, b""), "#('one' 'two') true true");
}

#[test]
fn programs_end_with_us_if_asked() {
    let folder = Folder::new();
    let code = "Stdio stdout print: (OSSUnixSubprocess new command: 'sleep'; arguments: #('60'); terminateOnShutdown; run; pid); lf";
    let pid = out(&folder.0, code, b"");
    let place = PathBuf::from(format!("/proc/{}/cmdline", pid.trim()));
    wait_until("it ends", || {
        std::fs::read(&place).is_ok_and(|line| line.is_empty()) || !place.exists()
    });
}

#[test]
fn a_wait_that_is_cut_off_ends_the_program() {
    let folder = Folder::new();
    let code = "| program waiter |
        program := OSSUnixSubprocess new command: 'sleep'; arguments: #('60'); redirectStdout.
        waiter := [ program runAndWait ] fork.
        [ program pid isNil ] whileTrue: [ (Delay forMilliseconds: 1) wait ].
        waiter terminate.
        program waitForExit.
        Stdio stdout print: program exitStatusInterpreter; space; print: File openCount";
    assert_eq!(out(&folder.0, code, b""), "exit due to signal 15 0");
}

#[test]
fn much_goes_both_ways_at_once() {
    let folder = Folder::new();
    let code = "| text program |
        text := String new: 3000000 withAll: $a.
        program := OSSUnixSubprocess new command: 'tee'; arguments: #('/dev/stderr'); stdin: text; redirectStdout; redirectStderr; runAndWait.
        Stdio stdout print: program stdoutContents size; space; print: program stderrContents size; space.
        program := OSSUnixSubprocess new command: 'true'; stdin: text; runAndWait.
        Stdio stdout print: program exitCode";
    assert_eq!(out(&folder.0, code, b""), "3000000 3000000 0");
}

#[test]
fn programs_read_and_write_files_and_what_we_have() {
    let folder = Folder::new();
    std::fs::write(folder.path("in"), "from a file\n").expect("a file");
    let code = "OSSUnixSubprocess new command: 'cat'; redirectStdinFrom: 'in'; redirectStdoutTo: 'out'; runAndWait.
        Transcript show: 'before'; cr.
        OSSUnixSubprocess new command: 'echo'; arguments: #('between'); runAndWait.
        Transcript show: 'out' asFileReference contents.
        Stdio stdout << (OSSUnixSubprocess new shellCommand: 'echo a; echo b >&2; echo c'; redirectStdout; redirectStderrToStdout; runAndWait; stdoutContents).
        OSSUnixSubprocess new command: 'cat'; runAndWait";
    assert_eq!(
        out(&folder.0, code, b"standard input\n"),
        "before\nbetween\nfrom a file\na\nb\nc\nstandard input\n"
    );
}

#[test]
fn the_working_directory_is_one_for_all() {
    let folder = Folder::new();
    let code = "'sub' asFileReference createDirectory.
        'sub/a' asFileReference ensureCreateFile.
        FileSystem disk changeDirectory: 'sub'.
        Stdio stdout print: 'a' asFileReference exists; space;
            << (LibC resultOfCommand: 'ls');
            << ('a' asFileReference asAbsolute relativeTo: FileSystem workingDirectory) pathString";
    assert_eq!(out(&folder.0, code, b""), "true a\na");
}

#[test]
fn a_sandbox_has_no_files_and_no_programs() {
    let output = Command::new(env!("CARGO_BIN_EXE_chirp"))
        .args(["--sandbox", "-e"])
        .arg(
            "[ '/etc/passwd' asFileReference contents ] on: Error do: [ :e | Transcript show: e messageText; cr ].
            [ '/tmp/x' asFileReference writeStream ] on: Error do: [ :e | Transcript show: e messageText; cr ].
            [ LibC runCommand: 'true' ] on: Error do: [ :e | Transcript show: e messageText; cr ].
            Transcript show: OSEnvironment current keys size printString; cr;
                show: (FileSystem memory / 'a') ensureCreateFile; show: (FileSystem memory / 'a') exists printString; cr",
        )
        .output()
        .expect("chirp runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[0].ends_with("(--allow-read=/etc/passwd)"));
    assert!(lines[1].ends_with("(--allow-write=/tmp/x)"));
    assert!(lines[2].ends_with("(--allow-run=/bin/sh)"));
    assert_eq!(lines[3], "0");
}

#[test]
fn a_script_knows_its_file_its_arguments_and_the_environment() {
    let folder = Folder::new();
    let script = folder.path("script.st");
    let code = "Stdio stdout << Smalltalk scriptPath; lf.
        Stdio stdout << FileLocator script asFileReference basename; lf.
        Stdio stdout << (Smalltalk commandLine optionAt: 'size'); lf; print: Smalltalk arguments; lf.
        Stdio stdout << (Smalltalk os environment at: 'COLOUR'); lf.
        Smalltalk exit: 7";
    std::fs::write(&script, code).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_chirp"))
        .args(["script.st", "--size=3", "b"])
        .current_dir(&folder.0)
        .env("COLOUR", "grün")
        .output()
        .expect("chirp runs");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "script.st\nscript.st\n3\n#('--size=3' 'b')\ngrün\n"
    );
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn a_name_that_is_no_utf8_can_be_read_and_deleted() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    std::fs::write(folder.0.join(name), "old").expect("a file");
    let code = "| file |
        file := FileSystem workingDirectory children first.
        Stdio stdout << file contents.
        file delete.
        Stdio stdout print: FileSystem workingDirectory hasChildren";
    assert_eq!(out(&folder.0, code, b""), "oldfalse");
}
