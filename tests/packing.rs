//! The library inside the executable: it is what is in `image/`, and a machine that starts takes little of it. That what
//! is packed comes back: `src/loader/packed/tests.rs`.

use chirp::host::stdio::Stdio;
use chirp::host::{Capabilities, Host, library_files};
use chirp::loader::boot;
use chirp::loader::image::Image;
use chirp::memory::HeapOptions;

#[test]
fn the_executable_carries_the_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/image");
    let files = library_files::read(folder.as_ref()).expect("the folder");
    let read = Image::from_files(&files).expect("a sound library");
    let embedded = Image::embedded();
    assert!(read.files().eq(embedded.files()));
    for (a, b) in read.classes().zip(embedded.classes()) {
        assert_eq!((a.name(), a.comment()), (b.name(), b.comment()));
        for (a, b) in a.methods().zip(b.methods()) {
            assert_eq!(a.tidy_source(), b.tidy_source());
        }
    }
}

#[test]
fn a_machine_starts_with_few_classes() {
    let host = Host::new(Capabilities::none(), Stdio::none()).expect("a host");
    let image = Image::embedded();
    let vm = boot(&image, HeapOptions::default(), host).expect("the library");
    let classes = vm.classes.all().filter(|c| c.instance_side.is_none());
    let made = classes.count();
    assert!(made * 5 < image.num_classes(), "{made} classes");
    assert!(vm.classes.methods.len() < 10, "methods were listed");
    assert!(vm.symbols.len() < 400, "{} symbols", vm.symbols.len());
}
