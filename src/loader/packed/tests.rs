//! What the build script packs comes back.

use super::*;
use crate::formats;
use crate::formats::packed::{Block, write_lengths};
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

/// Packs a base and blocks, with these phrases.
fn pack(phrases: &[&str], base: &[u8], blocks: &[&[u8]]) -> (Vec<Table>, Vec<Vec<u8>>) {
    let phrases: Vec<String> = phrases.iter().map(|phrase| phrase.to_string()).collect();
    let ended: String = phrases.iter().map(|phrase| format!("{phrase}\0")).collect();
    let mut all = vec![block(ended.as_bytes(), &[], None), block(base, &[], None)];
    all.extend(blocks.iter().map(|text| block(text, &[], Some(1))));
    let (lengths, packed) = packer::pack(&all, &phrases, 32);
    let lengths = write_lengths(&lengths.concat());
    (tables(&lengths, phrases.len()), packed)
}

/// Checks that they come back, and answers how many bytes the blocks take.
fn come_back(phrases: &[&str], base: &[u8], blocks: &[&[u8]]) -> usize {
    let (tables, packed) = pack(phrases, base, blocks);
    let read = |packed: &[u8], base, phrases, length| {
        let mut text = vec![0; length];
        let known = Known {
            base,
            given: std::iter::empty(),
            phrases,
        };
        unpack(packed, &tables, known, &mut text).map(|()| text)
    };
    let length = phrases.iter().map(|phrase| phrase.len() + 1).sum();
    let list = Text::new(read(&packed[0], b"", None, length).expect("phrases"));
    assert_eq!(
        read(&packed[1], b"", list.as_ref(), base.len()).as_deref(),
        Some(base)
    );
    for (text, packed) in blocks.iter().zip(&packed[2..]) {
        assert_eq!(
            read(packed, base, list.as_ref(), text.len()).as_deref(),
            Some(*text)
        );
    }
    packed[2..].iter().map(Vec::len).sum()
}

fn comes_back(base: &[u8], blocks: &[&[u8]]) -> usize {
    come_back(&[], base, blocks)
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
fn phrases_are_named_by_their_numbers() {
    let phrases = ["a phrase", " and another", "ab"];
    let text = "ab, a phrase and another, and another; a phraseab\n".repeat(3);
    let texts: Vec<&[u8]> = (0..40).map(|n| &text.as_bytes()[n..50 + n]).collect();
    let with = come_back(&phrases, b"", &texts);
    assert!(with < come_back(&["never"], b"", &texts));
    come_back(&["a", "", "aa"], b"aaaa", &[b"aaaaaaaaaaaaab"]);
}

#[test]
fn lengths_come_back() {
    for zeros in [0, 1, 2, 3, 11, 12, 47, 48, 49, 200, 1_000] {
        let mut lengths = vec![1, 12, 7];
        lengths.resize(zeros + 3, 0);
        lengths.push(5);
        let read = read_lengths(&write_lengths(&lengths));
        assert_eq!(read[..lengths.len()], lengths);
        assert!(read[lengths.len()..].iter().all(|&length| length == 0));
    }
}

/// Unpacks a block with what is given in it.
fn read(
    packed: &[u8],
    tables: &[Table],
    given: &mut dyn Iterator<Item = &'static str>,
    length: usize,
) -> Option<String> {
    let mut text = vec![0; length];
    let known = Known {
        base: b"",
        given,
        phrases: None,
    };
    unpack(packed, tables, known, &mut text)?;
    String::from_utf8(text).ok()
}

#[test]
fn what_is_given_is_not_packed() {
    let text = "at: index put: value\n\t^ 1\0at: x at: y put: z\0zip\0";
    let given = ["at:", "put:", "at:", "at:", "put:", "zip"];
    let (lengths, packed) = packer::pack(&[block(text.as_bytes(), &given, None)], &[], 32);
    let tables = tables(&write_lengths(&lengths.concat()), 0);
    let parts = || given.into_iter();
    let read = |given: &mut dyn Iterator<Item = &'static str>| {
        read(&packed[0], &tables, given, text.len())
    };
    assert_eq!(read(&mut parts()).as_deref(), Some(text));
    // Who does not know them, or others, gets nothing or something else.
    assert_eq!(read(&mut parts().take(5)), None);
    let long = "far too long for this text, in which there are some fifty characters, and no more";
    assert_eq!(read(&mut parts().map(|_| long)), None);
    read(&mut parts().map(|_| ""));
}

#[test]
fn damaged_blocks_are_told_from_sound_ones() {
    let text = b"abcabcabcabcabc, and abcabcabc once more";
    let (lengths, packed) = packer::pack(&[block(text, &["once"], None)], &[], 8);
    let sound = tables(&write_lengths(&lengths.concat()), 0);
    for bit in 0..8 * packed[0].len() {
        let mut damaged = packed[0].clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        read(&damaged, &sound, &mut ["once"].into_iter(), text.len());
    }
    let none = tables(&[0; 2_000], 0);
    assert_eq!(read(&[], &none, &mut std::iter::empty(), 4), None);
    assert_eq!(read(&[1], &[], &mut std::iter::empty(), 4), None);
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
