//! The machine that inputs run in: nothing of the outside is open to it.

use chirp::host::stdio::Stdio;
use chirp::host::{Capabilities, Host};
use chirp::loader::boot;
use chirp::loader::image::Image;
use chirp::memory::HeapOptions;
use chirp::vm::Vm;

pub fn machine() -> Box<Vm> {
    let host = Host::new(Capabilities::none(), Stdio::none()).expect("a host");
    boot(&Image::embedded(), HeapOptions::default(), host).expect("the library")
}
