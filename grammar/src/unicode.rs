//! General categories of Unicode, from one copy of their table in the program.

pub use unicode_general_category::GeneralCategory;

/// The category of a character.
///
/// ```
/// use chirp_grammar::unicode::{GeneralCategory, category};
///
/// assert_eq!(category('é'), GeneralCategory::LowercaseLetter);
/// ```
// In every crate that had it inlined there would be another table, of 50 KB.
#[inline(never)]
pub fn category(character: char) -> GeneralCategory {
    unicode_general_category::get_general_category(character)
}
