//! Objects that the outside knows by numbers, from 1. A number is used again when it is free; adding and
//! removing take the same time however many there are.

use crate::memory::Value;

/// A table of such objects.
#[derive(Clone, Default)]
pub(crate) struct Numbered {
    /// The objects; nil where a number is free. Roots of the collector.
    pub objects: Vec<Value>,
    free: Vec<usize>,
}

impl Numbered {
    /// Gives an object a number.
    pub fn add(&mut self, object: Value) -> usize {
        let index = self.free.pop().unwrap_or_else(|| {
            self.objects.push(Value::NIL);
            self.objects.len() - 1
        });
        self.objects[index] = object;
        index + 1
    }

    /// The object of a number.
    pub fn get(&self, number: usize) -> Option<Value> {
        self.objects.get(number.wrapping_sub(1)).copied()
    }

    /// The number of an object: a search.
    pub fn number_of(&self, object: Value) -> Option<usize> {
        let index = self.objects.iter().position(|&each| each == object)?;
        Some(index + 1)
    }

    /// Frees a number; one that stands for nothing is none of anybody's business.
    pub fn remove(&mut self, number: usize) {
        let index = number.wrapping_sub(1);
        if let Some(slot) = self.objects.get_mut(index)
            && !slot.is_nil()
        {
            *slot = Value::NIL;
            self.free.push(index);
        }
    }
}
