//! Sorts what is sorted rarely: with one copy of the standard library's sort in the program, which takes some 6 KB for
//! each type and each order otherwise.
//!
//! Where speed matters, `slice::sort_by` is right.

use std::cmp::Ordering;

/// Sorts; what is equal keeps its order.
///
/// ```
/// let mut words = vec!["pear", "fig", "plum"];
/// chirp_grammar::sorting::sort_by(&mut words, |a, b| a.len().cmp(&b.len()));
/// assert_eq!(words, ["fig", "pear", "plum"]);
/// ```
pub fn sort_by<T>(items: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    let order = order(items.len(), &|a, b| compare(&items[a], &items[b]));
    let mut taken: Vec<Option<T>> = items.drain(..).map(Some).collect();
    items.extend(order.into_iter().filter_map(|place| taken[place].take()));
}

/// In which order so many things come.
#[inline(never)]
fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| compare(a, b));
    order
}
