//! General categories of Unicode as Pharo numbers them.
//!
//! Owns the numbers; the table is a crate's.

use chirp_grammar::unicode::{GeneralCategory as Name, category as category_of};

/// General categories in the order of their short names, which is that of Pharo's `Unicode`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Category(pub u8);

impl Category {
    /// Cn, no character yet.
    const UNASSIGNED: Category = Category(2);
    /// Cs, half of a pair in UTF-16: no `char`.
    const SURROGATE: Category = Category(4);
    /// Ll, a lower-case letter.
    pub const LOWERCASE: Category = Category(5);
    /// Lu, an upper-case letter.
    pub const UPPERCASE: Category = Category(9);
    /// Nd, a decimal digit.
    pub const DIGIT: Category = Category(13);

    /// Ll, Lm, Lo, Lt or Lu.
    pub fn is_letter(self) -> bool {
        (5..=9).contains(&self.0)
    }
}

/// The category of a code point.
pub(super) fn category(code: u32) -> Category {
    let Some(character) = char::from_u32(code) else {
        return Category::SURROGATE;
    };
    Category(match category_of(character) {
        Name::Control => 0,
        Name::Format => 1,
        Name::PrivateUse => 3,
        Name::Surrogate => return Category::SURROGATE,
        Name::LowercaseLetter => return Category::LOWERCASE,
        Name::ModifierLetter => 6,
        Name::OtherLetter => 7,
        Name::TitlecaseLetter => 8,
        Name::UppercaseLetter => return Category::UPPERCASE,
        Name::SpacingMark => 10,
        Name::EnclosingMark => 11,
        Name::NonspacingMark => 12,
        Name::DecimalNumber => return Category::DIGIT,
        Name::LetterNumber => 14,
        Name::OtherNumber => 15,
        Name::ConnectorPunctuation => 16,
        Name::DashPunctuation => 17,
        Name::ClosePunctuation => 18,
        Name::FinalPunctuation => 19,
        Name::InitialPunctuation => 20,
        Name::OtherPunctuation => 21,
        Name::OpenPunctuation => 22,
        Name::CurrencySymbol => 23,
        Name::ModifierSymbol => 24,
        Name::MathSymbol => 25,
        Name::OtherSymbol => 26,
        Name::LineSeparator => 27,
        Name::ParagraphSeparator => 28,
        Name::SpaceSeparator => 29,
        _ => return Category::UNASSIGNED,
    })
}

#[cfg(test)]
mod tests {
    use super::{Category, category};

    #[test]
    fn letters_digits_and_the_rest() {
        assert_eq!(category('a' as u32), Category::LOWERCASE);
        assert_eq!(category('Σ' as u32), Category::UPPERCASE);
        assert_eq!(category('ā' as u32), Category::LOWERCASE);
        assert_eq!(category('Ā' as u32), Category::UPPERCASE);
        assert_eq!(category('٣' as u32), Category::DIGIT);
        assert!(category('語' as u32).is_letter());
        assert!(!category('Ⅷ' as u32).is_letter());
        assert_eq!(category(0x10_FFFF).0, 2);
        assert_eq!(category(0).0, 0);
    }
}
