//! The command `chirp`. Everything it does is in the library.

fn main() {
    std::process::exit(chirp::cli::main())
}
