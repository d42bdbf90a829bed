//! `chirp test`: what it runs, what it tells, its exit codes and its reports. One snapshot for each file of
//! `tests/testing`, and for each package there.

#![cfg(feature = "cli")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testing")
}

/// Runs `chirp test` with these arguments, in the folder of the tests.
fn test(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chirp"))
        .current_dir(folder())
        .args(["--timeout", "60", "test"])
        .args(arguments)
        .output()
        .expect("chirp runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All that was printed, and the exit code. No time is promised, nor how much of the library a stack shows.
fn shown(output: &Output) -> String {
    let line = |line: &str| match line.split_once("cut off after ") {
        Some((before, _)) => format!("{before}cut off after some time\n"),
        None if line.starts_with("  … ") && line.contains(" frame") => "  … frames\n".to_string(),
        None => format!("{line}\n"),
    };
    format!(
        "{}--- stderr\n{}--- exit code {}\n",
        text(&output.stdout),
        text(&output.stderr).lines().map(line).collect::<String>(),
        output.status.code().expect("an exit code, not a signal")
    )
}

#[test]
fn reports() {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("the folder of tests")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.contains(".snap"))
        .collect();
    names.sort();
    assert!(names.len() > 3);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for name in &names {
            let snapshot = name.trim_end_matches(".st");
            insta::assert_snapshot!(snapshot, shown(&test(&[name])));
        }
    });
}

