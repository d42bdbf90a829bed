//! What the build script packs comes back.

use super::*;
use crate::formats;
use proptest::prelude::*;

#[path = "../../formats/packer.rs"]
mod packer;

/// Packs blocks, checks that they come back, and answers how many bytes they take.
fn comes_back(dictionary: &[u8], blocks: &[&[u8]]) -> usize {
    let (lengths, packed) = packer::pack(dictionary, blocks, 32);
    let tables = lengths.map(|lengths| table(&lengths));
    for (block, packed) in blocks.iter().zip(&packed) {
        let mut text = vec![0; block.len()];
        assert_eq!(unpack(packed, &tables, dictionary, &mut text), Some(()));
        assert_eq!(text, *block);
    }
    packed.iter().map(Vec::len).sum()
}

#[test]
fn short_and_long_runs() {
    for length in (0..40).chain([254, 255, 256, 269, 4_095, 4_096, 4_100, 9_000]) {
        comes_back(b"", &[&vec![b'a'; length]]);
        let different: Vec<u8> = (0..length).map(|i| (i * i / 7) as u8).collect();
        comes_back(b"", &[&different, b"", &different]);
        comes_back(&different, &[&different]);
    }
}

#[test]
fn what_the_dictionary_has_costs_next_to_nothing() {
    let sentence = b"the quick brown fox jumps over the lazy dog, and nothing else happens";
    assert!(comes_back(sentence, &[sentence]) < 12);
    let far = [&sentence[..], &[b'.'; 300_000]].concat();
    assert!(comes_back(&far, &[sentence]) < 16);
}

#[test]
fn codes_are_never_too_long() {
    // Counts like Fibonacci's numbers make the longest codes.
    let (mut a, mut b, mut text) = (1, 1, Vec::new());
    for byte in 0..22u8 {
        text.extend((0..a).map(|_| byte));
        (a, b) = (b, a + b);
    }
    comes_back(b"", &[&text]);
}

#[test]
fn damaged_blocks_are_told_from_sound_ones() {
    let text = b"abcabcabcabcabc, and abcabcabc once more";
    let (lengths, packed) = packer::pack(b"", &[text], 8);
    let tables = lengths.map(|lengths| table(&lengths));
    for bit in 0..8 * packed[0].len() {
        let mut damaged = packed[0].clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        unpack(&damaged, &tables, b"", &mut [0; 40]);
    }
    assert_eq!(
        unpack(
            &[],
            &tables.map(|mut t| {
                t.fill(0);
                t
            }),
            b"",
            &mut [0; 4]
        ),
        None
    );
}

proptest! {
    #[test]
    fn any_text_comes_back(dictionary in "[ab]{0,300}", text in "[abc]{0,900}") {
        comes_back(dictionary.as_bytes(), &[text.as_bytes()]);
    }
}
