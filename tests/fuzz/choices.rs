//! Choices read from the bytes of an input: when there are no more, all is over.

pub struct Choices<'a>(pub &'a [u8]);

impl Choices<'_> {
    pub fn byte(&mut self) -> Option<usize> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first as usize)
    }

    /// From 0 to below `n`; 0 behind the end.
    pub fn below(&mut self, n: usize) -> usize {
        self.byte().unwrap_or(0) % n
    }

    pub fn pick<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }

    /// A small number or one at an edge.
    pub fn integer(&mut self) -> i64 {
        match self.below(8) {
            0 => i64::MAX - self.below(3) as i64,
            1 => i64::MIN + self.below(3) as i64,
            2 => (1 << 60) - 1 + self.below(3) as i64,
            3 => -(1 << 60) - 1 + self.below(3) as i64,
            _ => self.below(256) as i64 - 20,
        }
    }
}
