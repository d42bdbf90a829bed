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