/// A file that does not compile is not one without tests, whatever it is.
#[test]
fn a_program_with_mistakes_is_no_file_without_tests() {
    let folder = std::env::temp_dir().join(format!("chirp-test-broken-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let programs = [
        ("a.st", "'never' displayNl. x := 3. x printString", 0),
        ("b.st", "x := (3", 65),
        ("c.st", "Object subclass: Dog [ speak [ ^ [ 3 ] ]", 65),
    ];
    for (name, source, _) in programs {
        std::fs::write(folder.join(name), source).expect("a file");
    }
    for (name, _, expected) in programs {
        let path = folder.join(name);
        let output = test(&[path.to_str().expect("a name in UTF-8")]);
        let told = text(&output.stdout);
        let summary = match expected {
            0 => "no tests and no examples found\n",
            _ => "1 mistake in the sources\n",
        };
        assert_eq!(
            (output.status.code(), told.as_str()),
            (Some(expected), summary),
            "{name}"
        );
        assert_eq!(text(&output.stderr).starts_with("error["), expected == 65);
    }
    let report = folder.join("report.xml");
    let paths = [&report, &folder].map(|p| p.to_str().expect("a name in UTF-8"));
    let output = test(&["--junit", paths[0], paths[1]]);
    let told = (output.status.code(), text(&output.stdout));
    assert_eq!(told, (Some(65), "2 mistakes in the sources\n".into()));
    let report = std::fs::read_to_string(report).expect("a report");
    assert!(report.contains("b.st"), "{report}");
    std::fs::remove_dir_all(&folder).expect("a folder to remove");
}

#[test]
fn without_paths_it_is_the_library_that_is_tried() {
    let output = test(&["--filter", "withoutLinks pathString"]);
    let told = (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    );
    assert_eq!(
        told,
        (Some(0), "1 example, all true\n".into(), String::new())
    );
}

#[test]
fn the_same_package_in_three_formats() {
    let told = |name: &str| {
        let output = test(&[name]);
        let problems = text(&output.stderr);
        // What stands behind the place.
        let problems: Vec<String> = problems
            .lines()
            .map(|line| line.splitn(4, ':').nth(3).unwrap_or(line).to_string())
            .collect();
        (text(&output.stdout), problems, output.status.code())
    };
    let package = told("Bank");
    assert_eq!(package.1, [" AccountTest>>testWithdraw: expected 4, got 3"]);
    assert_eq!(told("bank_chunks.st"), package);
    assert_eq!(told("bank_brackets.st"), package);
}

#[test]
fn list_and_filter_choose() {
    let output = test(&[
        "--list",
        "outcomes.st",
        "--filter",
        "Test>>testD",
        "--filter",
        "Warns",
    ]);
    let listed = "LedgerTest>>testDenies\nLedgerTest>>testDivides\nLedgerTest>>testWarns\n";
    assert_eq!(text(&output.stdout), listed);
    let output = test(&["outcomes.st", "--filter", "testAdds"]);
    assert_eq!(
        shown(&output),
        "1 test: 1 passed\n--- stderr\n--- exit code 0\n"
    );
    let output = test(&["outcomes.st", "--filter", "no such test"]);
    assert_eq!(
        shown(&output),
        "--- stderr\nerror: --filter: no test and no example has 'no such test' in its name\n--- exit code 1\n"
    );
    let output = test(&["--list", "outcomes.st", "--filter", "a", "--filter", "typo"]);
    assert_eq!(output.status.code(), Some(0));
    let output = test(&[
        "--list",
        "outcomes.st",
        "--filter",
        "tipo",
        "--filter",
        "typo",
    ]);
    assert!(text(&output.stderr).contains("has 'tipo' or 'typo' in its name"));
    assert_eq!(output.status.code(), Some(1));
    let output = test(&["--list", "many.st"]);
    let listed = text(&output.stdout);
    assert!(
        listed.contains("ManyTest>>testIsSmall(#number->3)\n"),
        "{listed}"
    );
    assert!(listed.contains("many.st:3: (3 max: 4) >>> 3\n"), "{listed}");
}

#[test]
fn a_limit_names_the_test_under_way() {
    let folder = std::env::temp_dir().join(format!("chirp-test-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("endless.st");
    let source = "TestCase subclass: EndlessTest [ testA [ ] testB [ [ true ] whileTrue ] ]\n";
    std::fs::write(&file, source).expect("a file");
    let run = |filter: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_chirp"))
            .args(["--fuel", "20M", "test", "--filter", filter])
            .arg(&file)
            .output()
            .expect("chirp runs");
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(124), "{told}");
        assert!(told.starts_with("error: out of fuel (--fuel)\n"), "{told}");
        assert!(
            told.ends_with("note: it was in EndlessTest>>testB\n"),
            "{told}"
        );
        text(&output.stdout)
    };
    assert_eq!(run("testB"), "1 test: 0 passed, 1 error\n");
    assert_eq!(run("test"), "2 tests: 1 passed, 1 error\n");
    std::fs::remove_dir_all(folder).expect("a folder to remove");
}

#[test]
fn wrong_usage() {
    assert_eq!(test(&["no such file.st"]).status.code(), Some(2));
    assert_eq!(test(&["--junit"]).status.code(), Some(2));
    for (file, told) in [
        (
            "/no such folder/x.xml",
            "error: /no such folder/x.xml: there is no such folder\n",
        ),
        ("/", "error: / is a folder; write the name of a file\n"),
    ] {
        let output = test(&["many.st", "--junit", file]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).ends_with(told), "{output:?}");
        // What came out is told all the same.
        assert!(text(&output.stdout).contains(" tests: "), "{output:?}");
    }
}

#[test]
fn the_report_for_build_servers() {
    let file = std::env::temp_dir().join(format!("chirp-junit-{}.xml", std::process::id()));
    let output = test(&[
        "outcomes.st",
        "many.st",
        "--junit",
        file.to_str().expect("a name"),
    ]);
    assert_eq!(output.status.code(), Some(1));
    let report = std::fs::read_to_string(&file).expect("a report");
    let _ = std::fs::remove_file(&file);
    for part in [
        "<testsuite name=\"LedgerTest\" tests=\"11\" failures=\"4\" errors=\"4\" skipped=\"1\"",
        "<testcase classname=\"LedgerTest\" name=\"testComparesWrongly\"",
        "file=\"outcomes.st\" line=\"16\"",
        "message=\"expected 4, got 3\">Got 3 instead of 4.&#10;",
        "<error type=\"UndefinedVariable\" message=\"UndefinedVariable: Lodger is not defined",
        "<skipped message=\"rounding is undecided\"/>",
        "<system-out>about to divide&#10;</system-out>",
        "classname=\"ManyTest\" name=\"testIsSmall(#number-&gt;3)\"",
        "<testsuite name=\"many.st\" tests=\"2\" failures=\"1\"",
    ] {
        assert!(report.contains(part), "{part} is not in\n{report}");
    }
}

