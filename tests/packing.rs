//! The library packed: the executable carries what is in `image/`. That what is packed comes back: `src/loader/packed/tests.rs`.

use chirp::host::library_files;
use chirp::loader::image::Image;

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
