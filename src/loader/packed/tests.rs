//! What the build script packs comes back.

use super::*;
use crate::formats;
use crate::formats::packed::Block;
use proptest::prelude::*;

#[path = "../../formats/packer.rs"]
mod packer;

/// A block with these pieces, and what is given in them.
fn block(text: &[u8], given: &[&str], base: Option<usize>) -> Block {
    let mut at = 0;
    let mut place = |part: &&str| {
        let rest = text[at..].windows(part.len());
        at += rest.take_while(|bytes| *bytes != part.as_bytes()).count() + part.len();
        at - part.len()..at
    };
    let given = given.iter().map(&mut place).collect();
    Block::new(text.to_vec(), given, base)
}

/// Packs a base and blocks, checks that they come back, and answers how many bytes the blocks take.
fn comes_back(base: &[u8], blocks: &[&[u8]]) -> usize {
    let mut all = vec![block(base, &[], None)];
    all.extend(blocks.iter().map(|text| block(text, &[], Some(0))));
    let (lengths, packed) = packer::pack(&all, 32);
    let tables = tables(&lengths);
    for (block, packed) in all.iter().zip(&packed) {
        let base = if block.base.is_none() { b"" } else { base };
        let mut text = vec![0; block.text.len()];
        let mut nothing = std::iter::empty();
        assert_eq!(
            unpack(packed, &tables, base, &mut nothing, &mut text),
            Some(())
        );
        assert_eq!(text, block.text);
    }
    packed[1..].iter().map(Vec::len).sum()
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
fn what_is_given_is_not_packed() {
    let text = "at: index put: value\n\t^ 1\0at: x at: y put: z\0zip\0";
    let given = ["at:", "put:", "at:", "at:", "put:", "zip"];
    let blocks = [block(text.as_bytes(), &given, None)];
    let (lengths, packed) = packer::pack(&blocks, 32);
    let tables = tables(&lengths);
    let mut read = vec![0; text.len()];
    let parts = || given.into_iter();
    assert_eq!(
        unpack(&packed[0], &tables, b"", &mut parts(), &mut read),
        Some(())
    );
    assert_eq!(String::from_utf8_lossy(&read), text);
    // Who does not know them, or others, gets nothing or something else.
    let mut read = |parts: &mut dyn Iterator<Item = &'static str>| {
        unpack(&packed[0], &tables, b"", parts, &mut read)
    };
    assert_eq!(read(&mut parts().take(5)), None);
    assert_eq!(
        read(&mut parts().map(|_| "far too long for all this")),
        None
    );
    read(&mut parts().map(|_| ""));
}

#[test]
fn damaged_blocks_are_told_from_sound_ones() {
    let text = b"abcabcabcabcabc, and abcabcabc once more";
    let (lengths, packed) = packer::pack(&[block(text, &["once"], None)], 8);
    let sound = tables(&lengths);
    for bit in 0..8 * packed[0].len() {
        let mut damaged = packed[0].clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let mut given = ["once"].into_iter();
        unpack(&damaged, &sound, b"", &mut given, &mut [0; 40]);
    }
    let none = tables(&lengths.map(|code| vec![0; code.len()]));
    let mut nothing = std::iter::empty();
    assert_eq!(unpack(&[], &none, b"", &mut nothing, &mut [0; 4]), None);
}

#[test]
fn damaged_libraries_do_no_harm() {
    // A class with two methods, and an early piece that ends too late.
    let index = Index(&[1, 0, 0, 0, 2, 0, 7, 7, 0, 0, 1, 0, 1, 0, 9, 9]);
    for bytes in [&[][..], &[0; 3], &[255; 4_000], &[1; 4_000]] {
        let bytes: &'static [u8] = bytes.to_vec().leak();
        let packed: &'static Packed = Box::leak(Box::new(Packed::new(bytes, "early", index)));
        for piece in [0, 1, 2, 500, usize::MAX] {
            let _ = packed.text(piece);
        }
    }
}

proptest! {
    #[test]
    fn any_text_comes_back(dictionary in "[ab]{0,300}", text in "[abc]{0,900}") {
        comes_back(dictionary.as_bytes(), &[text.as_bytes()]);
    }
}
