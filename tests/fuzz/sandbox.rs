//! The machine that inputs run in: nothing of the outside is open to it, and chance is the same each time.

use chirp::host::random::Seeds;
use chirp::host::stdio::Stdio;
use chirp::host::{Capabilities, Host};
use chirp::loader::boot;
use chirp::loader::image::Image;
use chirp::memory::HeapOptions;
use chirp::vm::{Outlined, Vm};

pub fn machine() -> Outlined<Vm> {
    let mut host = Host::new(Capabilities::none(), Stdio::none()).expect("a host");
    // What is compared with another machine's may be shuffled.
    host.seeds = Seeds::from(Some(1));
    boot(&Image::embedded(), HeapOptions::default(), host).expect("the library")
}
