//! The lexer and the parser that are checked in are those that Logos and LALRPOP make of their rules.
//!
//! They are checked in so that whoever builds the crate needs neither of the two, which take longer to build than all the
//! rest.

use std::path::{Path, PathBuf};
use std::{env, fs};

const CRATE: &str = env!("CARGO_MANIFEST_DIR");
const ADVICE: &str = "was changed: UPDATE_PARSER=1 cargo test -p chirp-grammar --test generated";

fn kept() -> PathBuf {
    Path::new(CRATE).join("generated")
}

/// Where to generate: in place, when that was asked for.
fn output() -> PathBuf {
    match env::var_os("UPDATE_PARSER") {
        Some(_) => kept(),
        None => Path::new(env!("CARGO_TARGET_TMPDIR")).into(),
    }
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn the_parser_is_that_of_the_grammar() {
    lalrpop::Configuration::new()
        .set_in_dir(CRATE)
        .set_out_dir(output())
        .force_build(true)
        .emit_rerun_directives(false)
        .process()
        .unwrap_or_else(|error| panic!("smalltalk.lalrpop: {error}"));
    let file = output().join("smalltalk.rs");
    let fresh = read(&file);
    assert!(fresh.contains("TreeParser"));
    // Inlined at their hundreds of callers, these few lines are a tenth of the parser, which a build spends its time on.
    let fresh = fresh.replace("    fn __pop_", "    #[inline(never)]\n    fn __pop_");
    if env::var_os("UPDATE_PARSER").is_some() {
        fs::write(&file, &fresh).expect("a writable folder");
    }
    let same = fresh == read(&kept().join("smalltalk.rs"));
    assert!(same, "smalltalk.lalrpop {ADVICE}");
}

#[test]
fn the_lexer_is_that_of_the_rules() {
    let rules: syn::ItemEnum =
        syn::parse_str(&read(&Path::new(CRATE).join("raw.logos"))).expect("an enum");
    let tokens = quote::quote!(#rules);
    let (shape, code) = (
        logos_codegen::strip_attributes(tokens.clone()),
        logos_codegen::generate(tokens),
    );
    let file: syn::File = syn::parse2(quote::quote!(#shape #code)).expect("a file");
    let fresh = format!(
        "// auto-generated of raw.logos\n{}",
        prettyplease::unparse(&file)
    );
    if env::var_os("UPDATE_PARSER").is_some() {
        fs::write(kept().join("raw.rs"), &fresh).expect("a writable folder");
    }
    assert!(fresh.contains("LBracket"));
    let same = fresh == read(&kept().join("raw.rs"));
    assert!(same, "raw.logos {ADVICE}");
}
