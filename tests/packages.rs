//! Packages from their sources: the same shop in four formats, what is said about broken ones, and loading from Smalltalk.

#![cfg(feature = "cli")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Exit code, standard output, standard error.
fn chirp(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_chirp"))
        .args(["--timeout", "60"])
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages"))
        .output()
        .expect("chirp runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().expect("an exit code"),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// What `-p` prints of an expression after the packages were loaded.
fn printed(load: &[&str], expression: &str) -> String {
    let mut arguments: Vec<&str> = load.iter().flat_map(|path| ["--load", path]).collect();
    arguments.extend(["-p", expression]);
    let (code, out, err) = chirp(&arguments);
    assert_eq!((code, err.as_str()), (0, ""), "{expression}");
    out.trim_end().to_string()
}

/// A folder for the files of one test.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("chirp-packages-{}-{name}", std::process::id()));
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

#[test]
fn the_same_in_every_format() {
    for sources in ["tonel", "filetree", "shop.cs", "shop.st"] {
        let (code, out, err) = chirp(&["test", sources]);
        assert_eq!((code, err.as_str()), (0, ""), "{sources}");
        assert_eq!(out, "5 tests: 5 passed\n", "{sources}");
    }
}

#[test]
fn what_a_path_may_be() {
    for paths in [
        &["tonel"][..],
        &["tonel/src"],
        &["tonel/src/Shop-Tests", "tonel/src/Shop"],
        &["filetree"],
        &["filetree/Shop.package"],
    ] {
        assert_eq!(printed(paths, "5 article price"), "5", "{paths:?}");
    }
    assert_eq!(
        printed(&["tonel"], "Article comment"),
        "'Something to buy. It says \"what\" it costs.'"
    );
    assert_eq!(
        printed(&["tonel"], "Article instVarNames"),
        "#(#owner #price)"
    );
    assert_eq!(
        printed(&["tonel"], "(Article >> #raise) protocolName"),
        "#actions"
    );
}

#[test]
fn from_smalltalk() {
    let load = "report := PackageLoader load: 'tonel'. report isComplete -> report packages";
    let expected = "true->#('BaselineOfShop' 'Shop' 'Shop-Tests')";
    assert_eq!(printed(&[], load), expected);
    let names = "(PackageLoader load: #('filetree/Shop.package')) classNames";
    assert_eq!(printed(&[], names), "#('ShopRates' 'Goods' 'Article')");
    let sandboxed = chirp(&["--sandbox", "-p", "(PackageLoader load: 'tonel') problems"]);
    assert_eq!(
        sandboxed.1,
        "#('tonel may not be read: files are not permitted')\n"
    );
}

#[test]
fn groups_of_a_baseline() {
    let load = |groups: &str| {
        let code = format!("(PackageLoader load: 'tonel' groups: #({groups})) packages");
        let (code, out, _) = chirp(&["-p", &code]);
        (code, out)
    };
    let open = |packages: &str| (0, format!("#({packages})\n"));
    assert_eq!(load("'Core'"), open("'Shop'"));
    assert_eq!(load("'Tests'"), open("'Shop' 'Shop-Tests'"));
    assert_eq!(load("'default'"), open("'Shop' 'Shop-Tests'"));
    assert_eq!(load("'Nothing'").0, 1);
}

#[test]
fn what_a_baseline_wants_done_before_and_after() {
    let baseline = "Class { #name : 'BaselineOfMill', #superclass : 'BaselineOf' }\n\nBaselineOfMill >> baseline: spec [\n\t<baseline>\n\tspec for: #common do: [\n\t\tspec\n\t\t\tpreLoadDoIt: #before;\n\t\t\tpostLoadDoIt: #after:;\n\t\t\tpackage: 'A' with: [ spec requires: 'B'; postLoadDoIt: #afterA ];\n\t\t\tpackage: 'B' with: [ spec preLoadDoIt: #beforeB; postLoadDoIt: #afterB ];\n\t\t\tpackage: 'C' with: [ spec postLoadDoIt: #afterC ];\n\t\t\tgroup: 'Core' with: #('A') ].\n\tspec for: #gemstone do: [ spec postLoadDoIt: #elsewhere ]\n]\n\nBaselineOfMill >> before [\n\t(Smalltalk includesKey: #MillA) printNl\n]\n\nBaselineOfMill >> beforeB [\n\t'before B' printNl\n]\n\nBaselineOfMill >> after: aLoader [\n\tMillA new wheel printNl\n]\n\nBaselineOfMill >> afterA [\n\t'after A' printNl\n]\n\nBaselineOfMill >> afterB [\n\t'after B' printNl\n]\n";
    let a = "Class { #name : 'MillA', #superclass : 'Object' }\n\nMillA class >> initialize [\n\t'initialize' printNl\n]\n\nMillA >> wheel [\n\t^ 42\n]\n";
    let b = "Class { #name : 'MillB', #superclass : 'Object' }\n";
    let root = folder("mill", &[]);
    for (package, file, text) in [
        ("BaselineOfMill", "BaselineOfMill.class.st", baseline),
        ("A", "MillA.class.st", a),
        ("B", "MillB.class.st", b),
    ] {
        std::fs::create_dir_all(root.join(package)).expect("a folder");
        std::fs::write(root.join(package).join(file), text).expect("a file");
    }
    let path = root.to_string_lossy();
    let all = "false\n'before B'\n'initialize'\n'after B'\n'after A'\n42\n";
    let done = |args: &[&str]| {
        let (code, out, err) = chirp(args);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        out
    };
    assert_eq!(done(&["--load", &path, "-e", "3"]), all);
    assert_eq!(done(&["-e", &format!("PackageLoader load: '{path}'")]), all);
    let group = format!("PackageLoader load: '{path}' groups: #('Core')");
    assert_eq!(done(&["-e", &group]), all);
    // Neither packages without their baseline, nor a baseline without a package.
    let b = format!("{path}/B");
    let baseline = format!("{path}/BaselineOfMill");
    assert_eq!(done(&["--load", &b, "-e", "3"]), "");
    assert_eq!(done(&["--load", &baseline, "-e", "3"]), "");
    std::fs::remove_dir_all(root).expect("a folder to remove");
}

/// Repositories that serve several systems have packages that would only break things here.
#[test]
fn what_a_baseline_has_for_other_systems_is_left_out() {
    let baseline = "Class { #name : 'BaselineOfInn', #superclass : 'BaselineOf' }\n\nBaselineOfInn >> baseline: spec [\n\t<baseline>\n\tspec for: #common do: [ spec package: 'Inn' ].\n\tspec for: #gemstone do: [ spec package: 'Inn-GemStone' with: [ spec requires: 'Inn' ] ].\n\tspec for: #(squeak pharo) do: [ spec package: 'Inn-Pharo' ]\n]\n";
    let class = |name: &str| format!("Class {{ #name : '{name}', #superclass : 'Object' }}\n");
    let root = folder("inn", &[]);
    for (package, name, text) in [
        ("BaselineOfInn", "BaselineOfInn", baseline.to_string()),
        ("Inn", "Inn", class("Inn")),
        ("Inn-GemStone", "InnStone", class("InnStone")),
        ("Inn-Pharo", "InnHere", class("InnHere")),
        ("Inn-Unlisted", "InnOther", class("InnOther")),
    ] {
        std::fs::create_dir_all(root.join(package)).expect("a folder");
        std::fs::write(root.join(package).join(format!("{name}.class.st")), text).expect("a file");
    }
    let path = root.to_string_lossy();
    let there =
        "#( Inn InnStone InnHere InnOther ) collect: [ :each | Smalltalk includesKey: each ]";
    let (code, out, err) = chirp(&["--load", &path, "-p", there]);
    assert_eq!(
        (code, out.as_str()),
        (0, "#(true false true true)\n"),
        "{err}"
    );
    assert!(
        err.contains(
            "package Inn-GemStone is left out: the baseline has it for other systems only"
        ),
        "{err}"
    );
    let load = format!("(PackageLoader load: '{path}') packages size -> ({there})");
    let (code, out, _) = chirp(&["-p", &load]);
    assert_eq!((code, out.as_str()), (0, "4->#(true false true true)\n"));
    // Alone, it is what somebody wants.
    let alone = format!("{path}/Inn-GemStone");
    let (_, out, _) = chirp(&["--load", &alone, "-p", there]);
    assert_eq!(out, "#(false true false false)\n");
    std::fs::remove_dir_all(root).expect("a folder to remove");
}

#[test]
fn what_a_package_overrides_can_be_put_back() {
    let load = &["tonel"];
    assert_eq!(
        printed(load, "PackageLoader overriddenIn: Integer"),
        "#(#isPrime)"
    );
    let source = "(PackageLoader overriddenSourceOf: #isPrime in: Integer) lines first trim";
    assert_eq!(printed(load, source), "'isPrime'");
    let back = "PackageLoader restore: #isPrime in: Integer. 7 isPrime";
    assert_eq!(printed(load, back), "true");
}

#[test]
fn a_mistake_hides_nothing() {
    let class = "Class { #name : 'A', #superclass : 'Object' }\r\n\r\nA >> one [\r\n\t^ 3 +\r\n]\r\n\r\nA >> two [\r\n\t^ zork\r\n]\r\n\r\nA >> three [ ^ 3 ]\r\n";
    let open = "Class { #name : 'B', #superclass : 'Object' }\n\nB >> open [\n\t^ 'x\n]\n";
    let lost = "Class { #name : 'C', #superclass : 'Missing' }\n\nC >> x [ ^ 1 ]\n";
    let below = "Class { #name : 'D', #superclass : 'C' }\n\nD >> x [ ^ 1 ]\n";
    let extension = "Extension { #name : 'D' }\n\nD >> y [ ^ 1 ]\n";
    let starts =
        "Class { #name : 'E', #superclass : 'Object' }\n\nE class >> initialize [\n\t^ 1 / 0\n]\n";
    let folder = folder(
        "broken",
        &[
            ("A.class.st", class),
            ("B.class.st", open),
            ("C.class.st", lost),
            ("D.class.st", below),
            ("D.extension.st", extension),
            ("E.class.st", starts),
        ],
    );
    let path = folder.to_string_lossy();
    let (code, out, err) = chirp(&["--load", &path, "-p", "3"]);
    // The program does not run when its packages do not compile.
    assert_eq!((code, out.as_str()), (65, ""));
    for part in [
        "A.class.st:4:6",
        "nothing on the right of `+`",
        "A.class.st:8:4",
        "there is no variable `zork`",
        "B.class.st:4:4",
        "note: C is left out: there is no class Missing to inherit from",
        "note: D is left out: its superclass C was skipped",
        "D.extension.st:1:1",
        "ZeroDivide",
        "E.class.st:4:6",
    ] {
        assert!(err.contains(part), "{part} in {err}");
    }
    let (code, out, err) = chirp(&["check", &path]);
    assert_eq!((code, out.as_str()), (65, ""));
    assert!(err.contains("`zork`") && err.contains("`+`"), "{err}");
    assert!(!err.contains("ZeroDivide"), "nothing runs: {err}");
    let (code, _, err) = chirp(&["--load", "nowhere", "-p", "3"]);
    assert_eq!(
        (code, err.as_str()),
        (2, "error: there is no file nowhere\n")
    );
    std::fs::remove_dir_all(folder).expect("a folder to remove");
}

#[test]
fn scripts_with_classes_in_brackets() {
    let run = |name: &str, text: &str| {
        let folder = folder(name, &[("a.st", text)]);
        let path = folder.join("a.st");
        let result = chirp(&[&path.to_string_lossy()]);
        std::fs::remove_dir_all(folder).expect("a folder to remove");
        result
    };
    let text = "| a |\nObject subclass: Sum [\n\t| total |\n\tCount := 2 + 3.\n\tadd: n [ total := self total + n ]\n\ttotal [ ^ total ifNil: [ Count ] ]\n]\na := Sum new.\nEval [ | a | a := 3. a printNl ]\nSum class extend [ five [ ^ self new add: 5; total ] ]\na add: 4.\na total printNl.\nSum five printNl.\n#{Sum} value printNl.\nSmalltalk.Sum >> half [ ^ ##(Count := Count + 1. 1 / 2) ]\na half printNl.\na half printNl.\nSum new total printNl.\nSum class extend [ seen [ <seenBy: #{Smalltalk.Sum}> ^ $<16r263A> ] ]\n(Sum class >> #seen) pragmas printNl.\nSum seen codePoint printNl\n";
    let (code, out, err) = run("brackets", text);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(
        out,
        "3\n9\n10\nSum\n(1/2)\n(1/2)\n6\nan Array(<seenBy: #Sum>)\n9786\n"
    );
    let wrong = "Object subclass: A [\n\tone [ ^ zork ]\n]\nZork subclass: B [ ]\nC extend [ two [ ^ 2 ] ]\nA new printNl; foo: y\n";
    let (code, out, err) = run("wrong", wrong);
    assert_eq!((code, out.as_str()), (65, ""));
    for part in [
        "a.st:2:10",
        "there is no class Zork to inherit from",
        "a.st:5:1",
        "there is no class C",
        "a.st:6:21",
    ] {
        assert!(err.contains(part), "{part} in {err}");
    }
    let (code, _, err) = run("open", "Object subclass: A [\n\tone [ ^ 1 ]\n");
    assert_eq!(code, 65);
    assert!(err.contains("this bracket is never closed"), "{err}");
}

#[test]
fn check_tells_the_mistakes_of_a_file_out() {
    let text = "Object subclass: #Crane\n\tinstanceVariableNames: ''\n\tclassVariableNames: ''\n\tpackage: 'Birds'!\n\n!Crane methodsFor: 'a'!\nlegs\n\t^ 2 ]! !\n!Stork methodsFor: 'a'!\nlegs\n\t^ zork! !\nCrane new legs: )!\n";
    let folder = folder("file-out-check", &[("a.st", text)]);
    let path = folder.join("a.st");
    let (code, out, err) = chirp(&["check", &path.to_string_lossy()]);
    std::fs::remove_dir_all(folder).expect("a folder to remove");
    assert_eq!((code, out.as_str()), (65, ""));
    for place in ["a.st:8:6", "a.st:9:2", "a.st:12:17"] {
        assert!(err.contains(place), "{place} in {err}");
    }
}

#[test]
fn file_outs_of_others() {
    let dolphin = "\u{FEFF}\"Filed out from Dolphin Smalltalk\"!\r\n\r\nObject subclass: #Gull\r\n\tinstanceVariableNames: 'wing'\r\n\tclassVariableNames: ''\r\n\tpoolDictionaries: ''\r\n\tclassInstanceVariableNames: 'flock'!\r\nGull guid: (GUID fromString: '{1}')!\r\n!Gull categoriesForClass!Birds! !\r\n!Gull methodsFor!\r\ncry\r\n\t^ 'a\r\nb'! !\r\n!Gull categoriesForMethods!\r\ncry!public! !\r\nGull new cry printNl!\r\n";
    let cuis = "'From Cuis7.9 on 1 January 2026'!\n'Description Birds'!\n!provides: 'Birds' 1 4!\n!requires: 'Cuis-Base' 60 5000 nil!\nSystemOrganization addCategory: 'Birds'!\n!classDefinition: #Tern category: 'Birds'!\nObject subclass: #Tern\n\tinstanceVariableNames: 'wing'\n\tclassVariableNames: ''\n\tpoolDictionaries: ''\n\tcategory: 'Birds'!\n!Tern commentStamp: '<historical>' prior: 0!\nA bird!!!\n!Tern methodsFor: 'a' stamp: 'me 1/1/2026'!\nwing\n\t^ wing ifNil: [ wing _ 4 ]! !\n!Tern reorganize!\n('a' wing)\n!\nTern new wing printNl!\nTern comment printNl!\n";
    let folder = folder("others", &[("gull.cls", dolphin), ("tern.st", cuis)]);
    let run = |name: &str| {
        let path = folder.join(name);
        let (code, out, err) = chirp(&[&path.to_string_lossy()]);
        assert_eq!((code, err.as_str()), (0, ""), "{name}");
        out
    };
    // The line end inside the literal is CR; the terminal gets LF for it.
    assert_eq!(run("gull.cls"), "'a\nb'\n");
    assert_eq!(run("tern.st"), "4\n'A bird!'\n");
    std::fs::remove_dir_all(folder).expect("a folder to remove");
}

#[test]
fn files_of_every_kind_are_loaded() {
    let base = "Object subclass: #Boat\n\tinstanceVariableNames: 'sail'\n\tclassVariableNames: ''\n\tpackage: 'Boats'!\n\n!Boat methodsFor: 'a'!\nsail\n\t^ 7! !\n";
    let above = "Boat subclass: Dinghy [ sail [ ^ super sail + 1 ] ]\n";
    let tonel = "Class { #name : 'Yacht', #superclass : 'Boat' }\n\nYacht >> mast [ ^ 'high' ]\n";
    let folder = folder(
        "kinds",
        &[
            ("fileouts/A.st", above),
            ("fileouts/B.st", base),
            ("Yacht.st", tonel),
            (
                "mixed/Raft.class.st",
                "Class { #name : 'Raft', #superclass : 'Object' }\n",
            ),
            ("mixed/more.st", "!Raft methodsFor: 'x'!\nlogs\n\t^ 5! !\n"),
            ("mixed/script.st", "'run me' printNl\n"),
            ("script.st", "'I ran' displayNl\n"),
        ],
    );
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let sail = "Dinghy new sail";
    assert_eq!(printed(&[&path("fileouts")], sail), "8");
    assert_eq!(
        printed(&[&path("fileouts/B.st"), &path("fileouts/A.st")], sail),
        "8"
    );
    let yacht = [path("fileouts/B.st"), path("Yacht.st")];
    let yacht: Vec<&str> = yacht.iter().map(String::as_str).collect();
    assert_eq!(printed(&yacht, "Yacht new mast"), "'high'");
    let load = format!(
        "(PackageLoader load: #('{}' '{}')) isComplete. Yacht new sail",
        yacht[0], yacht[1]
    );
    assert_eq!(printed(&[], &load), "7");
    let (code, out, err) = chirp(&["--load", &path("mixed"), "-p", "Raft new logs"]);
    assert_eq!((code, out.as_str()), (0, "5\n"));
    assert!(
        err.contains("script.st is left out: it is a script"),
        "{err}"
    );
    let (code, out, err) = chirp(&["--load", &path("script.st"), "-p", "3"]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "I ran\n3\n", ""));
    std::fs::remove_dir_all(folder).expect("a folder to remove");
}

#[test]
fn brackets_on_the_command_line() {
    let (code, out, err) = chirp(&[
        "-p",
        "Object subclass: Tap [ | drops | drip [ ^ drops := 1 + (drops ifNil: [ 0 ]) ] ]",
        "-e",
        "Tap extend [ twice [ self drip. ^ self drip ] ]. tap := Tap new",
        "-p",
        "Tap class >> open [ ^ self new twice ]. tap twice + Tap open",
    ]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "Tap\n4\n", ""));
}

