//! The library inside the executable: it is what is in `image/`, and a machine that starts takes little of it. That what
//! is packed comes back: `src/loader/packed/tests.rs`.

#![cfg(feature = "tools")]

use chirp::formats::index::{self, Extras};
use chirp::formats::packed;
use chirp::host::stdio::Stdio;
use chirp::host::{Capabilities, Host, library_files};
use chirp::loader::boot;
use chirp::loader::image::Image;
use chirp::memory::HeapOptions;
use std::collections::BTreeSet;

#[path = "packing/phrases.rs"]
mod phrases;

#[test]
fn the_executable_carries_the_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/image");
    let files = library_files::read(folder.as_ref()).expect("the folder");
    let read = Image::from_files(&files).expect("a sound library");
    let embedded = Image::embedded();
    assert!(read.files() == embedded.files());
    for (a, b) in read.classes().zip(embedded.classes()) {
        assert_eq!((a.name(), a.comment()), (b.name(), b.comment()));
        for (a, b) in a.methods().zip(b.methods()) {
            assert_eq!((a.selector(), a.source()), (b.selector(), b.source()));
        }
    }
}

#[test]
fn a_machine_starts_with_few_classes() {
    let host = Host::new(Capabilities::none(), Stdio::none()).expect("a host");
    let image = Image::embedded();
    let vm = boot(&image, HeapOptions::default(), host).expect("the library");
    let classes = vm.classes.all().filter(|c| c.instance_side.is_none());
    let made = classes.count();
    assert!(made * 5 < image.num_classes(), "{made} classes");
    assert!(vm.classes.methods.len() < 10, "methods were listed");
    assert!(vm.symbols.len() < 400, "{} symbols", vm.symbols.len());
}

/// What every program needs, heads of classes, lists of methods and methods, is not packed; `UPDATE_EARLY=1` writes the list anew.
#[test]
fn what_every_program_needs_is_not_packed() {
    let host = Host::new(Capabilities::none(), Stdio::none()).expect("a host");
    let mut vm = boot(&Image::embedded(), HeapOptions::default(), host).expect("the library");
    let seven = vm.evaluate("test", "3 + 4").expect("a number");
    let processor = vm.global("Processor").expect("it was made");
    // As the command line prints, and ends.
    for (receiver, selector) in [(seven, "printString"), (processor, "terminateOthers")] {
        let selector = vm.intern(selector);
        vm.send_message(selector, &[receiver]).expect("an answer");
    }
    let methods = vm.classes.methods.iter();
    let compiled = methods.filter(|m| m.is_compiled() && m.source.library && m.source.line > 0);
    let mut names: BTreeSet<String> = compiled
        .map(|m| {
            format!(
                "{}>>{}",
                vm.classes.name(m.class),
                vm.symbols.text(m.selector)
            )
        })
        .collect();
    // Of these classes it needs the heads, and where one of the sides is listed, the list.
    for class in vm.classes.all().filter(|c| c.instance_side.is_none()) {
        let meta = vm.classes.get(class.meta);
        let sides = [Some(&**class), meta].into_iter().flatten();
        if sides.into_iter().any(|side| !side.methods.is_waiting()) {
            names.insert(format!("{}>>", class.name));
        }
        names.insert(class.name.to_string());
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/formats/early.txt");
    if std::env::var_os("UPDATE_EARLY").is_some() {
        let lines: String = names.iter().map(|name| format!("{name}\n")).collect();
        std::fs::write(path, lines).expect("the list is written");
        return;
    }
    let list = std::fs::read_to_string(path).expect("the list");
    let listed: BTreeSet<String> = list.lines().map(str::to_string).collect();
    assert_eq!(names, listed, "run this test with UPDATE_EARLY=1");
}

/// The phrases that methods and lists are packed with do occur in them; `UPDATE_PHRASES=1` finds them anew.
#[test]
fn phrases_occur_in_the_library() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/image");
    let files = library_files::read(folder.as_ref()).expect("the folder");
    let library = index::build(&files, Extras::default()).expect("a sound library");
    // The parts of its selector are not packed with a method.
    let text = |(number, piece): (usize, &String)| {
        let parts = packed::parts(library.selector(number));
        let (mut text, mut rest) = (String::new(), piece.as_str());
        for part in parts {
            let (before, behind) = rest.split_once(part).expect("its selector");
            text.push_str(before);
            rest = behind;
        }
        text + rest
    };
    let texts: Vec<String> = library.pieces.iter().enumerate().map(text).collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/formats/phrases.txt");
    if std::env::var_os("UPDATE_PHRASES").is_some() {
        let found = packed::phrase_lines(&phrases::phrases(&texts));
        std::fs::write(path, found).expect("the list is written");
        return;
    }
    let list = std::fs::read_to_string(path).expect("the list");
    let phrases = packed::phrases(&list);
    assert!(phrases.is_sorted() && phrases.len() < 3_000);
    let all = texts.concat();
    let never = |phrase: &&String| !all.contains(phrase.as_str());
    let never: Vec<&String> = phrases.iter().filter(never).collect();
    assert!(
        never.len() * 20 < phrases.len(),
        "run this test with UPDATE_PHRASES=1: {never:?}"
    );
    assert_eq!(packed::phrase_lines(&phrases), list);
}
