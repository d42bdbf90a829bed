//! The commands beside running programs: check, dis, explain, completions, man.

#![cfg(feature = "cli")]

mod common;

use common::{Folder, chirp, chirp_with, code, err, out, prints};
use std::process::Command;

#[test]
fn check_writes_json() {
    let folder = Folder::new();
    let path = folder.file(
        "a \"b\".st",
        "x := 3 + .\n日本 := 'it''s' foo: .\nlist do: [ :a\n",
    );
    let output = chirp(&["check", "--json", &path]);
    assert_eq!((code(&output), err(&output).as_str()), (65, ""));
    let text = out(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    let file = path.replace('"', "\\\"");
    assert_eq!(
        lines[0],
        format!(
            "{{\"file\":\"{file}\",\"line\":1,\"column\":8,\"endLine\":1,\"endColumn\":9,\"severity\":\"error\",\
             \"code\":\"E0108\",\"message\":\"nothing on the right of `+`\",\
             \"help\":\"write a value, a variable or something in brackets\"}}"
        )
    );
    assert!(
        lines[1].contains("\"line\":2,\"column\":15,\"endLine\":2,\"endColumn\":19"),
        "{text}"
    );
    assert!(prints(&["check", "--json", &folder.file("b.st", "3 + 4")]).is_empty());
    let output = chirp(&["check", "--json", "/nonexistent.st"]);
    assert_eq!(code(&output), 2);
    assert!(out(&output).contains("\"message\":\"there is no file /nonexistent.st\""));
}

#[test]
fn check_finds_what_a_package_cannot_define() {
    let folder = Folder::new();
    folder.file("package.st", "Package { #name : 'Things' }\n");
    let lost = folder.file(
        "Foo.class.st",
        "\"\nI am lost.\n\"\nClass { #name : 'Foo', #superclass : #Obj, #package : 'Things' }\n",
    );
    let below =
        "Class { #name : 'Bar', #superclass : 'Foo', #package : 'Things' }\n\nBar >> a [ ^ 1 ]\n";
    folder.file("Bar.class.st", below);
    let nobody = "Extension { #name : 'Nobody' }\n\nNobody >> a [ ^ 1 ]\n";
    folder.file("Nobody.extension.st", nobody);
    let output = chirp(&["check", "--json", folder.path()]);
    let text = out(&output);
    assert_eq!((code(&output), err(&output).as_str()), (65, ""), "{text}");
    assert_eq!(text.lines().count(), 3, "{text}");
    for part in [
        "Foo.class.st\",\"line\":4,\"column\":1,\"endLine\":4,\"endColumn\":6,\"severity\":\"error\",\"code\":\"E0301\",\
         \"message\":\"Foo cannot be defined: there is no class Obj to inherit from\"",
        "\"Bar cannot be defined: its superclass Foo was skipped\"",
        "Nobody.extension.st\",\"line\":1",
        "\"message\":\"there is no class Nobody\"",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // Whoever names one file hears of that one.
    let told = err(&chirp(&["check", &lost]));
    assert!(
        told.contains("error[E0301]: Foo cannot") && told.contains("--load PATH"),
        "{told}"
    );
    assert!(!told.contains("Bar") && !told.contains("Nobody"), "{told}");
    // Once for each class, also where methods have files of their own.
    let filetree = Folder::new();
    for name in ["Nobody.extension", "Lost.class"] {
        let class = format!("All.package/{name}");
        let properties = "{ \"name\" : \"NAME\", \"super\" : \"Gone\" }";
        let properties = properties.replace("NAME", name.split('.').next().unwrap_or(name));
        filetree.file(&format!("{class}/properties.json"), &properties);
        for method in ["a", "b"] {
            let text = format!("as yet unclassified\n{method}\n\t^ 1\n");
            filetree.file(&format!("{class}/instance/{method}.st"), &text);
        }
    }
    let text = out(&chirp(&["check", "--json", filetree.path()]));
    assert_eq!(text.lines().count(), 2, "{text}");
    // A load leaves them out, and a listing shows what is there.
    let output = chirp(&["--load", folder.path(), "-p", "3"]);
    assert_eq!((code(&output), out(&output)), (0, "3\n".into()));
    assert!(err(&output).contains("note: Foo is left out"));
}

#[test]
fn commands_read_standard_input() {
    let output = chirp_with(&["check", "--json", "-"], "x := 3 + .\n");
    assert_eq!((code(&output), err(&output).as_str()), (65, ""));
    let text = out(&output);
    assert!(
        text.starts_with("{\"file\":\"stdin\",\"line\":1,\"column\":8,"),
        "{text}"
    );
    let output = chirp_with(&["check", "--deny-warnings", "-"], "Objekt new");
    assert_eq!(code(&output), 65);
    assert!(
        err(&output).contains(" --> stdin:1:1\n"),
        "{}",
        err(&output)
    );
    let output = chirp_with(&["check", "-"], "3 + 4");
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
    let output = chirp_with(&["dis", "-"], "x := 3. x + 4");
    assert!(out(&output).contains("ADDI"), "{}", err(&output));
    let output = chirp_with(&["dis", "-"], "x := 3 +");
    assert!(err(&output).contains(" --> stdin:1:"), "{}", err(&output));
    let tests = "TestCase subclass: AddTest [ testAdds [ self assert: 3 + 4 equals: 8 ] ]\n\n\"(3 max: 4) >>> 3\"\n";
    let output = chirp_with(&["test", "-"], tests);
    assert_eq!(code(&output), 1);
    let told = err(&output);
    assert!(
        told.contains("error: stdin:1: AddTest>>testAdds: expected 8, got 7\n")
            && told.contains("error: stdin:3: (3 max: 4) is 4, not 3\n"),
        "{told}"
    );
    // A class of a package is nothing without it.
    for command in ["check", "test", "dis"] {
        let output = chirp_with(
            &[command, "-"],
            "Class { #name : 'A', #superclass : 'Object' }\n",
        );
        assert_eq!(code(&output), 2, "{command}");
        let told = out(&output) + &err(&output);
        assert!(told.contains("error: stdin is no file on disk"), "{told}");
    }
}

/// What is told of a package, or of a file in it, is what a check of its whole repository tells.
#[test]
fn check_finds_what_lies_beside_a_package_in_its_repository() {
    let class = |name: &str, above: &str| {
        format!(
            "Class {{ #name : '{name}', #superclass : '{above}' }}\n\n{name} >> a [\n\t^ Boat new\n]\n"
        )
    };
    let folder = Folder::new();
    folder.file("src/Boats/Boat.class.st", &class("Boat", "Object"));
    let lost = folder.file("src/Boats/Wreck.class.st", &class("Wreck", "Gone"));
    let raft = folder.file("src/Rafts/Raft.class.st", &class("Raft", "Boat"));
    // One that is the library's as well is nothing that whoever asks for another has to know.
    folder.file("src/Boats/Bag.class.st", &class("Bag", "Object"));
    let rafts = format!("{}/src/Rafts", folder.path());
    for path in [&rafts, &raft] {
        let output = chirp(&["check", "--deny-warnings", path]);
        assert_eq!((code(&output), err(&output)), (0, String::new()), "{path}");
    }
    assert!(prints(&["dis", &raft]).starts_with("Raft>>a"));
    let output = chirp(&["check", folder.path()]);
    assert_eq!(code(&output), 65);
    let told = err(&output);
    assert!(
        told.contains("Wreck cannot be defined") && told.contains(&lost),
        "{told}"
    );
    assert!(!told.contains("Raft"), "{told}");
    // A folder that is no repository's is nobody's business.
    let apart = Folder::new();
    apart.file("Boats/Boat.class.st", &class("Boat", "Object"));
    apart.file("Rafts/Raft.class.st", &class("Raft", "Boat"));
    let rafts = format!("{}/Rafts", apart.path());
    let output = chirp(&["check", &rafts]);
    assert_eq!(code(&output), 65);
    assert!(err(&output).contains("--load PATH"), "{}", err(&output));
    apart.file(".properties", "{ #format : #tonel }\n");
    assert_eq!(err(&chirp(&["check", &rafts])), "");
}

/// Not every path is text.
#[test]
fn packages_may_lie_anywhere() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    let place = std::path::Path::new(folder.path()).join(OsStr::from_bytes(b"src\xff/Rafts"));
    std::fs::create_dir_all(&place).expect("a folder");
    let file = place.join("RaftTest.class.st");
    let class = "Class { #name : 'RaftTest', #superclass : 'TestCase' }\n\nRaftTest >> testIt [\n\tself foo: zork\n]\n";
    std::fs::write(&file, class).expect("a file");
    for (command, path) in [
        ("check", &place),
        ("check", &file),
        ("test", &place),
        ("dis", &file),
    ] {
        let mut run = Command::new(env!("CARGO_BIN_EXE_chirp"));
        let output = common::run(run.arg(command).arg(path), "");
        assert_eq!(code(&output), 65, "{command}: {output:?}");
        assert!(
            err(&output).contains("there is no variable `zork`"),
            "{command}: {output:?}"
        );
    }
    std::fs::write(&file, class.replace("foo: zork", "assert: true")).expect("a file");
    let mut run = Command::new(env!("CARGO_BIN_EXE_chirp"));
    let output = common::run(run.arg("test").arg(&place), "");
    assert_eq!(out(&output), "1 test: 1 passed\n");
}

#[test]
fn check_asks_baselines_which_packages_are_for_others() {
    let folder = Folder::new();
    let class = |name: &str, above: &str, method: &str| {
        format!("Class {{ #name : '{name}', #superclass : '{above}' }}\n\n{name} >> {method}\n")
    };
    let says = |first: &str| {
        let spec = format!(
            "baseline: spec [\n\t<baseline>\n\t{first}.\n\tspec for: #common do: [ spec package: 'Inn' ].\n\t\
             spec for: #gemstone do: [ spec package: 'Inn-GemStone' ]\n]"
        );
        let text = class("BaselineOfInn", "BaselineOf", &spec);
        folder.file("BaselineOfInn/BaselineOfInn.class.st", &text);
    };
    folder.file("Inn/Inn.class.st", &class("Inn", "Object", "a [\n\t^ 1\n]"));
    let stone = class("InnStone", "GsObject", "a [\n\t^ 1\n]");
    folder.file("Inn-GemStone/InnStone.class.st", &stone);
    let path = folder.path().to_string();
    // It may do and write nothing meanwhile.
    let mark = format!("{path}/mark");
    says(&format!(
        "Transcript show: 'hello'; flush. [ '{mark}' asFileReference writeStreamDo: [ :s | ] ] on: Error do: [ :e | ]"
    ));
    let output = chirp(&["check", &path]);
    let told = err(&output);
    assert_eq!((code(&output), out(&output).as_str()), (0, ""), "{told}");
    assert!(
        told.contains(
            "package Inn-GemStone is left out: the baseline has it for other systems only"
        ),
        "{told}"
    );
    assert!(!std::path::Path::new(&mark).exists());
    // Alone, it is what somebody asks for.
    let output = chirp(&["check", &format!("{path}/Inn-GemStone")]);
    assert_eq!(code(&output), 65);
    // What a baseline that fails, or does not end, would have said nobody knows.
    for first in ["nil foo", "Smalltalk exit: 0", "[ true ] whileTrue", "zork"] {
        says(first);
        let output = chirp(&["check", &path]);
        assert_eq!(code(&output), 65, "{first}");
        assert!(
            err(&output).contains("InnStone cannot be defined"),
            "{first}"
        );
    }
}

#[test]
fn what_is_no_file_on_disk_is_told_and_not_waited_for() {
    let folder = Folder::new();
    folder.file("a.st", "3 + 4");
    let pipe = format!("{}/b.st", folder.path());
    nix::unistd::mkfifo(pipe.as_str(), nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
    for command in ["check", "test"] {
        let output = chirp(&[command, folder.path()]);
        let told = format!("error: {pipe}: it is no file on disk\n");
        assert_eq!((code(&output), err(&output)), (2, told), "{command}");
    }
    let output = chirp(&["check", "--json", folder.path()]);
    assert!(
        out(&output).contains("it is no file on disk"),
        "{}",
        out(&output)
    );
    let output = chirp(&["--image", folder.path(), "-p", "3"]);
    let told = format!("error: {}: b.st: it is no file on disk\n", folder.path());
    assert_eq!((code(&output), err(&output)), (2, told));
    std::fs::remove_file(&pipe).expect("a fifo to remove");
    std::fs::remove_file(format!("{}/a.st", folder.path())).expect("a file to remove");
    let output = chirp(&["--image", folder.path(), "-p", "3"]);
    let told = format!(
        "error: {} has no class library in it: no .st file\n",
        folder.path()
    );
    assert_eq!((code(&output), err(&output)), (2, told));
    let wrong = folder.file("c/wrong.st", "zork");
    let output = chirp(&["--image", &wrong, "-p", "3"]);
    let told = format!("error: {wrong} is no folder with a class library in it\n");
    assert_eq!((code(&output), err(&output)), (2, told));
    // A link to a file is one; a link to a folder may lead in a circle.
    let other = Folder::new();
    std::os::unix::fs::symlink(&wrong, format!("{}/link.st", other.path())).expect("a link");
    std::os::unix::fs::symlink(other.path(), format!("{}/loop.st", other.path())).expect("a link");
    let output = chirp(&["check", other.path()]);
    assert_eq!((code(&output), out(&output).as_str()), (65, ""));
    assert!(err(&output).contains("link.st:1:1"), "{}", err(&output));
}

#[test]
fn check_goes_on_after_what_cannot_be_read() {
    let folder = Folder::new();
    let wrong = folder.file("a.st", "zork");
    let output = chirp(&["check", "/nonexistent.st", &wrong, "/also/not"]);
    let told = err(&output);
    assert_eq!(code(&output), 2, "{told}");
    assert!(
        told.contains("there is no variable `zork`")
            && told.contains("error: there is no file /nonexistent.st\n")
            && told.contains("error: there is no file /also/not\n"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_written_is_an_error() {
    for arguments in [
        &["explain"][..],
        &["explain", "E0101"],
        &["man"],
        &["--help"],
        &["-h"],
        &["--version"],
        &["check", "--help"],
        &["completions", "zsh"],
        &["doc", "Object"],
        &["-p", "3"],
    ] {
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("the device");
        let output = Command::new(env!("CARGO_BIN_EXE_chirp"))
            .args(arguments)
            .stdout(full)
            .output()
            .expect("chirp runs");
        let told = (code(&output), err(&output));
        let message = "error: standard output: No space left on device\n".to_string();
        assert_eq!(told, (1, message), "{arguments:?}");
    }
}

#[test]
fn dis_shows_code_files_and_methods() {
    let text = prints(&["dis", "-e", "x := 3. x + 4"]);
    assert!(
        text.contains("DoIt: 0 args") && text.contains("ADDI"),
        "{text}"
    );
    let text = prints(&["dis", "Set>>includes:"]);
    assert!(
        text.starts_with("HashedCollection>>includes:") || text.starts_with("Set>>includes:"),
        "{text}"
    );
    assert!(prints(&["dis", "Date class >> today"]).starts_with("Date class>>today"));
    let folder = Folder::new();
    let chunks = "Object subclass: #Thing\n!\n!Thing methodsFor: 'x'!\nfoo\n\t^ [ :x | x ]! !\n";
    let text = prints(&["dis", &folder.file("a.st", chunks)]);
    assert!(
        text.contains("\nThing>>foo: 0 args") && text.contains("block in foo: 1 args"),
        "{text}"
    );
    folder.file("package.st", "Package { #name : 'Things' }\n");
    folder.file("Other.class.st", "Class { #name : 'Other', #superclass : 'Object', #package : 'Things' }\n\nOther >> other [\n\t^ 4\n]\n");
    let tonel = folder.file(
        "Thing.class.st",
        "Class { #name : 'Thing', #superclass : 'Other', #package : 'Things' }\n\nThing >> foo [\n\t^ 3\n]\n",
    );
    let text = prints(&["dis", &tonel]);
    assert!(
        text.starts_with("Thing>>foo: 0 args") && !text.contains("other"),
        "{text}"
    );
    // Alone in its folder, and by its plain name.
    let alone = Command::new(env!("CARGO_BIN_EXE_chirp"))
        .current_dir(folder.path())
        .args(["dis", "Thing.class.st"])
        .output();
    assert_eq!(out(&alone.expect("chirp starts")), text);
    let refused = |what: &str, message: &str, exit: i32| {
        let output = chirp(&["dis", what]);
        assert_eq!(
            (code(&output), err(&output)),
            (exit, format!("error: {message}\n"))
        );
    };
    refused(
        "Set>>inclides:",
        "Set has no method inclides:; did you mean Set>>includes:?",
        2,
    );
    refused(
        "Zet>>includes:",
        "there is no class Zet; did you mean Set?",
        2,
    );
    refused("/nonexistent.st", "there is no file /nonexistent.st", 2);
    assert_eq!(code(&chirp(&["dis", "-e", "3 +"])), 65);
    assert_eq!(code(&chirp(&["dis"])), 2);
}

#[test]
fn doc_tells_of_classes_methods_and_selectors() {
    let text = prints(&["doc", "OrderedCollection"]);
    assert!(
        text.contains("OrderedCollection") && text.contains("addFirst:"),
        "{text}"
    );
    let text = prints(&["doc", "Set>>includes:"]);
    assert!(text.contains("<primitive: 'setIncludes'>"), "{text}");
    assert!(prints(&["doc", "includes:"]).contains("Collection"));
    let output = chirp(&["doc", "OrderdCollection"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("did you mean OrderedCollection?"));
    // What is loaded is described as well.
    let folder = Folder::new();
    folder.file("Things/package.st", "Package { #name : 'Things' }\n");
    folder.file(
        "Things/Thing.class.st",
        "\"\nI am a thing.\n\"\nClass { #name : 'Thing', #superclass : 'Object', #package : 'Things' }\n\n\
         { #category : 'asking' }\nThing >> what [\n\t\"Nothing.\"\n\t^ nil\n]\n",
    );
    let text = prints(&["--load", folder.path(), "doc", "Thing"]);
    assert!(
        text.contains("I am a thing.") && text.contains("asking"),
        "{text}"
    );
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let page = prints(&["man"]);
    assert!(
        page.contains(".TH chirp 1") && page.contains("Exit codes"),
        "{page}"
    );
    let (_, surroundings) = page.split_once("\n.SH FILES\n").expect("the files");
    for word in [
        "/chirp/init.st",
        "/chirp/history",
        ".SH ENVIRONMENT",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "TERM",
    ] {
        assert!(surroundings.contains(word), "{word}");
    }
    for command in [
        "check",
        "test",
        "doc",
        "dis",
        "explain",
        "completions",
        "man",
    ] {
        assert!(page.contains(&format!("chirp\\-{command}")), "{command}");
        let title = format!(".TH chirp-{command} 1");
        assert!(prints(&["man", command]).contains(&title), "{title}");
    }
    let output = chirp(&["man", "chek"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("there is no command chek; the commands are check, test"));
}

#[test]
fn colours_follow_options_and_variables() {
    let is_coloured = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chirp"));
        command.args(arguments).args(["-e", "nil foo"]);
        command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        command.envs(variables.iter().copied());
        err(&common::run(&mut command, "")).contains('\x1b')
    };
    let (no, force) = (("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"));
    for (arguments, variables, coloured) in [
        (&[][..], &[][..], false),
        (&[], &[force], true),
        (&[], &[no], false),
        (&[], &[no, force], false),
        (&[], &[("NO_COLOR", ""), force], true),
        (&["--color", "always"], &[no], true),
        (&["--color=never"], &[force], false),
        (&["--color=auto"], &[force], true),
    ] {
        let found = is_coloured(arguments, variables);
        assert_eq!(found, coloured, "{arguments:?} {variables:?}");
    }
}

#[test]
fn long_work_shows_how_far_it_is_and_leaves_nothing() {
    let folder = Folder::new();
    let (first, last) = (folder.file("a.st", "3 + 4"), folder.file("c.st", "zork"));
    let fifo = format!("{}/fifo", folder.path());
    nix::unistd::mkfifo(fifo.as_str(), nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
    let mut command = Command::new(env!("CARGO_BIN_EXE_chirp"));
    command
        .args(["check", &first, &fifo, &last])
        .env("TERM", "xterm");
    let mut session = rexpect::session::spawn_command(command, Some(60_000)).expect("a session");
    // What is done at once shows nothing.
    std::thread::sleep(std::time::Duration::from_millis(500));
    std::fs::write(&fifo, "5 + 6").expect("it is written");
    session.exp_string("[3/3] ").expect("how far it is");
    session
        .exp_string("c.st\x1b[K\r\x1b[K")
        .expect("it is erased");
    session
        .exp_string("there is no variable")
        .expect("a mistake");
    session.exp_eof().expect("it ends");
    let told = err(&chirp(&["check", &first, &last]));
    assert!(!told.contains("[1/") && !told.contains('\r'), "{told}");
}

#[test]
fn a_command_that_there_is_not_is_taken_for_a_file_and_suggested() {
    for (word, told) in [
        (
            "chek",
            "there is no file chek; did you mean the command check?",
        ),
        (
            "run",
            "there is no file run; a program needs no command, only its file",
        ),
        ("nothing.st", "there is no file nothing.st\n"),
    ] {
        let output = chirp(&[word, "a.st"]);
        assert_eq!(code(&output), 2);
        assert!(err(&output).contains(told), "{}", err(&output));
    }
}