#[test]
fn mistakes_are_shown_as_the_file_has_them() {
    let tonel = "Class { #name : 'Kite', #superclass : 'Object' }\n\nKite >> tail [ ^ 3 + ]\n\nKite class >> long: a\n  with: b [\n\t^ wind ]\n";
    let broken =
        "Object subclass: A [\n\t| x x |\n\tone [ ^ 1 + ]\n\ttwo ^ 2\n\tthree [ ^ 3 - ]\n]\n3 *\n";
    let folder = folder("shown", &[("Kite.class.st", tonel), ("a.st", broken)]);
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (code, _, err) = chirp(&["check", &path("Kite.class.st")]);
    assert_eq!(code, 65);
    for part in [
        "3 | Kite >> tail [ ^ 3 + ]\n  |                    ^",
        "Kite.class.st:7:4",
        "7 |     ^ wind ]",
    ] {
        assert!(err.contains(part), "{part} in {err}");
    }
    let runs = folder.join("b.st");
    std::fs::write(&runs, "Object subclass: B [ x [ ^ nil zork ] ]\nB new x\n").expect("a file");
    let (_, _, err) = chirp(&[&path("b.st")]);
    assert!(
        err.contains("\n      x [ ^ nil zork\n                ^\n"),
        "{err}"
    );
    let (code, _, err) = chirp(&[&path("a.st")]);
    assert_eq!(code, 65);
    for part in [
        "a.st:1:18",
        "a.st:3:12",
        "a.st:4:6",
        "a.st:5:14",
        "a.st:7:3",
    ] {
        assert!(err.contains(part), "{part} in {err}");
    }
    std::fs::remove_dir_all(folder).expect("a folder to remove");
}

#[test]
fn classes_of_the_library_are_taken_over_wholly() {
    let heap = "Class { #name : 'Heap', #superclass : 'Object', #category : 'Farm' }\n\nHeap >> straw [ ^ 'yellow' ]\n";
    let string = "Class { #name : 'String', #superclass : 'ArrayedCollection', #category : 'Farm' }\n\nString >> bleat [ ^ 'baa' ]\n\nString >> size [ ^ -1 ]\n";
    let folder = folder(
        "farm",
        &[
            ("Farm/Heap.class.st", heap),
            ("Farm/String.class.st", string),
        ],
    );
    let path = folder.join("Farm").to_string_lossy().into_owned();
    let code = "{ Heap new straw. Heap canUnderstand: #add:. 'x' bleat. 'x' size }";
    let (code, out, err) = chirp(&["--load", &path, "-p", code]);
    assert_eq!(
        (code, out.as_str()),
        (0, "#('yellow' false 'baa' 1)\n"),
        "{err}"
    );
    assert_eq!(
        err,
        "note: Farm takes the place of the library's Heap\nnote: Farm adds the methods that are missing in the library's String: what is there stays as it is, since the machine relies on it\n"
    );
    std::fs::remove_dir_all(folder).expect("a folder to remove");
}
