//! Generates the parser from `smalltalk.lalrpop`. Does nothing else.

fn main() {
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR");
    lalrpop::Configuration::new()
        .set_in_dir(".")
        .set_out_dir(out)
        .emit_rerun_directives(true)
        .process()
        .unwrap_or_else(|error| {
            eprintln!("smalltalk.lalrpop: {error}");
            std::process::exit(1);
        });
}
