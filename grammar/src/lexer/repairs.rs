//! How a text with mistakes is read again: around the first ones, to see those behind them as they are.
//!
//! Says only what is read in place of what stands there; must never decide what a mistake is.

use super::token::Token;

/// What is read differently, in the order of the text.
#[derive(Default)]
pub struct Repairs {
    /// Literal arrays that begin here or later end at a full stop that ends a line: the first of them has no end.
    pub arrays: Option<usize>,
    pub edits: Vec<Edit>,
}

/// What the parser reads from a place on.
pub struct Edit {
    pub at: usize,
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing up to there: the rest of a statement with a mistake.
    Skip(usize),
    /// This bracket in place of one of another kind.
    Close(Token<'static>),
}

impl Repairs {
    /// Is the text read as it stands?
    pub fn is_empty(&self) -> bool {
        self.arrays.is_none() && self.edits.is_empty()
    }

    /// Does a skipped part of a statement end here?
    pub fn skips_to(&self, place: usize) -> bool {
        self.edits
            .iter()
            .any(|edit| edit.kind == Kind::Skip(place) && edit.at < place)
    }
}
