//! The examples run: each is a program of its own, and here a module.

#[path = "../../examples/embed_blocks.rs"]
mod embed_blocks;
#[path = "../../examples/embed_class.rs"]
mod embed_class;
#[path = "../../examples/embed_config.rs"]
mod embed_config;
#[path = "../../examples/embed_hello.rs"]
mod embed_hello;
#[path = "../../examples/embed_image.rs"]
mod embed_image;
#[path = "../../examples/embed_limits.rs"]
mod embed_limits;
#[path = "../../examples/embed_plugins.rs"]
mod embed_plugins;
#[cfg(feature = "net")]
#[path = "../../examples/embed_poll.rs"]
mod embed_poll;
#[path = "../../examples/embed_slices.rs"]
mod embed_slices;
#[path = "../../examples/embed_threads.rs"]
mod embed_threads;

#[test]
fn hello() {
    embed_hello::main().unwrap();
}

#[test]
fn blocks() {
    embed_blocks::main().unwrap();
}

#[test]
fn image() {
    embed_image::main().unwrap();
}

#[test]
fn limits() {
    embed_limits::main().unwrap();
}

#[test]
fn slices() {
    embed_slices::main().unwrap();
}

#[test]
fn threads() {
    embed_threads::main().unwrap();
}

#[test]
fn class_of_rust() {
    embed_class::main().unwrap();
}

#[test]
fn config() {
    embed_config::main().unwrap();
}

#[test]
fn plugins() {
    embed_plugins::main().unwrap();
}

#[cfg(feature = "net")]
#[test]
fn poll() {
    embed_poll::main().unwrap();
}

/// All of them are run, here or as a command; they are short, and say how they are run.
#[test]
fn every_example_is_here() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let tests = [
        include_str!("examples.rs"),
        include_str!("../command_app.rs"),
    ];
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            seen += 1;
            assert!(text.lines().count() <= 60, "{name} is too long");
            assert!(
                text.contains(&format!("cargo run --example {name}")),
                "{name}"
            );
            let run = |test: &str| {
                test.contains(&format!("examples/{name}.rs")) && test.contains(&format!("{name}::"))
            };
            assert!(tests.into_iter().any(run), "{name} is not run");
        }
    }
    assert!(seen > 10, "only {seen}");
}
