//! The parts of the class library that belong to Cargo features: nothing that is kept may need what may be missing.

#![cfg(feature = "tools")]

use chirp::formats::index::SourceFile;
use chirp::formats::parts::{PARTS, choose};
use chirp::formats::tonel;
use chirp::host::stdio::Stdio;
use chirp::host::{Capabilities, Host, library_files};
use chirp::loader::boot;
use chirp::loader::image::Image;
use chirp::memory::HeapOptions;
use std::collections::BTreeSet;

/// Each method with a selector that nobody implements, or a name that nothing has; a line each.
const UNKNOWN: &str = "
    | implemented |
    implemented := SystemNavigation default allImplementedMessages asSet.
    String streamContents: [ :out |
        SystemNavigation default allMethods do: [ :method |
            (method messages reject: [ :each | implemented includes: each ]) do: [ :each |
                out print: method; << ' sends '; << each; lf ].
            method uses second do: [ :each |
                (each first isUppercase
                    and: [ (Smalltalk includesKey: each) not
                    and: [ (method methodClass instanceSide allClassVarNames includes: each) not ] ])
                    ifTrue: [ out print: method; << ' names '; << each; lf ] ] ] ]";

/// What each feature brings along, as Cargo.toml says.
const BRINGS: &[(&str, &[&str])] = &[
    ("files", &["dates", "encodings"]),
    ("library", &["dates", "encodings"]),
    ("net", &["dates", "encodings", "files", "library"]),
    ("packages", &["dates", "encodings", "files"]),
    ("programs", &["dates", "encodings", "files"]),
    ("sunit", &["dates"]),
];

/// Asked for before they are sent.
const GUARDED: &[&str] = &["ProvideAnswerNotification>>#isAskedBy: sends matchesRegex:"];

fn files(wanted: &[&str]) -> Vec<SourceFile> {
    let all = library_files::read("image".as_ref()).expect("the library's folder");
    choose(all, |part| wanted.contains(&part)).0
}

fn unknown(wanted: &[&str]) -> BTreeSet<String> {
    lines(&files(wanted), UNKNOWN)
}

/// What a program answers in a machine with these files as its library.
fn lines(files: &[SourceFile], program: &str) -> BTreeSet<String> {
    let image = Image::from_files(files).expect("classes that fit together");
    let host = Host::new(Capabilities::none(), Stdio::none()).expect("descriptors");
    let mut vm = boot(&image, HeapOptions::default(), host).expect("a sound library");
    vm.make_all_latent();
    let lines = vm.evaluate("lines", program).expect("a list");
    let lines = vm.string_value(lines).expect("text");
    lines.split(['\n', '\r']).map(str::to_string).collect()
}

#[test]
fn nothing_refers_to_what_another_feature_brings() {
    let features = PARTS.map(|(feature, _)| feature);
    let with_everything = unknown(&features);
    assert!(with_everything.len() < 200, "{with_everything:#?}");
    let mut wrong = Vec::new();
    for alone in [None].into_iter().chain(features.map(Some)) {
        let brings = BRINGS.iter().filter(|(who, _)| Some(*who) == alone);
        let wanted: Vec<&str> = alone
            .into_iter()
            .chain(brings.flat_map(|(_, what)| what.iter().copied()))
            .collect();
        let lines = unknown(&wanted);
        let lines = lines
            .difference(&with_everything)
            .filter(|l| !GUARDED.contains(&l.as_str()));
        wrong.extend(lines.map(|line| format!("{wanted:?}: {line}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where a class that is kept would inherit what it has a method of its own for, it would do something else without the
/// feature, and nobody would be told.
#[test]
fn nothing_that_is_left_out_overrides_what_is_kept() {
    let all = library_files::read("image".as_ref()).expect("the library's folder");
    let (kept, left) = choose(all, |_| false);
    let mut pairs = String::new();
    for definition in left
        .iter()
        .filter_map(|file| tonel::parse(&file.text).ok()?)
    {
        for method in &definition.methods {
            let class = method.owner;
            let side = if method.class_side {
                "class"
            } else {
                "yourself"
            };
            pairs += &format!("(#{class} #{side} #'{}') ", method.selector);
        }
    }
    assert!(pairs.len() > 10_000, "{pairs}");
    let program = format!(
        "String streamContents: [ :out |
            #({pairs}) do: [ :each |
                | class |
                class := Smalltalk at: each first ifAbsent: nil.
                (class isNil or: [ class isTrait ]) ifFalse: [
                    class := class perform: each second.
                    (class superclass notNil and: [ class superclass canUnderstand: each third ])
                        ifTrue: [ out print: class; nextPutAll: '>>'; nextPutAll: each third; lf ] ] ] ]"
    );
    let overriding: Vec<String> = lines(&kept, &program)
        .into_iter()
        .filter(|l| !l.is_empty())
        .collect();
    assert!(overriding.is_empty(), "{overriding:#?}");
}

#[test]
fn every_part_of_a_feature_is_there() {
    let everything = files(&PARTS.map(|(feature, _)| feature));
    for part in PARTS.iter().flat_map(|(_, parts)| *parts) {
        let is_it = |f: &SourceFile| match f.path.strip_prefix(part) {
            Some(rest) => rest.starts_with(['/', '.']),
            None => false,
        };
        assert!(everything.iter().any(is_it), "{part}");
    }
}
