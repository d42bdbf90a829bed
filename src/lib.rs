//! Chirp: a Smalltalk in one small binary, and in your own program.
//!
//! The command line is in `cli`; this page is for programs that have Smalltalk inside. A machine is a
//! [`Smalltalk`]; it runs in the thread that calls it, may be moved to another, and there may be many.
//!
//! ```
//! use chirp::{Block, Ctx, ErrorKind, Obj, Smalltalk, Stop};
//!
//! let mut st = Smalltalk::new();
//!
//! // Evaluate, and say what type the answer has.
//! let seven: i64 = st.eval("3 + 4")?;
//! assert_eq!(seven, 7);
//!
//! // Globals, handles, messages.
//! st.set_global("Words", vec!["one", "two", "three"])?;
//! let longest: Obj = st.eval("Words detectMax: [:each | each size]")?;
//! assert_eq!(longest.send::<String>(&mut st, "asUppercase", ())?, "THREE");
//!
//! // Blocks in both directions; Rust closures as methods.
//! let add: Block<(i64, i64), i64> = st.eval("[:a :b | a + b]")?;
//! assert_eq!(add.call(&mut st, (3, 4))?, 7);
//! let shout = st.block(|text: String| text + "!")?;
//! st.set_global("Shout", &shout)?;
//! st.class("String")?.method(&mut st, "twice", |ctx: &mut Ctx<'_>, me: Obj| me.send::<Obj>(ctx, ",", (&me,)))?;
//! assert_eq!(st.eval::<String>("Shout value: 'ha' twice")?, "haha!");
//!
//! // Errors say what and where; `{error:#}` shows the source and the trace.
//! let error = st.eval::<i64>("nil foo").unwrap_err();
//! assert!(matches!(error.kind(), ErrorKind::Unhandled { class, .. } if class == "MessageNotUnderstood"));
//!
//! // Code that nobody has read gets limits. It has no files and no network unless you say so.
//! let mut st = Smalltalk::builder().fuel(100_000).memory(64 << 20).build()?;
//! let error = st.eval::<()>("[ true ] whileTrue: [ ]").unwrap_err();
//! assert!(matches!(error.kind(), ErrorKind::Stopped { why: Stop::Fuel, .. }));
//! # Ok::<(), chirp::Error>(())
//! ```
//!
//! # Features
//!
//! With `default-features = false` there is the machine, the embedding API, and of the library what every program may want:
//! numbers, strings, collections and streams, exceptions, Processes, delays, reflection. Features add to that; none changes
//! what is there. Who names a class or sends a message that one would bring is told which.
//!
//! | feature | adds | KB, about |
//! |---|---|--:|
//! | `dates` | dates, times of day, time zones: `Date`, `DateAndTime`, `Time now`; without it there are durations, delays and clocks | 11 |
//! | `encodings` | texts as bytes other than UTF-8: Latin-1 and the like, UTF-16, Base64; streams that encode | 14 |
//! | `files` | files and folders, `Stdio`, environment variables, signals, and the permissions for them; with it `dates` and `encodings` | 175 |
//! | `library` | Regex, STON and JSON, compression (zip, gzip), MD5 and SHA, caches, URLs, rare collections, rectangles; with it `dates` and `encodings` | 85 |
//! | `net` | sockets and the resolver, HTTP and WebSockets; with it `files` and `library` | 560 |
//! | `tls` | encrypted connections; with it `net` | 2,400 |
//! | `packages` | `Smalltalk::load`: folders in Tonel or FileTree; chunk files, baselines, `CodeImporter`; with it `files` | 380 |
//! | `programs` | other programs run: `OSSUnixSubprocess`, `LibC`; with it `files` | 245 |
//! | `sunit` | `TestCase` and all that belongs to it; with it `dates` | 26 |
//! | `serde` | the conversion of any type that serde knows | by use |
//! | `tools` | the library's comments; for Rust, module `tools`, which looks at source texts and at what is loaded, and the machine's own modules | 70, and by use |
//! | `cli` | command line and prompt as a module, `chirp::cli`; with it all but `serde` | |
//!
//! `cli` and what it wants are the default.
//!
//! The machine's own modules are there for Chirp's own tests and tools, and promise nothing: that a bare value is used no
//! longer than until the next collection, and in its own machine only, is looked at by nobody, and code that is safe for the
//! compiler can break it. A host program needs none of them.
//!
//! # More
//!
//! `examples/embed_hello.rs`, `embed_blocks.rs`, `embed_class.rs`, `embed_config.rs`, `embed_plugins.rs`,
//! `embed_limits.rs`, `embed_slices.rs` and `embed_poll.rs` (programs in an event loop), `embed_threads.rs` (a machine a thread),
//! `embed_image.rs` (many machines from one that has loaded everything).
//!
//! # Where is what
//!
//! Source text becomes running code from top to bottom; each layer knows only those below it.
//!
//! | layer | where | does |
//! |---|---|---|
//! | grammar | crate `chirp-grammar`: `grammar/` | text to tokens, tree or diagnostics |
//! | formats | [`formats`] | Tonel, chunk files, STON; which format a file has |
//! | compiler | [`compiler`] | tree to bytecode: scopes, inlining, registers; disassembler, verifier |
//! | loader | [`loader`] | the library at start, methods on their first send, scripts and chunk files |
//! | machine | [`vm`] | frames, sends and their caches, classes, Processes, safepoints, traces |
//! | memory | [`memory`] | values, objects, the collector |
//! | arithmetic | `bigint` | integers of any length; it knows no other layer |
//! | primitives | [`primitives`] | what Smalltalk methods cannot do in Smalltalk |
//! | host | [`host`] | the only door to the outside: clock, streams, files, sockets, signals |
//! | library | `image/` | the classes, in Smalltalk; read from the binary, compiled on first send |
//! | front ends | `cli`, [`api`], `tools` | command line and REPL; host programs; examples as tests |
//!
//! | to add | go to |
//! |---|---|
//! | a class or a method | `image/<Package>/<Class>.class.st`, with `>>>` examples in its comment |
//! | a part of the library that an embedder may leave out | `src/formats/parts.rs`, and `[features]` in `Cargo.toml` |
//! | a primitive | a function in `src/primitives/<class>.rs` and its line in the file's `TABLE` |
//! | a primitive that changes what runs | `src/vm/machine_primitives.rs` or `process_primitives.rs` |
//! | an opcode | `src/compiler/opcode.rs` (list), `emit.rs` (who emits it), `src/vm/ops.rs` and `slow.rs` (what it does) |
//! | a class that the machine must know | `src/vm/known.rs` |
//! | something outside | `src/host`, behind a permission of [`Capabilities`], then a primitive |
//! | a command or an option | `src/cli/args.rs`, then a file beside it |
//! | a conversion between Rust and Smalltalk | `src/api/convert.rs`, `numbers.rs` |
//! | a mistake that deserves its own words | `grammar/src/diagnose` and the corpus in `grammar/tests` |

