//! The library packed: what the build script packs comes back, and the executable carries what is in `image/`.

use chirp::host::library_files;
use chirp::loader::image::Image;
use proptest::prelude::*;

#[path = "../src/formats/lz4.rs"]
mod lz4;

fn unpacked(dictionary: &[u8], packed: &[u8], length: usize) -> Vec<u8> {
    let mut text = vec![0; length];
    let count = lz4_flex::block::decompress_into_with_dict(packed, &mut text, dictionary);
    assert_eq!(count.expect("a sound block"), length);
    text
}

fn comes_back(dictionary: &[u8], text: &[u8]) -> usize {
    let packed = lz4::Packer::new(dictionary).pack(text, 32);
    assert_eq!(unpacked(dictionary, &packed, text.len()), text);
    packed.len()
}

#[test]
fn short_and_long_runs() {
    for length in (0..40).chain([254, 255, 256, 269, 270, 271, 274, 524, 529, 3_000]) {
        comes_back(b"", &vec![b'a'; length]);
        let different: Vec<u8> = (0..length).map(|i| (i * i / 7) as u8).collect();
        comes_back(b"", &different);
        comes_back(&different, &different);
    }
}

#[test]
fn what_the_dictionary_has_costs_next_to_nothing() {
    let sentence = b"the quick brown fox jumps over the lazy dog, and nothing else happens";
    assert!(comes_back(sentence, sentence) < 12);
    // Farther back than the format can say.
    let far = [&sentence[..], &[b'.'; 70_000]].concat();
    assert!(comes_back(&far, sentence) > 40);
}

proptest! {
    #[test]
    fn any_text_comes_back(dictionary in "[ab]{0,300}", text in "[abc]{0,900}") {
        comes_back(dictionary.as_bytes(), text.as_bytes());
    }
}

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
