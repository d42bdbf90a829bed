//! The parser that is checked in is the one that LALRPOP makes of the grammar.
//!
//! It is checked in so that whoever builds the crate needs no LALRPOP, which takes longer to build than all the rest.

use std::path::Path;
use std::{env, fs};

#[test]
fn the_parser_is_that_of_the_grammar() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = crate_folder.join("generated");
    let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parser");
    let to = match env::var_os("UPDATE_PARSER") {
        Some(_) => &kept,
        None => &fresh,
    };
    lalrpop::Configuration::new()
        .set_in_dir(crate_folder)
        .set_out_dir(to)
        .force_build(true)
        .emit_rerun_directives(false)
        .process()
        .unwrap_or_else(|error| panic!("smalltalk.lalrpop: {error}"));
    let text = |folder: &Path| fs::read_to_string(folder.join("smalltalk.rs")).unwrap_or_default();
    assert!(
        text(to) == text(&kept),
        "smalltalk.lalrpop was changed: UPDATE_PARSER=1 cargo test -p chirp-grammar --test generated"
    );
    assert!(text(&kept).contains("TreeParser"));
}
