//! The layout of the library's text as the executable carries it: in blocks, each packed for itself, so that it can be
//! unpacked when somebody first looks into it.
//!
//! Only writes, and does not pack itself: that is the build script's (with `lz4.rs`); `loader::packed` reads. A block
//! holds whole files, so that what lies in one file lies in one block. The blocks' dictionary is the beginning of the
//! strings that the index names: these are there anyway, and not packed.
//!
//! First a word, the number of blocks; then two words for each, where its text ends in the joined text and where its
//! bytes end behind all these words; then these bytes.

/// How much of the strings the blocks may refer to.
const DICTIONARY: usize = 48 << 10;
/// A block takes further files up to this much text. Larger ones pack better and take longer to unpack.
const BLOCK: usize = 8 << 10;

/// Lays out `text`, which may be cut at the places `ends`. `pack` packs a block.
pub fn write(
    text: &str,
    ends: impl Iterator<Item = usize>,
    pack: impl Fn(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let (mut words, mut data) = (vec![0], Vec::new());
    let mut start = 0;
    let mut ends = ends.peekable();
    while let Some(end) = ends.next() {
        if ends.peek().is_none_or(|next| next - start > BLOCK) {
            data.extend(pack(&text.as_bytes()[start..end]));
            words.extend([end as u32, data.len() as u32]);
            start = end;
        }
    }
    words[0] = (words.len() / 2) as u32;
    let mut bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    bytes.extend(data);
    bytes
}

/// The dictionary of a library with these strings.
pub fn dictionary(strings: &str) -> &[u8] {
    &strings.as_bytes()[..strings.len().min(DICTIONARY)]
}
