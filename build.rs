//! Joins the class library, `image/**/*.st`, into pieces of text with an index, and packs them, for the executable to embed.
//!
//! A scanner's work: nothing is parsed or compiled here. A file that is no Tonel, or that does not
//! fit the others, fails the build with its place.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[allow(dead_code, unused_imports)]
#[path = "src/formats/mod.rs"]
mod formats;

#[allow(dead_code)]
#[path = "src/host/library_files.rs"]
mod library_files;

#[path = "src/formats/packer.rs"]
mod packer;

use formats::index::Extras;

/// What the command line needs at each start. A test compares it with what a machine asks for.
const EARLY: &str = include_str!("src/formats/early.txt");
/// What occurs often in methods and lists: it only says what is worth a code of its own.
const PHRASES: &str = include_str!("src/formats/phrases.txt");
/// How many places a match is looked for at: more finds hardly better ones.
const EFFORT: usize = 12;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");

    println!("cargo::rerun-if-changed=src/formats");
    println!("cargo::rerun-if-changed=src/host/library_files.rs");
    println!("cargo::rerun-if-changed=image");
    choose_dispatch();
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let files = library_files::read(&root.join("image"))?;
    let (files, left) = formats::parts::choose(files, has_feature);
    // A file that cannot be read fails the build of who wants it.
    let left_out = formats::parts::left_out(&files, &left).unwrap_or_default();
    // An embedder prints nothing at the start: heads of classes are all that it needs then.
    let has_cli = has_feature("cli");
    let early = EARLY.lines().filter(|name| has_cli || !name.contains(">>"));
    let early: Vec<&str> = early.collect();
    let early = early.join("\n");
    let extras = Extras {
        comments: has_feature("tools"),
        early: &early,
        left_out: &left_out,
    };
    match formats::index::build(&files, extras) {
        Ok(library) => {
            let phrases = formats::packed::phrases(PHRASES);
            let packed = formats::packed::write(&library, &phrases, |blocks| {
                packer::pack(blocks, &phrases, EFFORT)
            });
            write_if_changed(&out.join("library.packed"), &packed)?;
            write_if_changed(&out.join("library.early"), library.early_text.as_bytes())?;
            write_if_changed(&out.join("library.index"), &library.index)
        }
        Err(errors) => {
            for error in errors {
                println!("cargo::error=image/{error}");
            }
            Ok(())
        }
    }
}

/// Whether the program is built with this feature.
fn has_feature(name: &str) -> bool {
    let name = name.to_uppercase();
    env::var_os(format!("CARGO_FEATURE_{name}")).is_some()
}

/// Leaves a file alone whose contents would not change, so that nothing is compiled again for it.
fn write_if_changed(path: &Path, contents: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|old| old == contents) {
        return Ok(());
    }
    fs::write(path, contents)
}

/// The threaded form of dispatch needs the optimiser to turn each handler's last call into a jump.
/// That was verified (by disassembly) for these levels and processors; elsewhere, and in builds with
/// debug assertions, whose checks stand in the way, the portable loop is used.
fn choose_dispatch() {
    println!("cargo::rustc-check-cfg=cfg(chirp_threaded)");
    let is = |name: &str, allowed: &[&str]| {
        env::var(name).is_ok_and(|value| allowed.contains(&value.as_str()))
    };
    let optimised = is("OPT_LEVEL", &["2", "3", "s", "z"]);
    let processor = is("CARGO_CFG_TARGET_ARCH", &["x86_64", "aarch64", "riscv64"]);
    let checked = env::var_os("CARGO_CFG_DEBUG_ASSERTIONS").is_some();
    let miri = env::var_os("CARGO_CFG_MIRI").is_some();
    // Sanitizers add code behind the calls.
    let sanitized = env::var_os("CARGO_CFG_SANITIZE").is_some();
    let refused = env::var_os("CARGO_FEATURE_PORTABLE_DISPATCH").is_some();
    if optimised && processor && !checked && !miri && !sanitized && !refused {
        println!("cargo::rustc-cfg=chirp_threaded");
    }
}