#![deny(unsafe_code)]
// The layers are public with `tools` only; their table above tells of them all the same.
#![cfg_attr(not(feature = "tools"), allow(rustdoc::private_intra_doc_links))]
// What is outside is reached through `host` only: that makes the permissions a fact. The list: clippy.toml.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

pub mod api;
mod bigint;
// The terminal, the process and its threads are the command line's; files are not.
#[allow(clippy::disallowed_methods)]
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "tools")]
pub mod tools;

// Tests and tools look into the machine. Without them there is what the API calls, and nothing else is compiled: a public
// function of a public module always would be. What could forge a value or an address is the crate's own all the same; that
// a value is not used after a collection, nor in another machine, only the machine's own code sees to.
#[cfg(feature = "tools")]
pub mod compiler;
#[cfg(not(feature = "tools"))]
#[allow(dead_code, unused_imports)]
mod compiler;
#[cfg(feature = "tools")]
pub mod formats;
#[cfg(not(feature = "tools"))]
#[allow(dead_code, unused_imports)]
mod formats;
#[cfg(feature = "tools")]
#[allow(unsafe_code, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod host;
#[cfg(not(feature = "tools"))]
#[allow(
    dead_code,
    unused_imports,
    unsafe_code,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]
mod host;
#[cfg(feature = "tools")]
pub mod loader;
#[cfg(not(feature = "tools"))]
#[allow(dead_code, unused_imports)]
mod loader;
#[cfg(feature = "tools")]
#[allow(unsafe_code)]
pub mod memory;
#[cfg(not(feature = "tools"))]
#[allow(dead_code, unused_imports, unsafe_code)]
mod memory;
#[cfg(feature = "tools")]
pub mod primitives;
#[cfg(not(feature = "tools"))]
#[allow(dead_code, unused_imports)]
mod primitives;
#[cfg(feature = "tools")]
#[allow(unsafe_code)]
pub mod vm;
#[cfg(not(feature = "tools"))]
#[allow(dead_code, unused_imports, unsafe_code)]
mod vm;

/// The README's Rust code, compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Likewise that of the page on embedding.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
struct EmbeddingPage;

pub use api::testing;
pub use api::{
    Answer, Arguments, AsCtx, Block, Buffer, Builder, ByHandle, ByMut, ByRef, Capabilities, Class,
    ClassDef, Clock, Ctx, Error, ErrorKind, Frame, FromSmalltalk, HostClass, HostMethod, Image,
    InterruptHandle, IntoSmalltalk, Mistake, New, Obj, Panicked, Place, Progress, Result, Run,
    RustFn, Shared, Smalltalk, Stop, Symbol, This, Trace, Waiting, WithCtx,
};
#[cfg(feature = "files")]
pub use api::{Dir, EnvironmentAccess, FileAccess, ProcessAccess, Want};
#[cfg(feature = "net")]
pub use api::{Net, Target};
