//! A hash table from numbers to numbers: what classes, symbols, methods, objects and blocks of code are to the machine.
//!
//! One type of table for all of them: the compiler makes 3 KB of code anew for each type that keys and values have. Must
//! never know what the numbers are of.

use super::Value;
use rustc_hash::FxHashMap;
use std::marker::PhantomData;

/// What fits into 64 bits, and comes out as it went in.
pub trait Word: Copy {
    fn to_word(self) -> u64;
    fn of_word(word: u64) -> Self;
}

impl Word for u64 {
    fn to_word(self) -> u64 {
        self
    }

    fn of_word(word: u64) -> u64 {
        word
    }
}

impl Word for u32 {
    fn to_word(self) -> u64 {
        u64::from(self)
    }

    fn of_word(word: u64) -> u32 {
        word as u32
    }
}

impl Word for usize {
    fn to_word(self) -> u64 {
        self as u64
    }

    fn of_word(word: u64) -> usize {
        word as usize
    }
}

impl Word for Value {
    fn to_word(self) -> u64 {
        self.0
    }

    fn of_word(word: u64) -> Value {
        Value(word)
    }
}

/// A table from `K` to `V`.
#[derive(Clone, Debug)]
pub struct WordMap<K, V>(FxHashMap<u64, u64>, PhantomData<(K, V)>);

/// A set: a table of which only the keys matter.
pub type WordSet<K> = WordMap<K, u32>;

impl<K, V> Default for WordMap<K, V> {
    fn default() -> WordMap<K, V> {
        WordMap(FxHashMap::default(), PhantomData)
    }
}

impl<K: Word, V: Word> WordMap<K, V> {
    #[inline]
    pub fn get(&self, key: K) -> Option<V> {
        self.0.get(&key.to_word()).map(|&word| V::of_word(word))
    }

    #[inline]
    pub fn contains(&self, key: K) -> bool {
        self.0.contains_key(&key.to_word())
    }

    /// Enters a value; answers the one that it replaces.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        put(&mut self.0, key.to_word(), value.to_word()).map(V::of_word)
    }

    /// Takes out a key; answers its value.
    pub fn remove(&mut self, key: K) -> Option<V> {
        self.0.remove(&key.to_word()).map(V::of_word)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Makes room for `count` more.
    pub fn reserve(&mut self, count: usize) {
        self.0.reserve(count);
    }

    /// Keys and values, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (K, V)> + '_ {
        let both = self.0.iter();
        both.map(|(&key, &value)| (K::of_word(key), V::of_word(value)))
    }

    /// The keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = K> + '_ {
        self.0.keys().map(|&word| K::of_word(word))
    }

    /// The values, in no order.
    pub fn values(&self) -> impl Iterator<Item = V> + '_ {
        self.0.values().map(|&word| V::of_word(word))
    }

    /// Each value may become another.
    pub fn change(&mut self, mut change: impl FnMut(K, &mut V)) {
        for (&key, word) in &mut self.0 {
            let mut value = V::of_word(*word);
            change(K::of_word(key), &mut value);
            *word = value.to_word();
        }
    }
}

impl<K: Word> WordSet<K> {
    /// Whether it was not there before.
    pub fn add(&mut self, key: K) -> bool {
        self.insert(key, 0).is_none()
    }
}

impl<K: Word> FromIterator<K> for WordSet<K> {
    fn from_iter<I: IntoIterator<Item = K>>(keys: I) -> WordSet<K> {
        keys.into_iter().map(|key| (key, 0)).collect()
    }
}

impl<K: Word, V: Word> FromIterator<(K, V)> for WordMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> WordMap<K, V> {
        let pairs = pairs.into_iter();
        let mut map = WordMap::default();
        map.reserve(pairs.size_hint().0);
        for (key, value) in pairs {
            map.insert(key, value);
        }
        map
    }
}

/// Out of line: it is long, and nothing that is called often enters anything.
#[inline(never)]
fn put(map: &mut FxHashMap<u64, u64>, key: u64, value: u64) -> Option<u64> {
    map.insert(key, value)
}
