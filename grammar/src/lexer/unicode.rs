//! Which characters beyond ASCII are letters, operators and white space.
//!
//! Asked about one character at a time: an automaton that knew all of them would have a thousand states for texts that
//! hardly have any of them.

use crate::unicode::{Category, category};

/// May a name begin with it?
pub fn begins_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// May a name go on with it?
pub fn continues_name(c: char) -> bool {
    use Category::{EnclosingMark, NonspacingMark, SpacingMark};
    begins_name(c)
        || c.is_numeric()
        || matches!(
            category(c as u32),
            NonspacingMark | SpacingMark | EnclosingMark
        )
}

/// Is it an operator beyond ASCII?
pub fn is_operator(c: char) -> bool {
    use Category::{CurrencySymbol, MathSymbol, ModifierSymbol, OtherSymbol};
    let symbol = matches!(
        category(c as u32),
        MathSymbol | OtherSymbol | CurrencySymbol | ModifierSymbol
    );
    !c.is_ascii() && !"←↑".contains(c) && (symbol || "·¡¿§¶".contains(c))
}

/// Is it white space beyond ASCII? The two of no width that texts are pasted with count.
pub fn is_white(c: char) -> bool {
    matches!(c, '\u{feff}' | '\u{200b}') || (!c.is_ascii() && c.is_whitespace())
}
