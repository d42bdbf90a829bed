//! What Unicode says of characters: the general category, and the letter of the other case where it is one letter.
//!
//! Looked up in sorted runs, which take 18 KB where tables with a place for each block of characters take 66. They are
//! checked in (`generated/unicode.rs`); a test of the crate's compares them with what two other sources say. Must never
//! depend on a locale.

#[rustfmt::skip]
mod runs {
    use super::Shift;

    include!("../generated/unicode.rs");
}

/// The enum, and its values by their numbers.
macro_rules! categories {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The general categories, in the order of their two-letter names (Unicode Standard, section 4.5), which is how
        /// Pharo numbers them.
        ///
        /// ```
        /// use chirp_grammar::unicode::Category;
        ///
        /// assert_eq!(Category::LowercaseLetter as u8, 5);
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        #[repr(u8)]
        pub enum Category {
            $($(#[$doc])* $name,)*
        }

        const CATEGORIES: [Category; 30] = [$(Category::$name,)*];
    };
}

categories! {
    /// Cc.
    Control,
    /// Cf.
    Format,
    /// Cn, no character yet.
    Unassigned,
    /// Co.
    PrivateUse,
    /// Cs, half of a pair in UTF-16: no `char`.
    Surrogate,
    /// Ll.
    LowercaseLetter,
    /// Lm.
    ModifierLetter,
    /// Lo.
    OtherLetter,
    /// Lt.
    TitlecaseLetter,
    /// Lu.
    UppercaseLetter,
    /// Mc.
    SpacingMark,
    /// Me.
    EnclosingMark,
    /// Mn.
    NonspacingMark,
    /// Nd.
    DecimalNumber,
    /// Nl.
    LetterNumber,
    /// No.
    OtherNumber,
    /// Pc.
    ConnectorPunctuation,
    /// Pd.
    DashPunctuation,
    /// Pe.
    ClosePunctuation,
    /// Pf.
    FinalPunctuation,
    /// Pi.
    InitialPunctuation,
    /// Po.
    OtherPunctuation,
    /// Ps.
    OpenPunctuation,
    /// Sc.
    CurrencySymbol,
    /// Sk.
    ModifierSymbol,
    /// Sm.
    MathSymbol,
    /// So.
    OtherSymbol,
    /// Zl.
    LineSeparator,
    /// Zp.
    ParagraphSeparator,
    /// Zs.
    SpaceSeparator,
}

/// The number of a run that begins with a capital letter, and in which small and capital letters alternate.
const ALTERNATING: u32 = CATEGORIES.len() as u32;

/// Letters in a row, or every other one, whose other case is equally far away.
struct Shift {
    first: u32,
    last: u32,
    step: u32,
    by: i32,
}

/// The category of a code point; beyond the last one, Unassigned.
///
/// ```
/// use chirp_grammar::unicode::{Category, category};
///
/// assert_eq!(category('é' as u32), Category::LowercaseLetter);
/// assert_eq!(category(0xD800), Category::Surrogate);
/// ```
// Inlined, it would be a search wherever it is asked.
#[inline(never)]
pub fn category(code: u32) -> Category {
    if code > u32::from(char::MAX) {
        return Category::Unassigned;
    }
    // Each run is its first code point and, in the five bits below, its number; the first begins at 0.
    let behind = runs::CATEGORY.partition_point(|run| run >> 5 <= code);
    let run = runs::CATEGORY[behind - 1];
    match run & 31 {
        ALTERNATING if (code - (run >> 5)).is_multiple_of(2) => Category::UppercaseLetter,
        ALTERNATING => Category::LowercaseLetter,
        number => CATEGORIES[number as usize],
    }
}

/// The small letter of a capital one, or the same where there is none, or not just one.
///
/// ```
/// assert_eq!(chirp_grammar::unicode::lowercase('É'), 'é');
/// assert_eq!(chirp_grammar::unicode::lowercase('İ'), 'İ');
/// ```
pub fn lowercase(character: char) -> char {
    shifted(&runs::LOWER, character)
}

/// The capital letter of a small one, or the same where there is none, or not just one.
///
/// ```
/// assert_eq!(chirp_grammar::unicode::uppercase('é'), 'É');
/// assert_eq!(chirp_grammar::unicode::uppercase('ß'), 'ß');
/// ```
pub fn uppercase(character: char) -> char {
    shifted(&runs::UPPER, character)
}

#[inline(never)]
fn shifted(shifts: &[Shift], character: char) -> char {
    let code = u32::from(character);
    let at = shifts.partition_point(|shift| shift.last < code);
    match shifts.get(at) {
        Some(shift) if shift.first <= code && (code - shift.first).is_multiple_of(shift.step) => {
            let other = code.wrapping_add_signed(shift.by);
            char::from_u32(other).unwrap_or(character)
        }
        _ => character,
    }
}