/// A package from before UTF-8: its bytes are characters, as they are to `--load`.
#[test]
fn a_source_that_is_not_utf8() {
    let folder = std::env::temp_dir().join(format!("chirp-latin-1-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let source = b"Class { #name : 'OldTest', #superclass : 'TestCase', #category : 'Old' }\n\n\
        { #category : 'tests' }\nOldTest >> testLetter [\n\n\
        \tself assert: '\xe9' first equals: (Character value: 233)\n]\n";
    std::fs::write(folder.join("OldTest.class.st"), source).expect("a file");
    let output = test(&[folder.to_str().expect("a plain name")]);
    let _ = std::fs::remove_dir_all(&folder);
    assert_eq!(text(&output.stdout), "1 test: 1 passed\n");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn the_report_tells_what_does_not_compile() {
    let folder = std::env::temp_dir().join(format!("chirp-uncompiled-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("P")).expect("a folder");
    let class = "Class { #name : 'QuayTest', #superclass : 'TestCase' }\n\nQuayTest >> testOne [\n\tself assert: (1 +\n]\n\nQuayTest >> testTwo [\n\tself assert: true\n]\n";
    let script = "TestCase subclass: PierTest [ testIt [ ^ zork ] ]\n";
    std::fs::write(folder.join("P/QuayTest.class.st"), class).expect("a file");
    std::fs::write(folder.join("pier.st"), script).expect("a file");
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let report = path("report.xml");
    let output = test(&[&path("P"), &path("pier.st"), "--junit", &report]);
    assert_eq!(output.status.code(), Some(65));
    let out = text(&output.stdout);
    assert_eq!(out, "2 mistakes in the sources\n1 test: 1 passed\n");
    let report = std::fs::read_to_string(&report).expect("a report");
    for part in [
        "tests=\"3\" failures=\"0\" errors=\"2\"",
        "QuayTest.class.st\" name=\"compiling\" time=\"0.000000\"",
        "QuayTest.class.st\" line=\"4\">",
        "pier.st\" line=\"1\">",
        "there is no variable `zork`",
        "classname=\"QuayTest\" name=\"testTwo\"",
    ] {
        assert!(report.contains(part), "{part} is not in\n{report}");
    }
    std::fs::remove_dir_all(folder).expect("a folder to remove");
}

/// The test that was stopped is in the report, and what ran before it, however the run came to its end.
#[test]
fn the_report_of_a_run_that_was_stopped() {
    use nix::sys::signal::{Signal, kill};
    use std::io::Read;
    let folder = std::env::temp_dir().join(format!("chirp-stopped-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("P")).expect("a folder");
    let file = folder.join("endless.st");
    let source = "TestCase subclass: EndlessTest [ testA [ ] testB [ [ true ] whileTrue ] ]\n\n\"[ true ] whileTrue >>> 3\"\n";
    std::fs::write(&file, source).expect("a file");
    let class = "Class { #name : 'SlowTest', #superclass : 'TestCase' }\n\n\
        SlowTest class >> initialize [\n\t[ true ] whileTrue\n]\n";
    std::fs::write(folder.join("P/SlowTest.class.st"), class).expect("a file");
    let xml = folder.join("report.xml");
    let command = |arguments: &[&str]| {
        let _ = std::fs::remove_file(&xml);
        let mut command = Command::new("env");
        // What a script starts in the background ignores it.
        command.args(["--default-signal=INT", env!("CARGO_BIN_EXE_chirp")]);
        command.args(arguments).arg("--junit").arg(&xml);
        command
    };
    let reports = |parts: &[&str]| {
        let report = std::fs::read_to_string(&xml).expect("a report");
        for part in parts {
            assert!(report.contains(part), "{part} is not in\n{report}");
        }
    };
    let (path, package) = (file.to_string_lossy(), folder.join("P"));
    let package = package.to_string_lossy();
    for (limit, amount, told) in [
        ("--fuel", "20M", "out of fuel (--fuel)"),
        ("--timeout", "1", "out of time (--timeout)"),
    ] {
        let error = format!("<error type=\"TestFailure\" message=\"{told}\"");
        let mut run = command(&[limit, amount, "test", &path, "--filter", "test"]);
        assert_eq!(run.output().expect("chirp runs").status.code(), Some(124));
        let names = ["name=\"testA\"", "name=\"testB\"", "tests=\"2\""];
        reports(&[&names[..], &["errors=\"1\"", &error]].concat());
        let mut run = command(&[limit, amount, "test", &path, "--filter", "whileTrue"]);
        let output = run.output().expect("chirp runs");
        assert_eq!(text(&output.stdout), "1 example, 1 not true\n");
        reports(&["endless.st\" name=\"[ true ] whileTrue\"", &error]);
        let mut run = command(&[limit, amount, "test", &package]);
        assert_eq!(run.output().expect("chirp runs").status.code(), Some(124));
        reports(&["classname=\"SlowTest initialize\" name=\"loading\"", &error]);
    }
    let source = "TestCase subclass: EndlessTest [ testA [ ] testB [ Stdio stderr nextPutAll: 'go'; flush. [ true ] whileTrue ] ]";
    std::fs::write(&file, source).expect("a file");
    let mut run = command(&["test", &path]);
    let mut child = run
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("chirp starts");
    let mut errors = child.stderr.take().expect("a pipe");
    errors.read_exact(&mut [0; 2]).expect("the test has begun");
    let process = nix::unistd::Pid::from_raw(child.id() as i32);
    kill(process, Signal::SIGINT).expect("a signal is sent");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    reports(&["name=\"testA\"", "<error type=\"UserInterrupt\""]);
    std::fs::remove_dir_all(folder).expect("a folder to remove");
}

#[test]
fn classes_that_are_left_out_do_not_pass() {
    let folder = std::env::temp_dir().join(format!("chirp-left-out-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("P")).expect("a folder");
    let write = |name: &str, above: &str| {
        let class = format!(
            "Class {{ #name : '{name}', #superclass : '{above}' }}\n\n{name} >> testIt [\n\tself assert: true\n]\n"
        );
        std::fs::write(folder.join(format!("P/{name}.class.st")), class).expect("a file");
    };
    write("BridgeTest", "TestCase");
    write("LostTest", "GoneTest");
    let report = folder.join("report.xml").to_string_lossy().into_owned();
    let path = folder.join("P").to_string_lossy().into_owned();
    let output = test(&[&path, "--junit", &report]);
    assert_eq!(output.status.code(), Some(1));
    let count = "1 class is left out: its tests did not run\n1 test: 1 passed\n";
    assert_eq!(text(&output.stdout), count);
    let reason =
        "LostTest.class.st:1: LostTest is left out: there is no class GoneTest to inherit from\n";
    let told = text(&output.stderr);
    assert!(
        told.starts_with("error: ") && told.contains(reason),
        "{told}"
    );
    assert!(
        told.contains("help: ") && told.contains("--load PATH"),
        "{told}"
    );
    let xml = std::fs::read_to_string(&report).expect("a report");
    for part in [
        "tests=\"2\" failures=\"0\" errors=\"1\"",
        "LostTest.class.st\" name=\"defining\"",
        "there is no class GoneTest",
    ] {
        assert!(xml.contains(part), "{part} is not in\n{xml}");
    }
    write("LowerTest", "LostTest");
    let output = test(&[&path]);
    assert!(text(&output.stdout).starts_with("2 classes are left out: their tests did not run\n"));
    write("GoneTest", "TestCase");
    let output = test(&[&path]);
    assert_eq!(
        (output.status.code(), text(&output.stderr)),
        (Some(0), String::new())
    );
    std::fs::remove_dir_all(folder).expect("a folder to remove");
}
