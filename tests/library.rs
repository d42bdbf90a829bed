//! The class library as a whole: it compiles, its primitives exist, its examples are true; also with a
//! collection at every allocation, when `CHIRP_STRESS` is set.

#![cfg(feature = "tools")]

use chirp::host::stdio::Stdio;
use chirp::host::{Capabilities, Host};
use chirp::loader::boot::missing_known_classes;
use chirp::loader::{LoadError, boot};
use chirp::memory::HeapOptions;
use chirp::tools::examples::examples_in_source;
use chirp::vm::run::RunError;
use chirp::vm::{Outlined, Vm};

mod image;
use image::image;

fn machine() -> Outlined<Vm> {
    let host = Host::new(Capabilities::all(), Stdio::none()).expect("descriptors");
    let mut vm = boot(&image(), HeapOptions::default(), host).expect("a sound library");
    if std::env::var_os("CHIRP_STRESS").is_some() {
        vm.heap.set_stress(true);
    }
    vm
}

#[test]
fn every_method_compiles() {
    let mut vm = machine();
    vm.make_all_latent();
    let count = vm.classes.methods.len();
    assert!(count > 3000, "only {count} methods");
    for id in 0..count as u32 {
        // The boundary frames' method has no source.
        if !vm.classes.methods[id as usize]
            .source
            .text
            .as_str()
            .is_empty()
        {
            assert!(vm.method_code(id).is_some());
        }
    }
}

#[test]
fn every_primitive_that_the_library_names_exists() {
    let vm = machine();
    let known: Vec<_> = vm.primitives.names().collect();
    let image = image();
    let mut missing = Vec::new();
    for class in image.classes() {
        for method in class.methods() {
            for pragma in method
                .pragmas()
                .filter(|p| p.selector.starts_with("primitive:"))
            {
                let words: Vec<_> = pragma.source.split('\'').collect();
                let module = match words.get(2) {
                    Some(word) if word.contains("module:") => words[3],
                    _ => "",
                };
                if words.get(1).is_some_and(|n| !known.contains(&(module, n))) {
                    missing.push(format!(
                        "{}>>{}: {}",
                        class.name(),
                        method.selector(),
                        pragma.source
                    ));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_machine_finds_the_classes_that_it_knows() {
    assert_eq!(missing_known_classes(&image()), Vec::<&str>::new());
}

#[test]
fn every_class_has_a_comment() {
    let image = image();
    let without: Vec<_> = image
        .classes()
        .filter(|c| c.comment().is_none())
        .map(|c| c.name())
        .collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn the_examples_in_comments_are_true() {
    let mut vm = machine();
    let mut tried = 0;
    let mut wrong = Vec::new();
    for (name, text) in image().files() {
        for example in examples_in_source(&text) {
            tried += 1;
            let problem = match vm.evaluate(name.as_str(), &example.code()) {
                Ok(v) if v.is_nil() => continue,
                Ok(v) => format!("is {}", vm.string_value(v).unwrap_or_default()),
                Err(LoadError::Run(RunError::Unhandled(u))) => {
                    format!("signals {}: {}", u.class, u.message)
                }
                Err(LoadError::Run(RunError::Stopped(s))) => format!("stops: {s:?}"),
                Err(LoadError::Source(e)) => {
                    e.failures.iter().map(|f| f.rendered.clone()).collect()
                }
            };
            wrong.push(format!(
                "{name}: {} >>> {}\n    {problem}",
                example.expression, example.expected
            ));
        }
    }
    assert!(tried > 500, "only {tried} examples");
    assert!(
        wrong.is_empty(),
        "{} of {tried} are not true:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
